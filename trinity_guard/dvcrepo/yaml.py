"""YAML as DVC reads and writes it (dvc/utils/serialize/_yaml.py), by ruamel.yaml alone and with bounds."""

from __future__ import annotations

from trinity_guard.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

POSSIBLE = range(1 << 63)
# The largest dvc.yaml or dvc.lock that is read: some 7,000 stages. ruamel.yaml takes up to 15 s for so much.
MAX_BYTES = 2 << 20
# So many keys may `<<` copy in all: forty lines of it can double what stands above, forty times.
MAX_MERGED = 200_000
# Far more than ruamel.yaml can follow; what lies deeper costs it seconds a kilobyte to say so.
MAX_DEPTH = 1000


def parse(data: bytes, most_bytes: int, round_trip: bool = False, anchors: bool = False) -> Any:
    """Parse one document; ValueError, in words that may be shown, for all that is wrong with it.

    round_trip: keep comments and order for `dump`. anchors: let them (and aliases) pass; they are refused otherwise,
    as a kilobyte of them can stand for gigabytes.
    """
    if len(data) > most_bytes:
        raise ValueError(f"it is too large ({len(data)} bytes)")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError("it is nested too deep")
    # DVC opens it as a text file: universal newlines.
    return _parsed(text.replace("\r\n", "\n").replace("\r", "\n"), round_trip, anchors)


def _parsed(text: str, round_trip: bool, anchors: bool) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML() if round_trip else YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        suspect = not anchors and ("&" in text or "*" in text)
        if not (suspect and _anchored(YAML(typ="safe", pure=True).parse(text))):
            if anchors and "<<" in text:
                _require_few_merged(YAML(typ="safe", pure=True).compose(text))
            return yaml.load(text)
        line, words = "", "it uses anchors or aliases"
    except MarkedYAMLError as e:
        line = f" in line {e.problem_mark.line + 1}" if e.problem_mark else ""
        words = str(e.problem or e.context).split("\n")[0]
    # Beside its own errors ruamel lets others through on odd input: a 13th month, a million brackets.
    except (
        YAMLError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as e:
        line, words = "", " ".join(str(e).split())[:200]
    raise ValueError(f"broken YAML{line}: {plain(words)}")


def _depth(text: str) -> int:
    """Return how many brackets are open at once, those in quotes counted too."""
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}" and depth:
            depth -= 1
    return deepest


def _anchored(events: Iterable[Any]) -> bool:
    return any(getattr(event, "anchor", None) is not None for event in events)


def _require_few_merged(root: Any) -> None:
    """Raise ValueError where `<<` copies too many keys; each mapping is looked at once."""
    known: dict[int, int] = {}
    total = 0

    def size(node: Any) -> int:
        nonlocal total
        if id(node) in known or node is None or node.id == "scalar":
            return known.get(id(node), 0)
        known[id(node)] = 0
        count = 0
        for entry in node.value:
            key, value = entry if isinstance(entry, tuple) else (None, entry)
            if key is not None:
                size(key)
            inside = size(value)
            count += 1 + (inside if key is not None and key.value == "<<" else 0)
            if key is None and value.id == "mapping":
                count += inside  # a list of mappings to merge
        known[id(node)] = count
        total += count
        if total > MAX_MERGED:
            raise ValueError(f"its `<<` stand for more than {MAX_MERGED} keys")
        return count

    size(root)


def dump(data: object) -> bytes:
    """Return the bytes that DVC writes for this."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    stream = StringIO()
    yaml.dump(data, stream)
    return stream.getvalue().encode()


def wrong(fields: Any, allowed: dict[str, type], may_be_null: tuple[str, ...] = ()) -> str:
    """Return what is wrong with a mapping: its keys, their types, a number out of range; "" when nothing is."""
    if not isinstance(fields, dict):
        return "it is not a mapping"
    for key, value in fields.items():
        kind = allowed.get(key) if isinstance(key, str) else None
        if kind is None:
            return f"it holds the unknown key '{plain(str(key)[:80])}'"
        if value is None and key in may_be_null:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            return f"its '{key}' is of the wrong type"
        if kind is int and value not in POSSIBLE:
            return f"its '{key}' is no possible number"
    return ""


def plain(text: str) -> str:
    """Return a text for a message, escaped where a terminal could be fooled."""
    return shown(text.encode("utf-8", "surrogatepass"))
