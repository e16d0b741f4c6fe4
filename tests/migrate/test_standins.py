"""Stand-ins in a history, committed past the hooks: pointers to what they name, when the cache has it whole."""

from __future__ import annotations

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, md5, pointer_of, put_object, stand_in
from trinity_guard.dvcrepo import odb, standin
from trinity_guard.migrate import reasons, standins
from trinity_guard.migrate.selection import Selection

DATA = b"the data\n"
BROKEN = stand_in(DATA).replace(b"size", b"sise")


def test_a_text_names_its_object_or_nothing_that_anybody_can_read() -> None:
    found, broken = standins.read(stand_in(DATA)), standins.read(BROKEN)
    assert found is not None
    assert (found.md5, found.size) == (md5(DATA), len(DATA))
    assert broken is not None
    assert (broken.md5, broken.size) == ("", len(BROKEN))
    assert standins.read(DATA) is None


def test_here_looks_at_the_size_and_whole_at_the_bytes(legacy: Legacy) -> None:
    cache = odb.Store(legacy.place.own + b"/cache")
    named = standin.StandIn(md5(DATA), len(DATA))
    assert not standins.here(cache, named)
    assert not standins.whole(cache, named, lambda: None)
    file = put_object(legacy, DATA)
    assert standins.here(cache, named)
    assert standins.whole(cache, named, lambda: None)
    file.chmod(0o644)
    file.write_bytes(DATA.upper())
    assert standins.here(cache, named)
    assert not standins.whole(cache, named, lambda: None)
    assert not standins.here(cache, standin.StandIn(md5(DATA), len(DATA) + 1))
    assert not standins.here(cache, standin.StandIn("", len(DATA)))


def test_reading_an_object_can_be_let_go_of(legacy: Legacy) -> None:
    put_object(legacy, DATA)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        standins.whole(odb.Store(legacy.place.own + b"/cache"), standin.StandIn(md5(DATA), len(DATA)), stop)


@pytest.mark.slow
def test_a_stand_in_becomes_the_pointer_to_what_it_names(worked: Legacy) -> None:
    legacy = worked
    put_object(legacy, DATA)
    one = legacy.commit({"m/a.pkl": stand_in(DATA), "b.pkl": b"raw", "run.pkl": ("100755", stand_in(DATA))})
    two = legacy.commit({"b.pkl": b"raw"})
    legacy.checkout()
    done = legacy.migrate()  # with a whole `verify`
    assert done.stays() == {}
    assert "m/a.pkl" not in done.files(one)
    assert done.files(one)["m/a.pkl.dvc"] == ("100644", pointer_of(DATA, "a.pkl"))
    assert done.files(one)["m/.gitignore"] == ("100644", b"/a.pkl\n")
    assert done.files(one)["run.pkl.dvc"][1] == pointer_of(DATA, "run.pkl", executable=True)
    assert done.files(two)["b.pkl.dvc"][1] == pointer_of(b"raw", "b.pkl")
    assert legacy.object(md5(DATA)) == DATA
    assert not (legacy.cache() / "files" / "md5" / md5(stand_in(DATA))[:2] / md5(stand_in(DATA))[2:]).exists()


def test_the_same_data_raw_and_as_a_stand_in_has_one_pointer(legacy: Legacy) -> None:
    put_object(legacy, DATA)
    one = legacy.commit({"a.pkl": stand_in(DATA)})
    two = legacy.commit({"a.pkl": DATA})
    done = legacy.migrate()
    assert done.files(one)["a.pkl.dvc"] == done.files(two)["a.pkl.dvc"] == ("100644", pointer_of(DATA, "a.pkl"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (stand_in(b"nowhere"), reasons.STAND_IN_ABSENT),
        (standin.encode(md5(DATA), len(DATA) + 1), reasons.STAND_IN_ABSENT),
        (standin.encode(md5(DATA), 10**19 - 1), reasons.STAND_IN_ABSENT),
        (BROKEN, reasons.STAND_IN_BROKEN),
    ],
    ids=["absent", "another size", "a size without bounds", "broken"],
)
def test_a_stand_in_that_names_nothing_here_stays_and_is_told(legacy: Legacy, text: bytes, reason: str) -> None:
    put_object(legacy, DATA)
    old = legacy.commit({"a.pkl": text, "b.pkl": b"raw"})
    found = driven.survey(legacy.place, Selection(("*.pkl",)), legacy.select())
    assert found.absent == [b"a.pkl"]
    assert driven.staying(legacy.place, found) == [(b"a.pkl", reason)]
    done = legacy.migrate()
    assert done.files(old)["a.pkl"] == ("100644", text)
    assert "a.pkl.dvc" not in done.files(old)
    assert done.stays() == {"a.pkl": reason}
    assert "b.pkl.dvc" in done.files(old)


def test_a_stand_in_whose_object_is_damaged_stays_and_is_told(legacy: Legacy) -> None:
    file = put_object(legacy, DATA)
    file.chmod(0o644)
    file.write_bytes(DATA.upper())
    old = legacy.commit({"a.pkl": stand_in(DATA), "b.pkl": b"raw"})
    done = legacy.migrate()
    assert done.files(old)["a.pkl"] == ("100644", stand_in(DATA))
    assert done.stays() == {"a.pkl": reasons.STAND_IN_ABSENT}


@pytest.mark.slow
def test_a_second_run_looks_at_the_object_again(legacy: Legacy) -> None:
    file = put_object(legacy, DATA)
    old = legacy.commit({"a.pkl": stand_in(DATA), "b.pkl": b"raw"})
    assert legacy.migrate().stays() == {}
    driven.undo(legacy.place)
    file.unlink()
    done = legacy.migrate()
    assert done.stays() == {"a.pkl": reasons.STAND_IN_ABSENT}
    assert done.files(old)["a.pkl"] == ("100644", stand_in(DATA))


def test_a_pointer_beside_a_stand_in_that_agrees_is_kept(worked: Legacy) -> None:
    put_object(worked, DATA)
    old = worked.commit({"a.pkl": stand_in(DATA), "a.pkl.dvc": pointer_of(DATA, "a.pkl")})
    other = worked.commit({"a.pkl": stand_in(DATA), "a.pkl.dvc": pointer_of(b"other", "a.pkl")})
    worked.checkout()
    found = driven.survey(worked.place, Selection(("*.pkl",)), worked.select())
    [(path, told)] = driven.staying(worked.place, found)
    assert (path, "other bytes of it than a.pkl.dvc records" in told) == (b"a.pkl", True)
    done = worked.migrate()
    assert "a.pkl" not in done.files(old)
    assert done.files(other)["a.pkl"] == ("100644", stand_in(DATA))
    assert done.stays() == {"a.pkl": told}


def test_by_size_the_data_counts(legacy: Legacy) -> None:
    large = DATA * 1000
    put_object(legacy, large)
    put_object(legacy, DATA)
    old = legacy.commit({"large.pkl": stand_in(large), "small.pkl": stand_in(DATA)})
    done = legacy.migrate(above=3000)
    assert {name for name in done.files(old) if name.endswith(".dvc")} == {"large.pkl.dvc"}


def test_no_room_is_asked_for_what_the_cache_has(legacy: Legacy) -> None:
    put_object(legacy, DATA)
    legacy.commit({"a.pkl": stand_in(DATA)})
    seen: list[tuple[str, int, int]] = []
    driven.run(legacy.place, legacy.options(), lambda *told: seen.append(told))
    assert {total for stage, _, total in seen if stage == "extract"} == {0}
