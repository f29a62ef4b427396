import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Trades = npt.NDArray[np.void]

BLOCK_BARS: int
GROUP_BLOCKS: int

class Warp:
    def __init__(
        self,
        base: int,
        last: bool,
        time: _Ints,
        open: _Floats,
        high: _Floats,
        low: _Floats,
        close: _Floats,
        block_high: _Floats,
        block_low: _Floats,
        group_high: _Floats,
        group_low: _Floats,
        at_close: bool,
        intrabar: int,
        needs_stop: bool,
        spread: float,
        slippage: float,
    ) -> None: ...

class Asked:
    def __init__(
        self,
        signal_bar: _Ints,
        side: npt.NDArray[np.int8],
        stop: _Floats,
        target: _Floats,
        stop_price: _Floats,
        target_price: _Floats,
        max_hold: _Ints,
        size: _Floats,
    ) -> None: ...

def resume(trades: _Trades, warp: Warp, threads: int) -> None: ...
def enter(asked: Asked, out: _Trades, free_from: _Ints, max_hold: int, warp: Warp, threads: int) -> int: ...
