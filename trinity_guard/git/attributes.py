"""Git's attributes: filters, line ends, encodings."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError, shown
from trinity_guard.git.files import read_if_there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence


# What changes bytes between the blob and the working file.
CONVERTING = ("text", "eol", "crlf", "ident", "working-tree-encoding")
# Our own driver: what it changes on its way into Git is in DVC's cache, and what it leaves is the working file's.
DRIVER = b"trinity-guard"
NO_FILTER = (b"unspecified", b"unset", DRIVER)
AS_IT_IS = (b"unspecified", b"unset", b"auto")


class Attributes:
    """Git's attributes of some paths, read from the index."""

    def __init__(self, paths: Sequence[bytes] = ()) -> None:
        self._values: dict[bytes, tuple[bytes, ...]] = {}
        self.ask(paths)

    def ask(self, paths: Sequence[bytes]) -> None:
        """Ask for those of the paths that were not asked for before."""
        # Each once: of a long history a path comes with thousands of its versions, and Git's answer is long.
        new = [path for path in dict.fromkeys(paths) if path not in self._values]
        if not new:
            return
        data = b"".join(p + b"\0" for p in new)
        out = git.run("check-attr", "--cached", "-z", "--stdin", "filter", *CONVERTING, data=data)
        fields = out.split(b"\0")[:-1]
        same: dict[tuple[bytes, ...], tuple[bytes, ...]] = {}  # thousands of paths have the same
        each = 3 * (1 + len(CONVERTING))
        for at in range(0, len(fields), each):
            values = tuple(fields[at + 2 : at + each : 3])
            self._values[fields[at]] = same.setdefault(values, values)

    def filter(self, path: bytes) -> bytes:
        return self._values[path][0]

    def driver(self, path: bytes) -> bytes:
        """Return the filter driver that a path is given to, b"" for none, git-lfs or our own."""
        name = self.filter(path)
        return b"" if name == b"lfs" or name in NO_FILTER else name

    def raw(self, path: bytes) -> bool:
        """Whether blob and working file hold the same bytes."""
        if self.filter(path) not in NO_FILTER:
            return False
        _, text, *others = self._values[path]
        if any(value not in (b"unspecified", b"unset") for value in others):
            return False
        if text == b"unspecified":
            return git.config("core.autocrlf") not in ("true", "input")
        return text == b"unset"


def refuse_filter(attributes: Attributes, path: bytes) -> None:
    """Refuse a file that a filter driver changes on its way into Git: encrypted there, it would be plain in DVC."""
    name = os.fsdecode(attributes.driver(path))
    if not name:
        return
    if git.config(f"filter.{name}.clean") is None and git.config(f"filter.{name}.process") is None:
        return
    raise GuardError(
        problem=f"{shown(path)} goes through the filter '{name}' on its way into Git (.gitattributes); "
        "DVC would keep, and publish, what it hides.",
        remedy=f'leave it to Git: exclude = ["/{shown(path)}"] in .trinity-guard.toml\n'
        "or take the filter off this file in .gitattributes",
    )


class Asking:
    """What converts bytes between the work tree and Git, of one path after the other.

    One `git check-attr` answers, as long as it is asked; of paths above which no file of attributes has a word of
    these, it need not be.
    """

    def __init__(self, place: git.Place, theirs: bytes, indexed: Container[bytes]) -> None:
        """theirs: the user's own file; indexed: the paths of the index, whose .gitattributes count where none lies in
        the work tree."""
        self._place = place
        self._indexed = indexed
        self._p: git.Process | None = None
        everywhere = (os.path.join(place.common_dir, b"info", b"attributes"), theirs, b"/etc/gitattributes")
        self._silent = not any(_speaks(file) for file in everywhere) and not _from_a_tree()
        self._folders: dict[bytes, bool] = {}

    def close(self) -> None:
        if self._p is not None:
            self._p.wait()

    def converted(self, path: bytes) -> bool:
        """Whether somebody's attributes give this path line ends, `$Id$` or an encoding of its own.

        `text=auto`, which whole repositories have, says nothing of this file: Git looks at its bytes.
        """
        if self._silent and self._is_silent(path[: max(path.rfind(b"/"), 0)]):
            return False
        if self._p is None:
            env = {**os.environ, "GIT_FLUSH": "1"}  # answers each by itself, whatever the user has set
            self._p = git.Process(["git", "check-attr", "-z", "--stdin", *CONVERTING], env)
        os.write(self._p.stdin, path + b"\0")
        answer = b""
        while answer.count(b"\0") < 3 * len(CONVERTING):
            piece = os.read(self._p.stdout, git.CHUNK)
            if not piece:
                raise GuardError(problem="`git check-attr` ended early.", remedy="git check-attr -a .")
            answer += piece
        return any(value not in AS_IT_IS for value in answer.split(b"\0")[2::3])

    def _is_silent(self, folder: bytes) -> bool:
        if folder not in self._folders:
            name = os.path.join(folder, b".gitattributes")
            file = self._place.file(name)
            speaks = _speaks(file) or (name in self._indexed and not os.path.lexists(file))
            self._folders[folder] = not speaks and (not folder or self._is_silent(os.path.dirname(folder)))
        return self._folders[folder]


def _from_a_tree() -> bool:
    """Whether Git reads .gitattributes in a tree, and not where they lie: since 2.43 it may be told to."""
    return "GIT_ATTR_SOURCE" in os.environ or git.config("attr.tree") is not None


def _speaks(file: bytes) -> bool:
    """Whether a file of attributes has a word of what converts bytes, beside `text=auto`."""
    try:
        data = (read_if_there(file) or b"").replace(b"text=auto", b"")
    except GuardError:
        return True
    return any(name.encode() in data for name in CONVERTING)
