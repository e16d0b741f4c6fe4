"""Rebuilt bypasses and benign models, by us and by published scanners in one run; and the speed of reading.

    python -m benchmarks.pickles PEERS_PYTHON [BENIGN_PYTHON [PUBLIC_FOLDER]]

PEERS_PYTHON: of an environment with picklescan, fickling and modelscan; BENIGN_PYTHON: of one with the libraries that
make the benign models (benchmarks/benign.py), ours without it; PUBLIC_FOLDER: samples that others publish, each of them
malicious (picklescan's tests/data, say, without its benign files), which never come into this repository. Nothing is
loaded, by nobody.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from tests.detect.scan import bypasses, divergences
from trinity_guard.detect.scan import verdict

# Prints a JSON object: scanner -> path -> whether it named the file; "error" where it could not say.
PEERS = """
import json, pathlib, signal, sys, contextlib, io, logging
signal.signal(signal.SIGALRM, signal.default_int_handler)
logging.disable(logging.CRITICAL)
from picklescan import scanner
import fickling
from modelscan.modelscan import ModelScan
def by_picklescan(path):
    found = scanner.scan_file_path(path)
    return "error" if found.scan_err else found.issues_count > 0
def by_fickling(path):
    return not fickling.is_likely_safe(path)
def by_modelscan(path):
    found = ModelScan().scan(path)
    issues = sum(found["summary"]["total_issues_by_severity"].values())
    return True if issues else ("error" if found["errors"] or found["summary"]["skipped"]["total_skipped"] else False)
out = {}
for kind in (by_picklescan, by_fickling, by_modelscan):
    told = out[kind.__name__[3:]] = {}
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        signal.alarm(20)  # some of them never end on values that nobody can hash
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                told[path.name] = kind(str(path))
        except BaseException:
            told[path.name] = "error"
        signal.alarm(0)
print(json.dumps(out))
"""


def ours(folder: Path) -> dict[str, bool]:
    return {path.name: not verdict.of_file(bytes(path)).is_fine for path in sorted(folder.iterdir())}


def told(folder: Path, peers: str) -> dict[str, dict[str, object]]:
    done = subprocess.run([peers, "-c", PEERS, str(folder)], capture_output=True, check=True, text=True)
    return {"trinity-guard": dict(ours(folder)), **json.loads(done.stdout.splitlines()[-1])}


def shown(title: str, said: dict[str, dict[str, object]]) -> None:
    print(title)
    for scanner, files in said.items():
        counts = Counter(str(value) for value in files.values())
        print(f"  {scanner:<14} {counts['True']:>4} named, {counts['False']:>4} not, {counts['error']:>4} not read")


def speed(folder: Path) -> None:
    """Print reading and scanning of long files, in processor time, the better of three."""
    rng = np.random.default_rng(1)
    forest = RandomForestClassifier(170, n_jobs=2).fit(rng.random((20000, 10)), rng.integers(0, 2, 20000))
    words = [f"word{n * 7919:x}" for n in range(1_000_000)]
    ints = rng.integers(0, 1 << 31, 5_000_000).tolist()
    table = pd.DataFrame({"a": words[:300_000], "b": ["x", None, "yy"] * 100_000}).astype(object)
    rows = [{"feature": n % 17, "threshold": n / 7, "left": n, "leaf": None} for n in range(300_000)]
    values = {"forest": forest, "vocabulary": dict(zip(words, ints, strict=False)), "integers": ints, "table": table}
    for name, value in {**values, "many dicts": rows}.items():
        path = folder / f"{name}.pkl"
        path.write_bytes(pickle.dumps(value, 5))
        reading = min(_seconds(path.read_bytes) for _ in range(3))
        scanning = min(_seconds(lambda path=path: verdict.of_file(bytes(path))) for _ in range(3))
        size = path.stat().st_size / 1e6
        print(f"  {name:<10} {size:4.0f} MB: read {reading * 1000:4.0f} ms, scanned {scanning * 1000:5.0f} ms")


def _seconds(work: object) -> float:
    begin = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - begin


def main(peers: str, benign: str = sys.executable, public: str = "") -> None:
    if public:
        shown(f"{len(list(Path(public).iterdir()))} public samples", told(Path(public), peers))
    with tempfile.TemporaryDirectory() as room:
        bad, good = Path(room, "bad"), Path(room, "good")
        bad.mkdir()
        for number, (file, data) in enumerate((bypasses.samples() | divergences.samples()).values()):
            # Keras's description is known by its name.
            (bad / (file if file == "config.json" else f"{number:03}-{file}")).write_bytes(data)
        subprocess.run([benign, "-W", "ignore", "-m", "benchmarks.benign", str(good)], check=True)
        for path in good.iterdir():
            if not path.name.endswith((".p4.pkl", ".z.joblib", ".npy")):
                path.unlink()  # each value two or three times is enough
        shown(f"{len(list(bad.iterdir()))} rebuilt bypasses", told(bad, peers))
        shown(f"{len(list(good.iterdir()))} benign files", told(good, peers))
        speed(Path(room))


if __name__ == "__main__":
    main(*sys.argv[1:])
