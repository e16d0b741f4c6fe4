"""Pickles that run something, rebuilt from what passed published scanners: by name, with the name of the file.

None is ever loaded. Most are made of names that look like nothing: that is their point.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib

Args = tuple[object, ...]


def _value(value: object) -> bytes:
    if isinstance(value, Raw):
        return value.code
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"B" + struct.pack("<I", len(value)) + value
    if isinstance(value, dict):
        return b"(" + b"".join(_value(k) + _value(v) for k, v in value.items()) + b"d"
    assert isinstance(value, tuple | list)
    return b"(" + b"".join(map(_value, value)) + (b"t" if isinstance(value, tuple) else b"l")


class Raw:
    """Opcodes that leave one value."""

    def __init__(self, code: bytes) -> None:
        self.code = code


def name(module: str, attribute: str) -> Raw:
    return Raw(b"c" + module.encode() + b"\n" + attribute.encode() + b"\n")


def call(by: Raw, *args: object) -> Raw:
    return Raw(by.code + _value(args) + b"R")


def built(made: Raw, state: object) -> Raw:
    return Raw(made.code + _value(state) + b"b")


def pickled(value: Raw, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + value.code + b"."


def simple(module: str, attribute: str, *args: object) -> bytes:
    return pickled(call(name(module, attribute), *args))


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for member, data in members.items():
            made.writestr(member, data)
    return out.getvalue()


SYSTEM = b"cos\nsystem\n(S'true'\ntR."
# One call, of a name that some list of bad names has not had.
CALLS: dict[str, tuple[str, str, Args]] = {
    "system": ("os", "system", ("true",)),
    "posix": ("posix", "system", ("true",)),
    "nt": ("nt", "system", ("true",)),
    "popen": ("os", "popen", ("true",)),
    "spawn": ("os", "spawnvp", (0, "true", ["true"])),
    "posix_spawn": ("os", "posix_spawn", ("/bin/true", ["true"], {})),
    "subprocess": ("subprocess", "Popen", (["true"],)),
    "getoutput": ("subprocess", "getoutput", ("true",)),
    "eval": ("builtins", "eval", ("1",)),
    "exec": ("builtins", "exec", ("pass",)),
    "compile": ("builtins", "compile", ("1", "", "eval")),
    "open": ("builtins", "open", ("/tmp/x", "w")),
    "import": ("builtins", "__import__", ("os",)),
    "of Python 2": ("__builtin__", "eval", ("1",)),
    "importlib": ("importlib", "import_module", ("antigravity",)),
    "runpy": ("runpy", "run_path", ("x.py",)),
    "_run_code": ("runpy", "_run_code", ("pass", {})),
    "code": ("code", "InteractiveInterpreter", ()),
    "pdb": ("pdb", "run", ("1",)),
    "bdb": ("bdb", "Bdb", ()),
    "cProfile": ("cProfile", "run", ("1",)),
    "profile": ("profile", "run", ("1",)),
    "trace": ("trace", "Trace", ()),
    "timeit": ("timeit", "timeit", ("1",)),
    "doctest": ("doctest", "debug_script", ("1",)),
    "pty": ("pty", "spawn", ("true",)),
    "asyncio": ("asyncio.unix_events", "_UnixSubprocessTransport._start", ()),
    "webbrowser": ("webbrowser", "open", ("file:///",)),
    "pip": ("pip", "main", (["install", "x"],)),
    "pip internal": ("pip._internal.cli.main", "main", (["list"],)),
    "ensurepip": ("ensurepip", "_run_pip", (["list"],)),
    "venv": ("venv", "create", ("/tmp/v",)),
    "idlelib": ("idlelib.pyshell", "ModifiedInterpreter.runcommand", ("1",)),
    "idlelib calltip": ("idlelib.calltip", "get_entity", ("1",)),
    "lib2to3": ("lib2to3.pgen2.pgen", "ParserGenerator", ("x",)),
    "distutils": ("distutils.file_util", "write_file", ("/tmp/x", ["x"])),
    "shutil": ("shutil", "rmtree", ("/tmp/none",)),
    "socket": ("socket", "create_connection", (("127.0.0.1", 1),)),
    "urllib": ("urllib.request", "urlopen", ("http://127.0.0.1/",)),
    "http": ("http.server", "test", ()),
    "smtplib": ("smtplib", "SMTP", ("127.0.0.1",)),
    "ctypes": ("ctypes", "CDLL", ("libc.so.6",)),
    "marshal": ("marshal", "loads", (b"",)),
    "types": ("types", "FunctionType", ()),
    "pickle": ("pickle", "loads", (SYSTEM,)),
    "_pickle": ("_pickle", "loads", (SYSTEM,)),
    "joblib": ("joblib", "load", ("x",)),
    "torch": ("torch", "load", ("x",)),
    "torch jit": ("torch.jit.unsupported_tensor_ops", "execWrapper", ("1", {}, {})),
    "torch collect_env": ("torch.utils.collect_env", "run", ("true",)),
    "torch config": ("torch.utils._config_module", "ConfigModule.load_config", (SYSTEM,)),
    "torch bottleneck": ("torch.utils.bottleneck.__main__", "run_autograd_prof", ("1", {})),
    "torch hub": ("torch.hub", "load", ("x", "y")),
    "torch dynamo": ("torch._dynamo.guards", "GuardBuilder.get", ("1",)),
    "numpy testing": ("numpy.testing._private.utils", "runstring", ("1", {})),
    "numpy f2py": ("numpy.f2py.crackfortran", "getlincoef", ("1", {})),
    "numpy f2py eval": ("numpy.f2py.crackfortran", "myeval", ("1",)),
    "numpy load": ("numpy", "load", ("x",)),
    "numpy memmap": ("numpy", "memmap", ("/tmp/x", "uint8", "w+", 0, (1,))),
    "pandas": ("pandas", "read_pickle", ("x",)),
    "pandas eval": ("pandas.core.computation.eval", "eval", ("1",)),
    "sympy": ("sympy.core.sympify", "sympify", ("1",)),
    "operator": ("operator", "methodcaller", ("system", "true")),
    "attrgetter": ("operator", "attrgetter", ("system",)),
    "functools": ("functools", "partial", (name("os", "system"), "true")),
    "getattr": ("builtins", "getattr", (name("builtins", "dict"), "__base__")),
    "map": ("builtins", "map", (name("os", "system"), ["true"])),
    "getattr_static": ("inspect", "getattr_static", (name("os", "path"), "x")),
    "logging": ("logging.config", "dictConfig", ({},)),
    "uuid": ("uuid", "_get_command_stdout", ("true",)),
    "imaplib": ("imaplib", "IMAP4_stream", ("true",)),
    "site": ("site", "addsitedir", ("/tmp",)),
    "zipimport": ("zipimport", "zipimporter", ("x.zip",)),
    "a file in the folder": ("helper", "anything", ()),
    "aiohttp": ("aiohttp.helpers", "netrc_from_env", ()),
}
# pandas hands it to dateutil, which opens the file.
_ZONE = "datetime64[ns, dateutil//etc/passwd]"
# Names that are known, put to a use that no library puts them to.
USES = {
    "a ufunc of another module": pickled(call(name("numpy._core", "_ufunc_reconstruct"), "os", "system")),
    "a generator of any function": pickled(
        call(name("numpy.random._pickle", "__randomstate_ctor"), "true", name("os", "system"))
    ),
    "a known function handed on": pickled(
        call(name("numpy.random._pickle", "__randomstate_ctor"), "x", name("numpy", "log"))
    ),
    "a base that is called": pickled(
        call(name("copyreg", "_reconstructor"), name("sklearn.pipeline", "Pipeline"), name("pip", "main"), "x")
    ),
    "a class made of what is no class": pickled(
        call(name("copyreg", "_reconstructor"), name("os", "system"), None, None)
    ),
    "a factory": pickled(call(name("collections", "defaultdict"), name("os", "system"))),
    "an estimator that is called": pickled(call(name("sklearn.pipeline", "Pipeline"), [])),
    "a codec": pickled(call(name("_codecs", "encode"), "x", "os")),
    "flags that deny objects": pickled(
        Raw(call(name("numpy", "dtype"), "O8", False, True).code + _value((3, "|", None, None, None, -1, -1, 0)) + b"b")
    ),
    "a class that is changed": pickled(
        Raw(name("sklearn.pipeline", "Pipeline").code + _value((None, {"fit": 1})) + b"b")
    ),
    "an attribute of a known class": pickled(name("sklearn.pipeline", "Pipeline.fit.__globals__")),
    "an address for a booster": pickled(
        Raw(name("lightgbm.basic", "Booster").code + b")\x81" + _value({"handle": None, "_handle": 4096}) + b"b")
    ),
    "a call of what a call returned": pickled(call(call(name("functools", "partial"), name("os", "system")), "true")),
    "a persistent id": b"\x80\x04X\x01\x00\x00\x00aQ.",
    "an extension": b"\x80\x02\x82\x05.",
    "names out of the memo": b"\x80\x04\x8c\x06system\x940\x8c\x02os\x940h\x01h\x00\x93\x8c\x04true\x85R.",
    "a name that is worked out": b"\x80\x04\x8c\x02os" + call(name("builtins", "str"), "system").code + b"\x93.",
    "INST": b"(S'true'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'true'\no.",
    "a dtype in words, whose flags deny objects": pickled(
        built(call(name("numpy", "dtype"), "object", False, True), (3, "|", None, None, None, -1, -1, 0))
    ),
    "a dtype of several, whose flags deny objects": pickled(
        built(call(name("numpy", "dtype"), "i4,O", False, True), (3, "|", None, None, None, -1, -1, 0))
    ),
    "a scalar of no dtype": pickled(call(name("numpy._core.multiarray", "scalar"), "O", b"12345678")),
    "a masked array of any shape": pickled(
        call(name("numpy.ma.core", "_mareconstruct"), *[name("numpy", "ndarray")] * 2, (1 << 30,), "O")
    ),
    "a fraction that fills the memory": pickled(call(name("fractions", "Fraction"), "1e999999999")),
    "bytes by their number": pickled(call(name("builtins", "bytearray"), (1 << 31) - 1)),
    "a range without an end": pickled(call(name("builtins", "range"), (1 << 31) - 1)),
    "a set of what a call returns": pickled(
        call(name("builtins", "frozenset"), call(name("pandas", "Interval"), 0, 1, "right"))
    ),
    "a list of what a call returns": pickled(
        call(
            name("copyreg", "_reconstructor"),
            name("sklearn.compose._column_transformer", "_RemainderColsList"),
            name("builtins", "list"),
            call(name("builtins", "range"), 9),
        )
    ),
    "a key that nobody can hash": pickled(Raw(b"})" + b"2\x86" * 60 + b"Ns")),
    "an item that nobody can hash": pickled(Raw(b"\x8f()" + b"2\x86" * 60 + b"\x90")),
    "a time zone's file, in a dtype": pickled(
        call(name("pandas.core.indexes.base", "_new_Index"), name("pandas", "DatetimeIndex"), {"dtype": _ZONE})
    ),
    "a time zone's file": pickled(
        call(
            name("pandas.core.indexes.datetimes", "_new_DatetimeIndex"), name("pandas", "DatetimeIndex"), {"tz": _ZONE}
        )
    ),
    "a time zone's file, for a new dtype": pickled(
        Raw(name("pandas.core.dtypes.dtypes", "IntervalDtype").code + _value((_ZONE,)) + b"\x81")
    ),
    "a class that pandas makes new": pickled(
        call(name("pandas.core.indexes.datetimes", "_new_DatetimeIndex"), name("numpy", "ndarray"), {"shape": 9})
    ),
    "an address for a booster that copyreg makes": pickled(
        built(
            call(
                name("copyreg", "_reconstructor"), name("lightgbm.basic", "Booster"), name("builtins", "object"), None
            ),
            {"handle": None, "_handle": 4096},
        )
    ),
    "an address for a booster that Cython makes": pickled(
        built(
            call(name("sklearn.neighbors._kd_tree", "newObj"), name("lightgbm.basic", "Booster")),
            {"handle": None, "_handle": 4096},
        )
    ),
    "a class that only stands in a model": pickled(
        call(name("copyreg", "_reconstructor"), name("numpy", "matrix"), name("builtins", "object"), None)
    ),
    "a method of weights": pickled(built(call(name("collections", "OrderedDict")), {"items": name("numpy", "log")})),
    "attributes that are set one by one": pickled(
        built(Raw(name("pandas", "DataFrame").code + b")\x81"), (None, {"columns": ["a"]}))
    ),
    "PyTorch's loader": pickled(call(name("torch.storage", "_load_from_bytes"), SYSTEM)),
    "PyTorch's loader, of an archive": pickled(
        call(name("torch.storage", "_load_from_bytes"), _zip({"a/data.pkl": SYSTEM}))
    ),
    "PyTorch's loader, of what a call returns": pickled(
        call(name("torch.storage", "_load_from_bytes"), call(name("builtins", "bytes")))
    ),
    "without its end": SYSTEM[:-1],
    "before damage": SYSTEM[:-1] + b"\xff\xff",
    "behind another": b"N." + SYSTEM,
    "a name alone": b"cos\nsystem\n.",
}


def _tar(data: bytes, mode: str = "w:", member: str = "m.pkl") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as made:  # type: ignore[call-overload]
        info = tarfile.TarInfo(member)
        info.size = len(data)
        made.addfile(info, io.BytesIO(data))
    return out.getvalue()


_PLAIN = _zip({"a/data.pkl": SYSTEM, "a/version": b"3"})


def _framed(data: bytes, length: int) -> bytes:
    return b"\x95" + struct.pack("<Q", length) + data


# What Python's unpickler in C, which has read its frame, takes for a long text, and calls when it reads from a file.
_BURIED = (b"cos\nsystem\nVtrue\n\x85R(").ljust(261, b"N")
_LONG = b"a" * (8192 * 16 - 17)
_OVER_FRAME = b"\x80\x05NV" + _LONG + b"\n0(" + _framed(b"", 2) + b"B\x07\1\0\0\0\0" + _BURIED + b"1."
_NPY = (
    b"\x93NUMPY\x01\x00" + struct.pack("<H", 60) + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}".ljust(60)
)
_LAMBDA = {
    "class_name": "Sequential",
    "module": "keras",
    "config": {"layers": [{"class_name": "Lambda", "config": {}}]},
}
_FETCH = {"class_name": "function", "module": "keras.utils", "config": "get_file", "registered_name": "get_file"}
_TYPE = {
    "class_name": "__typespec__",
    "spec_name": "popen",
    "module": "os",
    "registered_name": None,
    "config": ["true"],
}
_HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(64) + b"model_config\0"
_SPACED = json.dumps(_LAMBDA).replace("{", "{ ").encode()
_ESCAPED = json.dumps(_LAMBDA).replace("class_name", "class\\u005fname").encode()
_PLAIN_LAYER = b'{"class_name": "Dense", "module": "keras.layers", "config": {}}'
PACKED = {
    "m.gz": gzip.compress(SYSTEM),
    "m.bz2": bz2.compress(SYSTEM),
    "m.xz": lzma.compress(SYSTEM),
    "m.lzma": lzma.compress(SYSTEM, lzma.FORMAT_ALONE),
    "m.z": zlib.compress(SYSTEM),
    "cut.gz": gzip.compress(SYSTEM)[:-5],
    "m.pt": _PLAIN,
    "flagged.pt": _PLAIN.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00"),
    "flagged-too.pt": _PLAIN.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
    "checksum.pt": _PLAIN.replace(struct.pack("<I", zlib.crc32(SYSTEM)), b"abcd"),
    "no-directory.pt": _PLAIN[: _PLAIN.index(b"PK\1\2")],
    "two-names.pt": _PLAIN.replace(b"a/data.pkl", b"a/data.txt", 1),
    "deflated.zip": _zip({"x": SYSTEM}, zipfile.ZIP_DEFLATED),
    "bzip2.zip": _zip({"x": SYSTEM}, zipfile.ZIP_BZIP2),
    "lzma.zip": _zip({"x": SYSTEM}, zipfile.ZIP_LZMA),
    "inner.zip": _zip({"inner.zip": _zip({"x": SYSTEM}, zipfile.ZIP_DEFLATED)}, zipfile.ZIP_DEFLATED),
    "m.tar": _tar(SYSTEM),
    "over-its-frame.pkl": _OVER_FRAME,
    "frame-in-frame.pkl": b"\x80\x05" + _framed(b"N" + _framed(b"N0", 2), 30) + b"N0" * 20 + b".",
    "text-over-its-frame.pkl": b"\x80\x05" + _framed(b"\x8c\x14" + b"A" * 20, 3) + b"0" + b"N0" * 300 + b"N.",
    "its-name-is-a.tar": _tar(b"a text", member=SYSTEM.decode()),
    "of-two-kinds.h5": SYSTEM + bytes(600) + b"\x89HDF\r\n\x1a\n",
    "m.tar.gz": _tar(SYSTEM, "w:gz"),
    "m.npy": _NPY + SYSTEM,
    "m.npz": _zip({"m.npy": _NPY + SYSTEM}),
    "old.pt": b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03." + SYSTEM,
    "m.keras": _zip({"config.json": json.dumps(_LAMBDA).encode(), "metadata.json": b"{}"}),
    "fetch.keras": _zip({"config.json": json.dumps(_FETCH).encode(), "metadata.json": b"{}"}),
    "m.h5": b"\x89HDF\r\n\x1a\n" + bytes(64) + b"model_config\0" + json.dumps(_LAMBDA).encode() + bytes(9),
    "type.keras": _zip({"config.json": json.dumps(_TYPE).encode(), "metadata.json": b"{}"}),
    "below.keras": _zip({"config.json": json.dumps({"a": [_LAMBDA]}).encode(), "metadata.json": b"{}"}),
    "spaced.h5": _HDF5 + _PLAIN_LAYER + bytes(9) + _SPACED + bytes(9),
    "escaped.h5": _HDF5 + _PLAIN_LAYER + bytes(9) + _ESCAPED + bytes(9),
    "heap.h5": b"\x89HDF\r\n\x1a\n" + bytes(64) + b"FRHP\0\x08\0\x04\0" + bytes(64),
    "encrypted.zip": _zip({"x": b"cypher"}).replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0"),
    "m.7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40),
    "m.zst": b"(\xb5/\xfd\x04\x00" + bytes(20),
    "picture.png": SYSTEM,
    "script.pkl": b"#!/bin/sh\nexit\n" + _PLAIN,
}  # fmt: skip


def samples() -> dict[str, tuple[str, bytes]]:
    """Return each sample's file name and bytes."""
    found = {f"call {what}": ("m.pkl", simple(*parts[:2], *parts[2])) for what, parts in CALLS.items()}
    found |= {f"use: {what}": ("m.pkl", data) for what, data in USES.items()}
    return found | {f"in {file}": (file, data) for file, data in PACKED.items()}
