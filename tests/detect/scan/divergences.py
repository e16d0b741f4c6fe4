"""Files that two readers take differently, and uses of known names that no rule saw: by name, with the file's name.

None is ever loaded, but that zip, tar and lzma of Python's own find in an archive what is said to be in it.
"""

from __future__ import annotations

import gzip
import json
import lzma
import struct
import zlib

from tests.detect.scan import bypasses
from tests.detect.scan.bypasses import SYSTEM, Raw, built, call, name, pickled

_ZONE = "dateutil//etc/passwd"
# A tuple that no machine hashes to its end.
_ENDLESS = b")" + b"2\x86" * 60


def _pairs(*pairs: tuple[object, object]) -> bytes:
    return b"(" + b"".join(bypasses._value(key) + bypasses._value(value) for key, value in pairs) + b"u"


def _dict(*pairs: tuple[object, object]) -> Raw:
    return Raw(b"}" + _pairs(*pairs))


def _new(module: str, attribute: str) -> Raw:
    return Raw(name(module, attribute).code + b")\x81")


def _dtype(spelled: str, *state: object) -> Raw:
    return built(call(name("numpy", "dtype"), spelled, False, True), state)


def _text(text: str) -> Raw:
    """A text of NumPy's, which is one of Python's, too."""
    made = _dtype(f"U{len(text)}", 3, "<", None, None, None, 4 * len(text), 4, 8)
    return call(name("numpy._core.multiarray", "scalar"), made, text.encode("utf-32-le"))


def _index(key: object, value: object) -> bytes:
    new = name("pandas.core.indexes.base", "_new_Index")
    return pickled(call(new, name("pandas", "DatetimeIndex"), _dict((key, value))))


_FRAME = _new("pandas", "DataFrame")
_BOOSTER = _new("lightgbm.basic", "Booster")
_TAKEN = built(_new("sklearn.pipeline", "Pipeline"), _dict(("_as_parameter_", 4096)))
_OBJECTS = _dtype("O8", 3, "|", None, None, None, -1, -1, 63)
_BYTES = _dtype("u1", 3, "|", None, None, None, -1, -1, 0)
_ARRAY = call(name("numpy._core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
_MASKED = call(
    name("numpy.ma.core", "_mareconstruct"), name("numpy.ma.core", "MaskedArray"), name("numpy", "ndarray"), (0,), b"b"
)


def _hashed(by: str, items: bytes, module: str = "builtins") -> bytes:
    return pickled(call(name(module, by), Raw(b"](" + items + b"e")))


def _joblib(wrapper: Raw, shape: object, *more: tuple[object, object]) -> bytes:
    """An array of two bytes, to joblib; to who does not know that they are one, the beginning of a long text."""
    said = (("subclass", name("numpy", "ndarray")), ("shape", shape), ("order", "C"), ("dtype", _BYTES))
    code = built(wrapper, _dict(*said, ("numpy_array_alignment_bytes", None), *more)).code
    return b"\x80\x04" + code + b"\x8c\xff" + SYSTEM.ljust(255, b"N") + b"00N."


_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
USES = {
    "attributes set one by one, of an OrderedDict": pickled(
        built(_FRAME, (None, Raw(call(name("collections", "OrderedDict")).code + _pairs(("columns", ["a"])))))
    ),
    "a time zone's file under NumPy's text": _index(_text("tz"), _ZONE),
    "a time zone's file that is NumPy's text": _index("dtype", _text(f"datetime64[ns, {_ZONE}]")),
    "a time zone's file, of a timestamp": pickled(
        call(name("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"), 1, None, _ZONE, 10)
    ),
    "a time zone's file, for a dtype's state": pickled(
        built(_new("pandas", "DatetimeTZDtype"), _dict(("unit", "ns"), ("tz", _ZONE)))
    ),
    "an address for a booster under NumPy's text": pickled(
        built(_BOOSTER, _dict((_text("handle"), None), (_text("_handle"), 4096)))
    ),
    "an address for a booster that ctypes asks an object for": pickled(built(_BOOSTER, _dict(("_handle", _TAKEN)))),
    "a frame that becomes a booster": pickled(
        built(_FRAME, _dict(("_typ", "dataframe"), ("__class__", name("lightgbm.basic", "Booster")), ("_handle", 4096)))
    ),
    "a class that is changed, behind 64 attributes": pickled(
        built(_FRAME, _dict(*((f"a{n}", n) for n in range(70)), ("__class__", name("lightgbm.basic", "Booster"))))
    ),
    "a set of what nobody can hash": _hashed("frozenset", _ENDLESS),
    "a set of what nobody can hash, behind 64": _hashed("set", b"K\1" * 70 + _ENDLESS),
    "a counter of what nobody can hash": _hashed("Counter", _ENDLESS, "collections"),
    "a pair whose key nobody can hash": _hashed("OrderedDict", _ENDLESS + b"N\x86", "collections"),
    "a pair in a list whose key nobody can hash": _hashed("OrderedDict", b"](" + _ENDLESS + b"Ne", "collections"),
    "a key too deep for the stack": pickled(Raw(b"})" + b"\x85" * 100_000 + b"Ns")),
    "a scalar of nothing": pickled(
        call(
            name("numpy._core.multiarray", "scalar"),
            _dtype("V999999999", 3, "|", None, None, None, 999_999_999, 1, 0),
            None,
        )
    ),
    "an array larger than its list": pickled(built(_ARRAY, (1, (1 << 30,), _OBJECTS, False, []))),
    "an array larger than its long list": pickled(built(_ARRAY, (1, (1 << 30,), _OBJECTS, False, [1] * 70))),
    "a masked array larger than its list": pickled(built(_MASKED, (1, (1 << 30,), _OBJECTS, False, [], b"", None))),
    "a range of a thousand digits": pickled(call(name("builtins", "range"), Raw(b"L" + b"9" * 1200 + b"L\n"))),
    "an array of joblib's that copyreg makes": _joblib(
        call(name("copyreg", "_reconstructor"), name(*_WRAPPER), name("builtins", "object"), None), (2,)
    ),
    "an array of joblib's with two shapes": _joblib(_new(*_WRAPPER), (0,), (_text("shape"), (2,))),
}


# ---- archives


def _local(member: bytes, data: bytes, method: int = 0) -> bytes:
    sizes = (zlib.crc32(data), len(data), len(data), len(member), 0)
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, method, 0, 33, *sizes) + member + data


def _directory(member: bytes, data: bytes, place: int, method: int = 0, extra: bytes = b"") -> bytes:
    sizes = (zlib.crc32(data), len(data), len(data), len(member), len(extra))
    one = struct.pack("<4sHHHHHHIIIHH10xI", b"PK\1\2", 20, 20, 0, method, 0, 33, *sizes, place) + member + extra
    return one + struct.pack("<4s4xHHIIH", b"PK\5\6", 1, 1, len(one), place, 0)


def _listed(before: bytes, member: bytes, data: bytes, place: int, **more: object) -> bytes:
    """A zip whose directory lists one member alone, at a place."""
    made = _directory(member, data, place, **more)  # type: ignore[arg-type]
    return before + made[:-6] + struct.pack("<IH", len(before), 0)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _head_changed(tar: bytes, *changes: tuple[int, bytes], signed: bool = False) -> bytes:
    """A tar whose first header is changed, and its checksum with it."""
    head = bytearray(tar[:512])
    for at, new in (*changes, (148, b" " * 8)):
        head[at : at + len(new)] = new
    total = sum(head) - (256 * sum(byte > 127 for byte in head) if signed else 0)
    head[148:156] = b"%06o\0 " % total if total >= 0 else total.to_bytes(8, "big", signed=True)
    return bytes(head) + tar[512:]


_NUMBERS = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
_NPY = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + _NUMBERS + bytes(8)
_FIELDS = b"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
_RECORDS = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + _FIELDS + bytes(8)
_LONG_HEADER = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(70_000) + b"\n"
_WIDE_HEADER = b"\x93NUMPY\x02\x00" + struct.pack("<I", len(_LONG_HEADER)) + _LONG_HEADER
_CONFIG = json.dumps(bypasses._LAMBDA).encode()
_INNER = b"a text\n" + _local(b"a/data.pkl", SYSTEM)
_UNICODE = struct.pack("<HHBI", 0x7075, 16, 1, zlib.crc32(b"x")) + b"config.json"
_ALONE = lzma.compress(SYSTEM, lzma.FORMAT_ALONE)
_OTHER = lzma.compress(SYSTEM, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "lc": 0, "lp": 0, "pb": 0}])
_TAR = bypasses._tar(SYSTEM)
_GZIP = gzip.compress(SYSTEM, mtime=0)
_WIDE = lzma.compress(SYSTEM, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}])
# An entry of a directory whose comment would reach over the one that counts.
_LONG_COMMENT = struct.pack("<4s28xH12x", b"PK\1\2", 60_000)
_NESTED = json.dumps({"a": bypasses._LAMBDA}).encode()


def _npy(descr: str, version: int = 1) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(2 if version == 1 else 4, "little") + header


# Numbers in text, of which C's unpickler takes what stands before a NUL, and octal ones.
_ODD = b"I5\0more\n0" + SYSTEM
_LONG_FRAME = b"\x80\x04\x95" + struct.pack("<Q", 1 << 20) + SYSTEM
PACKED = {
    "octal.bin": b"I010\n0" + SYSTEM,
    "nul.bin": _ODD,
    "nothing.bin": b"I\0\n0" + SYSTEM,
    "long-nul.bin": b"L5\0more\n0" + SYSTEM,
    "float-nul.bin": b"F1.0\0more\n0" + SYSTEM,
    "put-nul.bin": b"Np5\0more\n0" + SYSTEM,
    "get-nul.bin": b"Np5\n0g5\0more\n0" + SYSTEM,
    "memo-names.bin": b"Vos\np1_0\n0Vsystem\np2\n0g10\ng2\n\x93(Vtrue\ntR.",
    "escapes.bin": b"S'\\x6f\\163'\nVs\\u0079stem\n\x93(S'true'\ntR.",
    "registry.pkl": b"ccopyreg\nadd_extension\n(S'os'\nS'system'\nI1\ntR0\x82\x01(S'true'\ntR.",
    "protocol-0.bin": b"\x80\0N0" + SYSTEM,
    "long-frame.bin": _LONG_FRAME,
    "long-frame.bin.gz": gzip.compress(_LONG_FRAME, mtime=0),
    "odd.bin.gz": gzip.compress(_ODD, mtime=0),
    "odd.tar": bypasses._tar(_ODD, member="m.txt"),
    "odd.zip": bypasses._zip({"m.txt": _ODD}),
    "odd.npy": _ODD,
    "odd-and-second.pkl": b"N." + _ODD,
    "texts.npy": _npy("'T'") + SYSTEM,
    "texts-3.npy": _npy("'T'", 3) + SYSTEM,
    "texts.npz": bypasses._zip({"a.npy": _npy("'T'") + SYSTEM}),
    "record-of-texts.npy": _npy("[('a', '<f8'), ('b', 'T')]") + SYSTEM,
    "behind-one-record.npy": _npy("[('a', '<f8'), ('b', '<i4', (2,))]") + bytes(16) + SYSTEM,
    "behind-odd.npy": _npy("'<f8'") + bytes(8) + _ODD,
    "behind-bool.npy": _npy("'?'") + bytes(1) + SYSTEM,
    "member-in-a-member.pt": _listed(_local(b"x.txt", _INNER), b"a/data.pkl", SYSTEM, 42),
    "in-its-namesake.pt": _listed(_local(b"x.pt", b"a text\n" + _local(b"x.pt", SYSTEM)), b"x.pt", SYSTEM, 41),
    "behind-a-script.pt": b"#!/bin/sh\n" + _listed(_local(b"x.txt", _INNER), b"a/data.pkl", SYSTEM, 42),
    "other-name-and-method.pt": _listed(
        _local(b"x", _deflated(SYSTEM)), b"a/data.pkl", _deflated(SYSTEM), 0, method=8
    ),
    "nul.keras": _listed(_local(b"config.json\0x", _CONFIG), b"config.json\0x", _CONFIG, 0),
    "nul-and-nested.keras": _listed(_local(b"config.json\0x", _NESTED), b"config.json\0x", _NESTED, 0),
    "behind-a-comment.pt": _listed(_local(b"x.txt", _INNER + _LONG_COMMENT), b"a/data.pkl", SYSTEM, 42),
    "unicode.keras": _listed(_local(b"x", _CONFIG), b"x", _CONFIG, 0, extra=_UNICODE),
    "config.json": _CONFIG,
    "type.tar": _head_changed(_TAR, (156, b"Z")),
    "signed.bin": _head_changed(_TAR, (0, b"\xff\xfe"), (257, bytes(8)), signed=True),
    "below-zero.bin": _head_changed(_TAR, (0, b"\x80" * 100), (257, bytes(8)), signed=True),
    "nameless.bin": _head_changed(_TAR, (0, bytes(8)), (257, bytes(8))),
    "damaged.tar": bypasses._tar(b"a text", member="a")[:1024] + b"?" * 512 + _TAR,
    "ended.tar": bypasses._tar(b"a text", member="a") + _TAR,
    "checksum.gz": _GZIP[:-8] + b"\0" + _GZIP[-7:],
    "checksum.pkl.gz": _GZIP[:-8] + b"\0" + _GZIP[-7:],
    "header.gz": _GZIP[:3] + b"\2" + _GZIP[4:10] + b"\0\0" + _GZIP[10:],
    "flags.gz": _GZIP[:3] + b"\xe0" + _GZIP[4:],
    "named.gz": _GZIP[:3] + b"\x0c" + _GZIP[4:10] + b"\2\0\0\0" + b"n" * 5000 + b"\0" + _GZIP[10:],
    "cut-at-its-memo.gz": gzip.compress(b"N" + b"N0" * 2047 + b"q\0" + SYSTEM, mtime=0),
    "skippable.pkl": b"V*M\x18\n0" + SYSTEM,
    "line.bin": b"V" + b"a" * (1 << 20) + b"\n0" + SYSTEM,
    "wide.lzma": _ALONE[:1] + struct.pack("<I", 1 << 29) + _ALONE[5:],
    "wide.bin.xz": _WIDE,
    "small.bin": _ALONE[:1] + struct.pack("<I", 1 << 8) + _ALONE[5:],
    "other.pkl.xz": _OTHER,
    "old.bin": b"ZF" + (b"%x" % len(SYSTEM)).ljust(19) + zlib.compress(SYSTEM),
    "older.bin": b"ZF" + (b"0x%x" % len(SYSTEM)).ljust(20) + zlib.compress(SYSTEM),
    "skipped.bin": b"\x50\x2a\x4d\x18\4\0\0\0abcd(\xb5/\xfd\x04\x00" + bytes(20),
    "m.lz": b"LZIP\1\x0c" + bytes(20),
    "long.bin.gz": gzip.compress(b"(" + b"I1\n" * 3000 + b"l" + SYSTEM, mtime=0),
    "popped.bin.gz": gzip.compress(b"N0" * 3000 + SYSTEM, mtime=0),
    "second.bin": b"N." + SYSTEM,
    "second.bin.gz": gzip.compress(b"N." + SYSTEM, mtime=0),
    "thousandth.bin.gz": gzip.compress(b"N." * 4096 + SYSTEM, mtime=0),
    "padded.bin.gz": gzip.compress(b"(", mtime=0) + bytes(9) + gzip.compress(SYSTEM, mtime=0),
    "of-python-2.npy": bypasses._NPY.replace(b"(1,)", b"1L  ") + SYSTEM,
    "wide-header.npy": _WIDE_HEADER + SYSTEM,
    "second.npy": _NPY + bypasses._NPY + SYSTEM,
    "third.npy": _NPY * 2 + bypasses._NPY + SYSTEM,
    "behind-records.npy": _RECORDS + bypasses._NPY + SYSTEM,
    "behind.npy": _NPY + b"\x80\x04" + SYSTEM,
}  # fmt: skip


def samples() -> dict[str, tuple[str, bytes]]:
    """Return each sample's file name and bytes."""
    found = {f"use: {what}": ("m.pkl", data) for what, data in USES.items()}
    return found | {f"in {file}": (file, data) for file, data in PACKED.items()}
