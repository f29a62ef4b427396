"""The class every strategy derives from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from barloom.indicators.spec import Indicator, Source
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.strategies.window import Window

Period = Annotated[int, Field(ge=1, le=1_000_000)]
"""A parameter that counts the bars of an indicator."""
Multiple = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
"""A positive parameter that scales a distance."""


@dataclass(frozen=True, slots=True)
class StrategyOrigin:
    """Where a strategy's code came from, for the record of a run.

    ``location`` is the name of a built-in strategy, or the resolved path of the file that was run; ``sha256`` is that
    file's.
    """

    kind: Literal["built-in", "module", "file"]
    location: str
    sha256: str | None = None


class Strategy:
    """A trading rule: its parameters, the indicators it reads, and the entries it asks for.

    A subclass sets ``name``, declares its parameters in a nested ``Params``, and defines ``indicators`` and ``signals``.

    ``signals`` runs once a chunk. Entries name bars by their index into the window; those of its history are dropped.
    A signal may use bars up to its own and ``lookback`` bars of history, no others, and nothing kept from another window: copies of the
    strategy are asked again for decisions all along a run, with windows that end at them, and must decide the same. What ``signals``
    raises ends the run with the strategy's name.

    A strategy that leaves by signals too defines ``exits``, under the same rules.

    Examples:
        >>> import numpy as np
        >>> import barloom as bl
        >>> from barloom.indicators import atr, rolling_max
        >>> class Breakout(bl.Strategy):
        ...     name = "breakout"
        ...     lookback = 1
        ...     class Params(bl.Strategy.Params):
        ...         length: int = 20
        ...     def indicators(self):
        ...         return {"top": rolling_max(self.params.length, "high"), "atr": atr(14)}
        ...     def signals(self, window):
        ...         above = window.close > np.append(np.nan, window["top"][:-1])
        ...         bars = np.flatnonzero(above)
        ...         stop = 2 * window["atr"][bars]
        ...         return bl.Entries(bars, 1, stop, target=2 * stop)
        >>> result = bl.run(bl.from_synthetic(2_000), "__main__:Breakout", {"length": 50})
        >>> result.metrics.trades, result.audited
        (38, '178 decisions, none looks ahead')
    """

    name: ClassVar[str] = ""
    uses_volume: ClassVar[bool] = False
    """True if ``signals`` reads ``window.volume``; data without volumes is then refused."""
    target_in_r: ClassVar[bool] = False
    """True if targets are multiples of the stop distance, so that a run with another ``--stop`` moves them with it."""

    class Params(BaseModel):
        """Parameters of a strategy: named, typed, with defaults; an unknown one is refused."""

        model_config = ConfigDict(extra="forbid", frozen=True)

    params: Params
    origin: StrategyOrigin | None = None
    """Where `load_strategy` found the class; None for an instance made directly."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = type(self).Params() if params is None else params

    @property
    def lookback(self) -> int:
        """Bars before its own that a signal reads, beyond what indicators remember. A plain class attribute will do."""
        return 0

    def indicators(self) -> dict[str, Indicator]:
        """The indicators that ``signals`` reads, by the names it reads them by."""
        return {}

    def higher(self) -> dict[str, dict[str, Source]]:
        """Inputs of ``signals`` from longer timeframes: by timeframe, indicators and columns of its bars by name.

        ``{"1h": {"trend": ema(20), "close": "close"}}`` is read as ``window.higher("1h")["trend"]``; days may be anchored, as in
        ``"1d 17:00 America/New_York"``.

        Examples:
            >>> import numpy as np
            >>> import barloom as bl
            >>> from barloom.indicators import sma
            >>> class WithTheHour(bl.Strategy):
            ...     def indicators(self):
            ...         return {"mean": sma(20)}
            ...     def higher(self):
            ...         return {"1h": {"trend": sma(5)}}
            ...     def signals(self, window):
            ...         trend = window.higher("1h")["trend"]
            ...         bars = np.flatnonzero((window.close > window["mean"]) & (window["mean"] > trend))
            ...         return bl.Entries(bars, 1, stop=0.0005, target=0.0010)
            >>> bl.run(bl.from_synthetic(2_000), "__main__:WithTheHour").metrics.trades
            34
        """
        return {}

    def signals(self, window: Window) -> Entries:
        """The entries decided at the closes of the window's bars, in order of bars."""
        raise NotImplementedError(f"{type(self).__name__} defines no signals()")

    def exits(self, window: Window) -> ExitSignals:
        """The exits decided at the closes of the window's bars, in order of bars: open trades of that side leave at the next open.

        The same rules hold as for ``signals``. A strategy that leaves by its stops and targets alone defines none.

        Examples:
            >>> import numpy as np
            >>> import barloom as bl
            >>> from barloom.indicators import sma
            >>> class AboveTheMean(bl.Strategy):
            ...     def indicators(self):
            ...         return {"mean": sma(50)}
            ...     def signals(self, window):
            ...         return bl.Entries(np.flatnonzero(window.close > window["mean"]), 1, stop=0.0005)
            ...     def exits(self, window):
            ...         return bl.ExitSignals(np.flatnonzero(window.close < window["mean"]), 1)
            >>> trades = bl.run(bl.from_synthetic(2_000), "__main__:AboveTheMean").trades
            >>> sorted(set(trades["exit_reason"]))
            ['signal', 'stop']
        """
        return ExitSignals.none()
