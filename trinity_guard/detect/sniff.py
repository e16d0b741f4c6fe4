"""What a file is, told by its first bytes: pickles of all protocols, HDF5, Parquet, NumPy, PyTorch and their kin.

Nothing is ever unpickled, and nothing that is text is ever an artifact. What cannot be told from a head of HEAD_BYTES
is not guessed: bzip2 gives out nothing before a whole block (900 kB), an HDF5 file may carry anything before its
signature (only zeros and MATLAB's header are looked behind), and a bare number or None pickled with protocol 0 or 1
looks like text.
"""

from __future__ import annotations

import zlib

from trinity_guard.detect.glance import HDF5, IN_MODULE, MATLAB, suspicious
from trinity_guard.detect.pickles import pickled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# How much of a compressed stream is unpacked: enough for a pickle's beginning, and a bomb cannot harm.
UNPACKED_BYTES = 512
# xz -9 needs 65 MiB; a header may ask for 4 GiB.
LZMA_MEMORY = 1 << 27
UNKNOWN_SIZE = 1 << 62

# These four begin like words may; what follows in the real files is binary.
WORDLIKE = {b"PAR1": "Parquet", b"PARE": "Parquet (encrypted)", b"FEA1": "Feather", b"ARROW1": "Feather/Arrow"}
TORCH_MEMBERS = ("data.pkl", "constants.pkl", "version", "byteorder", ".format_version", ".storage_alignment")


def kind(head: bytes, size: int) -> str | None:
    """Return what a file is, for a person ("pickle (protocol 4)", "HDF5"), None for all that is no artifact.

    head: the first min(size, HEAD_BYTES) bytes; size: the whole file's, in bytes. Never raises.
    """
    if not suspicious(head):
        return None
    for look in (_signed, pickled, _compressed, _zip, _safetensors, _onnx):
        found = look(head, size)
        if found:
            return found
    return None


def _signed(head: bytes, size: int) -> str | None:
    if head.startswith(b"\x93NUMPY"):
        return "NumPy array"
    if head.startswith(HDF5):
        return "HDF5"
    if head.startswith((MATLAB, b"\0")) and any(head.startswith(HDF5, at) for at in (512, 1024, 2048)):
        return "HDF5"
    for magic, name in WORDLIKE.items():
        if head.startswith(magic) and _binary(head[len(magic) : len(magic) + 12]):
            return name
    return None


def _binary(piece: bytes) -> bool:
    """Whether these bytes hold a control character that text does not."""
    return any(c < 9 or 13 < c < 27 for c in piece)


# --- what joblib, gzip and others compress


def _compressed(head: bytes, size: int) -> str | None:
    for magic, name, unpack in _COMPRESSIONS:
        if head.startswith(magic):
            inner = unpack(head)
            if not pickled(inner, UNKNOWN_SIZE):
                return None
            # A bare zlib stream is what joblib writes, and hardly anyone else.
            writer = "joblib" if name == "zlib" or b"joblib" in inner else "pickle"
            return f"{writer} ({name})"
    return None


def _unzlib(head: bytes) -> bytes:
    try:
        # Both headers are understood.
        return zlib.decompressobj(47).decompress(head, UNPACKED_BYTES)
    except zlib.error:
        return b""


def _unzfile(head: bytes) -> bytes:
    # "ZF", the length in hexadecimal in 19 places (joblib before 0.10), then a zlib stream.
    return _unzlib(head[21:])


def _unbzip2(head: bytes) -> bytes:
    try:
        import bz2
    except ImportError:  # a Python built without it: then it cannot be told
        return b""
    try:
        return bz2.BZ2Decompressor().decompress(head, UNPACKED_BYTES)
    except (OSError, ValueError):
        return b""


def _unlzma(head: bytes) -> bytes:
    try:
        import lzma
    except ImportError:  # a Python built without it: then it cannot be told
        return b""
    try:
        return lzma.LZMADecompressor(memlimit=LZMA_MEMORY).decompress(head, UNPACKED_BYTES)
    except (lzma.LZMAError, EOFError, ValueError, MemoryError):
        return b""


def _unlz4(head: bytes) -> bytes:
    """Return the literals that an LZ4 frame begins with; there is no LZ4 in the standard library."""
    flags = head[4] if len(head) > 4 else 0
    at = 7 + 8 * bool(flags & 8) + 4 * bool(flags & 1)
    block = head[at + 4 :]
    if len(block) < 8:
        return b""
    if head[at + 3] & 0x80:
        return block[:UNPACKED_BYTES]  # stored
    count = block[0] >> 4
    start = 1
    if count == 15:
        while start < len(block) and block[start] == 255:
            count += 255
            start += 1
        count += block[start] if start < len(block) else 0
        start += 1
    return block[start : start + min(count, UNPACKED_BYTES)]


_COMPRESSIONS: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"x", "zlib", _unzlib),
    (b"ZF0x", "zlib", _unzfile),
    (b"\x1f\x8b", "gzip", _unzlib),
    (b"BZh", "bzip2", _unbzip2),
    (b"\xfd7zXZ\0", "xz", _unlzma),
    (b"]\0\0", "lzma", _unlzma),
    (b"\x04\x22\x4d\x18", "lz4", _unlz4),
)


# --- archives and the rest


def _zip(head: bytes, size: int) -> str | None:
    if not head.startswith(b"PK\3\4"):
        return None
    names = _members(head)
    folder, slash, base = names[0].partition("/")
    if names[0].endswith(".npy"):
        return "NumPy archive"
    if folder and slash and base in TORCH_MEMBERS:
        others = any(name.startswith(f"{folder}/") and name[len(folder) + 1 :] in TORCH_MEMBERS for name in names[1:])
        if base == "data.pkl" or others:
            return "PyTorch archive"
    keras = b'"keras_version"' in head or {"config.json", "model.weights.h5"} <= set(names)
    return "Keras model" if names[0] == "metadata.json" and keras else None


def _members(head: bytes) -> list[str]:
    """Return the names in the local headers that lie within the head."""
    names = []
    at = 0
    while at >= 0:
        length = int.from_bytes(head[at + 26 : at + 28], "little")
        names.append(head[at + 30 : at + 30 + length].decode("utf-8", "replace"))
        at = head.find(b"PK\3\4", at + 4)
    return names


def _safetensors(head: bytes, size: int) -> str | None:
    length = int.from_bytes(head[:8], "little")
    text = head[8 : 8 + length]
    if head[8:10] != b'{"' or length > size - 8:
        return None
    if b'"__metadata__"' in text or all(word in text for word in (b'"dtype"', b'"shape"', b'"data_offsets"')):
        return "safetensors"
    return None


# ModelProto (onnx.proto): ir_version is field 1; texts are producer_name 2, producer_version 3, domain 4, doc_string 6;
# model_version 5 is a number. Then graph 7, a message that begins with its nodes (1), and a node holds the names of
# inputs 1, outputs 2, its own 3, and op_type 4.
ONNX_TEXTS = (0x12, 0x1A, 0x22, 0x32)
ONNX_NUMBER = 0x28
ONNX_GRAPH = 0x3A
NODE_NAMES = (0x0A, 0x12, 0x1A)
NODE_TYPE = 0x22


def _onnx(head: bytes, size: int) -> str | None:
    if head[:1] != b"\x08":
        return None
    at, last = 2, 0x08
    while at < len(head) and last < head[at] < ONNX_GRAPH:
        last = head[at]
        number, at = _varint(head, at + 1)
        if last in ONNX_TEXTS and _readable(head[at : at + number], number):
            at += number
        elif last != ONNX_NUMBER:
            return None
    if head[at : at + 1] != b"\x3a":
        return None
    number, at = _varint(head, at + 1)
    return "ONNX" if at + number <= size and _begins_with_node(head[at : at + number]) else None


def _begins_with_node(graph: bytes) -> bool:
    number, at = _varint(graph, 1)
    end = at + number
    if graph[:1] != b"\x0a":
        return False
    while at < min(end, len(graph)):
        tag = graph[at]
        number, at = _varint(graph, at + 1)
        text = graph[at : at + number]
        if tag == NODE_TYPE:
            return IN_MODULE.issuperset(text) and len(text) == number > 0
        if tag not in NODE_NAMES or not _readable(text, number):
            return False
        at += number
    return False


def _readable(text: bytes, length: int) -> bool:
    return len(text) == length and text.decode("utf-8", "replace").replace("\n", " ").isprintable()


def _varint(head: bytes, at: int) -> tuple[int, int]:
    """Return a protobuf number of at most 10 bytes, and the place behind it."""
    number = 0
    for i, byte in enumerate(head[at : at + 10]):
        number |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return number, at + i + 1
    return UNKNOWN_SIZE, len(head)
