"""The outputs that a dvc.lock records, with what its dvc.yaml says of each: cached at all, pushed, to which remote."""

from __future__ import annotations

from trinity_guard.dvcrepo import paths, pipeline, pointer, safe_paths, yaml
from trinity_guard.dvcrepo.output import Output, is_md5
from trinity_guard.errors import GuardError, pathspec, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_BYTES = 10 << 20
MAX_OUTS = 100_000


def outs(lock: bytes, dvc_yaml: bytes | None, where: bytes) -> list[Output]:
    """Return the outputs with an md5 that the dvc.lock at `where` records, those in the repository alone.

    What its dvc.yaml names no more is none of them: to DVC a lock says only which bytes the outputs of stages have.
    Raises GuardError for a lock that DVC would not read, and for paths that leave the repository.
    """
    stages = _stages(_load(lock, where), where)
    said = _declared(dvc_yaml)
    found: list[Output] = []
    for name, stage in stages.items():
        declared = _declared_of(said, str(name))
        for entry in _entries(stage, where):
            out = _out(entry, declared, where)
            if out is not None and declared.names(out.text):
                out.stage = str(name)
                found.append(out)
            if len(found) > MAX_OUTS:
                raise _malformed(where, f"it names more than {MAX_OUTS} outputs")
    return found


class _Declared:
    """What dvc.yaml says of one stage: its wdir, and the flags of each output by the text of its path.

    plain: no other output than these is one of the stage, for no template could tell of more.
    """

    def __init__(self, wdir: str, flags: dict[str, dict[str, Any]], plain: bool) -> None:
        self.wdir = wdir
        self._flags = flags
        self._plain = plain
        kinds = list(flags.values())
        # All alike, and there is nothing to match: 5,000 outputs against 5,000 templates would take minutes.
        self._alike = kinds[0] if kinds and all(k == kinds[0] for k in kinds) else None

    def names(self, path: str) -> bool:
        """Whether an output may be one of the stage as dvc.yaml has it now."""
        return not self._plain or path in self._flags

    def of(self, path: str) -> tuple[dict[str, Any], bool]:
        """Return the flags of an output, and whether they are certain."""
        if path in self._flags:
            return self._flags[path], True
        if self._alike is not None:
            return self._alike, True
        fitting = [flags for template, flags in self._flags.items() if pipeline.fits(path, template)]
        if fitting and all(f == fitting[0] for f in fitting):
            return fitting[0], True
        return {}, not fitting and not self._flags


def _declared_of(said: dict[str, _Declared] | None, name: str) -> _Declared:
    if said is None:
        return _Declared(".", {}, plain=False)
    return said.get(name) or said.get(name.partition("@")[0]) or _Declared(".", {}, plain=True)


def _load(data: bytes, where: bytes) -> Any:
    try:
        return yaml.parse(data, yaml.MAX_BYTES, anchors=True) or {}
    except ValueError as error:
        if pointer.has_markers(data):
            raise pointer.marked(where) from None
        raise _malformed(where, str(error)) from None


def _stages(fields: Any, where: bytes) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise _malformed(where, "it is not a mapping")
    # Schema 2.0 has `stages:`; before it, the stages stood at the top.
    stages = (fields.get("stages") or {}) if "schema" in fields or "stages" in fields else fields
    if not isinstance(stages, dict):
        raise _malformed(where, "its 'stages' is not a mapping")
    return stages


def _entries(stage: Any, where: bytes) -> Iterator[dict[str, Any]]:
    listed = stage.get("outs") if isinstance(stage, dict) else None
    if not isinstance(listed, (list, type(None))) or not isinstance(stage, dict):
        raise _malformed(where, "its 'outs' is not a list")
    for entry in listed or []:
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            raise _malformed(where, "it holds an out without a path")
        yield entry


def _out(entry: dict[str, Any], declared: _Declared, where: bytes) -> Output | None:
    path, md5, size = entry["path"], entry.get("md5"), entry.get("size")
    if md5 is None or safe_paths.scheme(path) in safe_paths.SCHEMES or "://" in path or path.startswith("/"):
        return None  # an output elsewhere, or one that no stage has made yet
    if not is_md5(md5):
        raise _malformed(where, "an md5 in it is not one")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise _malformed(where, "a size in it is no possible number")
    parts = where.split(b"/")[:-1]
    for text in (declared.wdir, path):
        reason = safe_paths.rooted(text) or safe_paths.walk(parts, text)
        if reason:
            raise _malformed(where, f"its path '{yaml.plain(text)}' {reason}")
    data = b"/".join(parts)
    if not data or where.startswith(data + b"/"):
        raise _malformed(where, f"its path '{yaml.plain(path)}' holds the lock itself")
    if safe_paths.rules(parts[-1].rpartition(b"\\")[2]) or paths.is_pointer(data):
        raise _malformed(where, f"its path '{yaml.plain(path)}' is a file that tells Git or DVC what to do")
    out = Output(data, md5, -1 if size is None else size, where)
    out.text = path
    out.isexec = entry.get("isexec") is True
    out.legacy = entry.get("hash") is None
    flags, out.certain = declared.of(path)
    out.cache = flags.get("cache", True) is not False
    out.push = flags.get("push", True) is not False
    remote = flags.get("remote")
    out.remote = remote if isinstance(remote, str) else ""
    if safe_paths.remote_name(out.remote):
        raise _malformed(where, f"the name in a 'remote' of its dvc.yaml {safe_paths.remote_name(out.remote)}")
    return out.settle()


def _declared(dvc_yaml: bytes | None) -> dict[str, _Declared] | None:
    """Return what dvc.yaml declares, by stage; None where it cannot be read, for the lock alone has the objects."""
    if not dvc_yaml:
        return None
    try:
        fields = yaml.parse(dvc_yaml, yaml.MAX_BYTES, anchors=True)
    except ValueError:
        return None
    stages = (fields.get("stages") or {}) if isinstance(fields, dict) else None
    found = {}
    for name, stage in stages.items() if isinstance(stages, dict) else [("", None)]:
        body = stage.get("do", stage) if isinstance(stage, dict) else None
        if not isinstance(body, dict):
            return None
        found[str(name)] = _of_stage(body)
    return found


def _of_stage(stage: dict[str, Any]) -> _Declared:
    wdir = stage.get("wdir") or "."
    plain = isinstance(wdir, str) and "${" not in wdir
    flags = dict(_flags(stage))
    return _Declared(wdir if plain else ".", flags, _are_all(flags, stage))


def _are_all(flags: dict[str, dict[str, Any]], stage: dict[str, Any]) -> bool:
    """Whether these are all outputs of a stage: none is told by a template, or in a way that DVC would not read."""
    listed = [stage.get(kind) or [] for kind in pipeline.KINDS]
    if not all(isinstance(items, list) and all(isinstance(i, (str, dict)) for i in items) for items in listed):
        return False
    names = [path for items in listed for item in items if isinstance(item, dict) for path in item]
    return all(isinstance(name, str) for name in names) and not any("${" in path for path in flags)


def _flags(stage: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in pipeline.KINDS:
        items = stage.get(kind)
        for item in items if isinstance(items, list) else []:
            for path, flags in item.items() if isinstance(item, dict) else [(item, None)]:
                if isinstance(path, str):
                    yield path, flags if isinstance(flags, dict) else {}


def _malformed(where: bytes, what: str) -> GuardError:
    return GuardError(
        problem=f"{shown(where)} is no file that DVC can read: {what}.",
        remedy=f"git checkout HEAD -- {pathspec(where)}     # the last good version, or `dvc repro` writes it again",
    )
