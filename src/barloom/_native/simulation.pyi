import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Rows = npt.NDArray[np.void]

BLOCK_BARS: int
GROUP_BLOCKS: int
RETURN_PERIODS: int
TRADE: np.dtype[np.void]
PLAN: np.dtype[np.void]
ACCOUNT: np.dtype[np.void]
POINT: np.dtype[np.void]
MONEY: np.dtype[np.void]
TALLY: np.dtype[np.void]

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

class MarketChunk:
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

class OrderArrays:
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

class Simulator:
    def __init__(
        self,
        money: _Rows,
        balance: _Floats,
        max_hold: _Ints,
        max_positions: _Ints,
        reverse: _Ints,
        threads: int,
        keep: bool,
    ) -> None: ...
    def start(self, since: int, before: _Rows | None) -> None: ...
    def pass_chunk(
        self, first: int, orders: list[OrderArrays | None], chunks: list[MarketChunk | None], nights: _Floats | None
    ) -> None: ...
    def resolve(self, orders: OrderArrays, chunk: MarketChunk, nights: _Floats | None) -> None: ...
    def mark_to_market(self) -> None: ...
    def emit_closed(self, last: bool) -> None: ...
    def sizes(self, k: int) -> tuple[int, int, int, bool]: ...
    def take_done(self, k: int, out: _Rows) -> None: ...
    def take_points(self, k: int, out: _Rows) -> None: ...
    def read_in_flight(self, trades: _Rows, plans: _Rows | None) -> None: ...
    def write_in_flight(self, trades: _Rows, plans: _Rows | None) -> None: ...
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
