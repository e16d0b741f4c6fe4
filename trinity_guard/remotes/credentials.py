"""Credentials of remotes: kept in `.dvc/config.local`, moved there out of `.dvc/config`, and where each comes from."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import configfile, project, safe_paths, secrets, urls
from trinity_guard.errors import UNUSABLE, GuardError, pathspec, shown, typed
from trinity_guard.git.files import read_if_there, replace
from trinity_guard.remotes import untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.dvcrepo.secrets import PrivateOption

LOCAL = b".dvc/config.local"
COMMITTED = b".dvc/config"
MAX_COMMITS = 1000

# What the clients of each kind of remote read by themselves: variables, and files below the home folder.
VARIABLES = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "azure": (
        "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET",
    ),
    "ssh": ("SSH_AUTH_SOCK",),
    "oss": ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"),
    "gdrive": ("GDRIVE_CREDENTIALS_DATA",),
}  # fmt: skip
HOME_FILES = {
    "s3": (".aws/credentials", ".aws/config"),
    "gs": (".config/gcloud/application_default_credentials.json",),
    "azure": (".azure/config",),
    "ssh": (".ssh/id_ed25519", ".ssh/id_ecdsa", ".ssh/id_rsa", ".ssh/config"),
}


class MovedOptions:
    """What a move did: the findings that are now in config.local, and whether the history holds any of their kind."""

    __slots__ = ("findings", "published")

    def __init__(self, findings: Sequence[PrivateOption], published: bool) -> None:
        self.findings = findings
        self.published = published


def origins(remote: project.RemoteConfig) -> list[tuple[str, str]]:
    """Return (what, where) of each credential that a remote would use; never a value."""
    files = {"repo": ".dvc/config", "local": ".dvc/config.local", "global": "DVC's global config"}
    wanted = (*secrets.SECRET, *secrets.PROGRAM, *secrets.PERSONAL)
    found = [
        (option, files.get(remote.sources[option], "DVC's system config"))
        for option in remote.options
        if option in wanted and remote.options[option]
    ]
    if urls.secret_in(remote.url):
        found.append(("url", files.get(remote.sources["url"], "DVC's system config")))
    kind = safe_paths.scheme(remote.url)
    found += [(name, "the environment") for name in VARIABLES.get(kind, ()) if os.environ.get(name)]
    home = os.path.expanduser("~")
    found += [(f"~/{n}", "a file") for n in HOME_FILES.get(kind, ()) if os.path.exists(os.path.join(home, n))]
    return found


def keep(place: git.Place, root: bytes, section: str, option: str, value: str) -> None:
    """Write an option into config.local, which only its owner can read; all other lines of it stay as they are."""
    file = _local_file(place, root)
    old = _read(file)
    _write(file, with_option(old, file, section, option, value), private=True)


def move(place: git.Place, root: bytes) -> MovedOptions:
    """Move every credential of `.dvc/config` into config.local; all other lines of both stay as they are.

    What config.local says already wins today, so it stays. The old file is touched last: a crash loses nothing.
    """
    file = os.path.join(root, COMMITTED)
    data = _read(file)
    findings = secrets.credentials_in(data, file)
    if not findings:
        return MovedOptions([], False)
    local_file = _local_file(place, root)
    local = _read(local_file)
    tree, known = configfile.parse(data, file), configfile.parse(local, local_file)
    new = data
    values = []
    for finding in findings:
        value = tree[finding.section].get(finding.option)
        if not isinstance(value, str) or not finding.line:
            raise _by_hand(file, finding)
        values.append(value)
        rest = urls.without_secret(value) if finding.kind == "url" and urls.secret_in(value) else None
        new = _replaced(new, finding, rest)
        if finding.option not in known.get(finding.section, {}):
            local = with_option(local, local_file, finding.section, finding.option, value)
    _require_clean(file, data, new, findings, values)
    published = in_history(place, root)
    _write(local_file, local, private=True)
    _write(file, new, private=False)
    return MovedOptions(findings, published)


def in_history(place: git.Place, root: bytes) -> bool:
    """Whether a commit of this clone holds a config with credentials (or one that cannot be read)."""
    name = os.path.relpath(os.path.join(root, COMMITTED), place.top)
    out = git.run("--literal-pathspecs", "log", "--all", "--format=%H", f"-{MAX_COMMITS}", "--", name, at=place.top)
    for data in git.read_all([commit + b":" + name for commit in out.split()], at=place.top):
        try:
            if data and secrets.credentials_in(data, name):
                return True
        except GuardError:
            return True
    return False


# --- one option in the bytes of a config


def with_option(data: bytes, file: bytes, section: str, option: str, value: str) -> bytes:
    """Return a config's bytes with an option set; GuardError where the file's form does not allow it."""
    expected = configfile.parse(data, file)
    expected.setdefault(section, {})[option] = value
    line = f"    {option} = {_encoded(option, value)}".encode()
    number = configfile.line_of(data, section, option)
    lines = data.split(b"\n")
    if number:
        lines[number - 1] = line
    elif header := configfile.header_of(data, section):
        lines.insert(header, line)
    else:
        if lines[-1:] == [b""]:
            lines.pop()
        name = f"['{section}']" if '"' in section else f"[{section}]"
        lines += [name.encode(), line, b""]
    new = b"\n".join(lines)
    if configfile.parse(new, file) != expected:
        raise GuardError(
            problem=f"{shown(file)} is written in a way in which {option} cannot be set without changing other lines.",
            remedy=f"correct {shown(file)} by hand: [{section}] {option}",
            exit_code=UNUSABLE,
        )
    return new


def _encoded(option: str, value: str) -> str:
    # DVC fails at such a letter when it writes its config, and leaves an empty file behind.
    if not value.isascii() or not value.isprintable() or "%(" in value:
        raise GuardError(
            problem=f"the value for {option} has characters that DVC cannot keep in its config.",
            remedy="keep it in the environment, or in the client's own file (~/.aws/credentials and the like)",
            exit_code=UNUSABLE,
        )
    for quote in ("'", '"', "'''", '"""'):
        if quote[0] not in value or (len(quote) == 3 and quote not in value and value[-1:] != quote[0]):
            return f"{quote}{value}{quote}"
    raise GuardError(problem=f"the value for {option} mixes quotes in a way that no DVC config can hold.")


def _replaced(data: bytes, finding: PrivateOption, value: str | None) -> bytes:
    """Return a config without a finding's line, or with another value in it."""
    number = configfile.line_of(data, finding.section, finding.option)
    lines = data.split(b"\n")
    if value is None:
        del lines[number - 1]
    else:
        before, ending = lines[number - 1].partition(b"=")[0], lines[number - 1].endswith(b"\r")
        lines[number - 1] = before + b"= " + _encoded(finding.option, value).encode() + (b"\r" if ending else b"")
    return b"\n".join(lines)


def _require_clean(
    file: bytes, old: bytes, new: bytes, findings: Sequence[PrivateOption], values: Sequence[str]
) -> None:
    """Make sure that nothing but the findings went, and that nothing of them stayed."""
    expected = configfile.parse(old, file)
    for finding, value in zip(findings, values, strict=True):
        del expected[finding.section][finding.option]
        if finding.kind == "url" and urls.secret_in(value):
            expected[finding.section][finding.option] = urls.without_secret(value)
    try:
        same = configfile.parse(new, file) == expected and not secrets.credentials_in(new, file)
    except GuardError:
        same = False
    left = [v for f, v in zip(findings, values, strict=True) if f.kind != "url" and len(v) > 5 and v.encode() in new]
    if not same or left:
        raise _by_hand(file, findings[0])


def _by_hand(file: bytes, finding: PrivateOption) -> GuardError:
    return GuardError(
        problem=f"{shown(file)} cannot be changed line by line: {secrets.said(finding)}; nothing was changed.",
        remedy="move it by hand into .dvc/config.local, below the same section",
        exit_code=UNUSABLE,
    )


# --- the files


def _local_file(place: git.Place, root: bytes) -> bytes:
    """Return config.local's path; GuardError where Git would publish it, or a link leads it elsewhere."""
    file = os.path.join(root, LOCAL)
    name = os.path.relpath(file, place.top)
    link = safe_paths.through_symlink(place.top, name) or (name if os.path.islink(file) else None)
    if link:
        raise GuardError(
            problem=f"{shown(link)} is a symbolic link: nobody can say where a secret would be written.",
            remedy=f"rm {typed(link)}",
            exit_code=UNUSABLE,
        )
    tracked = git.run("--literal-pathspecs", "ls-files", "-z", "--", name, at=place.top)
    if tracked or git.attempt("check-ignore", "-q", "--no-index", "--", name, at=place.top).code:
        what = "is tracked by Git" if tracked else "is not ignored by Git"
        take = f"git rm --cached {pathspec(name)} && " if tracked else ""
        rules = typed(os.path.join(os.path.dirname(name), b".gitignore"))
        raise GuardError(
            problem=f"{shown(name)} {what}: what stands in it would be published.",
            remedy=f"{take}echo /config.local >> {rules}",
            exit_code=UNUSABLE,
        )
    untrusted.refuse(place, root)
    return file


def _read(file: bytes) -> bytes:
    return read_if_there(file, links=True) or b""


def _write(file: bytes, data: bytes, private: bool) -> None:
    """Write a file of `.dvc`, whole and flushed, or not at all. private: only its owner can read it."""
    # Made where DVC has its own temporary files, which Git ignores: a crash leaves no secret to commit.
    replace(file, data, durable=True, private=private, made_in=os.path.join(os.path.dirname(file), b"tmp"))
