"""Cases of the golden digests: generated bars (integer arithmetic, the same everywhere) and the runs over them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np

import barloom as bl
from barloom import indicators as kinds
from barloom.bars.chunk import Chunk
from barloom.cli.run import SAMPLE_ROWS
from barloom.engine.results import RunResult
from barloom.indicators import Indicator, IndicatorBank
from helpers.bar_files import PRICES, ask_bars, finer_bars, minute_bars

ROWS = 60_000
SEED = 7
STRATEGIES = ("trend-pullback", "ema-cross", "zscore-reversion")

# Between them they ask for every rule of execution. The strategies take turns, so that each meets most of them.
RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "costs": {"spread": 0.0001, "slippage": "atr:0.05", "commission": 0.00002, "commission_per_trade": 1.5, "commission_pct": 0.001},
    "swap": {"swap_long": -0.00003, "swap_short": 0.00001, "max_hold": 4000, "target": "r:8"},
    "trail": {"stop": "atr:3", "target": "none", "trail": "atr:2", "trail_activation": "r:0.5"},
    "trail peak": {"stop": "pct:0.2", "target": "none", "trail": "peak:0.1", "position": "overlap"},
    "breakeven": {"breakeven": "r:1", "breakeven_offset": "pips:1", "target": "r:3"},
    "ladder": {"ladder": "r:1@0.5,r:2@0.3", "target": "r:4", "max_hold": 300},
    "sessions": {"friday_close": "16:55", "daily_close": "12:00", "session_zone": "America/New_York", "gap_close": "90m"},
    "limit": {"entry": "limit", "entry_offset": "atr:0.5", "good_for": 10},
    "stop order": {"entry": "stop", "entry_offset": "pips:1", "good_for": 5},
    "close": {"entry": "close", "intrabar": "nearest_open"},
    "reverse": {"position": "reverse", "target": "none"},
    "overlap": {"position": "overlap", "max_open": 3, "intrabar": "candle"},
    "lots": {"risk_pct": 1.0, "contract_size": 100_000.0, "lot_step": 0.01, "min_lots": 0.01, "max_lots": 2.0, "leverage": 30.0},
    "notional": {"notional": 20_000.0, "conversion": 0.9, "direction": "long"},
    "vectorbt": {"fills": "vectorbt", "stop": "atr:0.5", "target": "r:1"},
    "backtesting.py": {"fills": "backtesting.py", "stop": "atr:0.5", "target": "r:1"},
    "tradingview": {"fills": "tradingview", "stop": "atr:0.5", "target": "r:1"},
    "optimistic": {"fills": "optimistic", "stop": "atr:0.5", "target": "r:1"},
    "ohlc": {"intrabar": "ohlc", "stop": "atr:0.5", "target": "r:1", "size": 10_000.0},
    "olhc": {"intrabar": "olhc", "stop": "atr:0.5", "target": "r:1", "balance": 50_000.0, "slippage": 0.00001},
    "mt4-ohlc": {"fills": "mt4-ohlc", "stop": "atr:0.5", "target": "r:1"},
    "ask": {"stop": "atr:1", "target": "r:1", "position": "overlap"},
    "finer bars": {"stop": "atr:0.5", "target": "r:1"},
}  # fmt: skip


def run_cases() -> dict[str, tuple[str, str]]:
    """The name of each case, its strategy and its rules: plain runs of all, the rest in turn."""
    found = {f"{strategy}, plain": (strategy, "plain") for strategy in STRATEGIES}
    for at, rules in enumerate(name for name in RULES if name != "plain"):
        strategy = STRATEGIES[at % len(STRATEGIES)]
        found[f"{strategy}, {rules}"] = (strategy, rules)
    return found


@lru_cache(maxsize=1)
def _minutes() -> dict[str, Any]:
    return minute_bars(ROWS, SEED)


def _spread() -> Any:
    """Of 2 to 12 points."""
    return (2 + np.arange(ROWS) * 7 % 11) * 0.00001


def run_of(strategy: str, rules: str, **work: Any) -> RunResult:
    """The run of a case; ``work`` are options that never change a result."""
    minutes = _minutes()
    arguments = [minutes[name] for name in ("timestamp", *PRICES)]
    ask = None
    if rules == "ask":
        columns = ask_bars(minutes, _spread())
        ask = [columns[name] for name in PRICES]
    fine = None
    if rules == "finer bars":
        columns = finer_bars(minutes)
        fine = bl.from_arrays(*(columns[name] for name in ("timestamp", *PRICES)))
    return bl.run(bl.from_arrays(*arguments, ask=ask), strategy, fine=fine, **RULES[rules], **work)


def run_digest(strategy: str, rules: str, **work: Any) -> dict[str, Any]:
    """Description of the result of a case, with its digest."""
    return described(run_of(strategy, rules, **work))


def own_digest(**work: Any) -> dict[str, Any]:
    """``bl.simulate`` with signals of its own: what entries can ask for one by one, and exit signals."""
    minutes = _minutes()
    bars = np.arange(20, ROWS - 20, 40)
    side = np.where(np.arange(len(bars)) % 3 == 0, -1, 1)
    far = (3 + np.arange(len(bars)) % 17) * 0.00005
    entries = bl.Entries(
        bars,
        side,
        far,
        target_price=np.where(bars % 5 == 0, minutes["close"][bars] + side * 3 * far, np.nan),
        max_hold=np.where(bars % 7 == 0, 60, 0),
        size=1000.0 + bars % 100,
        trail=np.where(bars % 2 == 0, 2 * far, np.nan),
        price=np.where(bars % 4 == 0, minutes["close"][bars] - side * far / 2, np.nan),
        good_for=1 + bars % 9,
    )
    leaving = bl.ExitSignals(np.arange(33, ROWS, 170), np.arange(33, ROWS, 170) % 3 - 1)
    columns = (minutes[name] for name in ("timestamp", *PRICES))
    rules = {"entry": "limit", "position": "overlap", "costs": bl.Costs(spread=0.00004, swap_long=0.00002), **work}
    return described(bl.simulate(bl.from_arrays(*columns), entries, exit_signals=leaving, **rules))


def described(result: RunResult) -> dict[str, Any]:
    """Trades to the bit, equity to the bit, and their number."""
    points = np.ascontiguousarray(result.sink.points)
    packed = {name: points[name] for name in points.dtype.names or ()}  # without what lies between fields
    return {"trades": result.trades_count, "digest": result.digest[:32], "equity": _hash(packed)}


def sample_digest(**work: Any) -> dict[str, Any]:
    """``barloom run --sample``."""
    return described(bl.run(bl.from_synthetic(SAMPLE_ROWS, 0), **work))


def bars_digests() -> dict[str, str]:
    """The bars themselves: where these differ, the engine is not to blame."""
    minutes = _minutes()
    return {"minutes": _hash(minutes), "finer": _hash(finer_bars(minutes)), "spread": _hash({"spread": _spread()})}


def indicator_specs() -> dict[str, Indicator]:
    """One of each kind."""
    periods = {"stoch_rsi": 14, "zscore": 100, "rolling_std": 100}
    names = [name for name in kinds.__all__ if name[0].islower()]
    made = {name: getattr(kinds, name) for name in names}
    return {name: make() if name == "true_range" else make(periods.get(name, 20)) for name, make in made.items()}


def indicator_digests(chunk_rows: int = ROWS) -> dict[str, str]:
    """The values of each kind of indicator over the bars, to the bit."""
    specs = indicator_specs()
    bank = IndicatorBank(list(specs.values()))
    states = {name: hashlib.blake2b(digest_size=16) for name in specs}
    minutes = _minutes()
    columns = [minutes[name] for name in ("timestamp", *PRICES)]
    for base in range(0, ROWS, chunk_rows):
        end = min(base + chunk_rows, ROWS)
        values = bank.update(Chunk(base, 0, end - base, end == ROWS, *(column[base:end] for column in columns)))
        for name, spec in specs.items():
            states[name].update(_bytes(values[spec]))
    return {name: state.hexdigest() for name, state in states.items()}


def _bytes(values: Any) -> bytes:
    """Little-endian; every NaN the same one, as its bits are the processor's choice."""
    array = np.ascontiguousarray(values)
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _hash(columns: dict[str, Any]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for name, values in columns.items():
        state.update(name.encode())
        state.update(_bytes(values))
    return state.hexdigest()
