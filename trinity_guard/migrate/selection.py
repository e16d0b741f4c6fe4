"""Which files of a history are artifacts."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_guard.config import Config, is_plain
from trinity_guard.detect.inspect import is_bookkeeping
from trinity_guard.detect.patterns import Rules, size_text
from trinity_guard.dvcrepo.paths import inside_dvc

BY_FIRST_BYTES = "by its first bytes"
OF_LFS = "of Git LFS"


class Selection:
    """Which files of the history are artifacts: by name (gitignore syntax, blind to case), by size, or by both.

    include: patterns, none for all names; above: bytes, files larger than this; exclude: patterns that win.
    With include and above, a file must satisfy both. sniff: files that their first bytes tell, too.
    leaves_lfs: commits leave Git LFS; any_lfs: all of its files move, whatever their names and sizes.
    """

    def __init__(
        self,
        include: Sequence[str],
        exclude: Sequence[str] = (),
        above: int | None = None,
        sniff: bool = False,
        leaves_lfs: bool = False,
        any_lfs: bool = False,
    ) -> None:
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self.above = above
        self.values = {"include": [*include], "exclude": [*exclude], "above": above, "sniff": sniff}
        self.values |= {"leaves_lfs": leaves_lfs, "any_lfs": any_lfs}
        self.labels: list[str] = list(self.include) or [f"above {size_text(above or 0)}"]
        self.labels += [BY_FIRST_BYTES] if sniff else []
        self.labels += [OF_LFS] if any_lfs else []
        self.sniff = sniff
        self.leaves_lfs = leaves_lfs
        self.any_lfs = any_lfs
        # Of a tree that is of interest without any artifact in it.
        self.no_label = 1 << len(self.labels)
        self._bits = {label: 1 << n for n, label in enumerate(self.labels)}
        self._rules = Rules(Config(patterns=self.include, exclude=self.exclude, sniff=False, max_size=0))
        # Whether a file's own name decides, wherever it lies (unless a folder above it matches too).
        self.by_name = above is None and all(is_plain(line) for line in (*include, *exclude))

    def bit(self, path: bytes) -> int:
        """Return the bit of the label that makes this path an artifact (by name), 0 where none does."""
        if is_bookkeeping(path) or inside_dvc(path):
            return 0
        if not self.include:
            return 0 if self._rules.excluded(path) else 1
        pattern = self._rules.named(path)
        return 0 if pattern is None else self._bits[pattern]

    def bit_by_content(self, path: bytes, of_lfs: bool) -> int:
        """Return the bit of an artifact that its bytes tell, 0 where its name says that it is none.

        of_lfs: they are a pointer of Git LFS.
        """
        if is_bookkeeping(path) or inside_dvc(path) or self._rules.excluded(path):
            return 0
        return self._bits.get(OF_LFS if of_lfs else BY_FIRST_BYTES, 0)

    def sieve(self, path: bytes) -> bool:
        """Whether a path may be an artifact; quick, and never False for one that is."""
        return not self.include or self._rules.sieve(path)

    def label(self, bit: int) -> str:
        return self.labels[bit.bit_length() - 1]

    def large_enough(self, size: int, of_lfs: bool = False) -> bool:
        return self.above is None or size > self.above or (of_lfs and self.any_lfs)
