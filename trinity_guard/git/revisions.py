"""What commits change, and what their trees hold."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


def commit(name: bytes) -> bytes | None:
    """Return the id of the commit that a name means, None where it means none."""
    if not name or b"\n" in name:
        return None
    result = git.attempt("rev-parse", "-q", "--verify", "--end-of-options", name + b"^{commit}")
    # Git before 2.30 says the option as well.
    return None if result.code else result.out.split()[-1]


def is_shallow(run: Callable[..., bytes] = git.run) -> bool:
    """Whether a part of the history was left on the server. run: as of tree_lines."""
    return run("rev-parse", "--is-shallow-repository").strip() == b"true"


def object_format(attempt: Callable[..., git.Result] = git.attempt) -> bytes:
    """Return how this repository names its objects: sha1 or sha256. attempt: as of a Source."""
    # An older Git, without this option, knows sha1 alone.
    return attempt("rev-parse", "--show-object-format").out.strip() or b"sha1"


def is_reftable(common_dir: bytes) -> bool:
    """Whether Git keeps the refs and their logs of a repository in tables, and none in files of their own."""
    return os.path.isdir(os.path.join(common_dir, b"reftable"))


def superproject(top: bytes) -> bytes:
    """Return the top of the work tree of which the one at `top` is a submodule, b"" where it is none."""
    return git.attempt("rev-parse", "--show-superproject-working-tree", at=top, env=git.other_repository()).out[:-1]


def require_commit(name: bytes, remedy: str = "git log") -> bytes:
    """Return the id of the commit that a name means; GuardError (exit 2) where it means none."""
    found = commit(name)
    if found is None:
        raise GuardError(f"there is no commit '{shown(name)}' here.", remedy, UNUSABLE)
    return found


# So many commits are asked about at once: a first push of a long history must not fill the memory.
BATCH = 1000


def changed_files(commits: Sequence[bytes]) -> list[tuple[bytes, list[index.Entry]]]:
    """Return (commit id, files) for each commit that adds or changes regular files; one process.

    Of a merge: what it has as none of its parents has it. Several commits are given by id; a single one may be any
    name (HEAD).
    """
    options = ("-r", "--raw", "-z", "--no-renames", "--root", "-c", "--diff-filter=ACMT")
    if len(commits) == 1:
        out = git.run("diff-tree", *options, commits[0], "--")
    else:
        out = git.run("diff-tree", "--stdin", *options, data=b"".join(c + b"\n" for c in commits))
    found: dict[bytes, list[index.Entry]] = {}
    for change in index.changes(out):
        found.setdefault(change.commit, []).extend(files_after([change]))
    return list(found.items())


def changes_of(name: bytes) -> list[index.Change]:
    """Return what one commit changes, what it takes away too; of a merge, what it has as none of its parents has it."""
    options = ("-r", "--raw", "-z", "--no-renames", "--root", "-c", "--diff-filter=ACDMT")
    return list(index.changes(git.run("diff-tree", *options, name, "--")))


def files_after(changes: Iterable[index.Change]) -> list[index.Entry]:
    """Return the files and symlinks that are there after these changes."""
    kinds = (index.REGULAR, index.EXECUTABLE, index.SYMLINK)
    return [index.Entry(c.modes[-1], c.oids[-1], c.path) for c in changes if c.modes[-1] in kinds]


def walked(commits: Sequence[bytes]) -> Iterator[list[tuple[bytes, list[index.Entry]]]]:
    """Yield what `changed_files` says of many commits, in batches."""
    for start in range(0, len(commits), BATCH):
        yield changed_files(commits[start : start + BATCH])


def tree_lines(revision: bytes, *options: str, run: Callable[..., bytes] = git.run) -> list[bytes]:
    """Return the lines of a commit's or tree's files, links and submodules: MODE TYPE ID[ SIZE], a tab, the path.

    run: runs git for another repository, or reads it in another way.
    """
    return run("ls-tree", "-r", "-z", "--full-tree", *options, revision).split(b"\0")[:-1]


def tree(revision: bytes) -> Iterator[index.Entry]:
    """Yield the regular files of a commit or tree."""
    for line in tree_lines(revision):
        meta, _, path = line.partition(b"\t")
        if meta.startswith((index.REGULAR, index.EXECUTABLE)):
            yield index.Entry(index.REGULAR, meta.split(b" ")[2], path)
