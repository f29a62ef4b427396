"""Each recipe of CONTRIBUTING is followed to the letter in a copy of the tree, and what it adds is used as a user would.

The recipe of an exit rule compiles a kernel, so it is one of the deep tests (``tox -e deep``).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from helpers.pages import ROOT
from helpers.recipes import MOST_LINES, Tree, recipe

RECIPES = (
    "To add an indicator",
    "To add a metric",
    "To add a strategy",
    "To add an exit rule",
    "To add an option",
    "To add a format of bars",
)
SAMPLE = ("run", "--sample", "--strategy", "ema-cross")


@pytest.mark.parametrize("heading", RECIPES)
def test_a_recipe_has_ten_lines_at_most_and_names_files_that_are_there(heading: str) -> None:
    lines = recipe(heading)
    assert 2 <= len(lines) <= MOST_LINES
    for name in re.findall(r"`((?:src|tests|docs|cython_ext|tools)/[^`*]+)`", "\n".join(lines)):
        assert (ROOT / name.partition(" ")[0]).exists(), name


SPAN = '''"""Distance between the highest and the lowest of the last values."""

from __future__ import annotations

from typing import SupportsIndex

from barloom.indicators.kernels import Floats, Windows
from barloom.indicators.plain import Series, rolling
from barloom.indicators.registry import register
from barloom.indicators.spec import Indicator, Source, windowed


def rolling_span(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Distance between the highest and the lowest of the last ``n`` values."""
    return windowed("rolling_span", n, source)


def _spans(windows: Floats) -> Floats:
    return windows.max(axis=1) - windows.min(axis=1)


def _plain(n: int, x: Series) -> Series:
    return rolling(x, n, lambda values: max(values) - min(values))


register(rolling_span, lambda specs: Windows(specs[0].params[0], _spans), _plain)
'''


@pytest.mark.deep
def test_an_indicator(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "To add an indicator")
    tree.add("src/barloom/indicators/span.py", SPAN)
    tree.after(
        "src/barloom/indicators/__init__.py",
        "spec import Indicator",
        "from barloom.indicators.span import rolling_span\n",
    )
    tree.after("src/barloom/indicators/__init__.py", '"rolling_min",', '    "rolling_span",\n')
    tree.after("docs/strategies.md", "| `rolling_median(n)`", "| `rolling_span(n)` | highest minus lowest |\n")
    said = tree.python("tests/golden/rewrite.py")
    assert "indicators: rolling_span" in said
    tree.tests(
        *("tests/unit/indicators/test_kinds.py", "tests/property/test_indicators_chunks.py", "-k", "rolling_span"),
    )
    tree.tests("tests/golden/test_digests.py", "tests/integration/test_docs_complete.py", "-k", "indicator or digest")
    (tmp_path / "wide.py").write_text(
        "import numpy as np\nimport barloom as bl\nfrom barloom.indicators import atr, rolling_span\n\n\n"
        "class Wide(bl.Strategy):\n    name = 'wide'\n    lookback = 1\n\n"
        "    def indicators(self):\n        return {'span': rolling_span(20), 'atr': atr(14)}\n\n"
        "    def signals(self, window):\n"
        "        bars = np.flatnonzero(window['span'] > 3 * window['atr'])\n"
        "        return bl.Entries(bars, 1, 2 * window['atr'][bars], 3 * window['atr'][bars])\n",
        encoding="utf-8",
    )
    assert tree.document("run", "--sample", "--strategy", "wide.py:Wide")["metrics"]["trades"] > 0
    assert len(tree.touched) == 3


def test_a_metric(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "To add a metric")
    where = "src/barloom/engine/metrics.py"
    tree.after(where, "    ambiguous_trades: int", "    payoff_ratio: float | None\n")
    tree.after(where, "        expectancy_r: mean R", "        payoff_ratio: average win / average loss.\n")
    formula = '    "payoff_ratio": lambda of: _ratio(of.a_trade("gross_profit"), of.a_trade("gross_loss")),\n'
    tree.after(where, '"ambiguous_trades": lambda of', formula)
    tree.python("-m", "barloom.schemas")
    tree.tests("tests/unit/test_schemas.py", "tests/unit/engine/test_metrics.py", "-k", "schema or payoff_ratio")
    document = tree.document(*SAMPLE)["metrics"]
    assert document["payoff_ratio"] == document["gross_profit"] / document["trades"] / (
        document["gross_loss"] / document["trades"]
    )
    words = ("sweep", "bars.parquet", "--strategy", "ema-cross", "--grid", "fast=5,10", "--rank-by", "payoff_ratio")
    sweep = tree.document(*words)
    assert sweep["best"]["payoff_ratio"] > 0
    assert "payoff_ratio" in tree.barloom(*words)
    assert len(tree.touched) == 1


TURN = '''"""`two-up`: long after two closes in a row above the one before."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from barloom.indicators import Indicator, atr
from barloom.rules.entries import Entries
from barloom.strategies.base import Multiple, Period, Strategy
from barloom.strategies.window import Window


class TwoUp(Strategy):
    """Long after two closes in a row above the one before, with a stop and a target in ATR."""

    name = "two-up"
    lookback = 2

    class Params(Strategy.Params):
        """Parameters of `two-up`."""

        atr: Period = Field(14, description="bars of the ATR that scales the stop")
        stop_atr: Multiple = Field(3.0, description="stop distance, in ATR")

    params: Params

    def indicators(self) -> dict[str, Indicator]:
        """The ATR."""
        return {"atr": atr(self.params.atr)}

    def signals(self, window: Window) -> Entries:
        """One entry where two closes in a row are above the one before."""
        up = np.append(False, window.close[1:] > window.close[:-1])
        bars = np.flatnonzero(up & np.append(False, up[:-1]) & (window["atr"] > 0.0))
        bars = bars[bars >= window.start]
        stop = self.params.stop_atr * window["atr"][bars]
        return Entries(bars, 1, stop, stop)
'''


@pytest.mark.deep
def test_a_strategy(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "To add a strategy")
    tree.add("src/barloom/strategies/two_up.py", TURN)
    registry = "src/barloom/strategies/registry.py"
    tree.after(registry, "import TrendPullback", "from barloom.strategies.two_up import TwoUp\n")
    tree.replace(registry, "EmaCross, ZscoreReversion)", "EmaCross, ZscoreReversion, TwoUp)")
    tree.replace("tests/golden/cases.py", '"zscore-reversion")', '"zscore-reversion", "two-up")')
    tree.python("tests/golden/rewrite.py")
    tree.tests("tests/property/test_strategies_chunks.py", "-k", "two-up")
    assert "two-up" in tree.barloom("strategies", "list")
    assert "stop_atr" in tree.barloom("strategies", "show", "two-up")
    assert "two-up" in tree.barloom("completion", "bash")
    words = ("bars.parquet", "--strategy", "two-up")
    assert tree.document("run", *words, "--param", "stop_atr=2")["metrics"]["trades"] > 0
    assert len(tree.document("sweep", *words, "--grid", "stop_atr=1,2,3")["ranking"]) == 3
    assert len(tree.touched) == 3


TOY = '''"""A toy format: `TOYBARS`, then rows of time in seconds UTC, open, high, low and close, eight bytes each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from barloom.bars.columns import resolve
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources.base import Batches
from barloom.bars.sources.columnar import to_batch
from barloom.bars.sources.files import FileSource
from barloom.errors import InputError

MAGIC = b"TOYBARS\\n"
FIELDS = ("time", "open", "high", "low", "close")
RECORD = np.dtype([(name, "<i8" if name == "time" else "<f8") for name in FIELDS])


def recognises(head: bytes, path: Path) -> bool:
    """True if a file begins with the magic."""
    return head.startswith(MAGIC)


class ToySource(FileSource):
    """Bars of a toy file."""

    kind = "toy bars"
    naive = False

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        import pyarrow as pa

        super().__init__(path)
        self.schema = pa.schema([(name, pa.int64() if name == "time" else pa.float64()) for name in FIELDS])
        self.layout = resolve(self.label, FIELDS, options)
        self.rows, over = divmod(path.stat().st_size - len(MAGIC), RECORD.itemsize)
        if over:
            raise InputError(f"{self.label} is a toy file cut short: {over} bytes follow its whole bars; copy it again")

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """All rows at once: it is a toy."""
        with self.unchanged(), open(self.path, "rb") as file:
            file.seek(len(MAGIC) + start * RECORD.itemsize)
            records = np.frombuffer(file.read(), RECORD)[: None if stop is None else max(0, stop - start)]
            columns = {name: np.ascontiguousarray(records[name]) for name in FIELDS}
            columns["time"] = columns["time"] * 10**9
            yield self.timed(to_batch(columns, start))

    def total_rows(self) -> int:
        """Told by the size of the file."""
        return self.rows

    def rows_at_hand(self) -> int:
        """The same."""
        return self.rows
'''


def test_a_format_of_bars(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "To add a format of bars")
    tree.add("src/barloom/bars/sources/toy.py", TOY)
    registry = "src/barloom/bars/sources/registry.py"
    tree.after(registry, '"hst": (hst.recognises', '    "toy": (toy.recognises, toy.ToySource),\n')
    tree.replace(registry, "nautilus, parquet\n", "nautilus, parquet, toy\n")
    close = 1.1 + np.cumsum(np.random.default_rng(1).normal(0.0, 1e-4, 5_000)).round(5)
    kinds = [(name, "<i8" if name == "time" else "<f8") for name in ("time", "open", "high", "low", "close")]
    rows = np.empty(5_000, np.dtype(kinds))
    rows["time"] = 1_600_000_020 + 60 * np.arange(5_000)
    rows["open"], rows["close"], rows["high"], rows["low"] = close, close, close + 1e-4, close - 1e-4
    (tmp_path / "bars.toy").write_bytes(b"TOYBARS\n" + rows.tobytes())
    plain = "\n".join(["time,open,high,low,close", *(",".join(map(repr, row)) for row in rows.tolist())])
    (tmp_path / "bars.csv").write_text(plain, encoding="utf-8")
    assert "5,000" in tree.barloom("data", "info", "bars.toy")
    runs = [tree.document("run", name, "--strategy", "ema-cross") for name in ("bars.toy", "bars.csv")]
    assert runs[0]["digest"] == runs[1]["digest"] and runs[0]["metrics"]["trades"] > 0
    assert (
        tree.document("run", "bars.toy", "--strategy", "ema-cross", "--input-format", "toy")["digest"]
        == runs[0]["digest"]
    )
    assert len(tree.touched) == 2


def test_an_option(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "To add an option")
    row = """    _exit(
        "reward",
        "target at this many times the stop distance",
        POSITIVE,
        metavar="X",
        unless="the target",
        basic=True,
    ),
"""
    tree.replace("src/barloom/options/rules.py", '    _exit(\n        "ladder",', row + '    _exit(\n        "ladder",')
    tree.after(
        "src/barloom/rules/parameters.py",
        '    target: str | None = of("target")',
        '    reward: float | None = of("reward")\n',
    )
    tree.replace(
        "src/barloom/engine/resolve.py",
        'target=_given("target", given.target)',
        'target=_given("target", given.target if given.reward is None else f"r:{given.reward!r}")',
    )
    tree.after("docs/execution.md", "# Execution", "\n`--reward 2` puts the target at twice the stop distance.\n")
    tree.python("tools/options.py")
    tree.tests("tests/unit/test_options.py", "tests/integration/test_docs_complete.py")
    assert_option_is_everywhere(tree, "reward", "1.5", "target at this many times the stop distance")
    wide, narrow = (tree.document(*SAMPLE, "--stop", "atr:2", "--reward", x)["metrics"] for x in ("3", "1"))
    assert wide["best_trade"] > narrow["best_trade"]
    assert len(tree.touched) == 4


def assert_option_is_everywhere(tree: Tree, name: str, value: str, words: str) -> None:
    """Assert that an option is in help, manual page, completion, reference page, record, grid, TOML and Python."""
    typed = f"--{name.replace('_', '-')}"
    assert typed in tree.barloom("run", "--help-all") and words in " ".join(tree.barloom("run", "--help-all").split())
    tree.python("tools/manual.py", "man")
    assert words in " ".join(
        (tree.folder / "man/barloom-run.1").read_text(encoding="utf-8").replace("\\-", "-").split()
    )
    assert typed in tree.barloom("completion", "bash")
    assert typed in (tree.folder / "docs/options.md").read_text(encoding="utf-8")
    given = tree.document(*SAMPLE, typed, value)
    assert given["parameters"][name] == float(value)
    (tree.folder / "run.toml").write_text(f'strategy = "ema-cross"\n{name} = {value}\n', encoding="utf-8")
    assert tree.document("run", "--sample", "--config", "run.toml")["digest"] == given["digest"]
    sweep = tree.document(
        "sweep", "bars.parquet", "--strategy", "ema-cross", "--grid", f"{name}={value},{2 * float(value):g}"
    )
    assert len(sweep["ranking"]) == 2
    code = f"import barloom as bl\nprint(bl.run(bl.from_synthetic(50_000), 'ema-cross', {name}={value}).digest)"
    assert len(tree.python("-c", code).strip()) == 128


LOSING = """
cdef inline Py_ssize_t losing_bar(const Trade* trade, const Market* market, const FillRules* rules, Py_ssize_t j) noexcept nogil:
    \"\"\"The bar of the chunk at whose close a losing trade leaves; the end of the chunk if there is none.\"\"\"
    cdef int64_t bar = trade.entry_bar + rules.losing_hold - market.base
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    if rules.losing_hold == 0 or bar < j or bar >= market.count:
        return market.count
    if trade.side * (quotes.close[bar] + quotes.offset) >= trade.side * trade.entry_price:
        return market.count
    return <Py_ssize_t>bar

"""


def exit_option(tree: Tree) -> None:
    """The words, the option, and the rule as the engine gets it."""
    tree.after(
        "docs/execution.md",
        "# Execution",
        "\n`--losing-hold 10` leaves at the 10th close after the entry, at a `losing` close.\n",
    )
    row = """    _exit("losing-hold", "close a losing trade N bars after its entry", COUNT, metavar="N", unless="never"),\n"""
    tree.after("src/barloom/options/rules.py", '_exit("max-hold"', row)
    tree.after(
        "src/barloom/rules/parameters.py",
        "    max_hold: int | None =",
        '    losing_hold: int | None = of("losing_hold")\n',
    )
    tree.after(
        "src/barloom/rules/parameters.py", "max_hold=self.max_hold,", "            losing_hold=self.losing_hold,\n"
    )
    tree.after(
        "src/barloom/rules/exits.py",
        "max_hold: int | None = Field(",
        "    losing_hold: int | None = Field(default=None, ge=1)\n",
    )
    tree.after("src/barloom/rules/rules.py", "    max_hold: int = 0", "    losing_hold: int = 0\n")
    tree.after(
        "src/barloom/engine/resolve.py",
        "max_hold=exits.max_hold or 0,",
        "        losing_hold=exits.losing_hold or 0,\n",
    )
    tree.python("tools/options.py")


def exit_kernel(tree: Tree) -> None:
    """The kernel, and how it gets the rule."""
    tree.after("src/barloom/engine/trades.py", '8: "session"', '    9: "losing",\n')
    tree.after(
        "src/barloom/engine/market.py", "slippage=rules.costs.slippage,", "            losing_hold=rules.losing_hold,\n"
    )
    tree.after("src/barloom/_native/simulation.pyi", "reenter: bool = True", "        losing_hold: int = 0,\n")
    tree.after("cython_ext/simulation.pyx", "        bint reenter=True,", "        int64_t losing_hold=0,\n")
    tree.replace(
        "cython_ext/simulation.pyx", "            slippage,\n        )", "            slippage, losing_hold,\n        )"
    )
    tree.after(
        "cython_ext/engine/market.pxd", "    double slippage", "    int64_t losing_hold      # bars, 0 for none\n"
    )
    tree.after("cython_ext/engine/trade.pxd", "    SESSION = 8", "    LOSING = 9\n")
    legs = "cython_ext/engine/legs.pxd"
    tree.replace(legs, "END, EXPIRED, INSIDE,", "END, EXPIRED, INSIDE, LOSING,")
    tree.replace(legs, "\ncdef inline void leave_on(", LOSING + "\ncdef inline void leave_on(")
    tree.replace(
        legs,
        "== trade.deadline else SESSION",
        "== trade.deadline else LOSING if j == losing_bar(trade, market, rules, j) else SESSION",
    )
    tree.replace(
        legs,
        "    if market.session_ends > 0:\n        k = first",
        "    if losing_bar(trade, market, rules, j) < end:\n        end = losing_bar(trade, market, rules, j)\n"
        "    if market.session_ends > 0:\n        k = first",
    )


def exit_reference(tree: Tree) -> None:
    """The same in plain Python, and in words."""
    tree.replace("src/barloom/reference/money.py", '("time", "session", "end")', '("time", "losing", "session", "end")')
    tree.replace(
        "src/barloom/reference/simulator.py",
        '        elif j in self.session_ends:\n            reason = "session"',
        "        elif self.loses(j, quote):\n"
        '            reason = "losing"\n'
        '        elif j in self.session_ends:\n            reason = "session"',
    )
    tree.replace(
        "src/barloom/reference/simulator.py",
        "    def set_levels(self",
        "    def loses(self, j: int, quote: Quote) -> bool:\n"
        '        """The time a losing trade is given is over."""\n'
        "        hold, trade = self.rules.losing_hold, self.trade\n"
        "        late = hold > 0 and j == trade.entry_bar + hold\n"
        "        return late and not rises_to(trade.side, quote.close, trade.entry_price)\n\n"
        "    def set_levels(self",
    )
    tree.after(
        "src/barloom/explanation/story.py",
        '"session": "the last bar before',
        '        "losing": f"{rules.losing_hold:,} bars after the entry the trade was losing: left at the close",\n',
    )


@pytest.mark.deep
def test_an_exit_rule(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "To add an exit rule", "To add an option")
    exit_option(tree)
    exit_kernel(tree)
    exit_reference(tree)
    drawn = '        "losing_hold": draw(st.sampled_from([0, 0, 1, 3])),\n'
    tree.after("tests/helpers/market.py", '"max_hold": draw(', drawn)
    tree.python("setup.py", "build_ext", "--inplace")
    assert_option_is_everywhere(tree, "losing_hold", "10", "close a losing trade N bars after its entry")
    tree.tests("tests/property/test_engine_equals_reference.py")
    tree.tests("tests/golden/test_digests.py", "-k", "trend or digest")
    tree.tests("tests/unit/test_options.py", "tests/integration/test_docs_complete.py")
    run = tree.document(*SAMPLE, "--losing-hold", "10")
    code = (
        "import pyarrow.parquet as pq, sys\n"
        "table = pq.read_table(sys.argv[1] + '/trades.parquet').to_pylist()\n"
        "left = [row for row in table if row['exit_reason'] == 'losing']\n"
        "assert left and all(row['exit_bar'] == row['entry_bar'] + 10 for row in left)\n"
        "assert all(row['side'] * (row['exit_price'] - row['entry_price']) < 0 for row in left)\n"
        "print(left[0]['trade_id'])"
    )
    number = tree.python("-c", code, run["folder"]).strip()
    assert "the trade was losing" in tree.barloom("explain", run["folder"], number)
    assert len(tree.touched) == 17
