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
from trinity_guard.git.gitignore import with_line, without_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trinity_guard.dvcrepo.tracked import Catalog

__all__ = ["IgnorePlan", "file_for", "plan", "read_if_there", "with_line"]

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
    return os.path.join(os.path.dirname(path), b".gitignore")


def plan(
    place: git.Place, indexed: Mapping[bytes, index.Entry], paths: Sequence[bytes], gone: Sequence[bytes] = ()
) -> IgnorePlan:
    """Decide the lines for these artifacts; GuardError where their pointers would be ignored.

    indexed: the .gitignore files of the index, by path. gone: artifacts that no pointer holds any more: of their lines
    those that are ours go, the very `/name` in the folder's own .gitignore.
    """
    rules = _matching_rules([p for path in paths for p in (path, path + b".dvc")]) if paths else {}
    for path in paths:
        _refuse_hidden_pointer(path, rules.get(path + b".dvc"))
    ignorers = {file_for(path) for path in [*paths, *gone]}
    sources = {r[0] for r in rules.values() if os.path.basename(r[0]) == b".gitignore" and not os.path.isabs(r[0])}
    staged = {path: indexed[path] for path in sorted(ignorers | sources) if path in indexed}
    contents = dict(zip(staged, git.read_all(e.oid for e in staged.values()), strict=True))
    result = IgnorePlan({e.path: e.mode for e in staged.values()})
    for target in sorted(ignorers):
        old = contents.get(target), read_working(place, target)
        new = _without([p for p in gone if file_for(p) == target], *old, result, target)
        new = _with(place, [p for p in paths if file_for(p) == target], *new, rules, contents, result)
        _note(target, old, new, result)
    return result


def plan_attributes(place: git.Place, catalog: Catalog, result: IgnorePlan) -> None:
    """Have .gitignore files merge without conflicts, in a repository that was guarded before `init` saw to it."""
    name = mergedriver.FILE
    entry = catalog.entries.get(name)
    # After `commit -- path` Git's own index would lack it: the next commit brings it.
    if index.is_temporary(place) or name in catalog.unmerged or os.path.islink(place.file(name)):
        return
    old = read_if_there(place.file(name)) or b""
    for_tree = mergedriver.with_union(old)
    if (entry is None or for_tree != old) and (entry is None or entry.mode != SYMLINK):
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
    rules: dict[bytes, tuple[bytes, bytes]],
    contents: dict[bytes, bytes | None],
    result: IgnorePlan,
) -> tuple[bytes | None, bytes | None]:
    """Return the two versions of one folder's .gitignore with the lines that these artifacts lack."""
    for path in paths:
        rule = rules.get(path)
        ignored = rule is not None and not rule[1].startswith(b"!")
        if ignored and not _unstaged(place, rule, contents):
            continue
        target = file_for(path)
        if os.path.islink(place.file(target)) or result.mode(target) == SYMLINK:
            raise GuardError(
                problem=f"{shown(target)} is a symlink, which Git does not read.",
                remedy="replace it by a file of its own, then try again",
            )
        name = result.added_names[path] = os.path.basename(path)
        for_index = with_line(for_index or b"", name)
        if not ignored:
            for_tree = with_line(for_tree or b"", name)
    return for_index, for_tree


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
    for path in gone:
        name = os.path.basename(path)
        before = for_index, for_tree
        if for_index and result.mode(target) != SYMLINK:  # that one's bytes say where it leads
            for_index = without_line(for_index, name)
        for_tree = without_line(for_tree, name) if for_tree else for_tree
        if (for_index, for_tree) != before:
            result.taken_names[path] = name
    return for_index, for_tree


def not_ignored(paths: Sequence[bytes]) -> list[bytes]:
    """Return those of these files that no rule of the work tree has Git ignore."""
    rules = _matching_rules(list(paths)) if paths else {}
    return [path for path in paths if path not in rules or rules[path][1].startswith(b"!")]


def _unstaged(place: git.Place, rule: tuple[bytes, bytes] | None, contents: dict[bytes, bytes | None]) -> bool:
    """Whether the rule that ignores a path stands in a .gitignore of the working tree that is not staged like that."""
    if rule is None or os.path.basename(rule[0]) != b".gitignore" or os.path.isabs(rule[0]):
        return False
    staged = contents.get(rule[0])
    if staged is None:
        return True
    return rule[1] not in _patterns(staged) and read_if_there(place.file(rule[0])) != staged


def _patterns(gitignore: bytes) -> set[bytes]:
    """Return the lines of a .gitignore as Git names them: without what it drops at their ends."""
    lines = [line.removesuffix(b"\r") for line in gitignore.removeprefix(BYTE_ORDER_MARK).split(b"\n")]
    return {*lines, *(line.rstrip(b" ") for line in lines)}


def _matching_rules(paths: list[bytes]) -> dict[bytes, tuple[bytes, bytes]]:
    """Return path -> (file, pattern) of the last rule that matches it, by Git itself."""
    # Without the ./ Git takes a name that begins with a colon for pathspec magic, and finds nothing.
    result = git.attempt(
        "check-ignore", "--no-index", "-v", "-z", "--stdin", data=b"".join(b"./" + p + b"\0" for p in paths)
    )
    if result.code > 1:
        raise git.failure(("check-ignore",), result)
    fields = result.out.split(b"\0")[:-1]
    return {p[2:]: (s, r) for s, r, p in zip(fields[::4], fields[2::4], fields[3::4], strict=True)}


def _refuse_hidden_pointer(path: bytes, rule: tuple[bytes, bytes] | None) -> None:
    if rule is None or rule[1].startswith(b"!"):
        return
    where, pattern = rule
    raise GuardError(
        problem=f"{shown(path)}.dvc would be ignored by Git ({shown(where)}: {shown(pattern)}), and DVC skips it.",
        remedy=f"add the line !*.dvc below it in {shown(where)}"
        + ("" if not pattern.endswith(b"/") else f" and write {shown(pattern)}** in place of {shown(pattern)}"),
    )
