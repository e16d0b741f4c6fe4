"""`use --merge [PATH…]`: the three versions of a csv or tsv in conflict made one, and what is said of it."""

from __future__ import annotations

import os

from trinity_guard.checkout import sides, union
from trinity_guard.checkout.apply import Fetcher
from trinity_guard.checkout.plan import Follower
from trinity_guard.commands.terminal.sides import Side
from trinity_guard.detect.conflicts import BASE, BY_ROWS, MAX_MERGED, OURS, THEIRS
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import merge, noted
from trinity_guard.dvcrepo.tracked import Catalog
from trinity_guard.errors import UNUSABLE, GuardError, quoted, shown, typed
from trinity_guard.review import textkeys, texttable, threeway, words
from trinity_guard.review.dialect import NoTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.detect.conflicts import Conflict
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.review.texttable import TextTable
    from trinity_guard.review.threeway import Merged

MAX_LISTED = 20


class Merge(Side):
    """Both sides' rows. prefer: the side whose cells are taken where both changed them, "" to refuse that."""

    def __init__(self, prefer: str, key: list[str]) -> None:
        super().__init__(prefer)
        self._prefer = prefer
        self._key = key
        self._told: dict[bytes, str] = {}

    def version(self, conflict: Conflict, place: git.Place, remote: str) -> bytes | None:
        """Return the pointer of the merged table, whose bytes the cache then has; GuardError for what has no merge."""
        if not conflict.artifact.lower().endswith(BY_ROWS):
            raise _refused(conflict, "only csv and tsv are merged by rows")
        # Without the base what one side removed would come back, so it must be known, also where there is none.
        ours, base, theirs = (sides.version(conflict, s, place, remote) or b"" for s in (OURS, BASE, THEIRS))

        facts: dict[str, object] = {}

        def unite(mine: Output, before: Output | None, other: Output) -> dict[str, object] | None:
            follower = Follower(place, Catalog({}, [], {}))
            merged, data = self._united(conflict, _tables(conflict, follower, remote, [mine, other, before]))
            fields = union.kept_file(follower, mine, data)
            facts.update(rows=len(merged.rows), columns=len(merged.names), of=fields["md5"])
            return fields

        made = merge.aligned(ours, base, theirs, conflict.path, unite) if ours and theirs else None
        if made is None:
            why = "one side has deleted it" if not (ours and theirs) else "the sides differ in more than its rows"
            raise _refused(conflict, why)
        return noted.renewed(made[0], facts) if facts else made[0]

    def told(self, path: bytes, data: bytes | None) -> str:
        """Return what the merge brought."""
        alike = f"{shown(path)}: only one side changed the rows, and they are as there; staged."
        return self._told.get(path) or alike

    def _united(self, conflict: Conflict, tables: list[TextTable]) -> tuple[Merged, bytes]:
        """Return the merged table, and its bytes. tables: ours, theirs, and the base where there is one."""
        ours, theirs, *bases = tables
        key = self._found_key(conflict, tables)
        merged = threeway.merge(ours, bases[0] if bases else None, theirs, key, self._prefer)
        if merged.replaced and not self._key:
            raise _doubtful(conflict, merged, key)
        if merged.conflicts and not self._prefer:
            raise _both_changed(conflict, merged, key, self._key)
        try:
            data = texttable.written(ours, merged.header, merged.rows)
        except NoTable as error:
            raise _refused(conflict, str(error)) from None
        what = _what(merged, self._prefer)
        by = f", by {words.in_line(words.listed(key))}" if key else ", each told by all its cells"
        self._told[conflict.path] = f"{shown(conflict.path)} has both sides' rows{by}: {what}; staged."
        return merged, data

    def _found_key(self, conflict: Conflict, tables: list[TextTable]) -> list[str]:
        try:
            return textkeys.find(tables, self._key)
        except GuardError as error:
            way = (
                f"trinity-guard use --merge --key COLUMN,… {typed(conflict.artifact)}" if self._key else _one(conflict)
            )
            raise GuardError(f"{shown(conflict.path)}: {error.problem}", way, error.exit_code) from None


def _tables(conflict: Conflict, follower: Follower, remote: str, outputs: list[Output | None]) -> list[TextTable]:
    """Return the tables of the outputs that there are, fetched where the caches lack them."""
    there = [o for o in outputs if o]
    _require_texts(conflict, there)
    _require_small(conflict, [o.size for o in there])
    fetcher = Fetcher(follower, remote)
    paths = [union.here(follower, fetcher, o) for o in there]
    _require_small(conflict, [os.stat(path).st_size for path in paths])
    return [_read(conflict, path) for path in paths]


def _require_texts(conflict: Conflict, outputs: list[Output]) -> None:
    if any(o.is_dir for o in outputs):
        raise _refused(conflict, "it is a directory, and only csv and tsv are merged by rows")
    if any(o.legacy for o in outputs):
        raise _refused(conflict, "one version is recorded by DVC 2, whose md5 leaves line ends out")


def _require_small(conflict: Conflict, sizes: list[int]) -> None:
    """Refuse what would take gigabytes of memory. sizes: in bytes, of the versions; -1 where it is not known."""
    total = sum(max(size, 0) for size in sizes)
    if total > MAX_MERGED:
        limit = f"rows are merged in memory, up to {size_text(MAX_MERGED)}"
        raise _refused(conflict, f"its versions have {size_text(total)} together, and {limit}")


def _read(conflict: Conflict, path: bytes) -> TextTable:
    try:
        return texttable.read(path, tabs=conflict.artifact.lower().endswith(b".tsv"))
    except NoTable as error:
        raise _refused(conflict, f"one version is no table that can be merged: {error}") from None


def _refused(conflict: Conflict, why: str) -> GuardError:
    return GuardError(f"{shown(conflict.path)}: {why}.", _one(conflict), UNUSABLE)


def _one(conflict: Conflict) -> str:
    return f"trinity-guard use --ours {typed(conflict.artifact)}     # or --theirs"


def _doubtful(conflict: Conflict, merged: Merged, key: list[str]) -> GuardError:
    """Return the error for a key that was found, and may be a value that both sides changed: the row would be twice."""
    what = f"both sides removed {merged.replaced:,} row{'s' * (merged.replaced > 1)}"
    if not key:
        problem = f"{shown(conflict.path)}: no column tells its rows, and {what} in whose place others may stand."
        return GuardError(problem, _one(conflict), UNUSABLE)
    what += " and both added others"
    problem = (
        f"{shown(conflict.path)}: by {words.in_line(words.listed(key))} {what}, which may be rows that both changed."
    )
    way = f"trinity-guard use --merge --key {quoted(','.join(key))} {typed(conflict.artifact)}"
    return GuardError(problem, f"{way}     # if it tells rows; else by the columns that do")


def _both_changed(conflict: Conflict, merged: Merged, key: list[str], named: list[str]) -> GuardError:
    found = merged.conflicts
    lines = [f"  {_line(c, key)}" for c in found[:MAX_LISTED]]
    if len(found) > MAX_LISTED:
        lines.append(f"  and {len(found) - MAX_LISTED:,} more")
    head = f"{shown(conflict.path)}: both sides changed the same, each in its way; nothing was touched:"
    option = f" --key {quoted(','.join(named))}" if named else ""
    way = f"trinity-guard use --merge --ours{option} {typed(conflict.artifact)}"
    return GuardError("\n".join([head, *lines]), f"{way}     # or --theirs: for these; the rest is joined")


def _line(conflict: threeway.Conflict, key: list[str]) -> str:
    row = ", ".join(f"{words.cell(n)} {words.cell(v)}" for n, v in zip(key, conflict.key, strict=False))
    column = f"column {words.cell(conflict.column)}" if conflict.column else ""
    where = ", ".join(part for part in (row, column) if part)
    if not (conflict.key and conflict.column):
        return f"{where}: ours {conflict.ours}, theirs {conflict.theirs}"
    three = [(OURS, conflict.ours), (THEIRS, conflict.theirs), (BASE, conflict.base)]
    cells = [f"{side} {words.cell(cell or None)}" for side, cell in three if cell is not None]
    return f"{where}: {', '.join(cells)}"


def _what(merged: Merged, prefer: str) -> str:
    counts = {"added": merged.added, "removed": merged.removed, "changed": merged.changed}
    done = ", ".join(f"{what} {count:,}" for what, count in counts.items() if count)
    decided = len(merged.conflicts)
    as_there = f", {decided:,} conflict{'s' * (decided > 1)} as in {prefer}" if decided else ""
    return (f"theirs {done}" if done else "theirs brought nothing to ours") + as_there
