"""What a migration is asked to do: which files, which refs, where the objects go."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_guard.migrate import refs
from trinity_guard.migrate.destination import Destination
from trinity_guard.migrate.selection import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.migrate.onto import Onto


class Request:
    """What was asked for, as people write it; see `trinity-guard migrate run --help`.

    include, exclude: gitignore patterns; above: a size; refs: short or full names; remote: a URL; onto: the commit-map
    of a migration, to whose history commits are carried over.
    """

    FIELDS = (
        "include", "exclude", "above", "everything", "refs", "unpublished", "remote_branches", "remote", "push",
        "keep_ids", "dry", "onto", "from_lfs", "leave_missing",
    )  # fmt: skip

    def __init__(
        self,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        above: str | None = None,
        everything: bool = False,
        refs: Sequence[str] = (),
        unpublished: bool = False,
        remote_branches: bool = False,
        remote: str | None = None,
        push: bool = False,
        keep_ids: bool = False,
        dry: bool = False,
        onto: str | None = None,
        from_lfs: bool = False,
        leave_missing: bool = False,
    ) -> None:
        self.include = include
        self.exclude = exclude
        self.above = above
        self.everything = everything
        self.refs = refs
        self.unpublished = unpublished
        self.remote_branches = remote_branches
        self.remote = remote
        self.push = push
        self.keep_ids = keep_ids
        self.dry = dry
        self.onto = onto
        self.from_lfs = from_lfs
        self.leave_missing = leave_missing


class Chosen:
    """The refs (full names) that a migration is about; words: what they are, for a person.

    lonely: remote-tracking branches that get a branch of their own first. stop: commits (hex) that are left as they
    are, with all before them. onto: the new history that commits are carried over to.
    """

    def __init__(self, names: list[bytes], words: str = "", lonely: Sequence[bytes] = ()) -> None:
        self.names = names
        self.words = words
        self.lonely = list(lonely)
        self.stop: list[bytes] = []
        self.onto: Onto | None = None

    def value(self, found: refs.Listed, name: bytes) -> bytes:
        """Return what (hex) a ref names of the old history."""
        return (self.onto.tips.get(name) if self.onto is not None else None) or refs.value(found, name)


class Options:
    """What is to be done. cache: the folder of DVC's cache; shared: with a group.

    push: the objects go to the remote before any ref moves. rewrite_ids: also change the commit ids that messages
    name. dry: all but moving refs. leave_missing: go on without objects that the LFS server does not give.
    """

    def __init__(
        self,
        *,
        selection: Selection,
        chosen: Chosen,
        where: Destination,
        cache: bytes,
        shared: bool = False,
        push: bool = False,
        rewrite_ids: bool = True,
        dry: bool = False,
        leave_missing: bool = False,
    ) -> None:
        self.selection = selection
        self.chosen = chosen
        self.where = where
        self.cache = cache
        self.shared = shared
        self.push = push
        self.rewrite_ids = rewrite_ids
        self.dry = dry
        self.leave_missing = leave_missing
