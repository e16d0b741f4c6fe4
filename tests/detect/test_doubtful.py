"""Which files are worth a word: those that name what is not known, and those that cannot be read here."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from tests.detect.scan.test_files import archive
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.detect import doubtful
from trinity_guard.detect.scan import archives, machine, record
from trinity_guard.dvcrepo import project

EVIL = b"cos\nsystem\n(S'x'\ntR."
_HEADER = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
# Its length is 0xc860; where it is 0xc858, that is to a pickle an X and a text of 0xc8 bytes.
TENSORS = (0xC860).to_bytes(8, "little") + _HEADER.ljust(0xC860) + bytes(4)
SEVEN = b"7z\xbc\xaf\x27\x1c\0\4"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (EVIL, b"m.pkl", "unknown"),
        (pickle.dumps(os.getcwd), b"no-such-ending", "unknown"),
        (b"\x80\x04" + EVIL[:-1], b"m.pkl", "unknown"),
        (pickle.dumps([1]), b"m.pkl", None),
        (b"just a text", b"m.pkl", None),
        (b"", b"m.pkl", None),
        (b"a,b\n1,2\n", b"t.csv", None),
        (b"PAR1" + EVIL, b"t.parquet", None),
        (TENSORS, b"m.safetensors", None),
        (b"X" + TENSORS[1:205] + b"0" + EVIL + TENSORS[205 + len(EVIL) + 1 :], b"m.safetensors", "unknown"),
        (
            b"\x8a" + TENSORS[1:202] + b"0" + EVIL + TENSORS[202 + len(EVIL) + 1 :] + bytes(64),
            b"m.safetensors",
            "unknown",
        ),
        (SEVEN, b"m.7z", "unreadable"),
        (pickle.dumps([1])[:-1], b"m.pkl", None),
    ],
)
def test_what_is_worth_a_word(tmp_path: Path, data: bytes, name: bytes, kind: str | None) -> None:
    file = tmp_path / "object"  # as it is called in a cache
    file.write_bytes(data)
    found = doubtful.of_file(os.fsencode(file), name, ())
    assert (found.kind if found else None) == kind
    same = doubtful.of_bytes(data, name, ())
    assert (same.kind if same else None) == kind


def test_what_is_behind_a_bound_of_ours_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it calls something only behind all that is read here."""
    monkeypatch.setattr(record, "MAX_STEPS", 9)
    monkeypatch.setattr(machine, "DEADLINE_EVERY", 3)
    found = doubtful.of_bytes(b"I1\n0" * 40 + EVIL, b"m.pkl", ())
    assert found is not None
    assert doubtful.sentence(found).endswith("so it is not known to be harmless: it has more than 9 opcodes")


def test_an_archive_behind_a_bound_of_ours_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred thousand members, of which the last one calls something."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    data = archive({**dict.fromkeys("abc", b"text"), "m/data.pkl": EVIL})
    found = doubtful.of_bytes(data, b"m.pt", ())
    assert found is not None
    assert found.why == "it has more than 2 members"
    monkeypatch.setattr(record, "SECONDS", -1.0)
    found = doubtful.of_bytes(data, b"m.pt", ())
    assert found is not None
    assert found.why == "reading it takes longer than -1 s"


def test_what_is_no_file_is_not(tmp_path: Path) -> None:
    assert doubtful.of_file(os.fsencode(tmp_path / "none.pkl"), b"none.pkl", ()) is None
    assert doubtful.of_file(os.fsencode(tmp_path), b"a.pkl", ()) is None


def test_a_name_of_ones_own_is_no_more_worth_a_word() -> None:
    data = b"cmine.models\nNet\n)\x81."
    assert doubtful.of_bytes(data, b"m.pkl", ()) is not None
    assert doubtful.of_bytes(data, b"m.pkl", ("mine.*",)) is None


def test_the_sentence_says_what_is_done() -> None:
    found = doubtful.of_bytes(EVIL, b"m.pkl", ())
    assert found is not None
    assert doubtful.sentence(found).startswith("a pickle that is not known to be harmless when it is loaded: it calls")
    layer = doubtful.of_bytes(b"\x89HDF\r\n\x1a\nmodel_config\0" + b'{"class_name": "Lambda"}\0', b"m.h5", ())
    assert layer is not None
    assert doubtful.sentence(layer).startswith(
        "a Keras model that is not known to be harmless when it is loaded: it calls"
    )
    closed = doubtful.of_bytes(SEVEN, b"m.7z", ())
    assert closed is not None
    assert "cannot be read whole" in doubtful.sentence(closed)


def test_of_a_stand_in_the_data_is_meant(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    repo.write("m.pkl", EVIL)
    oid = repo.git("hash-object", "-w", "--no-filters", "m.pkl").stdout.strip()
    found = doubtful.of_blob(project.Caches(git.place()), oid, b"m.pkl", ())
    assert found is not None
    assert found.kind == "unknown"
