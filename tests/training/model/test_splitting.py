"""Parts by page: no page in two of them, every class in all as evenly as pages allow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.training.model import splitting


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=120),
    st.integers(2, 8),
    st.integers(0, 2**32 - 1),
)
def test_a_page_is_in_one_part_and_classes_are_spread(rows: list[tuple[int, int]], count: int, seed: int) -> None:
    groups, y = (np.array(column) for column in zip(*rows, strict=True))
    part = splitting.parts(y, groups, count, seed)
    assert part.shape == y.shape
    assert set(part) <= set(range(count))
    assert all(len(set(part[groups == g])) == 1 for g in set(groups))
    assert (part == splitting.parts(y, groups, count, seed)).all()


def test_pages_of_equal_make_are_dealt_exactly() -> None:
    groups = np.repeat(np.arange(100), 5)
    y = np.where(groups < 30, 1, 0)
    part = splitting.parts(y, groups, 5, 42)
    assert [int(y[part == k].sum()) for k in range(5)] == [30] * 5
    assert [int((part == k).sum()) for k in range(5)] == [100] * 5
    assert (part != splitting.parts(y, groups, 5, 43)).any()
