"""A project that a test trains in: a Git repository with a small table and small settings."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.support import Repo, run
from tests.training import samples

SETTINGS = "train:\n  n_estimators: 12\n  folds: 3\n"
DATASET = "data/training_dataset.csv"


class Project(Repo):
    """trinity(…) runs the program there, in a process of its own."""

    @classmethod
    def begin(cls, path: Path, *, guarded: bool = False, pages: int = 120) -> Project:
        Repo.make(path, guarded=guarded)
        project = cls(path)
        project.write("params.yaml", SETTINGS.encode())
        project.write(DATASET, csv(pages))
        return project

    def trinity(self, *args: str, ok: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
        return run(sys.executable, "-P", "-m", "trinity_guard", *args, cwd=self.path, ok=ok, env=env)

    def models(self) -> list[Path]:
        return sorted((self.path / "models").glob("*.pkl"))

    def metadata(self, model: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(beside(model, "_metadata.json").read_text())
        return found

    def files(self) -> dict[str, str]:
        """Return name -> md5 of all files that a person would see; not what Git keeps for itself."""
        return listing(self.path)


def listing(folder: Path) -> dict[str, str]:
    """Return name -> md5 of all files below a folder, and name -> "" of its folders; `.git` aside."""
    found = {}
    for p in sorted(folder.rglob("*")):
        name = str(p.relative_to(folder))
        if not name.startswith(".git/") and name != ".git":
            found[name] = md5(p.read_bytes()) if p.is_file() else ""
    return found


def beside(model: Path, ending: str) -> Path:
    return model.with_name(model.name.removesuffix(".pkl") + ending)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def csv(pages: int = 120, seed: int = 1) -> bytes:
    made: bytes = samples.frame(pages, seed).to_csv(index=False, lineterminator="\n").encode()
    return made
