import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Rows = npt.NDArray[np.void]

BLOCK_BARS: int
GROUP_BLOCKS: int
RETURN_PERIODS: int

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

class Wefts:
    def __init__(
        self,
        money: _Rows,
        balance: _Floats,
        max_hold: _Ints,
        places: _Ints,
        reverse: _Ints,
        threads: int,
        keep: bool,
    ) -> None: ...
    def start(self, since: int, before: _Rows | None) -> None: ...
    def pass_chunk(
        self, first: int, asked: list[Asked | None], warps: list[Warp | None], nights: _Floats | None
    ) -> None: ...
    def resolve(self, asked: Asked, warp: Warp, nights: _Floats | None) -> None: ...
    def settle(self) -> None: ...
    def hand_out(self, last: bool) -> None: ...
    def sizes(self, k: int) -> tuple[int, int, int, bool]: ...
    def take_done(self, k: int, out: _Rows) -> None: ...
    def take_points(self, k: int, out: _Rows) -> None: ...
    def read_hand(self, trades: _Rows, plans: _Rows | None) -> None: ...
    def write_hand(self, trades: _Rows, plans: _Rows | None) -> None: ...
    def totals(
        self,
        accounts: _Rows,
        tallies: _Rows,
        days: _Floats,
        sums: _Floats,
        squares: _Floats,
        rejected: _Ints,
    ) -> None: ...

def days_of(balance: float, equity: _Floats, out: _Floats) -> None: ...
