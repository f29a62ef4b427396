"""Reports of a sweep: sentences, and a page that needs no other file."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import product

import numpy as np
import pytest

from barloom.cli.ranking import ranking_text
from barloom.sweeps.analysis.heat_map import DIVERGING, heat_map, hex_of
from barloom.sweeps.analysis.overfitting import Overfitting, overfitting
from barloom.sweeps.analysis.report import MAX_PAGE_ROWS, overfitting_facts, page, stability_facts
from barloom.sweeps.analysis.stability import stability
from barloom.sweeps.analysis.table import SweepTable
from helpers.sweeps import from_returns, results_of

SETS = list(product([5, 10, 20], ["atr:1", "atr:2"]))


def table_of(*sharpe: float | None) -> SweepTable:
    rows = [{"sharpe": value, "trades": 10 + place} for place, value in enumerate(sharpe)]
    return SweepTable.made(("fast", "stop"), SETS[: len(rows)], results_of(rows))


class Page(HTMLParser):
    """The cells of a page, its elements, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.cells: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href", "data", "action"}]
        self.fetched += [str(value) for name, value in attrs if name == "style" and value and "url" in value]
        if tag != "meta":
            self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells[-1] += data


def test_the_best_is_named_with_its_values_and_neighbours() -> None:
    table = table_of(0.5, 1.8, 1.7, 2.0, None, 0.4)
    facts = dict(stability_facts(table, stability(table), "sharpe"))
    assert facts["best set"] == "set 3 (fast 10, stop atr:2): sharpe 2.00"
    assert facts["its neighbours"] == (
        "3 one step away in one value: sharpe 1.30 on average, 0.40 at worst; 67% are at most 20% behind"
    )


def test_neighbours_without_the_metric_are_said() -> None:
    table = table_of(2.0, None, 1.0)
    assert "1 without it" in dict(stability_facts(table, stability(table), "sharpe"))["its neighbours"]
    table = table_of(2.0, None)
    said = dict(stability_facts(table, stability(table), "sharpe"))["its neighbours"]
    assert said == "1 one step away in one value: none has sharpe"
    table = table_of(2.0)
    assert "none was run" in dict(stability_facts(table, stability(table), "sharpe"))["its neighbours"]
    table = table_of(None)
    assert stability_facts(table, None, "sharpe") == [("best set", "none: no set has sharpe and enough trades")]


def test_the_figures_of_the_search_are_said() -> None:
    figures = Overfitting(
        tried=1200,
        judged=1000,
        independent=36.6,
        sharpe=2.5,
        expected_max_sharpe=1.789,
        deflated_sharpe=0.9004,
        deflated_sharpe_independent=0.9612,
        overfitting=0.125,
        loss=0.08,
        train_sharpe=2.71,
        test_sharpe=1.32,
        blocks=16,
        splits=2000,
        all_splits=12870,
    )
    assert overfitting_facts(figures) == [
        ("sets tried", "1,200, 1,000 with a Sharpe ratio; by their correlation they come to about 37 independent sets"),
        ("Sharpe", "2.50; 1.79 is expected of the best of so many without merit"),
        ("deflated Sharpe", "0.9004, 0.9612 for the independent ones: not significant at 0.95"),
        (
            "backtest overfitting",
            "probability 0.12: so often the best of one half of the days is not above the median in the other (2,000 of 12,870 splits)",
        ),
        ("the best in the other half", "Sharpe 1.32 after 2.71; it loses in 8% of them"),
    ]


def test_what_cannot_be_said_has_its_reason() -> None:
    facts = dict(overfitting_facts(overfitting(table_of(1.0), 0)))
    assert facts == {
        "sets tried": "1",
        "deflated Sharpe": "none: fewer than 2 sets have a Sharpe ratio",
        "backtest overfitting": "unknown: fewer than 2 sets have a Sharpe ratio",
    }


def test_a_page_holds_the_map_the_sets_and_the_figures() -> None:
    table = table_of(0.5, 1.8, 1.7, -2.0, None, 0.4)
    drawn = heat_map(table, "fast", "stop")
    figures = Overfitting(tried=6, judged=5, no_deflated_sharpe="so", no_overfitting="so")
    text = page("ema-cross", table, "sharpe", maps=(drawn,), stability=stability(table), overfitting=figures)
    cells = Page(text).cells
    assert cells[cells.index("set_id") :][:4] == ["set_id", "fast", "stop", "sharpe"]
    assert cells[cells.index("max_drawdown_pct") + 1 :][:4] == ["1", "5", "atr:2", "1.80"]
    drawn_at = cells.index("stop \\ fast")
    assert cells[drawn_at : drawn_at + 4] == ["stop \\ fast", "5", "10", "20"]
    assert cells[drawn_at + 4 : drawn_at + 12] == ["atr:1", "0.50", "1.70", "-", "atr:2", "1.80", "-2.00", "0.40"]
    assert "set 1 (fast 5, stop atr:2): sharpe 1.80" in cells
    assert "6, 5 with a Sharpe ratio" in cells
    assert f'<td class="white" style="background:{hex_of(DIVERGING[0])}">-2.00</td>' in text
    assert "sharpe by stop and fast" in text
    assert "5 of 6 sets are ranked by sharpe" in text


def test_a_page_escapes_every_word_and_fetches_nothing() -> None:
    bad = "<script src=//x>\"'&"
    table = SweepTable.made((bad, "k"), [(bad, 1), (f"{bad}2", 2)], results_of([{"sharpe": 1.0}, {"sharpe": 2.0}]))
    text = page(bad, table, "sharpe", maps=(heat_map(table, bad, "k"),), stability=stability(table))
    read = Page(text)
    assert "script" not in read.seen
    assert "img" not in read.seen
    assert read.fetched == []
    assert read.cells.count(bad) >= 3
    assert read.open == []


def test_a_page_has_the_first_sets_and_says_how_many_there_are() -> None:
    rows = [{"sharpe": float(k), "trades": 1} for k in range(MAX_PAGE_ROWS + 5)] + [{"error": "no"}]
    table = SweepTable.made(("k",), [(k,) for k in range(len(rows))], results_of(rows))
    text = page("many", table, "sharpe")
    assert (
        f"1,005 of 1,006 sets are ranked by sharpe, the first {MAX_PAGE_ROWS:,} are here; 1 could not be run." in text
    )
    assert text.count("<tr>") == MAX_PAGE_ROWS + 3, "the best set, why there are dashes, the header"


def test_the_terminal_shows_the_best_and_what_the_search_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    returns = np.random.default_rng(5).normal(0.0, 0.01, size=(30, 320))
    returns[7] += 0.005
    table = SweepTable.made(("k",), [(k,) for k in range(30)], from_returns(returns))
    text = ranking_text(
        table,
        "sharpe",
        count=3,
        stability=stability(table),
        overfitting=overfitting(table, 7),
        facts=(("files", "x[y]"),),
    )
    lines = text.splitlines()
    assert lines[0] == "30 of 30 sets have sharpe"
    assert lines[1].split() == [
        "set_id",
        "k",
        "sharpe",
        "trades",
        "net_pnl",
        "win_rate",
        "profit_factor",
        "max_drawdown_pct",
    ]
    assert lines[2].split()[0] == "7"
    assert not lines[5].startswith(tuple("0123456789"))
    assert "significant at 0.95" in text
    assert lines[-1].split() == ["files", "x[y]"]


def test_the_terminal_says_how_many_sets_are_left_out() -> None:
    table = SweepTable.made(("k",), [(0,), (1,)], results_of([{"sharpe": 1.0, "trades": 3}, {"error": "no"}]))
    text = ranking_text(table, "sharpe", min_trades=5)
    assert text.splitlines()[0] == "0 of 2 sets have sharpe and at least 5 trades, 1 could not be run"
    assert "set_id" not in text
