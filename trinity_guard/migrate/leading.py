"""Does the DVC config of an old commit lead to where the objects are? If not: the lines that make it.

What the config says stays: pointers that were there before find their objects where they always did. A commit without
a remote gets today's as its default one; where the default is another one, today's comes beside it, and each new
pointer names it.
"""

from __future__ import annotations

from trinity_guard.dvcrepo import configfile
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import GuardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.project import Project, RemoteConfig

MAX_NAMES = 100
# The options that say where objects are.
PLACE = frozenset({"remote", "url", "endpointurl", "account_name", "version_aware", "worktree", "no_scm"})


class Plan:
    """config: the bytes of .dvc/config, None where it stays; remote: the one that each new pointer names, "" none."""

    __slots__ = ("config", "remote")

    def __init__(self, config: bytes | None = None, remote: str = "") -> None:
        self.config = config
        self.remote = remote


AS_IT_IS = Plan()


class Leads:
    """Where the objects go: a remote, as the project in the folder `root` has it, and the lines that define it."""

    def __init__(self, root: bytes, remote: RemoteConfig, lines: bytes) -> None:
        self._root = root
        self._remote = remote
        self._lines = lines

    def plan(self, data: bytes) -> Plan | str:
        """Return what a commit's config needs, or why it cannot lead there."""
        try:
            project = self._read(data)
        except GuardError as error:
            return f"in its commit DVC cannot read its config: {error.problem}"
        if self._led(project, ""):
            return AS_IT_IS
        same = [name for name in project.remotes if self._led(project, name)]
        if same and project.default_remote is not None:
            return Plan(None, same[0])
        name = same[0] if same else self._free(project)
        new = data if same else _with_section(data, name, self._lines)
        if project.default_remote is None:
            new, remote = _with_default(new, name), ""
        else:
            remote = name
        return Plan(new, remote) if self.leads(new, remote) else "in its commit .dvc/config leads to another DVC remote"

    def leads(self, data: bytes, remote: str) -> bool:
        """Whether a config leads there: by its default remote, or by this one."""
        try:
            return self._led(self._read(data), remote)
        except GuardError:
            return False

    def alone(self, data: bytes) -> bool:
        """Whether a config leads there, and to no other place."""
        try:
            project = self._read(data)
        except GuardError:
            return False
        return bool(project.remotes) and all(self._led(project, name) for name in project.remotes)

    def _read(self, data: bytes) -> Project:
        return dvcproject.load(self._root, data, alone=True)

    def _led(self, project: Project, name: str) -> bool:
        found = project.remotes.get(name or project.default_remote or "")
        return found is not None and _where(found) == _where(self._remote)

    def _free(self, project: Project) -> str:
        name = self._remote.name
        others = [name, *(f"{name}-{number}" for number in range(2, MAX_NAMES))]
        return next(one for one in others if one not in project.remotes)


def _where(remote: RemoteConfig) -> tuple[object, ...]:
    """Return what tells one place from another: folder or address, and the server where that is an option."""
    address = remote.local if remote.local is not None else remote.url.rstrip("/")
    return address, remote.options.get("endpointurl", ""), remote.options.get("account_name", ""), remote.versioned


def names(data: bytes) -> frozenset[str]:
    """Return the names of a config's remotes, in lower case as DVC looks for them; none of one that it cannot read."""
    try:
        sections = configfile.parse(data, b".dvc/config")
    except GuardError:
        return frozenset()
    start = 'remote "'
    return frozenset(name[len(start) : -1].lower() for name in sections if name.startswith(start))


def overrules(data: bytes) -> bool:
    """Whether another config beside it says where objects are, and not only who one is there; true for one that DVC
    cannot read."""
    try:
        sections = configfile.parse(data, b".dvc/config.local")
    except GuardError:
        return True
    return any(not PLACE.isdisjoint(section) for section in sections.values())


def lines_of(data: bytes, name: str) -> bytes:
    """Return the lines of a config below the head of a remote's section; b"" where it has none."""
    at = configfile.header_of(data, f'remote "{name}"')
    lines: list[bytes] = []
    for line in data.splitlines()[at:] if at else []:
        if line.lstrip().startswith(b"["):
            break
        lines.append(line)
    return b"".join(line + b"\n" for line in lines if line.strip())


def _with_section(data: bytes, name: str, lines: bytes) -> bytes:
    missing = b"\n" if data and not data.endswith(b"\n") else b""
    return data + missing + f"['remote \"{name}\"']\n".encode() + lines


def _with_default(data: bytes, name: str) -> bytes:
    """Return a config with this default remote; there is none in it."""
    line = f"    remote = {name}\n".encode()
    at = configfile.header_of(data, "core")
    if not at:
        return b"[core]\n" + line + data
    lines = data.splitlines(keepends=True)
    head = lines[at - 1] if lines[at - 1].endswith(b"\n") else lines[at - 1] + b"\n"
    return b"".join([*lines[: at - 1], head, line, *lines[at:]])
