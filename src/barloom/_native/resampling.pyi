import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Prices = tuple[_Floats, _Floats, _Floats, _Floats]

class Resampler:
    def update(
        self,
        time: _Ints,
        prices: _Prices,
        volume: _Floats | None,
        ask: _Prices | None,
        edges: _Ints,
        step: int,
        time_out: _Ints,
        prices_out: _Prices,
        volume_out: _Floats | None = None,
        ask_out: _Prices | None = None,
        finished: _Ints | None = None,
    ) -> int: ...
    def finish(
        self,
        time_out: _Ints,
        prices_out: _Prices,
        volume_out: _Floats | None = None,
        ask_out: _Prices | None = None,
    ) -> int: ...
