"""Train a small model on real data, and write it with its table and its arrays.

usage: python train.py [NAME [SIZE]]

With scikit-learn: a random forest of SIZE trees on its breast cancer dataset. Without: a line through Python's own
modules (lines -> bytes), with their SIZE most frequent words. `trinity-guard demo` copies this file into its
throwaway repository as train.py; it knows nothing of trinity-guard.
"""

from __future__ import annotations

import collections
import os
import pickle
import statistics
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Table:
    """Named columns of numbers, one row an example; the last column is what the model tells."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[float]]) -> None:
        self.columns = list(columns)
        self.rows = [list(row) for row in rows]


def forest(trees: int) -> tuple[Table, object, str]:
    """Fit a random forest on four fifths of the dataset; say how it does on the rest."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    data = load_breast_cancer()
    rows = [[*map(float, x), float(y)] for x, y in zip(data.data, data.target, strict=True)]
    train_x, test_x, train_y, test_y = train_test_split(data.data, data.target, test_size=0.2, random_state=0)
    model = RandomForestClassifier(n_estimators=trees, random_state=0).fit(train_x, train_y)
    said = (
        f"a random forest of {trees} trees, right on {model.score(test_x, test_y):.1%} of {len(test_y)} held-out rows"
    )
    return Table([*(str(n).replace(" ", "_") for n in data.feature_names), "benign"], rows), model, said


def line(words: int) -> tuple[Table, object, str]:
    """Fit a line, lines -> bytes, to the modules of Python's standard library, and count their words."""
    rows: list[list[float]] = []
    counted: collections.Counter[str] = collections.Counter()
    library = os.path.dirname(os.__file__)
    for name in sorted(n for n in os.listdir(library) if n.endswith(".py")):
        with open(os.path.join(library, name), encoding="utf-8", errors="replace") as file:
            text = file.read()
        found = text.split()
        counted.update(found)
        rows.append([float(text.count("\n")), float(len(found)), float(len(text.encode()))])
    fit = statistics.linear_regression([r[0] for r in rows], [r[2] for r in rows])
    model = {"slope": fit.slope, "intercept": fit.intercept, "words": dict(counted.most_common(words))}
    said = f"a line through {len(rows)} modules of Python, {fit.slope:.1f} bytes a line, and {words} frequent words"
    return Table(["lines", "words", "bytes"], rows), model, said


def write_table(path: str, table: Table) -> None:
    import csv

    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([table.columns, *table.rows])


def write_arrays(path: str, table: Table) -> bool:
    """Write the table as HDF5; False where h5py is not installed."""
    try:
        import h5py
    except ImportError:
        return False
    with h5py.File(path, "w") as file:
        file["features"] = [row[:-1] for row in table.rows]
        file["target"] = [row[-1] for row in table.rows]
    return True


def main(argv: Sequence[str]) -> int:
    name = argv[1] if len(argv) > 1 else "first"
    size = int(argv[2]) if len(argv) > 2 else 100
    try:
        table, model, said = forest(size)
    except ImportError:
        sys.stdout.write("scikit-learn is not installed: a model of the standard library's instead\n")
        table, model, said = line(size)
    for folder in ("data", "models"):
        os.makedirs(folder, exist_ok=True)
    with open(f"models/{name}.pkl", "wb") as file:
        pickle.dump(model, file)
    sys.stdout.write(f"{said}\n")
    # Written once: a second training reads the same rows.
    if not os.path.exists("data/table.csv"):
        write_table("data/table.csv", table)
        if not write_arrays("data/table.h5", table):
            sys.stdout.write("h5py is not installed: no .h5 file\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
