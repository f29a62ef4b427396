"""Small markets for tests: drawn by hypothesis, or written by hand; and what may be asked on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from barloom.bars.chunk import Chunk, Floats, Ints
from barloom.reference.simulator import ReferenceBars
from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.fills import ENTRY, INTRABAR
from barloom.rules.plans import default_plans
from barloom.rules.rules import Rules
from barloom.rules.sessions import Session
from barloom.rules.sizing import Sizing

MINUTE = 60_000_000_000
START = 1_700_000_040_000_000_000 - 1_700_000_040_000_000_000 % MINUTE

Bar = tuple[float, float, float, float]


class Market:
    """A few bars as arrays; iterable as chunks of any size.

    Prices are ticks of one over ``step``. ``ask`` are rows like ``rows``, on the other side of the spread; ``fine`` the finer bars inside
    a bar, by its number.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[float]] | np.ndarray,
        *,
        minutes: Sequence[int] | np.ndarray | None = None,
        step: int = 8,
        ask: Sequence[Sequence[float]] | np.ndarray | None = None,
        fine: dict[int, list[Bar]] | None = None,
    ) -> None:
        self.open, self.high, self.low, self.close = _columns(rows)
        self.ask = None if ask is None else _columns(ask)
        self.fine = fine or {}
        self.step = step
        steps = np.arange(len(self.open)) if minutes is None else np.asarray(minutes)
        self.time = (START + steps * MINUTE).astype(np.int64)

    def __len__(self) -> int:
        return len(self.open)

    def chunks(self, chunk_rows: int) -> Iterator[Chunk]:
        for base in range(0, len(self), chunk_rows):
            end = min(base + chunk_rows, len(self))
            cut = slice(base, end)
            chunk = Chunk(
                base,
                0,
                end - base,
                end == len(self),
                *(np.array(column[cut]) for column in (self.time, self.open, self.high, self.low, self.close)),
                next_time=int(self.time[end]) if end < len(self) else None,
            )
            if self.ask is not None:
                chunk.ask_open, chunk.ask_high, chunk.ask_low, chunk.ask_close = (np.array(c[cut]) for c in self.ask)
            yield chunk

    def reference(self) -> ReferenceBars:
        ask = [] if self.ask is None else [column.tolist() for column in self.ask]
        columns = (self.time, self.open, self.high, self.low, self.close)
        return ReferenceBars(*(column.tolist() for column in columns), *ask, fine=self.fine)

    def fine_reader(self) -> FineOf:
        return FineOf(self)


class FineOf:
    """The finer bars of a market, given out as the book asks for them: over the run never backwards."""

    def __init__(self, market: Market) -> None:
        self.bar_of = {int(time): number for number, time in enumerate(market.time)}
        self.market = market
        self.asked_to = np.iinfo(np.int64).min

    def between(self, starts: Ints, stops: Ints) -> FineRows:
        assert (np.diff(starts) > 0).all() and (len(starts) == 0 or starts[0] >= self.asked_to)
        self.asked_to = int(stops[-1]) if len(stops) else self.asked_to
        rows: list[Bar] = []
        offsets = [0]
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            number = self.bar_of[start]
            after = [int(time) for time in self.market.time[number + 1 : number + 2]]
            assert stop == (after or [np.iinfo(np.int64).max])[0]
            rows += self.market.fine.get(number, [])
            offsets.append(len(rows))
        return FineRows(rows, offsets)


class FineRows:
    """Ranges of finer bars one after the other."""

    def __init__(self, rows: list[Bar], offsets: list[int]) -> None:
        self.offsets = np.array(offsets, dtype=np.int64)
        self.time = np.zeros(len(rows), dtype=np.int64)
        self.open, self.high, self.low, self.close = _columns(rows)


def _columns(rows: Sequence[Sequence[float]] | np.ndarray) -> tuple[Floats, Floats, Floats, Floats]:
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 4)
    first, second, third, fourth = (np.ascontiguousarray(table[:, k]) for k in range(4))
    return first, second, third, fourth


SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def markets(draw: st.DrawFn, max_bars: int = 40, *, ask: bool = False, fine: bool = False) -> Market:
    """Bars on a coarse grid, so that touches, equal prices, zero ranges and gaps are common.

    On a grid of eighths sums are exact; on one of tenths they are not, and come out alike only in the same order.
    """
    step = draw(st.sampled_from([8, 10]))
    count, rng = draw(st.integers(1, max_bars)), np.random.default_rng(draw(SEEDS))
    rows, minutes = [], []
    # Somewhere in a week, so that days, weekends and rollovers fall among the bars.
    price, minute = 800, int(rng.integers(0, 7 * 1440))
    for gap, up, down, body, pause in rng.integers([-8, 0, 0, -8, 1], [9, 7, 7, 9, 5], (count, 5)).tolist():
        # Most bars open where the last one closed.
        opened = max(price + (gap if gap % 3 == 0 else 0), 60)
        closed = max(opened + body, 60)
        high, low = max(opened, closed) + up, min(opened, closed) - down
        rows.append((opened / step, high / step, low / step, closed / step))
        minute += pause if pause < 4 else 700
        minutes.append(minute)
        price = closed
    asks = asks_over(rows, rng, step) if ask else None
    inside = finer(rows, rng, step) if fine else None
    return Market(rows, minutes=minutes, step=step, ask=asks, fine=inside)


def asks_over(rows: Sequence[Bar], rng: np.random.Generator, step: int) -> list[Bar]:
    """Ask bars over bid bars, each price with a spread of its own."""
    asks = []
    for (o, h, lo, c), spreads in zip(rows, rng.integers(0, 5, (len(rows), 4)) / step, strict=True):
        ask_open, ask_close = o + spreads[0], c + spreads[3]
        high = max(h + spreads[1], ask_open, ask_close)
        asks.append((ask_open, high, min(lo + spreads[2], ask_open, ask_close), ask_close))
    return asks


def finer(rows: Sequence[Bar], rng: np.random.Generator, step: int) -> dict[int, list[Bar]]:
    """Finer bars inside most bars, in ticks of one over ``step``: they open, close and turn where the bar does.

    A few open elsewhere, or do not come to all that their bar touched.
    """
    inside: dict[int, list[Bar]] = {}
    for number, (o, h, lo, c) in enumerate(rows):
        count = int(rng.integers(0, 5))
        if count == 0:
            continue
        between = rng.integers(0, round((h - lo) * step) + 1, 2 * count - 2)
        points = [o, *(lo + between / step).tolist(), c]
        if rng.random() < 0.1:
            # Another source of prices: they may open elsewhere.
            points[0] = points[-2]
        pieces = [[points[2 * k], points[2 * k + 1]] for k in range(count)]
        if rng.random() < 0.9:
            pieces[rng.integers(count)].append(h)
            pieces[rng.integers(count)].append(lo)
        inside[number] = [(piece[0], max(piece), min(piece), piece[1]) for piece in pieces]
    return inside


SESSIONS = st.sampled_from(
    [
        Session(daily="21:55"),
        Session(daily="17:00", zone="America/New_York"),
        Session(friday="16:30", zone="Europe/London"),
        Session(before_gap="2h"),
        Session(daily="12:00", friday="08:15", before_gap="2m"),
    ]
)
COSTS = st.builds(
    Costs,
    spread=st.sampled_from([0.0, 0.125, 0.3, 0.5]),
    slippage=st.sampled_from([0.0, 0.125, 0.1]),
    commission=st.sampled_from([0.0, 0.25]),
    commission_per_trade=st.sampled_from([0.0, 0.5]),
    commission_pct=st.sampled_from([0.0, 0.1]),
    swap_long=st.sampled_from([0.0, 0.3]),
    swap_short=st.sampled_from([0.0, -0.1]),
)
SIZES = st.sampled_from(
    [
        {"units": 1.0},
        {"units": 3.0},
        {"balance": 1000.0, "risk_pct": 1.0},
        {"balance": 50.0, "risk_pct": 100.0},
        {"balance": 1000.0, "notional": 500.0},
    ]
)
LOTS = st.fixed_dictionaries(
    {"lot_step": st.sampled_from([0.01, 0.1])},
    optional={
        "min_lots": st.sampled_from([0.1, 0.5]),
        "max_lots": st.sampled_from([0.5, 2.0]),
        "contract_size": st.sampled_from([10.0]),
    },
)
EXCHANGE = st.fixed_dictionaries(
    {}, optional={"conversion": st.sampled_from([0.8, 1.25]), "leverage": st.sampled_from([1.0, 20.0])}
)


@st.composite
def sizings(draw: st.DrawFn) -> Sizing:
    """Any way to size trades."""
    size, lots, exchange = draw(SIZES), draw(st.one_of(st.just({}), LOTS)), draw(EXCHANGE)
    return Sizing(**size, **exchange, **({} if "units" in size else lots))


@st.composite
def rules_for(draw: st.DrawFn, **fixed: Any) -> Rules:
    """Any rules: every feature on or off on its own, but for those in ``fixed``."""
    drawn: dict[str, Any] = {
        "entry": draw(st.sampled_from(list(ENTRY))),
        "intrabar": draw(st.sampled_from(list(INTRABAR))),
        "max_positions": draw(st.sampled_from([0, 1, 1, 2, 3])),
        "reverse": draw(st.booleans()),
        "max_hold": draw(st.sampled_from([0, 0, 1, 3])),
        "parts": draw(st.sampled_from([1, 1, 2, 3])),
        "session": draw(st.one_of(st.none(), st.none(), SESSIONS)),
        "costs": draw(COSTS),
        "sizing": draw(sizings()),
    }
    for knob in ("stop_wins_open", "gap_stop_at_level", "gap_target_at_level", "bounds"):
        drawn[knob] = draw(st.booleans())
    for knob in ("scan_entry_bar", "reenter_on_exit_bar"):
        drawn[knob] = draw(st.sampled_from([True, True, False]))
    drawn.update(fixed)
    if drawn["reverse"]:
        drawn.update(max_positions=1, entry="next_open")
    return Rules(**drawn)


FRACTIONS = {2: ([0.5, 0.5], [0.25, 0.75], [0.9, 0.1]), 3: ([0.5, 0.25, 0.25], [0.1, 0.2, 0.7])}


@st.composite
def entries_for(draw: st.DrawFn, market: Market, rules: Rules, max_entries: int = 25) -> Entries:
    """Entries on the bars: any side, levels as distances, as prices or absent, own time stops, sizes and plans; a row a part."""
    count, rng = draw(st.integers(0, max_entries)), np.random.default_rng(draw(SEEDS))
    # Now and then some on one bar, which cancel each other if their sides differ.
    where = np.sort(rng.integers(0, len(market), count)).tolist()
    sides = np.where(rng.random(len(market)) < 0.5, 1, -1)
    planned = rules.parts > 1 or bool(rng.integers(2))
    rows: list[dict[str, Any]] = []
    for bar in where:
        side = int(sides[bar]) if rng.random() < 0.95 else -int(sides[bar])
        ticks = Ticks(rng, market.step, float(market.close[bar]))
        row = {"signal_bar": bar, "side": side, **_entry_at(ticks, prices=rules.parts == 1)}
        if planned:
            row |= _plan_at(ticks)
        rows += [row] if rules.parts == 1 else [row | part for part in _ladder(ticks, rules.parts)]
    return entries_of(rows, planned)


@dataclass
class Ticks:
    """Distances and prices drawn on the grid of a market, around a close."""

    rng: np.random.Generator
    step: int
    close: float

    def draw(self, low: int, high: int) -> float:
        return float(self.rng.integers(low, high + 1)) / self.step

    def near(self, most: int) -> float:
        return max(self.close + self.draw(-most, most), 1.0)


def _entry_at(ticks: Ticks, *, prices: bool) -> dict[str, Any]:
    """Random values for the columns that every entry has."""
    rng = ticks.rng
    row: dict[str, Any] = {"max_hold": rng.choice([0, 0, 1, 2, 5]), "size": rng.choice([np.nan, np.nan, 2.0])}
    kinds = ["none", "distance", "distance", "distance", "price" if prices else "distance"]
    for name in ("stop", "target"):
        kind = rng.choice(kinds)
        row[name] = ticks.draw(1, rng.choice([8, 24])) if kind == "distance" else np.nan
        # A price may lie on either side of the fill: some are refused there.
        row[f"{name}_price"] = ticks.near(20) if kind == "price" else np.nan
    return row


def _plan_at(ticks: Ticks) -> dict[str, Any]:
    """Random values for the optional plan of an entry."""
    rng = ticks.rng
    plan = {
        "price": ticks.near(12),
        "good_for": int(rng.integers(2, 6)),
        "trail": ticks.draw(1, 24),
        "trail_share": rng.choice([0.0, 0.01]),
        "activation": ticks.draw(0, 12),
        "trigger": ticks.draw(1, 16),
        "offset": ticks.draw(0, 8),
        "slippage": rng.choice([0.0, 0.25]),
    }
    return {name: value for name, value in plan.items() if rng.random() < (0.8 if name == "price" else 0.5)}


def _ladder(ticks: Ticks, parts: int) -> list[dict[str, Any]]:
    """The parts of a signal, nearest target first; the last of them may have none."""
    targets = sorted(ticks.draw(1, 16) for _ in range(parts))
    fractions = FRACTIONS[parts][ticks.rng.integers(len(FRACTIONS[parts]))]
    nearest = targets[0]
    if ticks.rng.integers(2):
        targets[-1] = np.nan
    return [{"target": t, "fraction": f, "nearest": nearest} for t, f in zip(targets, fractions, strict=True)]


def entries_of(rows: Sequence[dict[str, Any]], planned: bool = True) -> Entries:
    """Entries from rows of any of their columns and those of their plans."""
    names = ("stop", "target", "stop_price", "target_price", "size")
    entries = Entries(
        np.array([row["signal_bar"] for row in rows], dtype=np.int64),
        np.array([row["side"] for row in rows], dtype=np.int64),
        max_hold=np.array([row.get("max_hold", 0) for row in rows], dtype=np.int64),
        **{name: np.array([row.get(name, np.nan) for row in rows], dtype=np.float64) for name in names},
    )
    if planned:
        entries.plans = default_plans(len(rows))
        for plan, row in zip(entries.plans, rows, strict=True):
            for name in set(entries.plans.dtype.names or ()) & set(row):
                plan[name] = row[name]
    return entries


@st.composite
def exit_signals_for(draw: st.DrawFn, market: Market) -> ExitSignals | None:
    """A few exit signals for longs, shorts or both; or none at all."""
    drawn = draw(st.lists(st.tuples(st.integers(0, len(market) - 1), st.sampled_from([1, -1, 0])), max_size=6))
    if not drawn:
        return None
    bars, sides = zip(*sorted(drawn), strict=True)
    return ExitSignals(np.array(bars, dtype=np.int64), np.array(sides, dtype=np.int64))


def walk(bars: int, seed: int, *, ask: bool = False, fine: bool = False, step: int = 64) -> Market:
    """Thousands of bars in ticks of one over ``step``: long calm stretches that holds pass over, jumps, and pauses between bars."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.choice([0, 1, 3], -(-bars // 97)), 97)[:bars]
    close = 6400 + np.cumsum(np.rint(rng.normal(0.0, 1.0, bars) * loud)).astype(np.int64)
    opened = np.concatenate([[6400], close[:-1]]) + (rng.random(bars) < 0.02) * rng.integers(-30, 31, bars)
    high = np.maximum(opened, close) + rng.integers(0, 4, bars)
    low = np.minimum(opened, close) - rng.integers(0, 4, bars)
    table = np.stack([opened, high, low, close], axis=1) / step
    minutes = np.cumsum(np.where(rng.random(bars) < 0.002, 600, 1))
    over = None
    if ask:
        spreads = rng.integers(0, 9, (bars, 4)) / step
        over = table + spreads
        over[:, 1] = over.max(axis=1)
        over[:, 2] = np.minimum(table[:, 2] + spreads[:, 2], np.minimum(over[:, 0], over[:, 3]))
    inside = finer([tuple(row) for row in table.tolist()], rng, step) if fine else None
    return Market(table, minutes=minutes, step=step, ask=over, fine=inside)
