"""Calls, bars and seconds of every compiled kernel, counted by wrappers that replace the kernels while a run is profiled.

The kernels themselves know nothing of it. Each stand-in has the name, the file and the line of its kernel, so that profilers
show them.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType, TracebackType
from typing import Any, Self

NATIVE = "barloom._native"
Bars = Callable[..., int]
"""Function that tells the bars of a call from its result and its arguments."""


def _first(returned: Any, series: Any, *rest: Any, **named: Any) -> int:
    """Count for kernels that go through their first argument."""
    return len(series)


def _taken(returned: Any, *arguments: Any, **named: Any) -> int:
    """Count for ``take_bars``: from the row in its seventh argument to the row it returns first."""
    return int(returned[0]) - int(arguments[6])


def _paired(returned: Any, *arguments: Any, **named: Any) -> int:
    """Count for ``pair_asks``: from the row in its third argument to the row it returns first."""
    return int(returned[0]) - int(arguments[2])


def _finer(returned: Any, *arguments: Any, **named: Any) -> int:
    """Count for ``replay``, which goes through the finer bars: the opens are its seventh argument."""
    return len(arguments[6])


def _markets(returned: Any, first: int, asked: Any, markets: Any, nights: Any) -> int:
    """Count for ``pass_chunk``: the bars of the markets, each with one set or several."""
    return sum(market.bars for market in markets if market is not None)


def _market(returned: Any, asked: Any, market: Any, nights: Any) -> int:
    return int(market.bars)


FUNCTIONS: dict[str, dict[str, Bars]] = {
    "chunking": {"take_bars": _taken, "pair_asks": _paired, "block_extremes": _first},
    "drilldown": {"replay": _finer},
    "signals": {"crossings": _first, "any_fault": _first},
}
METHODS: dict[str, dict[str, dict[str, Bars]]] = {
    "checking": {"Checker": {"take": _first}},
    "resampling": {"Resampler": {"update": _first}},
    "indicators": {
        name: {"update": _first}
        for name in ("Smoother", "TrueRange", "AverageTrueRange", "RelativeStrength", "Extremes", "Moments")
    },
    "simulation": {"Simulator": {"pass_chunk": _markets, "resolve": _market}},
}


@dataclass(slots=True)
class Count:
    """Totals of the calls of a kernel."""

    calls: int = 0
    bars: int = 0
    seconds: float = 0.0


class KernelClock:
    """Counts the calls of the kernels while it is entered; use it as a context manager, one at a time in a process.

    Attributes:
        counts: by module and name, those that were called.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Count] = {}
        self._lock = threading.Lock()
        self._swapped: dict[int, tuple[Any, Any]] = {}

    def __enter__(self) -> Self:
        for module, functions in FUNCTIONS.items():
            native = importlib.import_module(f"{NATIVE}.{module}")
            for name, bars in functions.items():
                self._swap(getattr(native, name), self._timed(f"{module}.{name}", getattr(native, name), bars))
        for module, classes in METHODS.items():
            native = importlib.import_module(f"{NATIVE}.{module}")
            for name, methods in classes.items():
                kernel = getattr(native, name)
                timed = {
                    method: self._timed(f"{module}.{name}.{method}", getattr(kernel, method), bars)
                    for method, bars in methods.items()
                }
                self._swap(kernel, type(name, (kernel,), timed))
        market = importlib.import_module(f"{NATIVE}.simulation").MarketChunk
        self._swap(market, type("MarketChunk", (market,), {"__init__": _measured(market.__init__)}))
        self._exchange({before: after for before, (_, after) in self._swapped.items()})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exchange({id(after): before for before, after in self._swapped.values()})

    def _swap(self, before: Any, after: Any) -> None:
        self._swapped[id(before)] = before, after

    @staticmethod
    def _exchange(standing_in: dict[int, Any]) -> None:
        """Replace objects by others, in every module of barloom that has a name for one."""
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] == "barloom":
                for key, value in list(vars(module).items()):
                    if id(value) in standing_in:
                        setattr(module, key, standing_in[id(value)])

    def _timed(self, name: str, kernel: Any, bars: Bars) -> FunctionType:
        """A wrapper for a kernel; ``name`` is its module and its own name, with its class if it has one."""
        lock, counts = self._lock, self.counts
        # Methods come with their object.
        skipped = name.count(".") - 1

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            returned = kernel(*arguments, **named)
            seconds = time.perf_counter() - started
            passed = bars(returned, *arguments[skipped:], **named)
            with lock:
                count = counts.setdefault(name, Count())
                count.calls += 1
                count.bars += passed
                count.seconds += seconds
            return returned

        code: CodeType | None = getattr(kernel, "__code__", None)
        if code is not None:
            timed.__code__ = timed.__code__.replace(
                co_name=name, co_qualname=name, co_filename=code.co_filename, co_firstlineno=code.co_firstlineno
            )
        assert isinstance(timed, FunctionType)
        return timed


def _measured(make: Any) -> Callable[..., None]:
    """The maker of a market, extended to remember the number of bars."""

    def init(self: Any, base: int, last: bool, time: Any, *rest: Any, **named: Any) -> None:
        make(self, base, last, time, *rest, **named)
        self.bars = len(time)

    return init
