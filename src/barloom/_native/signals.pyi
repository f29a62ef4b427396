import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

def crossings(
    series: _Floats,
    upper: _Floats,
    lower: _Floats,
    bars: npt.NDArray[np.int64],
    sides: npt.NDArray[np.int8],
) -> int: ...
def any_fault(
    signal_bar: _Ints,
    side: _Ints,
    stop: _Floats,
    target: _Floats,
    stop_price: _Floats,
    target_price: _Floats,
    size: _Floats,
    max_hold: _Ints,
) -> bool: ...
