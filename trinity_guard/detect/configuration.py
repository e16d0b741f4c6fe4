"""The configuration of a repository, parsed once for each version of its files.

`import tomllib` alone takes longer than all that a hook does, so what the files said is remembered under the git dir,
beside their bytes: it holds for these bytes and no others.
"""

from __future__ import annotations

import os
import zlib

from trinity_guard import config as configs
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.config import Config, Sizes
    from trinity_guard.git import Place

FIELDS = 19


def read(top: bytes) -> Config:
    """Read the configuration of the work tree at `top`; GuardError (exit 2) for all that is wrong with it."""
    from trinity_guard.detect import configtext  # noqa: PLC0415  # hooks take what is kept

    return configtext.parsed(*texts(top))


def texts(top: bytes) -> tuple[bytes | None, bytes | None]:
    """Return the bytes of .trinity-guard.toml, and of a pyproject.toml that may hold our table; None: there is none."""
    own, shared = _bytes(top, configs.OWN_FILE), _bytes(top, configs.PYPROJECT)
    # A commit must not hang on a pyproject.toml that is no business of ours, broken or not.
    return own, shared if shared is not None and b"trinity-guard" in shared else None


def _bytes(top: bytes, name: str) -> bytes | None:
    try:
        return git.read(os.path.join(top, name.encode()), configs.MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        from trinity_guard.detect import configtext  # noqa: PLC0415  # as above

        words = error.strerror or str(error)
        remedy = f"ls -l {name}     # put the configuration into a readable file of that name, or move this away"
        raise configtext.wrong(name, 0, f"cannot be read: {words[:1].lower()}{words[1:]}.", remedy) from None


def load(place: Place) -> Config:
    """Return the configuration of the work tree; GuardError (exit 2) for all that is wrong with it."""
    own, shared = texts(place.top)
    if own is None and shared is None:
        return configs.Config()
    file = _file(place)
    key = [_version(), b"own" if own is not None else b"shared", own or b"", shared or b""]
    for record in records.read_if_readable(file, FIELDS):
        if list(record[:4]) == key:
            return _decoded(record[4:])
    from trinity_guard.detect import configtext  # noqa: PLC0415  # as above

    config = configtext.parsed(own, shared)
    try:
        records.write(file, [key + _encoded(config)])
    except (GuardError, OSError):
        return config  # a read-only git dir: the next time parses again
    return config


def forget(place: Place) -> None:
    """Drop what is remembered."""
    if os.path.lexists(_file(place)):
        os.unlink(_file(place))


# ---- the attributes file of our filter driver (attributesfile.py), which follows the configuration


def attributes(place: Place) -> bytes:
    """Return where the attributes file is, in a clone that has the driver."""
    return os.path.join(place.own, b"attributes")


def attributes_in_step(place: Place) -> bool:
    """Whether the attributes file is what it would be now, or there is none."""
    said = state_said(place)
    return said is None or said == state(place, theirs(said))


def state_said(place: Place) -> bytes | None:
    """Return its first line, which says what the rest was made of; None where there is no such file."""
    try:
        fd = os.open(attributes(place), os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.read(fd, 4096).partition(b"\n")[0] + b"\n"
    finally:
        os.close(fd)


def state(place: Place, theirs: bytes) -> bytes:
    """Return the first line as it would be now. theirs: the user's own attributes file, be it not there yet."""
    # Its own place too: Git is told it as an absolute path, and a repository is moved.
    parts = [*(text or b"" for text in texts(place.top)), _version(), attributes(place), *map(_seen, _git_configs())]
    return b"# trinity-guard %08x %b %b\n" % (zlib.crc32(b"\0".join(parts)), _seen(theirs), theirs)


def _git_configs() -> tuple[bytes, ...]:
    """Return the files in which the user, or the machine, says which file of attributes counts."""
    named = os.environb.get(b"GIT_CONFIG_GLOBAL")
    theirs = (named,) if named else (os.path.expanduser(b"~/.gitconfig"), os.path.join(git_home(), b"config"))
    return (*theirs, b"/etc/gitconfig")


def git_home() -> bytes:
    """Return the folder of the user's own files of Git."""
    return os.path.join(os.environb.get(b"XDG_CONFIG_HOME") or os.path.expanduser(b"~/.config"), b"git")


def _seen(file: bytes) -> bytes:
    """Return what tells one version of a file from the next."""
    try:
        found = os.stat(file)
        return b"%d %d" % (found.st_size, found.st_mtime_ns)
    except (OSError, ValueError):
        return b"- -"


def theirs(said: bytes) -> bytes:
    """Return the user's own attributes file out of such a line."""
    return said.rstrip(b"\n").split(b" ", 5)[-1] if said.count(b" ") >= 5 else b""


def _file(place: Place) -> bytes:
    return os.path.join(place.git_dir, b"trinity-guard", b"config")


def _version() -> bytes:
    """Return what tells one version of the program, which may read or write the same otherwise, from the next."""
    here = os.fsencode(os.path.dirname(__file__))
    ours = (here + b"/configtext.py", os.fsencode(configs.__file__), here + b"/attributesfile.py")
    return b" ".join(map(_seen, ours))


def _encoded(config: Config) -> list[bytes]:
    # No pattern holds a newline.
    texts = (
        "\n".join(config.patterns), "\n".join(config.exclude), "\n".join(config.folders),
        _sizes_text(config.max_size, config.max_size_of), _sizes_text(config.min_size, config.min_size_of),
        "sniff" if config.sniff else "", "facts" if config.facts else "",
        config.on_artifact, config.on_change, config.pickles, "\n".join(config.pickle_allow),
        config.push, config.sync, config.remote or "",
        "\n".join((config.source, *config.notes)),
    )  # fmt: skip
    return [text.encode("utf-8", "surrogateescape") for text in texts]


def _decoded(fields: tuple[bytes, ...]) -> Config:
    (
        patterns,
        exclude,
        folders,
        max_sizes,
        min_sizes,
        sniff,
        facts,
        on_artifact,
        on_change,
        pickles,
        allow,
        push,
        sync,
        remote,
        said,
    ) = (field.decode("utf-8", "surrogateescape") for field in fields)
    source, *notes = said.split("\n")
    max_size, max_size_of = _sizes(max_sizes)
    min_size, min_size_of = _sizes(min_sizes)
    return configs.Config(
        patterns=tuple(patterns.split("\n")) if patterns else (),
        exclude=tuple(exclude.split("\n")) if exclude else (),
        folders=tuple(folders.split("\n")) if folders else (),
        max_size=max_size,
        max_size_of=max_size_of,
        min_size=min_size,
        min_size_of=min_size_of,
        sniff=bool(sniff),
        facts=bool(facts),
        on_artifact=on_artifact,
        on_change=on_change,
        pickles=pickles,
        pickle_allow=tuple(allow.split("\n")) if allow else (),
        push=push,
        sync=sync,
        remote=remote or None,
        source=source,
        notes=tuple(notes),
    )


def _sizes_text(size: int, of_patterns: Sizes) -> str:
    return "\n".join([str(size), *(f"{size} {pattern}" for pattern, size in of_patterns)])


def _sizes(text: str) -> tuple[int, Sizes]:
    size, *rows = text.split("\n")
    pairs = [row.split(" ", 1) for row in rows]
    return int(size), tuple((pattern, int(size)) for size, pattern in pairs)
