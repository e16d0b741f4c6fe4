"""Which files and which refs a migration is about: from the command line, else from the repository's own config."""

from __future__ import annotations

import os
from collections.abc import Sequence

from trinity_guard import config as configs
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import configtext, configuration, ignorespec
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.migrate import destination, refs, refusals
from trinity_guard.migrate import onto as onto_map
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen, Options, Request
from trinity_guard.migrate.selection import Selection


def subject(migration: Migration, request: Request) -> tuple[Selection, Chosen]:
    """Return which files and which refs are meant."""
    chosen = choose(migration, request)
    found = _selection_of(chosen.onto, request)
    if found is None:
        config = load_config(migration.place)
        found = selection(config, request.include, request.exclude, request.above, request.from_lfs)
    return found, chosen


def options(migration: Migration, request: Request) -> Options:
    """Return what is to be done, all defaults filled in."""
    config = load_config(migration.place)
    chosen = choose(migration, request)
    onto = chosen.onto
    found = _selection_of(onto, request)
    if found is None:
        found = selection(config, request.include, request.exclude, request.above, request.from_lfs)
    given = onto.dvc_files() if onto is not None else None
    where = destination.find(migration.place, config, request.remote, given)
    if request.push and not where.name:
        raise GuardError("--push: DVC has no default remote.", "trinity-guard remote add URL", UNUSABLE)
    cache, shared = migration.cache()
    return Options(
        selection=found,
        chosen=chosen,
        where=where,
        cache=cache,
        shared=shared,
        push=request.push,
        rewrite_ids=not (request.keep_ids or (onto is not None and onto.asked_for().get("keep_ids", False))),
        dry=request.dry,
        leave_missing=request.leave_missing,
    )


def load_config(place: git.Place) -> Config:
    """Read the repository's config; in a bare one from the tree of HEAD."""
    if not place.bare:
        return configuration.read(place.top)
    own, shared = (_of_head(place, name) for name in (configs.OWN_FILE, configs.PYPROJECT))
    return configtext.parsed(own, shared if shared is not None and b"trinity-guard" in shared else None)


def _of_head(place: git.Place, name: str) -> bytes | None:
    found = git.attempt("cat-file", "blob", f"HEAD:{name}", at=place.git_dir)
    return None if found.code else found.out


def selection(
    config: Config, include: Sequence[str], exclude: Sequence[str], above: str | None, from_lfs: bool = False
) -> Selection:
    """Return which files are meant. include takes the place of the config's patterns, exclude is added to its own;
    above alone means files of any name. The config's patterns come with its min-size (that of all files), and with all
    that is at Git LFS where commits leave it."""
    for glob in (*include, *exclude):
        _require_pattern(glob)
    limit = None
    if above is not None:
        try:
            limit = configtext.parse_size(above)
        except ValueError as error:
            raise GuardError(
                problem=f"--above: {error}.", remedy='--above "5 MB", or 500kB, 1.5GiB', exit_code=UNUSABLE
            ) from None
    elif not include and config.min_size:
        limit = config.min_size - 1  # what stays in Git from now on stays there in history
    patterns = include or (() if above is not None else config.patterns)
    if not patterns and limit is None:
        raise GuardError(
            problem="the config's list of patterns is empty: no file is an artifact.",
            remedy="trinity-guard migrate info --include '*.pkl'",
            exit_code=UNUSABLE,
        )
    # As in the hooks; what somebody names here, by a pattern or a size, is all that is meant.
    default = not include and above is None
    sniff = config.sniff and default
    return Selection(patterns, (*config.exclude, *exclude), limit, sniff, from_lfs, from_lfs and default)


def _require_pattern(glob: str) -> None:
    import re

    try:
        good = glob.strip() and "\0" not in glob and ignorespec.compiled([glob]).patterns[0].include is not None
    except (ValueError, re.error):
        good = False
    if not good:
        text = shown(glob.encode("utf-8", "surrogateescape"))
        raise GuardError(f"'{text}' is no gitignore pattern.", "--include '*.pkl'", UNUSABLE)


def choose(migration: Migration, request: Request) -> Chosen:
    """Return the refs that are meant, and the remotes' branches without one of their own where those are, too."""
    everything, wanted = request.everything, request.refs
    if request.onto is not None:
        return _carried_over(migration, request, request.onto)
    if request.remote_branches and not everything:
        raise GuardError(
            problem="--remote-branches makes branches of your own, and only --everything takes them all.",
            remedy="trinity-guard migrate run --everything --remote-branches",
            exit_code=UNUSABLE,
        )
    if everything and wanted:
        raise GuardError("--everything takes no --ref.", "trinity-guard migrate --help", UNUSABLE)
    found = migration.refs()
    names = refs.select(found, everything, [os.fsencode(name) for name in wanted])
    lonely = _lonely(found) if request.remote_branches else {}
    chosen = Chosen(names, _words([*names, *lonely], everything, bool(wanted)), list(lonely.values()))
    if request.unpublished:
        _leave_published(found, chosen)
    return chosen


def _carried_over(migration: Migration, request: Request, file: str) -> Chosen:
    """Return the refs that take what others pushed to the old history."""
    onto = onto_map.Onto(migration, os.path.abspath(os.fsencode(file)))
    names = onto_map.names(onto, migration.refs(), [os.fsencode(name) for name in request.refs])
    chosen = Chosen(names, "what stands on the old history")
    chosen.onto, chosen.stop = onto, onto.stop
    return chosen


def _selection_of(onto: onto_map.Onto | None, request: Request) -> Selection | None:
    """Return which files the migration meant that is carried on here, where nothing else is asked for."""
    asked = onto.asked_for().get("selection") if onto is not None else None
    if asked is None or request.include or request.exclude or request.above is not None:
        return None
    found = Selection(**asked)
    return found if found.leaves_lfs or not request.from_lfs else None


def all_refs(migration: Migration) -> Chosen:
    """Return all refs that a mirror clone of the repository's remote may have, and its own."""
    found = migration.refs()
    remote = [name for name in found.refs if name.startswith(refs.REMOTES)]
    return Chosen([*refs.select(found, everything=True), *remote])


def _lonely(found: refs.Listed) -> dict[bytes, bytes]:
    """Return the branches that could be (full names) -> the remote-tracking ones that they would stand for."""
    could: dict[bytes, bytes] = {}
    for name in refusals.remote_only(found):
        # Two remotes may have a branch of the same name: the first one counts.
        could.setdefault(refs.HEADS + name.split(b"/", 1)[-1], refs.REMOTES + name)
    return could


def _leave_published(found: refs.Listed, chosen: Chosen) -> None:
    """Leave the commits that a remote-tracking branch reaches as they are."""
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
