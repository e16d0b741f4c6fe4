"""The pre-commit framework: our entries in `.pre-commit-config.yaml`, and its hooks in this repository.

The file is edited as text: every byte that is not ours stays, comments, order and line ends included.
"""

from __future__ import annotations

import os

from trinity_guard import git, python_module, setup
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import hooks
from trinity_guard.setup import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONFIG = b".pre-commit-config.yaml"
STAGES = tuple(name for name in setup.HOOKS if name != "pre-applypatch")  # the framework has no such stage
OPEN, CLOSE = native.OPEN.decode(), native.CLOSE.decode()
TYPES = "default_install_hook_types"
TYPES_MARK = "  # trinity-guard"

NOTE = """\
# `trinity-guard init --hooks pre-commit` wrote this, `trinity-guard init --uninstall` takes it out again.
# It runs the trinity-guard that is installed. To have the framework install it instead, put in its place:
#   - repo: <where you clone trinity-guard from>
#     rev: <a tag of it>
#     hooks: [{id: trinity-convert}, {id: trinity-block, stages: [pre-merge-commit]}, {id: trinity-push},
#             {id: trinity-gate}, {id: trinity-sync}, {id: trinity-rewrite}]
#     (a remote's plug-in goes into `additional_dependencies: [dvc-s3]` of each: another list, another environment)
# Hooks of yours that name no `stages` run in every stage installed; `default_stages: [pre-commit]` limits them.
"""
# id, name, entry, stage
HOOKS = (
    ("trinity-convert", "artifacts become DVC pointers", "trinity-guard hook pre-commit --framework", "pre-commit"),
    ("trinity-block", "no artifact in a merge", "trinity-guard block", "pre-merge-commit"),
    ("trinity-push", "push to the DVC remote", "trinity-guard hook post-commit --framework", "post-commit"),
    ("trinity-gate", "nothing is published without its bytes", "trinity-guard hook pre-push --framework", "pre-push"),
    (
        "trinity-sync",
        "artifacts follow their pointers",
        "trinity-guard hook post-checkout --framework",
        "post-checkout, post-merge",
    ),
    ("trinity-rewrite", "push and sync after a rebase", "trinity-guard hook post-rewrite --framework", "post-rewrite"),
)


def entry() -> str:
    """Return our `repo: local` with its marks, at the left margin."""
    lines = ["- repo: local", "  hooks:"]
    for name, title, command, stage in HOOKS:
        lines += [
            f"  - id: {name}",
            f"    name: {title}",
            f"    entry: {command}",
            "    language: system",
            f"    stages: [{stage}]",
            "    always_run: true",
            "    pass_filenames: false",
            "    require_serial: true",
            '    minimum_pre_commit_version: "3.2.0"',
        ]
        # The framework hides what a hook says that passes: here, what a commit records beside what was staged.
        lines += ["    verbose: true"] if name == "trinity-convert" else []
    return f"{OPEN}\n{NOTE}" + "\n".join(lines) + f"\n{CLOSE}\n"


def offered(data: bytes) -> bool:
    """Whether this config has hooks of ours, from `init` or written by hand."""
    repos = [r for r in _listed(_loaded(data).get("repos")) if isinstance(r, dict)]
    hooks = (h for r in repos for h in _listed(r.get("hooks")) if isinstance(h, dict))
    return any(str(h.get("id", "")).startswith("trinity-") for h in hooks)


def comes_late(data: bytes) -> bool:
    """Whether other hooks of this config run before ours that converts."""
    repos = [r for r in _listed(_loaded(data).get("repos")) if isinstance(r, dict)]
    ids = [str(h.get("id", "")) for r in repos for h in _listed(r.get("hooks")) if isinstance(h, dict)]
    return "trinity-convert" in ids and not ids[0].startswith("trinity-")


def _listed(value: Any) -> list[Any]:
    """Return a list of the config, nothing where something else stands in its place."""
    return value if isinstance(value, list) else []


def extended(data: bytes) -> bytes:
    """Return the config with our entry and hook types in it."""
    text, newline = _text(data)
    if _composed(text) is None:
        head = text if not text or text.endswith("\n") else text + "\n"
        text = f"{head}{TYPES}: [{', '.join(STAGES)}]{TYPES_MARK}\nrepos:\n{entry()}"
    else:
        text = _with_types(text)
        span = _block_span(text)
        if span and _is_first(text, span[0]):
            start, end = span
            text = text[:start] + _indented(entry(), _margin(text, start)) + text[end:]
        elif span:
            text = _with_entry(text[: span[0]] + text[span[1] :])
        elif not offered(data):
            text = _with_entry(text)
    return _bytes(text, newline)


def reduced(data: bytes) -> bytes:
    """Return the config without what `extended` wrote; hook types that were added to a list of yours stay."""
    text, newline = _text(data)
    span = _block_span(text)
    if span:
        text = text[: span[0]] + text[span[1] :]
    lines = text.splitlines(keepends=True)
    text = "".join(s for s in lines if not (s.startswith(TYPES + ":") and s.rstrip().endswith(TYPES_MARK)))
    root = _composed(text)
    repos = _value(root, "repos") if root is not None else None
    if repos is not None and repos.id == "scalar" and not repos.value:
        at = text.index(":", _key(root, "repos").end_mark.index) + 1
        text = f"{text[:at]} []{text[at:]}"
    return _bytes(text, newline)


# ---- text ----


def _text(data: bytes) -> tuple[str, str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _broken(str(error)) from None
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        return text.replace("\r\n", "\n"), "\r\n"
    return text, "\n"


def _bytes(text: str, newline: str) -> bytes:
    return text.replace("\n", newline).encode()


def _indented(text: str, margin: str) -> str:
    return "".join(margin + line for line in text.splitlines(keepends=True))


def _margin(text: str, start: int) -> str:
    line = text[start:]
    return line[: len(line) - len(line.lstrip(" "))]


def _block_span(text: str) -> tuple[int, int] | None:
    at = text.find(OPEN)
    end = text.find(CLOSE + "\n", at)
    if at < 0 or end < 0:
        return None
    return text.rfind("\n", 0, at) + 1, end + len(CLOSE) + 1


def _is_first(text: str, start: int) -> bool:
    """Whether what starts here comes before all of the config's other repositories."""
    first = _value(_composed(text), "repos").value[0]
    return bool(first.start_mark.index >= start)


def _with_types(text: str) -> str:
    root = _composed(text)
    types = _value(root, TYPES)
    if types is None:
        at = root.value[0][0].start_mark.index
        return f"{text[:at]}{TYPES}: [{', '.join(STAGES)}]{TYPES_MARK}\n{text[at:]}"
    if types.id != "sequence":
        raise _broken(f"`{TYPES}` is not a list")
    missing = [s for s in STAGES if s not in {n.value for n in types.value}]
    if not missing:
        return text
    if not types.value:
        at = types.start_mark.index + 1
        return text[:at] + ", ".join(missing) + text[at:]
    if types.flow_style:
        at = types.value[-1].end_mark.index
        return text[:at] + "".join(f", {s}" for s in missing) + text[at:]
    lines = text.splitlines(keepends=True)
    last = _last_line(types)
    _close_line(lines, last)
    margin = " " * types.start_mark.column
    lines[last + 1 : last + 1] = [f"{margin}- {s}\n" for s in missing]
    return "".join(lines)


def _with_entry(text: str) -> str:
    repos = _value(_composed(text), "repos")
    if repos is None or repos.id != "sequence" or (repos.flow_style and repos.value):
        raise GuardError(
            problem=f"{shown(CONFIG)}: `repos` is not written as a list of lines, and is left as it is.",
            remedy="add these lines to it, or rewrite it as `repos:` with `- repo: …` lines below:\n" + entry(),
            exit_code=UNUSABLE,
        )
    lines = text.splitlines(keepends=True)
    if not repos.value:
        line, start, end = repos.start_mark.line, repos.start_mark.column, repos.end_mark.column
        lines[line] = lines[line][:start].rstrip() + lines[line][end:]
        first, column = line, 0
    else:
        first, column = _key(_composed(text), "repos").end_mark.line, repos.start_mark.column
    _close_line(lines, first)
    # Before all others: a hook that refuses large files, or changes tables, is to see pointers.
    lines.insert(first + 1, _indented(entry(), " " * column))
    return "".join(lines)


def _close_line(lines: list[str], at: int) -> None:
    if not lines[at].endswith("\n"):
        lines[at] += "\n"


def _last_line(node: Any) -> int:  # ruamel's nodes have no common type
    """Return the line on which a node's own text ends; ruamel's end of a block is where the next token begins."""
    children = [c for pair in node.value for c in pair] if node.id == "mapping" else node.value
    if node.id != "scalar" and not node.flow_style:
        return max((_last_line(c) for c in children), default=node.start_mark.line)
    end = node.end_mark
    return int(end.line - (end.column == 0 and end.line > node.start_mark.line))


# ---- YAML ----


def _broken(words: str) -> GuardError:
    return GuardError(
        problem=f"{shown(CONFIG)} cannot be read: {words}",
        remedy=f"pre-commit validate-config {shown(CONFIG)}",
        exit_code=UNUSABLE,
    )


def _composed(text: str) -> Any:
    """Return the tree of nodes with their places, None for a file that says nothing."""
    import ruamel.yaml  # noqa: PLC0415  # most repositories have no such config

    try:
        root = ruamel.yaml.YAML(typ="safe", pure=True).compose(text)
    except ruamel.yaml.error.YAMLError as error:
        raise _broken(str(error)) from None
    if root is not None and root.id != "mapping":
        raise _broken("it is not a map with `repos:` in it; `pre-commit migrate-config` turns an old list into one")
    return root


def _loaded(data: bytes) -> dict[str, Any]:
    import ruamel.yaml  # noqa: PLC0415  # most repositories have no such config

    text, _ = _text(data)
    if _composed(text) is None:
        return {}
    loaded: dict[str, Any] = ruamel.yaml.YAML(typ="safe", pure=True).load(text)
    return loaded


def _key(root: Any, name: str) -> Any:
    return next((key for key, _ in root.value if key.value == name), None)


def _value(root: Any, name: str) -> Any:
    return next((value for key, value in root.value if key.value == name), None)


# ---- the framework itself ----


def _run(*args: str | bytes) -> None:
    git.succeed([*python_module("pre_commit"), *args], env={**os.environ, "PYTHONSAFEPATH": "1"})


def validate(path: bytes) -> None:
    """Have the framework itself read a config; GuardError with its words."""
    _run("validate-config", path)


def require_usable(place: git.Place) -> None:
    """Raise where `pre-commit install` would refuse."""
    scope, value = native.hooks_path_setting(place)
    if scope:
        level = f"--{scope} " if scope in {"local", "global", "system", "worktree"} else ""
        raise GuardError(
            problem=f"the pre-commit framework installs nothing where core.hooksPath is set "
            f"({shown(value)}, {scope} configuration).",
            remedy="To resolve this, either:\n"
            f"1: git config {level}--unset-all core.hooksPath\n"
            "2: trinity-guard init --hooks native",
            exit_code=UNUSABLE,
        )


def _hook(place: git.Place, stage: str) -> bytes:
    return os.path.join(place.common_dir, b"hooks", stage.encode())


def generated(place: git.Place, stage: str) -> bool:
    """Whether the framework's own hook is installed for a stage."""
    return hooks.of_framework(native.hook_at(_hook(place, stage)) or b"")


def install(place: git.Place) -> list[str]:
    """Run `pre-commit install` for each of our stages that lacks it; return these."""
    missing = [s for s in STAGES if not generated(place, s)]
    if missing:
        _run("install", *(f"--hook-type={s}" for s in missing))
    return missing


def uninstall(place: git.Place, stages: list[str]) -> list[str]:
    """Run `pre-commit uninstall` for these stages; it puts back what it found there."""
    present = [s for s in stages if generated(place, s)]
    if present:
        _run("uninstall", *(f"--hook-type={s}" for s in present))
    return present
