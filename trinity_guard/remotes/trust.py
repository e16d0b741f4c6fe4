"""Which places does a cloned config name that this user never confirmed? Confirmed ones live in Git's config.

A clone brings `.dvc/config` along: whoever wrote it says where objects are sent and fetched from. Git's own config is
never cloned, so what stands there was said on this machine: `trinity-guard.trusted` (one value for each place) and
`trinity-guard.trust` (all of them). What DVC's local, global and system config say is the user's own too; a
config.local that came along is refused (untrusted.py).
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo import secrets, urls
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import events
from trinity_guard.remotes import untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRUSTED, ALL = "trinity-guard.trusted", "trinity-guard.trust"
REPO = "repo"
MAX_DOT_GIT = 8192
_YES = ("1", "true", "yes", "on")

# Options that neither lead elsewhere nor weaken anything: how fast, how many, in which layout.
HARMLESS = frozenset({
    "jobs", "checksum_jobs", "verify", "no_traverse", "worktree", "version_aware", "type", "protected", "shared",
    "slow_link_warning", "timeout", "connect_timeout", "read_timeout", "connection_timeout", "region", "projectname",
    "listobjects", "cache_regions", "max_sessions", "replication", "ask_password", "ask_passphrase", "method",
    "exclude_environment_credential", "exclude_visual_studio_code_credential",
    "exclude_shared_token_cache_credential", "exclude_managed_identity_credential",
    "gdrive_use_service_account", "gdrive_trash_only", "gdrive_acknowledge_abuse",
})  # fmt: skip
# Options that do. An option that is in no table counts among them.
DIRECTING = frozenset({
    "endpointurl", "account_name", "port", "proxy", "proxy_to", "data_proxy_target", "oss_endpoint", "use_https",
    "use_ssl", "ssl_verify", "auth", "custom_auth_header", "allow_anonymous_login", "gss_auth", "allow_agent",
    "kerberos", "acl", "grant_read", "grant_read_acp", "grant_write_acp", "grant_full_control", "sse", "sse_kms_key_id",
    "sse_customer_algorithm",
})  # fmt: skip
# Files that a client library obeys: an AWS config names programs to run (credential_process).
FILES = (
    "configpath", "credentialpath", "keyfile", "cert_path", "key_path", "kerb_ticket", "gdrive_user_credentials_file",
    "gdrive_service_account_json_file_path",
)  # fmt: skip


IN_CI = "TRINITY_GUARD_TRUST=1 in the environment trusts, in CI, all that the branch names into which it goes"


class Untrusted(GuardError):  # noqa: N818  # what it is, not that it is one
    """A place that a cloned config names and that was never confirmed here."""


def unconfirmed(place: git.Place, project: dvcproject.Project, remote: dvcproject.RemoteConfig) -> str | None:
    """Return the place of a remote in words where this user never confirmed it, None where nothing is to be asked."""
    if not named_by_clone(remote) or confirmed(place, project.root, _key(remote)):
        return None
    return words(remote)


def unconfirmed_cache(place: git.Place, project: dvcproject.Project) -> str | None:
    """Return the cache's folder in words where the clone leads it out of the work tree, unconfirmed."""
    if not _cache_by_clone(place, project) or confirmed(place, project.root, _cache_key(project)):
        return None
    return f"the cache {shown(os.path.realpath(project.cache_dir))}"


def require(place: git.Place, project: dvcproject.Project, remote: dvcproject.RemoteConfig) -> None:
    """Refuse a remote that must not be used (GuardError), or not before somebody confirms it (Untrusted)."""
    untrusted.refuse(place, project.root, project.cache_dir)
    _refuse_forbidden(place, remote)
    where = unconfirmed(place, project, remote)
    if where:
        raise Untrusted(
            problem=f"the DVC remote '{shown(remote.name.encode())}' leads to {where}. {_whose(place)}: "
            "nothing is sent there or fetched from there.",
            remedy=f"trinity-guard remote trust {_quoted(remote.name)}     # if you know that place\n{IN_CI}",
        )


def require_cache(place: git.Place, project: dvcproject.Project) -> None:
    """Refuse a cache outside of the work tree that a clone's config names, before somebody confirms it."""
    untrusted.refuse(place, project.root, project.cache_dir)
    if project.cache_source == REPO and _in_git_dir(place, project.cache_dir):
        raise GuardError(
            problem=f"the cache of .dvc/config, {shown(project.cache_dir)}, lies in the git dir: it is not used.",
            remedy="dvc cache dir --unset",
        )
    where = unconfirmed_cache(place, project)
    if where:
        raise Untrusted(
            problem=f"{where} is outside of the repository. {_whose(place)}: "
            "nothing is written there or read from there.",
            remedy=f"trinity-guard remote trust --all     # if you know that folder\n{IN_CI}",
        )


def _whose(place: git.Place) -> str:
    """Return the sentence that says why a place is not used."""
    if trusts_all() and (place.base or events.trusted_base(os.environ)):
        return "The commits that are looked at say so, and what they start from does not"
    return "This repository's config says so, and you never confirmed it"


def confirm(place: git.Place, remote: dvcproject.RemoteConfig) -> None:
    """Note that this user knows the place of a remote, with the options that lead there now."""
    _refuse_forbidden(place, remote)
    if named_by_clone(remote):
        _note(place, _key(remote))


def unnoted(place: git.Place, remote: dvcproject.RemoteConfig) -> str:
    """Return what `confirm` would note in the repository's Git config, "" where that is nothing new."""
    key = _key(remote) if named_by_clone(remote) else ""
    return "" if any(name == TRUSTED and value == key for name, value in _said(place)) else key


def take_back(place: git.Place, key: str) -> None:
    """Take out of it what was noted of one place."""
    git.attempt("config", "--local", "--fixed-value", "--unset-all", TRUSTED, key, at=_at(place))
    place.said = None


def confirm_cache(place: git.Place, project: dvcproject.Project) -> None:
    """Note that this user knows the cache's folder."""
    untrusted.refuse(place, project.root, project.cache_dir)
    if _cache_by_clone(place, project):
        _note(place, _cache_key(project))


def forget(place: git.Place) -> None:
    """Take all that was confirmed out of the repository's own Git config."""
    git.attempt("config", "--local", "--unset-all", TRUSTED, at=_at(place))
    place.said = None


def named_by_clone(remote: dvcproject.RemoteConfig) -> bool:
    """Whether the repository's config has a say in where a remote leads."""
    return remote.sources["url"] == REPO or bool(directing(remote))


def directing(remote: dvcproject.RemoteConfig) -> dict[str, str]:
    """Return the options, beside the url, by which the repository's config leads a remote or weakens it."""
    return {
        option: _harmless_text(option, value)
        for option, value in sorted(remote.options.items())
        if remote.sources.get(option) == REPO and option not in (*HARMLESS, "url", "profile")
    }


def words(remote: dvcproject.RemoteConfig) -> str:
    """Return where a remote leads, for a person: its address and what directs it, without any secret."""
    where = f"the folder {shown(remote.local)}" if remote.local else _readable(urls.without_secret(remote.url))
    options = ", ".join(f"{o}={_readable(v)}" if v else o for o, v in directing(remote).items())
    return f"{where} ({options})" if options else where


def forbidden(place: git.Place, remote: dvcproject.RemoteConfig) -> str:
    """Return the option by which a clone's config would run a program or hand over a file of its own, "" for none."""
    if remote.local is not None and remote.sources["url"] == REPO and _in_git_dir(place, remote.local):
        return "url leads into the git dir"
    for option, value in remote.options.items():
        if remote.sources.get(option) != REPO or not value:
            continue
        if option in secrets.PROGRAM:
            return f"{option} runs a program"
        if option in FILES and place.top and dvcproject.within(os.fsencode(value), place.top):
            return f"{option} names a file of the repository, which may make a client run a program"
    return ""


def _in_git_dir(place: git.Place, folder: bytes) -> bool:
    return any(dvcproject.within(folder, git_dir) for git_dir in (place.git_dir, place.common_dir) if git_dir)


def _refuse_forbidden(place: git.Place, remote: dvcproject.RemoteConfig) -> None:
    reason = forbidden(place, remote)
    if reason:
        name, option = _quoted(remote.name), reason.split()[0]
        remedy = (
            f"dvc remote modify {name} url URL"
            if option == "url"
            else f"dvc remote modify --unset {name} {option}     # and, if it is yours: "
            f"trinity-guard remote credentials {name} --set {option}"
        )
        raise GuardError(
            problem=f"the DVC remote {name} is not used: in .dvc/config, which came with the clone, its {reason}.",
            remedy=remedy,
        )


def _harmless_text(option: str, value: str) -> str:
    """Return an option's value for a message or a record, nothing of a secret: of a connection string what directs."""
    if option == "connection_string":
        parts = [p for p in value.split(";") if not p.lower().startswith(("accountkey=", "sharedaccesssignature="))]
        return ";".join(parts)
    return "" if option in secrets.SECRET else urls.without_secret(value)


def _key(remote: dvcproject.RemoteConfig) -> str:
    """Return the record of a place: one text, which no other url and options can make."""
    # A folder's real path: a symbolic link inside of the repository can be made to lead elsewhere by any commit.
    where = os.fsdecode(os.path.realpath(remote.local)) if remote.local else urls.without_secret(remote.url)
    return " ".join([_one_word(where), *(f"{_one_word(o)}={_one_word(v)}" for o, v in directing(remote).items())])


def _cache_key(project: dvcproject.Project) -> str:
    return f"cache {_one_word(os.fsdecode(os.path.realpath(project.cache_dir)))}"


def _one_word(text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return "".join(chr(b) if 32 < b < 127 and b != 37 else f"%{b:02X}" for b in data)


def _readable(text: str) -> str:
    return shown(text.encode("utf-8", "surrogateescape"))


def _quoted(name: str) -> str:
    readable = _readable(name)
    return readable if readable.replace("-", "").replace("_", "").replace(".", "").isalnum() else f"'{readable}'"


def _cache_by_clone(place: git.Place, project: dvcproject.Project) -> bool:
    if not place.top or project.cache_source not in ("", REPO) or not project.cache_outside(place.top):
        return False
    if project.cache_source == REPO:
        return True
    # Nobody names it, and yet it is elsewhere: a symbolic link, by hand, or one that Git brought.
    inside = os.path.relpath(project.root, place.top)
    names = [os.path.normpath(os.path.join(inside, n)) for n in (b".dvc", b".dvc/cache")]
    listed = git.run("--literal-pathspecs", "ls-files", "-z", "--", *names, at=place.top).split(b"\0")
    return any(name in listed for name in names)


# --- Git's config


def confirmed(place: git.Place, root: bytes, key: str, key_at: Callable[[bytes], str] | None = None) -> bool:
    """Whether a place that the project at `root` names was confirmed, or all are that it names rightfully.

    key_at: what the key is in a commit, of what DVC's config does not name.
    Asks Git only where the environment does not say so.
    """
    if trusts_all() or any(name == ALL and value.lower() in _YES for name, value in _said(place)):
        return _of_base(place, root, key, key_at)
    return any(name == TRUSTED and value == key for name, value in _said(place))


def trusts_all() -> bool:
    return os.environ.get("TRINITY_GUARD_TRUST", "").strip().lower() in _YES


def _of_base(place: git.Place, root: bytes, key: str, key_at: Callable[[bytes], str] | None) -> bool:
    """Whether the commit from which what is judged starts names this place; True where nothing is judged.

    In a CI whoever opens a pull request writes its config; who has merged what it starts from was trusted to.
    """
    base = place.base or events.trusted_base(os.environ)
    if not base or any(name == TRUSTED and value == key for name, value in _said(place)):
        return True
    if key_at is not None:
        return key_at(base) == key
    config = os.path.normpath(os.path.join(os.path.relpath(root, place.top), b".dvc", b"config"))
    [oid] = git.read_ids([base + b":" + config])
    try:
        before = dvcproject.load(root, (git.read_all([oid])[0] if oid else None) or b"")
    except GuardError:
        return False  # nothing can be told of a broken one
    return key in {_cache_key(before), *map(_key, before.remotes.values())}


def _said(place: git.Place) -> list[tuple[str, str]]:
    """Return (key, value) of what Git's config says about trust, but for files that a commit can write; asked once."""
    if place.said is None:
        place.said = list(_asked(place))
    return place.said


def _asked(place: git.Place) -> Iterator[tuple[str, str]]:
    """Yield what Git's config says now.

    `include.path = ../.gitconfig` makes a file that is cloned a part of Git's config.
    """
    args = ("config", "--show-origin", "-z", "--get-regexp", r"^trinity-guard\.trust")
    result = git.attempt(*args, at=_at(place))
    if result.code not in (0, 1):
        raise git.failure(args, result)
    fields = result.out.split(b"\0")[:-1]
    for origin, said in zip(fields[::2], fields[1::2], strict=True):
        if origin.startswith(b"file:") and _in_work_tree(os.path.join(_at(place), origin.removeprefix(b"file:"))):
            continue
        key, newline, value = said.partition(b"\n")
        yield key.decode("utf-8", "replace"), os.fsdecode(value) if newline else "true"


def _in_work_tree(file: bytes) -> bool:
    """Whether a file of Git's config lies in the work tree of any repository, itself or where a link leads."""
    return any(map(_below_dot_git, {os.path.abspath(file), os.path.realpath(file)}))


def _below_dot_git(file: bytes) -> bool:
    """Whether the nearest `.git` at or above a file's folder leaves the file outside of it."""
    folder, home = os.path.dirname(file), os.path.expanduser(b"~")
    while True:
        dot_git = os.path.join(folder, b".git")
        if os.path.basename(folder) == b".git" or folder == os.path.dirname(folder):
            return False
        if os.path.lexists(dot_git):
            # People keep their home in Git: its commits are theirs.
            return folder != home and not _leads_to(dot_git, file)
        folder = os.path.dirname(folder)


def _leads_to(dot_git: bytes, file: bytes) -> bool:
    """Whether this `.git` is a text that names the git dir in which a file lies: `gitdir: ./.bare`, with work trees
    beside it. Git commits no `.git`, so it is not a clone that says this."""
    try:
        key, _, named = git.read(dot_git, MAX_DOT_GIT).rstrip(b"\n").partition(b": ")
    except OSError:
        return False  # a folder, or a link
    git_dir = os.path.realpath(os.path.join(os.path.dirname(dot_git), named))
    return key == b"gitdir" and os.path.realpath(file).startswith(git_dir + b"/")


def _note(place: git.Place, key: str) -> None:
    if not any(name == TRUSTED and value == key for name, value in _said(place)):
        git.run("config", "--local", "--add", TRUSTED, key, at=_at(place))
        place.said = None


def _at(place: git.Place) -> bytes:
    return place.top or place.common_dir
