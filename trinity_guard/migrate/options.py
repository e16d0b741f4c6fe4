"""What a migration is asked to do: which files, which refs, where the objects go."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.migrate.destination import Destination
    from trinity_guard.migrate.selection import Selection


@dataclass(slots=True, kw_only=True)
class Request:
    """What was asked for, as people write it; see `trinity-guard migrate run --help`.

    include, exclude: gitignore patterns; above: a size; refs: short or full names; remote: a URL.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    above: str | None = None
    everything: bool = False
    refs: Sequence[str] = ()
    unpublished: bool = False
    remote_branches: bool = False
    remote: str | None = None
    push: bool = False
    keep_ids: bool = False
    dry: bool = False


@dataclass(slots=True)
class Chosen:
    """The refs (full names) that a migration is about; words: what they are, for a person.

    lonely: remote-tracking branches that get a branch of their own first. stop: commits (hex) that are left as they
    are, with all before them.
    """

    names: list[bytes]
    words: str = ""
    lonely: list[bytes] = field(default_factory=list)
    stop: list[bytes] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Options:
    """What is to be done. cache: the folder of DVC's cache; shared: with a group.

    push: the objects go to the remote before any ref moves. rewrite_ids: also change the commit ids that messages
    name. dry: all but moving refs.
    """

    selection: Selection
    chosen: Chosen
    where: Destination
    cache: bytes
    shared: bool = False
    push: bool = False
    rewrite_ids: bool = True
    dry: bool = False
