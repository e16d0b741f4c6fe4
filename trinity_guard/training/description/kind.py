"""Which library a model is of, and which class: read from its bytes, never loaded."""

from __future__ import annotations

import io
import json
import os
import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from trinity_guard import git
from trinity_guard.detect import glance, sniff

# How much of a file is looked at: what a pickle begins with names its class.
HEAD = 1 << 20
MAX_CONFIG = 16 << 20
PICKLE_ENDS = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
# The first part of a class's module -> the package that brings it, where they differ.
PACKAGES = {"sklearn": "scikit-learn", "collections": "torch"}
# What pickles name on their way to the model itself.
HELPERS = ("copyreg", "copy_reg", "builtins", "__builtin__", "_codecs", "joblib")
FOLDERS = (
    ("MLmodel", "mlflow"),
    ("saved_model.pb", "tensorflow"),
    ("config.cfg", "spacy"),
    ("config.json", "transformers"),
)


@dataclass(frozen=True)
class Kind:
    """format: for a person ("pickle (protocol 5)"). library: the package, "" unknown; name: the class's, "" unknown."""

    format: str
    library: str = ""
    name: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.library, self.name or self.format) if part)


def of_file(path: str) -> Kind:
    """Say what a model file is; whatever cannot be read is of a kind with no library."""
    with open(git.opened(path, links=True), "rb") as file:
        head = file.read(HEAD)
        size = os.fstat(file.fileno()).st_size
        shown = sniff.kind(head[: glance.HEAD_BYTES], size) or os.path.splitext(path)[1][1:] or "file"
        if zipfile.is_zipfile(file):
            return _of_zip(file, shown)
    return _of_head(path, head, shown)


def _of_head(path: str, head: bytes, shown: str) -> Kind:
    if shown == "safetensors" or path.endswith(".safetensors"):
        return Kind(shown, "safetensors")
    if path.endswith(".onnx"):
        return Kind("ONNX", "onnx")
    if head.startswith(b"tree\nversion="):
        return Kind("LightGBM text", "lightgbm", "Booster")
    if head.lstrip()[:12].startswith(b'{"learner"') or head.startswith(b"{L\0\0\0\0\0\0\0\x07learner"):
        return Kind("XGBoost model", "xgboost", "Booster")
    if shown == "HDF5" and b"keras_version" in head:
        return Kind("HDF5", "keras")
    if "pickle" in shown or path.endswith(PICKLE_ENDS):
        return _of_pickle(head, shown)
    return Kind(shown)


def _of_zip(file: io.BufferedReader, shown: str) -> Kind:
    """Say what is in a zip: PyTorch's has a pickle in it, Keras's a config.json."""
    try:
        with zipfile.ZipFile(file) as members:
            names = {os.path.basename(name): name for name in reversed(members.namelist())}
            if "data.pkl" in names:
                inner = _of_pickle(_start(members, names["data.pkl"]), shown)
                return Kind(shown, "torch", inner.name)
            if "config.json" in names and "metadata.json" in names:
                config = json.loads(_start(members, names["config.json"], MAX_CONFIG))
                return Kind("Keras", "keras", str(config.get("class_name", "")) if isinstance(config, dict) else "")
    except (OSError, ValueError, RecursionError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        pass  # damaged, or of a compression that nobody has: what it holds is not known
    return Kind(shown)


def _start(members: zipfile.ZipFile, name: str, most: int = HEAD) -> bytes:
    with members.open(name) as member:
        return member.read(most)


def _of_pickle(head: bytes, shown: str) -> Kind:
    for module, name in _globals(head):
        first = module.partition(".")[0]
        if first not in HELPERS:
            return Kind(shown, PACKAGES.get(first, first), name)
    return Kind(shown)


def _globals(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of what a pickle names, in order, as far as it can be read."""
    strings: list[str] = []
    memo: dict[int, str] = {}
    kept, text = 0, False  # how many things the memo holds; whether the last of all is a text
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL":
                module, _, name = str(argument).partition(" ")
                yield module, name
            elif opcode.name == "STACK_GLOBAL" and len(strings) > 1:
                yield strings[-2], strings[-1]
            elif opcode.name == "MEMOIZE":
                memo |= {kept: strings[-1]} if text else {}
                kept += 1
            elif opcode.name in ("BINGET", "LONG_BINGET") and argument in memo:
                strings.append(memo[argument])
            elif isinstance(argument, str):
                strings.append(argument)
            text = isinstance(argument, str) and opcode.name != "GLOBAL"
    except Exception:  # noqa: BLE001  # cut off, or broken: what was read so far counts
        return


def of_folder(path: str) -> Kind:
    """Say what a model folder is, by the files that libraries keep in theirs."""
    there = set(os.listdir(path))
    for name, library in FOLDERS:
        if name in there:
            meta = _json(os.path.join(path, "meta.json")) if library == "spacy" else {}
            said = f"{meta.get('lang', '')}_{meta.get('name', '')}".strip("_")
            return Kind("folder", library, said)
    return Kind("folder")


def _json(path: str) -> dict[str, object]:
    try:
        found = json.loads(git.read(path, MAX_CONFIG))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
