"""All checks, in their order; run one after the other, and what can be mended without asking."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.doctor import driver, dvc, hooks, machine, objects, rules, settings, unfinished
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Check, Repository, Unseen
from trinity_guard.dvcrepo import paths
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import index, partial, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trinity_guard import Progress

# The names are a contract: json has them.
ANYWHERE: dict[str, Callable[[Repository], Check]] = {
    "git": machine.git_version,
    "python": machine.python_version,
    "dvc": machine.dvc_version,
    "git-objects": machine.object_format,
    "git-locks": machine.locks,
    "file-system": machine.file_system,
    "disk": machine.disks,
    "queue": objects.queue,
    "migration": unfinished.migration,
    "temporary-files": unfinished.temporary,
}
IN_A_WORK_TREE: dict[str, Callable[[Repository], Check]] = {
    "config": settings.configuration,
    "patterns": settings.patterns,
    "hooks-path": hooks.reached,
    "hooks": hooks.present,
    "hooks-before-ours": hooks.kept,
    "hooks-template": hooks.template,
    "framework": hooks.by_pre_commit,
    "program": hooks.program,
    "filter": driver.filters,
    "sparse-checkout": settings.sparse,
    "dvc-project": settings.dvc_project,
    "dvc-plugins": machine.plugins,
    "cache-type": dvc.cache_type,
    "places": dvc.places,
    "credentials-committed": rules.credentials,
    "credentials-in-history": dvc.in_history,
    "credentials-private": dvc.kept_private,
    "remote": dvc.remotes,
    "credentials": dvc.login,
    "pointers": rules.pointers,
    "objects": objects.here_and_there,
    "objects-of-history": objects.only_in_history,
    "pointers-hidden": settings.hidden_pointers,
    "artifacts-not-ignored": rules.not_ignored,
    "tracked-twice": rules.tracked_twice,
    "git-lfs": settings.large_file_storage,
    "conversion": unfinished.conversion,
    "sync": unfinished.following,
    "conflicts": unfinished.unmerged,
}

# The names of what `paths.is_dvc_path` is about, as Git matches them.
RECORDS = (*paths.RECORDS, *paths.CONFIGS)


def examine(place: git.Place, offline: bool = False, on_progress: Progress | None = None) -> list[Check]:
    """Run every check, each whatever the others say. place: where we are; the current folder is its top."""
    subject = Repository(place, offline)
    if not place.bare and partial.remote(place.common_dir):
        _bring_records(subject)
    checks = dict(ANYWHERE) if place.bare else {**ANYWHERE, **IN_A_WORK_TREE}
    found = []
    for done, (name, look) in enumerate(checks.items()):
        if on_progress:
            on_progress(done, len(checks))
        check = _looked(look, subject)
        check.name = name
        found.append(check)
    if place.bare:
        rest = Check(WARNING, "this is a bare repository: hooks, configuration and pointers were not looked at.",
                     "run it in a clone")  # fmt: skip
        rest.name = "work-tree"
        found.append(rest)
    return found


def _bring_records(subject: Repository) -> None:
    """Fetch at once what a partial clone lacks of DVC's files: several checks read each version that a commit has."""
    try:
        head = ["HEAD"] if subject.has_commits() else []
        commits = git.run("rev-list", "--all", *head, "--full-history", "--", *RECORDS).split()
        versions = [e for batch in revisions.walked(commits) for _, entries in batch for e in entries]
        versions += index.entries(*RECORDS, patterns=True)
    except GuardError:
        return  # each check says of itself what it cannot read
    partial.bring(subject.place.common_dir, [e.oid for e in versions if paths.is_dvc_path(e.path)])


def _looked(look: Callable[[Repository], Check], subject: Repository) -> Check:
    """Run one check. What could not look is never ok."""
    try:
        return look(subject)
    except Unseen as why:
        return Check(WARNING, f"not looked at: {why}.")
    except GuardError as error:
        return Check(ERROR, error.problem, error.remedy)
    except OSError as error:
        name = error.filename
        what = shown(name) if isinstance(name, bytes) else str(name or "")
        return Check(ERROR, f"{what}: {error.strerror}".removeprefix(": ") + ".", f"ls -ld '{what}'" if what else "")
    except Exception as error:  # noqa: BLE001  # the other checks are worth having all the same
        return Check(
            ERROR, f"this check broke off, by a bug of ours ({type(error).__name__}: {error}).",
            "please report it, with what `trinity-guard doctor --format json` says",
        )  # fmt: skip


def mend(checks: list[Check]) -> list[tuple[str, str]]:
    """Do what the checks offer to do without asking; return (name, what was done or why not)."""
    done = []
    for check in checks:
        if check.level == OK or check.mend is None:
            continue
        try:
            done.append((check.name, check.mend()))
        except GuardError as error:
            done.append((check.name, f"could not be mended: {error.problem}"))
        except (Unseen, OSError) as error:
            done.append((check.name, f"could not be mended: {error}"))
    return done
