"""Whose file is it, by its path alone: what DVC reads, what it writes, what is one person's own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def is_record(path: bytes) -> bool:
    """Whether DVC reads a file of this name: pointers, pipelines and their locks, a project's config."""
    name = path.rpartition(b"/")[2]
    return name in (b"dvc.yaml", b"dvc.lock") or name.endswith(b".dvc") or is_dvc_config(path)


def is_dvc_config(path: bytes) -> bool:
    # macOS and Windows take `.DVC/Config` for it.
    return (b"/" + path).lower().endswith(b"/.dvc/config")


def is_own_config(path: bytes) -> bool:
    """Whether a path is the config of one person (or what a crash has left of writing it)."""
    return b"config.local" in path.lower() and b"/.dvc/" in (b"/" + path).lower()


def inside_dvc(path: bytes) -> bool:
    """Whether a path lies in a folder `.dvc`, into which DVC looks for no pointer: no artifact can be kept there."""
    return b"/.dvc/" in b"/" + path


def folders_above(paths: Iterable[bytes]) -> list[bytes]:
    """Return all folders above these paths, the top (b"") among them."""
    found = {b""}
    for path in paths:
        while (path := path.rpartition(b"/")[0]) not in found:
            found.add(path)
    return sorted(found)
