"""Which files and which refs a migration is about: from the command line, else from the repository's own config."""

from __future__ import annotations

import os

from trinity_guard import config as configs
from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import refs, refusals
from trinity_guard.migrate.selection import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.config import Config


class Chosen:
    """The refs (full names) that a migration is about; words: what they are, for a person.

    lonely: remote-tracking branches that get a branch of their own first. stop: commits (hex) that are left as they
    are, with all before them.
    """

    def __init__(self, names: list[bytes], words: str, lonely: Sequence[bytes] = ()) -> None:
        self.names = names
        self.words = words
        self.lonely = list(lonely)
        self.stop: list[bytes] = []


def load_config(place: git.Place) -> Config:
    """Read the repository's config; in a bare one from the tree of HEAD."""
    if not place.bare:
        return configs.load(place.top)
    import tempfile

    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        for name in (configs.OWN_FILE, configs.PYPROJECT):
            found = git.attempt("cat-file", "blob", f"HEAD:{name}", at=place.git_dir)
            if not found.code:
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(found.out)
        return configs.load(os.fsencode(folder))


def selection(config: Config, include: Sequence[str], exclude: Sequence[str], above: str | None) -> Selection:
    """Return which files are meant. include takes the place of the config's patterns, exclude is added to its own;
    above alone means files of any name."""
    for glob in (*include, *exclude):
        _require_pattern(glob)
    limit = None
    if above is not None:
        try:
            limit = configs.parse_size(above)
        except ValueError as error:
            raise GuardError(
                problem=f"--above: {error}.", remedy='--above "5 MB", or 500kB, 1.5GiB', exit_code=UNUSABLE
            ) from None
    patterns = include or (() if limit is not None else config.patterns)
    if not patterns and limit is None:
        raise GuardError(
            problem="the config's list of patterns is empty: no file is an artifact.",
            remedy="trinity-guard migrate info --include '*.pkl'",
            exit_code=UNUSABLE,
        )
    return Selection(patterns, (*config.exclude, *exclude), limit)


def _require_pattern(glob: str) -> None:
    import re

    try:
        good = glob.strip() and "\0" not in glob and configs.compiled([glob]).patterns[0].include is not None
    except (ValueError, re.error):
        good = False
    if not good:
        text = shown(glob.encode("utf-8", "surrogateescape"))
        raise GuardError(f"'{text}' is no gitignore pattern.", "--include '*.pkl'", UNUSABLE)


def choose(place: git.Place, everything: bool, wanted: Sequence[str], remote_branches: bool = False) -> Chosen:
    """Return the refs that are meant; remote_branches: those of remotes without a branch of their own, too."""
    if remote_branches and not everything:
        raise GuardError(
            problem="--remote-branches makes branches of your own, and only --everything takes them all.",
            remedy="trinity-guard migrate run --everything --remote-branches",
            exit_code=UNUSABLE,
        )
    if everything and wanted:
        raise GuardError("--everything takes no --ref.", "trinity-guard migrate --help", UNUSABLE)
    source = Source(place)
    found = refs.listed(source)
    names = refs.select(found, everything, [os.fsencode(name) for name in wanted])
    source.close()
    lonely = _lonely(found) if remote_branches else {}
    return Chosen(names, _words([*names, *lonely], everything, bool(wanted)), list(lonely.values()))


def all_refs(place: git.Place) -> list[bytes]:
    """Return all refs that a mirror clone of the repository's remote may have, and its own."""
    source = Source(place)
    found = refs.listed(source)
    source.close()
    remote = [name for name in found.refs if name.startswith(refs.REMOTES)]
    return [*refs.select(found, everything=True), *remote]


def _lonely(found: refs.Listed) -> dict[bytes, bytes]:
    """Return the branches that could be (full names) -> the remote-tracking ones that they would stand for."""
    could: dict[bytes, bytes] = {}
    for name in refusals.remote_only(found):
        # Two remotes may have a branch of the same name: the first one counts.
        could.setdefault(refs.HEADS + name.split(b"/", 1)[-1], refs.REMOTES + name)
    return could


def leave_published(place: git.Place, chosen: Chosen) -> None:
    """Leave the commits that a remote-tracking branch reaches as they are."""
    source = Source(place)
    found = refs.listed(source)
    source.close()
    chosen.stop = sorted({oid for name, oid in found.refs.items() if name.startswith(refs.REMOTES)})
    chosen.words += ", what no remote has"
    if not chosen.stop:
        raise GuardError(
            problem="--unpublished: there is no remote-tracking branch here that tells what is published.",
            remedy="git fetch     # or leave it out",
            exit_code=UNUSABLE,
        )


def make_branches(place: git.Place, chosen: Chosen) -> None:
    """Make the branches that are still missing; they are migrated like all others."""
    for name in chosen.lonely:
        branch = name.removeprefix(refs.REMOTES).split(b"/", 1)[-1]
        git.run("branch", "--no-track", branch, name, at=place.git_dir)
        chosen.names.append(refs.HEADS + branch)
    chosen.lonely = []


def _words(names: Sequence[bytes], everything: bool, wanted: bool) -> str:
    if not names:
        return "no commit yet"
    if everything:
        branches = sum(1 for n in names if n.startswith(refs.HEADS))
        tags = sum(1 for n in names if n.startswith(refs.TAGS))
        others = len(names) - branches - tags
        return f"branches: {branches}, tags: {tags}" + (f", others: {others}" if others else "")
    listed = ", ".join(short(n) for n in names)
    return listed if wanted else f"{listed} (the current branch; --everything: all branches and tags)"


def short(name: bytes) -> str:
    """Return a ref's name as people write it."""
    return shown(name.removeprefix(refs.HEADS).removeprefix(refs.TAGS))
