"""What `pull` does, and `init` where it is asked to: artifacts as their pointers say, fetched where needed."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.checkout.plan import Follower
from trinity_guard.commands.terminal import confirm, pickles, sync
from trinity_guard.detect import conflicts, patterns
from trinity_guard.dvcrepo import paths, tracked
from trinity_guard.errors import BLOCKED, FINE
from trinity_guard.git.locks import FileLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.checkout.select import PathSelection


def pull(place: git.Place, selection: PathSelection) -> int:
    """Bring what the selection means; the exit code is BLOCKED when something did not come, or is in conflict."""
    config, _ = patterns.load_config(place)
    with FileLock(place):
        catalog = tracked.load(place)
        follower = Follower(place, catalog)
        pointers = [path for path in catalog.entries if paths.is_reference(path)]
        goals = selection.goals(follower.said_here(pointers), "here")
        confirm.about_remotes(place, sorted({(g.project, g.remote or config.remote or "") for g in goals}))
        plan = sync.carried_out(follower, goals, {}, config, fetch=True, only=selection.file)
    plan.errors = [e for e in plan.errors if not conflicts.is_marked(e)]
    sync.report(plan, fetched=True)
    pickles.arrived(place, config, plan)
    unresolved = conflicts.found(place, catalog)
    for conflict in unresolved:
        console.warn(*conflicts.said(conflict))
    if plan.complete() and not (plan.put or unresolved):
        console.note("everything is here already." if plan.right else "nothing to pull: no pointer.")
    return FINE if plan.complete() and not unresolved else BLOCKED
