"""What a DVC project says, read without dvc: its root, cache and remotes."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import configfile, odb, safe_paths, urls
from trinity_guard.dvcrepo.paths import parent
from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trinity_guard.git import Place

FILES = (b".dvc/config", b".dvc/.gitignore", b".dvcignore")
LINK_TYPES = ("reflink", "hardlink", "symlink", "copy")


class RemoteConfig:
    """A DVC remote: its `url` as DVC resolves it, `local` (its absolute folder; None for a service), all options.

    source: the config level that names the url (system, global, repo, local).
    sources: the level of each option; a url that is built upon another remote's is of the repo if either is.
    """

    __slots__ = ("local", "name", "options", "source", "sources", "url")

    def __init__(self, name: str, url: str, options: dict[str, str], source: str, sources: dict[str, str]) -> None:
        self.name = name
        self.url = url
        self.options = options
        self.source = source
        self.sources = sources
        self.local = local_folder(url)

    @property
    def versioned(self) -> bool:
        """Whether the cloud's own versions hold the files (version_aware, worktree): no objects named by md5."""
        return any(self.options.get(o, "").lower() == "true" for o in ("version_aware", "worktree"))


class Project:
    """A DVC project's settings. shared: new folders of the cache are the group's too. cache_types: as configured.

    cache_source: the config level that names the cache's folder, "" where none does.
    """

    __slots__ = (
        "autostage", "cache_dir", "cache_source", "cache_types", "default_remote", "no_scm", "remotes", "root",
        "shared",
    )  # fmt: skip

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.cache_dir = os.path.join(root, b".dvc", b"cache")
        self.cache_source = ""
        self.shared = False
        self.cache_types = ["reflink", "copy"]
        self.default_remote: str | None = None
        self.remotes: dict[str, RemoteConfig] = {}
        self.no_scm = False
        self.autostage = False

    @classmethod
    def at(cls, place: Place, root: bytes, published: bool = False) -> Project:
        """Read the project whose root this is, from the repository's top. published: as for `load`."""
        return load(place.file(root) if root else place.top, published=published)

    @classmethod
    def of(cls, place: Place, path: bytes) -> Project | None:
        """Read the project that a path (from the top) belongs to; None where there is none above it."""
        root = root_of(place.top, path)
        return None if root is None else cls.at(place, root)

    @property
    def odb(self) -> odb.Store:
        """The cache of its objects."""
        return odb.Store(self.cache_dir, self.shared)

    def cache_outside(self, top: bytes) -> bool:
        """Whether the cache really lies outside of the work tree whose top this is."""
        return not within(self.cache_dir, top)


class Caches:
    """The caches of a work tree's projects, each read once."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._roots: dict[bytes, bool] = {}
        self._known: dict[bytes, odb.Store] = {}

    def of(self, path: bytes) -> odb.Store | None:
        """Return the cache of the project that a path belongs to; None where there is no project above it."""
        root = root_of(self._place.top, path, self._roots)
        if root is None:
            return None
        if root not in self._known:
            self._known[root] = Project.at(self._place, root).odb
        return self._known[root]


def within(path: bytes, folder: bytes) -> bool:
    """Whether a path lies in a folder, all symbolic links followed."""
    real, base = os.path.realpath(path), os.path.realpath(folder)
    return real == base or real.startswith(base.rstrip(b"/") + b"/")


def root_of(top: bytes, path: bytes, known: dict[bytes, bool] | None = None) -> bytes | None:
    """Return the DVC project that a file belongs to: the nearest folder at or above its own that holds `.dvc`.

    Relative to `top`, b"" for the top itself; None when there is none. known: answers to share between calls.
    """
    known = {} if known is None else known
    folder = parent(path)
    while True:
        if folder not in known:
            known[folder] = os.path.isdir(os.path.join(top, folder, b".dvc"))
        if known[folder]:
            return folder
        if not folder:
            return None
        folder = parent(folder)


# --- config


def load(root: bytes, committed: bytes | None = None, published: bool = False, alone: bool = False) -> Project:
    """Read the config of the project in the folder `root`. GuardError (exit 2) for one that DVC would not take.

    committed: bytes in the place of its .dvc/config, of another commit. published: remotes lead where everybody else
    is led, to the addresses, and the default one, of .dvc/config. alone: no other config is looked at.
    """
    root = os.path.abspath(root)
    merged: dict[str, dict[str, Any]] = {}
    origin: dict[tuple[str, str], tuple[str, bytes]] = {}
    levels = configfile.levels(os.path.join(root, b".dvc"))
    for level, file in (at for at in levels if not alone or at[0] == "repo"):
        for name, section in configfile.read(file, committed if level == "repo" else None).items():
            merged.setdefault(name, {}).update(section)
            origin.update({(name, option): (level, file) for option in section})
    if published:
        _as_published(merged, origin, os.path.join(root, b".dvc", b"config"))
    return _project(root, _Settings(merged, origin))


def _as_published(
    merged: dict[str, dict[str, Any]], origin: dict[tuple[str, str], tuple[str, bytes]], file: bytes
) -> None:
    """Put back what .dvc/config says of the default remote, and of the addresses of its remotes."""
    committed = configfile.read(file)
    if not committed.get("core", {}).get("remote"):
        merged.get("core", {}).pop("remote", None)
    for name, section in committed.items():
        option = "remote" if name == "core" else "url" if name.startswith('remote "') else ""
        if option in section:
            merged[name][option] = section[option]
            origin[name, option] = ("repo", file)


class _Settings:
    """All levels merged, and the level and file of each option."""

    def __init__(self, merged: dict[str, dict[str, Any]], origin: dict[tuple[str, str], tuple[str, bytes]]) -> None:
        self.merged = merged
        self.origin = origin

    def text(self, section: str, option: str) -> str | None:
        value = self.merged.get(section, {}).get(option)
        if value is not None and not isinstance(value, str):
            raise self.wrong(section, option, "holds a list where one value is expected (put it in quotes)")
        return value

    def choice(self, section: str, option: str, allowed: tuple[str, ...]) -> str | None:
        value = self.text(section, option)
        if value is not None and value.lower() not in allowed:
            raise self.wrong(section, option, f"is '{value}', not {' or '.join(allowed)}")
        return value.lower() if value is not None else None

    def file_of(self, section: str) -> bytes:
        """Return the file that names a section's first option; of an empty section, the repository's."""
        return next((file for (s, _), (_, file) in self.origin.items() if s == section), b".dvc/config")

    def wrong(self, section: str, option: str, what: str) -> GuardError:
        file = self.origin[section, option][1]
        text = shown(f"{section}: {option}".encode("utf-8", "surrogatepass"))
        words = shown(what.encode("utf-8", "surrogatepass"))
        return configfile.broken(file, f"is wrong{_line_of(file, section, option)}: [{text}] {words}")


def _line_of(file: bytes, section: str, option: str) -> str:
    """Return where an option stands in a file, for a message; "" when it stands there more than once."""
    if not option:
        return ""
    line = configfile.line_of(git.read(file, configfile.MAX_BYTES, links=True), section, option)
    return f" in line {line}" if line else ""


def _project(root: bytes, settings: _Settings) -> Project:
    project = Project(root)
    project.no_scm = settings.choice("core", "no_scm", ("true", "false")) == "true"
    project.autostage = settings.choice("core", "autostage", ("true", "false")) == "true"
    project.shared = settings.choice("cache", "shared", ("group",)) == "group"
    default = settings.text("core", "remote")
    if default and safe_paths.remote_name(default):
        raise settings.wrong("core", "remote", f"names a remote that {safe_paths.remote_name(default)}")
    project.default_remote = default.lower() if default else None
    types = settings.merged.get("cache", {}).get("type")
    if types is not None:
        project.cache_types = [t.strip() for t in types.split(",")] if isinstance(types, str) else types
        if not set(project.cache_types) <= set(LINK_TYPES):
            raise settings.wrong("cache", "type", f"is not of {', '.join(LINK_TYPES)}")
    for section in settings.merged:
        if section.startswith('remote "'):
            name = section[len('remote "') : -1]
            _require_name(settings, section, name)
            project.remotes[name] = _remote(settings, name, ())
    project.cache_dir = _cache_dir(settings, project)
    named = next((o for o in ("local", "dir") if settings.merged.get("cache", {}).get(o)), None)
    project.cache_source = settings.origin["cache", named][0] if named else ""
    if named == "local":  # a remote names the folder, and may be another level's
        levels = (project.cache_source, project.remotes[str(settings.text("cache", "local")).lower()].sources["url"])
        project.cache_source = "repo" if "repo" in levels else project.cache_source
    return project


def _require_name(settings: _Settings, section: str, name: str) -> None:
    reason = safe_paths.remote_name(name)
    if reason:
        said = shown(name.encode("utf-8", "replace"))
        raise configfile.broken(settings.file_of(section), f"is wrong: the name of the remote '{said}' {reason}")


def _cache_dir(settings: _Settings, project: Project) -> bytes:
    old = settings.text("cache", "local")
    if old:  # DVC 0.x named a remote here, and DVC still reads it
        remote = project.remotes.get(old.lower())
        if remote is None or remote.local is None:
            raise settings.wrong(
                "cache", "local", f"is '{urls.without_secret(old)}', which is no remote on this machine"
            )
        return remote.local
    value = settings.text("cache", "dir")
    if value is None:
        return project.cache_dir
    folder = local_folder(value)
    if folder is None:
        raise settings.wrong("cache", "dir", f"is '{urls.without_secret(value)}', which is no folder of this machine")
    return folder


def _remote(settings: _Settings, name: str, asking: tuple[str, ...]) -> RemoteConfig:
    section = f'remote "{name}"'
    url = settings.text(section, "url")
    if url is None or name in asking:
        option = next((o for s, o in settings.origin if s == section), "")
        file = settings.file_of(section)
        what = "has no url" if url is None else "refers to itself"
        raise configfile.broken(
            file, f"is wrong{_line_of(file, section, option)}: the remote '{shown(name.encode())}' {what}"
        )
    if url.lower().startswith("file://"):
        what = (
            "is a file:// address, which DVC takes for a folder named `file:` in the current one; write the plain path"
        )
        raise settings.wrong(section, "url", what)
    options = {k: v if isinstance(v, str) else ",".join(v) for k, v in settings.merged[section].items()}
    sources = {option: settings.origin[section, option][0] for option in options}
    source = sources["url"]
    if url.lower().startswith("remote://"):
        base_name, _, rest = url[len("remote://") :].partition("/")
        if f'remote "{base_name.lower()}"' not in settings.merged:
            what = f"is '{urls.without_secret(url)}', and there is no remote of that name"
            raise settings.wrong(section, "url", what)
        base = _remote(settings, base_name.lower(), (*asking, name))
        url = f"{base.url}/{rest.lstrip('/')}"
        options = {**base.options, **options, "url": url}
        sources = {**base.sources, **sources}
        if base.sources["url"] == "repo":
            sources["url"] = "repo"
    return RemoteConfig(name, url, options, source, sources)


def local_folder(url: str) -> bytes | None:
    """Return the folder that a resolved url means, None for a service."""
    if safe_paths.scheme(url) in safe_paths.SCHEMES or "://" in url:
        return None
    return os.path.abspath(os.fsencode(url)) if url.startswith("/") else None
