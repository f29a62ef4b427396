"""The most common of some numbers, against a plain count of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from barloom.bars.steps import commonest

INT64 = np.iinfo(np.int64)
few = st.sampled_from([0, 1, -1, 60, int(INT64.min), int(INT64.max)])


@given(st.lists(few | st.integers(int(INT64.min), int(INT64.max)), min_size=1, max_size=40))
def test_the_smallest_of_those_that_come_most_often(numbers: list[int]) -> None:
    counts = Counter(numbers)
    most = max(counts.values())
    expected = min(number for number, count in counts.items() if count == most)
    assert commonest(np.array(numbers, dtype=np.int64)) == (expected, most)


def test_of_none_there_is_none() -> None:
    assert commonest(np.empty(0, dtype=np.int64)) == (0, 0)
