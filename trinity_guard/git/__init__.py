"""Git: processes, plumbing, the index, objects and packs, attributes, ignore lines, files written whole, locks.

What the whole package says as `git.run`, `git.Place` stands here; the rest is imported from its own module.
"""

from trinity_guard.git.plumbing import (
    Blobs,
    as_pushed,
    attempt,
    config,
    empty_tree,
    failure,
    finish,
    forget_pathspec_options,
    literal,
    parents,
    read_all,
    read_ids,
    run,
    start,
    stream,
)
from trinity_guard.git.process import (
    CHUNK,
    LOCAL_VARIABLES,
    NO_FILE,
    Arg,
    Process,
    Result,
    detach,
    other_repository,
    spawn,
    succeed,
)
from trinity_guard.git.repository import Place, at_top, hook_place, place, require_work_tree

__all__ = [
    "CHUNK",
    "LOCAL_VARIABLES",
    "NO_FILE",
    "Arg",
    "Blobs",
    "Place",
    "Process",
    "Result",
    "as_pushed",
    "at_top",
    "attempt",
    "config",
    "detach",
    "empty_tree",
    "failure",
    "finish",
    "forget_pathspec_options",
    "hook_place",
    "literal",
    "other_repository",
    "parents",
    "place",
    "read_all",
    "read_ids",
    "require_work_tree",
    "run",
    "spawn",
    "start",
    "stream",
    "succeed",
]
