"""Ways to compute an indicator: a compiled kernel of one output, one of several, or a function of windows of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from barloom.indicators.spec import Indicator

Floats = npt.NDArray[np.float64]
BLOCK = 1 << 18
"""Values that the windows given to a function hold at once, so that memory does not grow with the chunk."""


class Kernel(Protocol):
    """Computes one or more specs of equal inputs, keeping its state from call to call."""

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        """Read the new bars of each input and write as many values to each output, in the order of the specs."""


class Compiled(Protocol):
    """A class of `barloom._native.indicators`: inputs first, then outputs."""

    @property
    def update(self) -> Callable[..., None]:
        """Reads the new values and writes the outputs."""


class OneOutput:
    """A compiled kernel of one output."""

    def __init__(self, kernel: Compiled) -> None:
        self._update = kernel.update

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        """See ``Kernel``."""
        self._update(*inputs, *outs)


class SharedWindow:
    """A compiled kernel of several outputs over one window, of which the specs ask for some.

    Args:
        kernel: the compiled kernel.
        outputs: what its output is called, by the name of the indicator.
        specs: those it computes.
    """

    def __init__(self, kernel: Compiled, outputs: dict[str, str], specs: Sequence[Indicator]) -> None:
        self._update = kernel.update
        self._outputs = [outputs[spec.name] for spec in specs]

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        """See ``Kernel``."""
        self._update(inputs[0], **dict(zip(self._outputs, outs, strict=True)))


class Windows:
    """A function of NumPy over the last ``n`` values of one source.

    Args:
        n: bars of a window.
        function: takes an array of windows, shape (k, n), oldest value first, and returns k values. Each may depend on its own row
            alone, to the bit, or values would depend on the chunk size: sums over ``axis=1`` do not, minima, medians and ranks do.
    """

    def __init__(self, n: int, function: Callable[[Floats], Floats]) -> None:
        self._n = n
        self._function = function
        self._tail: Floats = np.full(n - 1, np.nan)

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        """See ``Kernel``."""
        values = np.concatenate([self._tail, inputs[0]])
        (out,), rows = outs, len(inputs[0])
        if rows:
            windows = np.lib.stride_tricks.sliding_window_view(values, self._n)
            step = max(1, BLOCK // self._n)
            with np.errstate(all="ignore"):
                for first in range(0, rows, step):
                    out[first : first + step] = self._function(windows[first : first + step])
            # A source begins with NaN and has none later, so a window has one if its oldest value is NaN.
            out[np.isnan(values[:rows])] = np.nan
        self._tail = values[rows:].copy()
