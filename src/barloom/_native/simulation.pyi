import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Rows = npt.NDArray[np.void]

BLOCK_BARS: int
GROUP_BLOCKS: int

class Side:
    def __init__(
        self,
        open: _Floats,
        high: _Floats,
        low: _Floats,
        close: _Floats,
        block_high: _Floats,
        block_low: _Floats,
        group_high: _Floats,
        group_low: _Floats,
        offset: float = 0.0,
    ) -> None: ...

class Warp:
    def __init__(
        self,
        base: int,
        last: bool,
        time: _Ints,
        bid: Side,
        ask: Side | None,
        *,
        leave_long: _Ints,
        leave_short: _Ints,
        sessions: _Ints,
        entry: int,
        intrabar: int,
        needs_stop: bool,
        spread: float,
        slippage: float,
        scan_entry_bar: bool = True,
        stop_wins_open: bool = False,
        gap_stop_at_level: bool = False,
        gap_target_at_level: bool = False,
        reenter: bool = True,
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
        plans: _Rows | None = None,
    ) -> None: ...

def resume(trades: _Rows, plans: _Rows | None, warp: Warp, threads: int) -> None: ...
def enter(
    asked: Asked,
    out: _Rows,
    plans_out: _Rows | None,
    free_from: _Ints,
    max_hold: int,
    parts: int,
    reverse_of: int,
    warp: Warp,
    threads: int,
) -> int: ...
