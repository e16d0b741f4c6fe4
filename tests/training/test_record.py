"""Model, metadata and card appear together or not at all: under kills, full disks, and trainings side by side."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.training.projects import beside, listing, md5
from trinity_guard.errors import GuardError
from trinity_guard.training import record

MODEL = b"\x80\x05 the bytes of a model" * 3000

WRITER = """
import json, os, sys
from trinity_guard.training import provenance, record
def write(folder, model, fixed):
    with record.claimed(folder, fixed) as claim:
        metadata = {"model": {"md5": provenance.md5(model)}, "stem": claim.stem}
        claim.stage(model)
        return claim.write(record.encoded(metadata), b"# a card\\n")
"""

# Ends the process at the N-th event that writes; see tests/e2e/test_kill.py.
KILLED = (
    WRITER
    + """
left = int(sys.argv[2])
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "shutil.rmtree"}
def watch(event, args):
    global left
    if event in WRITES or (event == "open" and isinstance(args[2], int) and args[2] & 3):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
model = sys.stdin.buffer.read()
sys.addaudithook(watch)
write(sys.argv[1], model, sys.argv[3] == "fixed")
"""
)


def written(folder: Path, model: bytes = MODEL, fixed: bool = False) -> record.Written:
    with record.claimed(str(folder), fixed) as claim:
        metadata = {"model": {"md5": md5(model)}, "stem": claim.stem}
        claim.stage(model)
        return claim.write(record.encoded(metadata), b"# a card\n")


def whole(folder: Path) -> list[str]:
    """Return the names of all models; each has its own metadata and a card, and nothing else is there."""
    models = sorted(folder.glob("*.pkl"))
    for model in models:
        assert json.loads(beside(model, "_metadata.json").read_text())["model"]["md5"] == md5(model.read_bytes())
        assert beside(model, "_card.md").read_bytes() == b"# a card\n"
    assert len(list(folder.iterdir())) == 3 * len(models), listing(folder)
    return [model.name for model in models]


def test_the_three_files_are_there_under_one_name_of_this_second_in_utc(tmp_path: Path) -> None:
    made = written(tmp_path / "new" / "models")
    [name] = whole(tmp_path / "new" / "models")
    assert record.DATED.fullmatch(name.removesuffix(".pkl"))
    assert Path(made.model).read_bytes() == MODEL
    mask = os.umask(0)
    os.umask(mask)
    assert {Path(p).stat().st_mode & 0o777 for p in (made.model, made.metadata, made.card)} == {0o666 & ~mask}


@pytest.mark.slow
def test_trainings_that_end_in_one_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    script = WRITER + "write(sys.argv[1], sys.argv[2].encode(), False)"
    others = [subprocess.Popen([sys.executable, "-c", script, tmp_path / "models", f"model {i}"]) for i in range(3)]
    assert [p.wait() for p in others] == [0, 0, 0]
    assert len(whole(tmp_path / "models")) == 3
    assert {p.read_bytes() for p in (tmp_path / "models").glob("*.pkl")} == {b"model 0", b"model 1", b"model 2"}


# Dated names wait for seconds of their own.
@pytest.mark.parametrize("kind", [pytest.param("dated", marks=pytest.mark.slow), "fixed"])
def test_killed_at_any_step_no_model_is_without_its_metadata_and_the_next_training_completes(
    tmp_path: Path, kind: str
) -> None:
    run("git", "init", "-q", tmp_path)
    folder = tmp_path / "models"
    steps = 0
    ended = False
    while not ended:
        shutil.rmtree(folder, ignore_errors=True)
        if kind == "fixed":
            written(folder, b"the one before", fixed=True)
        steps += 1
        done = run(sys.executable, "-c", KILLED, folder, str(steps), kind, data=MODEL, ok=False)
        ended = done.returncode == 0
        assert ended or done.returncode == -signal.SIGKILL, done.stderr
        for model in folder.glob("*.pkl"):
            stated = json.loads(beside(model, "_metadata.json").read_text())["model"]["md5"]
            # Under the fixed name a former model may still stand: then the metadata disowns it, and it is not loaded.
            assert stated == md5(model.read_bytes()) or (kind == "fixed" and model.read_bytes() == b"the one before")
        seen = run("git", "add", "-A", "-n", cwd=tmp_path).stdout.decode()
        # Git sees nothing of what was under way, but for an empty .gitignore of one instant.
        assert all(line.endswith("/.gitignore'") for line in seen.splitlines() if record.STAGING in line)
        before = set(folder.glob("*.pkl")) if folder.is_dir() else set()
        written(folder, b"the next one", fixed=kind == "fixed")
        assert before <= set(folder.glob("*.pkl"))
        whole(folder)
    assert steps > 8


def test_a_full_disk_leaves_nothing_and_a_second_try_succeeds(tmp_path: Path) -> None:
    script = (
        WRITER
        + """
import resource
from trinity_guard.errors import GuardError
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    write(sys.argv[1], b"m" * 50000, False)
except GuardError as error:
    sys.exit(f"{error.exit_code} {error.problem} | {error.remedy}")
"""
    )
    done = run(sys.executable, "-c", script, tmp_path / "models", ok=False)
    assert b"the model cannot be written" in done.stderr
    assert done.stderr.startswith(b"2 ")
    assert not (tmp_path / "models").exists()
    written(tmp_path / "models")
    assert len(whole(tmp_path / "models")) == 1


def test_a_place_that_cannot_be_one_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(GuardError) as caught:
        written(tmp_path / "models")
    assert caught.value.exit_code == 2
    assert "--output" in caught.value.remedy
    assert (tmp_path / "models").read_text() == "a file"


def test_what_cannot_appear_whole_is_taken_back(tmp_path: Path) -> None:
    with record.claimed(str(tmp_path)) as claim:
        Path(claim.model).mkdir()  # nobody can rename a file over it
        metadata = record.encoded({"model": {"md5": md5(MODEL)}})
        claim.stage(MODEL)
        with pytest.raises(GuardError):
            claim.write(metadata, b"# a card\n")
    assert [p.is_dir() for p in tmp_path.glob("*Z*")] == [True]
    assert not list(tmp_path.glob(".trinity*"))


def test_a_folder_that_only_looks_like_ours_brings_no_model_in(tmp_path: Path) -> None:
    """Whatever a clone brings along under our temporary name: no model appears that its metadata does not own."""
    strange = tmp_path / f"{record.STAGING}x"
    strange.mkdir()
    stem = "layout_risk_predictor_20260101T000000Z"
    (strange / f"{stem}.pkl").write_bytes(b"evil")
    (tmp_path / f"{stem}_metadata.json").write_text(json.dumps({"model": {"md5": md5(b"good")}}))
    outside = tmp_path.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (tmp_path / f"{record.STAGING}y").symlink_to(outside)
    written(tmp_path)
    assert not (tmp_path / f"{stem}.pkl").exists()
    assert (outside / "kept").read_text() == "kept"


def test_metadata_says_what_is_no_utf8_in_json_s_own_way(tmp_path: Path) -> None:
    name = os.fsdecode(b"models/\xff.pkl")
    data = record.encoded({"model": {"path": name, "theme": "é"}})
    assert json.loads(data)["model"] == {"path": name, "theme": "é"}
    assert "é".encode() in data
