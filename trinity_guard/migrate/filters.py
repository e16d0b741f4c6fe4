"""Filters of .gitattributes that would take hold of the new pointers where a commit is checked out
(`data/** filter=lfs`).

Git itself says so, from an index of that commit's own files: neither a work tree nor a checkout is needed. In what
branches and tags name, their owner can add a line; in commits that none names nobody can any more, but a clone can
leave pointers alone by a setting of its own.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import shown
from trinity_guard.git import revisions
from trinity_guard.git.catfile import TREE, tree_parser
from trinity_guard.migrate import lfs, refs, standins
from trinity_guard.migrate.kinds import UNFILTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.scan import Scan
    from trinity_guard.migrate.selection import Selection

    # Files of .gitattributes: (folder, blob).
    Speaking = frozenset[tuple[bytes, bytes]]
    Became = Callable[[bytes], bytes]

ATTRIBUTES = b".gitattributes"
NO_FILTER = (b"unspecified", b"unset")
# Filters that a migration knows: what they store says what it stands for.
KNOWN = (b"lfs", b"trinity-guard")
# What else has Git store other bytes than people have. Line ends are no other table: these files move, and it is told.
CONVERTING = (b"working-tree-encoding", b"ident")
BEHIND = ("filter", "working-tree-encoding", "ident")
UNCONVERTED = (b"UTF-8", b"utf-8", b"UTF8", b"utf8")
OF_DVC = (b".dvc/config", b".dvcignore")
MAX_FILE = 1 << 20
MAX_NAMED = 5
# Of so many combinations of such files the newest commit is asked for, which takes Git three processes each.
MAX_ASKED = 20
IN_EACH_CLONE = f'{UNFILTERED} "$(git rev-parse --git-path info/attributes)"'


def remarks(
    source: Source,
    found: refs.Listed,
    names: Sequence[bytes],
    selection: Selection,
    roots: Mapping[bytes, Speaking],
    became: Became | None = None,
) -> list[str]:
    """Return what is worth knowing of branches and tags beside the one that is checked out. roots: see `speaking`.

    became: old root -> the new one, where attributes change with it.
    """
    asked = [n for n in names if n.startswith((refs.HEADS, refs.TAGS)) and n != found.head]
    caught = caught_in(source, {n: refs.value(found, n) for n in asked}, selection, roots, became) if roots else {}
    if not caught:
        return []
    name, paths = next(iter(caught.items()))
    path = next((p for p in paths if is_pointer(p)), paths[0])
    some = ", ".join(shown(n) for n in list(caught)[:MAX_NAMED])
    more = f" and {len(caught) - MAX_NAMED} more" if len(caught) > MAX_NAMED else ""
    return [
        f"a filter of .gitattributes covers pointers ({shown(path)} in {shown(name)}), which Git will call changed "
        f"where these are checked out: {some}{more}; below the filter's line: *.dvc -filter, .gitignore -filter"
    ]


def remarks_on_old_commits(found: tuple[bytes, str] | None) -> list[str]:
    """Return a remark on what `caught_in_old_commits` found."""
    if found is None:
        return []
    path, commit = found
    return [
        f"in older commits a filter of .gitattributes takes hold of pointers ({shown(path)} in {commit[:10]}): where "
        f"it is set up, Git calls them changed there, and does not check another commit out; in each clone: "
        f"{IN_EACH_CLONE}"
    ]


def caught_in_old_commits(
    source: Source,
    scan: Scan,
    tips: Sequence[bytes],
    roots: Mapping[bytes, Speaking],
    became: Became | None = None,
) -> tuple[bytes, str] | None:
    """Return (path, commit) of what comes in place of an artifact and is filtered, in a commit that is no tip (hex).

    roots, became: see `remarks`.
    """
    named = {bytes.fromhex(tip.decode()) for tip in tips}
    newest: dict[Speaking, int] = {}
    for number, (commit, root) in enumerate(zip(scan.commits, scan.roots, strict=True)):
        if commit not in named and root in roots:
            newest[roots[root]] = number
    for number in sorted(newest.values(), reverse=True)[:MAX_ASKED]:
        root = scan.roots[number]
        if became is not None:
            paths = caught_now(source, became(root).hex().encode())
        else:
            paths = among(source, root.hex().encode(), list(scan.versions))
        if paths:
            return next((p for p in paths if is_pointer(p)), paths[0]), scan.commit(number)
    return None


def behind(source: Source, scan: Scan, roots: Mapping[bytes, Speaking]) -> dict[bytes, dict[bytes, str]]:
    """Return root -> its artifacts behind a filter or an encoding, and why they stay: Git stores other
    bytes than people have.

    git-lfs is known to the migration itself. roots: see `speaking`.
    """
    known: dict[Speaking, dict[bytes, str]] = {}
    for root, files in roots.items():
        if files not in known:
            known[files] = _behind(source, scan, root) if _of_others(source, files) else {}
    everywhere = _behind(source, scan, b"") if _of_others_here(source) else {}
    found = {root: known[files] for root, files in roots.items() if known[files]}
    if everywhere:
        found.update({root: everywhere for root in {*scan.roots, *scan.extra} if root not in found})
    return found


def _of_others(source: Source, files: Speaking) -> bool:
    return any(_names_others(source.one(blob.hex().encode())) for _, blob in files)


def _of_others_here(source: Source) -> bool:
    """Whether the attributes of this clone, or this person's, speak of such filters."""
    own = os.path.join(source.place.common_dir, b"info", b"attributes")
    of_user = source.attempt("config", "--type=path", "--get", "core.attributesFile").out[:-1]
    return any(_names_others(git.read(f, MAX_FILE)) for f in (own, of_user) if f and os.path.isfile(f))


def _names_others(attributes: bytes) -> bool:
    import re

    others = set(re.findall(rb"filter=(\S+)", attributes)) - set(KNOWN)
    return bool(others) or any(word in attributes for word in CONVERTING)


def _behind(source: Source, scan: Scan, root: bytes) -> dict[bytes, str]:
    tree, paths = root.hex().encode(), sorted(scan.versions)
    found = _beside_encoded(source, tree, paths)
    for path, name, value in _attributes_of(source, tree, paths, BEHIND):
        if value not in (*KNOWN, *UNCONVERTED):
            by = f"the {name.decode()} '{shown(value)}'" if value != b"set" else f"`{name.decode()}`"
            found[path] = f"it is behind {by} of .gitattributes: Git stores other bytes than people work with"
    return found


def _beside_encoded(source: Source, tree: bytes, paths: Sequence[bytes]) -> dict[bytes, str]:
    """Return the artifacts whose pointer, or another file that DVC reads with it, would be checked out encoded."""
    beside = {path: (path + b".dvc", os.path.join(os.path.dirname(path), b".gitignore"), *OF_DVC) for path in paths}
    asked = sorted({file for files in beside.values() for file in files})
    words = "{} would be in the {} '{}' of .gitattributes, which DVC does not read"
    encoded = {
        file: words.format(shown(file), name.decode(), shown(value))
        for file, name, value in _attributes_of(source, tree, asked, [CONVERTING[0].decode()])
        if value not in UNCONVERTED
    }
    return {path: encoded[file] for path in paths for file in beside[path] if file in encoded}


def caught_in(
    source: Source,
    tips: dict[bytes, bytes],
    selection: Selection,
    known: Mapping[bytes, Speaking],
    became: Became | None = None,
) -> dict[bytes, list[bytes]]:
    """Return ref -> paths of what comes in place of artifacts and is filtered. tips: ref -> object (hex)."""
    roots = _roots(source, list(tips.values()))
    filtering = [root for root in dict.fromkeys(roots) if bytes.fromhex(root.decode()) in known]
    caught = {}
    for root in filtering:
        if became is not None:
            caught[root] = caught_now(source, became(bytes.fromhex(root.decode())).hex().encode())
        else:
            caught[root] = among(source, root, artifacts(source, root, selection))
    return {name: caught[root] for name, root in zip(tips, roots, strict=True) if caught.get(root)}


def _roots(source: Source, tips: Sequence[bytes]) -> list[bytes]:
    """Return the trees (hex) that these objects come down to, b"" for a file's bytes."""
    if not tips:
        return []
    data = b"".join(oid + b"^{tree}\n" for oid in tips)
    out = source.run("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer", data=data)
    return [line.split(b" ")[0] if line.endswith(b" tree") else b"" for line in out.splitlines()]


def _attributes(raw: bytes) -> list[bytes]:
    """Return the blob (20 bytes) of a tree's .gitattributes, if it has one."""
    sign = b" " + ATTRIBUTES + b"\0"
    at = raw.find(sign)
    return [raw[at + len(sign) : at + len(sign) + 20]] if at >= 0 else []


def _spoken(source: Source, scan: Scan) -> set[bytes]:
    """Return the blobs (20 bytes) of .gitattributes above artifacts that speak of filters."""
    found = sorted({blob for _, blob in scan.beside[ATTRIBUTES]})
    # Bytes of an id may have looked like the file's name.
    missing = source.missing([blob.hex().encode() for blob in found])
    there = [blob for blob in found if blob.hex().encode() not in missing]
    contents = source.each([blob.hex().encode() for blob in there])
    words = (b"filter", *CONVERTING)
    return {blob for blob, (_, data) in zip(there, contents, strict=True) if any(word in data for word in words)}


def speaking(source: Source, scan: Scan) -> dict[bytes, Speaking]:
    """Return root tree (20 bytes) -> the .gitattributes above its artifacts that speak of filters, if there are any."""
    spoken = _spoken(source, scan)
    if not spoken:
        return {}
    parse = tree_parser()
    known: dict[tuple[bytes, bytes], Speaking] = {}
    for path, oid in scan.kept.with_artifacts():
        raw = _raw(source, scan, oid)
        own = {(path, blob) for blob in _attributes(raw) if blob in spoken}
        for mode, name, child in parse(raw):
            if mode == TREE:
                own |= known.get((path + name + b"/", child), frozenset())
        known[path, oid] = frozenset(own)
    return {oid: found for (path, oid), found in known.items() if found and not path}


def _raw(source: Source, scan: Scan, oid: bytes) -> bytes:
    return scan.raws.get(oid) or source.one(oid.hex().encode())


def artifacts(source: Source, root: bytes, selection: Selection) -> list[bytes]:
    """Return the paths of a tree's artifacts."""
    by_size = ["-l"] if selection.above is not None else []
    found = []
    for line in revisions.tree_lines(root, *by_size, run=source.run):
        meta, _, path = line.partition(b"\t")
        mode, _, oid, *sizes = meta.split()
        if mode[:3] == b"100" and selection.bit(path):
            large = all(selection.large_enough(int(size)) for size in sizes)
            if large or _stands_for_more(source, oid, int(sizes[0]), selection):
                found.append(path)
    return found


def _stands_for_more(source: Source, blob: bytes, size: int, selection: Selection) -> bool:
    data = source.one(blob) if size < lfs.MAX_BYTES else b""
    known = lfs.read(data) or standins.read(data)
    return known is not None and selection.large_enough(known.size)


def caught_now(source: Source, root: bytes) -> list[bytes]:
    """Return which pointers, and ignore files beside them, a filter takes hold of in a tree (hex) that has them."""
    paths = {line.partition(b"\t")[2] for line in revisions.tree_lines(root, run=source.run)}
    pointers = {path for path in paths if is_pointer(path)}
    ignores = {os.path.join(os.path.dirname(path), b".gitignore") for path in pointers}
    return [path for path, _ in filtered(source, root, sorted(pointers | (ignores & paths)))]


def among(source: Source, root: bytes, paths: Sequence[bytes]) -> list[bytes]:
    """Return which of the files that come in place of these artifacts a filter takes hold of, in this tree.

    Nothing comes in place of an artifact that is itself behind a filter of others (see `behind`).
    """
    beside = {p: {p + b".dvc", os.path.join(os.path.dirname(p), b".gitignore")} for p in paths}
    asked = sorted({*beside, *(new for news in beside.values() for new in news)})
    spoken = _attributes_of(source, root, asked, BEHIND)
    stays = {path for path, _, value in spoken if value not in (*KNOWN, *UNCONVERTED)}
    new = {file for path in beside.keys() - stays for file in beside[path]}
    return [path for path, name, _ in spoken if name == b"filter" and path in new]


def filtered(source: Source, root: bytes, paths: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Return (path, filter) of those of the paths that a filter takes hold of in this tree (hex), or in none (b"")."""
    return [(path, value) for path, _, value in _attributes_of(source, root, paths, ["filter"])]


def _attributes_of(
    source: Source, root: bytes, paths: Sequence[bytes], names: Sequence[str]
) -> list[tuple[bytes, bytes, bytes]]:
    """Return (path, attribute, value) where one of these attributes is set for a path."""
    import tempfile

    if not paths:
        return []
    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        env = {**source.env, "GIT_INDEX_FILE": os.path.join(folder, "index")}
        _run(source, ["read-tree", root or "--empty"], b"", env)
        data = b"".join(path + b"\0" for path in paths)
        fields = _run(source, ["check-attr", "--cached", "-z", "--stdin", *names], data, env).split(b"\0")
    found = zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    return [(path, name, value) for path, name, value in found if value not in NO_FILTER]


def _run(source: Source, args: list[git.Arg], data: bytes, env: dict[str, str]) -> bytes:
    result = git.spawn(source.argv(*args), data, env)
    if result.code:
        raise git.failure(args, result)
    return result.out
