"""A file -> what its pickles hold: plain, compressed, in archives of archives, under whatever name.

For whoever wants the values: `read(path).values` has one inert value for each pickle of the file, in order; what they
are is told by values.py (`class_name`, `attributes`, `array`, `walk`), and what could not be read by `.unread`.
Nothing is imported, called or unpickled on the way, whatever the file says.
"""

from __future__ import annotations

import gc
import mmap
import os

from trinity_guard import git
from trinity_guard.detect.glance import HDF5
from trinity_guard.detect.pickles import pickled
from trinity_guard.detect.scan import formats, streams
from trinity_guard.detect.scan.record import Bounded, Broken, Record
from trinity_guard.detect.scan.values import Object, Raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HEAD = 4096
DEEPEST = 6
# As much of a container as whoever only judges wants to see.
FEW = 64
ALL = 1 << 40

PICKLES = (b".pkl", b".pickle", b".joblib", b".pt", b".pth", b".ckpt", b".pck", b".dill", b".cloudpickle")
# What PyTorch's archives call them.
PICKLE_NAMES = (b"pickle", b"data.pkl", b"constants.pkl", b"storages", b"tensors")

SKIPPABLE = {bytes([n]) + b"\x2a\x4d\x18": "a Zstandard or LZ4 stream" for n in range(0x50, 0x60)}
UNREADABLE = {
    **SKIPPABLE, b"LZIP": "a lzip stream",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a RAR archive", b"(\xb5/\xfd": "a Zstandard stream",
    b"\x04\x22\x4d\x18": "an LZ4 stream", b"\x02\x21\x4c\x18": "an LZ4 stream",
}  # fmt: skip


def read(
    path: bytes, keep: int = ALL, judge: Callable[[Object, Any], str] | None = None, name: bytes | None = None
) -> Record:
    """Return what a file's pickles hold. OSError where it cannot be opened, or is no regular file.

    keep: how many items of each list, dict and set; judge: see Record; name: what the file is called elsewhere.
    """
    fd = git.opened(path, links=True)
    try:
        size = os.fstat(fd).st_size
        data: Any = mmap.mmap(fd, size, access=mmap.ACCESS_READ) if size else b""
    finally:
        os.close(fd)
    return read_bytes(data, os.path.basename(path if name is None else name), keep, judge)


def read_bytes(
    data: Any, name: bytes = b"", keep: int = ALL, judge: Callable[[Object, Any], str] | None = None
) -> Record:
    """Return what the pickles in these bytes (or an mmap) hold. name: of the file, which may say that it is one."""
    record = Record(judge)
    # What is read stays until the end, and looking for garbage among millions of values takes a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _Reader(record, keep).content(data, 0, len(data), name, 0)
    except Broken as broken:
        record.cannot_read(str(broken), isinstance(broken, Bounded))
    finally:
        if collecting:
            gc.enable()
    return record


class _Reader:
    def __init__(self, record: Record, keep: int) -> None:
        self.record = record
        self.keep = keep

        self.depth = 0
        record.nested = self.nested

    def nested(self, record: Record, data: Any) -> None:
        """Read a file of torch.save that stands in a pickle as bytes: what PyTorch loads by no name is a pickle."""
        source, at, length = (data.source, data.at, data.length) if isinstance(data, Raw) else (data, 0, 0)
        if not isinstance(source, bytes | mmap.mmap):
            return
        inner = record.trial()
        reader = _Reader(inner, self.keep)
        reader.depth = self.depth + 1
        reader.content(source, at, at + length if length else len(source), b"storage.pt", reader.depth)
        for strange in inner.strange_ids():
            inner.doubt(strange)
        inner.persistent_ids.clear()
        inner.values.clear()
        inner.pickles = 0
        record.take(inner)

    def content(self, data: Any, at: int, end: int, name: bytes, depth: int) -> None:
        """Read one file, or one member of an archive, that stands between two places."""
        head = data[at : min(at + HEAD, end)]
        found = next((what for magic, what in UNREADABLE.items() if head.startswith(magic)), "")
        if depth > DEEPEST:
            self.record.cannot_read(f"it holds archives in archives, more than {DEEPEST}", bounded=True)
        elif found:
            self.record.cannot_read(f"it is {found}, which is not read here")
            # `V*M` is a text, too, to who takes the file for a pickle.
            streams.attempt(self.record, data, at, end, self.keep)
        elif not (self._archive(data, at, end, head, name, depth) or self._special(data, at, end, head, name)):
            self._pickles(data, at, end, head, name)

    def _archive(self, data: Any, at: int, end: int, head: bytes, name: bytes, depth: int) -> bool:
        """Read what is in an archive or behind a compression; say whether that is all that it is."""
        if formats.is_zip(data, at, end):
            from trinity_guard.detect.scan import archives  # noqa: PLC0415  # for archives alone

            self._note_torch(data, at, end)
            self._members(archives.of_zip(self.record, data, at, end), depth)
            return head.startswith(b"PK")
        if formats.is_tar(head):
            from trinity_guard.detect.scan import archives  # noqa: PLC0415  # for archives alone

            self._members(archives.of_tar(self.record, data, at, end), depth)
            # The name of a tar's first file may be a pickle, to who takes the file for one.
            streams.attempt(self.record, data, at, end, self.keep)
            return True
        if not formats.kind(head):
            if name.lower().endswith(formats.NAMED) and at < end:
                self.record.cannot_read("it is of no compression that its name says, and is read here")
            return False
        from trinity_guard.detect.scan import unpack  # noqa: PLC0415  # for compressed files alone

        if not unpack.is_compressed(head):
            return False
        inner_name = os.path.splitext(name)[0] if name.endswith(formats.SUFFIXES) else name
        if not _worth(unpack.beginning(head), inner_name):
            return True
        inner = unpack.whole(self.record, data, at, end)
        self.content(inner, 0, len(inner), inner_name, depth + 1)
        return True

    def _note_torch(self, data: Any, at: int, end: int) -> None:
        """PyTorch's archives name their storages by persistent ids."""
        self.record.torch |= data.find(b"/data.pkl", at, end) >= 0

    def _members(self, members: Any, depth: int) -> None:
        from trinity_guard.detect.scan import keras  # noqa: PLC0415  # for archives alone

        for member in members:
            if keras.is_config(member.name):
                keras.read_json(self.record, member.data[member.at : member.end])
            elif not keras.read_model(self.record, member.data, member.at, member.end):
                self.content(member.data, member.at, member.end, os.path.basename(member.name), depth + 1)

    def _special(self, data: Any, at: int, end: int, head: bytes, name: bytes) -> bool:
        if head.startswith(streams.NPY):
            streams.read_npy(self.record, data, at, end, self.keep)
            return True
        if head.startswith(HDF5) or (name.lower().endswith((b".h5", b".hdf5")) and data.find(HDF5, at, end) >= 0):
            from trinity_guard.detect.scan import keras  # noqa: PLC0415  # for HDF5 alone

            keras.read_hdf5(self.record, data, at, end)
            return not pickled(head, end - at) and not streams.attempt(self.record, data, at, end, self.keep)
        if name == b"config.json":
            from trinity_guard.detect.scan import keras  # noqa: PLC0415  # for Keras alone

            return keras.read_model(self.record, data, at, end)
        if streams.is_torch_legacy(head):
            streams.read_torch_legacy(self.record, data, at, end, self.keep)
            return True
        return False

    def _pickles(self, data: Any, at: int, end: int, head: bytes, name: bytes) -> None:
        if at == end:
            return
        if pickled(head, end - at) or _is_named(name):
            streams.read_all(self.record, data, at, end, self.keep)
        else:
            streams.attempt(self.record, data, at, end, self.keep)


def _is_named(name: bytes) -> bool:
    return name.lower().endswith(PICKLES) or name.lower() in PICKLE_NAMES


def _worth(head: bytes | None, name: bytes) -> bool:
    """Whether what is behind a compression may hold a pickle: a table of text need not be unpacked to its end."""
    if not head:
        return True
    known = head.startswith((b"PK", streams.NPY, HDF5, *UNREADABLE)) or formats.is_tar(head)
    return bool(known or _is_named(name) or pickled(head, 1 << 62) or formats.kind(head) or _may_call(head))


def _may_call(head: bytes) -> bool:
    """Whether a beginning names something, or is opcodes as far as it goes."""
    trial, at = Record(), 0
    while 0 <= at < len(head):
        at = streams.read(trial, head, at, len(head), FEW)
    return at > 0 or bool(trial.names or trial.doubts) or any(why.startswith("it ends") for why in trial.unread)
