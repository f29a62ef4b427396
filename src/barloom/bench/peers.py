"""The works of ``barloom bench run --against``: barloom and another engine on the same bars, and the same trades before either is timed.

A peer is loaded when it is asked for; none of them is needed otherwise.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from barloom.bars.bars import from_arrays
from barloom.bench.made import Arrays
from barloom.bench.sections import BARS_AN_ENTRY, PRICES, STRATEGY, TOLERANCE, Bench
from barloom.bench.timing import Work
from barloom.engine.feed import EntriesFeed
from barloom.engine.orchestrator import run_pipeline, simulate
from barloom.engine.resolve import make_rules
from barloom.engine.trades import REASONS
from barloom.errors import FidelityError, InputError, nearest
from barloom.indicators import spec
from barloom.indicators.cache import IndicatorBank
from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from barloom.rules.exits import Exits
from barloom.rules.parameters import RunParameters
from barloom.rules.sizing import Sizing
from barloom.sweeps.runner.batch import run_batch

PART = 0.0009
"""Of the price, to the stop and to the target."""
CASH = 1e9
SLOW_ROWS = 100_000
"""Most bars for an engine that takes microseconds a bar."""
PAIRS_ROWS = 200_000
"""Most bars for a hundred columns of signals at once."""
STOPS = tuple(0.0513 + 0.0137 * k for k in range(10))
"""Percent of the price. Off the grid of prices: a level is one multiplication there and one subtraction here, and the last bit of
it would decide an exact touch."""
TARGET = 0.2171
FAST, SLOW = 15, 55
PAIRS = tuple((5 + 5 * fast, 110 + 10 * slow) for fast in range(10) for slow in range(10))
LAST_BIT = 1e-9
DRIFT = 1e-6
COMPARED = ("entry_bar", "exit_bar", "entry_price", "exit_price")
Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Pair:
    """One work by barloom and by a peer, whose answers were compared.

    Attributes:
        name: what it does.
        rows: bars that it takes.
        bars: the same, times the sets where there are some.
        ours, theirs: the calls.
        compared: what was found the same.
        differs: what was not compared and why; None where all of it was.
    """

    name: str
    rows: int
    bars: int
    ours: Work
    theirs: Work
    compared: str
    differs: str | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another engine.

    Attributes:
        package: whose version is recorded.
        modules: what has to be installed; the first is the one that is used.
        requirement: what pip is asked for.
        works: the works to compare by.
    """

    package: str
    modules: tuple[str, ...]
    requirement: str
    works: Callable[[Bench, Any], Iterator[Pair]]

    @property
    def missing(self) -> bool:
        """Whether something of it is not installed."""
        return any(importlib.util.find_spec(name) is None for name in self.modules)

    @property
    def version(self) -> str:
        """The version that is installed."""
        return version(self.package)


def load(names: Sequence[str]) -> dict[str, ModuleType]:
    """The modules of peers, in the order of ``PEERS``.

    Raises:
        InputError: a name that is not known, with the nearest one; a peer that is not installed, with the command that installs it.
    """
    for name in names:
        if name not in PEERS:
            raise InputError(f"--against {name}: {nearest(name, PEERS)}")
        if PEERS[name].missing:
            raise InputError(f"--against {name}: it is not installed: pip install '{PEERS[name].requirement}'")
    # One asks the network for its newest version, another draws a progress bar of its own.
    os.environ.setdefault("RAPTORBT_NO_VERSION_CHECK", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    found = {}
    for name in PEERS:
        if name in names:
            try:
                found[name] = importlib.import_module(PEERS[name].modules[0])
            except ImportError as error:
                told = f"pip install --force-reinstall '{PEERS[name].requirement}'"
                raise InputError(f"--against {name}: it cannot be loaded ({error}): {told}") from error
    return found


def must_agree(ours: Columns, theirs: Columns, what: str, tolerance: float = 0.0) -> int:
    """Check that two engines made the same trades; how many.

    Args:
        ours: the columns ``COMPARED``, a row a trade.
        theirs: the same of the peer.
        what: peer and work.
        tolerance: of a price, as a part of it; bars are equal or not.

    Raises:
        FidelityError: they did not, or made none.
    """
    counts = len(ours["entry_bar"]), len(theirs["entry_bar"])
    few = min(counts)
    for name in COMPARED:
        mine, other = np.asarray(ours[name][:few]), np.asarray(theirs[name][:few])
        apart = ~np.isclose(mine, other, rtol=tolerance if name.endswith("price") else 0.0, atol=0.0)
        if apart.any():
            row = int(np.argmax(apart))
            raise FidelityError(unlike(what, f"{name} of trade {row} is {mine[row]} here and {other[row]} there"))
    if counts[0] != counts[1] or not few:
        raise FidelityError(unlike(what, f"{counts[0]:,} trades here and {counts[1]:,} there"))
    return few


def unlike(what: str, how: str) -> str:
    """The sentence for answers that are not the same."""
    return f"{what}: {how}, so nothing was timed; please report this with the versions of both"


def signals(rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """Bars at even distances, a distance away from both ends, and sides by turns."""
    where = np.arange(BARS_AN_ENTRY, rows - BARS_AN_ENTRY, BARS_AN_ENTRY)
    return where, np.where(np.arange(len(where)) % 2, 1, -1).astype(np.int8)


def bracketed(arrays: Arrays, where: npt.NDArray[np.int64], side: npt.NDArray[np.int8]) -> Entries:
    """Entries at the close whose levels are a part of it away, to the bit as the peers take them."""
    base = arrays[4][where]
    return Entries(where, side, stop_price=base * (1.0 - side * PART), target_price=base * (1.0 + side * PART))


def flags(rows: int, where: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """True on these bars."""
    found = np.zeros(rows, dtype=np.bool_)
    found[where] = True
    return found


def vectorbt(bench: Bench, vbt: Any) -> Iterator[Pair]:
    """``Portfolio.from_signals`` of its Rust engine: one set, ten stops, a hundred sets of signals."""

    def from_signals(arrays: Arrays, longs: Any, shorts: Any, stop: Any, target: float) -> Any:
        _, opens, high, low, close = arrays
        if longs.ndim > 1:
            opens, high, low, close = (column[:, None] for column in (opens, high, low, close))
        never = np.zeros_like(longs)
        return vbt.Portfolio.from_signals(
            close,
            longs,
            never,
            short_entries=shorts,
            short_exits=never,
            open=opens,
            high=high,
            low=low,
            sl_stop=stop,
            tp_stop=target,
            upon_opposite_entry="ignore",
            size=1.0,
            init_cash=CASH,
            engine="rust",
        )

    def columns(records: Any) -> Columns:
        of = dict(entry_bar="entry_idx", exit_bar="exit_idx", entry_price="entry_price", exit_price="exit_price")
        return {name: records[theirs] for name, theirs in of.items()}

    where, side = signals(bench.rows)
    entries = bracketed(bench.arrays, where, side)
    longs, shorts = flags(bench.rows, where[side > 0]), flags(bench.rows, where[side < 0])
    theirs = partial(from_signals, bench.arrays, longs, shorts, PART, PART)
    ours = partial(simulate, bench.bars, entries, fills="vectorbt", entry="close", bounds=False, threads=bench.threads)
    name = f"{len(where):,} entries with a stop and a target"
    count = must_agree(ours().sink.columns, columns(theirs().trades.values), f"vectorbt, {name}")
    yield Pair(name, bench.rows, bench.rows, ours, theirs, f"{count:,} trades: bars and prices, to the bit")

    yield swept(bench, ((FAST, SLOW),), STOPS, "ten stop sizes", from_signals, columns)
    yield swept(bench, PAIRS, (0.1137,), "a hundred pairs of averages", from_signals, columns, PAIRS_ROWS)


def swept(
    bench: Bench,
    pairs: Sequence[tuple[int, int]],
    stops: Sequence[float],
    name: str,
    from_signals: Callable[..., Any],
    columns: Callable[[Any], Columns],
    most: int | None = None,
) -> Pair:
    """Crossings of averages with brackets: a sweep by barloom, one call over a column a set by vectorbt.

    Args:
        bench: the bars; the first ``most`` of them are taken.
        pairs: periods of the averages of each set.
        stops: sizes of the stop in percent; with more than one there is one pair.
        name: of the work.
        from_signals: the peer's call.
        columns: gives the columns ``COMPARED`` of its records of trades.
        most: bars to take at most.
    """
    rows = min(bench.rows, most or bench.rows)
    arrays = tuple(column[:rows] for column in bench.arrays)
    bars = from_arrays(*arrays)
    longs, shorts = crossings(bench, rows, pairs)
    stop = stops[0] / 100.0 if len(stops) == 1 else np.array(stops)[None, :] / 100.0
    sets = [
        RunParameters(
            strategy=STRATEGY,
            params={"fast": fast, "slow": slow},
            stop=f"pct:{percent!r}",
            target=f"pct:{TARGET!r}",
            fills="vectorbt",
            entry="close",
            size=1.0,
            balance=CASH,
        )
        for fast, slow in pairs
        for percent in stops
    ]
    ours = partial(run_batch, bars, sets, threads=bench.threads)
    theirs = partial(from_signals, arrays, longs, shorts, stop, TARGET / 100.0)
    kept, records = ours(keep_trades=True).trades, theirs().trades.values
    assert kept is not None
    records, place = records[np.argsort(records["col"], kind="stable")], kept["set"].to_numpy()
    if not np.array_equal(np.unique(place), np.unique(records["col"])):
        raise FidelityError(unlike(f"vectorbt, {name}", "other sets have trades here than there"))
    count = 0
    for number in np.unique(place):
        mine = {each: kept[each].to_numpy()[place == number] for each in COMPARED}
        there = columns(records[records["col"] == number])
        count += must_agree(mine, there, f"vectorbt, {name}, set {number}", LAST_BIT)
    return Pair(
        name,
        rows,
        rows * len(sets),
        ours,
        theirs,
        f"{count:,} trades: bars, and prices within {LAST_BIT:g}",
        "its signals are made beforehand, barloom makes its own",
    )


def crossings(bench: Bench, rows: int, pairs: Sequence[tuple[int, int]]) -> tuple[Any, Any]:
    """Bars on which the fast average crosses the slow one, upwards and downwards; a column a pair."""
    columns = {name: getattr(bench.chunk, name)[:rows] for name in PRICES}
    chunk = dataclasses.replace(bench.chunk, rows=rows, **columns)
    values = IndicatorBank([spec.ema(n) for n in sorted({n for pair in pairs for n in pair})], 0).update(chunk)
    up, down = (np.zeros((rows, len(pairs)), dtype=np.bool_) for _ in range(2))
    for column, (fast, slow) in enumerate(pairs):
        above = values[spec.ema(fast)] > values[spec.ema(slow)]
        turned = np.zeros(rows, dtype=np.bool_)
        turned[1:] = (above[1:] != above[:-1]) & ~np.isnan(values[spec.ema(slow)])[:-1]
        up[:, column], down[:, column] = turned & above, turned & ~above
    return up, down


def raptorbt(bench: Bench, rbt: Any) -> Iterator[Pair]:
    """``run_single_backtest``: one side, every signal a trade."""
    time, *prices = bench.arrays
    where, _ = signals(bench.rows)
    side = np.ones(len(where), dtype=np.int8)
    held = BARS_AN_ENTRY - 1
    config = rbt.BacktestConfig(initial_capital=CASH, fees=0.0, slippage=0.0, fill_timing="same_bar_close")
    config.set_fixed_stop(PART)
    config.set_fixed_target(PART)
    given = (time, *prices, np.ones(bench.rows), flags(bench.rows, where), flags(bench.rows, where + held))
    theirs = partial(rbt.run_single_backtest, *given, 1, 1.0, "bars", config)
    entries = bracketed(bench.arrays, where, side)
    rules = make_rules(Exits(max_hold=held), Costs(), Sizing(units=1.0), entry="close", fills="vectorbt", bounds=False)
    # Beyond the stop it fills at the open, beyond the target at the target.
    rules = dataclasses.replace(rules, gap_target_at_level=True)

    def ours() -> Any:
        return run_pipeline(bench.bars, EntriesFeed(entries), rules, threads=bench.threads)

    name = f"{len(where):,} entries with a stop, a target and a last bar"
    trades, made = ours().sink.columns, theirs().trades()
    of = dict(entry_bar="entry_idx", exit_bar="exit_idx", entry_price="entry_price", exit_price="exit_price")
    columns = {each: np.array([getattr(trade, there) for trade in made]) for each, there in of.items()}
    count = must_agree(trades, columns, f"raptorbt, {name}")
    by = {"StopLoss": "stop", "TakeProfit": "target", "Signal": "time"}
    reasons = [REASONS[code] for code in trades["exit_reason"].tolist()]
    if reasons != [by.get(trade.exit_reason, trade.exit_reason) for trade in made]:
        raise FidelityError(unlike(f"raptorbt, {name}", "trades leave for other reasons there"))
    yield Pair(
        name,
        bench.rows,
        bench.rows,
        ours,
        theirs,
        f"{count:,} trades: bars, prices to the bit, and reasons",
        "sizes and money: it puts its whole capital into each trade; shorts: it takes one side a run",
    )


def backtesting(bench: Bench, bt: Any) -> Iterator[Pair]:
    """``Backtest.run`` with a strategy that only places what is given."""
    import pandas as pd

    rows = min(bench.rows, SLOW_ROWS)
    arrays = tuple(column[:rows] for column in bench.arrays)
    bars = from_arrays(*arrays)
    entries = bracketed(arrays, *signals(rows))
    assert entries.stop_price is not None and entries.target_price is not None
    wanted = {
        bar: (side, stop, target)
        for bar, side, stop, target in zip(
            entries.signal_bar.tolist(),
            entries.side.tolist(),
            entries.stop_price.tolist(),
            entries.target_price.tolist(),
            strict=True,
        )
    }

    class Placed(bt.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            order = wanted.get(len(self.data) - 1)
            if order is not None and not self.trades:
                side, stop, target = order
                (self.buy if side > 0 else self.sell)(size=1, sl=stop, tp=target)

    frame = pd.DataFrame(
        dict(zip(("Open", "High", "Low", "Close"), arrays[1:], strict=True)),
        index=pd.DatetimeIndex(arrays[0]),
    )
    test = bt.Backtest(frame, Placed, cash=CASH, trade_on_close=True)

    def theirs() -> Any:
        with warnings.catch_warnings():
            # A trade may be open when the data ends.
            warnings.simplefilter("ignore")
            return test.run()

    ours = partial(simulate, bars, entries, fills="backtesting.py", entry="close", bounds=False, threads=bench.threads)
    name = f"{len(entries):,} entries with a stop and a target"
    stats, trades = theirs(), ours().sink.columns
    closed = stats["_trades"].sort_values("EntryBar")
    ended = np.array([REASONS[code] == "end" for code in trades["exit_reason"].tolist()])
    of = dict(entry_bar="EntryBar", exit_bar="ExitBar", entry_price="EntryPrice", exit_price="ExitPrice")
    columns = {each: closed[there].to_numpy() for each, there in of.items()}
    mine = {each: trades[each][~ended] for each in of}
    count = must_agree(mine, columns, f"backtesting.py, {name}")
    told = "it takes some microseconds a bar, so these are the first of the bars" if rows < bench.rows else None
    yield Pair(name, rows, rows, ours, theirs, f"{count:,} trades: bars and prices, to the bit", told)


def talib(bench: Bench, ta: Any) -> Iterator[Pair]:
    """Each indicator that both have, over all bars at once."""
    _, _, high, low, close = bench.arrays
    functions: dict[spec.Indicator, Callable[[], Any]] = {
        spec.sma(50): lambda: ta.SMA(close, 50),
        spec.ema(20): lambda: ta.EMA(close, 20),
        spec.true_range(): lambda: ta.TRANGE(high, low, close),
        spec.atr(14): lambda: ta.ATR(high, low, close, 14),
        spec.rsi(14): lambda: ta.RSI(close, 14),
        spec.stoch_rsi(14): lambda: ta.STOCHRSI(close, 14, 14, 1, 0)[0] / 100.0,
        spec.rolling_min(14): lambda: ta.MIN(close, 14),
        spec.rolling_max(14): lambda: ta.MAX(close, 14),
        spec.rolling_std(100): lambda: ta.STDDEV(close, 100),
    }
    for indicator, theirs in functions.items():

        def ours(indicator: spec.Indicator = indicator) -> Any:
            return IndicatorBank([indicator], 0).update(bench.chunk)[indicator]

        # Its running sum of squares drifts in releases before 0.8.
        within = DRIFT if indicator.name == "rolling_std" else TOLERANCE
        if not np.allclose(ours(), theirs(), rtol=0.0, atol=within, equal_nan=True):
            raise FidelityError(unlike(f"talib, {indicator}", "the values differ"))
        told = f"every value within {within:g}, and where there is none"
        yield Pair(str(indicator), bench.rows, bench.rows, ours, theirs, told)


PEERS = {
    "vectorbt": Peer("vectorbt", ("vectorbt", "vectorbt_rust"), "vectorbt[rust]>=1.2", vectorbt),
    "raptorbt": Peer("raptorbt", ("raptorbt",), "raptorbt>=0.13.4", raptorbt),
    "backtesting.py": Peer("backtesting", ("backtesting",), "backtesting>=0.6.6", backtesting),
    "talib": Peer("TA-Lib", ("talib",), "TA-Lib>=0.6.5", talib),
}
"""By the names that ``--against`` takes."""
