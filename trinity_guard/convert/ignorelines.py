"""Which .gitignore lines pointers need, and which go with them: in the index (what is committed) and in the working
tree, each by itself.

The user's unstaged lines of a .gitignore are never swept into the commit. How these files merge is seen to as well.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import index, mergedriver
from trinity_guard.git.files import read_if_there
from trinity_guard.git.gitignore import ignores, line_for, lines_in, matching, with_lines, without_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trinity_guard.dvcrepo.tracked import Catalog
    from trinity_guard.git.gitignore import Rule

SYMLINK = b"120000"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class IgnorePlan:
    """New contents of .gitignore files, and those of index and tree that go because they held our lines alone.

    added_names: path -> the name that a line was added for; taken_names: or taken away.
    """

    __slots__ = ("_modes", "added_names", "for_index", "for_tree", "taken_names", "to_drop", "to_unlink")

    def __init__(self, modes: dict[bytes, bytes]) -> None:
        self._modes = modes
        self.for_index: list[tuple[bytes, bytes]] = []
        self.for_tree: list[tuple[bytes, bytes]] = []
        self.to_drop: list[bytes] = []
        self.to_unlink: list[bytes] = []
        self.added_names: dict[bytes, bytes] = {}
        self.taken_names: dict[bytes, bytes] = {}

    def mode(self, path: bytes) -> bytes:
        return self._modes.get(path, index.REGULAR)


def file_for(path: bytes) -> bytes:
    """Return the .gitignore that DVC would write to: the one in the file's own folder."""
    return path[: path.rfind(b"/") + 1] + b".gitignore"


def plan(
    place: git.Place, indexed: Mapping[bytes, index.Entry], paths: Sequence[bytes], gone: Sequence[bytes] = ()
) -> IgnorePlan:
    """Decide the lines for these artifacts; GuardError where their pointers would be ignored.

    indexed: the .gitignore files of the index, by path. gone: artifacts that no pointer holds any more: of their lines
    those that are ours go, the very `/name` in the folder's own .gitignore.
    """
    rules = matching([p for path in paths for p in (path, path + b".dvc")])
    for path in paths:
        _refuse_hidden_pointer(path, rules.get(path + b".dvc"))
    needed, left = by_file(paths), by_file(gone)
    # Where Git does not tell case, the line of what goes may be the one that ignores what comes.
    going = {(file_for(path), line_for(os.path.basename(path))) for path in gone}
    rules = {path: rule for path, rule in rules.items() if (rule[0], rule[2]) not in going}
    targets = sorted({*needed, *left})
    staged = {path: indexed[path] for path in {*targets, *(rule[0] for rule in rules.values())} if path in indexed}
    contents = dict(zip(staged, git.read_all(e.oid for e in staged.values()), strict=True))
    result = IgnorePlan({e.path: e.mode for e in staged.values()})
    known = _Staged(place, contents)
    for target in targets:
        old = contents.get(target), read_working(place, target)
        new = _without(left.get(target, []), *old, result, target)
        new = _with(place, needed.get(target, []), *new, rules, known, result)
        _note(target, old, new, result)
    return result


def by_file(paths: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return the .gitignore files of these artifacts, and each one's artifacts, in their order."""
    found: dict[bytes, list[bytes]] = {}
    for path in paths:
        found.setdefault(file_for(path), []).append(path)
    return found


def plan_attributes(place: git.Place, catalog: Catalog, result: IgnorePlan) -> None:
    """Have .gitignore files merge without conflicts, in a repository that was guarded before `init` saw to it."""
    name = mergedriver.FILE
    entry = catalog.entries.get(name)
    # After `commit -- path` Git's own index would lack it: the next commit brings it.
    if index.is_temporary(place) or name in catalog.unmerged or os.path.islink(place.file(name)):
        return
    old = read_if_there(place.file(name)) or b""
    for_tree = mergedriver.with_union(old)
    if entry is None or (for_tree != old and entry.mode != SYMLINK):
        staged = (git.read_all([entry.oid])[0] or b"") if entry else b""
        for_index = mergedriver.with_union(staged)
        result.for_index += [(name, for_index)] if for_index != staged else []
        result.for_tree += [(name, for_tree)] if for_tree != old else []
    if not mergedriver.registered(place):
        mergedriver.register(place)


def read_working(place: git.Place, gitignore: bytes) -> bytes | None:
    """Return the bytes of a .gitignore of the work tree; None where there is none that Git reads."""
    return None if os.path.islink(place.file(gitignore)) else read_if_there(place.file(gitignore))


def _with(
    place: git.Place,
    paths: list[bytes],
    for_index: bytes | None,
    for_tree: bytes | None,
    rules: dict[bytes, Rule],
    known: _Staged,
    result: IgnorePlan,
) -> tuple[bytes | None, bytes | None]:
    """Return the two versions of one folder's .gitignore with the lines that its artifacts lack."""
    seen = {path: os.path.basename(path) for path in paths if not ignores(rules.get(path))}
    lacking = {path: os.path.basename(path) for path in paths if path in seen or known.lacks(rules[path])}
    if not lacking:
        return for_index, for_tree
    target = file_for(paths[0])
    if os.path.islink(place.file(target)) or result.mode(target) == SYMLINK:
        raise GuardError(
            problem=f"{shown(target)} is a symlink, which Git does not read.",
            remedy="replace it by a file of its own, then try again",
        )
    result.added_names.update(lacking)
    return with_lines(for_index or b"", lacking.values()), with_lines(for_tree or b"", seen.values())


def _note(
    target: bytes, old: tuple[bytes | None, bytes | None], new: tuple[bytes | None, bytes | None], result: IgnorePlan
) -> None:
    """Note what becomes of a .gitignore. One that held our lines alone goes, as DVC has it."""
    for_index, for_tree = new
    if for_index:
        if for_index != old[0]:
            result.for_index.append((target, for_index))
    elif old[0]:
        result.to_drop.append(target)
    if for_tree:
        if for_tree != old[1]:
            result.for_tree.append((target, for_tree))
    elif old[1]:
        result.to_unlink.append(target)


def _without(
    gone: list[bytes], for_index: bytes | None, for_tree: bytes | None, result: IgnorePlan, target: bytes
) -> tuple[bytes | None, bytes | None]:
    """Return the two versions of one folder's .gitignore without the lines of what is gone."""
    names = {path: os.path.basename(path) for path in gone}
    there: set[bytes] = set()
    if for_index and result.mode(target) != SYMLINK:  # that one's bytes say where it leads
        there.update(lines_in(for_index))
        for_index = without_lines(for_index, names.values())
    if for_tree:
        there.update(lines_in(for_tree))
        for_tree = without_lines(for_tree, names.values())
    result.taken_names.update({path: name for path, name in names.items() if line_for(name) in there})
    return for_index, for_tree


def not_ignored(paths: Sequence[bytes]) -> list[bytes]:
    """Return those of these files that no rule of the work tree has Git ignore."""
    rules = matching(paths)
    return [path for path in paths if not ignores(rules.get(path))]


class _Staged:
    """What is staged of the .gitignore files, each looked at once however many paths it ignores."""

    def __init__(self, place: git.Place, contents: dict[bytes, bytes | None]) -> None:
        self._place = place
        self._contents = contents
        self._lines: dict[bytes, set[bytes] | None] = {}

    def lacks(self, rule: Rule) -> bool:
        """Whether the rule that ignores a path stands in a .gitignore of the working tree, and is not staged so."""
        file, _, pattern = rule
        if os.path.basename(file) != b".gitignore" or os.path.isabs(file):
            return False
        if file not in self._lines:
            self._lines[file] = self._all_lines(file)
        lines = self._lines[file]
        return lines is not None and pattern not in lines

    def _all_lines(self, file: bytes) -> set[bytes] | None:
        """Return the lines that are staged; None where the working tree has the very same file."""
        staged = self._contents.get(file)
        if staged is None:
            return set()
        return None if read_if_there(self._place.file(file)) == staged else _patterns(staged)


def _patterns(gitignore: bytes) -> set[bytes]:
    """Return the lines of a .gitignore as Git names them: without what it drops at their ends."""
    lines = [line.removesuffix(b"\r") for line in gitignore.removeprefix(BYTE_ORDER_MARK).split(b"\n")]
    return {*lines, *(line.rstrip(b" ") for line in lines)}


def _letting_pointers_through(where: bytes, pattern: bytes) -> str:
    """Return lines that Git and DVC understand alike; of `data/*` and `!*.dvc` DVC sees no pointer in data/."""
    if pattern in (b"*", b"**"):
        return f"below it in {shown(where)} add\n!*/\n!*.dvc"
    bare = pattern.rstrip(b"*").rstrip(b"/")
    if not pattern.endswith((b"/", b"/*", b"/**")):
        return f"add the line !*.dvc below it in {shown(where)}"
    words = f"in {shown(where)} write {shown(bare)}/** in place of {shown(pattern)}, and below it"
    return f"{words}\n!{shown(bare)}/**/\n!*.dvc"


def _refuse_hidden_pointer(path: bytes, rule: Rule | None) -> None:
    if rule is None or not ignores(rule):
        return
    where, _, pattern = rule
    raise GuardError(
        problem=f"{shown(path)}.dvc would be ignored by Git ({shown(where)}: {shown(pattern)}), and DVC skips it.",
        remedy=_letting_pointers_through(where, pattern),
    )
