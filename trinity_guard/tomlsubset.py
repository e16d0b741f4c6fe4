"""The TOML that most configurations are made of, read without tomllib, whose import takes longer than a hook's work."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Value = str | bool | list[str]

BLANK = " \t"
BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
# TOML refuses these in texts and comments alike; a tab is allowed, and line feeds end the lines.
CONTROLS = tuple(chr(n) for n in (*range(0x20), 0x7F) if chr(n) not in "\t\n")


def read(text: str) -> dict[str, Value] | None:
    """Return what tomllib would; None for all that is not plainly `key = value` lines, which tomllib has to judge.

    Values are "texts" without escapes, true, false, and arrays of such texts, over several lines too.
    """
    text = text.replace("\r\n", "\n")
    if any(c in text for c in CONTROLS):
        return None
    lines = iter(text.split("\n"))
    found: dict[str, Value] = {}
    for line in lines:
        if _nothing(line):
            continue
        key, _, rest = line.partition("=")
        key = key.strip(BLANK)
        # Without a `=` there is no value either, which _value refuses.
        if not key or not BARE.issuperset(key) or key in found:
            return None
        value, rest = _value(rest.lstrip(BLANK), lines)
        if value is None or not _nothing(rest):
            return None
        found[key] = value
    return found


def _nothing(rest: str) -> bool:
    return rest.lstrip(BLANK)[:1] in ("", "#")


def _value(rest: str, lines: Iterator[str]) -> tuple[Value | None, str]:
    """Return the value at the beginning, None where there is none of ours, and what follows it on its last line."""
    if rest.startswith("["):
        return _array(rest[1:], lines)
    if rest.startswith('"'):
        return _string(rest)
    for word, value in (("true", True), ("false", False)):
        if rest.startswith(word):
            return value, rest[len(word) :]
    return None, rest


def _string(rest: str) -> tuple[str | None, str]:
    value, quote, rest = rest[1:].partition('"')
    # Of a """text""" an empty one is taken here, and the quote that follows fits nowhere.
    return (None if not quote or "\\" in value else value), rest


def _array(rest: str, lines: Iterator[str]) -> tuple[list[str] | None, str]:
    items: list[str] = []
    while True:
        rest = _next(rest, lines)
        if rest.startswith("]"):
            return items, rest[1:]
        item, rest = _string(rest) if rest.startswith('"') else (None, rest)
        if item is None:
            return None, rest
        items.append(item)
        rest = _next(rest, lines)
        if rest.startswith(","):
            rest = rest[1:]
        elif not rest.startswith("]"):
            return None, rest


def _next(rest: str, lines: Iterator[str]) -> str:
    """Skip blanks, comments and line ends; nothing is left at the end of the file."""
    while _nothing(rest):
        line = next(lines, None)
        if line is None:
            return ""
        rest = line
    return rest.lstrip(BLANK)
