"""Questions and refusals about text files that are of another format than named, or that leave something open."""

from __future__ import annotations

import re
from collections.abc import Sequence

from barloom.bars.cells.numbers import COMMA, POINT, Marks
from barloom.bars.column_names import ALIASES
from barloom.bars.columns import Found
from barloom.bars.schema import PRICES, plain
from barloom.bars.sources.dialects import NAMES
from barloom.bars.time_columns import kind_of


def same_date(label: str, names: Sequence[str], found: Found, rows: Sequence[Sequence[str]], cell: str) -> str:
    """The refusal of dates shared by many rows, whose time of day is in another column or missing."""
    index = found.layout.index
    free = [at for at in range(len(names)) if at not in index.values()]
    clock = next((at for at in free if kind_of(rows, at) == "clock"), None)
    hours = next((at for at in free if ALIASES.get(plain(names[at])) == "time" and _small(rows, at)), None)
    if hours is not None and (clock is None or clock == hours):
        few = all(len(row[hours].strip()) <= 2 for row in rows if hours < len(row))
        return (
            f"{label} has times of day such as '{rows[-1][hours].strip()}' in column '{names[hours].strip()}': say what the digits are with "
            f"--time-format {'%H or --time-format %H%M' if few else '%H%M or --time-format %H%M%S'}"
        )
    said = f"{label} has '{cell[:30]}' as time in most rows"
    if clock is None:
        return f"{said}, and no column with a time of day: such rows are no bars, give a file that has one"
    places = ",".join(f"{name}={index[name] + 1}" for name in (*PRICES, "volume") if name in index)
    return f"{said}: name the time of day too, as in --columns time={index['time'] + 1}+{clock + 1},{places}"


def _small(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Tell if cells are whole numbers of few digits."""
    return all(re.fullmatch(r"\d{1,6}", row[at].strip()) for row in rows if at < len(row))


def wrong_mark(label: str, decimal: str, marks: Marks) -> str:
    """The refusal of a decimal mark that prices disprove."""
    words = {POINT: "point", COMMA: "comma"}
    other = COMMA if decimal == POINT else POINT
    return (
        f"{label} has '{marks.proof[other][1].strip()[:30]}', which is no price with a decimal {words[decimal]}: give --decimal "
        f"{words[other]}, or leave --decimal {words[decimal]} out"
    )


def of_another_vendor(label: str, wanted: str) -> str:
    """The refusal of a file that is not from the vendor that was named."""
    return f"{label} is no file of --input-format {wanted}: leave the option out, or name one of {', '.join(NAMES)}"
