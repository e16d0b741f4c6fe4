"""Pickles that are worth a word: they name what is not known to be harmless, or lie in what is not read here.

What reads pickles (scan/) is loaded for a file that may be one: a commit of tables pays for their first bytes. A file
that only has a pickle's name, and nothing of one in it, is somebody's own.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect import glance, sniff
from trinity_guard.dvcrepo import standin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.detect.scan.verdict import Verdict
    from trinity_guard.dvcrepo.project import Caches

NAMED = (b".pkl", b".pickle", b".joblib", b".pt", b".pth", b".ckpt", b".tar", b".7z")
SAFETENSORS = "safetensors"
# What these are holds no pickle, wherever they came from.
PLAIN = ("Parquet", "Parquet (encrypted)", "Feather", "Feather/Arrow", SAFETENSORS, "ONNX")
# Opcodes that a pickle may begin with: to one that follows, the header of safetensors, which begins with its length,
# may be a text.
READ_ON = b"BCFGIJKLMNPSTUVX]()cij}\x80\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97"
# Archives that nobody reads here: sniff.py does not know them for artifacts.
CLOSED = (b"7z\xbc\xaf", b"Rar!\x1a\x07", b"(\xb5/\xfd", b"\x04\x22\x4d\x18")


def of_file(path: bytes, name: bytes, allow: Sequence[str]) -> Verdict | None:
    """Return the verdict on a file that is worth a word; None for all others, and for what is no regular file here.

    name: what it is called, which may not be the end of `path`; allow: see known.is_allowed.
    """
    try:
        head, size = _head(path)
        if not _may_be_pickle(head, size, name):
            return None
        from trinity_guard.detect.scan import verdict  # noqa: PLC0415  # see above

        return _worth(verdict.of_file(path, allow, name), head)
    except OSError:
        return None


def is_called_so(name: bytes) -> bool:
    """Whether a file is looked at for its name alone."""
    return name.lower().endswith(NAMED)


def of_bytes(data: bytes, name: bytes, allow: Sequence[str]) -> Verdict | None:
    """The same for bytes."""
    head, size = data[: glance.HEAD_BYTES], len(data)
    if not _may_be_pickle(head, size, name):
        return None
    from trinity_guard.detect.scan import verdict  # noqa: PLC0415  # see above

    return _worth(verdict.of_bytes(data, name, allow), head)


def of_blob(caches: Caches, oid: bytes, path: bytes, allow: Sequence[str]) -> Verdict | None:
    """The same for a blob of Git, or for the data that it stands for."""
    data = git.run("cat-file", "blob", oid)
    named, store = standin.decode(data), caches.of(path)
    if named is None or store is None:
        return of_bytes(data, path, allow)
    return of_file(store.path(named.md5), path, allow)


def _head(path: bytes) -> tuple[bytes, int]:
    fd = git.opened(path, links=True)
    try:
        return os.read(fd, glance.HEAD_BYTES), os.fstat(fd).st_size
    finally:
        os.close(fd)


def _may_be_pickle(head: bytes, size: int, name: bytes) -> bool:
    if is_called_so(name):
        return True
    if not glance.suspicious(head):
        return False
    kind = sniff.kind(head, size)
    return kind not in PLAIN or (kind == SAFETENSORS and head[0] in READ_ON)


def _worth(found: Verdict, head: bytes) -> Verdict | None:
    if found.is_fine:
        return None
    # A stream that is cut fails where it is cut, and what it would have run until then is known.
    return found if found.kind == "unknown" or found.bounded or head.startswith(CLOSED) else None


def sentence(found: Verdict) -> str:
    """Return what is to be said of it, behind its name."""
    if found.kind == "unreadable":
        return f"a pickle that cannot be read whole, so it is not known to be harmless: {found.why}"
    kind = "Keras model" if found.names and all(n.startswith("keras.") for n in found.names) else "pickle"
    return f"a {kind} that is not known to be harmless when it is loaded: it {found.why}"
