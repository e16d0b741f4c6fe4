"""Files made by the real libraries are told by their first bytes; text, source and archives of others never are."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import json
import lzma
import os
import pickle
import pickletools
import struct
import subprocess
import sys
import sysconfig
import time
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trinity_guard.detect import sniff
from trinity_guard.detect.glance import HEAD_BYTES, suspicious


def kind(data: bytes, size: int | None = None) -> str | None:
    """Ask as the program does, with the head alone; and check that the first bytes alone would have asked."""
    found = sniff.kind(data[:HEAD_BYTES], len(data) if size is None else size)
    if found is not None:
        assert suspicious(data[:16])
        assert suspicious(data[:64])
    return found


class Thing:
    """An instance to pickle; with __slots__ below, with state here."""

    def __init__(self) -> None:
        self.name = "thing"
        self.parts = [1, 2.5, {"a": (1, "b")}]


class Old(Exception):  # noqa: N818 - pickled by __reduce__
    pass


def holding_itself() -> tuple[list[Any], str]:
    inner: list[Any] = []
    whole = (inner, "x")
    inner.append(whole)
    return whole


OBJECTS: dict[str, Any] = {
    "dict": {"a": 1, "b": [1, 2]},
    "empty dict": {},
    "list": [1, 2, 3],
    "empty list": [],
    "long list": list(range(5000)),
    "list of floats": [i / 3 for i in range(2000)],
    "list of texts": [f"row {i}" for i in range(3000)],
    "list of booleans and None": [True, False, None] * 9,
    "list of big ints": [10**40, -(10**80)] * 3,
    "list of bytes": [b"\0\1\2", b"", b"abc" * 200],
    "text": "hello\nworld",
    "text beyond ASCII": "é ☃ \U0001f600",
    "tuple": (1, 2),
    "long tuple": tuple(range(300)),
    "tuple that holds itself": holding_itself(),
    "nested": [{"k": [(1, "a")] * 3, "n": {"m": ()}}] * 50,
    "set": {1, 2, 3},
    "bytes": b"bytes" * 100,
    "instance": Thing(),
    "instances": [Thing() for _ in range(100)],
    "exception": Old("x", 1),
    "class": Thing,
    "NumPy array": np.arange(1000.0),
    "NumPy texts": np.array(["a", "bc"]),
    "estimator": LogisticRegression(),
    "forest": RandomForestClassifier(3).fit([[0.0], [1.0]] * 30, [0, 1] * 30),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]] * 30, [0, 1] * 30),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", OBJECTS)
def test_a_pickle_of_any_protocol_is_told(name: str, protocol: int) -> None:
    data = pickle.dumps(OBJECTS[name], protocol)
    assert kind(data) == f"pickle (protocol {protocol})"
    slow = io.BytesIO()
    pickle._Pickler(slow, protocol).dump(OBJECTS[name])
    assert kind(slow.getvalue()) == f"pickle (protocol {protocol})", "the pickler in Python itself"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", [None, True, 5, 10**400, 1.5, "x" * 100_000, b"y" * 100_000, ()])
def test_a_bare_value_is_told_from_protocol_2_on(value: object, protocol: int) -> None:
    assert kind(pickle.dumps(value, protocol)) == f"pickle (protocol {protocol})"


def test_a_long_text_pickled_with_protocol_1_is_told() -> None:
    assert kind(pickle.dumps("x" * 100_000, 1)) == "pickle (protocol 1)"


@pytest.mark.parametrize("value", [None, True, 5, 1.5, 10**400, ()])
@pytest.mark.parametrize("protocol", [0, 1])
def test_a_bare_number_of_protocol_0_or_1_looks_like_text_and_is_left_alone(value: object, protocol: int) -> None:
    assert kind(pickle.dumps(value, protocol)) is None


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_an_optimised_pickle_is_told(protocol: int) -> None:
    assert kind(pickletools.optimize(pickle.dumps([1, "a", {"b": 2.5}], protocol))) == f"pickle (protocol {protocol})"


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_pickles_one_behind_the_other_are_told(protocol: int) -> None:
    assert kind(pickle.dumps({"a": 1}, protocol) + pickle.dumps([2], protocol))


# Written by Python 2.7: pickle.dumps({'a': [1, 2L, u'x', 1.5, None, True]}, protocol) of pickle and of cPickle.
PYTHON_2 = {
    "pickle, 0": b"(dp0\nS'a'\np1\n(lp2\nI1\naL2L\naVx\np3\naF1.5\naNaI01\nas.",
    "cPickle, 0": b"(dp1\nS'a'\n(lp2\nI1\naL2L\naVx\np3\naF1.5\naNaI01\nas.",
    "cPickle, 1": b"}q\x01U\x01a]q\x02(K\x01L2L\nX\x01\x00\x00\x00xq\x03G?\xf8\x00\x00\x00\x00\x00\x00NI01\nes.",
    "an old instance, 0": b"(i__main__\nThing\np0\n(dp1\nS'a'\np2\nI1\nsb.",
    "an old instance, 1": b"(c__main__\nThing\nq\x00oq\x01}q\x02U\x01aq\x03K\x01sb.",
}


@pytest.mark.parametrize("name", PYTHON_2)
def test_a_pickle_of_python_2_is_told(name: str) -> None:
    assert kind(PYTHON_2[name]) == f"pickle (protocol {name[-1]})"


@pytest.mark.parametrize("name", PYTHON_2)
def test_a_pickle_that_is_cut_or_spoilt_at_its_end_is_no_small_pickle(name: str) -> None:
    data = PYTHON_2[name]
    truncated = [kind(data[:-1]), kind(data[:-1] + b"\xff")]
    puts = sum(op.name in ("PUT", "BINPUT") for op, _, _ in pickletools.genops(data))
    assert truncated == [None if puts < 4 else f"pickle (protocol {name[-1]})"] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"(dp0\nI1\ns.",  # a value without a key
        b"(lp0\na.",  # nothing to append
        b"(lp0\nI1\n.",  # two things left
        b"((lp0\n.",  # a mark left
        b"(lp7\n.",  # memo numbers start at 0 (or 1)
        b"(lp0\n(lp2\na.",  # and go up by one
        b"(lp0\ng7\na.",  # nothing was put there
        b"(dI1\np0\nd.",  # an odd number of items in a dict
        b"(dp0\n(I1\nu.",
        b"(lp0\n(I1\nap1\nt.",  # appended across a mark
        b"(lp0\nI1x\na.",
        b"(lp0\nS'a\na.",
        b"(lp0\nc9x\ny\na.",
        b"c\n\np0\n.",
        b"(lp0\n\x80\x02.",
        b"tp0\n.",
        b"Rp0\n.",
        b"(lp-1\n.",
        b"(lp\n.",
        b"(l.",
        b"]q\x05.",
        b"]q\0",
        b"(((((((l.",
    ],
)
def test_opcodes_that_no_pickler_writes_are_no_pickle(data: bytes) -> None:
    assert kind(data) is None


# --- compressed


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz"])
@pytest.mark.parametrize("name", ["dict", "NumPy array", "forest", "texts"])
def test_what_joblib_writes_compressed_is_told(tmp_path: Path, name: str, method: str) -> None:
    value = OBJECTS.get(name, [f"row {i}" for i in range(2000)])
    joblib.dump(value, tmp_path / "model", compress=(method, 3))
    found = kind((tmp_path / "model").read_bytes())
    assert found is not None
    assert found.removesuffix(")").split(" (") in [[w, method.replace("bz2", "bzip2")] for w in ("joblib", "pickle")]


@pytest.mark.parametrize("protocol", range(6))
def test_what_joblib_writes_plain_is_told(tmp_path: Path, protocol: int) -> None:
    for value in (OBJECTS["forest"], np.arange(1000.0), {"x": np.zeros(9)}):
        joblib.dump(value, tmp_path / "model", protocol=protocol)
        assert kind((tmp_path / "model").read_bytes()) == f"pickle (protocol {protocol})"


def test_what_old_joblib_wrote_compressed_is_told() -> None:
    stream = zlib.compress(pickle.dumps([1, 2, 3] * 99, 2))
    assert kind(b"ZF" + hex(len(stream)).encode().ljust(19) + stream) == "joblib (zlib)"


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("method", COMPRESSORS)
def test_a_compressed_pickle_is_told_and_the_same_bytes_as_text_are_not(method: str, protocol: int) -> None:
    compress = COMPRESSORS[method]
    assert kind(compress(pickle.dumps({"a": [1, 2]}, protocol))) in (f"pickle ({method})", f"joblib ({method})")
    for text in (b"a,b,c\n1,2,3\n" * 500, Path(__file__).read_bytes(), b"", b"x"):
        assert kind(compress(text)) is None


def lz4_frame(block: bytes, flags: int = 0x60, stored: bool = False, extra: bytes = b"") -> bytes:
    """Return an LZ4 frame as its specification has it; the header's checksum byte is not looked at."""
    length = len(block) | (0x80000000 if stored else 0)
    return b"\x04\x22\x4d\x18" + bytes([flags, 0x40]) + extra + b"\0" + struct.pack("<I", length) + block + b"\0" * 4


def test_a_pickle_in_an_lz4_frame_is_told() -> None:
    data = pickle.dumps({"a": list(range(9))})
    assert kind(lz4_frame(data, stored=True)) == "pickle (lz4)"
    assert kind(lz4_frame(b"plain text", stored=True)) is None
    literals = bytes([0xF0, len(data) - 15]) + data
    assert kind(lz4_frame(literals)) == "pickle (lz4)"
    # Five literals, then a match of the zeros in a frame's length, as the real one begins.
    assert kind(lz4_frame(bytes([0x52]) + b"\x80\x04\x95\x0a\x00" + b"\x01\x00" + b"rest of it")) == "pickle (lz4)"
    assert kind(lz4_frame(literals, flags=0x68, extra=struct.pack("<Q", 99))) == "pickle (lz4)"
    assert kind(lz4_frame(b"\xb0hello world", stored=False)) is None
    for cut in range(len(lz4_frame(literals))):
        assert kind(lz4_frame(literals)[:cut]) in (None, "pickle (lz4)")


# --- the other formats


def saved(write: Callable[[str], object]) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(str(folder / "file"))
        return next(p for p in folder.iterdir() if p.is_file()).read_bytes()

    return make


def hdf5(userblock: int) -> Callable[[str], object]:
    def write(name: str) -> None:
        with h5py.File(name, "w", userblock_size=userblock) as file:
            file["x"] = [1, 2]

    return write


TABLE = pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]})
ARRAY = np.arange(100.0)
MADE: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "HDF5": ("HDF5", saved(hdf5(0))),
    "HDF5 behind a user block of 512": ("HDF5", saved(hdf5(512))),
    "HDF5 behind a user block of 1024": ("HDF5", saved(hdf5(1024))),
    "HDF5 behind a user block of 2048": ("HDF5", saved(hdf5(2048))),
    "Parquet": ("Parquet", saved(lambda name: pyarrow.parquet.write_table(TABLE, name))),
    "Parquet without rows": ("Parquet", saved(lambda name: pyarrow.parquet.write_table(TABLE.slice(0, 0), name))),
    "Feather 1": ("Feather", saved(lambda name: pyarrow.feather.write_feather(TABLE, name, version=1))),
    "Feather 2": ("Feather/Arrow", saved(lambda name: pyarrow.feather.write_feather(TABLE, name))),
    "npy": ("NumPy array", saved(lambda name: np.save(name, ARRAY))),
    "npy of objects": ("NumPy array", saved(lambda name: np.save(name, np.array([{}, []], dtype=object)))),
    "npz": ("NumPy archive", saved(lambda name: np.savez(name, ARRAY))),
    "npz compressed": ("NumPy archive", saved(lambda name: np.savez_compressed(name, table=ARRAY))),
}


@pytest.mark.parametrize("name", MADE)
def test_what_the_real_library_wrote_is_told(tmp_path: Path, name: str) -> None:
    expected, make = MADE[name]
    assert kind(make(tmp_path)) == expected


def test_a_matlab_file_of_version_7_3_is_hdf5(tmp_path: Path) -> None:
    data = MADE["HDF5 behind a user block of 512"][1](tmp_path)
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024".ljust(512)
    assert kind(header + data[512:]) == "HDF5"
    assert kind(header) is None


def test_encrypted_parquet_is_told_and_words_that_begin_alike_are_not() -> None:
    assert kind(b"PARE" + struct.pack("<I", 300) + os.urandom(300)) == "Parquet (encrypted)"
    for text in (b"PARENT\n", b"PARE", b"PAR1,PAR2,PAR3\n1,2,3\n", b"ARROW1 -> ARROW2\n", b"FEA1 = 1\n", b"FEATURES\n"):
        assert kind(text) is None


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


WEIGHTS = pickle.dumps({"weight": [0.5] * 10}, 2)
KERAS = json.dumps({"keras_version": "3.3.3", "date_saved": "2024-05-01@10:00:00"}).encode()
ARCHIVES: dict[str, tuple[str | None, bytes]] = {
    "torch.save": (
        "PyTorch archive",
        zipped(("archive/data.pkl", WEIGHTS), ("archive/byteorder", b"little"), ("archive/data/0", b"\0" * 40)),
    ),
    "torch.save, large": (
        "PyTorch archive",
        zipped(("my model/data.pkl", WEIGHTS + b"\0" * 9000), ("my model/version", b"3\n")),
    ),
    "torch.jit.save": (
        "PyTorch archive",
        zipped(("net/version", b"3\n"), ("net/data.pkl", WEIGHTS), ("net/code/__torch__.py", b"class M: pass")),
    ),
    "byteorder first": (
        "PyTorch archive",
        zipped(("net/byteorder", b"little"), ("net/data.pkl", WEIGHTS)),
    ),
    "keras": (
        "Keras model",
        zipped(("metadata.json", KERAS), ("config.json", b"{" * 9000), ("model.weights.h5", b"")),
    ),
    "keras, compressed": (
        "Keras model",
        zipped(
            ("metadata.json", KERAS),
            ("config.json", b"{}"),
            ("model.weights.h5", b"x"),
            compression=zipfile.ZIP_DEFLATED,
        ),
    ),
    "metadata.json alone": (None, zipped(("metadata.json", b'{"name": "a plugin"}'), ("config.json", b"{}"))),
    "a wheel": (None, zipped(("pkg/__init__.py", b""), ("pkg/version", b"1"), ("pkg/METADATA", b"Name: x"))),
    "a folder with a version": (None, zipped(("app/version", b"1.0"), ("app/main.py", b"print()"))),
    "a document": (None, zipped(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>"))),
    "data.pkl at the top": (None, zipped(("version", b"3"), ("byteorder", b"little"))),
    "an empty archive": (None, zipped()),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_told_by_its_first_members(name: str) -> None:
    expected, data = ARCHIVES[name]
    assert kind(data) == expected


def test_what_torch_saved_before_it_used_archives_is_told() -> None:
    data = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"protocol_version": 1001}, 2)
    assert kind(data) == "PyTorch (legacy)"


def safetensors(header: dict[str, Any], data: bytes = b"\0" * 16, pad: int = 0) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode() + b" " * pad
    return struct.pack("<Q", len(text)) + text + data


TENSOR = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def test_safetensors_are_told_and_json_is_not() -> None:
    assert kind(safetensors({"weight": TENSOR}, pad=5)) == "safetensors"
    assert kind(safetensors({"__metadata__": {"format": "pt"}, "weight": TENSOR})) == "safetensors"
    assert kind(safetensors({f"layer.{i}.weight": TENSOR for i in range(500)})) == "safetensors"
    assert kind(safetensors({"weight": TENSOR})[8:]) is None
    assert kind(safetensors({"weight": TENSOR}, data=b"")[:-1]) is None, "the header would end behind the file"
    assert kind(safetensors({"name": "something else"})) is None


def field(number: int, content: bytes | int) -> bytes:
    """Return a protobuf field: a varint, or bytes with their length."""

    def varint(n: int) -> bytes:
        return bytes([n & 0x7F | 0x80]) + varint(n >> 7) if n > 0x7F else bytes([n])

    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


NODE = field(1, field(1, b"X") + field(1, b"W") + field(2, b"Y") + field(3, b"gemm_1") + field(4, b"Gemm"))
GRAPH = NODE * 3 + field(2, b"main graph") + field(5, b"\0" * 9000)


def test_onnx_is_told_and_other_protobufs_are_not() -> None:
    producer = (
        field(2, b"skl2onnx") + field(3, b"1.16.0") + field(4, b"ai.onnx") + field(5, 0) + field(6, b"a doc\nof 2")
    )
    opset = field(8, field(1, b"") + field(2, 17))
    assert kind(field(1, 8) + producer + field(7, GRAPH) + opset) == "ONNX"
    assert kind(field(1, 10) + field(7, GRAPH) + opset) == "ONNX"
    assert kind(field(1, 8) + producer) is None
    assert kind(field(1, 8) + field(7, GRAPH)[:-9000] + b"") is None, "the graph would end behind the file"
    assert kind(field(1, 5) + field(7, field(1, b"hello"))) is None
    assert kind(field(1, 5) + field(2, b"\0\1\2") + field(7, GRAPH)) is None
    saved_model = field(1, 1) + field(2, field(1, field(4, b"serve") + field(5, b"2.15.0")) + field(2, b"\0" * 99))
    assert kind(saved_model) is None


# --- what must never count


ORDINARY = [
    b"",
    b"\n",
    b".",
    b"N.",
    b"N.\n",
    b").",
    b"K5.",
    b"I42\n.",
    b"cat\ndog\n",
    b"class\nfunction\np0\n",
    b"import os\n",
    b"(define (f x) x)\n",
    b"(i\nx\n",
    b"VERSION\np = 3\n",
    b"Version 1.0\n",
    b"S'il vous plait\n",
    b"x^2 + y^2 = z^2\n",
    b"BZh is how bzip2 begins\n",
    b"]\n[\n",
    b"\x80 costs \x80 100\n",  # euro signs of Windows
    b"\xff\xfeh\0i\0",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 12345\n",
    b"\x7fELF\x02\x01\x01" + b"\0" * 60,
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"%PDF-1.7\n",
    b"\0" * 5000,
    b"\0\0\0\x18ftypmp42",
    b"I1\nI2\nI3\nI4\n" * 1000,
    b"(lI1\n" * 2000,
    b"V" + b"ery long line " * 999,
    b'package {"name": 1}\n',
]


@pytest.mark.parametrize("data", ORDINARY, ids=lambda data: repr(data[:20]))
def test_an_ordinary_file_is_no_artifact(data: bytes) -> None:
    assert kind(data) is None


TEXT_ENDINGS = tuple(
    ".py .pyi .pyx .md .rst .txt .csv .tsv .json .yaml .yml .toml .cfg .ini .html .css .js .ts .c .h .cpp "  # noqa: SIM905
    ".hpp .pxd .sh .xml .svg .ipynb .typed .lark .f90 .cmake LICENSE COPYING METADATA RECORD WHEEL".split()
)


def text_files() -> Iterator[Path]:
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        for folder, _, files in os.walk(sysconfig.get_path(name)):
            yield from (Path(folder, file) for file in files if file.endswith(TEXT_ENDINGS))


@pytest.mark.slow
def test_no_text_file_of_this_python_and_its_packages_is_an_artifact() -> None:
    wrong, count, read = [], 0, 0
    for file in set(text_files()):
        if file.is_file():
            with file.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
            count += 1
            read += suspicious(head[:64])
            if kind(head, file.stat().st_size):
                wrong.append(file)
    assert not wrong
    assert count > 1000
    assert read < count / 100, "the quick look lets too many through to be of use"


WORDS = st.text("abcdefgilpqstuxILFSVNKMJUTXGcdlp(]})[{.0123456789'\n ", max_size=60)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=300), WORDS), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32-be"]))
def test_random_text_is_no_artifact(text: str, encoding: str) -> None:
    printable = "".join(c for c in text if c.isprintable() or c == "\n")
    assert kind(printable.encode(encoding)) is None


STARTS = [pickle.dumps([1, "a"], p) for p in range(6)] + [c(pickle.dumps({1: "a"})) for c in COMPRESSORS.values()]
STARTS += [data for _, data in ARCHIVES.values()] + [safetensors({"w": TENSOR}), field(1, 8) + field(7, GRAPH)]
STARTS += [lz4_frame(b"\xf0\x10" + b"\x80\x04\x95" * 9), b"PAR1", b"PARE", b"ARROW1", b"\x93NUMPY", *PYTHON_2.values()]


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_no_bytes_make_it_raise_and_the_quick_look_lets_all_it_tells_through(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([b"", *STARTS]))
    head = start[: data.draw(st.integers(0, len(start)))] + data.draw(st.binary(max_size=200))
    size = len(head) + data.draw(st.sampled_from([0, 1, 10**6]))
    kind(head, size)
    suspicious(head[:16])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    ).map(lambda value: [value]),
    st.sampled_from(range(6)),
)
def test_any_pickled_list_is_told(value: object, protocol: int) -> None:
    # A list of one text of a page's length, in protocol 0, is told by the memo number in front of it.
    assert kind(pickle.dumps(value, protocol)) == f"pickle (protocol {protocol})"


def xz_with_dictionary(size: int) -> bytes:
    """Return an xz stream whose block header asks for a dictionary of 4 GiB (40, in LZMA2's own numbering)."""
    data = lzma.compress(pickle.dumps({"a": 1}), filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
    header = data[12 : 12 + 8]
    assert header[2:4] == b"\x21\x01"
    header = header[:4] + bytes([size]) + header[5:]
    return data[:12] + header + struct.pack("<I", zlib.crc32(header)) + data[24:]


@functools.cache
def bombs() -> dict[str, bytes]:
    return {
        "gzip bomb": gzip.compress(bytes(50_000_000)),
        "xz bomb": lzma.compress(bytes(50_000_000)),
        "xz that wants 4 GiB": xz_with_dictionary(40),
        "bzip2 bomb": bz2.compress(bytes(50_000_000)),
        "lzma that wants 4 GiB": b"]\0\0\xff\xff" + b"\xff" * 8 + os.urandom(4000),
        "nested marks": b"(" * 4096,
        "lists in lists": b"(lp0\n" + b"(l" * 2045,
        "long int": b"(lp0\nL" + b"9" * 4000 + b"L\na",
        "long memo number": b"(lp" + b"9" * 4000 + b"\n",
        "LONG4 of 2 GiB": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\xff" * 4000,
        "text of 4 GiB": b"]q\0X\xff\xff\xff\xff" + b"a" * 4000,
        "text of 2^64": b"\x80\x04\x8d" + b"\xff" * 4000,
        "headers": b"PK\3\4" * 1024,
        "varints": b"\x08\x08" + b"\x12\x80" * 2000,
        "tensors": b"\xff\xff\xff\0\0\0\0\0" + b'{"' * 2000,
        "lz4 length": b"\x04\x22\x4d\x18\x60\x40\0\xff\xff\0\0\xf0" + b"\xff" * 4000,
    }


@pytest.mark.parametrize("name", bombs())
def test_a_hostile_head_costs_little_time_and_memory(name: str) -> None:
    head = bombs()[name][:HEAD_BYTES]
    sniff.kind(head, 10**9)  # imports once
    tracemalloc.start()
    start = time.process_time()
    sniff.kind(head, 10**9)
    took = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 0.5
    # xz's own dictionary, 8 MiB as `xz -6` asks for, is what its decoder cannot do without.
    assert peak < 2_000_000 + 9_000_000 * name.startswith("xz")


def test_a_compressed_pickle_that_wants_more_memory_than_is_given_is_not_opened() -> None:
    assert kind(xz_with_dictionary(28)) == "pickle (xz)", "64 MiB, as `xz -9` asks for"
    assert kind(xz_with_dictionary(40)) is None


def test_a_long_int_of_protocol_0_is_followed_and_not_worked_out() -> None:
    assert kind(pickle.dumps([10**2500], 0)) == "pickle (protocol 0)"


def test_looking_at_pickles_imports_nothing() -> None:
    program = (
        "import sys; before = set(sys.modules); from trinity_guard.detect import sniff;"
        "sniff.kind(b'(lp0\\n.', 6); sniff.kind(b'\\x80\\x04N.', 4); sniff.kind(b'PK\\3\\4', 4);"
        "print(*sorted(set(sys.modules) - before))"
    )
    root = Path(__file__).resolve().parents[2]
    out = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, check=True, text=True).stdout
    assert set(out.split()) <= {
        "__future__",
        "zlib",
        "trinity_guard",
        "trinity_guard.detect",
        "trinity_guard.detect.glance",
        "trinity_guard.detect.pickles",
        "trinity_guard.detect.sniff",
    }
