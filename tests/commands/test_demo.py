"""The demo, run for real: what it says is checked against the folder that it leaves, by other means than its own."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import pty
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, objects, require, run
from trinity_guard import cli
from trinity_guard.commands import demo
from trinity_guard.errors import GuardError

ARTIFACTS = ["data/table.csv", "data/table.h5", "models/first.pkl"]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the demo makes its throwaway folder."""
    folder = tmp_path / "temporary folder"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    return folder


def demonstrate(*args: str, ok: bool = True, **env: str) -> tuple[int, str, str]:
    done = run(sys.executable, "-m", "trinity_guard", "demo", *args, ok=ok, env=env)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def without(folder: Path, *packages: str) -> str:
    """Return a PYTHONPATH on which these packages cannot be imported."""
    for package in packages:
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text("raise ImportError('hidden by a test')\n")
    return f"{folder}:{PROJECT}"


def files(folder: Path) -> dict[str, bytes]:
    paths = (p for p in folder.rglob("*") if p.is_file() and not {".git", ".dvc"} & set(p.relative_to(folder).parts))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def assert_true(said: str, artifacts: list[str]) -> Path:
    """Check the kept folder against what was said; return it."""
    kept = Path(said.split("kept: ")[1].splitlines()[0])
    project, clone = Repo(kept / "project"), kept / "clone"
    first, second = project.tree("HEAD~1"), project.tree("HEAD")
    assert [n for n in artifacts if n.encode() in first] == []
    assert [n for n in artifacts if f"{n}.dvc".encode() not in first] == []
    assert b"models/second.pkl" not in second
    assert b"models/second.pkl.dvc" in second
    assert b"train.py" in first
    there, here = files(clone), files(project.path)
    later = {"models/second.pkl", "models/second.pkl.dvc", "models/.gitignore"}
    assert {n: d for n, d in there.items() if n not in later} == {n: d for n, d in here.items() if n not in later}
    remote = objects(kept / "project-dvc-storage" / "files" / "md5")
    wanted = {hashlib.md5(here[n]).hexdigest(): here[n] for n in [*artifacts, "models/second.pkl"]}
    assert remote == wanted
    for name in artifacts:
        assert f"{len(here[name]):,} bytes  {name}" in said
    assert project.git("status", "--porcelain").stdout == b""
    return kept


@pytest.mark.slow
def test_the_kept_folder_holds_what_the_demo_said(temporary: Path, tmp_path: Path) -> None:
    for package in ("sklearn", "h5py"):
        if importlib.util.find_spec(package) is None:
            require(package)
    _, said, err = demonstrate("--keep", PYTHONPATH=without(tmp_path / "hidden", "mlflow"))
    assert err == ""
    assert "pip install 'trinity-guard[train]'" in said
    kept = assert_true(said, ARTIFACTS)
    assert kept.parent == temporary
    import h5py

    rows = (kept / "project/data/table.csv").read_text().splitlines()
    with h5py.File(kept / "project/data/table.h5") as file:
        assert file["features"].shape[0] == len(rows) - 1 == 569
    model = pickle.loads((kept / "project/models/first.pkl").read_bytes())
    assert type(model).__module__.startswith("sklearn.")
    assert len(model.estimators_) == 100


@pytest.mark.slow
def test_with_the_extra_it_ends_with_a_released_model_and_says_where_to_look(temporary: Path) -> None:
    for package in ("sklearn", "h5py", "mlflow"):
        if importlib.util.find_spec(package) is None:
            require(package)
    # The caller's own server is nobody's business here.
    _, said, err = demonstrate("--keep", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert err == ""
    kept = assert_true(said, ARTIFACTS)
    trainer = Repo(kept / "trainer")
    assert trainer.git("status", "--porcelain").stdout == b""
    [model] = (trainer.path / "models").glob("*.pkl")
    name = f"models/{model.name}"
    assert trainer.tree().keys() >= {f"{name}.dvc".encode(), b"data/training_dataset.csv.dvc"}
    assert not trainer.tracked(name)
    # Pushed: commit and tags are in the bare repository, the bytes on the DVC remote.
    there = run("git", "for-each-ref", "--format=%(refname) %(*objectname)%(objectname)", cwd=kept / "trainer.git")
    refs = dict(line.split() for line in there.stdout.decode().splitlines())
    assert refs["refs/heads/main"] == trainer.head()
    assert refs["refs/tags/layout-risk-predictor@v1.0.0"].startswith(trainer.head())
    assert "refs/tags/layout-risk-predictor#prod#1" in refs
    assert hashlib.md5(model.read_bytes()).hexdigest() in objects(kept / "trainer-dvc-storage" / "files" / "md5")
    # Logged, and shown as released.
    from trinity_guard.training.tracking import runs

    found = runs.champion(runs.store(str(trainer.path)), "layout_risk_predictor")
    assert found is not None
    assert (found["tags"]["semver"], found["tags"]["git_commit"]) == ("v1.0.0", trainer.head())
    assert found["metrics"]["f1_overflow"] > 0.8
    told = said.split("$ trinity lineage v1.0.0 --verify\n")[1].split("kept: ")[0].splitlines()[1:]
    assert len(told) == 13
    assert {line.split()[1] for line in told} == {"ok"}
    assert f"the runs in MLflow: cd '{trainer.path}' && trinity ui" in said
    assert sorted(p.name for p in temporary.iterdir()) == [kept.name]


@pytest.mark.slow
def test_without_scikit_learn_and_h5py_it_says_so_and_shows_the_rest(temporary: Path, tmp_path: Path) -> None:
    _, said, _ = demonstrate("--keep", PYTHONPATH=without(tmp_path / "hidden", "sklearn", "h5py"))
    assert "scikit-learn is not installed" in said
    assert "h5py is not installed: no .h5 file" in said
    kept = assert_true(said, ["data/table.csv", "models/first.pkl"])
    model = pickle.loads((kept / "project/models/first.pkl").read_bytes())
    header, *rows = (kept / "project/data/table.csv").read_text().splitlines()
    assert header == "lines,words,bytes"
    points = [tuple(map(float, row.split(","))) for row in rows]
    # A least-squares line goes through the mean of its points.
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 2))
    assert model["slope"] * mean_x + model["intercept"] == pytest.approx(mean_y)
    assert len(model["words"]) == 100


@pytest.mark.slow
def test_nothing_outside_of_the_throwaway_folder_is_written_and_that_is_removed(
    repo: Repo, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a hook of the caller's: these variables point every git at the caller's repository.
    monkeypatch.setenv("GIT_DIR", str(repo.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repo.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repo.path / ".git/index"))
    monkeypatch.setenv("TRINITY_GUARD_SKIP", "all")
    before = everything(tmp_path)
    _, said, _ = demonstrate(PYTHONPATH=f"{without(tmp_path / 'hidden', 'sklearn', 'h5py')}")
    shutil.rmtree(tmp_path / "hidden")
    assert everything(tmp_path) == before
    assert "every byte is the same" in said
    assert said.splitlines()[-1].endswith("trinity-guard init")
    assert list(temporary.iterdir()) == []


def everything(folder: Path) -> dict[str, tuple[float, bytes]]:
    return {str(p): (p.stat().st_mtime, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_the_callers_git_settings_do_not_matter(temporary: Path, tmp_path: Path) -> None:
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text(
        "[core]\n\thooksPath = /nowhere\n\texcludesFile = ~/ignored\n\tautocrlf = true\n[commit]\n\tgpgSign = true\n"
    )
    (home / "ignored").write_text("*.csv\n*.dvc\n")
    hidden = without(tmp_path / "hidden", "sklearn", "h5py")
    _, said, _ = demonstrate("--keep", PYTHONPATH=hidden)
    assert_true(said, ["data/table.csv", "models/first.pkl"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            '[ "$1" = clone ] && { echo no room here; exit 7; }',
            ["`git clone -q . ../clone` failed", "7", "no room here"],
        ),
        ('[ "$1" = clone ] && { "$real" "$@" && echo "#" >>../clone/train.py; exit; }', ["not the same", "train.py"]),
        (
            '[ "$1" = clone ] && { "$real" "$@" && rm ../clone/data/table.csv.dvc; exit; }',
            ["not the same", "table.csv"],
        ),
        ('[ "$1" = init ] && { "$real" "$@"; "$real" config core.hooksPath /dev/null; exit; }', ["trinity-guard init"]),
    ],
    ids=["a command fails", "a byte more", "a file less", "no hooks"],
)
def test_a_failing_step_ends_it_with_exit_code_1(temporary: Path, tmp_path: Path, wrong: str, words: list[str]) -> None:
    """Git itself misbehaves, by a program of its name on the caller's PATH."""
    (tmp_path / "bin").mkdir()
    git = tmp_path / "bin" / "git"
    git.write_text(f'#!/bin/sh\nreal="{shutil.which("git")}"\n{wrong}\nexec "$real" "$@"\n')
    git.chmod(0o755)
    hidden = without(tmp_path / "hidden", "sklearn", "h5py")
    path = f"{git.parent}:{os.environ['PATH']}"
    code, said, err = demonstrate(ok=False, PYTHONPATH=hidden, PATH=path)
    assert code == 1
    for word in words:
        assert word in err
    assert "Next:" not in said
    assert list(temporary.iterdir()) == []


def test_files_that_differ_are_named(tmp_path: Path) -> None:
    for name, data in {
        "a/same": b"1",
        "b/same": b"1",
        "a/x": b"12",
        "b/x": b"13",
        "a/gone": b"",
        "b/.git/c": b"",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with pytest.raises(GuardError, match=r"in the clone: gone, x\."):
        demo._compare(str(tmp_path / "a"), str(tmp_path / "b"))
    (tmp_path / "b/x").write_bytes(b"12")
    (tmp_path / "b/gone").touch()
    assert demo._compare(str(tmp_path / "a"), str(tmp_path / "b")) == "3 files, 3 bytes"


@pytest.mark.slow
def test_colour_only_on_a_terminal(temporary: Path, tmp_path: Path) -> None:
    hidden = without(tmp_path / "hidden", "sklearn", "h5py")
    _, said, _ = demonstrate(PYTHONPATH=hidden, NO_COLOR="")
    assert "\x1b" not in said
    on_terminal = shown_on_a_terminal(PYTHONPATH=hidden, NO_COLOR="")
    assert "\x1b[36m$ git init" in on_terminal
    assert without_places(re.sub(r"\x1b\[\d+m", "", on_terminal)) == without_places(said)


def without_places(text: str) -> str:
    """Leave out what another run has otherwise; `find` lists objects in the order in which they came."""
    return re.sub(r"md5/[0-9a-f]{2}/[0-9a-f]{30}|[0-9a-f]{6,}|demo-\w+", "…", text.replace("\r\n", "\n"))


def shown_on_a_terminal(**env: str) -> str:
    """Run the demo with a pseudo-terminal as its output."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(env)
        os.execv(sys.executable, [sys.executable, "-m", "trinity_guard", "demo"])
    pieces = []
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return b"".join(pieces).decode()


def test_wrong_words_are_refused_and_help_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--kep"]) == 2
    assert "--help" in capsys.readouterr().err
    assert cli.main(["demo", "--help"]) == 0
    assert "--keep" in capsys.readouterr().out
