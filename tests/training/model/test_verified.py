"""A model is loaded only if its bytes are those that metadata and pointer name."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import run
from tests.training.model.test_predict import pages
from tests.training.projects import beside, md5
from trinity_guard.cli import main
from trinity_guard.errors import GuardError
from trinity_guard.training import predict, provenance
from trinity_guard.training.model import verified


class Evil:
    """What a pickle may do when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def evil(own: Path) -> Path:
    mark = own.parent / "ran"
    own.write_bytes(pickle.dumps(Evil(mark)))
    return mark


def spoil_metadata(own: Path, text: str) -> None:
    beside(own, "_metadata.json").write_text(text)


def a_pipe(own: Path) -> None:
    own.unlink()
    os.mkfifo(own)


SPOILT = {
    "the model was changed": (lambda own: own.write_bytes(own.read_bytes() + b"."), "its metadata names"),
    "the model is another": (lambda own: evil(own), "its metadata names"),
    "no metadata": (lambda own: beside(own, "_metadata.json").unlink(), "--md5 HEX"),
    "metadata that is no JSON": (lambda own: spoil_metadata(own, "{"), "no JSON"),
    "metadata that is a list": (lambda own: spoil_metadata(own, "[1]"), "names no md5"),
    "metadata without md5": (lambda own: spoil_metadata(own, '{"model": {}}'), "names no md5"),
    "metadata with an odd md5": (lambda own: spoil_metadata(own, '{"model": {"md5": "*"}}'), "names no md5"),
    "bytes of the same md5 and another sha256": (
        lambda own: spoil_metadata(own, json.dumps({"model": {"md5": md5(own.read_bytes()), "sha256": "ab" * 32}})),
        "its sha256 is",
    ),
    "a pointer to other bytes": (
        lambda own: Path(f"{own}.dvc").write_text(
            f"outs:\n- md5: {'ab' * 16}\n  size: 3\n  hash: md5\n  path: {own.name}\n"
        ),
        "its pointer",
    ),
    "a pointer that leads out": (
        lambda own: Path(f"{own}.dvc").write_text(
            f"outs:\n- md5: {'ab' * 16}\n  size: 3\n  hash: md5\n  path: ../../x.pkl\n"
        ),
        "x.pkl",
    ),
    "a folder": (lambda own: (own.unlink(), own.mkdir()), "is a folder"),
    "a pipe": (a_pipe, "it is no regular file"),
    "gone": (lambda own: own.unlink(), "there is no"),
}


def test_metadata_that_was_changed_beside_the_recorded_model_is_what_is_to_be_mended(own: Path) -> None:
    found = provenance.md5(own.read_bytes())
    size = own.stat().st_size
    Path(f"{own}.dvc").write_text(f"outs:\n- md5: {found}\n  size: {size}\n  hash: md5\n  path: {own.name}\n")
    spoil_metadata(own, json.dumps({"model": {"md5": "ab" * 16}}))
    with pytest.raises(GuardError, match="its metadata names abab") as caught:
        verified.load(str(own))
    assert caught.value.remedy.startswith("git checkout -- ")
    assert "_metadata.json" in caught.value.remedy


@pytest.mark.parametrize("kind", SPOILT)
def test_a_model_that_is_not_what_was_recorded_is_not_loaded(
    own: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoilt, said = SPOILT[kind]
    spoilt(own)  # type: ignore[no-untyped-call]
    (own.parent / "pages.csv").write_text("theme\nx\n")
    assert main(["predict", str(own), str(own.parent / "pages.csv")]) in (1, 2)
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert not (own.parent / "ran").exists()


def test_evil_does_not_run_even_where_its_md5_is_named(own: Path) -> None:
    mark = evil(own)
    with pytest.raises(GuardError, match=r"no model of the trainer: it calls posix\.mkdir"):
        verified.load(str(own), md5(own.read_bytes()))
    spoil_metadata(own, json.dumps({"model": {"md5": md5(own.read_bytes())}}))
    with pytest.raises(GuardError, match="no model of the trainer"):
        verified.load(str(own))
    assert not mark.exists()
    pickle.loads(own.read_bytes())  # and the test is none if this does not hold
    assert mark.exists()


def test_a_pointer_that_agrees_is_no_obstacle_nor_an_md5_named_by_hand(own: Path) -> None:
    data = own.read_bytes()
    Path(f"{own}.dvc").write_text(f"outs:\n- md5: {md5(data)}\n  size: {len(data)}\n  hash: md5\n  path: {own.name}\n")
    expected = predict(str(own), pages())
    beside(own, "_metadata.json").unlink()
    assert predict(str(own), pages(), md5(data).upper()) == expected
    with pytest.raises(GuardError, match="you named"):
        predict(str(own), pages(), "0" * 32)
    with pytest.raises(GuardError, match="no md5"):
        predict(str(own), pages(), "abc")


@pytest.mark.slow
def test_the_bytes_that_are_hashed_are_those_that_are_loaded(own: Path) -> None:
    """The file is opened once: whoever changes it afterwards changes nothing."""
    script = (
        "import sys\n"
        "opened = []\n"
        "def watch(event, args):\n"
        "    if event == 'open' and str(args[0]) == sys.argv[1]: opened.append(args)\n"
        "from trinity_guard.training.model import verified\n"
        "sys.addaudithook(watch)\n"
        "verified.load(sys.argv[1])\n"
        "print(len(opened))\n"
    )
    assert run(sys.executable, "-c", script, own).stdout == b"1\n"
