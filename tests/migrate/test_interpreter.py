"""Python's own settings are as before when a history has been worked on, whatever came in between."""

from __future__ import annotations

import gc
import sys

import pytest

from trinity_guard.migrate import interpreter


def test_no_garbage_is_looked_for_until_it_is_over() -> None:
    assert gc.isenabled()
    with interpreter.no_collections():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), interpreter.no_collections():
        raise KeyError
    assert gc.isenabled()


def test_who_had_it_off_before_has_it_off_after() -> None:
    gc.disable()
    try:
        with interpreter.no_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_folders_may_lie_as_deep_as_git_takes_them() -> None:
    def deep(left: int) -> int:
        return deep(left - 1) + 1 if left else 0

    before = sys.getrecursionlimit()
    with interpreter.deep_recursion():
        assert deep(3000) == 3000
    assert sys.getrecursionlimit() == before
    with pytest.raises(KeyError), interpreter.deep_recursion():
        raise KeyError
    assert sys.getrecursionlimit() == before
