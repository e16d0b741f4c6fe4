"""Which names the libraries' own saved models import, and what is done with them, for a person to review.

    PYTHON -m benchmarks.known collect FILE.json     # in an environment for each set of versions
    python -m benchmarks.known write FILE.json…      # the union, as trinity_guard/detect/scan/known_names.py

What a library writes is not harmless for that: `tests/detect/scan/test_known.py` holds each entry to what it may be.
"""

from __future__ import annotations

import importlib
import json
import sys
import textwrap
from collections import defaultdict
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import benign
from trinity_guard.detect.scan import files

TARGET = Path(__file__).parent.parent / "trinity_guard" / "detect" / "scan" / "known_names.py"
LIBRARIES = ("joblib", "lightgbm", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "xgboost")

# Reviewed, and not taken: they fetch, call or open whatever stands beside them.
REFUSED = {("builtins", "getattr"), ("builtins", "eval"), ("builtins", "exec"), ("builtins", "__import__")}

# A name of scikit-learn 1.5 and 1.6 stands for a module that anybody's folder may have.
REFUSED_MODULES = {"_loss"}

# By hand: what these versions of PyTorch write for weights (torch.save of a state_dict), by its own list for
# weights_only; and the names of the same things before NumPy 2 and pandas 3, which the next sections may not hold.
BY_HAND = """\
collections called built extended class: OrderedDict
scipy.sparse._dok built class new: dok_array dok_matrix
torch class: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage
torch class: FloatStorage HalfStorage IntStorage LongStorage ShortStorage QInt8Storage QUInt8Storage QInt32Storage
torch.storage class: UntypedStorage TypedStorage
torch: float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool complex64 complex128
torch._utils called: _rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter
torch called class: Size device
"""


def collect(target: str) -> None:
    """Write what this environment's libraries save."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _, value in benign.all_of_them():
        for end, data in benign.saved(value):
            for name, uses in files.read_bytes(data, b"x." + end.encode()).names.items():
                found[name] |= uses - {"named"}
                if _is_class(*name):
                    found[name].add("class")
    here = {found.name for found in metadata.distributions()}
    versions = {name: metadata.version(name) for name in LIBRARIES if name in here}
    names = [[*name, sorted(uses)] for name, uses in sorted(found.items())]
    Path(target).write_text(json.dumps({"versions": versions, "names": names}))


def _is_class(module: str, name: str) -> bool:
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return isinstance(found, type)


def write(sources: list[str]) -> None:
    said = [json.loads(Path(source).read_text()) for source in sources]
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in said:
        for module, name, uses in one["names"]:
            if (module, name) not in REFUSED and module not in REFUSED_MODULES:
                found[module, name] |= set(uses)
    versions = "; ".join(", ".join(f"{n} {v}" for n, v in one["versions"].items()) for one in said)
    head = '"""Names of saved models and what is done with them: written by `python -m benchmarks.known`.\n\n'
    text = head + "\n".join(textwrap.wrap(f"Made with {versions}.", 118)) + '\n"""\n\nNAMES = """\\\n'
    TARGET.write_text(text + _lines(found) + BY_HAND + '"""\n')


def _lines(found: dict[tuple[str, str], set[str]]) -> str:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (module, name), done in sorted(found.items()):
        grouped[module, " ".join(sorted(done))].append(name)
    out = []
    for (module, uses), names in grouped.items():
        head = f"{module} {uses}".rstrip() + ": "
        out += [head + line for line in textwrap.wrap(" ".join(names), 118 - len(head), break_long_words=False)]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    {"collect": lambda rest: collect(*rest), "write": write}[sys.argv[1]](sys.argv[2:])
