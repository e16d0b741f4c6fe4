"""`use --ours|--theirs|--base|--union`: a conflict is resolved, in the index and the work tree, and the data comes."""

from __future__ import annotations

import os

from trinity_guard.checkout import apply, desired, union
from trinity_guard.detect.conflicts import BASE, OURS, SIDES, THEIRS, Conflict
from trinity_guard.dvcrepo import merge, paths
from trinity_guard.errors import BLOCKED, GuardError, shown, typed
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import git
    from trinity_guard.checkout.apply import Fetcher
    from trinity_guard.checkout.plan import Follower, Former
    from trinity_guard.dvcrepo.output import Output

UNION = "union"


def meant(conflicts: Sequence[Conflict], names: Sequence[bytes], resolved: Sequence[Conflict] = ()) -> list[Conflict]:
    """Return the conflicts that these paths mean (pointers, artifacts, folders; none: all); GuardError for none.

    resolved: those that were; of them one is meant by its own name alone.
    """
    chosen: dict[bytes, Conflict] = {}
    for name in names or [b""]:
        here = [c for c in conflicts if not name or _means(name, c)]
        here = here or [c for c in resolved if name in (c.path, c.artifact)]
        if not here:
            what = shown(name) if name else "no pointer and no dvc.lock"
            raise GuardError(f"{what} is {'not ' if name else ''}in conflict.", "git status", BLOCKED)
        chosen.update((c.path, c) for c in here)
    return list(chosen.values())


def _means(name: bytes, conflict: Conflict) -> bool:
    targets = {conflict.path, conflict.artifact, *(o.path for side in SIDES for o in conflict.outputs(side))}
    return any(t == name or t.startswith(name + b"/") for t in targets)


def version(conflict: Conflict, side: str, place: git.Place, remote: str) -> bytes | None:
    """Return a conflict's file as the side has it, None where that has none; GuardError where it is not known.

    remote: the configured one, for lists of directories that are united ("": DVC's default).
    """
    if side == UNION:
        return _union(conflict, place, remote)
    if side not in conflict.versions:
        known = [s for s in (OURS, THEIRS, BASE) if s in conflict.versions]
        ways = [f"trinity-guard use --{s} {typed(conflict.artifact)}" for s in known]
        raise GuardError(f"{shown(conflict.path)}: the version '{side}' is not known.", "\n".join(ways) or "git status")
    data = conflict.versions[side]
    return data if data is None else _fitted(conflict, data)


def _fitted(conflict: Conflict, data: bytes) -> bytes:
    """Return a version whose path is the pointer's own: a side that renamed both brought it, the other lacks it."""
    name = os.fsdecode(os.path.basename(conflict.artifact))
    texts = {o.text for side in SIDES for o in conflict.outputs(side)}
    own = [o.text for o in _read(conflict, data)]
    return merge.with_path(data, name) if len(own) == 1 and name in texts and own != [name] else data


def _read(conflict: Conflict, data: bytes) -> list[Output]:
    side = next((s for s, d in conflict.versions.items() if d == data), "")
    return [] if paths.is_lock(conflict.path) else conflict.outputs(side)


def _union(conflict: Conflict, place: git.Place, remote: str) -> bytes:
    ours, base, theirs = (conflict.versions.get(s) or b"" for s in (OURS, BASE, THEIRS))

    def unite(mine: Output, before: Output | None, other: Output) -> dict[str, object] | None:
        return union.made(place, remote, mine, before, other) if mine.is_dir else None

    made = merge.aligned(ours, base, theirs, conflict.path, unite) if ours and theirs else None
    if made is None:
        name = typed(conflict.artifact)
        raise GuardError(
            f"{shown(conflict.path)}: both sides changed the same, so there is no union of them.",
            f"trinity-guard use --ours {name}     # or --theirs",
        )
    return made[0]


def prepare(
    follower: Follower, chosen: dict[bytes, bytes | None], conflicts: Sequence[Conflict], fetcher: Fetcher
) -> None:
    """Decide, and fetch what is missing; GuardError, before anything is touched, where not all of it can be brought."""
    goals = said(follower, chosen)
    # What is deleted claims its file no more, also where another side was chosen before.
    catalog = follower.catalog
    catalog.held = [o for o in catalog.held if chosen.get(o.source, b"") is not None]
    apply.bring(follower, goals, _former(follower, conflicts), fetcher)
    plan = follower.plan
    problems = [e.problem for e in plan.errors]
    problems += [f"{shown(k.path)} {k.reason}" for k in plan.kept if k.kind not in ("unnamed", "git")]
    # What a pipeline makes it makes again.
    lacking = [(g, why) for g, why in plan.missing if not g.stage]
    problems += [f"{shown(g.path)} {why or 'is not in the cache'}" for g, why in lacking]
    if problems:
        ways = [e.remedy for e in plan.errors if e.remedy]
        ways += [f"mv {typed(k.path)} ELSEWHERE     # and then again" for k in plan.kept if k.kind == "changed"]
        raise GuardError("\n".join(["nothing was touched:", *(f"  {p}" for p in problems)]), "\n".join(ways), BLOCKED)


def said(follower: Follower, chosen: dict[bytes, bytes | None]) -> list[Output]:
    """Return what these versions ask for."""
    texts: dict[bytes, tuple[bytes, bytes | None]] = {}
    for path, data in chosen.items():
        if data is not None:
            yaml = desired.read_working(follower.place.top, paths.yaml_beside(path)) if paths.is_lock(path) else None
            texts[path] = data, yaml
    return follower.said(texts)


def _former(follower: Follower, conflicts: Sequence[Conflict]) -> Former:
    """Return what the work tree may hold: any of the versions, which are all recorded."""
    oids = {c.path: [e.oid for e in c.entries.values()] for c in conflicts}
    former = follower.former(oids)
    for conflict in conflicts:
        for output in (o for side in SIDES for o in conflict.outputs(side) if not o.is_dir):
            former.files.setdefault(output.path, []).append(output.name)
    return former


def resolve(place: git.Place, chosen: dict[bytes, bytes | None], ids: dict[bytes, bytes]) -> None:
    """Give these files their content, or take them away, in the index and the work tree. ids: path -> blob."""
    width = len(next(iter(ids.values()), b"0" * 40))
    index.replace(
        [(b"0", b"0" * width, path) for path in chosen] + [(index.REGULAR, oid, path) for path, oid in ids.items()]
    )
    for path, data in chosen.items():
        if data is None:
            files.unlink(place.file(path))
        else:
            files.replace_in(place, path, data)
