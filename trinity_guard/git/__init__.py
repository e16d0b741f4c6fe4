"""Git: processes, plumbing, the index, objects and packs, attributes, ignore lines, files written whole, locks.

What the whole package says as `git.run`, `git.Place` stands here; the rest is imported from its own module. What not
every hook needs is loaded when it is asked for.
"""

import sys

from trinity_guard.git.plumbing import (
    Blobs,
    as_pushed,
    attempt,
    collect,
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
    hear_of_children,
    other_repository,
    spawn,
    succeed,
)
from trinity_guard.git.repository import Place, at_top, hook_place, opened, place, read, require_work_tree, work_trees

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git.files import replace, replace_in
    from trinity_guard.git.index import Entry
    from trinity_guard.git.objects import Objects
    from trinity_guard.git.revisions import require_commit

# What is loaded when it is asked for, and where it stands.
WHERE = {
    "Entry": "index",
    "Objects": "objects",
    "replace": "files",
    "replace_in": "files",
    "require_commit": "revisions",
}

if not TYPE_CHECKING:  # a name that nobody offers must stay an error for the type checker

    def __getattr__(name: str) -> object:
        if name not in WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = f"{__name__}.{WHERE[name]}"
        __import__(module)
        return getattr(sys.modules[module], name)


__all__ = [
    "CHUNK",
    "LOCAL_VARIABLES",
    "NO_FILE",
    "Arg",
    "Blobs",
    "Entry",
    "Objects",
    "Place",
    "Process",
    "Result",
    "as_pushed",
    "at_top",
    "attempt",
    "collect",
    "config",
    "detach",
    "empty_tree",
    "failure",
    "finish",
    "forget_pathspec_options",
    "hear_of_children",
    "hook_place",
    "literal",
    "opened",
    "other_repository",
    "parents",
    "place",
    "read",
    "read_all",
    "read_ids",
    "replace",
    "replace_in",
    "require_commit",
    "require_work_tree",
    "run",
    "spawn",
    "start",
    "stream",
    "succeed",
    "work_trees",
]
