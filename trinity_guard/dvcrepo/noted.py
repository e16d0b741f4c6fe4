"""What we note of the data in a pointer's `meta`, which DVC keeps: written, read, and taken out again."""

from __future__ import annotations

from trinity_guard.dvcrepo import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OWNER = "trinity-guard"
FACTS = b"meta:\n  trinity-guard:\n"
MAX_BYTES = 1 << 20


def with_facts(data: bytes, facts: dict[str, object], plain: bool) -> bytes:
    """Return a pointer that has none yet with facts of its data: numbers, and plain names.

    plain: it has the very lines that `dvc add` writes. Where somebody has another kind of `meta`, ours finds no place.
    """
    if plain:
        return data + FACTS + b"".join(b"    %b: %b\n" % (k.encode(), str(v).encode()) for k, v in facts.items())
    try:
        fields = yaml.parse(data, MAX_BYTES, True)
    except ValueError:
        return data
    if not isinstance(fields.setdefault("meta", {}), dict):
        return data
    fields["meta"][OWNER] = facts
    return yaml.dump(fields)


def renewed(data: bytes, facts: dict[str, object]) -> bytes:
    """Return a pointer with these facts (none: without any) in place of those that it has, as it is if it has none."""
    fields = yaml.parse(data, MAX_BYTES, True)
    meta = fields.get("meta")
    if not (isinstance(meta, dict) and OWNER in meta):
        return data
    if facts:
        meta[OWNER] = facts
    else:
        forget(fields)
    return yaml.dump(fields)


def of(data: bytes) -> str | None:
    """Return the md5 of the data that a pointer's facts are of, "" where they do not say; None without facts."""
    if OWNER.encode() not in data:
        return None
    lines = split(data)[1].split(b"\n")
    if lines[0]:
        return next((line[8:].decode("ascii", "replace") for line in lines if line.startswith(b"    of: ")), "")
    found = _read(data)
    return None if found is None else str(found.get("of", "") if isinstance(found, dict) else "")


def kept(data: bytes, new: bytes, plain: bool) -> bytes:
    """Return a pointer that was written anew with the facts that it had. plain: as for `with_facts`."""
    ours = split(data)[1]
    if ours and plain:
        return new + ours
    found = _read(data) if OWNER.encode() in data else None
    return with_facts(new, found, plain) if isinstance(found, dict) and found else new


def _read(data: bytes) -> object:
    """Return our entry of a pointer's `meta`, None where it has none."""
    try:
        meta = yaml.parse(data, MAX_BYTES, True).get("meta")
    except ValueError:
        return None
    return meta.get(OWNER) if isinstance(meta, dict) else None


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return the lines of a plain pointer, and those of our facts behind them, b"" where there are none."""
    lines, found, facts = data.partition(b"\n" + FACTS)
    ours = found and facts.endswith(b"\n") and all(line.startswith(b"    ") for line in facts[:-1].split(b"\n"))
    return (lines + b"\n", FACTS + facts) if ours else (data, b"")


def forget(fields: Any) -> None:
    """Take our facts out of a pointer that YAML has read."""
    meta = fields.get("meta")
    if isinstance(meta, dict) and OWNER in meta:
        del meta[OWNER]
        if not meta:
            del fields["meta"]
