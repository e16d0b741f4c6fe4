"""A guarded project with a trained, committed, pushed model: made once a process by the real program, then copied."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.helpers.support import run
from tests.training.projects import Project

# As the help of `trinity train` registers it; the metadata calls the model layout_risk_predictor.
MODEL_NAME = "layout-risk-predictor"
TAG = "layout-risk-predictor@"
RENAME = (
    "from mlflow import MlflowClient\n"
    "client = MlflowClient('sqlite:///mlflow.db')\n"
    "found = client.get_experiment_by_name('layout_risk_predictor')\n"
    "client.rename_experiment(found.experiment_id, 'of the template')\n"
)


class Work(Project):
    """The copy that a test works on. model: its path from the top, as the trainer named it."""

    model: str

    @property
    def metadata_name(self) -> str:
        return self.model.removesuffix(".pkl") + "_metadata.json"

    @property
    def told(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.file(self.metadata_name).read_text())
        return found

    def md5(self, path: str) -> str:
        """Return the md5 that the pointer of HEAD names."""
        return self.show(f"{path}.dvc").split(b"md5: ")[1].split()[0].decode()

    def object(self, path: str) -> Path:
        """Return where the remote keeps what HEAD's pointer names."""
        md5 = self.md5(path)
        return self.storage / "files" / "md5" / md5[:2] / md5[2:]

    def gto(self, *args: str) -> str:
        return run(sys.executable, "-m", "gto.cli", *args, cwd=self.path).stdout.decode()

    def tags(self) -> list[str]:
        return self.git("tag", "--list").stdout.decode().split()

    def release(self, version: str, *args: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        return self.trinity("release", version, *args, ok=False, **env)

    def train_again(self, *settings: str) -> None:
        """Train another model, and commit it in place of the first."""
        self.git("rm", "-q", "-r", "--ignore-unmatch", "models")
        for file in (self.path / "models").glob("*.pkl"):
            file.unlink()
        self.trinity("train", "--set", "folds=0", *(part for s in settings for part in ("--set", s)))
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "another model")
        self.model = str(self.models()[-1].relative_to(self.path))


@functools.lru_cache(maxsize=1)
def _template() -> tuple[Path, str]:
    folder = Path(tempfile.mkdtemp(prefix="releases-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    project = Project.begin(folder / "work", guarded=True, pages=60)
    # From the repository, so that the copies have a remote each.
    project.dvc("remote", "modify", "storage", "url", "../work-dvc-storage")
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "the data")
    project.trinity("train", "--set", "folds=0", "--set", "n_estimators=5", "--register", MODEL_NAME)
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "a model")
    # As a training in a copy advises: there the next one begins an experiment whose artifacts are the copy's.
    run(sys.executable, "-c", RENAME, cwd=project.path)
    [model] = project.models()
    return folder, str(model.relative_to(project.path))


def work(tmp_path: Path) -> Work:
    """Return a copy of the project, its remote and its MLflow store."""
    folder, model = _template()
    shutil.copytree(folder, tmp_path / "copy", symlinks=True)
    made = Work(tmp_path / "copy" / "work")
    made.model = model
    # Its config names the remote, as a clone's does; here it is ours.
    made.guard("remote", "trust", "storage")
    return made


def mlflow_gone(work: Work) -> None:
    """Take the project's MLflow away, as in a clone."""
    for name in ("mlflow.db", "mlflow.db.lock"):
        work.file(name).unlink(missing_ok=True)
