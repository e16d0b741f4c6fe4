"""What is in archives, behind compressions, between the opcodes of joblib, and under other names."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import joblib
import numpy as np
import pytest

from trinity_guard.detect.scan import files, values
from trinity_guard.detect.scan.record import Record

EVIL = b"cos\nsystem\n(S'x'\ntR."


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("x",)


def named(record: Record) -> set[str]:
    return {".".join(name) for name in record.names}


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def tarred(name: str, data: bytes, mode: str = "w:") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as made:  # type: ignore[call-overload]
        info = tarfile.TarInfo(name)
        info.size = len(data)
        made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def npy(data: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, data, allow_pickle=True)
    return out.getvalue()


def by_joblib(value: object, **options: object) -> bytes:
    out = io.BytesIO()
    joblib.dump(value, out, **options)
    return out.getvalue()


OBJECTS = np.array([Evil(), 1], dtype=object)
ZIPPED = archive({"archive/data.pkl": EVIL, "archive/version": b"3"})
FLAGGED = ZIPPED.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")
WHERE = {
    "zlib": zlib.compress(EVIL),
    "gzip": gzip.compress(EVIL),
    "two streams of gzip": gzip.compress(b"") + gzip.compress(EVIL),
    "bzip2": bz2.compress(EVIL),
    "xz": lzma.compress(EVIL),
    "lzma": lzma.compress(EVIL, lzma.FORMAT_ALONE),
    "a gzip that is cut": gzip.compress(EVIL)[:-6],
    "joblib's first form": b"ZF" + b"0x15".ljust(19) + zlib.compress(EVIL),
    "zip": ZIPPED,
    "zip, deflated": archive({"a/data.pkl": EVIL}, zipfile.ZIP_DEFLATED),
    "zip, bzip2": archive({"a/data.pkl": EVIL}, zipfile.ZIP_BZIP2),
    "zip, lzma": archive({"a/data.pkl": EVIL}, zipfile.ZIP_LZMA),
    "zip that says it is encrypted": FLAGGED,
    "zip with a wrong checksum": ZIPPED.replace(struct.pack("<I", zlib.crc32(EVIL)), b"\0\0\0\0"),
    "zip without its directory": ZIPPED[: ZIPPED.index(b"PK\1\2")],
    "zip that begins as something else": b"#!/bin/sh\n" + ZIPPED,
    "zip whose two names differ": ZIPPED.replace(b"archive/data.pkl", b"archive/data.txt", 1),
    "a member of another name": archive({"readme.txt": EVIL}),
    "zip in zip in gzip": gzip.compress(archive({"inner.zip": archive({"x": EVIL})}, zipfile.ZIP_DEFLATED)),
    "tar": tarred("pickle", EVIL),
    "tar.gz": tarred("model.pkl", EVIL, "w:gz"),
    ".npy of objects": npy(OBJECTS),
    ".npz of objects": archive({"a.npy": npy(OBJECTS)}, zipfile.ZIP_DEFLATED),
    "an array of objects": pickle.dumps(OBJECTS),
    "joblib": by_joblib({"a": np.arange(9.0), "b": OBJECTS}),
    "joblib, compressed": by_joblib({"a": np.arange(9.0), "b": OBJECTS}, compress=("xz", 3)),
    "behind joblib's array": by_joblib([np.arange(1000.0), Evil()]),
    "old PyTorch": b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02M\xe9\x03." + EVIL,
}


@pytest.mark.parametrize("where", WHERE)
def test_a_call_is_found_wherever_it_is(where: str, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(WHERE[where])
    assert named(files.read(bytes(file), files.FEW)) & {"os.system", "posix.system"}


UNREAD = {
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
    "Zstandard": (b"(\xb5/\xfd\x04\x00", "Zstandard"),
    "LZ4": (b"\x04\x22\x4d\x18\x40\x40", "LZ4"),
    "nothing that is a pickle": (b"\xff\xfe\xfd", "no opcode"),
    "a cut gzip": (gzip.compress(pickle.dumps(list(range(9999))))[:-900], "compressed stream"),
    "what lies behind": (pickle.dumps([1]) + b"garbage", "behind its end"),
    "a NumPy file without a header": (b"\x93NUMPY\x01\x00\xff\x00abc", "NumPy header"),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_cannot_be_read_is_said(what: str) -> None:
    data, words = UNREAD[what]
    assert any(words in said for said in files.read_bytes(data, b"m.pkl").unread)


NO_PICKLES = {
    b"readme.md": b"# config\n\nchoose one\n",
    b"conf.txt": b"cat\ndog\nhorse\n",
    b"table.csv": b"a,b\n1,2\n",
    b"numbers.npy": npy(np.arange(5)),
    b"records.npy": npy(np.zeros(3, dtype=[("a", "f8"), ("b", "U3")])),
    b"page.html.gz": gzip.compress(b"<html>" * 1000),
    b"empty.pkl": b"",
    b"m.safetensors": struct.pack("<Q", 2) + b"{}",
    b"words.zip": archive({"a.txt": b"some words\n", "b/": b""}),
}


@pytest.mark.parametrize("name", NO_PICKLES)
def test_other_files_hold_no_pickle(name: bytes) -> None:
    record = files.read_bytes(NO_PICKLES[name], name)
    assert (record.pickles, record.names, record.unread) == (0, {}, {})


@pytest.mark.parametrize("compress", [0, 3, ("bz2", 3)])
def test_arrays_of_joblib_are_read(compress: object) -> None:
    data = np.arange(12, dtype="<i4").reshape(3, 4)
    record = files.read_bytes(by_joblib({"x": data, "names": np.array(["a", None], dtype=object)}, compress=compress))
    assert not record.unread
    found = values.array(values.texts_of(record.values[-1])["x"])
    assert found is not None
    assert (found.dtype, found.shape, found.bytes()) == ("<i4", (3, 4), data.tobytes())


def test_an_array_of_joblibs_cannot_hide_opcodes_from_pickle() -> None:
    data = by_joblib([np.frombuffer(b"A" * 64, dtype="u1")])
    count = data.index(b"A" * 64) - 1
    while data[count] != data.index(b"A" * 64) - count - 1:
        count -= 1
    # joblib goes past as many bytes as the first says; to pickle it is a POP, and then come opcodes.
    hidden = data[:count] + b"0" + EVIL.ljust(ord("0")) + data[data.index(b"A" * 64) :]
    assert joblib.load(io.BytesIO(hidden))[0].tobytes() == b"A" * 64
    assert named(files.read_bytes(hidden)) >= {"os.system"}


def test_an_array_that_is_built_twice_is_not_believed() -> None:
    data = by_joblib(np.arange(3.0))
    again = data[:-1] + b"}b."
    assert any("twice" in said for said in files.read_bytes(again).unread)


LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}}
KERAS = {"module": "keras", "class_name": "Sequential", "config": {"layers": [LAMBDA]}}


def test_a_lambda_layer_is_named() -> None:
    record = files.read_bytes(archive({"metadata.json": b"{}", "config.json": json.dumps(KERAS).encode()}), b"m.keras")
    assert named(record) == {"keras.Sequential", "keras.layers.Lambda", "keras.__lambda__"}


def test_a_lambda_layer_in_hdf5_is_named() -> None:
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {}}]}}
    data = b"\x89HDF\r\n\x1a\n" + b"\0" * 200 + b"model_config\0\0" + json.dumps(config).encode() + b"\0" * 50
    assert named(files.read_bytes(data, b"m.h5")) == {"keras.layers.Sequential", "keras.layers.Lambda"}


def test_an_hdf5_file_whose_model_cannot_be_read_is_said() -> None:
    assert files.read_bytes(b"\x89HDF\r\n\x1a\n model_config {broken", b"m.h5").unread


def test_all_that_is_in_a_file_shares_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_guard.detect.scan.record.MAX_STEPS", 2000)
    members = {f"{n}": b"N" * 900 + b"." for n in range(4)}
    assert any(
        "more than 2,000 opcodes" in said for said in files.read_bytes(archive({**members, "m.pkl": b"N."})).unread
    )
