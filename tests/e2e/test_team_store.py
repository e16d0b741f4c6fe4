"""The store that a team has: an MLflow server on PostgreSQL, artifacts in S3; both are real, and on 127.0.0.1."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.servers import S3_KEYS, Service, free_port, s3_service, serving
from tests.helpers.support import require
from tests.training.projects import DATASET, Project

__all__ = ["s3_service"]
pytestmark = pytest.mark.slow


def program(name: str) -> str:
    """Return one of PostgreSQL's programs, which Debian keeps off the PATH."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        require(name)
    return found


def as_its_user() -> list[str]:
    """Return what goes before a command of PostgreSQL's, which does not run as root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of its own; its address."""
    initdb, postgres = program("initdb"), program("postgres")
    # Not below pytest's folder, which is closed to all but its user.
    with tempfile.TemporaryDirectory(prefix="pg-") as place:
        data = str(Path(place) / "data")
        Path(data).mkdir()
        if as_its_user():
            for folder in (place, data):
                shutil.chown(folder, "nobody", "nogroup")
        made = [
            *as_its_user(),
            initdb,
            "-D",
            data,
            "-U",
            "team",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(made, cwd=place, check=True, capture_output=True)
        port = free_port()
        argv = [*as_its_user(), postgres, "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", place, "-F"]
        with serving(argv, port, tmp_path_factory.mktemp("postgres")):
            yield f"postgresql+psycopg2://team@127.0.0.1:{port}/postgres"


@pytest.fixture(scope="module")
def server(database: str, s3_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow server on both; its address."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    argv = [sys.executable, "-P", "-m", "mlflow", "server", "--backend-store-uri", database]
    argv += [
        "--artifacts-destination",
        "s3://bucket/mlflow",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    with serving(argv, port, folder, MLFLOW_S3_ENDPOINT_URL=s3_service.options["endpointurl"], **S3_KEYS):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.begin(tmp_path / "work", guarded=True)
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "a table")
    return made


def stored(s3: Service) -> bytes:
    """Return S3's list of what is kept there."""
    with urllib.request.urlopen(f"{s3.options['endpointurl']}/bucket?list-type=2&prefix=mlflow/") as answer:
        return bytes(answer.read())


def test_a_model_is_trained_released_and_traced_there(project: Project, server: str, s3_service: Service) -> None:
    project.trinity("train", "--register", "layout-risk-predictor", MLFLOW_TRACKING_URI=server)
    [model] = project.models()
    logged = project.metadata(model)["mlflow"]
    assert (logged["tracking"], logged["name"], logged["version"]) == (server, "layout-risk-predictor", "1")
    assert not (project.path / "mlflow.db").exists()
    for name in (b"model.pkl", b"plots/roc.png", b"_card.md"):
        assert name in stored(s3_service)
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "a model")
    project.trinity("release", "v1.0.0", "--stage", "prod", MLFLOW_TRACKING_URI=server)
    traced = project.trinity("lineage", "v1.0.0", "--verify", MLFLOW_TRACKING_URI=server).stdout.decode()
    assert {line.split()[0] for line in traced.splitlines() if " ok " in line} >= {"tag", "model", "run", "version"}
    assert " wrong " not in traced
    # The champion there is compared with, and a worse one does not take its place.
    worse = project.trinity(
        "train", "--register", "layout-risk-predictor", "--set", "max_depth=1", ok=False, MLFLOW_TRACKING_URI=server
    )
    assert worse.returncode == 1
    assert b"the champion (version 1) has" in worse.stderr


def test_a_run_of_ones_own_and_a_model_of_any_table_are_kept_there(
    project: Project, server: str, s3_service: Service
) -> None:
    program = (
        "import joblib, trinity_guard\n"
        "from sklearn.linear_model import LinearRegression\n"
        f"with trinity_guard.run('own', dataset={DATASET!r}, params={{'a': 1}}) as run:\n"
        "    model = LinearRegression().fit([[1], [2]], [1, 2])\n"
        "    run.metrics(r2=0.5)\n"
        "    joblib.dump(model, 'own.joblib')\n"
        "    run.record('own.joblib', model)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], cwd=project.path, check=True, env={**os.environ, "MLFLOW_TRACKING_URI": server}
    )
    assert json.loads((project.path / "own_metadata.json").read_text())["mlflow"]["tracking"] == server
    assert b"own_card.md" in stored(s3_service)
    own = [
        "--target",
        "is_valid",
        "--name",
        "own",
        "--features",
        "slot_fill,word_fill,active_strategy",
        "--set",
        "folds=0",
        "--register",
        "own",
    ]
    project.trinity("train", *own, MLFLOW_TRACKING_URI=server)
    [written] = project.models()
    assert project.metadata(written)["mlflow"]["version"] == "1"
    assert written.name.replace(".pkl", "_card.md").encode() in stored(s3_service)
