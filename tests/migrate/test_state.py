"""What a migration remembers: whole or not at all, one at a time, and damage is said and never guessed at."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.errors import GuardError
from trinity_guard.git import ids
from trinity_guard.migrate import state
from trinity_guard.migrate.state import Object, Objects, State


def test_what_is_written_comes_back_and_can_be_forgotten(legacy: Legacy) -> None:
    with State(legacy.place) as held:
        assert held.read() == {}
        held.write({"phase": state.MOVING, "refs": []})
        assert State(legacy.place).read() == {"phase": state.MOVING, "refs": []}
        held.forget()
        held.forget()
        assert held.read() == {}
        assert not list(Path(os.fsdecode(held.folder)).glob("*tmp*"))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}x", b'{"phase": 3}'])
def test_a_damaged_file_is_said_with_the_way_on(legacy: Legacy, data: bytes) -> None:
    with State(legacy.place) as held:
        held.replace(b"state.json", data)
        with pytest.raises(GuardError, match=r"state\.json is damaged") as error:
            held.read()
        assert "migrate undo" in error.value.remedy


def test_only_one_is_at_work(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "PATIENCE", 0.0)
    with State(legacy.place), pytest.raises(GuardError, match="another migration"), State(legacy.place):
        pass
    with State(legacy.place):  # let go of at the end
        pass


def test_objects_are_added_and_a_line_that_was_cut_off_is_none(legacy: Legacy) -> None:
    blobs = {bytes([n]) * 20: Object(f"{n:032x}", n, n * 7) for n in (1, 2)}
    with State(legacy.place) as held:
        assert held.objects() == {}
        held.add_objects({b"\1" * 20: blobs[b"\1" * 20]})
        with Path(os.fsdecode(held.file(b"objects"))).open("ab") as file:
            file.write(b"03" * 20 + b" 0123")
        held.add_objects({b"\2" * 20: blobs[b"\2" * 20]})
        found = held.objects()
    assert {b: (o.md5, o.size, o.seen) for b, o in found.items()} == {
        b: (o.md5, o.size, o.seen) for b, o in blobs.items()
    }


def test_a_folder_that_takes_nothing_says_so_and_no_ref_moved(legacy: Legacy) -> None:
    with State(legacy.place) as held:
        Path(os.fsdecode(held.file(b"report.json"))).mkdir()
        with pytest.raises(GuardError, match="no ref was moved"):
            held.report({})


def test_objects_are_what_a_dict_would_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "FEW", 9)
    chosen = random.Random(3)
    blobs = [chosen.randbytes(20) for _ in range(40)]
    objects, known = Objects(), dict[bytes, Object]()
    for _ in range(300):
        blob, found = chosen.choice(blobs), Object(chosen.randbytes(16).hex(), chosen.randrange(1 << 40), 1 << 60)
        objects[blob] = known[blob] = found
    for held in (objects, Objects(known)):
        assert list(held) == list(known)
        assert [(o.md5, o.size, o.seen) for o in held.values()] == [(o.md5, o.size, o.seen) for o in known.values()]
        assert b"\1" * 20 not in held
        assert held.get(b"\1" * 20) is None
        assert all(blob in held for blob in known)
        assert len(held) == len(known)
