"""What a migration is asked to do: which files, which refs, where the objects go."""

from __future__ import annotations

from trinity_guard.config import Config
from trinity_guard.detect.inspect import is_bookkeeping
from trinity_guard.detect.patterns import PLAIN, Rules, size_text
from trinity_guard.dvcrepo.paths import inside_dvc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Progress = Callable[[str, int, int], None]


class Selection:
    """Which files of the history are artifacts: by name (gitignore syntax, blind to case), by size, or by both.

    include: patterns, none for all names; above: bytes, files larger than this; exclude: patterns that win.
    With include and above, a file must satisfy both.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str] = (), above: int | None = None) -> None:
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self.above = above
        self.labels: list[str] = list(self.include) or [f"above {size_text(above or 0)}"]
        self._bits = {label: 1 << n for n, label in enumerate(self.labels)}
        self._rules = Rules(Config(patterns=self.include, exclude=self.exclude, sniff=False, max_size=0))
        # Whether a file's own name decides, wherever it lies (unless a folder above it matches too).
        self.by_name = above is None and all(
            line[:2] == "*." and PLAIN.issuperset(line[2:]) for line in (*include, *exclude)
        )

    def bit(self, path: bytes) -> int:
        """Return the bit of the label that makes this path an artifact (by name), 0 where none does."""
        if is_bookkeeping(path) or inside_dvc(path):
            return 0
        if not self.include:
            return 0 if self._rules.excluded(path) else 1
        pattern = self._rules.named(path)
        return 0 if pattern is None else self._bits[pattern]

    def sieve(self, path: bytes) -> bool:
        """Whether a path may be an artifact; quick, and never False for one that is."""
        return not self.include or self._rules.sieve(path)

    def label(self, bit: int) -> str:
        return self.labels[bit.bit_length() - 1]

    def large_enough(self, size: int) -> bool:
        return self.above is None or size > self.above


class DvcFiles:
    """The files of DVC's own that a commit needs to hold a pointer, byte for byte as `dvc init` writes them."""

    def __init__(self, config: bytes, gitignore: bytes, dvcignore: bytes) -> None:
        self.config = config
        self.gitignore = gitignore
        self.dvcignore = dvcignore


DVC_GITIGNORE = b"/config.local\n/tmp\n/cache\n"
DVC_IGNORE = (
    b"# Add patterns of files dvc should ignore, which could improve\n"
    b"# the performance. Learn more at\n"
    b"# https://dvc.org/doc/user-guide/dvcignore\n"
)


def dvc_files(remotes: Mapping[str, str] | None = None, default: str | None = None) -> DvcFiles:
    """Return what `dvc init` and `dvc remote add [-d] NAME URL` write.

    remotes: name -> url as it is to stand in the config (a folder: absolute, or relative to `.dvc`).
    """
    lines = [f"[core]\n    remote = {default}\n"] if default else []
    lines += [f"['remote \"{name}\"']\n    url = {_value(url)}\n" for name, url in (remotes or {}).items()]
    return DvcFiles("".join(lines).encode(), DVC_GITIGNORE, DVC_IGNORE)


def _value(url: str) -> str:
    """Return a value as configobj writes it: in quotes where it would be read as something else."""
    plain = url and url == url.strip() and url[0] not in "\"'" and not any(c in url for c in ",#")
    return url if plain else f'"{url}"' if '"' not in url else f"'{url}'"


class Options:
    """One migration. refs: full names, as `refs.select` returns them; cache: the folder of DVC's cache.

    rewrite_ids: also change the commit ids that messages name. check: called with (md5, size) of all objects before
    any ref moves, to upload them for example; a GuardError stops the migration. dry: all but moving refs.
    stop: commits (hex) that are left as they are, with all before them.
    """

    def __init__(
        self,
        *,
        selection: Selection,
        refs: Sequence[bytes],
        cache: bytes,
        files: DvcFiles,
        shared: bool = False,
        rewrite_ids: bool = True,
        dry: bool = False,
        stop: Sequence[bytes] = (),
        check: Callable[[Sequence[tuple[str, int]]], None] | None = None,
    ) -> None:
        self.selection = selection
        self.refs = list(refs)
        self.cache = cache
        self.files = files
        self.shared = shared
        self.rewrite_ids = rewrite_ids
        self.dry = dry
        self.stop = tuple(stop)
        self.check = check
