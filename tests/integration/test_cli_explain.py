"""``barloom explain``: the story of a trade is the trade of the run, told in order, or there is no story."""

import json
import re
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barloom import FidelityError, InputError
from barloom.explanation.explain import explain
from barloom.explanation.record import Explanation
from barloom.strategies.base import StrategyOrigin
from barloom.strategies.registry import load_strategy
from helpers.bar_files import POINT, PRICES, minute_bars, write, write_market
from helpers.command import run_here

ROWS = 8_000
BARS = minute_bars(ROWS, 3)
TIGHT = ("--stop", "atr:0.6", "--target", "r:1")
SHOWN = 7
"""Trades of each run whose stories are read."""

MINE = """
import numpy as np
from barloom import Entries, ExitSignals, Strategy
from barloom.indicators import ema


class Mine(Strategy):
    name = "mine"

    def indicators(self):
        return {"mean": ema(30)}

    def signals(self, window):
        bars = np.arange(window.start, len(window))
        bars = bars[window.timestamp[bars] // 60_000_000_000 % 40 == 0]
        side = np.where(window.close[bars] > window["mean"][bars], 1, -1)
        return Entries(bars, side, stop=np.full(len(bars), 0.002))

    def exits(self, window):
        bars = np.arange(window.start, len(window))
        bars = bars[window.timestamp[bars] // 60_000_000_000 % 17 == 0]
        return ExitSignals(bars, 0)
"""


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, ROWS, 3)
    (folder / "mine.py").write_text(MINE)
    (folder / "mine.py").chmod(0o644)
    return folder


def make(market, out, *words, data="EURUSD.csv", strategy="ema-cross"):
    """The folder of a run."""
    words = [str(word).replace("FOLDER", str(market)) for word in words]
    code, _, said = run_here("run", market / data, "--strategy", strategy, "--out", out, *words)
    assert code == 0, said
    return max((out / "runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)


@pytest.fixture(scope="module")
def run(market, tmp_path_factory):
    """One run with ambiguous trades, used by many tests."""
    return make(market, tmp_path_factory.mktemp("out"), *TIGHT)


def rows_of(folder):
    return pq.read_table(folder / "trades.parquet").to_pylist()


RUNS = {
    "plain": TIGHT,
    "close entries": ("--entry", "close", *TIGHT),
    "limit orders": (
        "--entry",
        "limit",
        "--entry-offset",
        "atr:0.4",
        "--good-for",
        "5",
        *TIGHT,
        "--slippage",
        "0.00001",
    ),
    "stop orders": ("--entry", "stop", "--entry-offset", "atr:0.4", "--good-for", "5", *TIGHT, "--slippage", "atr:0.1"),
    "nearest open": ("--fills", "tradingview", *TIGHT),
    "candle": ("--fills", "mt4-ohlc", *TIGHT),
    "vectorbt": ("--fills", "vectorbt", *TIGHT),
    "trail and breakeven": (
        "--trail",
        "atr:2",
        "--trail-activation",
        "r:1",
        "--breakeven",
        "r:0.5",
        "--target",
        "none",
    ),
    "trail in percent": ("--trail", "peak:0.02", "--target", "none"),
    "ladder by risk in lots": (
        *("--ladder", "r:0.5@0.5,r:1@0.3", "--trail", "atr:2", "--spread", "0.00002"),
        *("--lot-step", "0.01", "--contract-size", "100000"),
    ),
    "reverse": ("--position", "reverse", "--stop", "atr:10", "--target", "none", "--spread", "0.00002"),
    "overlap": ("--position", "overlap", "--stop", "atr:10", "--target", "r:3", "--leverage", "50"),
    "session": ("--daily-close", "12:00", "--stop", "atr:10", "--max-hold", "400"),
    "costs": (
        *("--spread", "0.00003", "--slippage", "0.00001", "--commission", "0.00002", "--commission-pct", "0.001"),
        *("--swap-long", "0.00002", "--swap-short", "-0.00001", "--conversion", "0.8", "--stop", "atr:20"),
        *("--position", "overlap"),
    ),
    "ask": ("--ask", "FOLDER/EURUSD-ask.csv"),
    "drilldown": ("--intrabar", "drilldown", "--fine", "FOLDER/EURUSD-15s.parquet", *TIGHT),
    "a portion": ("--data-frac", "0.3", "--portion", "2"),
    "a range of times": ("--start", "2015-01-06", "--end", "2015-01-08"),
}


@pytest.mark.parametrize("words", RUNS.values(), ids=RUNS)
def test_the_story_is_that_of_the_trade_in_the_run(market, tmp_path, words):
    folder = make(market, tmp_path, *words)
    rows = rows_of(folder)
    assert len(rows) > SHOWN
    ambiguous = [row["trade_id"] for row in rows if row["ambiguous"]]
    for trade_id in {0, len(rows) - 1, *ambiguous[:3], *range(2, len(rows), len(rows) // SHOWN)}:
        check(explain(folder, trade_id), rows[trade_id])


def check(story, row):
    """Everything the story repeats from the trade, and that it is told in order."""
    assert story.trade_id == row["trade_id"] and story.side == ("long" if row["side"] > 0 else "short")
    assert [story.signal.bar.bar, story.fill.bar.bar, story.decision.bar.bar] == [
        row["signal_bar"],
        row["entry_bar"],
        row["exit_bar"],
    ]
    assert story.fill.price == row["entry_price"] and story.decision.price == row["exit_price"]
    assert story.decision.reason == row["exit_reason"] and story.decision.gap == row["gap"]
    assert story.decision.ambiguous == row["ambiguous"] == (story.decision.other is not None)
    for name in ("gross_pnl", "spread_cost", "slippage_cost", "commission", "swap", "net_pnl"):
        assert getattr(story.money, name) == row[name]
    assert story.fill.bar.time == f"{row['entry_time']:%Y-%m-%dT%H:%M:%SZ}"
    side, levels = row["side"], [move.new for move in story.moves]
    assert (np.diff(np.array(levels) * side) > 0).all()
    assert [move.old for move in story.moves[1:]] == levels[:-1]
    assert all(row["entry_bar"] <= move.bar < row["exit_bar"] for move in story.moves)
    if story.moves:
        assert story.moves[-1].new == story.decision.stop
    kept = row["exit_bar"] - row["signal_bar"] + 2
    bars = int(re.search(r"its ([\d,]+) bars", story.checked)[1].replace(",", ""))
    assert bars in (kept, kept - 1)


@pytest.mark.parametrize(("policy", "other"), [("pessimistic", "optimistic"), ("optimistic", "pessimistic")])
def test_the_other_order_pays_what_the_other_policy_pays(market, tmp_path, policy, other):
    words = (*TIGHT, "--size", "10000", "--spread", "0.00001", "--slippage", "0.00001", "--commission", "0.00001")
    folder = make(market, tmp_path / "a", *words, "--intrabar", policy)
    instead = rows_of(make(market, tmp_path / "b", *words, "--intrabar", other))
    found = [row["trade_id"] for row in rows_of(folder) if row["ambiguous"]]
    assert len(found) > 2
    for trade_id in found:
        told = explain(folder, trade_id).decision.other
        row = instead[trade_id]
        assert (told.price, told.reason, told.net_pnl) == (row["exit_price"], row["exit_reason"], row["net_pnl"])


def test_the_signal_bar_and_its_indicators_are_those_of_the_data(run):
    row = rows_of(run)[5]
    signal = explain(run, 5).signal
    bar = {name: BARS[name][row["signal_bar"]] for name in PRICES}
    assert signal.bar.bid.model_dump() == pytest.approx(bar)
    fast, slow = signal.indicators["fast"], signal.indicators["slow"]
    assert (fast > slow) == (row["side"] > 0)
    assert signal.asked.stop == pytest.approx(abs(row["entry_price"] - row["initial_stop"]))


def test_exits_of_a_strategy_are_told(market, tmp_path):
    folder = make(market, tmp_path, "--size", "1000", strategy=f"{market / 'mine.py'}:Mine")
    rows = rows_of(folder)
    left = [row["trade_id"] for row in rows if row["exit_reason"] == "signal"]
    assert len(left) > 20
    for trade_id in left[:5]:
        story = explain(folder, trade_id)
        check(story, rows[trade_id])
        assert "exit signal" in story.decision.words and "mean" in story.signal.indicators


# ---------------------------------------------------------------- the command


def test_json_is_the_story_and_nothing_else(run):
    code, printed, said = run_here("explain", run, 3, "--format", "json")
    assert code == 0 and said == ""
    assert Explanation.model_validate_json(printed) == explain(run, 3)


def test_a_run_is_found_by_folder_record_or_job_id(run):
    told = [
        run_here("explain", *words)
        for words in ([run, 3], [run / "run.json", 3], [run.name, 3, "--out", run.parent.parent])
    ]
    assert {code for code, _, _ in told} == {0} and len({printed for _, printed, _ in told}) == 1


def test_the_text_tells_the_story_in_order(run):
    ambiguous = next(row["trade_id"] for row in rows_of(run) if row["ambiguous"])
    _, printed, _ = run_here("explain", run, ambiguous)
    words = ["signal", "asked for", "fill", "levels", "left", "rule", "ambiguous", "held", "gross", "net", "checked"]
    firsts = [re.match(r"\s*(\w+( for)?)", line)[1] for line in printed.splitlines() if line.strip()]
    assert [word for word in firsts if word in words] == words
    assert "the bar held both the stop" in printed and "the other order" in printed and "pessimistic" in printed


def test_many_moves_are_folded(market, tmp_path):
    folder = make(
        market, tmp_path, "--trail", "peak:0.3", "--stop", "atr:50", "--target", "none", "--position", "overlap"
    )
    story = max((explain(folder, row["trade_id"]) for row in rows_of(folder)[::9]), key=lambda story: len(story.moves))
    assert len(story.moves) > 20
    _, printed, _ = run_here("explain", folder, story.trade_id)
    assert f"{len(story.moves) - 15:,} more" in printed
    bars = [f"{move.bar:,}" for move in (*story.moves[:10], *story.moves[-5:])]
    found = [
        line.split()[0] for line in printed.splitlines() if line.endswith(tuple("0123456789")) and " trail " in line
    ]
    assert found == bars


def test_a_trade_of_the_sample_is_told_without_a_file(tmp_path):
    code, _, said = run_here("run", "--sample", "--strategy", "ema-cross", "--data-frac", "0.05", "--out", tmp_path)
    assert code == 0, said
    (folder,) = (tmp_path / "runs").iterdir()
    check(explain(folder, 4), rows_of(folder)[4])


# ---------------------------------------------------------------- refusals


def refused(*words):
    code, printed, said = run_here("explain", *words)
    assert printed == "" and said.count("\n") == 1, said
    return code, said


def test_a_trade_that_is_not_there_is_refused_with_those_that_are(run):
    last = len(rows_of(run)) - 1
    code, said = refused(run, last + 1)
    assert code == 2 and f"trades 0 to {last}" in said
    assert refused(run, "-1")[0] == 2 and refused(run, "first")[0] == 2


def test_a_run_that_is_not_there_is_refused_with_the_nearest(run, tmp_path):
    code, said = refused(run.name[:-1] + "x", 0, "--out", run.parent.parent)
    assert code == 2 and run.name in said
    code, said = refused("nothing", 0, "--out", tmp_path)
    assert code == 2 and str(tmp_path) in said
    assert refused(tmp_path, 0)[0] == 2


def test_bars_that_are_gone_or_others_are_refused(market, tmp_path):
    write(tmp_path / "bars.csv", BARS)
    code, _, said = run_here("run", tmp_path / "bars.csv", "--strategy", "ema-cross", "--out", tmp_path)
    assert code == 0, said
    (folder,) = (tmp_path / "runs").iterdir()
    late = {name: values.copy() for name, values in BARS.items()}
    late["high"][-1] += POINT
    write(tmp_path / "bars.csv", late)
    with pytest.raises(InputError, match=r"bars\.csv are not those of the run"):
        explain(folder, 0)
    (tmp_path / "bars.csv").unlink()
    code, said = refused(folder, 0)
    assert code == 2 and "bars.csv" in said


def test_other_finer_bars_are_refused(market, tmp_path):
    words = ("--intrabar", "drilldown", "--fine", tmp_path / "fine.parquet", *TIGHT)
    (tmp_path / "fine.parquet").write_bytes((market / "EURUSD-15s.parquet").read_bytes())
    folder = make(market, tmp_path, *words)
    ambiguous = next(row["trade_id"] for row in rows_of(folder) if row["ambiguous"])
    fine = pq.read_table(tmp_path / "fine.parquet")
    pq.write_table(fine.slice(0, fine.num_rows - 1), tmp_path / "fine.parquet")
    code, said = refused(folder, ambiguous)
    assert code == 2 and "fine.parquet" in said


def test_a_strategy_that_was_changed_is_refused(market, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "mine.py").chmod(0o644)
    folder = make(market, tmp_path, "--size", "1000", strategy=f"{tmp_path / 'mine.py'}:Mine")
    ran = tmp_path / "ran"
    (tmp_path / "mine.py").write_text(f"open({str(ran)!r}, 'w').close()\n{MINE}")
    code, said = refused(folder, 0)
    assert code == 2 and "mine.py" in said and "changed since the run" in said
    assert not ran.exists()  # refused before any of it runs


def test_a_module_that_was_changed_is_refused_before_it_runs(tmp_path, monkeypatch):
    (tmp_path / "barloom_test_changed.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    ran = StrategyOrigin("module", str(tmp_path / "barloom_test_changed.py"), "0" * 64)
    with pytest.raises(InputError, match=r"barloom_test_changed\.py was changed since the run"):
        load_strategy("barloom_test_changed:Mine", ran=ran)
    assert "barloom_test_changed" not in sys.modules
    assert load_strategy("barloom_test_changed:Mine").origin.kind == "module"
    sys.modules.pop("barloom_test_changed")


@pytest.mark.parametrize("column", ["exit_price", "net_pnl", "signal_bar"])
def test_trades_that_do_not_come_out_again_end_with_3(market, tmp_path, column):
    folder = make(market, tmp_path, *TIGHT)
    table = pq.read_table(folder / "trades.parquet")
    at = table.column_names.index(column)
    values = table[column].to_numpy().copy()
    values[2] += 1 if column == "signal_bar" else 1e-5
    pq.write_table(table.set_column(at, table.schema.field(column), pa.array(values)), folder / "trades.parquet")
    with pytest.raises(FidelityError, match="trade 2 of"):
        explain(folder, 2)
    assert refused(folder, 2)[0] == 3
    check(explain(folder, 3), rows_of(folder)[3])


def test_a_record_of_another_shape_is_refused(run, tmp_path):
    record = json.loads((run / "run.json").read_text())
    del record["bounds"]
    (tmp_path / "run.json").write_text(json.dumps(record))
    code, said = refused(tmp_path, 0)
    assert code == 2 and "bounds" in said
