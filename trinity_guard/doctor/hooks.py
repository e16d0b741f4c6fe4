"""Checks of the hooks: does Git reach them, are they ours, whole and current, and do they find the program?"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass, field

from trinity_guard import git
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, Unseen, counted, fine, listed
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git import files
from trinity_guard.git import hooks as git_hooks
from trinity_guard.setup import framework, install
from trinity_guard.setup import native as native_hooks
from trinity_guard.setup.record import InstallPlan

INIT = "trinity-guard init"
# What a GUI starts Git with.
BARE_PATH = "/usr/bin:/bin"
# How a shell script says that it calls us.
CALL = b"trinity-guard hook"
# What of our hook finds the program ends here.
ACTING = b'\nif [ -f "$before" ]'


@dataclass(slots=True)
class FoundHooks:
    """The hooks in the folder where Git looks: names by what is the matter with them."""

    fine: list[bytes] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    foreign: list[bytes] = field(default_factory=list)
    plain: list[bytes] = field(default_factory=list)  # without the executable bit
    old: list[bytes] = field(default_factory=list)
    edited: list[bytes] = field(default_factory=list)

    def reached(self) -> bool:
        return bool(self.fine or self.old or self.edited or self.plain)


def folder(subject: Repository) -> native_hooks.Folder | None:
    """Return where our hooks belong, None where other repositories share the place."""
    try:
        return native_hooks.folder_of(subject.place)
    except GuardError:
        return None


def state_of(subject: Repository, where: native_hooks.Folder | None) -> FoundHooks:
    found = FoundHooks()
    record = InstallPlan(subject.place).record["hooks"]
    for name, template in native_hooks.templates().items():
        if where is None:
            _look_at_shared(os.path.join(subject.hooks_folder, name), name, found)
        elif where.kind == native_hooks.HUSKY:
            _look_at_husky(where, name, found)
        else:
            known = record.get(os.fsdecode(os.path.join(where.path, name)))
            _look_at(native_hooks.Hook(where, name, template, known), found)
    return found


def _look_at(hook: native_hooks.Hook, found: FoundHooks) -> None:
    data = native_hooks.hook_at(hook.path)
    moved = hook.path + native_hooks.LEGACY
    if data is not None and git_hooks.of_framework(data) and native_hooks.ours(moved):
        # `pre-commit install` put its own in the place of ours, and runs ours first.
        (found.fine if _runs(hook.path) and _runs(moved) else found.plain).append(hook.name)
    elif data is None:
        found.missing.append(hook.name)
    elif native_hooks.ID not in data:
        (found.fine if CALL in data and _runs(hook.path) else found.foreign).append(hook.name)
    elif not _runs(hook.path):
        found.plain.append(hook.name)
    elif hook.edited(data):
        found.edited.append(hook.name)
    else:
        (found.fine if data == hook.text else found.old).append(hook.name)


def _look_at_husky(where: native_hooks.Folder, name: bytes, found: FoundHooks) -> None:
    data = native_hooks.hook_at(os.path.join(where.path, name)) or b""
    block = native_hooks.split_block(data)[1].replace(native_hooks.JOINED, b"", 1)
    if not block:
        found.missing.append(name)
    else:
        (found.fine if block == native_hooks.block(name) else found.old).append(name)


def _look_at_shared(path: bytes, name: bytes, found: FoundHooks) -> None:
    data = native_hooks.hook_at(path)
    if data is None:
        found.missing.append(name)
    elif CALL not in data and native_hooks.ID not in data:
        found.foreign.append(name)
    else:
        (found.fine if _runs(path) else found.plain).append(name)


def _runs(path: bytes) -> bool:
    return os.access(path, os.X_OK)


def by_framework(subject: Repository) -> bool:
    """Whether the pre-commit framework's config runs us; Unseen where it cannot be read."""
    data = _config(subject)
    if data is None or b"trinity-" not in data:
        return False
    try:
        return framework.offered(data)
    except GuardError:
        raise Unseen("the pre-commit framework's config cannot be read (see framework)") from None
    except (TypeError, AttributeError, RecursionError):
        raise Unseen("the pre-commit framework's config is of another form (see framework)") from None


def _config(subject: Repository) -> bytes | None:
    return files.read_if_there(subject.place.file(framework.CONFIG))


def reinstalling(subject: Repository) -> bool:
    """Whether `init` would do no more here than put the hooks in place: all else that it does was decided before."""
    try:
        return subject.guarded() and subject.project().default_remote is not None
    except Unseen:
        return False


def _mending(subject: Repository, where: native_hooks.Folder | None) -> bool:
    return where is not None and reinstalling(subject)


def _reinstall(subject: Repository) -> str:
    outcome = install.install(subject.place)
    return "; ".join(outcome.done) or "; ".join(outcome.notes)


# --- the checks


def reached(subject: Repository) -> Check:
    """core.hooksPath, set here or for all repositories, makes Git look elsewhere without a word."""
    scope, _ = native_hooks.hooks_path_setting(subject.place)
    where = folder(subject)
    looked = shown(subject.hooks_folder)
    if where is not None and where.kind == native_hooks.OWN:
        return fine(f"Git looks for hooks in {looked}")
    said = f"core.hooksPath ({scope} configuration)" if scope else "a symbolic link"
    found = state_of(subject, where)
    if found.reached():
        return fine(f"{said} makes Git look for hooks in {looked}, and ours are there")
    own = os.path.join(subject.place.common_dir, b"hooks")
    lost = any(native_hooks.ours(os.path.join(own, name)) for name in native_hooks.templates())
    fact = f"{said} makes Git look for hooks in {looked}, and none there calls trinity-guard"
    fact += f": those in {shown(own)} never run." if lost else "."
    if where is not None:
        mend = (lambda: _reinstall(subject)) if reinstalling(subject) else None
        return Check(ERROR, fact, INIT, mend)
    if scope in ("local", "worktree"):
        remedy = f"git config --{scope} --unset-all core.hooksPath && {INIT}"
    elif scope:
        remedy = f"git config --local core.hooksPath {typed(own)} && {INIT}"
    else:
        remedy = f"rm {typed(own)} && {INIT}     # the link"
    return Check(ERROR, fact, remedy)


def present(subject: Repository) -> Check:
    """Each of our hooks: there, ours, executable, as this version writes it."""
    where = folder(subject)
    found = state_of(subject, where)
    if where is None and not found.reached() and reached(subject).level == ERROR:
        raise Unseen("Git looks for hooks elsewhere (see hooks-path)")  # one error, one command
    if by_framework(subject):
        if found.fine and where is not None and not _through_framework(subject):
            both = "native hooks of ours and the pre-commit framework's both run trinity-guard."
            return Check(WARNING, both, "trinity-guard init --hooks pre-commit     # or: --hooks native")
        return fine("the pre-commit framework runs them")
    lacking = found.missing + found.foreign
    words = []
    if lacking:
        none = len(lacking) == len(native_hooks.templates())
        words.append("no hook calls trinity-guard: nothing is guarded" if none else f"missing: {listed(lacking)}")
    if found.plain:
        words.append(f"not executable, so Git skips {listed(found.plain)} without a word")
    if found.edited:
        words.append(f"changed by hand: {listed(found.edited)}")
    if found.old:
        words.append(f"of another version or for another Python: {listed(found.old)}")
    if not words:
        return fine(f"{counted(len(found.fine), 'hook')} in {shown(subject.hooks_folder)}")
    level = ERROR if lacking or found.plain else WARNING
    only_edited = found.edited and not (lacking or found.plain or found.old)
    mend = (lambda: _reinstall(subject)) if _mending(subject, where) and not only_edited else None
    return Check(level, "; ".join(words) + ".", _remedy(subject, where, found), mend)


def _through_framework(subject: Repository) -> bool:
    own = os.path.join(subject.place.common_dir, b"hooks")
    data = [native_hooks.hook_at(os.path.join(own, name)) or b"" for name in native_hooks.templates()]
    return not any(native_hooks.ID in d for d in data)


def _remedy(subject: Repository, where: native_hooks.Folder | None, found: FoundHooks) -> str:
    if where is None:
        calls = [f'{shown(n)}:  trinity-guard hook {shown(n)} "$@"' for n in found.missing + found.foreign]
        lines = [f"chmod +x {typed(os.path.join(subject.hooks_folder, n))}" for n in found.plain]
        return "\n".join([*lines, *(["add to each in " + shown(subject.hooks_folder), *calls] if calls else [])])
    if found.edited:
        files = " ".join(typed(os.path.join(where.path, n)) for n in found.edited)
        return f"rm {files} && {INIT}"
    return INIT


def kept(subject: Repository) -> Check:
    """Hooks that were there before ours run beside them, as NAME.before-trinity-guard, where they are executable."""
    found = []
    for name in native_hooks.templates():
        path = os.path.join(subject.hooks_folder, name)
        if (
            os.path.lexists(path + native_hooks.KEPT)
            and not _runs(path + native_hooks.KEPT)
            and native_hooks.ours(path)
        ):
            found.append(path + native_hooks.KEPT)
    if not found:
        return fine("those that were there before ours can run")
    files = " ".join(typed(f) for f in found)
    names = listed([os.path.basename(f) for f in found])
    return Check(WARNING, f"hooks that were there before ours do not run, for they are not executable: {names}.",
                 f"chmod +x {files}")  # fmt: skip


def template(_: Repository) -> Check:
    """init.templateDir copies its hooks into each new clone, and they age there."""
    told = os.environb.get(b"GIT_TEMPLATE_DIR") or os.fsencode(git.config("init.templateDir", "path") or "")
    if not told:
        return fine("no init.templateDir")
    old = []
    for name, text in native_hooks.templates().items():
        path = os.path.join(told, b"hooks", name)
        data = native_hooks.hook_at(path)
        if data is not None and native_hooks.ID in data and data not in (text, native_hooks.filled(text)):
            old.append(path)
    if not old:
        return fine(f"init.templateDir ({shown(told)}) holds no hook of ours that is out of date")
    files = " ".join(typed(p) for p in old)
    return Check(
        WARNING,
        f"init.templateDir ({shown(told)}) gives each new clone hooks of ours that are out of date: "
        f"{listed([os.path.basename(p) for p in old])}.",
        f"rm {files}     # and in each new clone: {INIT}",
    )


def by_pre_commit(subject: Repository) -> Check:
    """A config of the pre-commit framework that names our hooks does nothing before its stages are installed."""
    data = _config(subject)
    if data is None:
        return fine("no pre-commit framework here")
    try:
        named = b"trinity-" in data and framework.offered(data)
    except (TypeError, AttributeError, RecursionError):
        remedy = f"pre-commit validate-config {shown(framework.CONFIG)}"
        return Check(ERROR, f"{shown(framework.CONFIG)} is no config of the pre-commit framework.", remedy)
    if not named:
        return fine("the pre-commit framework runs no hook of ours")
    missing = [s for s in framework.STAGES if not _stage_runs(subject, s)]
    if missing:
        native = state_of(subject, folder(subject)).fine
        types = " ".join(f"--hook-type {s}" for s in missing)
        mend = (lambda: _install_stages(subject)) if not native_hooks.hooks_path_setting(subject.place)[0] else None
        return Check(
            WARNING if native else ERROR,
            f"{shown(framework.CONFIG)} names hooks of ours, and these stages are not installed: {', '.join(missing)}.",
            f"pre-commit install {types}",
            mend,
        )
    if framework.comes_late(data):
        return Check(
            WARNING,
            f"other hooks of {shown(framework.CONFIG)} run before trinity-convert, and see artifacts, not "
            "pointers: one that refuses large files refuses them.",
            "trinity-guard init --hooks pre-commit     # puts our entry first; move one up that you wrote by hand",
        )
    return fine(f"the pre-commit framework's {counted(len(framework.STAGES), 'stage')} are installed")


def _stage_runs(subject: Repository, stage: str) -> bool:
    path = os.path.join(subject.hooks_folder, stage.encode())
    return git_hooks.of_framework(native_hooks.hook_at(path) or b"") and _runs(path)


def _install_stages(subject: Repository) -> str:
    stages = framework.install(subject.place)
    for stage in framework.STAGES:
        path = os.path.join(subject.hooks_folder, stage.encode())
        if not _runs(path):
            os.chmod(path, os.stat(path).st_mode | 0o111)  # noqa: S103  # as `pre-commit install` does
            stages.append(stage)
    return f"pre-commit install, for {', '.join(stages)}"


# --- is the program found


def program(subject: Repository) -> Check:
    """Go the hook's own way to the program, with the environment that a GUI starts Git with."""
    if by_framework(subject):
        return _program_of_framework(subject)
    where = folder(subject)
    found = state_of(subject, where)
    script, name = _finding(subject, where, found)
    env = {"PATH": BARE_PATH, "HOME": os.environ.get("HOME", "/"), "TRINITY_GUARD_SKIP": ""}
    env.update({k: v for k, v in os.environ.items() if k.startswith("GIT_CONFIG")})
    result = git.spawn(["sh", "-c", script, name], env=env)
    if result.code == 0 and b"usage: trinity-guard hook" in result.out:
        return fine(f"a hook finds the program from a bare PATH ({BARE_PATH})")
    words = result.err.decode("utf-8", "replace").strip().split("\n")[0]
    return Check(
        ERROR,
        f"with a bare PATH, as a GUI has it, {shown(name)} does not find the program: {words or 'it says nothing'}",
        INIT,
        (lambda: _reinstall(subject)) if _mending(subject, where) else None,
    )


def _finding(subject: Repository, where: native_hooks.Folder | None, found: FoundHooks) -> tuple[bytes, bytes]:
    """Return the part of an installed hook of ours that finds the program, and the hook's name.

    Only what is word for word ours is run: all else of a hook has effects.
    """
    known = InstallPlan(subject.place).record["hooks"]
    for name in found.fine + found.old:
        path = os.path.join(where.path if where else subject.hooks_folder, name)
        if where is not None and where.kind == native_hooks.HUSKY:
            return native_hooks.block(b"--help"), path
        for file in (path, path + native_hooks.LEGACY):
            data = native_hooks.hook_at(file) or b""
            blank = native_hooks.templates()[name]
            tracked = where is None or where.kind != native_hooks.OWN
            same = data == blank if tracked else native_hooks.as_written(data, blank, known.get(os.fsdecode(path)))
            if same and ACTING in data:
                return data.partition(ACTING)[0] + b"\nname=--help\nguard\n", file
    if not found.reached():
        raise Unseen("no hook of ours is installed (see hooks)")
    raise Unseen("no hook is word for word ours, and only such a one is run to see (see hooks)")


def _program_of_framework(subject: Repository) -> Check:
    path = os.path.join(subject.hooks_folder, b"pre-commit")
    data = native_hooks.hook_at(path) or b""
    python = re.search(rb"(?m)^(?:INSTALL_PYTHON|PREK)=(.*)$", data)
    if not git_hooks.of_framework(data) or python is None:
        raise Unseen("the pre-commit framework is not installed (see framework)")
    name = python[1].strip(b"'\"\r ")
    if not _runs(name) and not shutil.which("pre-commit", path=BARE_PATH):
        return Check(
            ERROR, f"the framework's hook starts {shown(name)}, which is gone.", "trinity-guard init --hooks pre-commit"
        )
    if b"language: system" not in (_config(subject) or b""):
        return fine("the pre-commit framework installs the program itself")
    if shutil.which("trinity-guard", path=BARE_PATH):
        return fine(f"the framework finds the program from a bare PATH ({BARE_PATH})")
    if shutil.which("trinity-guard"):
        return Check(
            WARNING,
            "the framework finds trinity-guard on your PATH, but not from a bare one: commits fail in a GUI.",
            "trinity-guard init --hooks native     # finds it by itself",
        )
    return Check(
        ERROR,
        "the framework looks for trinity-guard on the PATH, and it is not there: commits fail.",
        f'export PATH="{os.path.dirname(sys.executable)}:$PATH"     # or: trinity-guard init --hooks native',
    )
