"""A spec of every kind of indicator there is, so that tests run over the registry."""

from __future__ import annotations

import inspect

from barloom.indicators import Indicator
from barloom.indicators.registry import KINDS


def spec_of(kind: str, n: int) -> Indicator:
    """The indicator of that name over ``n`` bars; where it takes several periods, each is one bar longer than the one before."""
    make = KINDS[kind].make
    periods = [p for p in inspect.signature(make).parameters.values() if p.default is inspect.Parameter.empty]
    return make(*range(n, n + len(periods)))
