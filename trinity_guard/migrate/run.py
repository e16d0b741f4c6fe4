"""One migration from its request to its report: refusals, the engine with the upload before its refs, what is kept."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import destination, engine, filters, messages, refs, refusals, select, worktree
from trinity_guard.migrate.options import Options
from trinity_guard.migrate.state import DONE, MOVED, MOVING, UNDOING, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from trinity_guard.migrate.destination import Destination
    from trinity_guard.migrate.progress import Progress
    from trinity_guard.migrate.select import Chosen
    from trinity_guard.migrate.selection import Selection

# The objects (lines MD5 SIZE) that the new history names.
WANTED = b"wanted"
# Where they go: the DVC remote that was typed or chosen for this migration.
WHERE = b"where.json"
# What the report says beside the engine's own values.
REQUEST = b"request.json"
NO_REPORT = (
    "trinity-guard migrate verify     # are all bytes there? commit-map has the ids; or trinity-guard migrate undo"
)


class Job:
    """What is to be done. push: the objects go to the remote before any ref moves. keep_ids: the ids of commits that
    messages name stay as they are written."""

    def __init__(
        self,
        place: git.Place,
        chosen: Chosen,
        selection: Selection,
        where: Destination,
        push: bool = False,
        keep_ids: bool = False,
    ) -> None:
        self.place = place
        self.chosen = chosen
        self.selection = selection
        self.where = where
        self.push = push
        self.keep_ids = keep_ids


def refuse(place: git.Place, dry: bool = False) -> None:
    """Raise what stands in the way of a migration, before anybody is asked anything."""
    source = Source(place)
    try:
        refusals.check(source, refs.listed(source), clean=not dry)
    finally:
        source.close()


def refuse_filters(job: Job) -> None:
    """Raise where a filter would take hold of what comes in place of HEAD's artifacts."""
    source = Source(job.place)
    try:
        head = refs.listed(source).head_id
        # Of HEAD's commit always, as filters may stand in .git/info/attributes too.
        paths = filters.artifacts(source, head, job.selection) if head else []
        refusals.filtered(job.place, filters.among(source, head, paths))
    finally:
        source.close()


def half_done(place: git.Place) -> bool:
    """Whether a run was killed while its refs moved, or behind that, so that it is only to be completed; or an undo,
    which has left a work tree that looks changed."""
    state = State(place)
    phase = state.read().get("phase")
    # The engine is through; what it does not know of is put into its report last.
    if phase == DONE:
        report = state.load(b"report.json", NO_REPORT)
        return bool(report) and "git_before" not in report
    return phase in (MOVING, MOVED, UNDOING)


def run(job: Job, on_progress: Progress, dry: bool = False) -> dict[str, Any]:
    """Migrate, and return the report, which is also kept as json and as text under the git dir."""
    place = job.place
    refuse_filters(job)
    cache, shared = engine.cache_of(place)
    request = {
        "git_before": engine.git_size(place),
        "remote": job.where.name,
        "remote_url": job.where.url,
        "fresh": job.where.fresh,
        "pushed": job.push and not dry,
        "sent": 0,
        "cache": os.fsdecode(cache),
    }

    def check(objects: Sequence[tuple[str, int]]) -> None:
        if job.push:
            objects_store = odb.Store(cache, shared)
            request["sent"] = destination.upload(place, job.where, objects_store, objects, stage(on_progress, "push"))
        # A run that is killed behind this is completed by one that knows nothing of what was asked for.
        state = State(place)
        want(state, objects, job.where)
        state.replace(REQUEST, _dumped(request))

    options = Options(
        selection=job.selection,
        refs=job.chosen.names,
        cache=cache,
        files=job.where.files,
        shared=shared,
        rewrite_ids=not job.keep_ids,
        dry=dry,
        stop=job.chosen.stop,
        check=None if dry else check,
    )
    values = engine.run(place, options, on_progress)
    return {**values, **request} if dry else _kept(place, values, request)


def stage(on_progress: Progress, name: str) -> Callable[[int, int], None]:
    """Return the progress of one stage."""
    return lambda done, total: on_progress(name, done, total)


def complete(place: git.Place) -> dict[str, Any] | None:
    """Complete a run whose refs have moved, or have begun to, and return its report; None where none had moved yet, or
    where an undo was completed."""
    source = Source(place)
    with State(place) as state:
        try:
            engine.resume(source, state)
            if state.read().get("phase") != DONE:
                return None
            values, request = state.load(b"report.json", NO_REPORT), state.load(REQUEST, NO_REPORT)
            if not (values and request):
                raise GuardError("the refs have moved, and what would be told of it is gone.", NO_REPORT)
            return _kept(place, values, request)
        finally:
            source.close()


def _kept(place: git.Place, values: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Put the report together, and keep it as json and as text."""
    state = State(place)
    values = {**values, **request, "phase": "done"}
    values["git_after"] = max(values["git_before"] - values["bytes_packed"], 0)
    values["next"] = messages.next_steps(place, values) if values["refs"] else []
    values["cache"] = state.read().get("cache", request["cache"])
    values["remarks"] = [*values["remarks"], *_line_ends(place, state.read().get("head"))]
    if request["fresh"]:
        # The remote's address was typed, or chosen by us: later pushes need not ask.
        destination.confirm(place, destined(place))
    state.report(values)
    state.replace(b"report.txt", (messages.report(values, whole=True) + "\n").encode("utf-8", "backslashreplace"))
    return values


def _line_ends(place: git.Place, head: Sequence[str] | None) -> list[str]:
    """Return the remark on working files that are not what their pointers say; they stay, as they may be wanted so."""
    if head is None or place.bare:
        return []
    source = Source(place)
    try:
        unlike = worktree.unlike_their_pointers(source, head[0].encode(), head[1].encode())
    finally:
        source.close()
    if not unlike:
        return []
    named = ", ".join(shown(path) for path in unlike[: messages.MAX_NAMED])
    more = f" and {len(unlike) - messages.MAX_NAMED} more" if len(unlike) > messages.MAX_NAMED else ""
    return [
        f"Git checked these out with other line ends (or another encoding) than it stores; their pointers have the "
        f"stored bytes, so DVC takes the files for changed: {named}{more}; for each: "
        f"dvc checkout --force {typed(unlike[0] + b'.dvc')}"
    ]


def report_file(place: git.Place) -> bytes:
    return State(place).file(b"report.txt")


def _dumped(values: dict[str, Any]) -> bytes:
    import json

    return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"


# --- afterwards


def report(place: git.Place) -> dict[str, Any]:
    """Return the report of the last migration, which stays after `finish`; GuardError where there is none."""
    values = State(place).load(b"report.json", NO_REPORT)
    if values.get("phase") != "done" or not values["refs"]:
        raise GuardError(
            problem="no history was migrated here: there is nothing to tell a team.",
            remedy="trinity-guard migrate info --everything",
            exit_code=UNUSABLE,
        )
    return values


def want(state: State, objects: Sequence[tuple[str, int]], where: Destination) -> None:
    """Remember the objects (md5, size) that the new history names, and where they go."""
    state.replace(WANTED, b"".join(b"%s %d\n" % (md5.encode(), size) for md5, size in objects))
    state.replace(WHERE, _dumped({"name": where.name, "url": where.url if where.fresh else ""}))


def destined(place: git.Place) -> Destination:
    """Return where the objects go. What is checked out may not say so: a migration of another branch left it alone."""
    config = select.load_config(place)
    state = State(place)
    where = state.load(WHERE, "check out a branch that has a .dvc/config") if not destination.configured(place) else {}
    if where.get("url"):
        return destination.at(where["name"], where["url"])
    return destination.find(place, config, None)


def cached(place: git.Place) -> odb.Store:
    """Return the cache that the objects went to; where another branch is checked out by now, DVC has a new one."""
    folder, shared = engine.cache_of(place)
    home = State(place).read().get("cache")
    if home is None or os.fsencode(home) == folder:
        return odb.Store(folder, shared)
    return odb.Store(os.fsencode(home))


def wanted(place: git.Place) -> list[tuple[str, int]]:
    """Return the objects (md5, size) that the new history names; GuardError where there is none."""
    try:
        with open(State(place).file(WANTED), "rb") as file:
            lines = file.read().decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        raise GuardError(
            problem="there is no migration here.", remedy="trinity-guard migrate info", exit_code=UNUSABLE
        ) from None
    try:
        return [(md5, int(size)) for md5, _, size in (line.partition(" ") for line in lines)]
    except ValueError:
        raise GuardError(
            problem=f"{shown(State(place).file(WANTED))} is damaged: it names the objects of the new history.",
            remedy="dvc push --all-commits     # sends them all; then trinity-guard migrate finish --force-unpushed",
        ) from None
