"""What a migration is asked to do: which files, which refs, where the objects go."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trinity_guard.migrate.dvcfiles import DvcFiles
    from trinity_guard.migrate.selection import Selection


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
