"""The indicators there are. A file of a kind calls `register`; `indicators/__init__.py` imports the file."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from barloom.errors import InputError, nearest
from barloom.indicators.kernels import Kernel
from barloom.indicators.plain import Series
from barloom.indicators.spec import BARS, Indicator, Source

Plain = Callable[..., Series]


@dataclass(frozen=True, slots=True)
class Implementation:
    """The functions that make and compute the specs of one name."""

    make: Callable[..., Indicator]
    """The constructor that users call: periods first, then the source."""
    kernel: Callable[[Sequence[Indicator]], Kernel]
    """Builds the kernel of the given specs, which have equal ``family``."""
    plain: Plain
    """The definition: takes the parameters and then the inputs as lists, returns a list. Tests and benchmarks judge the kernel by it."""
    warmup: Callable[[Indicator], int]
    """Values of the inputs it takes to give the first one."""
    inputs: Callable[[Indicator], tuple[Source, ...]]
    """Columns of the bars, or indicators, in the kernel's order."""
    family: Callable[[Indicator], Hashable]
    """Specs of equal family share kernels."""
    most: int
    """Specs that fit one kernel."""


KINDS: dict[str, Implementation] = {}
"""Every kind of indicator by its name."""


def own_inputs(spec: Indicator) -> tuple[Source, ...]:
    """The source of a spec: high, low and close where it is of the bars."""
    return ("high", "low", "close") if spec.source == BARS else (spec.source,)


def window(spec: Indicator) -> int:
    """The period of a spec."""
    return spec.params[0]


def window_and_one(spec: Indicator) -> int:
    """The period of a spec and one more: for what looks at the value before."""
    return spec.params[0] + 1


def register(
    make: Callable[..., Indicator],
    kernel: Callable[[Sequence[Indicator]], Kernel],
    plain: Plain,
    *,
    warmup: Callable[[Indicator], int] = window,
    inputs: Callable[[Indicator], tuple[Source, ...]] = own_inputs,
    family: Callable[[Indicator], Hashable] = lambda spec: spec,
    most: int = 1,
) -> None:
    """Make the specs of ``make``, under its name, computable; ``family`` and ``most`` say which of them one kernel computes together."""
    KINDS[make.__name__] = Implementation(make, kernel, plain, warmup, inputs, family, most)


def implementation(spec: Indicator) -> Implementation:
    """The implementation of ``spec``; raises InputError for an unknown name."""
    try:
        return KINDS[spec.name]
    except KeyError:
        raise InputError(f"indicator '{spec.name}' is unknown: {nearest(spec.name, KINDS)}") from None


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


def by_definition(spec: Indicator, bars: dict[str, Series]) -> Series:
    """The values of ``spec`` over bars by the plain definitions: slow, and what the kernels are judged by.

    Args:
        spec: an indicator, of others perhaps.
        bars: columns by name, lists of one length.
    """
    how = implementation(spec)
    inputs = [bars[one] if isinstance(one, str) else by_definition(one, bars) for one in how.inputs(spec)]
    return how.plain(*spec.params, *inputs)
