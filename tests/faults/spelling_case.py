"""A case: a file in a random spelling, the bars that it holds, and how much of it may be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np

from faults.spelling_bars import Bars, make_bars, nanoseconds, plain
from faults.spelling_layout import Layout, choose_layout, judge_headerless
from faults.spelling_lines import Rows, after, around, between, pack, row_text
from faults.spelling_numbers import Numbers, choose_numbers, judge_numbers
from faults.spelling_rules import Verdict
from faults.spelling_times import Times, choose_times
from faults.spelling_vendors import choose_vendor

NOISE = ("n/a", "", "-", "abc", "--", "?")


@dataclass
class Case:
    """``asks`` are the options that may be asked for, ``only_one`` says that none may be; ``steps`` is how many may be needed."""

    name: str
    data: bytes
    times: np.ndarray
    prices: np.ndarray  # a row of open, high, low, close a bar
    verdicts: list[Verdict]
    label: str
    symbol: str = ""
    noise: bool = False
    must_ask: str = ""  # an option without which no reading is right
    rows: Rows | None = None
    times_as: Times | None = None
    numbers: Numbers | None = None
    layout: Layout | None = None
    tags: list[str] = field(default_factory=list)

    @property
    def asks(self) -> list[str]:
        return sorted({verdict.option for verdict in self.verdicts if verdict.option})

    @property
    def rules(self) -> list[str]:
        return sorted({verdict.rule for verdict in self.verdicts if verdict.rule})

    @property
    def only_one(self) -> bool:
        return not self.asks

    @property
    def steps(self) -> int:
        """Options that may be needed: one for each question, and for noise a second one where its share is above 1%."""
        return max(1, len(self.asks) + self.noise)


def make_case(seed: int, number: int) -> Case:
    """The case of that number: the same for the same seed, whatever was made before it."""
    random = Random(f"{seed}:{number}")
    if random.random() < 0.08:
        vendor = choose_vendor(random)
        return Case(
            vendor.name,
            vendor.data,
            vendor.times,
            vendor.prices,
            [Verdict("vendor")],
            vendor.label,
            tags=[vendor.label],
        )
    case = _generic(random)
    for _ in range(20):  # one question a case, mostly: the message names one option
        if len(case.asks) <= 1 or random.random() < 0.1:
            break
        case = _generic(random)
    return case


def _generic(random: Random) -> Case:
    bars = make_bars(random)
    times, numbers = choose_times(random, bars), choose_numbers(random, bars.market)
    layout = choose_layout(random, bars, times, numbers)
    cells = [[numbers.write(price, bars.market.digits) for price in bar] for bar in bars.prices]
    truth = np.array([[float(plain(price, bars.market.digits)) for price in bar] for bar in bars.prices])
    open_times = np.array([nanoseconds(time) for time in bars.times], np.int64)
    rows = _rows(random, bars, times, numbers, layout, cells)
    noisy = _noise(random, layout, rows)
    verdicts = _verdicts(bars, times, numbers, layout, cells, truth)
    if noisy is not None:
        open_times, truth = np.delete(open_times, noisy), np.delete(truth, noisy, axis=0)
        verdicts.append(Verdict(option="on-bad-rows"))
    must_ask = "symbol" if layout.symbols == "two" else "time-format" if times.kind == "excel" else ""
    if layout.blank_after and any("," in cell for row in rows.cells for cell in row):
        layout.blank_after = False  # a quote behind a blank is no quote to many programs
    name, data = _file(random, layout, rows)
    label = f"{bars.market.name} {bars.grid} x{len(bars.times)}"
    tags = [f"time:{times.kind}", f"quoting:{layout.quoting}", f"packing:{layout.packing}", f"names:{layout.names}"]
    tags += [f"symbols:{layout.symbols}"] * bool(layout.symbols) + [f"extra:{extra}" for extra in layout.extras]
    return Case(
        name, data, open_times, truth, verdicts, label, symbol=layout.symbol, noise=noisy is not None, must_ask=must_ask,
        rows=rows, times_as=times, numbers=numbers, layout=layout, tags=tags,
    )  # fmt: skip


def _rows(random: Random, bars: Bars, times: Times, numbers: Numbers, layout: Layout, cells: list[list[str]]) -> Rows:
    found: list[list[str]] = []
    owners: list[int] = []
    for number, (time, prices) in enumerate(zip(bars.times, cells, strict=True)):
        row = layout.row(random, number, times.write(time), prices, bars)
        found.append(row)
        owners.append(number)
        if layout.symbols == "two":  # the other instrument, bar beside bar, at other prices
            away = bars.market.level * 2 // 5
            there = [numbers.write(price + away, bars.market.digits) for price in bars.prices[number]]
            found.append(layout.other(row, there))
            owners.append(-1)
    if layout.newest_first:
        found.reverse()
        owners.reverse()
    return Rows(layout.header(), found, owners, layout.time_at, layout.price_at)


def _noise(random: Random, layout: Layout, rows: Rows) -> int | None:
    """Spoil one cell of a price or of the time, with another row on both sides; the number of the bar it takes."""
    if not layout.noise:
        return None
    at = random.choice([place for place in range(2, len(rows.cells) - 2) if rows.owners[place] >= 0])
    cell = random.choice([*rows.price_at, rows.time_at[0]])
    rows.cells[at][cell] = random.choice(NOISE)
    owner, rows.owners[at] = rows.owners[at], -1
    return owner


def _verdicts(
    bars: Bars, times: Times, numbers: Numbers, layout: Layout, cells: list[list[str]], truth: np.ndarray
) -> list[Verdict]:
    bare = layout.separator == "," and layout.quoting in ("none", "needed") and numbers.decimal == "."
    flat = [cell for row in cells for cell in row]
    bare = bare and not any("," in cell for cell in flat)
    verdicts = [
        *times.judge(bars),
        judge_numbers(numbers, flat, truth.ravel().tolist(), bare_points=bare),
        *layout.judge(),
    ]
    if layout.names == "none":
        verdicts.append(judge_headerless(truth))
    return verdicts


def _file(random: Random, layout: Layout, rows: Rows) -> tuple[str, bytes]:
    before = around(random, layout)
    head = [row_text(rows.header, layout, is_header=True)] if rows.header else []
    body, at = [], []
    for cells in rows.cells:
        body.extend(between(random, layout))
        at.append(len(before) + len(head) + len(body))
        body.append(row_text(cells, layout))
    rows.lines_at = at
    lines = [*before, *head, *body, *after(random, layout)]
    text = layout.line_end.join(lines) + (layout.line_end if random.random() < 0.9 else "")
    return pack(random, layout, text)
