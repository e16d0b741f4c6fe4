"""Which files of a history are meant: by name without regard to case, by size, by both."""

from __future__ import annotations

import pytest

from trinity_guard.migrate.selection import Selection


@pytest.mark.parametrize(
    ("path", "label"),
    [
        (b"a.pkl", "*.pkl"),
        (b"deep/down/A.PKL", "*.pkl"),
        (b"data/x.bin", "data/"),
        (b"kept/a.pkl", ""),
        (b"a.py", ""),
        (b"a.pkl.dvc", ""),
        (b".dvc/cache/a.pkl", ""),
        (b".gitignore", ""),
    ],
)
def test_a_path_is_an_artifact_by_the_pattern_that_says_so(path: bytes, label: str) -> None:
    selection = Selection(("*.pkl", "data/"), ("kept/",))
    bit = selection.bit(path)
    assert (selection.label(bit) if bit else "") == label
    assert selection.sieve(path) or not bit


def test_above_alone_means_files_of_any_name() -> None:
    selection = Selection((), ("*.py",), above=1000)
    assert selection.labels == ["above 1 kB"]
    assert (selection.bit(b"any.thing"), selection.bit(b"a.py")) == (1, 0)
    assert [selection.large_enough(size) for size in (1000, 1001)] == [False, True]
    assert Selection(("*.pkl",)).large_enough(0)


@pytest.mark.parametrize(
    ("include", "above", "by_name"),
    [(("*.pkl",), None, True), (("data/",), None, False), (("*.p[kq]l",), None, False), (("*.pkl",), 5, False)],
)
def test_a_name_decides_wherever_it_lies_only_for_plain_endings(
    include: tuple[str, ...], above: int | None, by_name: bool
) -> None:
    assert Selection(include, above=above).by_name == by_name
