"""A bare repository has no work tree: what lint reads of one is laid out for it, as the linted commit has it.

On a server whoever pushes has written that commit: only plain files are laid out, no link and nobody's config.local,
and Git itself refuses the names that lead elsewhere.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from trinity_guard import config, git
from trinity_guard.dvcrepo import configfile, paths
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import Place, index, packheads, partial
from trinity_guard.git.index import SYMLINK, Entry
from trinity_guard.lint import baseline

OURS = (config.OWN_FILE.encode(), config.PYPROJECT.encode(), baseline.NAME)
VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE")


@contextlib.contextmanager
def work_tree(place: Place, commit: bytes, asks_remotes: bool) -> Iterator[Place]:
    """Stand in a work tree with a commit's configuration, and the commit in the index, until all is done."""
    import tempfile

    start, before = os.getcwdb(), {name: os.environ.get(name) for name in VARIABLES}
    with tempfile.TemporaryDirectory(prefix="trinity-guard-lint-") as room:
        top = os.path.join(os.path.realpath(os.fsencode(room)), b"tree")
        os.mkdir(top)
        os.environ.update(GIT_DIR=os.fsdecode(place.git_dir), GIT_WORK_TREE=os.fsdecode(top))
        os.environ["GIT_INDEX_FILE"] = os.fsdecode(os.path.join(os.path.dirname(top), b"index"))
        stand_in = Place(top, place.git_dir, place.common_dir)
        try:
            git.at_top(stand_in)
            git.run("read-tree", commit)
            _lay_out(stand_in, asks_remotes)
            yield stand_in
        finally:
            os.chdir(start)
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _lay_out(place: Place, asks_remotes: bool) -> None:
    entries = index.entries()
    for entry in entries:
        above, inside, _ = (b"/" + entry.path).rpartition(b"/.dvc/")
        if inside:
            os.makedirs(place.file(above.lstrip(b"/"), b".dvc"), exist_ok=True)
    wanted = [e for e in entries if e.path in OURS or paths.is_config(e.path)]
    for entry, data in zip(wanted, _contents(place, wanted), strict=True):
        if asks_remotes and paths.is_config(entry.path):
            _refuse_relative(data, entry.path)
        with open(place.file(entry.path), "wb") as file:
            file.write(data)


def _contents(place: Place, entries: Sequence[Entry]) -> list[bytes]:
    """Return the bytes of files of configuration; GuardError for one that is none: it may say anything."""
    ids = [e.oid for e in entries]
    partial.bring(place.common_dir, ids)
    sizes = packheads.heads(place.common_dir, ids, 1)
    for entry in entries:
        if entry.mode == SYMLINK or sizes[entry.oid].size > config.MAX_BYTES:
            what = "a symbolic link" if entry.mode == SYMLINK else "too large for a configuration"
            raise GuardError(f"{shown(entry.path)} is {what}, and is not read.", "run it in a clone", UNUSABLE)
    return [data or b"" for data in git.read_all(ids)]


def _refuse_relative(data: bytes, path: bytes) -> None:
    """Refuse to ask a remote whose folder is meant from a work tree: here it would be somewhere else, and empty."""
    for section, options in configfile.parse(data, path).items():
        url = options.get("url")
        if section.startswith('remote "') and isinstance(url, str) and "://" not in url and not os.path.isabs(url):
            raise GuardError(
                f"{shown(path)}: a remote is a folder relative to a work tree, and a bare repository has none.",
                "trinity-guard lint --remote     # in a clone",
                UNUSABLE,
            )
