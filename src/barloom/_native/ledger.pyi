import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Records = npt.NDArray[np.void]

ROW: int

def events(trades: _Records, base: int, fills: _Ints, exits: _Ints) -> tuple[int, int, bool]: ...
def settle(
    accounts: _Records,
    trades: _Records,
    plans: _Records | None,
    fills: _Ints,
    exits: _Ints,
    nights: _Floats | None,
    time: _Ints,
    close: _Floats,
    ask_close: _Floats | None,
    base: int,
    money: _Records,
    points: _Records,
    block_high: _Floats | None = None,
    block_low: _Floats | None = None,
    group_high: _Floats | None = None,
    group_low: _Floats | None = None,
) -> int: ...
def close_day(accounts: _Records, points: _Records) -> None: ...
def tally(tallies: _Records, trades: _Records) -> None: ...
