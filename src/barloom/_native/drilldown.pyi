import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Rows = npt.NDArray[np.void]

def replay(
    trades: _Rows,
    plans: _Rows | None,
    chosen: _Ints,
    bars: _Ints,
    spreads: _Floats,
    offsets: _Ints,
    open: _Floats,
    high: _Floats,
    low: _Floats,
    close: _Floats,
    entry: int,
    slippage: float,
    stop_wins_open: bool,
    gap_stop_at_level: bool,
    gap_target_at_level: bool,
) -> None: ...
