"""Heat map of a metric over two names of the grid, as numbers and as a picture."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from barloom.engine.metrics import LOWER_IS_BETTER
from barloom.errors import InputError, nearest
from barloom.sweeps.analysis.table import SweepTable, cell, column_of, metric_of, text_of

How = Literal["best", "mean"]
Colour = tuple[int, int, int]
WIDEST = 100
"""Most values of an axis; with more, neighbouring values share a row or a column."""
MAKER = "barloom"
"""Creator in the metadata of a picture, by which barloom recognises its own."""
NUMBERED = 20
"""Rows and columns up to which a picture has the numbers in it."""
MISSING_PLOTS = "a heat map as PNG needs matplotlib: pip install 'barloom[plots]'"
DIVERGING: tuple[Colour, ...] = ((178, 24, 43), (244, 165, 130), (247, 247, 247), (146, 197, 222), (33, 102, 172))
"""Red, white, blue: for values on both sides of 0, readable with red-green colour blindness."""
RISING: tuple[Colour, ...] = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
"""Dark to bright, for values on one side of 0."""
EMPTY: Colour = (221, 221, 221)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A metric over two names.

    Attributes:
        x, y: the names, across and down.
        metric: what is shown.
        how: which of the sets that share a cell: their ``best``, or their ``mean``.
        others: the other names of the grid, over which that is.
        across, down: the labels of the columns and the rows.
        values: a row a value of ``y``, a column a value of ``x``; NaN where no set has the metric and enough trades, or none made a trade.
    """

    x: str
    y: str
    metric: str
    how: How
    others: tuple[str, ...]
    across: tuple[str, ...]
    down: tuple[str, ...]
    values: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def title(self) -> str:
        """Title of the map."""
        over = f"; the {self.how} over {', '.join(self.others)}" if self.others else ""
        return f"{self.metric} by {self.y} and {self.x}{over}"

    @property
    def two_sided(self) -> bool:
        """True if there are values on both sides of 0."""
        known = self.values[~np.isnan(self.values)]
        return bool(len(known) and known.min() < 0.0 < known.max())

    def bounds(self) -> tuple[float, float]:
        """The values at the two ends of the colours; 0 is in the middle if there are values on both sides."""
        known = self.values[~np.isnan(self.values)]
        if not len(known):
            return 0.0, 1.0
        low, high = float(known.min()), float(known.max())
        if self.two_sided:
            low, high = min(low, -high), max(high, -low)
        return (low, high) if low < high else (low - 0.5, high + 0.5)

    def colours(self) -> tuple[Colour, ...]:
        """The colours from the lowest value to the highest; better values are blue, or bright."""
        colours = DIVERGING if self.two_sided else RISING
        return colours[::-1] if self.metric in LOWER_IS_BETTER else colours

    def colour(self, value: float) -> Colour:
        """The colour of a value."""
        if np.isnan(value):
            return EMPTY
        low, high = self.bounds()
        colours = self.colours()
        at = (value - low) / (high - low) * (len(colours) - 1)
        first = min(int(at), len(colours) - 2)
        red, green, blue = (
            round(a + (at - first) * (b - a)) for a, b in zip(colours[first], colours[first + 1], strict=True)
        )
        return red, green, blue


def is_dark(colour: Colour) -> bool:
    """True if white letters have more contrast on the colour than black ones, by the contrast of WCAG 2.2."""
    parts = [one / 255.0 for one in colour]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (luminance + 0.05) ** 2 < 1.05 * 0.05


def hex_of(colour: Colour) -> str:
    """The colour as ``#rrggbb``."""
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def axes_of(text: str, names: Sequence[str]) -> tuple[str, str]:
    """The two names of ``X,Y``, each as written in the grid.

    Raises:
        InputError: it is not two names of the grid.
    """
    found = []
    for word in text.split(","):
        name = word.strip()
        if name not in names:
            name = name.replace("-", "_")
        if name not in names:
            raise InputError(f"--heat-map {text}: '{word.strip()}' is not in the grid: {nearest(name, names)}")
        found.append(name)
    if len(found) != 2 or found[0] == found[1]:
        raise InputError(f"--heat-map {text}: give two names of the grid, as in fast,slow")
    return found[0], found[1]


def heat_map(
    table: SweepTable, x: str, y: str, by: str = "sharpe", *, min_trades: int = 0, how: How = "best"
) -> HeatMap:
    """The map of a metric over two names of the grid.

    Args:
        table: the sets.
        x: the name across.
        y: the name down.
        by: the metric.
        min_trades: sets with fewer trades are left out.
        how: what a cell shows where other names of the grid leave several sets in it.

    Raises:
        InputError: the grid has no such name, the two are one, or there is no such metric.
    """
    metric = metric_of(by)
    x, y = axes_of(f"{x},{y}", table.names)
    ranking = table.ranking(metric, min_trades)
    chosen = table.take(ranking.places[: ranking.ranked])
    columns, across = _places(table, chosen, x)
    rows, down = _places(table, chosen, y)
    found = chosen.numbers(metric)
    values = np.full((len(down), len(across)), np.nan)
    if how == "mean":
        counts = np.zeros_like(values)
        np.add.at(counts, (rows, columns), 1.0)
        sums = np.zeros_like(values)
        np.add.at(sums, (rows, columns), found)
        np.divide(sums, counts, out=values, where=counts > 0.0)
    else:
        better = np.fmin if metric in LOWER_IS_BETTER else np.fmax
        better.at(values, (rows, columns), found)
    others = tuple(name for name in table.names if name not in (x, y))
    return HeatMap(x, y, metric, how, others, across, down, values)


def _places(table: SweepTable, chosen: SweepTable, name: str) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    """The row or column of every chosen set, and the labels of all rows or columns."""
    axis = table.axis(name)
    shared = -(-len(axis) // WIDEST)
    place = {value: at // shared for at, value in enumerate(axis)}
    groups = [axis[first : first + shared] for first in range(0, len(axis), shared)]
    labels = tuple(
        text_of(group[0]) if len(group) == 1 else f"{text_of(group[0])} to {text_of(group[-1])}" for group in groups
    )
    places = [place[value] for value in chosen.table[column_of(name)].to_pylist()]
    return np.array(places, dtype=np.int64), labels


def check_plots() -> None:
    """Check before a sweep that a picture can be made after it.

    Raises:
        InputError: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError(MISSING_PLOTS)


def png(drawn: HeatMap) -> bytes:
    """The map as a PNG picture.

    Raises:
        InputError: matplotlib is not installed.
    """
    check_plots()
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    rows, columns = drawn.values.shape
    width, height = min(4.0 + 0.55 * columns, 16.0), min(2.5 + 0.4 * rows, 14.0)
    figure = Figure(figsize=(max(width, 7.0), max(height, 4.0)), layout="constrained")
    axes: Any = figure.add_subplot()
    named = [hex_of(one) for one in drawn.colours()]
    colours = LinearSegmentedColormap.from_list("sweep", named, N=1024).with_extremes(bad=hex_of(EMPTY))
    low, high = drawn.bounds()
    image = axes.imshow(np.ma.masked_invalid(drawn.values), cmap=colours, vmin=low, vmax=high, aspect="auto")
    for axis, labels, name in ((axes.xaxis, drawn.across, drawn.x), (axes.yaxis, drawn.down, drawn.y)):
        step = -(-len(labels) // (2 * NUMBERED))
        axis.set_ticks(range(0, len(labels), step), [_short(label) for label in labels[::step]], parse_math=False)
        axis.set_label_text(_short(name), parse_math=False)
    axes.tick_params(axis="x", labelrotation=90 if max(map(len, drawn.across), default=0) > 4 else 0)
    axes.set_title(_short(drawn.title, 100), parse_math=False, fontsize=11)
    if max(rows, columns) <= NUMBERED:
        for (row, column), value in np.ndenumerate(drawn.values):
            letters = "white" if is_dark(drawn.colour(value)) else "black"
            said = cell(drawn.metric, float(value))
            axes.text(column, row, said, ha="center", va="center", fontsize=8, color=letters)
    figure.colorbar(image, ax=axes)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110, metadata={"Software": MAKER})
    return content.getvalue()


def _short(text: str, limit: int = 30) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
