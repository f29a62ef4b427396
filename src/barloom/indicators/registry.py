"""The indicators there are: a new one is one `register` here and its constructor in `spec`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from barloom._native.indicators import AverageTrueRange, Extremes, Moments, RelativeStrength, Smoother, TrueRange
from barloom.errors import InputError, nearest
from barloom.indicators.spec import BARS, Indicator, Source, rsi

Floats = npt.NDArray[np.float64]


class Kernel(Protocol):
    """Computes one or more specs of equal inputs, keeping its state from call to call."""

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        """Read the new bars of each input and write as many values to each output, in the order of the specs."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """How the specs of one name are computed."""

    kernel: Callable[[Sequence[Indicator]], Kernel]
    """Builds the kernel of the given specs, which have equal ``family``."""
    warmup: Callable[[Indicator], int]
    """Values of the inputs it takes to give the first one."""
    inputs: Callable[[Indicator], tuple[Source, ...]]
    """Columns of the bars, or indicators, in the kernel's order."""
    family: Callable[[Indicator], Hashable]
    """Specs of equal family share kernels."""
    most: int
    """Specs that fit one kernel."""


_IMPLEMENTATIONS: dict[str, Implementation] = {}


def _own_inputs(spec: Indicator) -> tuple[Source, ...]:
    return ("high", "low", "close") if spec.source == BARS else (spec.source,)


def _window(spec: Indicator) -> int:
    return spec.params[0]


def _window_and_one(spec: Indicator) -> int:
    return spec.params[0] + 1


def register(
    name: str,
    kernel: Callable[[Sequence[Indicator]], Kernel],
    *,
    warmup: Callable[[Indicator], int] = _window,
    inputs: Callable[[Indicator], tuple[Source, ...]] = _own_inputs,
    family: Callable[[Indicator], Hashable] = lambda spec: spec,
    most: int = 1,
) -> None:
    """Make specs of ``name`` computable; ``family`` and ``most`` say which of them one kernel computes together."""
    _IMPLEMENTATIONS[name] = Implementation(kernel, warmup, inputs, family, most)


def implementation(spec: Indicator) -> Implementation:
    """How ``spec`` is computed; raises InputError for an unknown name."""
    try:
        return _IMPLEMENTATIONS[spec.name]
    except KeyError:
        raise InputError(f"indicator '{spec.name}' is unknown: {nearest(spec.name, _IMPLEMENTATIONS)}") from None


def warmup(spec: Indicator) -> int:
    """Bars it takes until ``spec`` gives its first value."""
    how = implementation(spec)
    before = max((warmup(source) for source in how.inputs(spec) if isinstance(source, Indicator)), default=1)
    return before + how.warmup(spec) - 1


def columns(source: Source) -> frozenset[str]:
    """The columns of the bars that a source is made of."""
    if isinstance(source, str):
        return frozenset([source])
    return frozenset().union(*(columns(read) for read in implementation(source).inputs(source)))


class _Plain:
    """A compiled kernel of one output."""

    def __init__(self, kernel: TrueRange | AverageTrueRange | RelativeStrength) -> None:
        self._update: Callable[..., None] = kernel.update

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        self._update(*inputs, *outs)


class _Averages:
    """Up to four exponential averages of one source."""

    def __init__(self, specs: Sequence[Indicator]) -> None:
        periods = [spec.params[0] for spec in specs]
        weights = [1.0 / n if spec.name == "rma" else 2.0 / (n + 1.0) for spec, n in zip(specs, periods, strict=True)]
        self._kernel = Smoother(periods, weights)

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        self._kernel.update(inputs[0], outs)


class _Fused:
    """A compiled kernel of several outputs over one window, of which the specs ask for some."""

    def __init__(self, kernel: Extremes | Moments, outputs: dict[str, str], specs: Sequence[Indicator]) -> None:
        self._update: Callable[..., None] = kernel.update
        self._outputs = [outputs[spec.name] for spec in specs]

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        self._update(inputs[0], **dict(zip(self._outputs, outs, strict=True)))


def _moments(specs: Sequence[Indicator]) -> Kernel:
    return _Fused(Moments(specs[0].params[0]), {"sma": "mean", "rolling_std": "deviation", "zscore": "score"}, specs)


def _extremes(specs: Sequence[Indicator]) -> Kernel:
    outputs = {"rolling_min": "low", "rolling_max": "high", "stoch_rsi": "place"}
    return _Fused(Extremes(specs[0].params[0]), outputs, specs)


def _strength(spec: Indicator) -> tuple[Source, ...]:
    return (rsi(spec.params[0], spec.source),)


register("true_range", lambda specs: _Plain(TrueRange()), warmup=lambda spec: 2)
register("atr", lambda specs: _Plain(AverageTrueRange(specs[0].params[0])), warmup=_window_and_one)
register("rsi", lambda specs: _Plain(RelativeStrength(specs[0].params[0])), warmup=_window_and_one)
for _name in ("ema", "rma"):
    register(_name, _Averages, family=lambda spec: ("averages", spec.source), most=4)
for _name in ("sma", "rolling_std", "zscore"):
    register(_name, _moments, family=lambda spec: ("moments", spec.source, spec.params), most=3)
for _name in ("rolling_min", "rolling_max"):
    register(_name, _extremes, family=lambda spec: ("extremes", spec.source, spec.params), most=3)
register(
    "stoch_rsi", _extremes, inputs=_strength, family=lambda spec: ("extremes", *_strength(spec), spec.params), most=3
)
