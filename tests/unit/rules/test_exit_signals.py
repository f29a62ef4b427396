"""Exit signals refuse what could not be meant, and come out of cuts and moves as they went in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom.errors import InputError
from barloom.rules.exit_signals import ExitSignals


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([3, 2],), "signal_bar of exit signal 1 is 2: before the exit signal above it"),
        (([-1],), "signal_bar of exit signal 0 is -1: negative"),
        (([1.5],), "signal_bar of the exit signals has type float64"),
        (([[1]],), "has 2 dimensions"),
        (([1, 2], [1, 2]), r"side of exit signal 1 is 2: neither \+1"),
        (([1, 2], [0, 256]), "side of exit signal 1 is 256"),
        (([1, 2], [0, 0.5]), "side of exit signal 1 is 0.5: not a whole"),
        (([1, 2], [0, np.nan]), "side of exit signal 1 is nan"),
        (([1, 2], ["1", "0"]), "side of the exit signals has type"),
        (([1, 2**63],), "signal_bar of the exit signals has type float64, and that of exit signal 1 is 9"),
        (([1, None],), "signal_bar of exit signal 1 is None"),
        (([1, 2], [1]), r"side of the exit signals has shape \(1,\) beside 2 signal bars"),
    ],
)
def test_refused(columns: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ExitSignals(*columns)


def test_a_scalar_side_holds_for_every_signal() -> None:
    assert ExitSignals([1, 4]).side.tolist() == [0, 0]
    assert ExitSignals([1, 4], -1).side.tolist() == [-1, -1]
    assert len(ExitSignals([])) == len(ExitSignals.none()) == 0


def test_cut_moved_and_joined() -> None:
    signals = ExitSignals([1, 4, 4, 9], [1, -1, 0, 1])
    pieces = [signals.take(slice(0, 2)), ExitSignals.none(), signals.take(slice(2, None))]
    joined = ExitSignals.joined(pieces).moved(10)
    assert joined.signal_bar.tolist() == [11, 14, 14, 19]
    assert joined.side.tolist() == [1, -1, 0, 1] and joined.side.dtype == np.int8
    assert signals.signal_bar.tolist() == [1, 4, 4, 9]
    assert len(ExitSignals.joined([])) == 0
