"""The outputs that a dvc.yaml names: DVC keeps them already, or leaves them to Git (cache: false)."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import safe_paths, templates, yaml
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.paths import lock_beside
from trinity_guard.errors import GuardError, pathspec, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_OUTS = 100_000
MAX_TEMPLATES = 8
KINDS = ("outs", "metrics", "plots")
# Fits every path.
ANYTHING = "${}"


def pipeline_outs(dvc_yaml: bytes, lock: bytes | None, where: bytes, top: bytes = b".") -> list[Output]:
    """Return the outputs of all stages of the dvc.yaml at `where`.

    A templated stage (`${…}`, foreach, matrix) is read from dvc.lock when that has all of it; else the real DVC
    resolves it, in the working tree at `top`: half a second, but its templates may come from any file.
    """
    if b"stages" not in dvc_yaml:
        return []
    data = _load(dvc_yaml, where)
    stages = _mapping(data, where, "").get("stages") or {}
    found: list[Output] = []
    locked: dict[str, Any] | None = None
    for name, stage in _mapping(stages, where, "stages").items():
        _mapping(stage, where, str(name))
        if not _templated(stage):
            found += _outs_of(str(name), stage, where)
        else:
            locked = _locked_stages(lock, where) if locked is None else locked
            known = _from_lock(str(name), stage, locked, where)
            if known is None:
                return _by_dvc(data, where, top)
            found += known
        if len(found) > MAX_OUTS:
            raise _malformed(where, f"it names more than {MAX_OUTS} outputs")
    return found


def at_commit(
    dvc_yaml: bytes, lock: bytes | None, where: bytes, read: templates.Read
) -> tuple[list[Output], list[str]]:
    """Return the outputs of a dvc.yaml of an old commit, with their md5 where its lock has one, and the templates (from
    the top) of those that only a file of another folder could tell. See `fits`."""
    if b"stages" not in dvc_yaml:
        return [], []
    data = _load(dvc_yaml, where)
    stages = _mapping(_mapping(data, where, "").get("stages") or {}, where, "stages")
    for name, stage in stages.items():
        _mapping(stage, where, str(name))
        if "@" in str(name):  # to DVC it is one of a `foreach`
            raise _malformed(where, f"its stage '{yaml.plain(str(name))}' has an @ in its name")
    locked = _locked_stages(lock, where)
    unknown: list[str] = []
    if "vars" in data or any(_templated(s) for s in stages.values()) or templates.mentioned(stages):
        try:
            stages = templates.at_commit(data, read, yaml.MAX_BYTES, MAX_OUTS)
        except templates.OutsideError:
            return _by_lock(stages, locked, where)
        except ValueError as e:
            raise _malformed(where, yaml.plain(str(e))) from None
    return [out for name, s in stages.items() for out in _recorded(_outs_of(str(name), s, where), locked)], unknown


def _by_lock(stages: dict[str, Any], locked: dict[str, Any], where: bytes) -> tuple[list[Output], list[str]]:
    found: list[Output] = []
    unknown: list[str] = []
    for name, stage in stages.items():
        known = _from_lock(str(name), stage, locked, where) if _templated(stage) else _outs_of(str(name), stage, where)
        if known is None:
            unknown += _templates_of(stage, where)
        else:
            found += _recorded(known, locked)
    return found, unknown


def _recorded(outs: list[Output], locked: dict[str, Any]) -> list[Output]:
    """Put into outputs of a pipeline which bytes the lock says they have."""
    for out in outs:
        entry = locked.get(out.stage)
        lines = entry.get("outs") if isinstance(entry, dict) else None
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, dict) and os.path.normpath(str(line.get("path"))) == os.path.normpath(out.text):
                out.md5 = str(line.get("md5") or "")
    return outs


def _templates_of(stage: dict[str, Any], where: bytes) -> list[str]:
    """Return the paths, from the top, of a stage's outputs as they are written."""
    body = stage.get("do", stage)
    if not isinstance(body, dict):
        return [ANYTHING]
    folder = where[: where.rfind(b"/") + 1].decode("utf-8", "surrogateescape")
    wdir = body.get("wdir") or ""
    texts = [f"{wdir}/{path}" if wdir else path for path, _ in _entries(body, where)]
    plain = [folder + text.removeprefix("./") for text in texts]
    odd = ("..", "/./", "//")
    return [ANYTHING if any(o in t for o in odd) or t.count("${") > MAX_TEMPLATES else t for t in plain]


def _load(data: bytes, where: bytes) -> Any:
    try:
        return yaml.parse(data, yaml.MAX_BYTES, anchors=True) or {}
    except ValueError as e:
        raise _malformed(where, str(e)) from None


def _malformed(where: bytes, what: str) -> GuardError:
    return GuardError(
        problem=f"{shown(where)} is no file that DVC can read: {what}.",
        remedy=f"git diff HEAD -- {pathspec(where)}     # correct it; `dvc stage list` checks it",
    )


def _mapping(value: Any, where: bytes, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(where, f"'{yaml.plain(name)}' is not a mapping" if name else "it is not a mapping")
    return value


def _entries(stage: dict[str, Any], where: bytes) -> list[tuple[str, bool]]:
    """Return (path as written, cached) of a stage's outs, metrics and plots, in text and in mapping form."""
    entries: dict[str, bool] = {}
    for kind in KINDS:
        items = stage.get(kind) or []
        if not isinstance(items, list):
            raise _malformed(where, f"its '{kind}' is not a list")
        for item in items:
            for path, flags in item.items() if isinstance(item, dict) else [(item, None)]:
                if not isinstance(path, str):
                    raise _malformed(where, f"its '{kind}' holds what is no path")
                cached = flags.get("cache", True) if isinstance(flags, dict) else True
                entries[path] = cached is not False
    return list(entries.items())


def _outs_of(name: str, stage: dict[str, Any], where: bytes) -> list[Output]:
    wdir = stage.get("wdir") or "."
    if not isinstance(wdir, str):
        raise _malformed(where, "its 'wdir' is not a path")
    found = []
    for path, cached in _entries(stage, where):
        place = _place(where, wdir, path)
        if place:
            found.append(_output(place, path, name, cached, where))
    return found


def _output(path: bytes, text: str, stage: str, cached: bool, where: bytes) -> Output:
    """Return what a pipeline says of an output: which bytes it has stands in the lock."""
    output = Output(path, source=where)
    output.text, output.stage, output.cache = text, stage, cached
    return output.settle()


def _place(where: bytes, wdir: str, path: str) -> bytes | None:
    """Return an output's path from the top; None for one outside of the repository, which is nothing to Git."""
    if safe_paths.scheme(path) in safe_paths.SCHEMES or "://" in path:
        return None
    parts = where.split(b"/")[:-1]
    for text in (wdir, path):
        if safe_paths.rooted(text) or safe_paths.walk(parts, text):
            return None
    if not parts or safe_paths.rules(parts[-1]):
        return None  # nobody may take what tells Git and DVC what to do for data, nor the whole repository
    return b"/".join(parts)


# --- templates


def _templated(stage: dict[str, Any]) -> bool:
    if "foreach" in stage or "matrix" in stage:
        return True
    return templates.mentioned([stage.get("wdir"), *(stage.get(kind) for kind in KINDS)])


def _locked_stages(lock: bytes | None, where: bytes) -> dict[str, Any]:
    if not lock:
        return {}
    stages = _load(lock, lock_beside(where))
    stages = stages.get("stages") if isinstance(stages, dict) else None
    return stages if isinstance(stages, dict) else {}


def _from_lock(name: str, stage: dict[str, Any], locked: dict[str, Any], where: bytes) -> list[Output] | None:
    """Return a templated stage's outputs as dvc.lock has them, None when it does not have them all."""
    names = _generated(name, stage)
    body = stage.get("do", stage)
    if names is None or not isinstance(body, dict):
        return None
    wdir = body.get("wdir") or "."
    if not isinstance(wdir, str) or "${" in wdir:
        return None
    if any(n not in locked for n in names):
        return None
    wanted = _entries(body, where)
    found = []
    for generated in names:
        entry = locked[generated]
        outs = entry.get("outs") if isinstance(entry, dict) else None
        paths = [o["path"] for o in outs or [] if isinstance(o, dict) and isinstance(o.get("path"), str)]
        if len(paths) != len(wanted):
            return None
        for path in paths:
            cached = _cached(path, wanted)
            if cached is None:
                return None
            place = _place(where, wdir, path)
            if place:
                found.append(_output(place, path, generated, cached, where))
    return found


def _generated(name: str, stage: dict[str, Any]) -> list[str] | None:
    """Return the names of the stages that this one stands for; None when only DVC can tell."""
    if "matrix" in stage:
        return None
    if "foreach" not in stage:
        return [name]
    items = stage["foreach"]
    if isinstance(items, dict):
        return [f"{name}@{key}" for key in items]
    if isinstance(items, list) and all(isinstance(i, (str, int)) and "${" not in str(i) for i in items):
        return [f"{name}@{item}" for item in items]
    if isinstance(items, list) and not templates.mentioned(items):
        return [f"{name}@{number}" for number in range(len(items))]
    return None


def _cached(path: str, wanted: list[tuple[str, bool]]) -> bool | None:
    """Return whether the template that a resolved path came from is cached; None when that is not certain."""
    answers = {cached for template, cached in wanted if fits(path, template)}
    return answers.pop() if len(answers) == 1 else None


def fits(path: str, template: str) -> bool:
    """Whether a resolved path may have come from this template (`data/${item}.csv`)."""
    import re

    if template.count("${") > MAX_TEMPLATES:
        return False  # a stranger's pattern: matching takes time that grows with the power of this number
    pieces = re.split(r"\$\{[^}]*\}", template)
    return re.fullmatch(".*".join(map(re.escape, pieces)), path, re.DOTALL) is not None


def _by_dvc(data: Any, where: bytes, top: bytes) -> list[Output]:
    """Let the real DVC resolve the templates of this dvc.yaml."""
    try:
        stages = templates.resolved(data, os.path.join(top, os.path.dirname(where)), top, yaml.MAX_BYTES, MAX_OUTS)
    except ValueError as e:
        raise _malformed(where, yaml.plain(str(e))) from None
    return [out for name, stage in stages.items() for out in _outs_of(name, stage, where)]
