import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Records = npt.NDArray[np.void]

def settle(
    accounts: _Records,
    trades: _Records,
    fills: _Ints,
    exits: _Ints,
    time: _Ints,
    close: _Floats,
    base: int,
    spread: float,
    slippage: float,
    commission: float,
    units: float,
    risk_pct: float,
    points: _Records,
) -> int: ...
def close_day(accounts: _Records, points: _Records) -> None: ...
def tally(tallies: _Records, trades: _Records) -> None: ...
