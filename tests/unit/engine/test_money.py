"""The money of trades, every formula by hand: sizes, refusals, costs, equity and the bounds of ambiguous trades."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from barloom.engine.trades import REFUSALS
from barloom.rules.costs import Costs
from barloom.rules.rules import Rules
from barloom.rules.sizing import Sizing
from helpers.market import START, Market
from helpers.money import Settled, trade

HOUR = 60
CODE = {name: code for code, name in REFUSALS.items()}
EMPTY_PART = 10


def flat(closes: list[float], **options: Any) -> Market:
    return Market([(close, close, close, close) for close in closes], **options)


MARKET = flat([100.0] * 12)


def one(rules: Rules, market: Market = MARKET, **options: Any) -> dict[str, Any]:
    """A long of bars 1 to 3, stop 2 away, that made 4; as the ledger leaves it."""
    plans = options.pop("plans", False)
    options = {"stop": options.get("entry", 100.0) - 2.0} | options
    entry, exit_price = options.pop("entry", 100.0), options.pop("exit_price", 104.0)
    settled = Settled(market, [trade(1, 3, entry, exit_price, **options)], rules, plans=plans)
    return {name: settled[name][0] for name in settled.trades.dtype.names or ()}


# Sizes


def test_fixed_units() -> None:
    assert one(Rules(sizing=Sizing(units=3.0)))["size"] == 3.0


def test_an_entrys_own_size_wins_and_is_taken_as_it_is() -> None:
    rules = Rules(sizing=Sizing(risk_pct=1.0, lot_step=1.0, min_lots=5.0, max_lots=6.0))
    assert one(rules, size=0.3)["size"] == 0.3


def test_risk_is_percent_of_balance_over_the_distance_to_the_stop() -> None:
    assert one(Rules(sizing=Sizing(balance=1000.0, risk_pct=1.0)))["size"] == 1000.0 * 1.0 / 100.0 / 2.0


def test_risk_in_another_currency() -> None:
    rules = Rules(sizing=Sizing(balance=1000.0, risk_pct=1.0, conversion=0.8))
    assert one(rules)["size"] == 1000.0 * 1.0 / 100.0 / (2.0 * 0.8)


def test_notional_over_the_entry_price() -> None:
    rules = Rules(sizing=Sizing(notional=5000.0, conversion=0.8))
    row = one(rules, entry=125.0)
    assert row["size"] == 5000.0 / (125.0 * 0.8)
    assert one(rules, entry=125.0, stop=math.nan)["size"] == row["size"], "notional needs no stop"


@pytest.mark.parametrize(
    ("risk", "lots", "size"),
    [
        (2.5, {"lot_step": 0.01}, 10.0),  # 12.5 units are 0.0125 lots
        (2.5, {"lot_step": 0.001}, 12.0),
        (2.4, {"lot_step": 0.001}, 12.0),
        (2.5, {"max_lots": 0.005}, 5.0),
        (2.5, {"lot_step": 0.002, "max_lots": 0.005}, 4.0),
        (2.5, {"min_lots": 0.0125}, 12.5),
    ],
)
def test_computed_sizes_are_rounded_down_to_the_lot_step(risk: float, lots: dict[str, float], size: float) -> None:
    rules = Rules(sizing=Sizing(balance=1000.0, risk_pct=risk, contract_size=1000.0, **lots))
    assert one(rules)["size"] == pytest.approx(size, rel=1e-12)


def test_a_whole_number_of_steps_stays_whole() -> None:
    """0.3 / 0.1 is below 3 in floating point: such a size keeps its last step."""
    for tenths in range(1, 100):
        rules = Rules(sizing=Sizing(notional=tenths * 0.1 * 100.0, lot_step=0.1))
        assert one(rules)["size"] == pytest.approx(tenths * 0.1, rel=1e-9)


@pytest.mark.parametrize("lots", [{"min_lots": 5.0}, {"lot_step": 6.0}, {"lot_step": 2.0, "min_lots": 5.0}])
def test_too_small_a_size_is_refused(lots: dict[str, float]) -> None:
    settled = Settled(
        MARKET, [trade(1, 3, 100.0, 104.0, stop=98.0)], Rules(sizing=Sizing(balance=980.0, risk_pct=1.0, **lots))
    )
    assert settled["refusal"] == [CODE["below_minimum"]]
    assert settled.account()["balance"] == 980.0 and settled.totals.accepted == 0


def test_leverage_counts_every_open_trade_at_its_entry_price() -> None:
    rules = Rules(max_positions=0, sizing=Sizing(balance=1000.0, units=6.0, leverage=1.5, conversion=2.0))
    rows = [
        trade(1, 4, 100.0, 100.0),  # 1200 of 1500
        trade(2, 5, 100.0, 100.0, size=1.5),  # exactly 1500
        trade(3, 6, 100.0, 100.0, size=0.5),  # too much, whoever chose the size
        trade(4, 6, 100.0, 100.0, size=0.5),  # the first trade leaves on this bar, after the fill
        trade(5, 6, 50.0, 50.0, size=12.0),  # 300 open on this bar, 1200 more
    ]
    settled = Settled(MARKET, rows, rules)
    assert settled["refusal"] == [0, 0, CODE["insufficient_margin"], CODE["insufficient_margin"], 0]
    assert settled["trade_id"] == [0, 1, -1, -1, 2]
    assert settled.totals.accepted == 3


def test_a_balance_of_nothing_is_refused_but_keeps_its_place() -> None:
    rules = Rules(max_positions=0, sizing=Sizing(balance=100.0, risk_pct=100.0))
    rows = [trade(1, 2, 100.0, 98.0, stop=98.0, reason="stop"), trade(3, 5, 100.0, 104.0, stop=98.0)]
    settled = Settled(MARKET, rows, rules)
    assert settled["net_pnl"][0] == -100.0
    assert settled["refusal"] == [0, CODE["no_equity"]] and settled["trade_id"] == [0, -1]
    assert settled.account()["exposed_bars"] == 2


def test_balance_is_that_of_trades_closed_before_the_entry_bar() -> None:
    rules = Rules(max_positions=0, sizing=Sizing(balance=1000.0, risk_pct=10.0))
    rows = [
        trade(1, 3, 100.0, 101.0, stop=99.0),
        trade(3, 5, 100.0, 100.0, stop=99.0),
        trade(4, 5, 100.0, 100.0, stop=99.0),
    ]
    assert Settled(MARKET, rows, rules)["size"] == [100.0, 100.0, 110.0]


def test_numbers_follow_the_fills_and_ties_the_order_of_entry() -> None:
    rows = [trade(5, 6, 100.0, 100.0), trade(2, 9, 100.0, 100.0), trade(5, 9, 100.0, 100.0), trade(2, 6, 100.0, 100.0)]
    settled = Settled(MARKET, rows, Rules(max_positions=0, sizing=Sizing(units=1.0)))
    assert settled["trade_id"] == [2, 0, 3, 1]
    ended = settled.points[settled.points["trade_id"] >= 0]
    assert ended["trade_id"].tolist() == [2, 1, 0, 3] and ended["bar"].tolist() == [6, 6, 9, 9]


# Ladders


def ladder(*fractions: float, order: int = 0, exits: tuple[int, ...] = (3, 4, 5), **options: Any) -> list[np.ndarray]:
    """The parts of one signal; the last has no fraction of its own."""
    return [
        trade(1, exits[part], 100.0, 101.0, stop=98.0, part=part, order=order, fraction=fraction, **options)
        for part, fraction in enumerate([*fractions, 0.0])
    ]


@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
def test_parts_share_the_size_and_the_last_takes_what_is_left(chunk_rows: int) -> None:
    rules = Rules(max_positions=0, parts=3, sizing=Sizing(balance=1000.0, risk_pct=2.0))
    settled = Settled(MARKET, ladder(0.5, 0.3), rules, plans=True, chunk_rows=chunk_rows)
    assert settled["size"] == [10.0 * 0.5, 10.0 * 0.3, 10.0 - 10.0 * 0.5 - 10.0 * 0.3]
    assert settled["trade_id"] == [0, 1, 2] and settled.totals.accepted == 1
    assert settled.account()["balance"] == 1010.0


def test_parts_of_a_computed_size_are_rounded_to_lots() -> None:
    rules = Rules(max_positions=0, parts=3, sizing=Sizing(balance=1000.0, risk_pct=2.2, lot_step=1.0))
    assert Settled(MARKET, ladder(0.5, 0.3), rules, plans=True)["size"] == [5.0, 3.0, 3.0]
    assert Settled(MARKET, ladder(0.5, 0.3, size=7.0), rules, plans=True)["size"] == [
        3.5,
        7.0 * 0.3,
        7.0 - 3.5 - 7.0 * 0.3,
    ]


def test_a_part_that_rounds_to_nothing_is_no_trade() -> None:
    rules = Rules(max_positions=0, parts=3, sizing=Sizing(balance=1000.0, risk_pct=0.2, lot_step=1.0))
    settled = Settled(MARKET, ladder(0.9, 0.1), rules, plans=True)
    assert settled["refusal"] == [EMPTY_PART, EMPTY_PART, 0]
    assert settled["trade_id"] == [-1, -1, 0] and settled.trades["size"][2] == 1.0
    assert settled.totals.accepted == 1 and settled.account()["trades"] == 1


def test_parts_are_refused_together_and_judged_by_the_whole() -> None:
    rules = Rules(max_positions=0, parts=3, sizing=Sizing(balance=1000.0, units=11.0, leverage=1.0))
    rows = [*ladder(0.5, 0.3), *ladder(0.5, 0.3, order=1, size=10.0), *ladder(0.5, 0.3, order=2, size=1.0)]
    settled = Settled(MARKET, rows, rules, plans=True)
    margin = CODE["insufficient_margin"]
    assert settled["refusal"] == [margin] * 3 + [0] * 3 + [margin] * 3
    assert settled.totals.accepted == 1


# Costs

EVERY_COST = Costs(
    spread=0.25,
    slippage=0.125,
    commission=0.5,
    commission_per_trade=3.0,
    commission_pct=0.1,
    swap_long=0.75,
    swap_short=-0.25,
)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("reason", "slips"), [("time", 2), ("stop", 2), ("target", 1), ("signal", 2), ("session", 2)])
def test_costs_by_hand(side: int, reason: str, slips: int) -> None:
    rules = Rules(costs=EVERY_COST, sizing=Sizing(units=4.0, conversion=2.0))
    row = one(
        rules,
        flat([100.0] * 12, minutes=list(range(0, 12 * HOUR, HOUR))),
        side=side,
        stop=100.0 - 2 * side,
        reason=reason,
    )
    move = 4.0 * side
    assert row["spread_cost"] == 0.25 * 4 * 2
    assert row["slippage_cost"] == 0.125 * 4 * slips * 2
    assert row["commission"] == 0.5 * 4 + 3.0 + 0.1 / 100.0 * (4 * (100.0 + 104.0) * 2)
    assert row["swap"] == 0.0, "from 23:14 to 01:14 UTC there is no rollover"
    assert row["gross_pnl"] == 4 * move * 2 + row["spread_cost"] + row["slippage_cost"]
    costs = row["spread_cost"], row["slippage_cost"], row["commission"], row["swap"]
    assert row["net_pnl"] == row["gross_pnl"] - costs[0] - costs[1] - costs[2] - costs[3]
    assert row["r"] == row["net_pnl"] / (2.0 * 4.0 * 2.0)


def test_a_trade_without_a_stop_has_no_r() -> None:
    assert math.isnan(one(Rules(sizing=Sizing(units=1.0)), stop=math.nan)["r"])


def test_limit_entries_do_not_slip() -> None:
    costs = Costs(slippage=0.5)
    by_entry = {}
    for entry in ("limit", "stop", "next_open"):
        rules = Rules(entry=entry, costs=costs, sizing=Sizing(units=1.0))
        row = one(rules, plans=True, price=100.0, slippage=0.5)
        target = one(rules, plans=True, price=100.0, slippage=0.5, reason="target")
        by_entry[entry] = (row["slippage_cost"], target["slippage_cost"])
    assert by_entry == {"limit": (0.5, 0.0), "stop": (1.0, 0.5), "next_open": (1.0, 0.5)}
    market_order = one(Rules(entry="limit", costs=costs, sizing=Sizing(units=1.0)), plans=True, slippage=0.5)
    assert market_order["slippage_cost"] == 1.0, "an entry without a price is a market order"


def test_each_trade_has_its_own_slippage() -> None:
    rules = Rules(max_positions=0, costs=Costs(slippage=9.0), sizing=Sizing(units=2.0))
    rows = [trade(1, 3, 100.0, 101.0, slippage=0.25), trade(1, 3, 100.0, 101.0, slippage=0.5)]
    assert Settled(MARKET, rows, rules, plans=True)["slippage_cost"] == [0.25 * 2 * 2, 0.5 * 2 * 2]


def test_the_spread_paid_is_the_trades_own_where_bars_have_an_ask() -> None:
    rules = Rules(max_positions=0, costs=Costs(spread=9.0), sizing=Sizing(units=2.0))
    rows = [trade(1, 3, 100.0, 101.0, spread=0.25), trade(1, 3, 100.0, 101.0, side=-1, spread=0.5)]
    settled = Settled(MARKET, rows, rules, plans=True, ask_close=[100.5] * 12)
    assert settled["spread_cost"] == [0.5, 1.0]
    constant = Settled(MARKET, rows, rules, plans=True)
    assert constant["spread_cost"] == [18.0, 18.0]


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_swap_is_charged_at_17_in_new_york_and_threefold_on_wednesday(chunk_rows: int) -> None:
    # START is Tuesday, 2023-11-14 22:14 UTC, quarter past five in the afternoon in New York (UTC-5).
    assert np.datetime64("2023-11-14T22:14", "ns").astype(np.int64) == START
    day = 24 * HOUR
    market = flat([100.0] * 8, minutes=[0, day - 15, day - 14, 2 * day, 4 * day, 6 * day, 7 * day, 8 * day])
    rules = Rules(max_positions=0, costs=Costs(swap_long=0.5, swap_short=-0.25), sizing=Sizing(units=2.0))
    rows = [
        trade(0, 1, 100.0, 100.0),  # to Wednesday 21:59: no night
        trade(0, 2, 100.0, 100.0),  # to Wednesday 22:00, the rollover itself
        trade(0, 3, 100.0, 100.0, side=-1),  # to Thursday 22:14
        trade(2, 3, 100.0, 100.0),  # from the rollover on: only Thursday's
        trade(3, 5, 100.0, 100.0),  # to Monday: Friday's and Monday's
        trade(0, 6, 100.0, 100.0),  # a whole week
    ]
    settled = Settled(market, rows, rules, chunk_rows=chunk_rows)
    nights = [0, 3, 4, 1, 2, 7]
    rates = [0.5, 0.5, -0.25, 0.5, 0.5, 0.5]
    assert settled["swap"] == [rate * 2 * night for rate, night in zip(rates, nights, strict=True)]
    assert settled["net_pnl"] == [-swap for swap in settled["swap"]]


# Equity


@pytest.mark.parametrize("chunk_rows", [1, 2, 5, 100])
def test_equity_at_every_close_by_hand(chunk_rows: int) -> None:
    closes = [100.0, 101.0, 103.0, 99.0, 98.0, 104.0, 104.0, 104.0]
    market = flat(closes)
    rules = Rules(max_positions=0, costs=Costs(spread=0.5), sizing=Sizing(balance=1000.0, units=2.0, conversion=3.0))
    rows = [trade(1, 5, 100.5, 104.0), trade(2, 4, 103.0, 98.5, side=-1)]
    settled = Settled(market, rows, rules, chunk_rows=chunk_rows)
    # Long from bar 1 at 100.5, short from bar 2 at 103 and marked on the ask, half a point above the close.
    equity = [
        1000.0,
        1000 + 6 * (101 - 100.5),
        1000 + 6 * (103 - 100.5) + 6 * (103 - 103.5),
        1000 + 6 * (99 - 100.5) + 6 * (103 - 99.5),
        1000 + 6 * (98 - 100.5) + 6 * (103 - 98.5),
        1000 + 6 * 3.5 + 6 * 4.5,
    ]
    account = settled.account()
    assert account["last_equity"] == account["balance"] == equity[-1] == 1048.0
    peak, deepest, deepest_pct = 1000.0, 0.0, 0.0
    for value in equity:
        peak = max(peak, value)
        deepest = max(deepest, peak - value)
        deepest_pct = max(deepest_pct, (peak - value) / peak)
    assert (account["max_drawdown"], account["max_drawdown_pct"]) == (deepest, deepest_pct)
    assert account["exposed_bars"] == 5
    assert settled.points["equity"].tolist() == [equity[4], equity[5], 1048.0]


def test_shorts_are_marked_on_the_asks_own_column() -> None:
    market = flat([100.0, 101.0, 102.0, 101.0, 100.0, 100.0])
    asks = [100.5, 101.25, 104.0, 101.5, 100.0, 100.0]
    rules = Rules(max_positions=0, costs=Costs(spread=7.0), sizing=Sizing(balance=1000.0, units=2.0, conversion=0.5))
    rows = [trade(1, 4, 101.0, 100.0, side=-1), trade(1, 3, 101.25, 101.0)]
    settled = Settled(market, rows, rules, plans=True, ask_close=asks)
    # On bar 2 the short is 101 - 104 down on the ask, the long 102 - 101.25 up on the bid.
    assert settled.account()["max_drawdown"] == 3.0 - 0.75
    assert settled.points["equity"].tolist() == [1000 - 0.25 - 0.5, 1000 - 0.25 + 1.0, 1000.75]


def walk(rng: np.random.Generator, count: int) -> list[float]:
    return (1000 + np.cumsum(rng.integers(-8, 9, count)) / 8).tolist()


def many(rng: np.random.Generator, closes: list[float], count: int) -> list[np.ndarray]:
    rows = []
    for _ in range(count):
        entry_bar = int(rng.integers(0, len(closes) - 1))
        exit_bar = min(len(closes) - 1, entry_bar + int(rng.choice([0, 1, 7, 60, 400])))
        side = int(rng.choice([1, -1]))
        entry = closes[entry_bar]
        reason = rng.choice(["stop", "target", "time", "breakeven"]) if rows else "stop"
        stop, target = entry - side * 2.0, entry + side * 3.0
        exit_price = {"target": target, "time": closes[exit_bar]}.get(reason, stop - side * 0.125)
        ambiguous = bool(reason != "time" and rng.random() < 0.5) or not rows
        options = {"side": side, "stop": stop, "target": target, "reason": reason, "slippage": 0.125, "spread": 0.25}
        rows.append(trade(entry_bar, exit_bar, entry, exit_price, ambiguous=ambiguous, **options))
    return sorted(rows, key=lambda row: int(row["trade"]["signal_bar"][0]))


def marked_plainly(
    market: Market, settled: Settled, rules: Rules, case: int, asks: list[float] | None
) -> dict[str, float]:
    """Peak, drawdowns and their times of one case, walked bar by bar."""
    trades = settled.trades
    sizes = [trades["size"], trades["size_best"], trades["size_worst"]][case]
    balance = peak = rules.sizing.balance
    out = {"max_drawdown": 0.0, "max_drawdown_pct": 0.0, "longest_drawdown": 0, "exposed_bars": 0, "wins": 0}
    peak_time, under_water = int(market.time[0]), False
    for j, close in enumerate(market.close.tolist()):
        open_now = (trades["entry_bar"] <= j) & (trades["exit_bar"] >= j)
        out["exposed_bars"] += bool(open_now.any())
        for k in np.flatnonzero(trades["exit_bar"] == j):
            row, size, outcomes = trades[k], sizes[k], []
            levels = [(row["exit_price"], row["exit_reason"] == 2)]
            if case and row["ambiguous"]:
                levels = [(row["target"], True), (row["stop"] - row["side"] * 0.125, False)]
            for price, at_target in levels:
                paid = 0.25 if asks else rules.costs.spread
                costs = (paid * size, 0.125 * size * (1 if at_target else 2), rules.costs.commission * size, 0.0)
                net = size * (row["side"] * (price - row["entry_price"])) + costs[0] + costs[1]
                for cost in costs:
                    net -= cost
                outcomes.append(net)
            net = min(outcomes) if case == 2 else max(outcomes)
            balance += net
            out["wins"] += net > 0
        equity = balance
        ask = asks[j] if asks else close + rules.costs.spread
        for k in np.flatnonzero(open_now & (trades["exit_bar"] > j)):
            mark = close if trades["side"][k] > 0 else ask
            equity += sizes[k] * (trades["side"][k] * (mark - trades["entry_price"][k]))
        if equity >= peak:
            if under_water:
                out["longest_drawdown"] = max(out["longest_drawdown"], int(market.time[j]) - peak_time)
            peak, peak_time, under_water = equity, int(market.time[j]), False
        else:
            under_water = True
            out["max_drawdown"] = max(out["max_drawdown"], peak - equity)
            out["max_drawdown_pct"] = max(out["max_drawdown_pct"], (peak - equity) / peak)
    return out | {"balance": balance, "last_equity": equity, "peak": peak, "peak_time": peak_time}


@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("count", [3, 40, 400])
@pytest.mark.parametrize("seed", range(2))
def test_accounts_of_all_cases_as_marked_bar_by_bar(seed: int, count: int, ask: bool) -> None:
    """Prices are eighths and sizes whole, so that sums are exact and every field of the account is told to the bit."""
    rng = np.random.default_rng(seed)
    closes = walk(rng, 1500)
    minutes = np.cumsum(rng.choice([1, 5, 60, 700], 1500, p=[0.6, 0.2, 0.19, 0.01])).tolist()
    market = flat(closes, minutes=minutes)
    asks = (
        [close + float(k) / 8 for close, k in zip(closes, rng.integers(0, 9, len(closes)), strict=True)]
        if ask
        else None
    )
    rules = Rules(max_positions=0, costs=Costs(spread=0.25, slippage=0.125, commission=0.25), sizing=Sizing(units=2.0))
    settled = Settled(market, many(rng, closes, count), rules, plans=ask, ask_close=asks)
    assert settled.account()["cases"] == 3
    for case in range(3):
        plain = marked_plainly(market, settled, rules, case, asks)
        found = settled.account(case)
        assert {name: found[name] for name in plain} == plain
        assert found["trades"] == count and found["open_trades"] == 0


@pytest.mark.parametrize("ask", [False, True])
def test_chunks_never_change_a_byte(ask: bool) -> None:
    rng = np.random.default_rng(5)
    closes = walk(rng, 700)
    market = flat(closes, minutes=(np.arange(700) * 37).tolist())
    asks = (np.array(closes) + rng.integers(0, 9, len(closes)) / 8).tolist() if ask else None
    costs = Costs(spread=0.25, slippage=0.125, commission_pct=0.01, swap_long=0.01, swap_short=0.02)
    rules = Rules(
        max_positions=0, costs=costs, sizing=Sizing(balance=1000.0, risk_pct=3.0, lot_step=0.1, leverage=20.0)
    )
    rows = many(rng, closes, 120)
    whole = Settled(market, rows, rules, plans=ask, ask_close=asks)
    assert len(set(whole["refusal"])) > 1 and whole.account()["cases"] == 3
    for chunk_rows in (1, 2, 31, 33, 64, 500):
        cut = Settled(market, rows, rules, plans=ask, ask_close=asks, chunk_rows=chunk_rows)
        assert cut.points.tobytes() == whole.points.tobytes()
        assert cut.totals.accounts.tobytes() == whole.totals.accounts.tobytes()
        for name in ("trade_id", "size", "net_pnl", "swap", "refusal"):
            assert cut.trades[name].tobytes() == whole.trades[name].tobytes()


# Bounds


def ambiguous(entry_bar: int, exit_bar: int, reason: str = "stop", **options: Any) -> np.ndarray:
    """A long from 100 with stop 98 and target 103, that held both levels on its last bar."""
    exit_price = 103.0 if reason == "target" else 98.0
    return trade(
        entry_bar, exit_bar, 100.0, exit_price, stop=98.0, target=103.0, reason=reason, ambiguous=True, **options
    )


@pytest.mark.parametrize("reason", ["stop", "trail", "target"])
def test_an_ambiguous_trade_has_two_outcomes(reason: str) -> None:
    rules = Rules(costs=Costs(slippage=0.25, spread=0.125, commission=0.5), sizing=Sizing(balance=1000.0, units=2.0))
    row = ambiguous(1, 3, reason)
    if reason != "target":
        row["trade"]["exit_price"] = 98.0 - 0.25
    settled = Settled(MARKET, [row], rules)
    best, worst = 2 * 3.0 - 1.0, 2 * -2.25 - 1.0
    chosen = best if reason == "target" else worst
    assert settled["net_pnl"] == [chosen]
    assert [settled.account(case)["balance"] - 1000.0 for case in range(3)] == [chosen, best, worst]
    assert [settled.account(case)["wins"] for case in range(3)] == [int(chosen > 0), 1, 0]


def test_the_other_outcome_of_a_short() -> None:
    rules = Rules(costs=Costs(slippage=0.25), sizing=Sizing(balance=1000.0, units=2.0))
    row = trade(1, 3, 100.0, 97.0, side=-1, stop=102.0, target=97.0, reason="target", ambiguous=True)
    settled = Settled(MARKET, [row], rules)
    assert [settled.account(case)["balance"] for case in range(3)] == [1006.0, 1006.0, 1000.0 - 2 * 2.25]


@pytest.mark.parametrize("bounds", [True, False])
def test_what_finer_bars_decided_leaves_nothing_open(bounds: bool) -> None:
    rules = Rules(bounds=bounds, sizing=Sizing(units=1.0))
    settled = Settled(MARKET, [ambiguous(1, 3, decided=bounds)], rules)
    assert settled.account()["cases"] == 1
    assert settled.totals.accounts[1] == settled.totals.accounts[2] == settled.totals.accounts[0]


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_each_case_sizes_by_its_own_balance(chunk_rows: int) -> None:
    rules = Rules(max_positions=0, sizing=Sizing(balance=1000.0, risk_pct=10.0))
    rows = [
        ambiguous(1, 4),  # 50 units
        trade(2, 6, 100.0, 101.0, stop=99.0),  # open when the cases part: 100 units in each
        trade(5, 7, 100.0, 101.0, stop=99.0),
        trade(8, 9, 100.0, 99.0, stop=99.0, reason="stop"),
    ]
    settled = Settled(MARKET, rows, rules, chunk_rows=chunk_rows)
    best, worst = 1000 + 50 * 3.0, 1000 - 50 * 2.0
    assert settled["size"][:3] == [50.0, 100.0, worst / 10]
    assert settled.trades["size_best"][2:].tolist() == [best / 10, (best + 100 + best / 10) / 10]
    assert settled.trades["size_worst"][2:].tolist() == [worst / 10, (worst + 100 + worst / 10) / 10]
    assert settled.account(1)["balance"] == pytest.approx((best + 100 + best / 10) * 0.9)
    assert settled.account(2)["balance"] == settled.account()["balance"]


def test_what_one_case_cannot_pay_another_can() -> None:
    rules = Rules(max_positions=0, sizing=Sizing(balance=100.0, risk_pct=100.0))
    rows = [ambiguous(1, 2), trade(3, 5, 100.0, 104.0, stop=98.0), ambiguous(6, 8, "target")]
    settled = Settled(MARKET, rows, rules)
    assert settled["refusal"] == [0, CODE["no_equity"], CODE["no_equity"]]
    assert [settled.account(case)["balance"] for case in range(3)] == [0.0, 250.0 * 3 * 2.5, 0.0]
    assert [settled.account(case)["trades"] for case in range(3)] == [1, 3, 1]
    assert settled.totals.accepted == 1
    assert settled.account()["exposed_bars"] == 2


def test_drawdown_of_each_case() -> None:
    market = flat([100.0, 100.0, 100.0, 99.0, 96.0, 100.0, 100.0])
    rules = Rules(max_positions=0, sizing=Sizing(balance=1000.0, units=10.0))
    settled = Settled(market, [ambiguous(1, 2), trade(3, 5, 99.0, 100.0)], rules)
    # Chosen and worst: 20 lost and 30 more at the close of bar 4. Best: 30 won, then 30 below that peak.
    assert [settled.account(case)["max_drawdown"] for case in range(3)] == [50.0, 30.0, 50.0]
    assert [settled.account(case)["max_drawdown_pct"] for case in range(3)] == [0.05, 30 / 1030, 0.05]


def test_equity_points_are_those_of_the_chosen_account() -> None:
    rules = Rules(sizing=Sizing(balance=1000.0, units=1.0))
    apart = Settled(MARKET, [ambiguous(1, 3)], rules)
    plain = Settled(MARKET, [ambiguous(1, 3, decided=True)], rules)
    assert apart.points.tobytes() == plain.points.tobytes()
    names = [name for name in apart.totals.account.dtype.names if name != "cases"]
    assert apart.totals.account[names].tolist() == plain.totals.account[names].tolist()
