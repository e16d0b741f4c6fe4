"""Versions of a range's files, packed, are those that were taken, each once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.git.index import EXECUTABLE, REGULAR, SYMLINK, Entry
from trinity_guard.lint.versions import Fresh, Versions

MODES, PATHS = (REGULAR, EXECUTABLE, SYMLINK), (b"a.pkl", b"m/b.dvc", b"m/\xff\n")
OIDS = [b"%040x" % n for n in (0, 1, 2**159)]
ROWS = st.tuples(st.sampled_from(OIDS), st.sampled_from(MODES), st.sampled_from(OIDS), st.sampled_from(PATHS))
TAKEN = st.lists(ROWS)


def packed(taken: list[tuple[bytes, bytes, bytes, bytes]]) -> Versions:
    return Versions((commit, Entry(mode, oid, path)) for commit, mode, oid, path in taken)


@given(TAKEN)
def test_each_version_comes_back_with_its_first_commit_and_a_link_is_another(
    taken: list[tuple[bytes, bytes, bytes, bytes]],
) -> None:
    expected: dict[tuple[bool, bytes, bytes], tuple[bytes, bytes, bytes, bytes]] = {}
    for commit, mode, oid, path in taken:
        expected.setdefault((mode == SYMLINK, path, oid), (commit, mode, oid, path))
    versions = packed(taken)
    found = [(commit, e.mode, e.oid, e.path) for commit, e in versions]
    assert found == list(expected.values())
    assert len(versions) == len(found)
    assert [(c, e.oid) for batch in versions.batches(2) for c, e in batch] == [(c, oid) for c, _, oid, _ in found]
    fresh = Fresh(versions)
    assert list(fresh) == [(path, oid) for _, _, oid, path in found]
    assert len(fresh) == len(found)
    assert {(p, o) for p in PATHS for o in OIDS if (p, o) in fresh} == {(p, o) for _, p, o in expected}
    assert (b"elsewhere", OIDS[0]) not in fresh


def test_ids_of_sha_256_come_back_whole() -> None:
    [(commit, entry)] = packed([(b"a" * 64, REGULAR, b"0" * 64, b"x")])
    assert (commit, entry.oid) == (b"a" * 64, b"0" * 64)


def test_a_path_is_asked_for_once_whatever_its_versions() -> None:
    asked: list[bytes] = []
    versions = packed([(OIDS[0], REGULAR, oid, path) for oid in OIDS for path in PATHS])
    found = versions.named(lambda path: not asked.append(path) and path.endswith(b".dvc"))  # type: ignore[func-returns-value]
    assert [(e.oid, e.path) for _, e in found] == [(oid, b"m/b.dvc") for oid in OIDS]
    assert asked == list(PATHS)


def test_thousands_are_told_apart() -> None:
    oids = [b"%040x" % n for n in range(1000)]
    taken = [(OIDS[0], mode, oid, path) for oid in oids for path in PATHS for mode in (REGULAR, SYMLINK)]
    versions = packed([*taken, *taken])
    assert [(e.mode, e.oid, e.path) for _, e in versions] == [row[1:] for row in taken]
    assert all(versions.has(path, oid) for oid in oids for path in PATHS)
    assert not versions.has(PATHS[0], b"f" * 40)
