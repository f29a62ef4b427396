"""Working ahead changes nothing but the time: order, errors and buffers are those of the plain loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from barloom.backtest.ahead import ahead


def numbers(count: int, made: list[int], closed: list[bool]) -> Generator[int, None, None]:
    try:
        for k in range(count):
            made.append(k)
            yield k
    finally:
        closed.append(True)


def test_all_items_in_order_and_never_more_than_one_ahead() -> None:
    made: list[int] = []
    closed: list[bool] = []
    for k, item in enumerate(ahead(numbers(20, made, closed))):
        time.sleep(0.002)
        assert item == k
        # A buffer of item k is written again when item k + 2 is made.
        assert made[-1] <= k + 1
    assert made == list(range(20))
    assert closed == [True]


def test_an_error_is_raised_where_the_items_are_used() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise ValueError("row 7")

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="row 7"):
        next(items)


def test_closing_ends_the_thread_and_the_source() -> None:
    before = threading.active_count()
    closed: list[bool] = []
    items = ahead(numbers(1000, [], closed))
    next(items)
    items.close()
    assert closed == [True]
    assert threading.active_count() == before
