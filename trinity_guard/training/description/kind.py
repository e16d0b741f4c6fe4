"""Which library a model is of, and which class: read from its bytes, never loaded."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass

from trinity_guard import git
from trinity_guard.detect import glance, sniff
from trinity_guard.detect.scan import files
from trinity_guard.detect.scan.values import Global, Object

# How much of a file tells its format, and how many items of each list in a pickle are looked at for its class.
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
            return _of_zip(path, file, shown)
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
    if head.startswith(b"CBM1"):
        return Kind("CatBoost model", "catboost", "CatBoost")
    if shown == "HDF5" and b"keras_version" in head:
        return Kind("HDF5", "keras")
    if "pickle" in shown or "compressed" in shown or path.endswith(PICKLE_ENDS):
        return _of_pickle(path, shown)
    return Kind(shown)


def _of_zip(path: str, file: io.BufferedReader, shown: str) -> Kind:
    """Say what is in a zip: PyTorch's has a pickle in it, Keras's a config.json."""
    try:
        with zipfile.ZipFile(file) as members:
            names = {os.path.basename(name): name for name in reversed(members.namelist())}
            if "data.pkl" in names:
                return Kind(shown, "torch", _of_pickle(path, shown).name)
            if "config.json" in names and "metadata.json" in names:
                config = json.loads(_start(members, names["config.json"]))
                return Kind("Keras", "keras", str(config.get("class_name", "")) if isinstance(config, dict) else "")
    except (OSError, ValueError, RecursionError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        pass  # damaged, or of a compression that nobody has: what it holds is not known
    return Kind(shown)


def _start(members: zipfile.ZipFile, name: str, most: int = MAX_CONFIG) -> bytes:
    with members.open(name) as member:
        return member.read(most)


def _of_pickle(path: str, shown: str) -> Kind:
    """Say which class a pickle is of, in whatever it is packed; it is read, and never loaded."""
    record = files.read(os.fsencode(path), keep=files.FEW)
    for value in record.values:
        made = _class(value)
        if made is not None:
            first = made.module.partition(".")[0]
            return Kind(shown, "torch" if record.torch else PACKAGES.get(first, first), _named(made))
    return Kind(shown, "torch" if record.torch else "")


def _named(made: Global) -> str:
    """Return a class's name; of a tensor, which functions of PyTorch's make, the one that it has in the end."""
    if made.module != "torch._utils":
        return made.name
    return "Parameter" if "parameter" in made.name else "Tensor"


def _class(value: object) -> Global | None:
    """Return the class that an object is made of, None for what is none."""
    if not isinstance(value, Object):
        return None
    # Of protocols 0 and 1, and of what a class's own __reduce__ names, a function makes it, of the class.
    for part in (value.by, *value.args):
        if isinstance(part, Global) and part.module.partition(".")[0] not in HELPERS:
            return part
    return None


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
