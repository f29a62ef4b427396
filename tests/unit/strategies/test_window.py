"""Windows of a strategy: read-only views, and clear messages for missing columns."""

import numpy as np
import pytest

from barloom.bars.chunk import Chunk
from barloom.errors import InputError
from barloom.indicators import ema
from barloom.strategies import Window


@pytest.fixture
def window():
    column = np.arange(1.0, 6.0)
    chunk = Chunk(7, 2, 3, False, np.arange(5), column, column + 1, column - 1, column)
    return Window(chunk, {"fast": ema(3)}, {ema(3): column * 2})


def test_history_leads_the_new_bars(window):
    assert (window.start, len(window)) == (2, 5)
    assert window.close[window.start] == 3.0 and window["fast"][0] == 2.0
    assert (window.high - window.low == 2.0).all() and window.timestamp[4] == 4 and window.open[0] == 1.0


def test_nothing_in_it_can_be_written_to(window):
    for values in (window.timestamp, window.open, window.high, window.low, window.close, window["fast"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 9


def test_an_unknown_indicator_is_refused_with_the_known(window):
    with pytest.raises(InputError, match="did you mean 'fast'"):
        window["fats"]


def test_volumes_that_are_not_there_are_refused(window):
    with pytest.raises(InputError, match="uses_volume"):
        _ = window.volume
