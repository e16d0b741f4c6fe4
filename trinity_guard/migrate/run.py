"""One migration from its request to its report: refusals, the engine with the upload before its refs, what is kept."""

from __future__ import annotations

import os

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import locks
from trinity_guard.migrate import (
    engine,
    filters,
    lfsfetch,
    messages,
    refs,
    refusals,
    settle,
    upload,
    worktree,
)
from trinity_guard.migrate.state import BY_TOOL, DONE, MOVED, MOVING, UNDOING, dumped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from trinity_guard.migrate.migration import Migration
    from trinity_guard.migrate.options import Options
    from trinity_guard.migrate.selection import Selection

# What the report says beside the engine's own values.
REQUEST = b"request.json"
NO_REPORT = (
    "trinity-guard migrate verify     # are all bytes there? commit-map has the ids; or trinity-guard migrate undo"
)
# How far a migration came, as `standing` says it; what comes before HALF_RUN has moved no ref.
NONE, AT_WORK, HALF_RUN, HALF_UNDONE, COMPLETE = "none", "at work", "half run", "half undone", "complete"


def refuse(migration: Migration, dry: bool = False, onto: bool = False) -> None:
    """Raise what stands in the way of a migration, before anybody is asked anything. onto: an earlier one is carried
    on."""
    continued = onto and migration.state.read().get("phase") == DONE
    refusals.check(migration.source, migration.refs(), not dry, continued)


def _refuse_filters(migration: Migration, selection: Selection) -> None:
    """Raise where a filter would take hold of what comes in place of HEAD's artifacts."""
    source, head = migration.source, migration.refs().head_id
    # Of HEAD's commit always, as filters may stand in .git/info/attributes too.
    paths = filters.artifacts(source, head, selection) if head else []
    refusals.filtered(migration.place, filters.among(source, head, paths))


def standing(migration: Migration) -> str:
    """Return how far the migration came that is remembered here (see NONE and its fellows)."""
    state = migration.state
    if not os.path.exists(state.file(b"state.json")):
        return NONE
    if locks.held(state.file(b"lock")):
        return AT_WORK
    phase = state.read().get("phase")
    if phase == UNDOING:
        return HALF_UNDONE
    if phase == BY_TOOL:
        return NONE  # there is nothing that a finish would let go of
    return HALF_RUN if half_done(migration) else COMPLETE


def half_done(migration: Migration) -> bool:
    """Whether a run was killed while its refs moved, or behind that, so that it is only to be completed; or an undo,
    which has left a work tree that looks changed."""
    state = migration.state
    phase = state.read().get("phase")
    # The engine is through; what it does not know of is put into its report last.
    if phase == DONE:
        report = state.load(b"report.json", NO_REPORT)
        return bool(report) and "git_before" not in report
    return phase in (MOVING, MOVED, UNDOING)


def run(migration: Migration, options: Options) -> dict[str, Any]:
    """Migrate, and return the report, which is also kept as json and as text under the git dir."""
    leaves_lfs = options.selection.leaves_lfs
    if not leaves_lfs:  # else its attributes change, and the engine asks
        _refuse_filters(migration, options.selection)
    fetched = lfsfetch.fetch(migration) if leaves_lfs else None
    request = {
        "git_before": migration.git_size(),
        "remote": options.where.name,
        "remote_url": options.where.url,
        "fresh": options.where.fresh,
        "pushed": options.push and not options.dry,
        "sent": 0,
        "cache": os.fsdecode(options.cache),
        "selection": options.selection.values,
        "keep_ids": not options.rewrite_ids,
        "carried": options.chosen.onto is not None,
        "out_of_lfs": leaves_lfs and _of_all(migration, options.chosen.names),
    }
    onto = options.chosen.onto
    continued = onto is not None and onto.continued

    def check(objects: Sequence[tuple[str, int]]) -> None:
        # What an earlier run has not sent goes along.
        objects = sorted({*objects, *(upload.wanted(migration) if continued else [])})
        request["sent"] = upload.send(migration, options, objects) if options.push else 0
        # A run that is killed behind this is completed by one that knows nothing of what was asked for.
        upload.want(migration.state, objects, options.where)
        migration.state.replace(REQUEST, dumped(request))

    values = engine.run(migration, options, None if options.dry else check, fetched)
    if options.dry:
        return {**values, **request}
    if continued and not values["refs"]:
        return {**values, **request, "forward": _last_forward(migration)}
    return _kept(migration, values, request)


def _of_all(migration: Migration, names: Collection[bytes]) -> bool:
    """Whether these are all branches and tags."""
    return all(n in names for n in migration.refs().refs if n.startswith((refs.HEADS, refs.TAGS)))


def complete(migration: Migration) -> dict[str, Any] | None:
    """Complete a run whose refs have moved, or have begun to, and return its report; None where none had moved yet, or
    where an undo was completed."""
    with migration.state as state:
        was = state.read().get("phase")
        # One that carried commits over, and moved nothing yet, leaves the earlier one as it was.
        if not settle.resume(migration) and was != DONE:
            return None
        if state.read().get("phase") != DONE:
            return None
        values, request = state.load(b"report.json", NO_REPORT), state.load(REQUEST, NO_REPORT)
        if not (values and request):
            raise GuardError("the refs have moved, and what would be told of it is gone.", NO_REPORT)
        return _kept(migration, values, request)


def _kept(migration: Migration, values: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Put the report together, and keep it as json and as text."""
    state, place = migration.state, migration.place
    values = {**values, **request, "phase": "done", "refs": _all_refs(migration, values)}
    values["git_after"] = max(values["git_before"] - values["bytes_packed"], 0)
    values["next"] = messages.next_steps(place, values) if values["refs"] else []
    values["cache"] = state.read().get("cache", request["cache"])
    values["remarks"] = [*values["remarks"], *_line_ends(migration, state.read().get("head"))]
    if values["refs"]:  # else there is nothing that an undo would take out again
        settle.configure(migration, upload.destined(migration) if request["fresh"] else None)
    state.report(values)
    state.replace(b"report.txt", (messages.report(values, whole=True) + "\n").encode("utf-8", "backslashreplace"))
    return values


def _last_forward(migration: Migration) -> list[str] | None:
    """Return what the last run says of HEAD, if it stands there still: the artifacts may not have followed, where that
    run was killed behind its last ref."""
    forward: list[str] | None = migration.state.load(b"report.json", NO_REPORT).get("forward")
    head = migration.refs().head_id.decode()
    return forward if forward and forward[1] == head else None


def _all_refs(migration: Migration, values: dict[str, Any]) -> list[list[str]]:
    """Return the refs of the report; where a run carried commits over, those of the earlier one too."""
    if not values["refs"]:
        return []
    moves = settle.moves_of(migration.state.read())
    return [[m.target.decode(errors="backslashreplace"), m.old.decode(), m.new.decode()] for m in moves]


def _line_ends(migration: Migration, head: Sequence[str] | None) -> list[str]:
    """Return the remark on working files that are not what their pointers say; they stay, as they may be wanted so."""
    if head is None or migration.place.bare:
        return []
    unlike = worktree.unlike_their_pointers(migration.source, head[0].encode(), head[1].encode())
    if not unlike:
        return []
    named = ", ".join(shown(path) for path in unlike[: messages.MAX_NAMED])
    more = f" and {len(unlike) - messages.MAX_NAMED} more" if len(unlike) > messages.MAX_NAMED else ""
    return [
        f"Git checked these out with other line ends (or another encoding) than it stores; their pointers have the "
        f"stored bytes, so DVC takes the files for changed: {named}{more}; yours stays beside it, for each: "
        f"mv {typed(unlike[0])} {typed(unlike[0] + b'.before')} && dvc checkout {typed(unlike[0] + b'.dvc')}"
    ]


def report_file(migration: Migration) -> bytes:
    return migration.state.file(b"report.txt")


def report(migration: Migration) -> dict[str, Any]:
    """Return the report of the last migration, which stays after `finish`; GuardError where there is none."""
    values = migration.state.load(b"report.json", NO_REPORT)
    if values.get("phase") != "done" or not values["refs"]:
        raise GuardError(
            problem="no history was migrated here: there is nothing to tell a team.",
            remedy="trinity-guard migrate info --everything",
            exit_code=UNUSABLE,
        )
    return values
