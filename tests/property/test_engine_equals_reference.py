"""The compiled engine gives what the reference simulator gives, whatever the chunks and threads."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.engine.trades import COLUMNS
from barloom.reference import simulator as reference
from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.rules import Rules
from barloom.rules.sessions import Session
from barloom.rules.sizing import Sizing
from helpers.engine import EngineOutcome, run_pipeline
from helpers.market import Market, entries_for, entries_of, exit_signals_for, markets, rules_for, walk


def same(a: Any, b: Any) -> bool:
    """Equal, and for numbers to the bit; one NaN is like another."""
    if isinstance(a, float) and isinstance(b, float) and a == a:
        return struct.pack("<d", a) == struct.pack("<d", b)
    return bool(a == b or (a != a and b != b))


def assert_equal(outcome: EngineOutcome, judged: reference.ReferenceResult) -> None:
    rows = outcome.rows()
    for row, trade in zip(rows, judged.trades, strict=False):
        for name in COLUMNS:
            assert same(row[name], getattr(trade, name)), (name, row, trade)
    assert len(rows) == len(judged.trades)
    assert outcome.rejected == judged.rejected
    assert outcome.accepted == judged.accepted
    assert outcome.signals == outcome.accepted + sum(outcome.rejected.values())


def assert_equal_money(outcome: EngineOutcome, judged: reference.ReferenceResult, balance: float) -> None:
    """Equity is summed in another order, so it is equal but for rounding."""
    account = outcome.account[0]
    lasted = max(
        int(account["longest_drawdown"]), (account["last_time"] - account["peak_time"]) * account["under_water"]
    )
    assert 0 <= lasted <= account["last_time"] - outcome.first_time, "no drawdown began before the bars did"
    assert account["exposed_bars"] == judged.exposed_bars
    for name, expected in (
        ("last_equity", judged.equity[-1]),
        ("max_drawdown", judged.max_drawdown),
        ("max_drawdown_pct", judged.max_drawdown_pct),
    ):
        assert account[name] == pytest.approx(expected, rel=1e-9, abs=1e-9), name
    by_bar = np.asarray(judged.equity)[outcome.points["bar"]]
    np.testing.assert_allclose(outcome.points["equity"], by_bar, rtol=1e-9, atol=1e-9)
    for bound, case in zip(outcome.accounts[1:], (judged.best, judged.worst), strict=True):
        if case is not None:
            assert (bound["trades"], bound["wins"]) == (case.trades, case.wins)
            assert bound["balance"] - balance == pytest.approx(case.net_pnl, rel=1e-9, abs=1e-9)
            assert bound["max_drawdown"] == pytest.approx(case.max_drawdown, rel=1e-9, abs=1e-9)


def drawn_market(data: st.DataObject, rules: Rules, max_bars: int = 40) -> Market:
    return data.draw(markets(max_bars, ask=data.draw(st.booleans()), fine=rules.intrabar == "drilldown"))


FOCUS: dict[str, dict[str, Any]] = {
    "everything": {},
    "plain": {"entry": "next_open", "parts": 1, "session": None, "reverse": False, "costs": Costs()},
    "limit": {"entry": "limit", "reverse": False},
    "stop": {"entry": "stop", "reverse": False},
    "close": {"entry": "close", "reverse": False, "max_positions": 1},
    "reverse": {"reverse": True},
    "ladder": {"parts": 3, "max_positions": 0},
    "drilldown": {"intrabar": "drilldown", "max_positions": 0},
    "bounds": {"bounds": True, "max_positions": 0, "sizing": Sizing(balance=1000.0, risk_pct=5.0)},
}


@pytest.mark.parametrize("focus", FOCUS)
@given(data=st.data())
def test_trades_equal_the_reference_simulator(focus: str, data: st.DataObject) -> None:
    """Every column of every trade to the bit, and every refusal by reason, for any rules, costs, sizes, quotes and chunks."""
    rules = data.draw(rules_for(**FOCUS[focus]))
    market = drawn_market(data, rules)
    entries = data.draw(entries_for(market, rules))
    exit_signals = data.draw(exit_signals_for(market))
    chunk_rows = data.draw(st.integers(1, len(market)))

    judged = reference.simulate(market.reference(), entries, rules, exit_signals)
    outcome = run_pipeline(market, entries, rules, chunk_rows, exit_signals=exit_signals)

    assert_equal(outcome, judged)
    assert_equal_money(outcome, judged, rules.sizing.balance)


@given(st.data())
def test_chunks_never_change_a_byte(data: st.DataObject) -> None:
    """Trades, equity points and accounts are the same bytes for every way to cut the bars."""
    rules = data.draw(rules_for())
    market = drawn_market(data, rules, max_bars=60)
    entries = data.draw(entries_for(market, rules))
    exit_signals = data.draw(exit_signals_for(market))
    whole = run_pipeline(market, entries, rules, len(market), exit_signals=exit_signals)
    for chunk_rows in {1, 2, 7, data.draw(st.integers(1, len(market)))}:
        assert run_pipeline(market, entries, rules, chunk_rows, exit_signals=exit_signals).bytes() == whole.bytes()


def many_entries(market: Market, asked: int, seed: int, *, parts: int = 1, planned: bool = True) -> Entries:
    """Entries that hold for a few bars or for thousands, with trails and breakevens that move seldom or often."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for bar in np.sort(rng.integers(0, len(market), asked)).tolist():
        stop = rng.choice([0.25, 1.0, 1.0, 4.0, 16.0, np.nan])
        target = stop * rng.choice([0.5, 1.0, 3.0, 9.0])
        row = {
            "signal_bar": bar,
            "side": 1 if bar % 2 else -1,
            "stop": stop,
            "target": target,
            "max_hold": int(rng.choice([0, 64, 64, 64, 5000])),
        }
        if planned:
            row |= {
                "price": market.close[bar] + rng.integers(-16, 17) / market.step,
                "good_for": int(rng.choice([1, 5, 5, 300, 5000])),
                "trail": rng.choice([0.25, 1.0, 4.0, np.nan]),
                "activation": rng.choice([0.0, 0.5, 2.0]),
                "trigger": rng.choice([0.5, 2.0, np.nan]),
                "offset": rng.choice([0.0, 0.125]),
            }
        rows += [
            row | {"target": target * (part + 1), "fraction": 1.0 / parts, "nearest": target} for part in range(parts)
        ]
    return entries_of(rows, planned)


DEEP: dict[str, dict[str, Any]] = {
    "plain": {"costs": Costs(spread=1 / 64), "intrabar": "nearest_open"},
    "moving stops": {"costs": Costs(spread=1 / 64), "intrabar": "ohlc"},
    "ask columns": {"costs": Costs(slippage=1 / 64)},
    "limit": {"entry": "limit", "intrabar": "candle", "costs": Costs(spread=1 / 64)},
    "stop": {"entry": "stop", "intrabar": "optimistic"},
    "close": {"entry": "close", "scan_entry_bar": False},
    "drilldown": {"intrabar": "drilldown", "costs": Costs(spread=1 / 64)},
    "ladder": {"parts": 3, "costs": Costs(swap_long=0.01, swap_short=0.02)},
    "session": {"session": Session(daily="21:00", zone="Europe/London", before_gap="5h")},
    "exit signals": {"costs": Costs(spread=1 / 64)},
}


@pytest.mark.parametrize("max_positions", [0, 1, 50])
@pytest.mark.parametrize("feature", DEEP)
def test_threads_and_skipped_blocks_never_change_a_byte(feature: str, max_positions: int) -> None:
    """Thousands of bars and trades, so that blocks and groups are skipped and every thread has work, against the judge."""
    seed, bars = sorted(DEEP).index(feature), 9_000
    market = walk(bars, seed, step=(64, 100)[seed % 2], ask=feature == "ask columns", fine=feature == "drilldown")
    rules = Rules(max_positions=max_positions, sizing=Sizing(units=1.0), **DEEP[feature])
    entries = many_entries(market, 300, seed, parts=rules.parts, planned=feature != "plain")
    exit_signals = ExitSignals(np.arange(7, bars, 997), np.tile([1, -1, 0], bars)[: len(range(7, bars, 997))])
    if feature != "exit signals":
        exit_signals = ExitSignals.none()
    judged = reference.simulate(market.reference(), entries, rules, exit_signals)
    whole = run_pipeline(market, entries, rules, bars, exit_signals=exit_signals)
    assert_equal(whole, judged)
    assert_equal_money(whole, judged, rules.sizing.balance)
    for chunk_rows, threads in [(bars, 2), (bars, 3), (bars, 7), (4096, 2), (1000, 2), (63, 1)]:
        assert run_pipeline(market, entries, rules, chunk_rows, threads, exit_signals).bytes() == whole.bytes()
