"""Findings that a repository lives with for now: a file of one line an entry, sorted, so that branches merge.

Each entry says why it is there and since when, and may say until when. The lines are JSON, whose escapes keep any
name on one line; a reader needs no tool for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files
from trinity_guard.lint.finding import Finding

HEADER = '{"trinity-guard": "baseline", "version": 1}'
NAME = b".trinity-guard-baseline"
RULE = "TG000"
DESCRIPTION = (
    "baseline entry that has expired",
    "An entry of the baseline was to hide its finding until a day that is past. The finding is told again.\n\n"
    "Mend what it names, then: trinity-guard lint --baseline FILE --update-baseline\n"
    "Or give it a new day: trinity-guard lint --baseline FILE --update-baseline --expires YYYY-MM-DD",
)
KEYS = ("rule", "path", "fingerprint", "reason", "added", "expires")
OPTIONAL = ("expires",)
MAX_BYTES = 64 << 20
MARKERS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


class BaselineEntry:
    """added, expires: days as YYYY-MM-DD, the latter the last day on which it hides its finding, "" for no end."""

    __slots__ = ("added", "expires", "fingerprint", "line", "path", "reason", "rule")

    def __init__(
        self, rule: str, path: bytes, fingerprint: str, reason: str, added: str, expires: str = "", line: int = 0
    ) -> None:
        self.rule = rule
        self.path = path
        self.fingerprint = fingerprint
        self.reason = reason
        self.added = added
        self.expires = expires
        self.line = line

    @property
    def key(self) -> tuple[bytes, str, str]:
        """What a finding must agree with. The rule and the path are part of it: what one reads is what is hidden."""
        return (self.path, self.rule, self.fingerprint)

    def encode(self) -> str:
        fields = {
            "rule": self.rule,
            "path": self.path.decode("utf-8", "surrogateescape"),
            "fingerprint": self.fingerprint,
            "reason": self.reason,
            "added": self.added,
            **({"expires": self.expires} if self.expires else {}),
        }
        return _json(fields)


class Applied:
    """kept: findings to tell, those on expired entries among them. hidden: how many are not told.

    unused: entries whose finding is gone.
    """

    __slots__ = ("hidden", "kept", "unused")

    def __init__(self, kept: list[Finding], hidden: int, unused: list[BaselineEntry]) -> None:
        self.kept = kept
        self.hidden = hidden
        self.unused = unused


class Updated:
    """How many entries an update added, kept (renewed is how many of these got a new day), and dropped."""

    __slots__ = ("added", "dropped", "kept", "renewed")

    def __init__(self, added: int, kept: int, renewed: int, dropped: int) -> None:
        self.added = added
        self.kept = kept
        self.renewed = renewed
        self.dropped = dropped


class Baseline:
    """A baseline's entries, and the file (bytes) that they came from; `name` is where it stands in the repository."""

    __slots__ = ("entries", "file")

    def __init__(self, file: bytes, entries: Sequence[BaselineEntry]) -> None:
        self.file = file
        self.entries = list(entries)

    def apply(
        self, findings: Iterable[Finding], today: str, looked: Callable[[BaselineEntry], bool] = lambda _: True
    ) -> Applied:
        """Part findings from those that an entry hides. today: YYYY-MM-DD.

        looked: whether this run would have found what an entry is about; of others nobody knows if they are used.
        """
        known = {e.key: e for e in self.entries}
        kept, hidden, used = [], 0, set()
        for finding in findings:
            key = key_of(finding)
            used.add(key)
            entry = known.get(key)
            if entry is not None and not _expired(entry, today):
                hidden += 1
            else:
                kept.append(finding)
        kept += [self._past(e) for e in self.entries if _expired(e, today)]
        return Applied(kept, hidden, [e for e in self.entries if e.key not in used and looked(e)])

    def _past(self, entry: BaselineEntry) -> Finding:
        return Finding(
            RULE,
            self.file,
            f"the entry expired on {entry.expires}: {entry.rule} {shown(entry.path)} ({_line(entry.reason)})",
            f"trinity-guard lint --explain {entry.rule}     # mend it; or another day: {updating(self.file)} "
            "--expires YYYY-MM-DD",
            line=entry.line,
            key=entry.fingerprint,
        )


def key_of(finding: Finding) -> tuple[bytes, str, str]:
    return (finding.path, finding.rule, finding.fingerprint)


def updating(file: bytes) -> str:
    """Return the command that writes a baseline anew."""
    named = f" --baseline {typed(file)}" if file != NAME else ""
    return f"trinity-guard lint{named} --update-baseline"


def _expired(entry: BaselineEntry, today: str) -> bool:
    return bool(entry.expires) and entry.expires < today


def _line(text: str) -> str:
    return shown(text.encode("utf-8", "surrogatepass"))


# --- writing


def update(
    file: bytes, findings: Iterable[Finding], reason: str, today: str, expires: str = "",
    looked: Callable[[BaselineEntry], bool] = lambda _: True,
) -> Updated:  # fmt: skip
    """Make a baseline hold these findings: entries keep their reason and days, those whose finding is gone are dropped.

    reason: for new entries, which need one; expires: for them, and for entries that have expired (with the new reason,
    if one is given). looked: whether this run would have found what an entry is about: else it stays.
    """
    old = load(file, readable_only=True).entries if os.path.lexists(file) else []
    if expires and day(expires) < today:
        raise GuardError(f"{expires} is past: an entry hides its finding up to that day.", "--expires DAY", UNUSABLE)
    wanted = {key_of(f): f for f in findings if f.rule != RULE}
    kept = [e for e in old if e.key in wanted or not looked(e)]
    new = [f for key, f in wanted.items() if key not in {e.key for e in old}]
    if new and not reason.strip():
        raise _no_reason(new)
    renewed = [e for e in kept if expires and e.key in wanted and _expired(e, today)]
    for entry in renewed:
        entry.expires, entry.reason = expires, reason or entry.reason
    added = [BaselineEntry(f.rule, f.path, f.fingerprint, reason, today, expires) for f in new]
    write(file, [*kept, *added])
    return Updated(len(added), len(kept), len(renewed), len(old) - len(kept))


def write(file: bytes, entries: Iterable[BaselineEntry]) -> None:
    """Write a baseline, whole and flushed or not at all; nothing is touched where it would say the same."""
    ordered = {e.key: e for e in sorted(entries, key=lambda e: e.key)}.values()
    data = "\n".join([HEADER, *(e.encode() for e in ordered), ""]).encode()
    if not os.path.lexists(file) or _read(file) != data:
        files.replace(file, data, durable=True)


def _no_reason(new: list[Finding]) -> GuardError:
    more = f" and {len(new) - 1:,} more" if len(new) > 1 else ""
    return GuardError(
        problem=f"a new entry of the baseline needs a reason: {new[0].rule} {shown(new[0].path)}{more}.",
        remedy='trinity-guard lint --update-baseline --reason "moved by the migration in March"',
        exit_code=UNUSABLE,
    )


def _json(fields: dict[str, str]) -> str:
    """Return JSON on one line: readable letters as they are, all others (newlines, half letters) escaped."""
    import json

    text = json.dumps(fields, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


# --- reading


def load(file: bytes, readable_only: bool = False) -> Baseline:
    """Read a baseline. GuardError (exit 2), with the line, for all that it would not have written itself.

    readable_only: leave out what cannot be read, and of two lines that disagree the one that hides longer.
    """
    return parse(file, _read(file), readable_only)


def parse(file: bytes, data: bytes, readable_only: bool = False) -> Baseline:
    """The same of bytes; `file` is their name in messages."""
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.startswith(MARKERS):
            raise _in_conflict(file, number)
    if lines[0].rstrip(b"\r") != HEADER.encode():
        raise _not_ours(file)
    entries: dict[tuple[bytes, str, str], BaselineEntry] = {}
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            try:
                _take(file, entries, _entry(file, number, line))
            except GuardError:
                if not readable_only:
                    raise
    return Baseline(file, list(entries.values()))


def _take(file: bytes, entries: dict[tuple[bytes, str, str], BaselineEntry], entry: BaselineEntry) -> None:
    """Take in an entry; of two that disagree keep the one that ends first, and say so."""
    twin = entries.setdefault(entry.key, entry)
    # A merge can bring the same line twice; two that disagree need somebody to choose.
    if twin.encode() != entry.encode():
        entries[entry.key] = min(twin, entry, key=lambda e: e.expires or "9999-99-99")
        raise _broken(file, entry.line, f"says otherwise of what line {twin.line} says")


def _entry(file: bytes, number: int, line: bytes) -> BaselineEntry:
    import json

    try:
        fields = json.loads(line.decode(), object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):  # neither JSON nor UTF-8, a key twice, or a pit of brackets
        raise _broken(file, number, "cannot be read") from None
    if not isinstance(fields, dict):
        raise _broken(file, number, "is no entry")
    unknown = [k for k in fields if k not in KEYS]
    if unknown:
        raise _broken(file, number, f"has a key that is not known: '{_line(unknown[0])}'")
    for key in KEYS:
        value = fields.get(key, "" if key in OPTIONAL else None)
        if not isinstance(value, str) or (not value and key not in OPTIONAL):
            raise _broken(file, number, f"{'has no' if value in (None, '') else 'has a wrong'} '{key}'")
    try:
        path = fields["path"].encode("utf-8", "surrogateescape")
        fields["reason"].encode()
        day(fields["added"])
        day(fields.get("expires") or fields["added"])
    except UnicodeEncodeError:
        raise _broken(file, number, "has half a letter in it") from None
    except GuardError as error:
        raise _broken(file, number, f"is wrong: {error.problem.rstrip('.')}") from None
    return BaselineEntry(fields["rule"], path, fields["fingerprint"], fields["reason"], fields["added"],
                 fields.get("expires", ""), number)  # fmt: skip


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key twice")
    return fields


def day(text: str) -> str:
    """Return a day YYYY-MM-DD as it is; GuardError (exit 2) for anything else."""
    import datetime

    try:
        if datetime.date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass  # said below, as for a day in another form
    raise GuardError(
        problem=f"'{_line(text)}' is no day.", remedy="write it as YYYY-MM-DD", exit_code=UNUSABLE
    ) from None


def _read(file: bytes) -> bytes:
    try:
        return git.read(file, MAX_BYTES)
    except FileNotFoundError:
        raise GuardError(
            problem=f"there is no baseline {shown(file)}.",
            remedy=f'trinity-guard lint --baseline {shown(file)} --update-baseline --reason "…"     # makes it',
            exit_code=UNUSABLE,
        ) from None
    except OSError as error:
        problem, remedy = f"cannot read {shown(file)}: {error.strerror}.", f"ls -l {typed(file)}     # what is it?"
        raise GuardError(problem, remedy, UNUSABLE) from None


def _broken(file: bytes, number: int, what: str) -> GuardError:
    again = f'{updating(file)} --reason "…"'
    return _unread(file, number, what, f"correct line {number}, or keep what can be read and write it anew: {again}")


def _in_conflict(file: bytes, number: int) -> GuardError:
    markers = "sed -i.bak -E '/^([<|=>])\\1{6}/d'"
    what, remedy = (
        "holds the marker of a merge conflict",
        f"{markers} {typed(file)}     # keeps the entries of both sides",
    )
    return _unread(file, number, what, remedy)


def _not_ours(file: bytes) -> GuardError:
    what = "is no baseline of this version of trinity-guard"
    return _unread(file, 1, what, f"head -3 {typed(file)}     # what is it?")


def _unread(file: bytes, number: int, what: str, remedy: str) -> GuardError:
    return GuardError(f"{shown(file)}, line {number}: the line {what}; no finding was hidden.", remedy, UNUSABLE)
