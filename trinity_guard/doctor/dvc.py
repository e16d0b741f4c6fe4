"""Checks of DVC's settings: how files are linked, what its config gives away, where it leads, whether that answers."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.doctor import hooks, machine
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, fine, listed
from trinity_guard.dvcrepo import configfile, safe_paths, secrets, urls
from trinity_guard.dvcrepo.project import RemoteConfig
from trinity_guard.errors import GuardError, quoted, shown, typed
from trinity_guard.git import files
from trinity_guard.push import deliver
from trinity_guard.push.push import grouped
from trinity_guard.remotes import check, credentials, trust
from trinity_guard.remotes.base import PACKAGES
from trinity_guard.setup import install

LINKS = ("hardlink", "symlink")


def cache_type(subject: Repository) -> Check:
    """Links make the working file and the cache one: an edit in place damages every version that is the same."""
    types = subject.project().cache_types
    first = next((t for t in types if t in LINKS), "")
    if not first:
        return fine(f"working files are copies ({', '.join(types)})")
    before = types[: types.index(first)]
    if "copy" in before:
        return fine(f"working files are copies ({', '.join(types)})")
    danger = (
        "its later hooks write through a hard link into the cache"
        if first == "hardlink"
        else "it loses unstaged edits where a partly staged artifact is a symlink"
    )
    under_framework = hooks.by_framework(subject)
    words = f"; under the pre-commit framework {danger}" if under_framework else ""
    return Check(
        ERROR if under_framework else WARNING,
        f"DVC makes each artifact a {first} into its cache: what writes to the file in place damages the cache{words}.",
        "dvc config --local cache.type reflink,copy && dvc checkout --relink",
    )


def places(subject: Repository) -> Check:
    """What a clone's config names is used only after this user has confirmed it."""
    subject.project()
    found = install.unconfirmed(subject.place)
    forbidden = [
        f"the remote '{shown(r.name.encode())}': its {reason}"
        for r in subject.project().remotes.values()
        if (reason := trust.forbidden(subject.place, r))
    ]
    if forbidden:
        return Check(ERROR, f"not used, for .dvc/config came with the clone: {listed(forbidden)}.",
                     "trinity-guard remote list     # and take that option out of .dvc/config")  # fmt: skip
    if found:
        names = {remote.name for _, remote in found if remote is not None}
        needed = not subject.offline and any(not root and name in names for root, name in wanted(subject))
        return Check(
            ERROR if needed else WARNING,
            f"{listed([words for words, _ in found])}. You never confirmed it: nothing is sent there or fetched.",
            "trinity-guard remote trust --all     # if you know that place",
        )
    return fine("every place that the config names is known to you")


# --- credentials


def in_history(subject: Repository) -> Check:
    subject.project()
    if credentials.in_history(subject.place, subject.place.top):
        return Check(
            WARNING,
            "a commit of this repository holds a credential in .dvc/config, or a config that cannot be read.",
            "git log -p --all -- .dvc/config     # was it published? then replace it where it was issued",
        )
    return fine("no commit's .dvc/config holds a credential")


def kept_private(subject: Repository) -> Check:
    """config.local is where credentials are kept: for its owner's eyes alone."""
    subject.project()
    file = subject.place.file(b".dvc", b"config.local")
    try:
        mode = os.stat(file).st_mode
        data = git.read(file, configfile.MAX_BYTES, links=True)
    except FileNotFoundError:
        return fine("no credential is kept in .dvc/config.local")
    if git.attempt("check-ignore", "-q", "--no-index", "--", b".dvc/config.local").code:
        return Check(
            ERROR,
            "Git does not ignore .dvc/config.local, which is for credentials: `git add -A` would commit it.",
            "echo /config.local >> .dvc/.gitignore",
            lambda: _ignore_local(subject),
        )
    if mode & 0o077 and secrets.credentials_in(data, b".dvc/config"):
        return Check(
            WARNING,
            "other users of this machine can read .dvc/config.local, which holds credentials.",
            "chmod 600 .dvc/config.local",
            lambda: _make_private(file),
        )
    return fine(".dvc/config.local is yours alone")


def _ignore_local(subject: Repository) -> str:
    file = subject.place.file(b".dvc", b".gitignore")
    old = files.read_if_there(file) or b""
    line = (b"" if not old or old.endswith(b"\n") else b"\n") + b"/config.local\n"
    files.replace_in(subject.place, b".dvc/.gitignore", old + line)
    return ".dvc/.gitignore names config.local"


def _make_private(file: bytes) -> str:
    os.chmod(file, 0o600)
    return ".dvc/config.local is for its owner alone"


# --- the way to the remotes


def wanted(subject: Repository) -> list[tuple[bytes, str]]:
    """Return (project, remote) of all that the index's objects go to, the default of the top first."""
    project, config = subject.project(), subject.config()
    default = (config.remote or project.default_remote or "").lower()
    found = [(b"", default)]
    for root, name in grouped(config, subject.named()):
        settings = subject.project(root)
        found.append((root, name or settings.default_remote or ""))
    return list(dict.fromkeys(found))


def remotes(subject: Repository) -> Check:
    """Configured, and (but for --offline) reachable and writable: the step at which the way to it fails is named."""
    told = []
    for root, name in wanted(subject):
        project = subject.project(root)
        if not name:
            return Check(ERROR, "no DVC remote is set: nobody else can fetch what is recorded.",
                         "trinity-guard remote add URL")  # fmt: skip
        if name not in project.remotes:
            known = f" (there are: {listed(sorted(project.remotes))})" if project.remotes else ""
            return Check(ERROR, f"the DVC remote '{shown(name.encode())}' is not configured{known}.",
                         f"trinity-guard remote add {typed(name.encode())} URL")  # fmt: skip
        remote = project.remotes[name]
        address = urls.without_secret(remote.url).encode("utf-8", "surrogateescape")
        where = f"'{shown(name.encode())}' ({shown(address)})"
        if subject.offline:
            told.append(where)
            continue
        if not root and _unusable(subject, remote):
            return places(subject)  # in the same words, so that doctor says it once
        failed = reach(subject, root, name)
        if failed is not None:
            return Check(ERROR, f"the remote {where} cannot be used: {failed[0]}", failed[1])
        told.append(f"{where} can be written to")
    if subject.offline:
        return Check(WARNING, f"not asked, because of --offline: {', '.join(told)}.", "trinity-guard doctor")
    return fine("; ".join(told))


def _unusable(subject: Repository, remote: RemoteConfig) -> bool:
    return bool(trust.forbidden(subject.place, remote) or trust.unconfirmed(subject.place, subject.project(), remote))


def reach(subject: Repository, root: bytes, name: str) -> tuple[str, str] | None:
    """Go the way to a remote once; return what failed and the remedy, None where it can be written to."""
    found: tuple[str, str] | None = subject.once(f"reach {root!r} {name}", lambda: _reach(subject, root, name))
    return found


def _reach(subject: Repository, root: bytes, name: str) -> tuple[str, str] | None:
    project = subject.project(root)
    remote = project.remotes[name]
    try:
        trust.require(subject.place, project, remote)
        if remote.local is not None and not os.path.lexists(remote.local):
            return _folder_to_be(subject, root, remote)
    except GuardError as error:
        return error.problem, error.remedy
    for step in check.check(project, remote):
        if step.state == check.FAILED:
            remedy = step.remedy
            if step.name == "plug-in":
                remedy = machine.install(PACKAGES[safe_paths.scheme(remote.url)])
            words = step.reason.rstrip(".")
            return f"step `{step.name}`: {words}.", remedy or f"trinity-guard remote check {name}"
    return None


def _folder_to_be(subject: Repository, root: bytes, remote: RemoteConfig) -> tuple[str, str] | None:
    """A folder that is not there is made by the first push; one that was there is a disk that is not mounted."""
    assert remote.local is not None  # noqa: S101  # for mypy
    if deliver.was_made(subject.place, remote.local):
        where = typed(remote.local)
        try:
            deliver.destination(subject.place, root, remote.name)
        except GuardError as error:
            return f"{error.problem}: is its disk mounted?", f"mkdir {where}     # if it is on no other disk"
        return None
    above = machine.existing(remote.local)
    below = os.path.join(above, os.path.relpath(remote.local, above).split(b"/")[0])
    if os.path.lexists(below):
        return f"{shown(below)} is in its way, and no folder.", f"ls -ld {typed(below)}"
    if not os.access(above, os.W_OK):
        words = f"{shown(remote.local)} cannot be made: {shown(above)} is not writable."
        return words, f"ls -ld {typed(above)}     # whose is it?"
    return None


def login(subject: Repository) -> Check:
    """Whether a service's client would find any credential at all; and what its client does not check."""
    unknown, ssh = [], []
    for root, name in wanted(subject):
        remote = subject.project(root).remotes.get(name)
        if remote is None or remote.local is not None:
            continue
        kind = safe_paths.scheme(remote.url)
        if kind == "ssh":
            ssh.append(name)
        if kind in credentials.VARIABLES and not credentials.origins(remote):
            answered = not subject.offline and reach(subject, root, name) is None
            if not answered:
                unknown.append(name)
    if unknown:
        option = {"azure": "connection_string", "ssh": "keyfile"}.get(
            safe_paths.scheme(subject.project().remotes[unknown[0]].url)
            if unknown[0] in subject.project().remotes
            else "",
            "secret_access_key",
        )
        return Check(
            WARNING,
            f"no credential is known for {listed(unknown)}: none in DVC's config, the environment or the usual files.",
            f"trinity-guard remote credentials {quoted(unknown[0])} --set {option}",
        )
    if ssh:
        return Check(
            WARNING,
            f"DVC does not check the server's key of {listed(ssh)} (ssh): whoever sits between could read and change.",
            "reach it over a network that you trust, or choose another kind of remote",
        )
    return fine("credentials are known where they are needed")
