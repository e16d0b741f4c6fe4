"""A new DVC remote, written by DVC itself; what is secret or one person's own goes to `.dvc/config.local`."""

from __future__ import annotations

import os

from trinity_guard import git, python_module
from trinity_guard.dvcrepo import configfile, safe_paths, secrets, urls
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import revisions
from trinity_guard.git.files import read_if_there, replace
from trinity_guard.remotes import base, credentials, endpoints, untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

REMOTE = "storage"
# Kinds whose client takes the password as an option of its own, beside the user in the address.
_WITH_PASSWORD = ("ssh", "webdav", "webdavs")


class RemoteSpec:
    """A remote that is to be: name ("" for the first free one), url, whether it becomes the default, its options."""

    __slots__ = ("default", "name", "options", "url")

    def __init__(self, name: str, url: str, default: bool, options: dict[str, str]) -> None:
        self.name = name.lower()
        self.url = url
        self.default = default
        self.options = options


def add(place: git.Place, root: bytes, spec: RemoteSpec, about_to_change: Callable[[bytes], None]) -> list[str]:
    """Write a remote into DVC's configs, wholly or not at all; return what was done."""
    untrusted.refuse(place, root)
    project = dvcproject.load(root)
    name = spec.name or free_name(project)
    _require_new(project, name, spec.url)
    kept = own_options(spec)
    about_to_change(os.path.relpath(os.path.join(root, credentials.COMMITTED), place.top))
    files = [os.path.join(root, f) for f in (credentials.COMMITTED, credentials.LOCAL)]
    before = {file: read_if_there(file) for file in files}
    try:
        done = _written(place, root, name, spec, kept, project.default_remote is None or spec.default)
    except BaseException:
        for file, data in before.items():
            _put_back(file, data)
        raise
    make_folder(dvcproject.load(root).remotes[name.lower()])
    return done


def make_folder(remote: dvcproject.RemoteConfig) -> None:
    """Make a local remote's folder now: where it is not there later, its disk is not mounted."""
    if remote.local is None:
        return
    try:
        os.makedirs(remote.local, exist_ok=True)
    except OSError as error:
        problem = f"cannot make the remote's folder {shown(remote.local)}: {error.strerror}."
        raise GuardError(
            problem, f"ls -ld {typed(os.path.dirname(remote.local))}     # who may write there?"
        ) from error


def own_options(spec: RemoteSpec) -> dict[str, str]:
    """Split what must not be committed off a spec: {option: value} for config.local, the rest stays in it."""
    kept = {o: v for o, v in spec.options.items() if secrets.kind_of(o, v)}
    spec.options = {o: v for o, v in spec.options.items() if o not in kept}
    kind = safe_paths.scheme(spec.url)
    if urls.secret_in(spec.url):
        shorter, password = urls.password_of(spec.url)
        if password and kind in _WITH_PASSWORD and not urls.secret_in(shorter):
            spec.url, kept["password"] = shorter, password
        else:
            # No option takes it: the whole address stays here, and the others get it without.
            spec.url, kept["url"] = urls.without_secret(spec.url), spec.url
    return kept


def free_name(project: dvcproject.Project) -> str:
    names = (REMOTE, *(f"{REMOTE}-{n}" for n in range(2, len(project.remotes) + 3)))
    return next(n for n in names if n not in project.remotes)


def dvc(root: bytes, *args: str | bytes) -> None:
    """Run the real DVC on a project."""
    base.require_dvc()
    env = {**os.environ, "DVC_NO_ANALYTICS": "1", "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
    git.succeed([*python_module("dvc"), "--cd", root, *args], env=env)


def _require_new(project: dvcproject.Project, name: str, url: str) -> None:
    if name in project.remotes:
        raise GuardError(
            problem=f"there is a DVC remote '{name}' already; it is left as it is.",
            remedy=f"dvc remote modify {name} OPTION VALUE     # or choose another name",
            exit_code=UNUSABLE,
        )
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not plain.isalnum() or not name.isascii() or name.startswith("-"):
        raise GuardError(
            problem="a remote's name is made of letters, digits, `-`, `_` and `.`.",
            remedy="trinity-guard remote add storage URL",
            exit_code=UNUSABLE,
        )
    require_writable("the address", url)
    kind = safe_paths.scheme(url) if "://" in url else ""
    if kind not in endpoints.FLAGS:
        kinds = " ".join(f"{k}://" for k in endpoints.FLAGS if k)
        raise GuardError(
            problem=f"{shown(kind.encode())}:// is no kind of remote that this command knows ({kinds}, or a folder).",
            remedy="dvc remote add NAME URL     # for DVC's others",
            exit_code=UNUSABLE,
        )


def require_writable(what: str, text: str) -> None:
    """Refuse what DVC cannot write: it opens its config, fails at such a letter, and leaves an empty file behind."""
    if not text.strip() or not text.isascii() or not text.isprintable():
        words = "is empty" if not text.strip() else "has characters outside of ASCII, which DVC cannot write"
        raise GuardError(f"{what} {words}.", "trinity-guard remote add --help", UNUSABLE)


def _written(
    place: git.Place, root: bytes, name: str, spec: RemoteSpec, kept: dict[str, str], default: bool
) -> list[str]:
    for option, value in spec.options.items():
        require_writable(option, value)
    dvc(root, "remote", "add", *(["-d"] if default else []), name, _as_dvc_takes(root, spec.url))
    said = f"{'default ' if default else ''}DVC remote '{name}': {spec.url}"
    for option, value in spec.options.items():
        dvc(root, "remote", "modify", name, option, value)
    done = [said, *(f"{option} = {value}" for option, value in spec.options.items())]
    for option, value in kept.items():
        # Never by an argument of a program, which everybody on this machine can list.
        is_path = option in configfile.PATHS and option != "url" and not value.startswith("~")
        credentials.keep(place, root, f'remote "{name}"', option, os.path.abspath(value) if is_path else value)
        done.append(f"{option}: kept in .dvc/config.local, on this machine alone")
    dvcproject.load(root)
    if kept:
        dvc(root, "remote", "list")  # checks every option against what this kind of remote has
    return done


def _as_dvc_takes(root: bytes, url: str) -> str | bytes:
    """A relative folder was meant from here, and DVC reads it from where it is told to work."""
    if "://" in url or os.path.isabs(url):
        return url
    if url.startswith("~"):
        return os.path.expanduser(url)
    return os.path.relpath(os.path.abspath(os.fsencode(url)), root)


def _put_back(file: bytes, data: bytes | None) -> None:
    if data is not None:
        replace(file, data)
    elif os.path.lexists(file):
        os.unlink(file)


# Kinds of remotes whose address begins with the name of something.
OF_A_HOST = frozenset({"s3", "gs", "azure", "oss", "ssh", "http", "https", "webdav", "webdavs"})


def require_safe(url: str) -> None:
    """Refuse a URL that must not stand in a committed file, or that DVC cannot write; it is never repeated."""
    if urls.secret_in(url):
        raise GuardError(
            problem="--remote holds a password or a signature, and .dvc/config is committed for everybody to read.",
            remedy="trinity-guard init --remote <the URL without it>\n"
            f"trinity-guard remote credentials {REMOTE} --set password    # asks for it, and keeps it on this machine",
            exit_code=UNUSABLE,
        )
    # DVC opens its config for writing, fails at such a letter, and leaves an empty file behind.
    if not url.isascii() or not url.isprintable():
        raise GuardError(
            problem="--remote has characters outside of ASCII, which DVC cannot write into its config.",
            remedy="choose a name in ASCII, for example a symbolic link to that folder",
            exit_code=UNUSABLE,
        )
    if not url.strip():
        raise GuardError(problem="--remote is empty.", remedy="trinity-guard init --remote URL", exit_code=UNUSABLE)
    _require_known(url)


def _require_known(url: str) -> None:
    """Refuse an address in a config for which DVC would refuse every command."""
    _, slashes, rest = url.partition("://")
    kind = safe_paths.scheme(url).partition("+")[0] if slashes else ""
    if not kind:  # a folder
        return
    problem = ""
    if kind == "file":
        problem = "--remote: DVC takes a file:// address for a folder named `file:`."
        remedy = f"trinity-guard init --remote {typed(os.fsencode(rest))}"
        raise GuardError(problem, remedy, UNUSABLE)
    if kind not in safe_paths.SCHEMES or kind == "memory":
        problem = f"--remote: DVC knows no remotes of the kind {shown(kind.encode())}://."
    elif kind in OF_A_HOST and rest[:1] in ("", "/"):
        problem = f"--remote: behind {kind}:// there is no name of a bucket, container or host."
    if problem:
        remedy = "trinity-guard init --remote s3://BUCKET/PATH     # or gs, azure, ssh, https, webdavs…; or a folder"
        raise GuardError(problem, remedy, UNUSABLE)


def folder_beside(place: git.Place, remedy: str = "trinity-guard init --remote URL") -> bytes:
    """Return the folder for the objects: beside the repository, outside of any that it is a submodule of.

    Of a bare one, under its name without .git.
    """
    own = place.top or place.common_dir
    if os.path.basename(own) == b".git":
        own = os.path.dirname(own)
    top = own
    while outer := revisions.superproject(top):
        top = outer
    parent, name = os.path.dirname(top), os.path.basename(own)
    if place.bare:
        name = name.removesuffix(b".git")
    if not name or not os.access(parent, os.W_OK):
        raise GuardError(
            problem=f"there is no room beside the repository for a folder of objects: {shown(parent)} is not writable.",
            remedy=remedy,
            exit_code=UNUSABLE,
        )
    # DVC cannot write other characters into its config.
    plain = bytes(c if 32 <= c < 127 else ord("_") for c in name)
    return os.path.join(parent, plain + b"-dvc-storage")
