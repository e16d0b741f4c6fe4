"""Arrays by their names: NumPy's files and HDF5's datasets; shapes, types, and how much of each is not as it was."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
import os
import zipfile

from trinity_guard import git
from trinity_guard.dvcrepo import installation
from trinity_guard.review.dialect import NoTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

HDF5 = b"\x89HDF\r\n\x1a\n"
SUFFIXES = (b".npy", b".npz", b".h5", b".hdf5")
# An array above this is told by its shape alone; of one file no more than so many are looked at.
MAX_BYTES = 2 << 30
# What unpacks to more than MAX_SMALL, and to more than so many times its size, is not unpacked.
MAX_SMALL = 64 << 20
MOST_PACKED = 100
MAX_ARRAYS = 10_000
PART = 1 << 20  # values that are compared at once
# Texts of any length in HDF5: so many of a dataset, and bytes of them in memory at once.
MAX_TEXTS = 1_000_000
MAX_HELD = 1 << 30


class Array:
    """shape, dtype (NumPy's name); read: returns the values, None where they are too many or no numbers."""

    __slots__ = ("dtype", "read", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: str, read: Callable[[], Any] | None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.read = read

    @property
    def words(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


def may_unpack(size: int, packed: int) -> bool:
    """Whether what takes so many bytes packed may be unpacked: no more than is held, and no bomb."""
    return size <= MAX_BYTES and (size <= MAX_SMALL or size <= MOST_PACKED * packed)


def is_array(path: bytes) -> bool:
    return os.path.splitext(path)[1].lower() in SUFFIXES


def is_hdf5(path: bytes) -> bool:
    return os.path.splitext(path)[1].lower() in (b".h5", b".hdf5")


def of(path: bytes, named: bytes) -> dict[str, Array]:
    """Return the arrays of a file by their names. named: its name in the repository. NoTable where it is none."""
    suffix = os.path.splitext(named)[1].lower()
    needed = "h5py" if suffix in (b".h5", b".hdf5") else "numpy"
    if importlib.util.find_spec(needed) is None:
        raise NoTable(f"it needs {needed}: {installation.line(needed)}")
    try:
        if needed == "h5py":
            return _hdf5(path)
        return _npz(path) if suffix == b".npz" else {"": _npy(path)}
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise NoTable(f"it cannot be read as {suffix.decode().lstrip('.')}: {error}") from None


def _npy(path: bytes) -> Array:
    import numpy as np

    with open(git.opened(path, links=True), "rb") as file:
        shape, dtype = _header(file)
    if dtype.hasobject:
        return Array(shape, "object", None)  # to read it would be to unpickle it
    name = os.fsdecode(path)
    return Array(shape, str(dtype), lambda: np.load(name, mmap_mode="r", allow_pickle=False))


def _header(file: Any) -> tuple[tuple[int, ...], Any]:
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


def _npz(path: bytes) -> dict[str, Array]:
    found: dict[str, Array] = {}
    name = os.fsdecode(path)
    with zipfile.ZipFile(name) as archive:
        for info in archive.infolist()[:MAX_ARRAYS]:
            if not info.filename.endswith(".npy"):
                continue
            with archive.open(info) as file:
                shape, dtype = _header(file)
            fits = math.prod(shape) * dtype.itemsize <= info.file_size and may_unpack(
                info.file_size, info.compress_size
            )
            read = None if dtype.hasobject or not fits else _member(name, info.filename)
            found[info.filename.removesuffix(".npy")] = Array(shape, str(dtype), read)
    return found


def _member(name: str, member: str) -> Callable[[], Any]:
    def read() -> Any:
        from numpy.lib import format as npy

        with zipfile.ZipFile(name) as archive, archive.open(member) as file:
            return npy.read_array(file, allow_pickle=False)

    return read


def of_bfloat(data: Any) -> Any:
    """Return what bfloat16 numbers, given as integers of 16 bits, say: the upper half of a 32-bit one."""
    import numpy as np

    return (data.astype(np.uint32) << 16).view(np.float32)


def of_hdf5(data: bytes) -> dict[str, Array]:
    """Return the arrays of an HDF5 file that lies in an archive; NoTable without h5py."""
    if importlib.util.find_spec("h5py") is None:
        raise NoTable(f"it needs h5py: {installation.line('h5py')}")
    return _hdf5(data)


def _hdf5(path: bytes) -> dict[str, Array]:
    """Return the datasets of a file, or of a file's bytes."""
    import h5py

    found: dict[str, Array] = {}
    name = io.BytesIO(path) if path.startswith(HDF5) else os.fsdecode(path)

    def note(key: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset):
            size = math.prod(item.shape or ()) * item.dtype.itemsize
            here = may_unpack(size, item.id.get_storage_size()) and not item.external and not item.is_virtual
            read = _dataset(name, key) if here and not item.dtype.hasobject else None
            if here and h5py.check_string_dtype(item.dtype) and item.dtype.hasobject:
                read = _texts(name, key) if item.ndim == 1 and item.size <= MAX_TEXTS else None
            found[key] = Array(tuple(item.shape or ()), str(item.dtype), read)
        return True if len(found) >= MAX_ARRAYS else None

    with h5py.File(name, "r") as file:
        file.visititems(note)
    return found


def _dataset(name: Any, key: str) -> Callable[[], Any]:
    def read() -> Any:
        import h5py

        with h5py.File(name, "r") as file:
            return file[key][()]

    return read


def _texts(name: Any, key: str) -> Callable[[], Any]:
    """Return what reads texts of any length, each as a digest: many of them may lie in the same long bytes."""

    def read() -> Any:
        import h5py
        import numpy as np

        with h5py.File(name, "r") as file:
            data = file[key]
            step = max(1, min(4096, MAX_HELD // max(file.id.get_filesize(), 1)))
            pieces = (data[at : at + step] for at in range(0, len(data), step))
            digests = [hashlib.blake2b(text, digest_size=8).digest() for piece in pieces for text in piece]
        return np.array(digests, dtype="V8")

    return read


def attributes(path: bytes) -> dict[str, object]:
    """Return the attributes of an HDF5 file, of its groups and datasets, texts and numbers alone."""
    import h5py

    found: dict[str, object] = {}

    def note(name: str, item: Any) -> bool | None:
        for key, value in item.attrs.items():
            plain = _plain(value)
            if plain is not None:
                found[f"{name} {key}".lstrip()] = plain
        return True if len(found) >= MAX_ARRAYS else None

    with h5py.File(os.fsdecode(path), "r") as file:
        note("", file)
        file.visititems(note)
    return found


def _plain(value: Any) -> object:
    value = value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return value if isinstance(value, (str, int, float, bool)) else None


def figures(array: Array) -> str:
    """Return range and mean of an array's numbers in words, and a digest of them; "" where they are not looked at."""
    data = _read(array)
    if data is None:
        return ""
    import numpy as np

    if data.dtype.hasobject:
        data = np.array(
            [hashlib.blake2b(repr(cell).encode(), digest_size=8).digest() for cell in data.flat], dtype="V8"
        )
    digest = hashlib.md5(np.ascontiguousarray(data).tobytes(), usedforsecurity=False).hexdigest()[:10]
    if data.dtype.kind not in "iuf" or not data.size:
        return f", md5 {digest}"
    with np.errstate(all="ignore"):
        least, most, mean = (float(f(data.astype(np.float64))) for f in (np.min, np.max, np.mean))
    return f", {least:.6g} to {most:.6g}, mean {mean:.6g}, md5 {digest}"


def compare(before: Mapping[str, Array], after: Mapping[str, Array]) -> dict[str, Any]:
    """Return what came, went and changed: name -> shapes; of the same shape how many values, the largest change."""
    changed: dict[str, Any] = {}
    for name in (n for n in before if n in after):
        difference = _difference(before[name], after[name])
        if difference is not None:
            changed[name] = difference
    return {
        "before": len(before),
        "after": len(after),
        "added": {n: after[n].words for n in after if n not in before},
        "removed": {n: before[n].words for n in before if n not in after},
        "changed": changed,
    }


def _difference(one: Array, other: Array) -> dict[str, Any] | None:
    """Return how two arrays differ, None where they do not."""
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return {"before": one.words, "after": other.words}
    a, b = _read(one), _read(other)
    if a is None or b is None or a.shape != b.shape:
        return {"before": one.words, "after": other.words, "values": "not looked at"}
    import numpy as np

    count, largest = 0, 0.0
    for one_part, other_part in _parts(a, b):
        unlike = _unlike(one_part, other_part)
        differing = int(np.count_nonzero(unlike))
        if differing:
            count += differing
            largest = max(largest, _largest(one_part[unlike], other_part[unlike]))
    if not count:
        return None
    told = largest if a.dtype.kind in "iufc" and math.isfinite(largest) else None
    return {"before": one.words, "after": other.words, "values": count, "of": int(a.size), "largest": told}


def _read(array: Array) -> Any:
    """Return an array's values, one-dimensional at least; None where they are not looked at, or not what they say."""
    if array.read is None:
        return None
    import numpy as np

    try:
        return np.atleast_1d(np.asarray(array.read()))
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError):
        return None


def _parts(a: Any, b: Any) -> Iterator[tuple[Any, Any]]:
    """Yield parts of two arrays of one shape, so small that what is made of them takes little memory."""
    step = max(1, PART // max(math.prod(a.shape[1:]), 1))
    for at in range(0, len(a), step):
        yield a[at : at + step], b[at : at + step]


def _unlike(a: Any, b: Any) -> Any:
    """Return which values of two arrays differ; of records, by their bytes."""
    if a.dtype.kind == "V":
        import numpy as np

        sides = [np.ascontiguousarray(x).view(np.uint8).reshape(x.size, -1) for x in (a, b)]
        return (sides[0] != sides[1]).any(axis=1).reshape(a.shape)
    return (a != b) & ~((a != a) & (b != b))  # what is no number, or no time, is like another such


def _largest(a: Any, b: Any) -> float:
    """Return the largest difference of numbers, infinity where one is no number; 0 of what is none."""
    import numpy as np

    if a.dtype.kind not in "iufc":
        return 0.0
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        largest = float(np.max(np.abs(b.astype(wide) - a.astype(wide))))
    return largest if math.isfinite(largest) else math.inf
