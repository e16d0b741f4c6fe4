"""Filters of .gitattributes that would take hold of the new pointers where a ref is checked out (`data/** filter=lfs`).

Git itself says so, from an index of that ref's own files: neither a work tree nor a checkout is needed.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import shown
from trinity_guard.history import lfs, refs
from trinity_guard.history.objects import TREE, tree_parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard.history.objects import Source
    from trinity_guard.history.plan import Selection

ATTRIBUTES = b".gitattributes"
NO_FILTER = (b"unspecified", b"unset")
MOST_NAMED = 5


def remarks(source: Source, found: refs.Listed, names: Sequence[bytes], selection: Selection) -> list[str]:
    """Return what is worth knowing of branches and tags beside the one that is checked out."""
    asked = [n for n in names if n.startswith((refs.HEADS, refs.TAGS)) and n != found.head]
    caught = caught_in(source, {n: refs.value(found, n) for n in asked}, selection)
    if not caught:
        return []
    name, paths = next(iter(caught.items()))
    path = next((p for p in paths if p.endswith(b".dvc")), paths[0])
    some = ", ".join(shown(n) for n in list(caught)[:MOST_NAMED])
    more = f" and {len(caught) - MOST_NAMED} more" if len(caught) > MOST_NAMED else ""
    return [
        f"a filter of .gitattributes covers pointers ({shown(path)} in {shown(name)}), which Git will call changed "
        f"where these are checked out: {some}{more}; below the filter's line: *.dvc -filter, .gitignore -filter"
    ]


def caught_in(source: Source, tips: dict[bytes, bytes], selection: Selection) -> dict[bytes, list[bytes]]:
    """Return ref -> paths of what comes in place of artifacts and is filtered. tips: ref -> object (hex)."""
    roots = _roots(source, list(tips.values()))
    filtering = _filtering(source, dict.fromkeys(r for r in roots if r))
    caught = {root: among(source, root, artifacts(source, root, selection)) for root in filtering}
    return {name: caught[root] for name, root in zip(tips, roots, strict=True) if caught.get(root)}


def _roots(source: Source, tips: Sequence[bytes]) -> list[bytes]:
    """Return the trees (hex) that these objects come down to, b"" for a file's bytes."""
    if not tips:
        return []
    data = b"".join(oid + b"^{tree}\n" for oid in tips)
    out = source.run("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer", data=data)
    return [line.split(b" ")[0] if line.endswith(b" tree") else b"" for line in out.splitlines()]


def _filtering(source: Source, roots: Iterable[bytes]) -> list[bytes]:
    """Return the trees that hold, at any depth, a .gitattributes that speaks of filters; each tree is read once."""
    parse = tree_parser()
    below: dict[bytes, list[bytes]] = {}
    files: dict[bytes, list[bytes]] = {}
    level = list(roots)
    tops = level
    while level:
        for oid, raw in zip(level, source.trees(level), strict=True):
            entries = parse(raw)
            below[oid] = [e[2].hex().encode() for e in entries if e[0] == TREE]
            files[oid] = [e[2].hex().encode() for e in entries if e[1] == ATTRIBUTES and e[0] != TREE]
        level = list(dict.fromkeys(child for oid in level for child in below[oid] if child not in below))
    wanted = list(dict.fromkeys(blob for blobs in files.values() for blob in blobs))
    speaking = {blob for blob, (_, data) in zip(wanted, source.each(wanted), strict=True) if b"filter" in data}
    if not speaking:
        return []
    good = {oid for oid, blobs in files.items() if speaking.intersection(blobs)}
    return [top for top in tops if _reaches(top, below, good)]


def _reaches(top: bytes, below: dict[bytes, list[bytes]], good: set[bytes]) -> bool:
    stack, seen = [top], set()
    while stack:
        oid = stack.pop()
        if oid in good:
            return True
        if oid not in seen:
            seen.add(oid)
            stack += below[oid]
    return False


def artifacts(source: Source, root: bytes, selection: Selection) -> list[bytes]:
    """Return the paths of a tree's artifacts."""
    by_size = ["-l"] if selection.above is not None else []
    out = source.run("ls-tree", "-r", "-z", "--full-tree", *by_size, root)
    found = []
    for line in out.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, _, oid, *sizes = meta.split()
        if mode[:3] == b"100" and selection.bit(path):
            large = all(selection.large_enough(int(size)) for size in sizes)
            if large or _stands_for_more(source, oid, int(sizes[0]), selection):
                found.append(path)
    return found


def _stands_for_more(source: Source, blob: bytes, size: int, selection: Selection) -> bool:
    known = lfs.read(source.one(blob)) if size < lfs.MOST_BYTES else None
    return known is not None and selection.large_enough(known.size)


def among(source: Source, root: bytes, paths: Sequence[bytes]) -> list[bytes]:
    """Return which of the files that come in place of these artifacts a filter takes hold of, in this tree."""
    import tempfile

    new = {p + b".dvc" for p in paths} | {os.path.join(os.path.dirname(p), b".gitignore") for p in paths}
    if not new:
        return []
    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        env = {**source.env, "GIT_INDEX_FILE": os.path.join(folder, "index")}
        _run(source, ["read-tree", root], b"", env)
        data = b"".join(path + b"\0" for path in sorted(new))
        fields = _run(source, ["check-attr", "--cached", "-z", "--stdin", "filter"], data, env).split(b"\0")
    return [path for path, value in zip(fields[::3], fields[2::3], strict=False) if value not in NO_FILTER]


def _run(source: Source, args: list[git.Arg], data: bytes, env: dict[str, str]) -> bytes:
    result = git.spawn(source.argv(*args), data, env)
    if result.code:
        raise git.failure(args, result)
    return result.out
