"""Which files are DVC's, told by their names: pointers, locks, pipelines, configs, and what lies in `.dvc`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

POINTER = b".dvc"
LOCK, PIPELINE = b"dvc.lock", b"dvc.yaml"
# Folders into which DVC looks for no data.
NEVER_SEEN = (b".hg", b".git", b".dvc")
# What Git is asked for where pointers and locks are meant.
REFERENCES = ("*.dvc", "dvc.lock", "*/dvc.lock")
RECORDS = (*REFERENCES, "dvc.yaml", "*/dvc.yaml")
CONFIGS = (".dvc/config", "*/.dvc/config")


def is_pointer(path: bytes) -> bool:
    return path.endswith(POINTER)


def is_lock(path: bytes) -> bool:
    return path == LOCK or path.endswith(b"/dvc.lock")


def is_pipeline(path: bytes) -> bool:
    return path == PIPELINE or path.endswith(b"/dvc.yaml")


def is_reference(path: bytes) -> bool:
    """Whether a file of this name may name objects: a pointer, or a lock."""
    return path.endswith(POINTER) or is_lock(path)


def is_config(path: bytes) -> bool:
    """Whether it is a project's config. macOS and Windows take `.DVC/Config` for it."""
    return (b"/" + path).lower().endswith(b"/.dvc/config")


def is_private_config(path: bytes) -> bool:
    """Whether it is the config of one person (or what a crash has left of writing it), which no commit should hold."""
    return b"config.local" in path.lower() and b"/.dvc/" in (b"/" + path).lower()


def is_dvc_path(path: bytes) -> bool:
    """Whether DVC reads a file of this name: pointers, locks, pipelines, a project's config."""
    return is_reference(path) or is_pipeline(path) or is_config(path)


def inside_dvc(path: bytes) -> bool:
    """Whether it lies in a project's folder `.dvc`, where DVC reads no pointer."""
    return b"/.dvc/" in b"/" + path


def yaml_beside(lock: bytes) -> bytes:
    """Return the path of the dvc.yaml that a dvc.lock belongs to."""
    return lock[: lock.rfind(b"/") + 1] + PIPELINE


def lock_beside(pipeline: bytes) -> bytes:
    """Return the path of the dvc.lock that belongs to a dvc.yaml."""
    return pipeline[: pipeline.rfind(b"/") + 1] + LOCK


def folders_above(paths: Iterable[bytes]) -> list[bytes]:
    """Return all folders above these paths, the top (b"") among them."""
    found = {b""}
    for path in paths:
        while (path := path.rpartition(b"/")[0]) not in found:
            found.add(path)
    return sorted(found)
