import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]

def crossings(
    series: _Floats,
    upper: _Floats,
    lower: _Floats,
    bars: npt.NDArray[np.int64],
    sides: npt.NDArray[np.int8],
) -> int: ...
