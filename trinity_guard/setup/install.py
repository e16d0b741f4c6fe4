"""Make a repository guarded, and take it all out again: DVC, config file, hooks."""

from __future__ import annotations

import functools
import os
import shutil
import sys

from trinity_guard import git
from trinity_guard.detect import configuration
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files, version
from trinity_guard.remotes import add, base, trust
from trinity_guard.setup import driver, dvcinit, framework, merges, native, settings_file, sparse
from trinity_guard.setup.record import InstallOutcome, InstallPlan, record_file

NATIVE, FRAMEWORK, NONE = "native", "pre-commit", "none"
OWN_FILE = settings_file.OWN_FILE
EDITED = "was changed by hand and is left alone"


def install(
    place: git.Place, remote: str | None = None, hooks: str | None = None, filters: bool | None = None
) -> InstallOutcome:
    """Guard a repository; what is there already is left. Everything that can be refused is refused first.

    hooks: native, pre-commit or none; None keeps what the repository has, native at first.
    filters: whether `git add` gives new artifacts to the cache; None keeps what the repository has, at first it does
    where there are hooks.
    """
    version.require()
    base.require_dvc()
    plan = InstallPlan(place)
    plan.outcome.done += sparse.take_in(place)
    mode = hooks or (FRAMEWORK if _framework_has_us(place) else NATIVE)
    if remote is not None:
        add.require_safe(remote)
    settings = configuration.read(place.top)
    folder = _checked(plan, mode, hooks)
    _install_dvc(plan, remote)
    if not settings.source:
        settings_file.write(plan)
    if mode == FRAMEWORK:
        _install_framework(plan)
    elif folder is not None:
        _leave_framework(plan)
        _install_native(plan, folder)
    merges.install(plan)
    if filters is None:
        filters = mode != NONE and not plan.record["filter"].get(driver.OFF)
    if filters:
        driver.set_up(plan, configuration.read(place.top))
    else:
        driver.take_out(plan, remember=mode != NONE)
    plan.stage()
    plan.outcome.notes += [*settings.notes, *_hidden(place)]
    plan.save()
    return plan.outcome


def _checked(plan: InstallPlan, mode: str, asked: str | None) -> native.Folder | None:
    """Find whatever speaks against this mode before anything is changed; return the folder of native hooks."""
    if mode == NONE:
        return None
    if mode == FRAMEWORK:
        framework.require_usable(plan.place)
        framework.extended(_framework_config(plan.place) or b"")
        for hook in _hooks(plan, _own_folder(plan.place)):
            if hook.edited():
                raise GuardError(
                    problem=f"{shown(hook.path)} {EDITED}; with the framework beside it both would run.",
                    remedy=f"rm {typed(hook.path)}    # and then: trinity-guard init --hooks pre-commit",
                    exit_code=UNUSABLE,
                )
        return None
    folder = native.folder_of(plan.place)
    for hook in _hooks(plan, folder) if folder.kind != native.HUSKY else []:
        obstacle = hook.obstacle()
        if obstacle:
            raise obstacle
    data = _framework_config(plan.place)
    if asked == NATIVE and data and framework.offered(framework.reduced(data)):
        raise GuardError(
            problem=f"{shown(framework.CONFIG)} runs trinity-guard, and with native hooks beside it both would run.",
            remedy="take its `trinity-…` hooks out, or:  trinity-guard init --hooks pre-commit",
            exit_code=UNUSABLE,
        )
    return folder


def _install_dvc(plan: InstallPlan, remote: str | None) -> None:
    ours = not os.path.lexists(plan.place.file(b".dvc"))
    dvcinit.refuse(plan.place, remote)
    named = None if ours else dvcproject.load(plan.place.top).default_remote
    if ours:
        for name in dvcproject.FILES:
            plan.about_to_change(name)
    done, notes = dvcinit.set_up(plan.place, remote, plan.about_to_change)
    plan.outcome.done += done
    plan.outcome.notes += notes
    if ours:
        plan.record["dvc"] = dvcinit.digests(plan.place)
        plan.save()
    if remote is not None or named is None:
        _confirm_default(plan.place)


def _confirm_default(place: git.Place) -> None:
    """Note that this user knows the default remote: its address was typed, or is the folder that we chose."""
    project = dvcproject.load(place.top)
    remote = project.remotes.get(project.default_remote or "")
    # Options that a clone brought along were not typed, and may lead elsewhere than the address says.
    if remote is not None and not trust.directing(remote):
        trust.confirm(place, remote)


def unconfirmed(place: git.Place) -> list[tuple[str, dvcproject.RemoteConfig | None]]:
    """Return (place in words, remote or None for the cache) of all that the repository names and nobody confirmed."""
    project = dvcproject.load(place.top)
    found: list[tuple[str, dvcproject.RemoteConfig | None]] = []
    for _, remote in sorted(project.remotes.items()):
        where = trust.unconfirmed(place, project, remote)
        if where:
            found.append((f"the DVC remote '{shown(remote.name.encode())}' leads to {where}", remote))
    cache = trust.unconfirmed_cache(place, project)
    return [*found, (f"DVC's cache lies outside of the repository: {cache}", None)] if cache else found


def confirm(place: git.Place, remote: dvcproject.RemoteConfig | None) -> None:
    """Confirm a remote, or the cache (None), that `unconfirmed` named."""
    if remote is None:
        trust.confirm_cache(place, dvcproject.load(place.top))
    else:
        trust.confirm(place, remote)


# ---- native hooks ----


def _own_folder(place: git.Place) -> native.Folder:
    return native.Folder(os.path.join(place.common_dir, b"hooks"), native.OWN)


def _hooks(plan: InstallPlan, folder: native.Folder) -> list[native.Hook]:
    known = plan.record["hooks"]
    return [
        native.Hook(folder, name, text, known.get(os.fsdecode(os.path.join(folder.path, name))))
        for name, text in native.templates().items()
    ]


def _relative(place: git.Place, path: bytes) -> bytes:
    return (
        os.path.relpath(os.path.realpath(os.path.dirname(path)), os.path.realpath(place.top))
        + b"/"
        + os.path.basename(path)
    )


def _install_native(plan: InstallPlan, folder: native.Folder) -> None:
    if folder.kind != native.OWN:
        _tell_clone(plan.place)
    if folder.kind == native.HUSKY:
        _install_husky(plan, folder)
        return
    for hook in _hooks(plan, folder):
        if folder.kind == native.TRACKED:
            plan.about_to_change(_relative(plan.place, hook.path))
            if os.path.lexists(hook.path) and not native.ours(hook.path):
                plan.staging[_relative(plan.place, hook.kept)] = plan.staging[_relative(plan.place, hook.path)]
        if hook.edited():
            plan.outcome.notes.append(
                f"{shown(hook.path)} {EDITED}; for a fresh one delete it, and: trinity-guard init"
            )
            continue
        said = hook.put()
        if said:
            plan.record["hooks"][os.fsdecode(hook.path)] = native.digest(hook.text)
            plan.outcome.done.append(said)
            plan.save()


def _tell_clone(place: git.Place) -> None:
    """Tell this clone's config where the program is: hooks that Git tracks carry no path of one machine."""
    for key, value in (("python", os.fsencode(sys.executable or "")), ("lib", native.library())):
        git.run("config", "--local", f"trinity-guard.{key}", value, at=place.top)


def _install_husky(plan: InstallPlan, folder: native.Folder) -> None:
    for name in native.templates():
        path = os.path.join(folder.path, name)
        plan.about_to_change(_relative(plan.place, path))
        if native.in_husky(folder, name, functools.partial(_with_block, name)):
            plan.outcome.done.append(f"husky's {shown(_relative(plan.place, path))} calls trinity-guard")
        if name != b"pre-commit" and native.ends_early(native.hook_at(path) or b""):
            plan.outcome.notes.append(f"{shown(path)} has an `exit` or `exec`: what follows it may not be reached")


def _with_block(name: bytes, data: bytes) -> bytes:
    return native.with_block(data, native.block(name), first=name == b"pre-commit")


def _remove_native(plan: InstallPlan, folder: native.Folder) -> None:
    for hook in _hooks(plan, folder):
        if folder.kind == native.TRACKED and native.ours(hook.path):
            plan.about_to_change(_relative(plan.place, hook.path))
            if os.path.lexists(hook.kept):
                plan.about_to_change(_relative(plan.place, hook.kept))
        if hook.edited():
            plan.outcome.notes.append(f"{shown(hook.path)} {EDITED}: rm {typed(hook.path)}")
            continue
        said = hook.take()
        if said:
            plan.outcome.done.append(said)
        plan.record["hooks"].pop(os.fsdecode(hook.path), None)


def _remove_husky(plan: InstallPlan, folder: native.Folder) -> None:
    for name in native.templates():
        path = os.path.join(folder.path, name)
        if native.split_block(native.hook_at(path) or b"")[1]:
            plan.about_to_change(_relative(plan.place, path))
            native.in_husky(folder, name, native.without_block)
            plan.outcome.done.append(f"our lines in {shown(_relative(plan.place, path))} removed")


# ---- the framework ----


def _framework_config(place: git.Place) -> bytes | None:
    return files.read_if_there(place.file(framework.CONFIG))


def _framework_has_us(place: git.Place) -> bool:
    data = _framework_config(place)
    # Somebody else's broken config is no reason to refuse native hooks.
    return data is not None and b"trinity-" in data and framework.offered(data)


def _saved_config(place: git.Place) -> bytes:
    return os.path.join(place.own, b"pre-commit-config.before")


def _install_framework(plan: InstallPlan) -> None:
    place, before = plan.place, _framework_config(plan.place)
    after = framework.extended(before or b"")
    if after != before:
        trial = os.path.join(place.own, b"pre-commit-config.new.yaml")
        files.replace(trial, after)
        framework.validate(trial)
        os.unlink(trial)
        plan.about_to_change(framework.CONFIG)
        if not plan.record["framework"]:
            files.replace(_saved_config(place), before or b"")
        existed = plan.record["framework"].get("existed", before is not None)
        plan.record["framework"] = {"existed": existed, "after": native.digest(after)}
        plan.save()
        files.replace_in(place, framework.CONFIG, after)
        plan.outcome.done.append(f"hooks in {shown(framework.CONFIG)}")
    _remove_native(plan, _own_folder(place))
    stages = framework.install(place)
    if stages:
        plan.record["stages"] = sorted({*plan.record["stages"], *stages})
        plan.outcome.done.append(f"pre-commit install, for {', '.join(stages)}")
    if not shutil.which("trinity-guard"):
        plan.outcome.notes.append(
            "trinity-guard is not on the PATH, where the framework looks for it: commits will fail"
        )


def _leave_framework(plan: InstallPlan) -> None:
    """Take our part of the framework's config out, and its hooks where we had them installed."""
    data = _framework_config(plan.place)
    record = plan.record["framework"]
    rest = framework.reduced(data) if data and b"trinity-guard" in data else data
    if data is not None and record.get("after") == native.digest(data):
        with open(_saved_config(plan.place), "rb") as f:
            rest = f.read() if record["existed"] else None
    if rest != data:
        plan.about_to_change(framework.CONFIG)
        if rest is None:
            os.unlink(plan.place.file(framework.CONFIG))
        else:
            files.replace_in(plan.place, framework.CONFIG, rest)
        plan.outcome.done.append(f"our hooks taken out of {shown(framework.CONFIG)}")
    removed = framework.uninstall(plan.place, plan.record["stages"])
    if removed:
        plan.outcome.done.append(f"pre-commit uninstall, for {', '.join(removed)}")
    plan.record["framework"], plan.record["stages"] = {}, []
    if os.path.lexists(_saved_config(plan.place)):
        os.unlink(_saved_config(plan.place))


# ---- what hides our files, and the way back ----


def _hidden(place: git.Place) -> list[str]:
    """Return a note for each ignore rule that would keep a pointer, or a file of ours, out of every commit."""
    notes = []
    for name, rule in dvcinit.hiding_rules(place, b"model.pkl.dvc", b".gitignore", OWN_FILE):
        what = "DVC pointers (*.dvc)" if name == b"model.pkl.dvc" else shown(name)
        notes.append(f"Git ignores {what}, because of {rule}; a commit cannot carry it until that rule goes")
    return notes


def uninstall(place: git.Place) -> InstallOutcome:
    """Take out what `install` put in, and put back what was there. Pointers, objects and history are never touched."""
    plan = InstallPlan(place)
    driver.take_out(plan)
    for folder in _folders(place):
        if folder.kind == native.HUSKY:
            _remove_husky(plan, folder)
        else:
            _remove_native(plan, folder)
    _leave_framework(plan)
    for key in ("trinity-guard.python", "trinity-guard.lib"):
        git.attempt("config", "--local", "--unset-all", key, at=place.top)
    trust.forget(place)
    configuration.forget(place)
    files.unlink(place.unheld)
    merges.uninstall(plan)
    settings_file.remove(plan)
    _remove_dvc(plan)
    plan.stage()
    if os.path.lexists(record_file(place)):
        os.unlink(record_file(place))
    return plan.outcome


def _folders(place: git.Place) -> list[native.Folder]:
    own = _own_folder(place)
    try:
        current = native.folder_of(place)
    except GuardError:
        # A folder shared with other repositories: nothing of ours was ever written there.
        return [own]
    return [own] if os.path.realpath(current.path) == os.path.realpath(own.path) else [own, current]


def _remove_dvc(plan: InstallPlan) -> None:
    if not os.path.isdir(plan.place.file(b".dvc")):
        return
    written = plan.record["dvc"]
    reason = dvcinit.reason_to_keep(plan.place, written) if written else "it was there before"
    if reason:
        plan.outcome.notes.append(f"DVC is kept: {reason}")
        return
    for name in dvcproject.FILES:
        plan.about_to_change(name)
    dvcinit.remove(plan.place)
    plan.outcome.done.append("DVC set-up removed: nothing was ever added to it")
