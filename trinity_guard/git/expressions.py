"""Regular expressions of ignore patterns, which anybody can write, run in time that grows with pattern times path.

`re` tries every way to share a path out among stars: a dozen of them take it days. Where an expression has more than
two, all ways are followed side by side here (as Thompson and Pike do it), in the order in which `re` prefers them: the
answer is the one that `re` would give.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Step = tuple[str, Any, int]
    Way = tuple[int, str | None]

# Without end within one expression: `re` needs time by the power of their number.
FEW = 2
CHAR, SPLIT, JUMP, SAVE, START, END, FOUND = "char", "split", "jump", "save", "start", "end", "found"


def compiled(text: str, flags: int = 0) -> re.Pattern[str] | Bounded:
    """Return an expression to be asked by `match` or `search`; re.error or ValueError for a broken one."""
    import re
    import warnings  # noqa: PLC0415  # only where there is such a pattern

    with warnings.catch_warnings():
        # Of a class such as [[:alpha:]], which Python may read as POSIX does one day: nobody who commits wrote that.
        warnings.simplefilter("ignore", FutureWarning)
        quick = re.compile(text, flags)
        tree = _parsed(text, flags)
    return quick if _endless(tree) <= FEW else Bounded(tree, flags, quick.groupindex)


def _parsed(text: str, flags: int) -> Any:
    from re import _parser as parser  # type: ignore[attr-defined]  # its only parser, which no release has moved since

    return parser.parse(text, flags)


def _endless(tree: Iterable[tuple[Any, Any]]) -> int:
    """Return how many repetitions without an upper end an expression has."""
    count = 0
    for kind, value in tree:
        name = str(kind)
        if name.endswith("REPEAT"):
            count += (value[1] > 1) + _endless(value[2])
        elif name == "SUBPATTERN":
            count += _endless(value[3])
        elif name == "BRANCH":
            count += sum(map(_endless, value[1]))
    return count


class Match:
    """What `re` would have found: which of the named groups took part."""

    __slots__ = ("_groups",)

    def __init__(self, groups: dict[str, str | None]) -> None:
        self._groups = groups

    def groupdict(self) -> dict[str, str | None]:
        return self._groups

    def group(self, name: str) -> str | None:
        if name not in self._groups:
            raise IndexError("no such group")
        return self._groups[name]


class Bounded:
    """An expression as a program whose ways are followed side by side; it knows of at most one named group."""

    def __init__(self, tree: Any, flags: int, groups: Any) -> None:
        if len(groups) > 1:
            raise ValueError("more than one named group")
        self._flags = flags
        self._group = next(iter(groups), "")
        self._steps: list[Step] = []
        self._emit(tree)
        self._steps.append((FOUND, None, 0))
        self._known: dict[tuple[int, str], bool] = {}

    def match(self, text: str) -> Match | None:
        return self._run(text, anchored=True)

    def search(self, text: str) -> Match | None:
        return self._run(text, anchored=False)

    def _run(self, text: str, anchored: bool) -> Match | None:
        """Follow all ways, the preferred ones first; a way that arrives ends those that come after it."""
        found: Match | None = None
        ways: list[Way] = []
        for at in range(len(text) + 1):
            if found is None and (at == 0 or not anchored):
                ways = [*ways, (0, None)]
            ways, arrived = self._standing(ways, text, at)
            if arrived is not None:
                found = Match({self._group: arrived[0]} if self._group else {})
            if not ways and (found is not None or anchored):
                break
            if at < len(text):
                char = text[at]
                ways = [(step + 1, mark) for step, mark in ways if self._takes(step, char)]
        return found

    def _standing(self, ways: Sequence[Way], text: str, at: int) -> tuple[list[Way], tuple[str | None] | None]:
        """Return the ways that wait for a character, each step once; and what the first one that arrived had found."""
        waiting: list[Way] = []
        seen: set[int] = set()
        left = list(reversed(ways))
        while left:
            step, mark = left.pop()
            if step in seen:
                continue
            seen.add(step)
            kind, value, other = self._steps[step]
            if kind == FOUND:
                return waiting, (mark,)
            if kind == CHAR:
                waiting.append((step, mark))
            elif kind == SPLIT:
                left += [(other, mark), (value, mark)]
            elif kind == JUMP:
                left.append((value, mark))
            elif kind == SAVE:
                left.append((step + 1, "/"))
            elif (at == 0) if kind == START else (at == len(text) or text[at:] == "\n"):
                left.append((step + 1, mark))
        return waiting, None

    def _takes(self, step: int, char: str) -> bool:
        known = self._known.get((step, char))
        if known is None:
            known = self._known[step, char] = self._steps[step][1](char) is not None
        return known

    # --- from re's own tree to the program

    def _emit(self, tree: Iterable[tuple[Any, Any]]) -> None:
        for kind, value in tree:
            name = str(kind)
            if name in ("MAX_REPEAT", "MIN_REPEAT"):
                self._repeat(value, greedy=name == "MAX_REPEAT")
            elif name == "SUBPATTERN":
                self._emit(value[3])
                if value[0] is not None and self._group:
                    self._steps.append((SAVE, None, 0))
            elif name == "BRANCH":
                self._branch(value[1])
            elif name == "AT" and str(value) in ("AT_BEGINNING", "AT_END"):
                self._steps.append((START if str(value) == "AT_BEGINNING" else END, None, 0))
            else:
                self._steps.append((CHAR, self._one(name, value), 0))

    def _repeat(self, repeated: tuple[int, int, Any], greedy: bool) -> None:
        least, most, tree = repeated
        if most > 1 and str(most) != "MAXREPEAT":
            raise ValueError("a counted repetition")
        for _ in range(least):
            self._emit(tree)
        if least == most:
            return
        split = len(self._steps)
        self._steps.append((SPLIT, 0, 0))
        self._emit(tree)
        if most > 1:
            self._steps.append((JUMP, split, 0))
        inside, after = split + 1, len(self._steps)
        self._steps[split] = (SPLIT, inside, after) if greedy else (SPLIT, after, inside)

    def _branch(self, branches: Sequence[Any]) -> None:
        jumps = []
        for tree in branches[:-1]:
            split = len(self._steps)
            self._steps.append((SPLIT, 0, 0))
            self._emit(tree)
            jumps.append(len(self._steps))
            self._steps.append((JUMP, 0, 0))
            self._steps[split] = (SPLIT, split + 1, len(self._steps))
        self._emit(branches[-1])
        for jump in jumps:
            self._steps[jump] = (JUMP, len(self._steps), 0)

    def _one(self, name: str, value: Any) -> Callable[[str], object]:
        """Return what tells whether one character is meant: `re` itself, which knows about case."""
        if name == "ANY":
            source = "."
        elif name in ("LITERAL", "NOT_LITERAL"):
            source = f"[{'^' if name == 'NOT_LITERAL' else ''}{_in_class(value)}]"
        elif name == "IN":
            source = f"[{''.join(map(self._item, value))}]"
        else:
            raise ValueError(f"{name} is not known here")
        import re

        return re.compile(source, self._flags).match

    def _item(self, item: tuple[Any, Any]) -> str:
        kind, value = str(item[0]), item[1]
        if kind == "NEGATE":
            return "^"
        if kind == "LITERAL":
            return _in_class(value)
        if kind == "RANGE":
            return f"{_in_class(value[0])}-{_in_class(value[1])}"
        raise ValueError(f"{kind} is not known here")


def _in_class(code: int) -> str:
    return f"\\U{code:08x}"
