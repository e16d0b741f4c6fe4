"""Folders that become one pointer each: whose files they take, and the list that DVC keeps of them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import ignorelines
from trinity_guard.convert.cache import cache_of
from trinity_guard.convert.outcome import Converted, Directory
from trinity_guard.detect import owners
from trinity_guard.dvcrepo import directory, dvcignore
from trinity_guard.dvcrepo.output import FILE, NEWER, Output
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git import index
from trinity_guard.git.files import read_if_there
from trinity_guard.git.gitignore import with_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trinity_guard.convert.transaction import Transaction
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.tracked import Catalog


class Folder:
    """What its files have in common: their project, and whether a .dvcignore may hide any of them."""

    __slots__ = ("ignores", "project")

    def __init__(self, place: git.Place, path: bytes) -> None:
        self.project = owners.project_of(place, path)
        inside = path[len(self.project) + 1 :] if self.project else path
        # One that lies in the folder is refused for itself.
        self.ignores = dvcignore.ignores(place.file(self.project) if self.project else place.top, inside)


def with_all_tracked(
    by_path: Mapping[bytes, Output], rules: Rules | None, entries: Sequence[index.Entry]
) -> list[index.Entry]:
    """Add, for each of these files that is part of a folder, all that the index has below that folder."""
    folders = dict.fromkeys(f for f in (folder_of(by_path, rules, e.path) for e in entries) if f)
    if not folders:
        return list(entries)
    known = {e.path for e in entries}
    # The pointers among them hold what is part of the folder from now on.
    listed = [e for e in index.entries(*folders) if e.path not in known and not is_pointer(e.path)]
    return [*entries, *listed]


def folder_of(by_path: Mapping[bytes, Output], rules: Rules | None, path: bytes) -> bytes:
    """Return the folder that this path is part of: one that DVC holds as a whole, or that is to be; b"" for none."""
    folder = path if by_path else b""
    while folder:
        held = by_path.get(folder)
        if held is not None and held.is_dir:
            return folder
        folder = folder[: max(folder.rfind(b"/"), 0)]
    return rules.folder_of(path) if rules is not None else b""


def gather(place: git.Place, catalog: Catalog, items: Iterable[Converted]) -> list[Converted]:
    """Return the files that get a pointer each, and the folders that the others are part of."""
    by_path = catalog.by_path()
    found: list[Converted] = []
    folders: dict[bytes, Directory] = {}
    for item in items:
        if not item.folder:
            found.append(item)
            continue
        if item.folder not in folders:
            folders[item.folder] = Directory(item.folder, item.project, item.attributes)
            folders[item.folder].held = by_path.get(item.folder)
        if item.path == item.folder:
            folders[item.folder].whole = True
            folders[item.folder].named = item.named
        else:
            folders[item.folder].members.append(item)
    for folder in folders.values():
        _fill(place, catalog, folder)
    return [*found, *folders.values()]


def _fill(place: git.Place, catalog: Catalog, folder: Directory) -> None:
    """Find out what the folder has beside the members that are given."""
    # What was staged for it leaves the index: then the folder is recorded, or the commit is stopped.
    folder.named = folder.named or bool(folder.members)
    cache = cache_of(place, folder.project)
    if folder.held is None:
        _take_in_pointers(catalog, folder)
    elif folder.whole:
        folder.found = catalog.directories.get(folder.path) or WorkDirectory(place, folder.held)
        _add_working_files(cache, folder, folder.held, folder.found)
    else:
        folder.files, folder.size = _recorded(cache, folder.held)
        folder.size -= sum(_size(cache, folder.held, folder.files.get(folder.inside(m.path))) for m in folder.members)


def _recorded(cache: Store, held: Output) -> tuple[dict[bytes, str], int]:
    files = directory.in_cache(cache, held)
    if files is None:
        raise _away(held, "the list of its files")
    size = held.size if held.size >= 0 else sum(_size(cache, held, md5) for md5 in files.values())
    return files, size


def _size(cache: Store, held: Output, md5: str | None) -> int:
    size = cache.size(md5) if md5 is not None else 0
    if size is None:
        raise _away(held, "what it had so far in the place of a staged file")
    return size


def _away(held: Output, what: str) -> GuardError:
    return GuardError(
        problem=f"{shown(held.path)}/ is one artifact, and {what} is not in the cache.",
        remedy=f"trinity-guard pull {typed(held.path)}     # then again",
    )


def _add_working_files(cache: Store, folder: Directory, held: Output, found: WorkDirectory) -> None:
    """Take the files of the work tree in; of those that are staged, what was staged."""
    staged = {folder.inside(m.path) for m in folder.members}
    seen = found.known()
    known = {name: seen.get(name, "") for name in found.names() if name not in staged}
    lacking = cache.lacking(known.values())
    plain = directory.is_plain(b"\n".join(known))
    for name, md5 in known.items():
        if not plain and (reason := directory.refusal(name)):
            path = folder.path + b"/" + name
            raise GuardError(
                problem=f"{shown(path)} cannot be a part of {shown(folder.path)}/, which is one artifact: {reason}.",
                remedy=f"mv {typed(path)} ELSEWHERE",
            )
        if md5 not in lacking:
            folder.files[name] = md5
            folder.size += found.stats[name].st_size
        else:
            entry = index.Entry(index.REGULAR, b"", folder.path + b"/" + name)
            member = Converted(entry, folder.project, folder.attributes)
            member.folder, member.held, member.named = folder.path, held, folder.named
            folder.members.append(member)


def _take_in_pointers(catalog: Catalog, folder: Directory) -> None:
    """Let the pointers of single files that lie in the folder go; what they hold becomes part of it."""
    below = folder.path + b"/"
    names: dict[bytes, list[bytes]] = {}
    members = {m.path for m in folder.members}  # they are counted as they are now
    for output in catalog.outputs():
        if not output.held or below not in (output.path[: len(below)], output.source[: len(below)]):
            continue
        if not output.renewable or output.kind != FILE or output.legacy:
            raise GuardError(
                problem=f"{shown(folder.path)}/ is to be one artifact, and {shown(output.source)} in it records more "
                "than a file.",
                remedy=f"dvc remove {typed(output.source)}     # or leave the folder out of `folders`",
            )
        folder.files[folder.inside(output.path)] = output.md5
        folder.seen[folder.inside(output.path)] = output.seen
        folder.size += max(output.size, 0) if output.path not in members else 0
        folder.gone.append(Converted(catalog.entries[output.source], folder.project, folder.attributes))
        names.setdefault(ignorelines.file_for(output.path), []).append(os.path.basename(output.path))
    _let_ignore_files_go(folder, names)


def _let_ignore_files_go(folder: Directory, names: dict[bytes, list[bytes]]) -> None:
    """Leave .gitignore files out of the folder that say no more than what its former pointers needed."""
    ours = [m for m in folder.members if m.path in names and m.oid]
    for member, data in zip(ours, git.read_all([m.oid for m in ours]), strict=True):
        lines = with_lines(b"", names[member.path]).split(b"\n")
        if set((data or b"").split(b"\n")) <= set(lines):
            folder.members.remove(member)
            folder.gone.append(member)


def finish(place: git.Place, folders: Sequence[Directory]) -> None:
    """Put the lists of these folders into the cache, once the bytes of their files are there."""
    for folder in folders:
        cache = cache_of(place, folder.project)
        folder.files.update((folder.inside(m.path), m.md5) for m in folder.members)
        folder.size += sum(m.size for m in folder.members)
        folder.newer = any(m.newer for m in folder.members)
        found = folder.found
        data = found.listed() if found and folder.files == found.files() else directory.encode(folder.files)
        folder.md5 = directory.md5_of_list(data)
        try:
            cache.take([data]).md5 = folder.md5
            cache.settle()
        finally:
            cache.abandon()


def look(place: git.Place, folder: Directory, output: Output) -> bytes:
    """Note what is in the folder now; return its mark where that is what was recorded.

    Else NEWER, where all that was recorded has been here, so that the rest is an edit of it; b"" where it has not.
    """
    found = folder.found or WorkDirectory(place, output)
    whole = all(name in found.stats or found.was_here(name) for name in folder.files)
    read = {folder.inside(m.path): m.mark for m in folder.members}
    found.mark_as({name: mark for name, mark in read.items() if mark})
    # A member without a mark is another file than was recorded. What was not read now counts as it was seen before.
    seen = {**folder.seen, **read}
    known = found.known()
    files = {n: folder.files[n] if seen.get(n) == found.marks[n] else known.get(n, "") for n in found.names()}
    found.remember(files, recorded=True)
    folder.unrecorded = [n for n in found.names() if n not in folder.files]
    return found.mark() if files == folder.files else NEWER if whole else b""


def clear(place: git.Place, folder: Directory, step: Transaction) -> None:
    """Take the pointers that a folder has taken in out of the work tree."""
    for item in folder.gone:
        data = read_if_there(place.file(item.path))
        if data is not None and data == git.read_all([item.oid])[0]:
            step.unlink(item.path)
