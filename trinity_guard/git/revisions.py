"""What commits change, and what their trees hold."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
    current: list[index.Entry] = []
    fields = iter(out.split(b"\0")[:-1])
    for field in fields:
        if field.startswith(b":"):
            current += _entry(field, next(fields))
        else:
            current = found.setdefault(field.split()[0], [])
    return list(found.items())


def walked(commits: Sequence[bytes]) -> Iterator[list[tuple[bytes, list[index.Entry]]]]:
    """Yield what `changed_files` says of many commits, in batches."""
    for start in range(0, len(commits), BATCH):
        yield changed_files(commits[start : start + BATCH])


def _entry(meta: bytes, path: bytes) -> list[index.Entry]:
    """Read one line of a raw diff: a colon, a mode and an id for each parent, then those of the commit itself."""
    words = meta.lstrip(b":").split(b" ")
    parents = len(meta) - len(meta.lstrip(b":"))
    mode, oid = words[parents], words[2 * parents + 1]
    return [index.Entry(mode, oid, path)] if mode in (index.REGULAR, index.EXECUTABLE, index.SYMLINK) else []


def tree(revision: bytes) -> Iterator[index.Entry]:
    """Yield the regular files of a commit or tree."""
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", revision).split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        if meta.startswith((index.REGULAR, index.EXECUTABLE)):
            yield index.Entry(index.REGULAR, meta.split(b" ")[2], path)
