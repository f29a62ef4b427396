"""Kernels of `cython_ext/indicators.pyx`: each keeps its state, so feed it the bars of one source once, in order."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]

class Smoother:
    def __init__(self, periods: Sequence[int], weights: Sequence[float]) -> None: ...
    def update(self, x: _Floats, outs: Sequence[_Floats]) -> None: ...

class TrueRange:
    def __init__(self) -> None: ...
    def update(self, high: _Floats, low: _Floats, close: _Floats, out: _Floats) -> None: ...

class AverageTrueRange:
    def __init__(self, n: int) -> None: ...
    def update(self, high: _Floats, low: _Floats, close: _Floats, out: _Floats) -> None: ...

class RelativeStrength:
    def __init__(self, n: int) -> None: ...
    def update(self, x: _Floats, out: _Floats) -> None: ...

class Extremes:
    """Ask for the same outputs in every call."""

    def __init__(self, n: int) -> None: ...
    def update(
        self, x: _Floats, low: _Floats | None = None, high: _Floats | None = None, place: _Floats | None = None
    ) -> None: ...

class Moments:
    """Ask for the same outputs in every call."""

    def __init__(self, n: int) -> None: ...
    def update(
        self, x: _Floats, mean: _Floats | None = None, deviation: _Floats | None = None, score: _Floats | None = None
    ) -> None: ...
