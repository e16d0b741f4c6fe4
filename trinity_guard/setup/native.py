"""Our hook files: where they belong, how one is recognised, put beside a foreign hook, renewed and taken out again."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from trinity_guard import LIBRARY, git
from trinity_guard.dvcrepo import installation
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files, hooks
from trinity_guard.git.files import replace, unwritable

ID = b"trinity-guard hook 5d1c8e0b7f3a4c29 version "
# SHA-256 of the templates of earlier versions, with no paths filled in: they are ours, and are renewed or taken away.
FORMER = frozenset(
    {
        "5399322c67a6d66f39c1d4c836b347c17267ae43f3d1ac80d6d68dbb43c2f3ad",
        "a5b42f814121e6101d22e0b8571f2068a0f13f59e6a2930c93d23556fa069efd",
        "190324ed65b490d9e75c3afec41f2d1d0aabcbde187439d520c36f90f3db0827",
    }
)
KEPT = b".before-trinity-guard"
LEGACY = b".legacy"
OPEN, CLOSE = b"# >>> trinity-guard >>>", b"# <<< trinity-guard <<<"
JOINED = b" (no newline above)"
NEW_SCRIPT = b"#!/bin/sh\n"

# Where Git looks for this repository's hooks: in its own folder; in one that Git tracks; or husky's.
OWN, TRACKED, HUSKY = "own", "tracked", "husky"

BLOCK = """\
# `trinity-guard init` wrote this block, and `trinity-guard init --uninstall` takes it out again.
(
python=''
lib=''
STARTER
start hook NAME "$@"
case ,$TRINITY_GUARD_SKIP, in *,all,*) exit 0 ;; esac
echo "trinity-guard: the program is gone, so nothing guards this repository." >&2
lost
exit 1
) || EXIT
"""


@dataclass(slots=True)
class Folder:
    """Where the hooks of a repository go, and in which form."""

    path: bytes
    kind: str


def library() -> bytes:
    """Return the folder from which this package is importable."""
    return os.fsencode(LIBRARY)


def templates() -> dict[bytes, bytes]:
    """Return hook name -> text, as `hooks/` holds them: inside the package of a wheel, beside it in a clone."""
    inside = os.path.join(library(), b"trinity_guard", b"hooks")
    folder = inside if os.path.isdir(inside) else os.path.join(library(), b"hooks")
    try:
        texts = {name: _content(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}
    except OSError as error:
        raise GuardError(
            problem=f"trinity-guard's own hooks are missing: {error}.",
            remedy=installation.again(),
            exit_code=UNUSABLE,
        ) from None
    return {name: text for name, text in texts.items() if ID in text}


def starter() -> bytes:
    """Return the shell functions by which a hook becomes the program, or says why it cannot."""
    text = templates()[b"pre-commit"]
    return text[text.index(b"executable() {") : text.index(b"guard() {")].rstrip(b"\n")


def filled(template: bytes) -> bytes:
    """Return the hook with this interpreter and this package's folder written into it."""
    python = os.fsencode(sys.executable or "")
    text = template.replace(b"\npython=''\n", b"\npython=" + _quoted(python) + b"\n", 1)
    return text.replace(b"\nlib=''\n", b"\nlib=" + _quoted(library()) + b"\n", 1)


def _quoted(text: bytes) -> bytes:
    return b"'" + text.replace(b"'", b"'\\''") + b"'"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def folder_of(place: git.Place) -> Folder:
    """Return where Git looks for this repository's hooks; GuardError where other repositories share the place."""
    scope, value = hooks_path_setting(place)
    path = hooks.folder(place.top)
    shared = scope in {"global", "system"} and os.path.isabs(os.path.expanduser(value or b"/"))
    if scope and (shared or not value):
        raise _refusal(place, path, scope)
    for root in (place.git_dir, place.common_dir):
        if _below(path, root):
            return Folder(path, OWN)
    if not _below(path, place.top) or os.path.realpath(path) == os.path.realpath(place.top):
        raise _refusal(place, path, scope)
    if os.path.basename(path) == b".husky":
        return Folder(path, HUSKY)
    if path.endswith(b"/.husky/_"):
        return Folder(os.path.dirname(path), HUSKY)
    return Folder(path, TRACKED)


def hooks_path_setting(place: git.Place) -> tuple[str, bytes]:
    """Return core.hooksPath with the scope that sets it (local, worktree, global, system, command), or two blanks."""
    result = git.attempt("config", "--show-scope", "-z", "--get", "core.hooksPath", at=place.top)
    if result.code == 1:
        return "", b""
    if result.code:
        raise git.failure(("config", "--get", "core.hooksPath"), result)
    scope, _, value = result.out.partition(b"\0")
    return scope.decode(), value.rstrip(b"\0")


def _below(path: bytes, root: bytes) -> bool:
    real, top = os.path.realpath(path), os.path.realpath(root)
    return real == top or real.startswith(top + b"/")


def _refusal(place: git.Place, path: bytes, scope: str) -> GuardError:
    own, real = shown(os.path.join(place.common_dir, b"hooks")), shown(os.path.realpath(path))
    said = f"core.hooksPath ({scope} configuration)" if scope else "a symbolic link"
    use = f"git config --local core.hooksPath '{own}' && trinity-guard init" if scope else f"rm '{own}'    # the link"
    lines = [
        "To resolve this, either:",
        "1: give this repository hooks of its own (those of the shared folder no longer run in it):",
        f"     {use}",
        "2: call trinity-guard from the shared hooks, by adding to each of these files there",
        *(f'     {shown(name)}:  trinity-guard hook {shown(name)} "$@"' for name in templates()),
        "   and then set up the rest:  trinity-guard init --hooks none",
    ]
    return GuardError(
        problem=f"the hooks are in {real}, set by {said}, and other repositories may share them.",
        remedy="\n".join(lines),
        exit_code=UNUSABLE,
    )


# ---- one hook ----


def _content(path: bytes) -> bytes:
    return files.read_if_there(path, links=True) or b""


def hook_at(path: bytes) -> bytes | None:
    """Return what a hook file holds: None if there is none, nothing for a link that leads nowhere."""
    if not os.path.lexists(path):
        return None
    if os.path.islink(path) and not os.path.exists(path):
        return b""
    if os.path.isdir(path):
        raise GuardError(
            problem=f"{shown(path)} is a folder where Git expects a hook.",
            remedy=f"mv {typed(path)} {typed(path + b'.moved')}",
            exit_code=UNUSABLE,
        )
    try:
        return _content(path)
    except OSError as error:
        raise unwritable(path, error) from None


def ours(path: bytes) -> bool:
    data = hook_at(path)
    return data is not None and ID in data


def as_written(data: bytes, template: bytes, known: str | None) -> bool:
    """Whether nobody has edited this hook of ours: it is the template, filled in or not, or what `init` recorded."""
    if known == digest(data):
        return True
    blank = re.sub(rb"(?m)^(python|lib)='(?:[^']|'\\'')*'$", rb"\1=''", data)
    return blank == template or digest(blank) in FORMER


def _version(data: bytes) -> int:
    digits = data.partition(ID)[2].split(b":")[0]
    return int(digits) if digits.isdigit() else 0


class Hook:
    """One hook file in a folder: put it there, or take it away. `known` is the digest recorded when it was written."""

    __slots__ = ("folder", "kept", "known", "legacy", "name", "path", "template", "text")

    def __init__(self, folder: Folder, name: bytes, template: bytes, known: str | None = None) -> None:
        self.folder = folder.path
        self.name = name
        self.template = template
        # A tracked file goes to other machines: no paths of this one in it.
        self.text = filled(template) if folder.kind == OWN else template
        self.path = os.path.join(folder.path, name)
        self.kept = self.path + KEPT
        self.legacy = self.path + LEGACY
        self.known = known

    def obstacle(self) -> GuardError | None:
        """Return why this hook cannot be put here, before anything is changed."""
        current = hook_at(self.path)
        if current is None or ID in current or not os.path.lexists(self.kept):
            return None
        kept = hook_at(self.kept) or b""
        both_generated = hooks.of_framework(kept) and hooks.of_framework(current)
        if kept == current or both_generated or ours(self.legacy):
            return None
        return GuardError(
            problem=f"{shown(self.path)} is not ours, and {shown(self.kept)} keeps another one already.",
            remedy=f"To resolve this, either:\n"
            f"1: drop the older one:  rm {typed(self.kept)}\n"
            f"2: merge both by hand into {shown(self.kept)}, and:  rm {typed(self.path)}\n"
            f"and then:  trinity-guard init",
        )

    def put(self) -> str:
        """Install or renew; return what was done, nothing where it was there already."""
        self._leave_legacy()
        current = hook_at(self.path)
        if current is None:
            self._write()
            chained = os.path.lexists(self.kept)
            return f"hook {shown(self.path)}" + (", after the one that was kept there" if chained else "")
        if ID not in current:
            os.replace(self.path, self.kept)
            self._write()
            return f"hook {shown(self.path)}; the one that was there runs {self._order()}, as {shown(self.name + KEPT)}"
        if current == self.text and os.access(self.path, os.X_OK) and not os.path.islink(self.path):
            return ""
        if self.edited(current):
            return ""
        self._write()
        return f"hook {shown(self.path)} renewed"

    def _order(self) -> str:
        # A hook that refuses large files, or changes tables, is to see pointers.
        return "after it" if self.name == b"pre-commit" else "first"

    def edited(self, current: bytes | None = None) -> bool:
        """Whether this is our hook, changed by hand: then it is left alone. An older version of ours is not."""
        data = hook_at(self.path) if current is None else current
        if data is None or ID not in data or as_written(data, self.template, self.known):
            return False
        older = self.known is None and _version(data) < _version(self.template)
        return not older

    def take(self) -> str:
        """Remove our hook and put back what was kept; return what was done."""
        self._leave_legacy()
        current = hook_at(self.path)
        if current is None or ID not in current:
            return ""
        if os.path.lexists(self.kept):
            os.replace(self.kept, self.path)
            return f"hook {shown(self.path)} removed, the one that was there before is back"
        os.unlink(self.path)
        return f"hook {shown(self.path)} removed"

    def _leave_legacy(self) -> None:
        # `pre-commit install` after us has moved our hook aside: without this it would run twice, or stay.
        if not os.path.lexists(self.legacy) or not ours(self.legacy):
            return
        kept = hook_at(self.kept)
        if kept is None or hooks.of_framework(kept):
            os.unlink(self.legacy)
            if kept is not None:
                os.unlink(self.kept)
        else:
            os.replace(self.kept, self.legacy)

    def _write(self) -> None:
        replace(self.path, self.text, 0o777)


# ---- husky ----


def block(name: bytes) -> bytes:
    # After the fact there is nothing to refuse: only a hook that runs before may fail.
    text = BLOCK.replace("NAME", name.decode()).replace("EXIT", "exit" if name.startswith(b"pre-") else ":")
    return OPEN + b"\n" + text.encode().replace(b"STARTER", starter()) + CLOSE + b"\n"


def split_block(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what stands before our block, the block, and what follows; no block: (data, b"", b"")."""
    start = 0 if data.startswith(OPEN) else data.find(b"\n" + OPEN) + 1
    if not data[start:].startswith(OPEN):
        return data, b"", b""
    close = data.find(CLOSE + b"\n", start)
    if close < 0:
        return data, b"", b""
    end = close + len(CLOSE) + 1
    return data[:start], data[start:end], data[end:]


def with_block(data: bytes, text: bytes, first: bool = False) -> bytes:
    """Return a script with our block, appended or renewed in its place; without it, `split_block` gives it back.

    first: where it is new it comes before what the script does.
    """
    head, old, tail = split_block(data)
    line = data[: data.find(b"\n") + 1] if data.startswith(b"#!") else b""
    if old:
        joined = old.startswith(OPEN + JOINED)
    elif first and b"\n" in data:
        joined, head, tail = False, line, data[len(line) :]
    else:
        joined = bool(data) and not data.endswith(b"\n")
        head, tail = data + (b"\n" if joined else b""), b""
    return head + (text.replace(OPEN, OPEN + JOINED, 1) if joined else text) + tail


def without_block(data: bytes) -> bytes:
    head, old, tail = split_block(data)
    if old.startswith(OPEN + JOINED) and not tail:
        head = head[:-1]
    return head + tail


def ends_early(data: bytes) -> bool:
    """Whether a script visibly ends before our block, appended to it, is reached."""
    return any(line.startswith((b"exit", b"exec ")) for line in split_block(data)[0].split(b"\n"))


def in_husky(folder: Folder, name: bytes, change: Callable[[bytes], bytes]) -> bool:
    """Apply a change to husky's script of this name; a script that holds nothing is removed. Return whether it did."""
    path = os.path.join(folder.path, name)
    before = hook_at(path)
    after = change(before if before is not None else NEW_SCRIPT)
    if after == (before if before is not None else NEW_SCRIPT):
        return False
    if after == NEW_SCRIPT:
        os.unlink(path)
    else:
        replace(path, after, 0o666 if before is not None else 0o777)
    return True
