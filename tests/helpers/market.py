"""Small markets for tests: drawn by hypothesis, or written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis import strategies as st

from barloom.bars.chunk import Chunk
from barloom.execution.entries import Entries
from barloom.execution.reference import ReferenceBars

MINUTE = 60_000_000_000
START = 1_700_000_040_000_000_000 - 1_700_000_040_000_000_000 % MINUTE


class Market:
    """A few bars as arrays; iterable as chunks of any size."""

    def __init__(self, rows: Sequence[Sequence[float]], *, minutes: Sequence[int] | None = None) -> None:
        table = np.asarray(rows, dtype=np.float64).reshape(-1, 4)
        self.open, self.high, self.low, self.close = (np.ascontiguousarray(table[:, k]) for k in range(4))
        steps = np.arange(len(table)) if minutes is None else np.asarray(minutes)
        self.time = (START + steps * MINUTE).astype(np.int64)

    def __len__(self) -> int:
        return len(self.open)

    def chunks(self, chunk_rows: int) -> Iterator[Chunk]:
        for base in range(0, len(self), chunk_rows):
            end = min(base + chunk_rows, len(self))
            cut = slice(base, end)
            columns = (np.array(c[cut]) for c in (self.time, self.open, self.high, self.low, self.close))
            yield Chunk(base, 0, end - base, end == len(self), *columns)

    def reference(self) -> ReferenceBars:
        return ReferenceBars(
            self.time.tolist(), self.open.tolist(), self.high.tolist(), self.low.tolist(), self.close.tolist()
        )


def markets(max_bars: int = 40) -> st.SearchStrategy[Market]:
    """Bars on a coarse grid of eighths, so that touches, equal prices, zero ranges and gaps are common and sums are exact."""
    tick = st.integers(-8, 8)
    bar = st.tuples(tick, st.integers(0, 6), st.integers(0, 6), tick, st.integers(1, 4))
    return st.lists(bar, min_size=1, max_size=max_bars).map(_market)


def _market(bars: list[tuple[int, int, int, int, int]]) -> Market:
    rows, minutes = [], []
    price, minute = 800, 0
    for gap, up, down, body, step in bars:
        # Most bars open where the last one closed.
        opened = max(price + (gap if gap % 3 == 0 else 0), 60)
        closed = max(opened + body, 60)
        rows.append((opened / 8, (max(opened, closed) + up) / 8, (min(opened, closed) - down) / 8, closed / 8))
        minute += step if step < 4 else 700
        minutes.append(minute)
        price = closed
    return Market(rows, minutes=minutes)


@st.composite
def entries_for(draw: st.DrawFn, bars: int, max_entries: int = 25) -> Entries:
    """Entries on the bars: any side, levels as distances, as prices or absent, own time stops and sizes."""
    count = draw(st.integers(0, max_entries))
    where = sorted(draw(st.lists(st.integers(0, bars - 1), min_size=count, max_size=count)))
    eighths = st.integers(1, 24).map(lambda k: k / 8)
    level = st.tuples(st.sampled_from(["none", "distance", "distance", "distance", "price"]), eighths)
    columns: dict[str, list[float]] = {"stop": [], "target": [], "stop_price": [], "target_price": []}
    side, hold, size = [], [], []
    for _ in range(count):
        side.append(draw(st.sampled_from([1, -1])))
        hold.append(draw(st.sampled_from([0, 0, 1, 2, 5])))
        size.append(draw(st.sampled_from([np.nan, np.nan, 2.0])))
        for name in ("stop", "target"):
            kind, amount = draw(level)
            columns[name].append(amount if kind == "distance" else np.nan)
            columns[f"{name}_price"].append(100 + draw(st.integers(-40, 40)) / 8 if kind == "price" else np.nan)
    return Entries(
        np.array(where, dtype=np.int64),
        np.array(side, dtype=np.int64),
        max_hold=np.array(hold),
        size=np.array(size),
        **columns,
    )  # type: ignore[arg-type]
