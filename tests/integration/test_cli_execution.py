"""Every option of ``barloom run`` about execution: it changes the result as it says, it is in the record, or it is refused."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from barloom.bars.times import iso
from helpers.bar_files import POINT, PRICES, ask_bars, finer_bars, minute_bars, spreads, write, write_market
from helpers.command import run_here

ROWS = 12_000
MINUTE = 60_000_000_000
DAY = 86_400_000_000_000
BASE = ("--strategy", "ema-cross", "--stop", "atr:1.5", "--target", "r:1.5")
BARS = minute_bars(ROWS, 7)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, ROWS, 7)
    return folder


class Run:
    """A finished run: its record and its trades as columns."""

    def __init__(self, folder):
        self.record = json.loads((folder / "run.json").read_text())
        table = pq.read_table(folder / "trades.parquet")
        self.reason = np.array(table["exit_reason"].to_pylist())
        self.trades = {name: table[name].to_numpy() for name in table.column_names if name != "exit_reason"}
        self.rejected = self.record["counts"]["rejected"]

    def __getattr__(self, name):
        return self.trades[name]

    @property
    def at_exit(self):
        return BARS["timestamp"][self.exit_bar]

    def reasons(self):
        return set(self.reason)


@pytest.fixture(scope="module")
def run(market, tmp_path_factory):
    """Runs the command over a file of the market; each distinct run is made once."""
    made = {}

    def run(*words, data="EURUSD.csv", base=BASE):
        if (data, base, words) not in made:
            out = tmp_path_factory.mktemp("out")
            code, _, said = run_here("run", market / data, *base, "--out", out, *words)
            assert code == 0, said
            (folder,) = (out / "runs").iterdir()
            made[data, base, words] = Run(folder)
        return made[data, base, words]

    return run


@pytest.fixture
def refused(market, tmp_path):
    """Runs the command, which must end with 2, one sentence, and nothing left; the sentence."""

    def refused(*words, data="EURUSD.csv"):
        out = tmp_path / "out"
        code, printed, said = run_here("run", market / data, *BASE, "--out", out, *words)
        first, *commands = said.splitlines()  # a question has the commands that go on below it
        assert code == 2 and printed == "" and not out.exists(), (code, said)
        assert first.startswith("barloom: error: ") and all(line.startswith("  barloom ") for line in commands), said
        return said

    return refused


def test_what_nobody_asked_for_is_not_there(run):
    """The run that the others are held against: none of the costs, and no exit but stop, target and the end."""
    plain = run()
    assert plain.reasons() <= {"stop", "target", "end"} and len(plain.trade_id) > 100
    for cost in ("spread_cost", "slippage_cost", "commission", "swap"):
        assert not plain.trades[cost].any()
    assert plain.record["counts"]["accepted"] == len(plain.trade_id)


# ---------------------------------------------------------------- exits


def test_trail_follows_the_best_price_on_closes(run):
    made = run("--trail", "atr:2", "--target", "none")
    assert "trail" in made.reasons() and made.record["parameters"]["trail"] == "atr:2"
    # A trail only ever raises the stop.
    trailed = (made.reason == "trail") & ~made.gap
    behind = made.side * (made.exit_price - made.initial_stop)
    assert (behind[trailed] > -1e-12).all()


def test_trail_in_percent_of_the_peak(run):
    made = run("--trail", "peak:0.02", "--target", "none")
    assert "trail" in made.reasons()
    held = made.reason == "trail"
    longs = held & (made.side > 0) & ~made.gap
    for entry, bar, price in zip(made.entry_bar[longs], made.exit_bar[longs], made.exit_price[longs], strict=True):
        peak = max(made.entry_price[longs & (made.entry_bar == entry)][0], BARS["high"][entry:bar].max())
        assert price == peak * (1.0 - 0.0002)


def test_trail_activation_waits_for_the_gain(run):
    at_once, late = (
        run("--trail", "atr:2", "--target", "none"),
        run("--trail", "atr:2", "--trail-activation", "r:1", "--target", "none"),
    )
    assert (late.reason == "trail").sum() < (at_once.reason == "trail").sum()
    assert (late.mfe >= np.abs(late.entry_price - late.initial_stop))[late.reason == "trail"].all()


def test_breakeven_leaves_at_the_entry_price_or_beyond_by_the_offset(run):
    made, beyond = run("--breakeven", "r:0.5"), run("--breakeven", "r:0.5", "--breakeven-offset", "pips:0.2")
    for runs, offset in ((made, 0.0), (beyond, 0.2 * 0.0001)):
        still = (runs.reason == "breakeven") & ~runs.gap
        assert still.any()
        gained = runs.side * (runs.exit_price - runs.entry_price)
        assert gained[still] == pytest.approx(offset, abs=1e-12)


def test_a_ladder_leaves_in_parts_and_its_signal_counts_once(run):
    made = run("--ladder", "r:0.5@0.5,r:1@0.3", "--size", "100000")
    parts = made.size.reshape(-1, 3)
    assert parts == pytest.approx(np.tile([50_000, 30_000, 20_000], (len(parts), 1)))
    assert (np.diff(made.entry_bar.reshape(-1, 3), axis=1) == 0).all()
    counts = made.record["counts"]
    assert counts["accepted"] == len(parts) and made.record["metrics"]["trades"] == 3 * len(parts)
    risk = np.abs(made.entry_price - made.initial_stop)
    reach = np.abs(made.target - made.entry_price) / risk
    assert reach.reshape(-1, 3) == pytest.approx(np.tile([0.5, 1.0, 1.5], (len(parts), 1)))


def test_a_ladder_from_a_file_is_a_list(run, market, tmp_path):
    (tmp_path / "s.toml").write_text('ladder = ["r:0.5@0.5", "r:1@0.3"]\nsize = 100000\n')
    listed = run("--config", str(tmp_path / "s.toml"))
    assert listed.record["digest"] == run("--ladder", "r:0.5@0.5,r:1@0.3", "--size", "100000").record["digest"]


def test_max_hold_is_the_longest(run):
    made = run("--max-hold", "7")
    assert made.bars_held.max() == 7 and "time" in made.reasons()


def before(times, nanoseconds_of_day):
    """Mask of the bars that are the last before that time of day."""
    following = np.append(BARS["timestamp"][1:], np.iinfo(np.int64).max)
    after = following[np.searchsorted(BARS["timestamp"], times)]
    boundary = (times - nanoseconds_of_day) // DAY * DAY + nanoseconds_of_day + DAY
    return boundary <= after


def test_daily_close_leaves_before_the_time_in_its_zone(run):
    wide = ("--stop", "atr:50", "--target", "none")
    utc, tokyo = (
        run(*wide, "--daily-close", "12:00"),
        run(*wide, "--daily-close", "21:00", "--session-zone", "Asia/Tokyo"),
    )
    left = utc.at_exit[utc.reason == "session"]
    assert len(left) > 3 and before(left, DAY // 2).all()
    assert tokyo.record["digest"] == utc.record["digest"]
    assert tokyo.record["parameters"]["session_zone"] == "Asia/Tokyo"


def test_friday_close_leaves_on_fridays_only(run):
    made = run("--friday-close", "12:00", "--stop", "atr:50", "--target", "none")
    left = made.at_exit[made.reason == "session"]
    assert len(left) and (((left // DAY) + 3) % 7 == 4).all()


def test_gap_close_leaves_before_the_pause(run):
    made = run("--gap-close", "2h", "--stop", "atr:50", "--target", "none")
    left = made.exit_bar[made.reason == "session"]
    assert len(left) and (BARS["timestamp"][left + 1] - BARS["timestamp"][left] > 120 * MINUTE).all()


# ---------------------------------------------------------------- entries


def test_limit_orders_are_filled_at_their_price_or_better_or_expire(run):
    made = run("--entry", "limit", "--entry-offset", "atr:0.5", "--good-for", "3")
    assert made.rejected["expired"] > 0 and (made.entry_bar - made.signal_bar).max() == 3
    closes = BARS["close"][made.signal_bar]
    assert (made.side * (closes - made.entry_price) > 0).all()
    short = run("--entry", "limit", "--entry-offset", "atr:0.5")
    assert (short.entry_bar - short.signal_bar).max() == 1 and short.rejected["expired"] > made.rejected["expired"]


def test_stop_orders_are_filled_at_their_price_or_worse(run):
    made = run("--entry", "stop", "--entry-offset", "pips:0.5", "--good-for", "4", "--slippage", "0.00001")
    closes = BARS["close"][made.signal_bar]
    assert (made.side * (made.entry_price - closes) >= 0.5 * 0.0001 + 0.00001 - 1e-12).all()


def test_close_entries_are_filled_at_the_close(run):
    made = run("--entry", "close")
    assert (made.entry_price == BARS["close"][made.signal_bar]).all()


# ---------------------------------------------------------------- fills and positions


@pytest.mark.parametrize("fills", ["optimistic", "tradingview", "mt4-ohlc", "vectorbt", "backtesting.py"])
def test_a_preset_is_in_the_record_and_gives_trades_of_its_own(run, fills):
    tight = ("--stop", "atr:0.7", "--target", "r:1")
    made, plain = run(*tight, "--fills", fills), run(*tight)
    assert made.record["parameters"]["fills"] == fills
    same_policy = {"tradingview": "nearest_open", "mt4-ohlc": "candle", "optimistic": "optimistic"}
    if fills in same_policy:
        by_hand = run(*tight, "--intrabar", same_policy[fills])
        assert made.record["digest"] == by_hand.record["digest"] != plain.record["digest"]
    if fills == "vectorbt":
        assert made.bars_held.min() > 1 == plain.bars_held.min()


def test_drilldown_settles_what_bars_leave_open_within_the_bounds(run, market):
    tight = ("--stop", "atr:0.5", "--target", "r:1", "--size", "100000")
    plain = run(*tight)
    made = run(*tight, "--fine", str(market / "EURUSD-15s.parquet"))
    assert made.ambiguous.sum() == plain.ambiguous.sum() > 3
    assert set(made.reason[made.ambiguous]) == {"stop", "target"}
    assert made.record["bounds"]["deciding_trades"] == 0 < plain.record["bounds"]["deciding_trades"]
    bounds = plain.record["bounds"]
    assert bounds["worst"]["net_pnl"] < made.record["metrics"]["net_pnl"] < bounds["best"]["net_pnl"]
    assert made.record["data"]["finer"]["step_ns"] == 15_000_000_000
    assert made.record["data"]["reading"]["fine"] == str(market / "EURUSD-15s.parquet")


def test_the_bounds_are_the_runs_under_the_two_extreme_policies(run):
    tight = ("--stop", "atr:0.5", "--target", "r:1", "--size", "100000")
    bounds = run(*tight).record["bounds"]
    for policy, case in (("pessimistic", "worst"), ("optimistic", "best")):
        assert bounds[case]["net_pnl"] == pytest.approx(run(*tight, "--intrabar", policy).record["metrics"]["net_pnl"])


def test_reverse_turns_an_open_trade_round_at_the_next_open(run):
    wide = ("--stop", "atr:20", "--target", "none")
    made = run(*wide, "--position", "reverse")
    turned = np.flatnonzero(made.reason == "signal")
    assert len(turned) > 50 and "position" not in made.rejected
    assert (made.entry_bar[turned + 1] == made.exit_bar[turned]).all()
    assert (made.side[turned + 1] == -made.side[turned]).all()


def test_overlap_with_max_open(run):
    wide = ("--stop", "atr:20", "--target", "none")
    few, many = run(*wide, "--position", "overlap", "--max-open", "2"), run(*wide, "--position", "overlap")
    assert len(run(*wide).trade_id) < len(few.trade_id) < len(many.trade_id)


# ---------------------------------------------------------------- costs


def test_the_ask_file_is_what_longs_pay(run, market):
    made = run("--ask", str(market / "EURUSD-ask.csv"), "--size", "1000")
    longs = made.side > 0
    spread = spreads(BARS)[made.entry_bar[longs]]
    assert made.entry_price[longs] == pytest.approx(BARS["open"][made.entry_bar[longs]] + spread)
    assert made.spread_cost[longs] == pytest.approx(1000 * spread)
    assert (made.entry_price[~longs] == BARS["open"][made.entry_bar[~longs]]).all()
    assert made.record["data"]["reading"]["ask"] == str(market / "EURUSD-ask.csv")


def test_a_spread_column_is_the_ask_file_in_other_words(run, market):
    column = run("--spread-column", "spread", "--size", "1000", data="EURUSD-spread.csv")
    assert column.record["digest"] == run("--ask", str(market / "EURUSD-ask.csv"), "--size", "1000").record["digest"]
    assert column.record["data"]["reading"]["spread_column"] == "spread"


def test_spread_and_slippage_in_multiples_of_the_atr(run):
    made = run("--slippage", "atr:0.1", "--spread", "0.00002", "--size", "1000")
    assert made.record["parameters"]["slippage"] == "atr:0.1"
    assert made.spread_cost == pytest.approx(np.full(len(made.size), 0.02))
    # The stop is 1.5 ATR away, so a fill slips a fifteenth of the risk; a target does not slip.
    fills = np.where(made.reason == "target", 1, 2)
    assert made.slippage_cost == pytest.approx(1000 * fills * np.abs(made.entry_price - made.initial_stop) / 15)


def test_commissions_add_up(run):
    made = run("--commission", "0.00001", "--commission-per-trade", "1.5", "--commission-pct", "0.01", "--size", "1000")
    turned_over = 1000 * (made.entry_price + made.exit_price)
    assert made.commission == pytest.approx(0.01 + 1.5 + turned_over * 0.0001)


def test_swap_is_charged_by_side_for_each_night(run):
    wide = ("--stop", "atr:30", "--target", "none", "--size", "1000", "--position", "overlap")
    made = run(*wide, "--swap-long", "0.00003", "--swap-short", "-0.00001")
    nights = np.where(made.side > 0, made.swap / 0.03, made.swap / -0.01)
    assert nights == pytest.approx(np.round(nights)) and nights.max() > 0 and (nights == 0).any()
    assert made.swap[made.side > 0].sum() > 0 > made.swap[made.side < 0].sum()


# ---------------------------------------------------------------- money


def test_notional_sizes_every_trade_to_the_same_value(run):
    made = run("--notional", "20000")
    assert made.size * made.entry_price == pytest.approx(np.full(len(made.size), 20_000.0))


def test_lots_round_down_cut_and_refuse(run):
    plain = run()
    lots = ("--contract-size", "100000", "--lot-step", "0.5", "--min-lots", "1.5", "--max-lots", "3")
    made = run(*lots)
    assert set(made.size / 100_000) <= {1.5, 2.0, 2.5, 3.0} and len(set(made.size)) > 1
    assert made.size.max() == 300_000 < plain.size.max()
    assert made.rejected["below_minimum"] > 0


def test_conversion_makes_money_of_the_quote_currency(run):
    made, plain = run("--size", "1000", "--conversion", "0.5"), run("--size", "1000")
    assert made.net_pnl == pytest.approx(0.5 * plain.net_pnl)


def test_leverage_refuses_what_the_balance_cannot_carry(run):
    made = run("--leverage", "20")
    assert made.rejected["insufficient_margin"] > 0
    assert (made.size * made.entry_price <= 20 * 10_000 * 1.5).all()


# ---------------------------------------------------------------- refusals


REFUSED = [
    (["--trail", "atr:-1"], "--trail"),
    (["--trail", "points:nan"], "--trail"),
    (["--trail", "2"], "--trail"),
    (["--trail-activation", "r:1"], "--trail"),
    (["--trail", "atr:2", "--trail-activation", "r:-1"], "--trail-activation"),
    (["--breakeven", "r:0"], "--breakeven"),
    (["--breakeven-offset", "pips:1"], "--breakeven"),
    (["--breakeven", "r:1", "--breakeven-offset", "pips:-1"], "--breakeven-offset"),
    (["--ladder", "r:1@0.7,r:2@0.6"], "--ladder"),
    (["--ladder", "r:1"], "--ladder"),
    (["--ladder", "r:1@0"], "--ladder"),
    (["--ladder", "r:1@nan"], "--ladder"),
    (["--ladder", "r:-1@0.5"], "--ladder"),
    (["--ladder", "r:1@0.5,r:2@0.5"], "--target"),
    (["--max-hold", "0"], "--max-hold"),
    (["--daily-close", "25:00"], "--daily-close"),
    (["--daily-close", "noon"], "--daily-close"),
    (["--friday-close", "9pm"], "--friday-close"),
    (["--gap-close", "soon"], "--gap-close"),
    (["--gap-close", "0m"], "--gap-close"),
    (["--session-zone", "Europe/London"], "--session-zone"),
    (["--daily-close", "12:00", "--session-zone", "Mars/Olympus"], "--session-zone"),
    (["--entry", "limit"], "--entry-offset"),
    (["--entry", "limit", "--entry-offset", "r:1"], "--entry-offset"),
    (["--entry", "limit", "--entry-offset", "atr:nan"], "--entry-offset"),
    (["--entry-offset", "atr:1"], "--entry"),
    (["--good-for", "3"], "--entry"),
    (["--entry", "limit", "--entry-offset", "atr:1", "--good-for", "0"], "--good-for"),
    (["--intrabar", "drilldown"], "--fine"),
    (["--intrabar", "ohlc", "--fine", "FOLDER/EURUSD-15s.parquet"], "--intrabar drilldown"),
    (["--intrabar", "drilldown", "--fine", "FOLDER/EURUSD.csv"], "no finer"),
    (["--intrabar", "drilldown", "--fine", "FOLDER/half.parquet"], "half.parquet"),
    (["--intrabar", "drilldown", "--fine", "FOLDER/absent.csv"], "absent.csv"),
    (["--ask", "FOLDER/absent.csv"], "absent.csv"),
    (["--ask", "FOLDER/crossed.csv"], "crossed"),
    (["--ask", "FOLDER/half-ask.csv"], "no_ask"),
    (["--ask", "FOLDER/EURUSD-ask.csv", "--spread", "0.0001"], "--spread"),
    (["--ask", "FOLDER/EURUSD-ask.csv", "--spread-column", "spread"], "--spread-column"),
    (["--spread-column", "spred"], "spred"),
    (["--fills", "vectorbt", "--intrabar", "optimistic"], "--intrabar"),
    (["--fills", "backtesting.py", "--intrabar", "ohlc"], "--fills backtesting.py"),
    (["--fills", "vectorbt", "--entry", "limit", "--entry-offset", "atr:1"], "--entry"),
    (["--fills", "vectorbt", "--position", "overlap"], "--position"),
    (["--fills", "vectorbt", "--position", "reverse"], "--position"),
    (["--position", "reverse", "--entry", "close"], "--entry"),
    (["--position", "reverse", "--max-open", "2"], "--max-open"),
    (["--slippage", "atr:-0.1"], "--slippage"),
    (["--slippage", "pips:1"], "--slippage"),
    (["--swap-long", "nan"], "--swap-long"),
    (["--commission-pct", "-1"], "--commission-pct"),
    (["--notional", "1000", "--size", "10"], "exclude each other"),
    (["--notional", "1000", "--risk-pct", "1"], "exclude each other"),
    (["--lot-step", "0.01", "--size", "10"], "--lot-step"),
    (["--min-lots", "3", "--max-lots", "2"], "--min-lots"),
    (["--contract-size", "100000"], "--lot-step"),
    (["--leverage", "0"], "--leverage"),
    (["--stop", "none"], "--size"),
    (["--stop", "none", "--target", "none", "--size", "1", "--trail", "r:1"], "--trail"),
    (["--breakeven", "peak:1"], "--breakeven"),
]


@pytest.fixture(scope="module")
def odd(market):
    """Files beside those of the market that cannot go with it."""
    ask = ask_bars(BARS, spreads(BARS))
    write(market / "half.parquet", {name: values[: 2 * ROWS] for name, values in finer_bars(BARS).items()})
    write(market / "half-ask.csv", {name: values[: ROWS // 2] for name, values in ask.items()})
    crossed = np.arange(ROWS) == 500
    write(market / "crossed.csv", {**ask, "low": np.where(crossed, ask["low"] - 50 * POINT, ask["low"])})
    return market


@pytest.mark.parametrize(("words", "named"), REFUSED)
def test_what_cannot_be_is_refused_by_name_and_leaves_nothing(refused, odd, words, named):
    assert named in refused(*(word.replace("FOLDER", str(odd)) for word in words))


def test_the_sample_has_no_file_to_read_otherwise(refused, tmp_path):
    for option, value in (("--ask", "a.csv"), ("--spread-column", "s"), ("--fine", "f.csv")):
        code, _, said = run_here("run", "--sample", option, value, "--out", tmp_path / "out")
        assert code == 2 and option in said and "--sample" in said and not (tmp_path / "out").exists()


def test_the_summary_says_what_bars_leave_open(market, tmp_path):
    tight = ("--strategy", "ema-cross", "--stop", "atr:0.5", "--target", "r:1", "--out", tmp_path / "out")
    _, said, _ = run_here("run", market / "EURUSD.csv", *tight)
    (line,) = [line for line in said.splitlines() if line.startswith("bounds")]
    assert "worst / best" in line and "net PnL" in line and "decide" in line
    _, said, _ = run_here(
        "run", market / "EURUSD.csv", *tight, "--intrabar", "drilldown", "--fine", market / "EURUSD-15s.parquet"
    )
    assert "finer bars settled every trade that bars left open: " in said
    _, said, _ = run_here("run", market / "EURUSD.csv", *tight, "--target", "none")
    assert "no bar left a trade open" in said


def test_the_fixture_is_what_it_says():
    assert len(BARS["open"]) == ROWS and iso(int(BARS["timestamp"][0])).startswith("2015")
    assert all((BARS["low"] <= BARS[name]).all() and (BARS[name] <= BARS["high"]).all() for name in PRICES)
