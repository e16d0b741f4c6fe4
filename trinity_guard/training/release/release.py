"""A release: Git's annotated tag `NAME@v1.2.0`, a stage, and what MLflow's registry then shows; or why it is refused.

Git's tag is the truth and is made first, in one step. What follows it can be made up for: the same command again
completes a release that was cut short, and does nothing else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from trinity_guard import git
from trinity_guard.checkout import use
from trinity_guard.checkout.desired import Projects, expand
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import BLOCKED, GuardError, quoted, shown, typed
from trinity_guard.push import deliver
from trinity_guard.remotes import connect
from trinity_guard.training import provenance
from trinity_guard.training.release import committed, elsewhere, versions
from trinity_guard.training.release import mark as marking
from trinity_guard.training.release.committed import Model
from trinity_guard.training.release.newest import newest
from trinity_guard.training.release.versions import Registry, Release

HEAD = b"HEAD"
# Where models go unless one says otherwise.
FOLDER = os.fsdecode(committed.FOLDER)


@dataclass(frozen=True)
class Asked:
    """What the command line says. model: a path from the top, b"" for the newest; mlflow: False leaves it alone.

    below: the folder whose newest is meant, where it has any. offline_ok: release also where the Git remote cannot be
    asked what is released already.
    """

    version: str
    model: bytes = b""
    stage: str = ""
    backport: bool = False
    mlflow: bool = True
    offline_ok: bool = False
    below: bytes = b""


@dataclass
class ReleasePlan:
    """What is to be done: the tag (unless it is there), the stage's tag ("": none), and MLflow's marks (None: none)."""

    model: Model
    version: str
    tag: str
    is_new: bool
    stage: str = ""
    stage_tag: str = ""
    mark: marking.Mark | None = None
    notes: list[str] = field(default_factory=list)


def plan(place: git.Place, choice: str, asked: Asked) -> ReleasePlan:
    """Decide what a release does. choice: the configured remote, "" for DVC's default.

    GuardError (exit 1) that says all that speaks against it, before anything is touched.
    """
    versions.checked(asked.version)
    if asked.stage and not versions.NAME.fullmatch(asked.stage):
        raise GuardError(f"'{asked.stage}' is no name for a stage.", "trinity release v1.2.0 --stage prod", 2)
    registry = Registry()
    tree = committed.CommitFiles(place, use.commit_of(HEAD))
    path = asked.model or newest(tree, asked.below, f"trinity release {asked.version} --model")
    there = _released(registry, tree, path, asked.version)
    if there is not None:
        return _completion(place, registry, there, path, asked)
    model = committed.model(tree, path)
    made = _plan(registry, model, asked, is_new=True)
    made.notes += elsewhere.require_all(place, model.name, asked.offline_ok)
    complaints = [
        *_order(registry, model, asked), *_uncommitted(model), *_bytes(place, model), *_metadata(model),
        *_data(place, model),
    ]  # fmt: skip
    # What costs most last, and not at all where something is to be mended first.
    _refuse(complaints, path, asked.version)
    _refuse(_remote(place, choice, [model.goal, *([model.data] if model.data else [])]), path, asked.version)
    if asked.mlflow:
        made.mark, wrong = marking.planned(place, model, made.version, asked.stage, _alias(registry, model, asked))
        _refuse(wrong, path, asked.version)
    return made


def _plan(registry: Registry, model: Model, asked: Asked, is_new: bool) -> ReleasePlan:
    made = ReleasePlan(model, asked.version, f"{model.name}@{asked.version}", is_new)
    if asked.stage:
        made.stage, made.stage_tag = asked.stage, registry.next_stage_tag(model.name, asked.stage)
    if model.metadata.without_dataset:
        made.notes.append("its metadata names no dataset: trinity record MODEL --dataset PATH says what it was made of")
    if model.metadata.dirty:
        made.notes.append("it was trained with changes in the work tree that no commit holds")
    same = [r.version for r in registry.of(model.name) if r.said.get("model_md5") == model.goal.md5]
    if same and is_new:
        made.notes.append(f"the same bytes as {same[-1]}")
    return made


def _refuse(complaints: Sequence[tuple[str, str]], path: bytes, version: str) -> None:
    if complaints:
        lines = [f"{shown(path)} cannot be released as {version}:", *(f"  {problem}" for problem, _ in complaints)]
        remedies = dict.fromkeys(line for _, remedy in complaints for line in remedy.splitlines())
        raise GuardError("\n".join(lines), "\n".join(remedies), BLOCKED)


# --- already there


def _released(registry: Registry, tree: committed.CommitFiles, path: bytes, version: str) -> Release | None:
    """Return the release of this version of the model's name, by whatever commit."""
    try:
        metadata = tree.metadata(path)
    except GuardError:
        metadata = None  # told by `model`, when nothing of this version is there
    name = metadata.name if metadata else ""
    found = [r for r in registry.releases if r.version == version and r.name in (name or r.name,)]
    return found[0] if found else None


def _completion(place: git.Place, registry: Registry, there: Release, path: bytes, asked: Asked) -> ReleasePlan:
    """Return what a release that was cut short still lacks; GuardError where that is nothing, or it is another one."""
    if not there.annotated:
        raise GuardError(
            f"the tag {there.tag} is there, but it is no annotated one: to GTO it is no release.",
            f"git tag -d {quoted(there.tag)}     # if nobody needs it",
        )
    if there.withdrawn:
        raise GuardError(f"{there.tag} was released and withdrawn.", "gto history     # take the next version")
    model = of_release(place, there)
    # A stage goes back to an older version, whatever model is here now.
    back = bool(asked.stage) and asked.stage not in registry.stages(there)
    if asked.model not in (b"", model.path) or not (back or _same(place, model, path)):
        raise _again(there, model)
    made = _plan(registry, model, asked, is_new=False)
    if asked.stage in registry.stages(there):
        made.stage = made.stage_tag = ""
    if asked.mlflow:
        last = registry.of(there.name)[-1:] == [there] and versions.is_final(there.version)
        alias = marking.UNLESS_LATER if last else marking.NO
        made.mark, wrong = marking.planned(place, model, there.version, asked.stage, alias)
        if made.mark is None and wrong and not made.stage:
            again = _again(there, model)
            problem, remedy = wrong[0]
            raise GuardError(
                f"{again.problem} Whether MLflow shows it cannot be told: {problem}.", f"{again.remedy}\n{remedy}"
            )
    if not made.stage and made.mark is None:
        raise _again(there, model)
    return made


def _same(place: git.Place, model: Model, path: bytes) -> bool:
    """Whether the model that is here now is the one that was released."""
    try:
        now = committed.model(committed.CommitFiles(place, use.commit_of(HEAD)), path)
    except GuardError:
        return False
    return now.goal.md5 == model.goal.md5


def _again(there: Release, model: Model) -> GuardError:
    words = f"{there.version} is released already: {shown(model.path)} of commit {there.commit[:10].decode()}"
    return GuardError(f"{words}{f', {there.when[:10]}' if there.when else ''}.", f"trinity lineage {there.tag}")


def of_release(place: git.Place, release: Release) -> Model:
    """Return the model that a release is of: what its tag says, else the newest of its commit."""
    commit = use.commit_of(b"refs/tags/" + os.fsencode(release.tag))
    tree = committed.CommitFiles(place, commit)
    said = release.said.get("model", "")
    path = os.fsencode(said) if said else _only(tree, release)
    found = committed.model(tree, path)
    if found.name != release.name:
        raise GuardError(f"{release.tag} leads to {shown(path)}, whose metadata calls it {found.name}.")
    return found


def _only(tree: committed.CommitFiles, release: Release) -> bytes:
    """Return the model that a tag of GTO's own means, which names none: the one of its name in that commit."""
    found = []
    for goal in tree.goals():
        metadata = tree.metadata(goal.path) if committed.metadata_path(goal.path) in tree.entries else None
        if metadata and metadata.name == release.name:
            found.append((metadata.text("created"), goal.path))
    if not found:
        raise GuardError(f"the commit of {release.tag} has no model of that name with metadata.", "gto history")
    return max(found)[1]


# --- what speaks against it: (problem, remedy)


def _alias(registry: Registry, model: Model, asked: Asked) -> str:
    """Whether this becomes the version that everybody should take: final, and the greatest."""
    below = all(versions.rank(r.version) < versions.rank(asked.version) for r in registry.of(model.name))
    return marking.YES if below and versions.is_final(asked.version) else marking.NO


def _order(registry: Registry, model: Model, asked: Asked) -> list[tuple[str, str]]:
    found = []
    standing = registry.of(model.name)
    for other in standing:
        if other.commit == model.commit:
            # GTO takes one version of a model a commit.
            found.append(
                (
                    f"this commit is released already, as {other.version}",
                    f"git commit --allow-empty -m 'Release {asked.version}'     # a commit of its own",
                )
            )
        if versions.rank(other.version) == versions.rank(asked.version):
            found.append((f"{other.version} is released already, and ranks the same", f"trinity lineage {other.tag}"))
    if standing and versions.rank(standing[-1].version) > versions.rank(asked.version) and not asked.backport:
        found.append(
            (
                f"{standing[-1].version} is released already, and greater",
                f"trinity release {asked.version} --backport     # for an older line",
            )
        )
    return found


def _uncommitted(model: Model) -> list[tuple[str, str]]:
    files = [*model.files, committed.card_path(model.path)]
    out = git.run(
        "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *files, env=git.literal()
    )
    changed = [line[3:] for line in out.split(b"\0") if line]
    return [
        (
            f"{shown(path)} is not as it is committed",
            f"git add {typed(path)} && git commit     # or, back to what is committed: git restore -SW PATH",
        )
        for path in changed
    ]


def _bytes(place: git.Place, model: Model) -> list[tuple[str, str]]:
    """Compare the file in the work tree, where it is there, with its pointer."""
    file, name = place.file(model.path), typed(model.path)
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return []  # not fetched: what is released is what the pointer names
    if model.goal.is_dir and stat.S_ISDIR(mode) and WorkDirectory(place, model.goal).md5() == model.goal.md5:
        return _by_sha256(place, model)
    if stat.S_ISREG(mode) and odb.says(model.goal.name, odb.md5_of(file), file):
        return _by_sha256(place, model)
    return [(
        f"{shown(model.path)} is not what {shown(model.goal.source)} records",
        f"trinity-guard convert {name} && git commit     # records it\n"
        f"trinity-guard use HEAD {name}     # or: the recorded one, when this one is moved away",
    )]  # fmt: skip


def _by_sha256(place: git.Place, model: Model) -> list[tuple[str, str]]:
    if not committed.differs(place, model):
        return []
    said = "has the md5 that its pointer names, and not the sha256 of its metadata: somebody made two files of one md5"
    return [(f"{shown(model.path)} {said}", _described_anew(model))]


def _metadata(model: Model) -> list[tuple[str, str]]:
    told, where = model.metadata, shown(committed.metadata_path(model.path))
    if not os.fsdecode(model.path).isprintable():
        # Its folder is what the user chose: a training to the same one would bear the same name.
        problem = f"the name of its file, {shown(model.path)}, holds what cannot stand in a tag's message"
        return [(problem, f"trinity train --output {FOLDER} && git add -A && git commit")]
    found = []
    if told.text("model", "md5") != model.goal.md5:
        found.append(f"{where} is of another model (md5 {told.text('model', 'md5')[:10] or 'none'})")
    if os.path.basename(told.text("model", "path")) != os.path.basename(os.fsdecode(model.path)):
        found.append(f"{where} names another file")
    return [(problem, _described_anew(model)) for problem in found]


def _described_anew(model: Model) -> str:
    """Return the command that writes a model's metadata: the trainer's comes with another model."""
    if model.metadata.is_trainers:
        return "trinity train && git add -A && git commit     # writes both"
    files = f"{typed(committed.metadata_path(model.path))} {typed(committed.card_path(model.path))}"
    return f"trinity record {typed(model.path)} && git add {files} && git commit"


def _data(place: git.Place, model: Model) -> list[tuple[str, str]]:
    told = model.metadata.text("dataset", "path")
    if model.metadata.without_dataset:
        return []
    if not told:
        return [("its metadata names no dataset", _described_anew(model))]
    name, wanted = shown(os.fsencode(told)), model.metadata.text("dataset", "md5")
    if not model.data_path:
        return [(f"its dataset {name} lies outside of this repository", "trinity train --dataset data/FILE.csv")]
    if not told.isprintable():
        return [(
            f"the name of its dataset, {name}, holds what cannot stand in a tag's message",
            f"mv {typed(os.fsencode(told))} data/FILE.csv && trinity train --dataset data/FILE.csv && "
            "git add -A && git commit",
        )]  # fmt: skip
    if wanted and wanted in (model.data.md5 if model.data else "", model.data_in_git):
        return []
    problem = f"it was trained on another {name} than this commit records"
    if model.data is None and not model.data_in_git:
        problem = f"no pointer of this commit names its dataset {name}"
    if not model.metadata.is_trainers:
        path = typed(model.data_path)
        again = f"trinity record {typed(model.path)} --dataset {path}     # if it was trained on what is here now"
        return [(problem, f"git add {path} && git commit     # as it was when the model was recorded\n{again}")]
    return [(problem, _recording(place, model.data_path, wanted))]


def _recording(place: git.Place, path: bytes, md5: str) -> str:
    """Return the commands that record a table: as it is, if it is the one that was trained on, else with a training."""
    file, top = os.fsdecode(place.file(path)), os.fsdecode(place.top)
    try:
        same = odb.md5_of(place.file(path)) == md5
    except OSError:  # not fetched: what its pointer says will be committed
        pointed = provenance.recorded(file, top)
        same = pointed is not None and pointed.md5 == md5
    names = " ".join(typed(os.fsencode(name)) for name in provenance.unrecorded(file, top))
    if same and names:
        return f"git add {names} && git commit     # it is the one that was trained on"
    if same:
        return f"trinity-guard convert {typed(path)} && git commit     # Git has it raw"
    added = f"git add {names} && git commit && " if names else ""
    return f"{added}trinity train && git add -A && git commit     # trains on what is recorded"


def _remote(place: git.Place, choice: str, wanted: Sequence[Output]) -> list[tuple[str, str]]:
    whole = [part for goal in wanted for part in (goal, *members(place, goal))]
    return [(reason, "trinity-guard push") for _, _, reason in on_remotes(place, choice, whole) if reason]


def members(place: git.Place, goal: Output) -> list[Output]:
    """Return the files of a directory whose list is here; without it, the list alone can be asked for."""
    if not goal.is_dir or goal.from_repo:
        return []
    found = list(expand(Projects(place).cache_reader(goal.project), goal) or [])
    for member in found:
        member.project, member.remote = goal.project, goal.remote
    return found


def on_remotes(place: git.Place, choice: str, wanted: Sequence[Output]) -> list[tuple[Output, str, str]]:
    """Ask the remotes for these objects: (object, remote's name, what is wrong with it there or "").

    GuardError where a remote cannot be asked: then nothing is known.
    """
    groups: dict[tuple[bytes, str], list[Output]] = {}
    # What was imported from another DVC repository lies on that one's remote, and is fetched from there.
    for goal in (g for g in wanted if not g.from_repo):
        groups.setdefault((goal.project, (goal.remote or choice).lower()), []).append(goal)
    found = []
    for (project, name), group in groups.items():
        try:
            to = deliver.destination(place, project, name)
            if to.remote.versioned:
                raise GuardError(f"the remote '{to.name}' keeps versions of its own, and no objects by their md5.")
            with connect.connect(to.settings, to.name) as remote:
                there = remote.sizes([g.name for g in group])
        except GuardError as error:
            names = ", ".join(shown(g.path) for g in group)
            problem = f"whether others can fetch {names} cannot be told: {error.problem.rstrip('.')}."
            raise GuardError(problem, error.remedy, error.exit_code) from error
        found += [(g, to.name, _missing(g, to.name, there)) for g in group]
    return found


def _missing(goal: Output, name: str, there: dict[str, int]) -> str:
    size = there.get(goal.name)
    if size is None:
        return f"{shown(goal.path)} is not on the remote '{name}'"
    wanted = goal.object_size
    if wanted >= 0 and size not in (-1, wanted):
        return f"{shown(goal.path)} is damaged on the remote '{name}': {size_text(size)} of {size_text(wanted)}"
    return ""


# --- doing it


def carry_out(made: ReleasePlan) -> None:
    """Make the tags, then mark MLflow's version. Each step is whole or not there, and none is done twice."""
    if made.is_new:
        versions.make_tag(made.tag, made.model.commit, message(made))
    if made.stage_tag:
        text = f"Assigning stage {made.stage} to artifact {made.model.name} version {made.version}"
        versions.make_tag(made.stage_tag, made.model.commit, f"{text}\n")
    if made.mark is not None:
        made.mark.put()


def message(made: ReleasePlan) -> str:
    """Return the tag's message: GTO's own line, and below it what was released."""
    model, told = made.model, made.model.metadata
    facts = {
        "model": os.fsdecode(model.path),
        "model_md5": model.goal.md5,
        "model_sha256": told.text("model", "sha256"),
        "dataset": os.fsdecode(model.data_path),
        "dataset_md5": told.text("dataset", "md5"),
        "mlflow_run": told.text("mlflow", "run_id"),
        "mlflow_version": told.text("mlflow", "version"),
    }
    lines = [f"{key}: {value}" for key, value in facts.items() if value]
    return "\n".join([f"Registering artifact {model.name} version {made.version}", "", *lines, ""])


def publishing(made: ReleasePlan) -> str:
    """Return the command that publishes the tags, "" where there is no Git remote."""
    name = elsewhere.remote(git.place())
    if not name:
        return ""
    tags = [t for t in (made.tag if made.is_new else "", made.stage_tag) if t] or [made.tag]
    return f"git push {typed(os.fsencode(name))} {' '.join(quoted(t) for t in tags)}"
