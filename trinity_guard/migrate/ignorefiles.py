"""What the .gitignore and .dvcignore files of a commit hide, read as Git reads them, and the lines a pointer needs."""

from __future__ import annotations

from trinity_guard.dvcrepo import dvcignore
from trinity_guard.errors import GuardError
from trinity_guard.git import gitignore
from trinity_guard.migrate.linesieve import Places, Sieve

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping, Sequence

# Where the file stands (b"" or b"data/"), its name, and one of its lines.
Line = tuple[bytes, bytes, bytes]
# The folder whose .gitignore hides another folder, that folder (both end with a slash, or are b""), and whether
# all in it is hidden (b"/data/*") and not the folder itself.
Hidden = tuple[bytes, bytes, bool]

GITIGNORE, DVCIGNORE = b".gitignore", b".dvcignore"
POINTERS_SEEN = b"!*.dvc"
MAX_SIEVES = 64


class Rule:
    """One line of an ignore file. hides: False for a `!` line."""

    __slots__ = ("_all_below", "_dirs_only", "_regex", "hides")

    def __init__(self, line: bytes) -> None:
        import re
        import warnings  # noqa: PLC0415  # re, which has it loaded, is loaded late

        import pathspec  # costs more than all else that a command starts with

        self._regex: re.Pattern[str] | None = None
        self.hides = False
        self._dirs_only = line.rstrip(b" ").endswith(b"/")
        # `data/**/` means all folders below, which the library's expression leaves out.
        self._all_below = line.rstrip(b" ").endswith(b"/**/") and line.strip(b"!/ ") != b"**"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of `[[:alpha:]]`
                pattern = pathspec.GitIgnoreSpec.from_lines([_text(line)]).patterns[0]
        except (ValueError, re.error):
            return  # Git takes such a line for one that matches nothing
        if pattern.include is not None and pattern.regex is not None:
            self._regex = pattern.regex
            self.hides = pattern.include

    def touches(self, path: bytes) -> bool:
        """Whether the line matches a path (relative to its file), or a folder above it."""
        return self._regex is not None and self._regex.search(_text(path)) is not None

    def matches(self, path: bytes, is_dir: bool) -> bool:
        """Whether the line matches this very path, and not only a folder above it."""
        if self._regex is None or (self._dirs_only and not is_dir):
            return False
        text = _text(path)
        if self._dirs_only:
            # The library searches: its expression for `*/` is a slash anywhere.
            marks = [found.start("ps_d") for found in self._regex.finditer(text + "/")]
            return any(mark < len(text) for mark in marks) if self._all_below else len(text) in marks
        found = self._regex.search(text)
        return found is not None and found.groupdict().get("ps_d") is None


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape").replace("\n", "\0")


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines of an ignore file that say something."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [line.removesuffix(b"\r") for line in lines if line.strip() and not line.startswith(b"#")]


class Reader:
    """Evaluates lines for paths; each line is compiled once, and tried for those paths alone that it may match."""

    def __init__(self, paths: Iterable[bytes]) -> None:
        self._rules: dict[bytes, Rule] = {}
        self._places = Places(paths)
        self._relevant: dict[tuple[Line, bytes], bool] = {}
        # By the chain's identity: its hash takes as long as a walk over it. The chain beside it keeps that its own.
        self._sieves: dict[tuple[int, bytes], tuple[Sequence[Line], Sieve]] = {}
        self._of_dvc: dict[int, tuple[Sequence[Line], dict[bytes, bytes], dvcignore.IgnoreRules]] = {}

    def rule(self, line: bytes) -> Rule:
        known = self._rules.get(line)
        if known is None:
            known = self._rules[line] = Rule(line)
        return known

    def relevant(self, line: Line, below: bytes) -> bool:
        """Whether a line says anything on an artifact of the history, or its pointer, in the folder `below`."""
        known = self._relevant.get((line, below))
        if known is None:
            known = self._relevant[line, below] = self._says_anything(line, below)
        return known

    def _says_anything(self, line: Line, below: bytes) -> bool:
        folder, _, pattern = line
        rule = self.rule(pattern)
        # DVC reads them in its own way: of `data/*/` it takes data/ itself for ignored.
        read_otherwise = any(sign in pattern for sign in b"*?[\\") or not pattern.isascii()
        return any(
            read_otherwise or rule.touches(path[len(folder) :]) or rule.touches(path[len(folder) :] + b".dvc")
            for path in self._places.that_may_match(folder, pattern, below)
        )

    def hidden_folders(self, chain: Sequence[Line], folder: bytes) -> list[Hidden]:
        """Return the folders on the way to `folder`, itself included, that the lines hide, with whose lines do it."""
        found: list[Hidden] = []
        for here in _way(folder):
            line = self._last(chain, here, True, GITIGNORE)
            if line is not None and self.rule(line[2]).hides:
                found.append((line[0], here + b"/", False))
        return found

    def to_show(self, chain: Sequence[Line], folder: bytes) -> list[Hidden]:
        """Return what must be shown again for a pointer in `folder` to be seen, by Git and by DVC.

        Git looks into a folder of which all is ignored (`/data/*`); DVC's own reader of these files does not.
        """
        hidden = self.hidden_folders(chain, folder)
        found = list(hidden)
        for here in _way(folder):
            line = self._last_on_all(chain, here)
            if line is None or not self.rule(line[2]).hides:
                continue
            # What shows a folder that is hidden itself shows all in it.
            if not any(outer == line[0] and (here + b"/").startswith(inner) for outer, inner, _ in hidden):
                found.append((line[0], here + b"/", True))
        return found

    def _last_on_all(self, chain: Sequence[Line], folder: bytes) -> Line | None:
        for line in reversed(chain):
            above, name, pattern = line
            if name != GITIGNORE or not pattern.rstrip(b"/").endswith((b"/*", b"/**")):
                continue
            inside = folder + b"/x"
            if inside.startswith(above) and self.rule(pattern).touches(inside[len(above) :]):
                return line
        return None

    def hides(self, chain: Sequence[Line], path: bytes) -> bool:
        """Whether the lines hide a file by itself (no folder above it was hidden)."""
        line = self._last(chain, path, False, GITIGNORE)
        return line is not None and self.rule(line[2]).hides

    def hidden_from_dvc(self, chain: Sequence[Line], path: bytes) -> bool:
        """Whether a .dvcignore hides a file or a folder above it, as DVC reads them; true for one that it cannot read.

        Not as Git does: of a file `/data/*` says more than the later `!/data/raw/`, which is about folders alone.
        """
        texts, known = self._dvcignores(chain)
        return bool(texts) and dvcignored(texts, path, known)

    def _dvcignores(self, chain: Sequence[Line]) -> tuple[dict[bytes, bytes], dvcignore.IgnoreRules]:
        known = self._of_dvc.get(id(chain))
        if known is None:
            if len(self._of_dvc) >= MAX_SIEVES:
                self._of_dvc.clear()
            texts: dict[bytes, bytes] = {}
            for folder, name, pattern in chain:
                if name == DVCIGNORE:
                    texts[folder + name] = texts.get(folder + name, b"") + pattern + b"\n"
            known = self._of_dvc[id(chain)] = (chain, texts, {})
        return known[1], known[2]

    def _last(self, chain: Sequence[Line], path: bytes, is_dir: bool, kind: bytes) -> Line | None:
        """Return the line that has the last word: of the deepest file, the last one."""
        for at in self._sieve(chain, kind).that_may_match(path):
            folder, _, pattern = line = chain[at]
            inside = path.startswith(folder) and len(path) > len(folder)
            if inside and self.rule(pattern).matches(path[len(folder) :], is_dir):
                return line
        return None

    def _sieve(self, chain: Sequence[Line], kind: bytes) -> Sieve:
        key = (id(chain), kind)
        known = self._sieves.get(key)
        if known is None:
            if len(self._sieves) >= MAX_SIEVES:
                self._sieves.clear()  # commits come one after the other: those of old ones are not asked for again
            sieve = Sieve((at, line[0], line[2]) for at, line in enumerate(chain) if line[1] == kind)
            known = self._sieves[key] = (chain, sieve)
        return known[1]


def dvcignored(texts: Mapping[bytes, bytes], path: bytes, known: dvcignore.IgnoreRules | None = None) -> bool:
    """Whether DVC passes a file over, by itself or for one of these .dvcignore files (path -> bytes); true for one that
    it cannot read."""
    try:
        return dvcignore.dvcignored(b"", path, texts.get, known) is not None
    except GuardError:
        return True


def appended(data: bytes, line: bytes) -> bytes:
    """Return an ignore file with one more line at its end, every other byte as it was."""
    missing = b"\n" if data and not data.endswith(b"\n") else b""
    return data + missing + line + b"\n"


def seen_again(folder: bytes, only_all_in_it: bool) -> list[bytes]:
    """Return the lines that let Git and DVC see the pointers in a folder (relative, with its slash), and no more.

    Git does not look into a folder that is ignored, so no line inside of it can help.
    """
    name = b"/" + b"/".join(gitignore.line_for(part)[1:] for part in folder.removesuffix(b"/").split(b"/"))
    first = [name + b"/*/**"] if only_all_in_it else [b"!" + name + b"/", name + b"/**"]
    return [*first, b"!" + name + b"/**/", b"!" + name + b"/**/*.dvc"]


def with_lines(data: bytes, folders: Iterable[tuple[bytes, bool]], pointers: bool, lines: Iterable[bytes]) -> bytes:
    """Return a .gitignore with what a migration adds: folders seen again, pointers seen again, artifacts ignored (by
    these lines)."""
    for folder, only_all_in_it in folders:
        for line in seen_again(folder, only_all_in_it):
            data = appended(data, line)
    if pointers:
        data = appended(data, POINTERS_SEEN)
    return gitignore.with_written(data, lines)


def _way(folder: bytes) -> list[bytes]:
    """Return each folder on the way to one (with its slash), itself included, without their slashes."""
    return [folder[:i] for i in range(len(folder)) if folder[i : i + 1] == b"/"]
