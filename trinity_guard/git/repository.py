"""Which repository are we in, where is its work tree, and how are its files read, whoever wrote them."""

from __future__ import annotations

import os
import stat

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git.plumbing import attempt, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Arg = str | bytes

READ_AT_ONCE = 1 << 16
INVALID, IS_FOLDER, TOO_BIG = 22, 21, 27  # EINVAL, EISDIR, EFBIG: `errno` is one more module


class Place:
    """Where we are: absolute `top` of the work tree (empty when bare), its `git_dir`, the shared `common_dir`.

    base: the commit from which what is judged starts, where a range is; b"" where that is not known.
    said: what Git's config said of trust, where it was asked (remotes/trust.py).
    """

    __slots__ = ("bare", "base", "common_dir", "git_dir", "said", "top")

    def __init__(self, top: bytes, git_dir: bytes, common_dir: bytes) -> None:
        self.top = top
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.bare = not top
        self.base = b""
        self.said: list[tuple[str, str]] | None = None

    @property
    def own(self) -> bytes:
        """Our folder under the git dir: queue, journal, records. Shared by linked worktrees."""
        return os.path.join(self.common_dir, b"trinity-guard")

    @property
    def journal(self) -> bytes:
        """The file of a conversion that was begun in this work tree (convert/journal.py); every hook asks for it."""
        return os.path.join(self.git_dir, b"trinity-guard", b"journal")

    @property
    def unheld(self) -> bytes:
        """The file of a note that every commit asks for (dvcrepo/unheld.py)."""
        return os.path.join(self.git_dir, b"trinity-guard", b"unheld")

    @property
    def once_raw(self) -> bytes:
        """The folder of second names of working files (checkout/overwritten.py); few have any."""
        return os.path.join(self.git_dir, b"trinity-guard", b"once-raw")

    def has_journal(self) -> bool:
        return os.path.exists(self.journal)

    @property
    def queue(self) -> bytes:
        """The folder of what waits for its remote (push/queue.py), shared by linked work trees."""
        return os.path.join(self.own, b"queue")

    def file(self, *names: bytes) -> bytes:
        """Return the path of a file that is named from the top."""
        if len(names) == 1 and names[0][:1] != b"/" and self.top != b"/":
            return b"%b/%b" % (self.top, names[0])  # nearly always, and for thousands
        return os.path.join(self.top, *names)


def read(file: bytes | str, most: int, *, links: bool = False) -> bytes:
    """Return the bytes of a regular file; OSError for anything else that a clone can hold under its name.

    most: bytes; a larger file is refused. links: a link to a regular file will do (what this user named, or DVC made).
    Never waits, and opens nothing that opening sets going: a commit can bring links to pipes and devices.
    """
    fd = opened(file, links=links)
    try:
        pieces, left = [], most + 1
        at_once = max(os.fstat(fd).st_size + 1, READ_AT_ONCE)  # in one piece, which is not copied
        while left and (piece := os.read(fd, min(left, at_once))):
            pieces.append(piece)
            left -= len(piece)
    finally:
        os.close(fd)
    if not left:
        raise OSError(TOO_BIG, f"it is larger than {most:,} bytes", file)
    return b"".join(pieces)


def opened(file: bytes | str, *, links: bool = False) -> int:
    """Open a regular file for reading, as `read` does, and return its descriptor."""
    _refuse_kind(file, (os.stat if links else os.lstat)(file).st_mode)
    fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW))
    try:
        _refuse_kind(file, os.fstat(fd).st_mode)  # it may be another one by now
    except OSError:
        os.close(fd)
        raise
    return fd


def _refuse_kind(file: bytes | str, mode: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise OSError(INVALID, "it is a symbolic link", file)
    if kind == stat.S_IFDIR:
        raise OSError(IS_FOLDER, "it is a folder", file)
    if kind != stat.S_IFREG:
        raise OSError(INVALID, "it is no regular file", file)


def hook_place() -> Place:
    """Return the place of a running hook. Git starts hooks at the top, so the plain case needs no process."""
    here = os.getcwdb()
    dot_git = os.path.join(here, b".git")
    told = [n for n in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR") if n in os.environ]
    if told or not os.path.isdir(dot_git) or os.path.islink(dot_git) or not os.path.isfile(dot_git + b"/HEAD"):
        if not told and os.path.isfile(os.path.join(here, b"HEAD")):
            _go_to_work_tree(here)
        return place()
    return Place(here, dot_git, dot_git)


def _go_to_work_tree(git_dir: bytes) -> None:
    """Go from a git dir to the top of its work tree, where Git runs hooks; dulwich, and so DVC, runs some in there."""
    result = attempt("rev-parse", "--is-bare-repository")
    if result.out.strip() != b"false":
        return  # place() says what there is to say
    named = attempt("config", "--get", "core.worktree").out.rstrip(b"\n")
    try:
        linked = os.path.dirname(read(os.path.join(git_dir, b"gitdir"), READ_AT_ONCE).rstrip(b"\n"))
    except OSError:
        linked = b""
    top = os.path.join(git_dir, linked or named or b"..")
    if os.path.isdir(top) and os.path.realpath(run("rev-parse", "--absolute-git-dir", at=top)[:-1]) == os.path.realpath(
        git_dir
    ):
        os.chdir(top)


def place() -> Place:
    """Find the repository of the current folder; GuardError (exit 2) outside of one."""
    result = attempt("rev-parse", "--absolute-git-dir", "--git-common-dir", "--is-bare-repository")
    if result.code:
        words = result.err.decode("utf-8", "replace").strip()
        problem, _, advice = words.partition("\n")
        # Git itself names the command that trusts somebody else's folder.
        remedy = advice.rpartition("\n")[2].strip() if "safe.directory" in advice else "git init"
        if advice.startswith("\t"):  # extensions of a repository, a line each, that this Git is too old for
            problem, remedy = f"{problem} {' '.join(advice.split())}", "git --version     # a newer one has made it"
        raise GuardError(problem=problem or "not a Git repository.", remedy=remedy, exit_code=UNUSABLE)
    # No -z here: a folder's name may hold a newline, the last two lines may not be split off it blindly.
    lines = result.out.split(b"\n")
    if len(lines) < 4:
        raise GuardError("Git does not say where its repository is.", "git rev-parse --git-dir", UNUSABLE)
    bare = lines[-2] == b"true"
    if len(lines) == 4:
        git_dir, common = lines[0], lines[1]
    else:
        git_dir = run("rev-parse", "--absolute-git-dir")[:-1]
        common = run("rev-parse", "--git-common-dir")[:-1]
    top = b"" if bare else _top()
    return Place(top, git_dir, os.path.abspath(common))


def _top() -> bytes:
    # In a hook of Git's the current folder is the top, and there is nothing to ask.
    if "GIT_INDEX_FILE" in os.environ and os.path.lexists(b".git"):
        return os.getcwdb()
    result = attempt("rev-parse", "--show-toplevel")
    if result.code:
        words = result.err.decode("utf-8", "replace").strip()
        raise GuardError(problem=words, remedy="run it inside the work tree", exit_code=UNUSABLE)
    return result.out[:-1]


def require_work_tree(place: Place) -> None:
    if place.bare:
        raise GuardError("this is a bare repository: it has no work tree.", "run it in a clone", exit_code=UNUSABLE)


def at_top(place: Place) -> None:
    """Go to the top of the work tree, where all paths start; refuse a bare repository, which has none."""
    require_work_tree(place)
    # Relative ones were meant from the folder that we leave.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        if name in os.environ:
            os.environ[name] = os.path.abspath(os.environ[name])
    os.chdir(place.top)


def work_trees(listed: bytes) -> list[tuple[bytes, set[bytes]]]:
    """Return (top, words) of each work tree that `git worktree list --porcelain -z` lists, the main one first.

    words: the first of each of its other lines (bare, detached, locked, prunable).
    """
    # Each line of a work tree ends with a NUL, and the last one with another.
    blocks = [block.split(b"\0") for block in listed.split(b"\0\0") if block]
    return [(first.partition(b" ")[2], {line.partition(b" ")[0] for line in more}) for first, *more in blocks]


def rebasing(place: git.Place) -> bool:
    return any(os.path.isdir(os.path.join(place.git_dir, name)) for name in (b"rebase-merge", b"rebase-apply"))


def relative(place: git.Place, names: Sequence[str], start: bytes) -> list[bytes]:
    """Return command-line paths, given from the folder `start`, as paths from the top; refuse what lies outside."""
    top = os.path.realpath(place.top)
    paths = []
    for name in names:
        full = os.path.normpath(os.path.join(os.path.realpath(start), os.fsencode(name)))
        full = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full)) if full != top else full
        if full != top and not full.startswith(top + b"/"):
            raise GuardError(problem=f"{name} lies outside of the repository.", exit_code=2)
        path = b"" if full == top else full[len(top) + 1 :]
        if path.split(b"/")[0] == b".git":
            raise GuardError(problem=f"{name} lies in the git dir.", exit_code=2)
        _refuse_other_repository(place, path)
        paths.append(path)
    return paths


def _refuse_other_repository(place: git.Place, path: bytes) -> None:
    """Refuse a path in a submodule or another repository: our index would replace it by what lies in it."""
    folder = path
    while folder:
        if os.path.lexists(place.file(folder, b".git")):
            raise GuardError(
                problem=f"{shown(path)} belongs to another repository, {shown(folder)}.",
                remedy=f"cd {typed(folder)}     # and run it there",
                exit_code=2,
            )
        folder = os.path.dirname(folder)
