"""Working ahead changes nothing but the time: order, errors and buffers are those of the plain loop."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from barloom.engine.prefetch import ahead
from helpers.waiting import PATIENCE

pytestmark = pytest.mark.waits


def numbers(count: int, made: list[int], closed: list[bool]) -> Generator[int, None, None]:
    try:
        for k in range(count):
            made.append(k)
            yield k
    finally:
        closed.append(True)


def test_all_items_in_order_and_never_more_than_one_ahead() -> None:
    """Told where an item is made, which is where it would be too early, by what has been used until then."""
    used: list[int] = []
    early: list[tuple[int, int]] = []
    next_made = [threading.Event() for _ in range(21)]
    closed: list[bool] = []

    def watched() -> Generator[int, None, None]:
        try:
            for k in range(20):
                # A buffer of item k is written again when item k + 2 is made: item k must be done with then.
                if k >= 2 and len(used) < k - 1:
                    early.append((k, len(used)))
                next_made[k].set()
                yield k
        finally:
            next_made[20].set()
            closed.append(True)

    for k, item in enumerate(ahead(watched())):
        assert item == k
        # One item ahead is made meanwhile: it is waited for, so that there is time to make two.
        assert next_made[k + 1].wait(PATIENCE)
        used.append(k)
    assert used == list(range(20)) and early == []
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
