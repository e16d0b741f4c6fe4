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


def parent(path: bytes) -> bytes:
    """Return the folder of a path from the top: what `dirname` says, for thousands of them."""
    return path[: max(path.rfind(b"/"), 0)]


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


_EXAMPLES = (b"example", b"sample", b"template", b"dist")


def is_private_config(path: bytes) -> bool:
    """Whether it is the config of one person (or what a crash has left of writing it), which no commit should hold.

    What calls itself an example of one is for everybody.
    """
    _, slash, name = (b"/" + path).lower().rpartition(b"/.dvc/")
    return bool(slash) and b"config.local" in name and not name.endswith(_EXAMPLES)


def is_dvc_path(path: bytes) -> bool:
    """Whether DVC reads a file of this name: pointers, locks, pipelines, a project's config."""
    return is_reference(path) or is_pipeline(path) or is_config(path)


def inside_dvc(path: bytes) -> bool:
    """Whether it lies in a project's folder `.dvc`, where DVC reads no pointer."""
    return b"/.dvc/" in b"/" + path


def store_of(path: bytes) -> bytes:
    """Return the store (a folder) whose object or temporary file this is by its place, b"" for any other file."""
    if b"/md5/" not in path and b".dvc/" not in path:
        return b""  # nearly all
    above, found, inside = (b"/" + path).rpartition(b"/.dvc/")
    if found and inside.startswith((b"cache/", b"tmp/")):
        return (above + found)[1:] + inside[: inside.index(b"/")]
    above, found, inside = (b"/" + path).rpartition(b"/files/md5/")
    name = inside.removesuffix(b".dir")
    is_object = len(name) == 33 and name[2:3] == b"/" and not name.translate(None, b"0123456789abcdef/")
    return above[1:] or b"files" if found and is_object else b""


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
