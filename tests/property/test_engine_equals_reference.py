"""The compiled engine gives what the reference simulator gives, whatever the chunks and threads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barloom.execution import reference
from barloom.execution.book import Rules
from barloom.execution.costs import Costs
from barloom.execution.fills import INTRABAR
from barloom.execution.sizing import Sizing
from barloom.execution.trades import COLUMNS
from helpers.engine import Outcome, weave
from helpers.market import Market, entries_for, markets

COSTS = st.builds(
    Costs,
    spread=st.sampled_from([0.0, 0.125, 0.5]),
    slippage=st.sampled_from([0.0, 0.125]),
    commission=st.sampled_from([0.0, 0.25]),
)
SIZINGS = st.sampled_from(
    [Sizing(units=1.0), Sizing(balance=1000.0, risk_pct=1.0), Sizing(balance=50.0, risk_pct=100.0)]
)


def same(a: Any, b: Any) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def assert_equal(outcome: Outcome, judged: reference.ReferenceResult) -> None:
    assert outcome.rejected == judged.rejected
    rows = outcome.rows()
    assert len(rows) == len(judged.trades)
    for row, trade in zip(rows, judged.trades, strict=True):
        for name in COLUMNS:
            assert same(row[name], getattr(trade, name)), (name, row, trade)
    assert outcome.signals == len(rows) + sum(outcome.rejected.values())


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_trades_equal_the_reference_simulator(data: st.DataObject) -> None:
    """Every column of every trade to the bit, and every refusal by reason, for each policy, entry, position rule and cost."""
    market: Market = data.draw(markets())
    entries = data.draw(entries_for(len(market)))
    entry = data.draw(st.sampled_from(["next_open", "close"]))
    intrabar = data.draw(st.sampled_from(list(INTRABAR)))
    places = data.draw(st.sampled_from([0, 1, 2, 3]))
    max_hold = data.draw(st.sampled_from([0, 1, 3]))
    costs, sizing = data.draw(COSTS), data.draw(SIZINGS)
    rules = Rules(entry == "close", INTRABAR[intrabar], places, max_hold, costs, sizing)

    judged = reference.simulate(
        market.reference(),
        entries,
        entry=entry,
        intrabar=intrabar,
        max_open=places,
        max_hold=max_hold,
        costs=costs,
        sizing=sizing,
    )
    outcome = weave(market, entries, rules, chunk_rows=data.draw(st.integers(1, len(market))))

    assert_equal(outcome, judged)
    account = outcome.account[0]
    assert account["exposed_bars"] == judged.exposed_bars
    assert account["last_equity"] == pytest.approx(judged.equity[-1], rel=1e-9)
    assert account["max_drawdown"] == pytest.approx(judged.max_drawdown, rel=1e-9, abs=1e-9)
    assert account["max_drawdown_pct"] == pytest.approx(judged.max_drawdown_pct, rel=1e-9, abs=1e-9)
    by_bar = np.asarray(judged.equity)[outcome.points["bar"]]
    np.testing.assert_allclose(outcome.points["equity"], by_bar, rtol=1e-9, atol=1e-9)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_chunks_never_change_a_byte(data: st.DataObject) -> None:
    """FR-009: trades, equity points and account are the same bytes for every way to cut the bars."""
    market: Market = data.draw(markets(60))
    entries = data.draw(entries_for(len(market)))
    rules = Rules(
        data.draw(st.booleans()),
        data.draw(st.sampled_from(list(INTRABAR.values()))),
        data.draw(st.sampled_from([0, 1, 2])),
        data.draw(st.sampled_from([0, 4])),
        data.draw(COSTS),
        data.draw(SIZINGS),
    )
    whole = weave(market, entries, rules, chunk_rows=len(market))
    for chunk_rows in {1, 2, 7, data.draw(st.integers(1, len(market)))}:
        assert weave(market, entries, rules, chunk_rows).bytes() == whole.bytes()


@pytest.mark.parametrize("places", [0, 1, 50])
@pytest.mark.parametrize("seed", range(3))
def test_threads_and_skipped_blocks_never_change_a_byte(seed: int, places: int) -> None:
    """F7: thousands of bars and trades, so that blocks and groups are skipped and every thread has work, against the judge."""
    rng = np.random.default_rng(seed)
    count, asked = 12_000, 900
    closes = 100 + np.cumsum(rng.integers(-3, 4, count)) / 64
    opens = np.concatenate([[100.0], closes[:-1]]) + (rng.random(count) < 0.02) * rng.integers(-9, 10, count) / 64
    highs = np.maximum(opens, closes) + rng.integers(0, 4, count) / 64
    lows = np.minimum(opens, closes) - rng.integers(0, 4, count) / 64
    market = Market(np.stack([opens, highs, lows, closes], axis=1))
    from barloom.execution.entries import Entries

    where = np.sort(rng.integers(0, count, asked))
    distance = rng.choice([0.25, 1.0, 4.0, 16.0, np.nan], asked)
    entries = Entries(
        where,
        np.where(where % 2 == 0, 1, -1),
        distance,
        distance * rng.choice([0.5, 1.0, 3.0], asked),
        max_hold=rng.choice([0, 0, 64, 5000], asked),
    )
    rules = Rules(False, INTRABAR["nearest_open"], places, 0, Costs(spread=1 / 64), Sizing(units=1.0))
    judged = reference.simulate(
        market.reference(), entries, intrabar="nearest_open", max_open=places, costs=rules.costs, sizing=rules.sizing
    )
    whole = weave(market, entries, rules, chunk_rows=count)
    assert_equal(whole, judged)
    for chunk_rows, threads in [(count, 2), (count, 3), (count, 7), (4096, 2), (1000, 2), (63, 1)]:
        assert weave(market, entries, rules, chunk_rows, threads).bytes() == whole.bytes()
