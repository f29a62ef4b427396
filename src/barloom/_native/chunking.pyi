import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Prices = tuple[_Floats, _Floats, _Floats, _Floats]

KIND_NAMES: tuple[str, ...]
TALLY_SIZE: int
TALLY_LAST: int
TALLY_HASH: int
TALLY_START: int
TALLY_END: int
TALLY_FINISHED: int
TALLY_COUNTS: int
TALLY_FIRST: int
TALLY_ASK_HASH: int
TALLY_DELTA: int
TALLY_BROKEN: int
TALLY_LOST: int
TALLY_EARLY: int
TALLY_ODD_VOLUMES: int
TALLY_KEEP_ODD: int

def openmp_threads() -> int: ...
def block_extremes(
    high: _Floats,
    low: _Floats,
    block_high: _Floats,
    block_low: _Floats,
    group_high: _Floats,
    group_low: _Floats,
    threads: int = 1,
) -> None: ...
def take_bars(
    time: _Ints,
    open: _Floats,
    high: _Floats,
    low: _Floats,
    close: _Floats,
    volume: _Floats | None,
    begin: int,
    first_row: int,
    tally: _Ints,
    time_out: _Ints | None = None,
    open_out: _Floats | None = None,
    high_out: _Floats | None = None,
    low_out: _Floats | None = None,
    close_out: _Floats | None = None,
    volume_out: _Floats | None = None,
    filled: int = 0,
    ask: _Prices | None = None,
    ask_out: _Prices | None = None,
) -> tuple[int, int]: ...
def pair_asks(
    time: _Ints,
    bid: _Prices,
    begin: int,
    ask_time: _Ints,
    ask: _Prices,
    ask_begin: int,
    ask_ended: bool,
    out: _Prices,
) -> tuple[int, int]: ...
