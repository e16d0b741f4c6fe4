"""The bytes of a configuration file -> Config; every mistake in it is named with its file, key and line."""

from __future__ import annotations

from trinity_guard.config import CHOICES, KEYS, MAX_BYTES, OWN_FILE, PYPROJECT, SIZES, Config
from trinity_guard.detect import ignorespec
from trinity_guard.errors import UNUSABLE, GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]

UNITS: dict[str, int] = {
    "": 1,
    "b": 1,
    **{prefix + tail: 1000 ** (n + 1) for n, prefix in enumerate("kmgt") for tail in ("", "b")},
    **{prefix + tail: 1024 ** (n + 1) for n, prefix in enumerate("kmgt") for tail in ("i", "ib")},
}
# Each guess at a key's line parses the file up to there: characters for all of them.
MAX_GUESSED = 2 * MAX_BYTES
# tomllib's time grows with the square of a key's parts.
MAX_PARTS = 16
# How many patterns a list may hold, and how many characters those with more than one star may have in all.
MAX_PATTERNS, MAX_STARRY = 5_000, 20_000
# TOML's strings of four kinds (a broken one goes to its line's end), comments, and what may stand beside a key.
STRING_OR_SIGN = (
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+(?:"{3})?'
    r"|'''(?:[^']|'(?!''))*+(?:'{3})?"
    r'|"(?:[^"\\\n]|\\[^\n])*+"?'
    r"|'[^'\n]*+'?|#[^\n]*+|[.\n=\[\]{},]"
)


def parsed(own: bytes | None, shared: bytes | None) -> Config:
    """Return what these two files ask for, the first before the second; GuardError for all that is wrong with it."""
    if own is not None:
        config = _parse(OWN_FILE, _text(OWN_FILE, own))
        config.source = OWN_FILE
        config.notes = _both(_text(PYPROJECT, shared)) if shared is not None else ()
        return config
    return Config() if shared is None else _parse(PYPROJECT, _text(PYPROJECT, shared))


def parse_size(text: str) -> int:
    """Return bytes for "5 MB", "500kB", "1.5 GiB", "0".

    kB, MB, GB, TB (and k, M, G, T) are powers of 1000, KiB, MiB, GiB, TiB of 1024, as git-lfs reads them; case does
    not matter, no unit means bytes. ValueError for anything else.
    """
    stripped = text.strip()
    number = stripped.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = stripped[len(number) :].lower()
    whole, point, fraction = number.rstrip().partition(".")
    digits = whole + fraction
    well_formed = digits.isascii() and digits.isdigit() and whole and (fraction or not point) and len(digits) <= 18
    if not well_formed or unit not in UNITS:
        raise ValueError(f"{text!r} is not a size")
    size: int = int(digits) * UNITS[unit] // 10 ** len(fraction)
    # "0.1 B" must not switch the limit off.
    if not size and int(digits):
        raise ValueError(f"{text!r} is less than one byte")
    return size


def _text(name: str, data: bytes) -> str:
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise wrong(name, line, "not UTF-8.", "save the file as UTF-8") from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.startswith(("<<<<<<< ", ">>>>>>> ", "||||||| ")):
            raise wrong(name, number, "a conflict marker.", "resolve the conflict, then `git add` the file")
    return text


def _both(shared: str) -> tuple[str, ...]:
    """Say that pyproject.toml holds a configuration too; one that cannot be parsed is not the one in use."""
    try:
        table = _table(PYPROJECT, _document(PYPROJECT, shared))
    except GuardError:
        return ()
    if table is None:
        return ()
    return (f"both {OWN_FILE} and {PYPROJECT} hold a configuration; {OWN_FILE} wins.",)


def _parse(name: str, text: str) -> Config:
    table = _table(name, _document(name, text))
    if table is None:
        return Config()
    config = Config(source=name)
    for key, value in table.items():
        where = _Where(name, text, key)
        if key not in KEYS:
            raise where.unknown()
        if key in SIZES and isinstance(value, dict):
            _take_sizes(config, where, key, value)
        else:
            setattr(config, key.replace("-", "_"), _value(where, key, value))
    return config


def _document(name: str, text: str) -> Table:
    import tomllib

    line = _too_many_parts(text)
    if line:
        raise wrong(name, line, f"a key of more than {MAX_PARTS} parts.", "shorten it")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise wrong(name, 0, "nested too deeply.", "make it plainer") from None
    except ValueError as error:
        words, _, place = str(error).partition(" (at ")
        number = place.removeprefix("line ").partition(",")[0]
        line = int(number) if number.isdigit() else text.rstrip("\n").count("\n") + 1
        raise wrong(name, line, f"not valid TOML: {words[:1].lower()}{words[1:]}.", "mend that line") from None


def _too_many_parts(text: str) -> int:
    """Return the line of a dotted key that is longer than any, 0 for none. Strings and comments do not count."""
    import re

    line, dots = 1, 0
    for found in re.finditer(STRING_OR_SIGN, text):
        piece = found[0]
        if piece == ".":
            dots += 1
            if dots >= MAX_PARTS:
                return line
        elif piece[0] in "\n=[]{},#":
            dots = 0
        line += piece.count("\n")
    return 0


def _table(name: str, document: Table) -> Table | None:
    if name == OWN_FILE:
        return document
    tool = document.get("tool")
    table = tool.get("trinity-guard") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise wrong(name, 0, "tool.trinity-guard is not a table.", "write the keys below [tool.trinity-guard]")
    return table


def _value(where: _Where, key: str, value: object) -> object:
    """Return a key's value as Config holds it."""
    if key in ("sniff", "facts"):
        if not isinstance(value, bool):
            raise where.wrong(f"is {_type(value)}, not true or false.", f"{key} = true, or {key} = false")
        return value
    if key == "pickle-allow":
        return _names(where, value)
    if key in ("patterns", "exclude", "folders"):
        return _patterns(where, key, value)
    if key in SIZES:
        return _size(where, key, value)
    if not isinstance(value, str):
        example = "storage" if key == "remote" else CHOICES[key][0]
        raise where.wrong(f"is {_type(value)}, not a text.", f'{key} = "{example}"')
    if key in CHOICES and value not in CHOICES[key]:
        raise where.wrong(f"cannot be {_quoted(value)}.", " or ".join(f'{key} = "{c}"' for c in CHOICES[key]))
    if not value.strip():
        raise where.wrong("is empty.", "name a DVC remote (`dvc remote list`), or remove the line")
    return value


def _size(where: _Where, key: str, value: object, pattern: str = "") -> int:
    """Return a size of the file in bytes. pattern: the key of the table that it stands at."""
    whose = f"at {_quoted(pattern)} " if pattern else ""
    if not isinstance(value, str):
        raise where.wrong(f"{whose}is {_type(value)}, not a text.", f'{key} = "{SIZES[key]}"', pattern)
    try:
        return parse_size(value)
    except ValueError as error:
        words = f"{whose[:-1]}: {error}."
        raise where.wrong(words, f'{key} = "{SIZES[key]}", or "500 kB", "1.5 GiB"; "0" is off', pattern) from None


def _take_sizes(config: Config, where: _Where, key: str, table: Table) -> None:
    """Take a table of patterns with a size each; `default` is that of all other files."""
    name = key.replace("-", "_")
    sizes = {pattern: _size(where, key, size, pattern) for pattern, size in table.items()}
    setattr(config, name, sizes.pop("default", getattr(config, name)))
    for pattern in sizes:
        if pattern.startswith("!"):
            remedy = f'of several patterns the last that matches holds: {key} = {{ "*.csv" = "10 kB", "x.csv" = "0" }}'
            raise where.wrong(f"holds {_quoted(pattern)}; nothing is taken back by a ! here.", remedy, pattern)
    _patterns(where, key, list(sizes))
    setattr(config, f"{name}_of", tuple(sizes.items()))


def _names(where: _Where, value: object) -> tuple[str, ...]:
    """Return the names that a pickle may have besides those that are known."""
    example = 'pickle-allow = ["mypackage.*", "mypackage.models.Net"]'
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise where.wrong("is not a list of texts.", example)
    for item in value:
        parts = item.removesuffix(".*").split(".")
        if not all(part.isidentifier() for part in parts) or (len(parts) == 1 and not item.endswith(".*")):
            raise where.wrong(
                f"holds {_quoted(item)}, which is no name of a module's, nor of all in it.", example, item
            )
    return tuple(value)


def _patterns(where: _Where, key: str, value: object) -> tuple[str, ...]:
    example = f'{key} = ["{"*.parquet/" if key == "folders" else "*.pkl"}", "data/"]'
    if not isinstance(value, list):
        raise where.wrong(f"is {_type(value)}, not a list of texts.", example)
    for item in value:
        if not isinstance(item, str):
            raise where.wrong(f"holds {_type(item)}; it is a list of texts.", example)
        if not item.strip() or item.startswith("#"):
            remedy = r"take it out; a literal # at the start has a \ before it (in TOML, inside single quotes: '\#')"
            raise where.wrong(f"holds {_quoted(item)}, which matches nothing.", remedy, item)
        if not ignorespec.is_valid(item):
            remedy = r"see `git help ignore`; before a literal [ goes a \ (in TOML, inside single quotes: '\[')"
            raise where.wrong(f"holds {_quoted(item)}, which is no gitignore pattern.", remedy, item)
    if len(value) > MAX_PATTERNS or sum(map(len, ignorespec.starry(value))) > MAX_STARRY:
        remedy = "name folders instead, or make fewer patterns of it"
        raise where.wrong("asks for more than can be matched in a commit.", remedy)
    return tuple(value)


class _Where:
    """A key's place in the file, worked out only for an error."""

    def __init__(self, name: str, text: str, key: str) -> None:
        self._name = name
        self._text = text
        self._key = key

    def wrong(self, words: str, remedy: str, item: str = "") -> GuardError:
        line = _line_of(self._name, self._text, self._key)
        if item:
            lines = self._text.split("\n")
            inside = (n for n in range(max(line, 1), len(lines) + 1) if item in lines[n - 1])
            line = next(inside, line)
        words = words if words.startswith(":") else " " + words
        return wrong(self._name, line, shown(self._key.encode()) + words, remedy)

    def unknown(self) -> GuardError:
        if self._name == OWN_FILE and self._key in ("tool", "trinity-guard"):
            remedy = f"in {OWN_FILE} the keys stand at the top, below no table"
        else:
            near = _nearest(self._key)
            remedy = f"did you mean {near}?" if near else f"the keys are {', '.join(KEYS)}"
        return self.wrong("is not a key that trinity-guard knows.", remedy)


def _line_of(name: str, text: str, key: str) -> int:
    """Return the line that sets a key, 0 where it cannot be told: the first one after which the key is set."""
    lines = text.split("\n")
    starts: list[int] = []
    others: list[int] = []
    for number, line in enumerate(lines, 1):
        bare = line.translate({ord(c): None for c in " \t\"'"})
        if key not in line or bare.startswith("#"):
            continue
        sets = bare.startswith((f"{key}=", f"{key}.", f"[{key}]", f"[{key}.")) or f"trinity-guard.{key}=" in bare
        (starts if sets else others).append(number)
    left = MAX_GUESSED
    for number in starts + others:
        line = lines[number - 1]
        before = "\n".join(lines[: number - 1])
        left -= 2 * (len(before) + len(line))
        if left < 0:
            return 0
        # The value may go on over the next lines; any value will do here.
        started = line.partition("=")[0] + "= 0"
        if any(key in _keys(name, f"{before}\n{end}") for end in (line, started)):
            return number
    return 0


def _keys(name: str, text: str) -> Table:
    try:
        return _table(name, _document(name, text)) or {}
    except GuardError:
        return {}  # the text was cut within a value


def _nearest(key: str) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(key.lower().replace("_", "-"), KEYS, 1, 0.7)), "")


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date")


def _quoted(text: str) -> str:
    return f'"{shown(text.encode("utf-8", "surrogateescape"))}"'


def wrong(name: str, line: int, words: str, remedy: str) -> GuardError:
    place = f"{name}:{line}" if line else name
    return GuardError(problem=f"{place}: {words}", remedy=remedy, exit_code=UNUSABLE)
