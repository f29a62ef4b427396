"""A metric over two names of the grid, as numbers and as a picture."""

from __future__ import annotations

import builtins
import importlib.util
import io
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest

from barloom.errors import InputError
from barloom.sweeps.analysis.heat_map import DIVERGING, EMPTY, RISING, axes_of, check_plots, heat_map, is_dark, png
from barloom.sweeps.analysis.table import SweepTable
from helpers.sweeps import results_of

AXES: dict[str, list[Any]] = {"fast": [10, 5], "stop": ["atr:2", "atr:1", "none"], "side": ["long", "both"]}


def table_of(axes: dict[str, list[Any]] = AXES, metric: str = "sharpe", **columns: list[Any]) -> SweepTable:
    sets = list(product(*axes.values()))
    columns = {metric: [float(k) for k in range(len(sets))], "trades": [50] * len(sets)} | columns
    rows = [{name: values[place] for name, values in columns.items()} for place in range(len(sets))]
    return SweepTable.made(tuple(axes), sets, results_of(rows))


def test_a_cell_is_the_best_or_the_mean_of_its_sets() -> None:
    best = heat_map(table_of(), "fast", "stop")
    assert (best.across, best.down) == (("5", "10"), ("atr:1", "atr:2", "none"))
    assert best.values.tolist() == [[9.0, 3.0], [7.0, 1.0], [11.0, 5.0]]
    assert best.title == "sharpe by stop and fast; the best over side"
    mean = heat_map(table_of(), "fast", "stop", how="mean")
    assert mean.values.tolist() == [[8.5, 2.5], [6.5, 0.5], [10.5, 4.5]]
    lowest = heat_map(table_of(metric="max_drawdown"), "fast", "stop", "max-drawdown")
    assert lowest.values.tolist() == [[8.0, 2.0], [6.0, 0.0], [10.0, 4.0]]


def test_cells_without_a_ranked_set_are_empty() -> None:
    axes = {"a": [1, 2], "b": [1, 2]}
    table = table_of(axes, sharpe=[None, 1.0, -2.0, 5.0], trades=[9, 9, 9, 8])
    found = heat_map(table, "a", "b", min_trades=9)
    assert np.array_equal(found.values, [[np.nan, -2.0], [1.0, np.nan]], equal_nan=True)
    assert found.colour(found.values[0, 0]) == EMPTY
    none = heat_map(table, "a", "b", min_trades=10)
    assert np.isnan(none.values).all()
    assert none.title == "sharpe by b and a"


def test_zero_is_white_where_there_are_gains_and_losses() -> None:
    found = heat_map(table_of({"a": [1, 2], "b": [1]}, sharpe=[-1.0, 4.0]), "a", "b")
    assert found.bounds() == (-4.0, 4.0)
    assert found.colour(0.0) == DIVERGING[2]
    assert found.colour(4.0) == DIVERGING[-1]
    gains = heat_map(table_of({"a": [1, 2], "b": [1]}, sharpe=[1.0, 4.0]), "a", "b")
    assert (gains.colour(1.0), gains.colour(4.0)) == (RISING[0], RISING[-1])
    falls = heat_map(
        table_of({"a": [1, 2], "b": [1]}, "max_drawdown", max_drawdown=[1.0, 4.0]), "a", "b", "max_drawdown"
    )
    assert (falls.colour(1.0), falls.colour(4.0)) == (RISING[-1], RISING[0])
    same = heat_map(table_of({"a": [1, 2], "b": [1]}, sharpe=[3.0, 3.0]), "a", "b")
    assert same.bounds() == (2.5, 3.5)


def test_letters_stand_out_from_every_colour() -> None:
    def light(part: int) -> float:
        return float(np.where(part <= 10, part / 255 / 12.92, ((part / 255 + 0.055) / 1.055) ** 2.4))

    drawn = [heat_map(table_of({"a": [1, 2], "b": [1]}, sharpe=[low, 4.0]), "a", "b") for low in (-4.0, 1.0)]
    colours = [one.colour(value) for one in drawn for value in np.linspace(one.bounds()[0], 4.0, 101)]
    for red, green, blue in [*colours, EMPTY]:
        luminance = 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue)
        contrast = 1.05 / (luminance + 0.05) if is_dark((red, green, blue)) else (luminance + 0.05) / 0.05
        assert contrast > 4.5


def test_many_values_share_rows() -> None:
    axes = {"a": list(range(250)), "b": [1]}
    found = heat_map(table_of(axes), "b", "a")
    assert found.values.shape == (84, 1)
    assert found.down[0] == "0 to 2"
    assert found.down[-1] == "249"
    assert found.values[0, 0] == 2.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fast", "give two names of the grid"),
        ("fast,fast", "give two names of the grid"),
        ("fast,stop,side", "give two names of the grid"),
        ("fast,stopp", r"'stopp' is not in the grid: did you mean 'stop'\?"),
    ],
)
def test_other_axes_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        axes_of(text, ["fast", "stop", "side"])


def test_names_may_be_written_with_hyphens() -> None:
    assert axes_of("max-hold, fast", ["fast", "max_hold"]) == ("max_hold", "fast")


def pixels(content: bytes) -> np.ndarray:
    from matplotlib.image import imread

    return (imread(io.BytesIO(content), format="png")[:, :, :3] * 255).round().astype(int)


def holds(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((abs(picture - np.array(colour)).max(axis=2) <= 2).sum() > 500)


def test_a_picture_has_the_colours_of_the_values() -> None:
    found = heat_map(table_of({"a": [1, 2, 3], "b": [1, 2]}, sharpe=[-2.0, 1.0, 2.0, 0.0, None, 1.5]), "a", "b")
    picture = pixels(png(found))
    for value in found.values.ravel():
        assert holds(picture, found.colour(value)), value
    assert not holds(picture, RISING[0])


def test_names_and_words_are_drawn_as_they_are() -> None:
    axes = {"a$_{": [f"{k}$^ _{'x' * 40}" for k in range(3)], "b": list(range(60))}
    assert png(heat_map(table_of(axes), "a$_{", "b")).startswith(b"\x89PNG")
    empty = heat_map(table_of({"a": [1], "b": [1]}, sharpe=[None]), "a", "b")
    assert holds(pixels(png(empty)), EMPTY)


def test_without_matplotlib_the_command_for_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = heat_map(table_of(), "fast", "stop")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for asked in (check_plots, lambda: png(found)):
        with pytest.raises(InputError, match=r"needs matplotlib: pip install 'barloom\[plots\]'"):
            asked()


def test_matplotlib_is_imported_only_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    asked: list[str] = []
    real = builtins.__import__

    def noted(name: str, *rest: Any, **more: Any) -> Any:
        asked.append(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", noted)
    heat_map(table_of(), "fast", "stop")
    assert not [name for name in asked if name.startswith("matplotlib")]
