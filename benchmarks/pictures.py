"""Draws the tables of docs/project/scaling.md as SVG: the same points, the same bytes by one version of matplotlib."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

COLOURS = ("#1f6f8b", "#c8553d", "#6a8d3a", "#7a4f9e")
MARKS = (("o", "-"), ("s", "--"), ("^", "-."), ("D", ":"))  # series differ in more than their colour
STYLE = {
    "svg.fonttype": "none",  # text stays text: small files that can be searched
    "svg.hashsalt": "barloom",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}


class Drawn(Protocol):
    """A row of a table, drawn as one point of a picture."""

    what: str
    x: float
    figures: list[float]
    more: dict[str, str]


def draw(path: Path, name: str, varies: str, unit: str, points: Sequence[Drawn]) -> None:
    """Write the picture of a part: lines, or kernels beside plain passes for the roofline."""
    with matplotlib.rc_context(STYLE):
        figure = kernels(unit, points) if name == "roofline" else lines(name, varies, unit, points)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(
            path, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white", bbox_inches="tight"
        )


def lines(name: str, varies: str, unit: str, points: Sequence[Drawn]) -> Figure:
    """Medians with their range, over what varies."""
    figure = Figure(figsize=(6.4, 3.2))
    axes = figure.subplots()
    series = dict.fromkeys(point.what for point in points)
    for colour, (marker, dash), what in zip(COLOURS * 2, MARKS * 2, series, strict=False):
        those = [point for point in points if point.what == what]
        middle = [statistics.median(point.figures) for point in those]
        reach = [
            [value - min(point.figures) for value, point in zip(middle, those, strict=True)],
            [max(point.figures) - value for value, point in zip(middle, those, strict=True)],
        ]
        axes.errorbar(
            [point.x for point in those], middle, reach,
            label=what, color=colour, marker=marker, linestyle=dash, markersize=4, capsize=2,
        )  # fmt: skip
    if name != "threads":
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    xs = sorted({point.x for point in points})
    axes.set_xticks(xs, [short(x) for x in xs])
    if name == "trades":
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel("bars held on average" if name == "holding" else varies)
    axes.set_ylabel(unit)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2)
    return figure


def kernels(unit: str, points: Sequence[Drawn]) -> Figure:
    """A line a kernel, from what a plain pass takes to what it takes itself."""
    figure = Figure(figsize=(7.2, 0.24 * len(points) + 1.0))
    axes = figure.subplots()
    places = range(len(points), 0, -1)
    ours = [statistics.median(point.figures) for point in points]
    plain = [float(point.more["plain pass, ns"]) for point in points]
    axes.hlines(places, plain, ours, color="#bbbbbb", linewidth=1.5, zorder=1)
    axes.scatter(plain, places, color=COLOURS[1], marker="|", s=60, label="plain pass over the same columns", zorder=2)
    axes.scatter(ours, places, color=COLOURS[0], s=18, label="the kernel or phase", zorder=3)
    axes.set_yticks(places, [f"{point.what} ({point.x:.3g} bytes)" for point in points])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"{unit}, one thread")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
    return figure


def short(x: float) -> str:
    """A number on an axis: 1M, 16k, 857."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if x >= size:
            return f"{x / size:.3g}{letter}"
    return f"{x:.3g}"
