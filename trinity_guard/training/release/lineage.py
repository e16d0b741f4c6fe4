"""One record of a model, from Git's tag to the remote's bytes, each line of it checked where it can be looked at."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

from trinity_guard import git
from trinity_guard.checkout.desired import Projects
from trinity_guard.dvcrepo import odb, paths
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import GuardError, shown
from trinity_guard.push import deliver
from trinity_guard.remotes import connect
from trinity_guard.training import extra
from trinity_guard.training.release import committed, mark, on_remotes
from trinity_guard.training.release import release as releasing
from trinity_guard.training.release.committed import Model
from trinity_guard.training.release.newest import newest
from trinity_guard.training.release.versions import Registry, Release

# How a line turned out. UNSEEN is never taken for OK: nobody has looked, or nobody could.
OK, WRONG, UNKNOWN, UNSEEN = "ok", "wrong", "could not look", "not looked"


@dataclass(frozen=True)
class Fact:
    """One fact. what: tag, commit, model, metadata, dataset, code, file, run, version, cache, remote, bytes."""

    what: str
    state: str
    text: str


@dataclass
class Record:
    """All that is known of one model. release: None for one that was never released.

    by_file: it was asked for as a file of the work tree, which then has to be the recorded one too.
    """

    name: str
    model: Model
    release: Release | None
    stages: list[str] = field(default_factory=list)
    lines: list[Fact] = field(default_factory=list)
    by_file: bool = False

    def has(self, state: str) -> bool:
        return any(line.state == state for line in self.lines)

    def as_dict(self) -> dict[str, object]:
        """Return plain values, as json holds them."""
        model, told = self.model, self.model.metadata
        return {
            "name": self.name,
            "version": self.release.version if self.release else None,
            "tag": self.release.tag if self.release else None,
            "stages": self.stages,
            "commit": model.commit.decode(),
            "model": _object(model.goal),
            "dataset": _object(model.data) if model.data else None,
            "trained": {"commit": told.text("git", "commit") or None, "dirty": told.dirty},
            "mlflow": {key: told.text("mlflow", key) or None for key in ("run_id", "version", "tracking")},
            "checks": [asdict(line) for line in self.lines],
        }


def _object(goal: Output) -> dict[str, object]:
    return {"path": shown(goal.path), "md5": goal.md5, "size": goal.size, "pointer": shown(goal.source)}


def meant(place: git.Place, text: str, path: bytes, below: bytes = b"") -> Record:
    """Find the record that a version, a tag, or a model's path means; "" means the last release, else the newest model.

    path: the same text as a path from the top; below: the folder whose newest is meant. GuardError where there is
    nothing of the kind.
    """
    registry = Registry()
    found = registry.meant(text)
    if len(found) > 1:
        names = "\n".join(f"trinity lineage {r.tag}" for r in found)
        raise GuardError(f"several models have a {text}.", names, 2)
    if not text and registry.releases:
        standing = [r for r in registry.releases if r.annotated and not r.withdrawn]
        found = sorted(standing, key=lambda r: r.when)[-1:]
    if found:
        model = releasing.of_release(place, found[0])
        return Record(found[0].name, model, found[0], registry.stages(found[0]))
    tree = committed.CommitFiles(place, git.require_commit(b"HEAD"))
    if text and tree.goal(path) is None and not os.path.lexists(place.file(path)):
        raise GuardError(f"there is no release, and no model, {text} here.", "gto show     # or: git fetch --tags", 2)
    model = committed.model(tree, path if text else newest(tree, below, "trinity lineage"))
    # The version that has just these bytes, where one has.
    of = next((r for r in reversed(registry.of(model.name)) if r.said.get("model_md5") == model.goal.md5), None)
    if of is not None:
        model = releasing.of_release(place, of)
    return Record(model.name, model, of, registry.stages(of) if of else [], by_file=bool(text))


def check(
    place: git.Place, choice: str, record: Record, look: bool, on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Fill in the lines. look: ask MLflow and the remotes too, and read every byte; without it, Git alone is read.

    choice: the configured remote. on_progress(bytes, in all) of the model's download.
    """
    record.lines = [*_tag(record), *_commit(record), *_metadata(record), *_data(record), *_code(record)]
    if record.by_file:
        record.lines += _here(place, record.model, look)
    record.lines += _mlflow(place, record, look)
    wanted = [g for g in (record.model.goal, record.model.data) if g]
    if not look:
        record.lines += [Fact("remote", UNSEEN, shown(g.path)) for g in wanted]
        return
    record.lines += [line for goal in wanted for line in _kept(place, goal)]
    record.lines += _remote(place, choice, wanted)
    record.lines.append(_fetched(place, choice, record.model.goal, on_progress))


def _tag(record: Record) -> Iterator[Fact]:
    release = record.release
    if release is None:
        yield Fact("tag", UNSEEN, "never released: trinity release VERSION")
        return
    stages = f", stage {', '.join(record.stages)}" if record.stages else ""
    said = f"{release.tag}, {release.when[:10]} by {release.who}{stages}"
    if not release.annotated:
        yield Fact("tag", WRONG, f"{release.tag} is no annotated tag: no release to GTO")
    elif release.withdrawn:
        yield Fact("tag", WRONG, f"{release.tag} was withdrawn")
    elif release.said.get("model_md5") not in (None, record.model.goal.md5):
        yield Fact("tag", WRONG, f"{release.tag} was made of md5 {release.said['model_md5']}")
    elif release.said.get("model_sha256") not in (None, record.model.metadata.text("model", "sha256")):
        yield Fact("tag", WRONG, f"{release.tag} was made of sha256 {release.said['model_sha256']}")
    else:
        yield Fact("tag", OK, said)


def _commit(record: Record) -> Iterator[Fact]:
    commit = record.model.commit
    out = git.run("log", "-1", "--format=%cs %s", commit, "--").decode("utf-8", "replace").strip()
    yield Fact("commit", OK, f"{commit[:10].decode()} {out}")


def _metadata(record: Record) -> Iterator[Fact]:
    goal, told = record.model.goal, record.model.metadata
    yield Fact("model", OK, f"{shown(goal.path)} md5 {goal.md5} ({shown(goal.source)})")
    said = told.text("model", "md5")
    name = shown(committed.metadata_path(goal.path))
    same = said == goal.md5
    yield Fact("metadata", OK if same else WRONG, f"{name}{'' if same else f' says md5 {said or None}'}")


def _data(record: Record) -> Iterator[Fact]:
    model = record.model
    said = model.metadata.text("dataset", "md5")
    name = shown(model.data_path) or model.metadata.text("dataset", "path") or "none named"
    if model.metadata.without_dataset:
        yield Fact("dataset", UNSEEN, "none named: trinity record MODEL --dataset PATH")
    elif said and model.data_in_git == said:
        yield Fact("dataset", OK, f"{name} md5 {said} (in Git)")
    elif model.data is None:
        yield Fact("dataset", WRONG, f"{name} md5 {said or None}: no pointer of this commit names it")
    elif model.data.md5 != said:
        yield Fact("dataset", WRONG, f"{name} md5 {model.data.md5}, but the model was trained on md5 {said or None}")
    else:
        yield Fact("dataset", OK, f"{name} md5 {said} ({shown(model.data.source)})")


def _by_pipeline(model: Model) -> bool:
    return paths.is_lock(model.goal.source)


def _code(record: Record) -> Iterator[Fact]:
    told = record.model.metadata
    commit = told.text("git", "commit")
    if not commit and _by_pipeline(record.model):
        # No output of a stage says when or where it was made: the lock beside it has what it was made of.
        yield Fact("code", OK, f"a stage of {shown(record.model.goal.source)}: dvc repro")
        return
    if not commit and told.text("git", "branch"):
        yield Fact("code", UNSEEN, "trained before the first commit")
        return
    if not commit:
        yield Fact("code", UNKNOWN, "the metadata names no commit that it was trained at")
        return
    dirty = " with changes that no commit holds" if told.dirty else ""
    short = shown(commit[:10].encode("utf-8", "surrogateescape"))
    result = git.attempt("merge-base", "--is-ancestor", "--end-of-options", commit, record.model.commit)
    if result.code == 0:
        yield Fact("code", OK, f"trained at {short}{dirty}")
    elif result.code == 1:
        yield Fact("code", WRONG, f"trained at {short}, which does not lead to this commit")
    else:
        yield Fact("code", UNKNOWN, f"trained at {short}, which is not in this clone")


def _here(place: git.Place, model: Model, look: bool) -> Iterator[Fact]:
    """Compare model and metadata in the work tree with those of the model's commit; nothing for what is not fetched.

    Not with HEAD: a later commit may have changed what tells of a released model.
    """
    name, path = shown(model.path), committed.metadata_path(model.path)
    if os.path.lexists(place.file(path)):
        changed = git.run("diff", "--name-only", "-z", model.commit, "--", path, env=git.literal())
        said = f"{shown(path)} here is {'not ' if changed else ''}as commit {model.commit[:10].decode()} has it"
        yield Fact("file", WRONG if changed else OK, said)
    file = place.file(model.path)
    if not os.path.isfile(file) and not (model.goal.is_dir and os.path.isdir(file)):
        return
    if not look:
        yield Fact("file", UNSEEN, name)
        return
    if model.goal.is_dir:
        right = os.path.isdir(file) and WorkDirectory(place, model.goal).md5() == model.goal.md5
    else:
        right = odb.says(model.goal.name, odb.md5_of(file), file)
    if right and committed.differs(place, model):
        yield Fact("file", WRONG, f"{name} here has its pointer's md5, and not the sha256 of its metadata")
        return
    yield Fact("file", OK if right else WRONG, f"{name} here is {'' if right else 'not '}what its pointer names")


# --- MLflow


def _mlflow(place: git.Place, record: Record, look: bool) -> Iterator[Fact]:
    told = record.model.metadata
    run_id = told.text("mlflow", "run_id")
    name, number = mark.registered(told)
    if not run_id and "mlflow" not in told.all and _by_pipeline(record.model):
        return
    if not run_id and not told.is_trainers:
        return  # a model of one's own, of which nobody named a run
    if not run_id:
        yield Fact("run", UNKNOWN, "the metadata names no MLflow run")
    elif not look:
        yield Fact("run", UNSEEN, f"{run_id} ({told.text('mlflow', 'tracking')})")
        if number:
            yield Fact("version", UNSEEN, f"{name} {number}")
    else:
        try:
            yield from _asked_mlflow(place, record, run_id)
        except GuardError as error:
            yield Fact("run", UNKNOWN, f"{run_id}: {error.problem}")


def _asked_mlflow(place: git.Place, record: Record, run_id: str) -> Iterator[Fact]:
    from trinity_guard.training.tracking import names, runs  # MLflow is asked here alone

    extra.require_mlflow("trinity lineage --verify")
    store_ = runs.store(os.fsdecode(place.top))
    model, told = record.model, record.model.metadata
    run = runs.run_of(store_, run_id)
    if run is None:
        where = told.text("mlflow", "tracking")
        # The trainer's own database stays on the machine that trained, so that its absence elsewhere proves nothing.
        absent = f"{store_.shown} has no run {run_id}"
        yield Fact("run", UNKNOWN, f"{absent}; it was logged to {where}" if where else absent)
        return
    ours = (model.goal.md5, told.text("model", "sha256"))
    wanted = {**names.wanted(run["tags"], *ours), "git_commit": told.text("git", "commit")}
    yield _agreeing("run", run_id, run["tags"], {k: v for k, v in wanted.items() if v})
    name, number = mark.registered(told)
    if not number:
        return
    version = runs.version(store_, name, number)
    if version is None or version["run_id"] != run_id:
        words = f"is of run {version['run_id']}" if version else "is not there"
        yield Fact("version", WRONG, f"{name} {number} {words}")
        return
    wanted = {}
    if record.release:
        wanted = {"semver": record.release.version, "git_commit": model.commit.decode()}
        wanted |= names.wanted(version["tags"], *ours)
    yield _agreeing("version", f"{name} {number}", version["tags"], wanted)


def _agreeing(what: str, name: str, tags: dict[str, str], wanted: dict[str, str]) -> Fact:
    wrong = [f"its {k} is {tags.get(k, 'not set')}, not {v}" for k, v in wanted.items() if tags.get(k) != v]
    return Fact(what, WRONG if wrong else OK, "; ".join([name, *wrong]))


# --- the bytes


def _kept(place: git.Place, goal: Output) -> Iterator[Fact]:
    """Hash what the cache has of it; nothing where it has none."""
    cache = Projects(place).cache_reader(goal.project).own
    if cache.size(goal.name) is not None:
        right = cache.holds(goal.name)
        yield Fact("cache", OK if right else WRONG, f"{shown(goal.path)}{'' if right else ' is damaged'}")


def _remote(place: git.Place, choice: str, wanted: list[Output]) -> Iterator[Fact]:
    for goal in (g for g in wanted if not g.from_repo):
        try:
            found = on_remotes.asked(place, choice, [goal, *on_remotes.members(place, goal)])
            wrong = next((reason for _, _, reason in found if reason), "")
            yield Fact("remote", WRONG if wrong else OK, wrong or f"{shown(goal.path)} is on '{found[0][1]}'")
        except GuardError as error:
            yield Fact("remote", UNKNOWN, error.problem)


def _fetched(place: git.Place, choice: str, goal: Output, on_progress: Callable[[int, int], None] | None) -> Fact:
    """Fetch the model from the remote once more, to a folder that goes again, and hash what came."""
    name = shown(goal.path)
    try:
        to = deliver.destination(place, goal.project, (goal.remote or choice).lower())
        os.makedirs(place.own, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="lineage-", dir=os.fsdecode(place.own)) as folder:
            store = odb.Store(os.fsencode(folder))
            with connect.connect(to.settings, to.name) as remote:
                wanted = [goal, *on_remotes.members(place, goal)]
                reason = next(iter(remote.fetch(wanted, store, on_progress).values()), "")
            if not reason and all(store.holds(one.name) for one in wanted):
                return Fact("bytes", OK, f"{name} fetched from '{to.name}' and hashed")
        return Fact("bytes", WRONG, f"{name} on '{to.name}': {reason or 'other bytes came'}")
    except GuardError as error:
        return Fact("bytes", UNKNOWN, f"{name}: {error.problem}")
