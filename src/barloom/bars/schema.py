"""The columns of a bar, the names that files use for them, and the assignment of a file's columns to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from barloom.bars.cells.options import CellOptions
from barloom.bars.spread import SpreadColumn
from barloom.bars.zones import Zone
from barloom.errors import InputError, nearest

PRICES = ("open", "high", "low", "close")
FIELDS = ("time", *PRICES, "volume")
ASKS = tuple(f"ask_{name}" for name in PRICES)
"""Columns of ask prices beside the bid; all four or none."""
REQUIRED = FIELDS[:-1]
STAMPS = ("open", "close")

SPOKEN = {
    **dict.fromkeys(("time", "timestamp", "date", "datetime"), "time"),
    **{name: name for name in (*PRICES, "volume")},
    **{name[0]: name for name in (*PRICES, "volume")},
    "vol": "volume",
}
"""Names that users give the fields in options."""

POSITIONS_EXAMPLE = "--columns time=1,open=2,high=3,low=4,close=5,volume=6"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of a file is which field: indices from 0, and the names of all columns."""

    names: tuple[str, ...]
    index: Mapping[str, int]
    spread_factor: float = 1.0
    """Factor that converts the spread column, if there is one, to price units."""

    @property
    def has_volume(self) -> bool:
        """True if the file has a volume column that may be read."""
        return "volume" in self.index

    @property
    def has_spread(self) -> bool:
        """True if the file has a spread column that is to be read."""
        return "spread" in self.index

    @property
    def has_ask(self) -> bool:
        """True if ask prices are read, or computed from a spread."""
        return self.has_spread or ASKS[0] in self.index

    def fields(self, volume: bool) -> tuple[str, ...]:
        """The fields to read, in the house's order."""
        fields = FIELDS if volume and self.has_volume else REQUIRED
        if self.has_spread:
            return (*fields, "spread")
        return (*fields, *ASKS) if self.has_ask else fields


def plain(name: str) -> str:
    """A column name as it is compared: without surrounding spaces, angle brackets, byte-order mark, footnote asterisks or case."""
    bare = name.strip().lstrip("\ufeff").strip()
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1].strip()
    return bare.rstrip("*").casefold() or bare


def parse_columns(text: str | Mapping[str, str | int] | None) -> dict[str, str] | None:
    """The ``columns`` option, ``time=Date,open=O`` or a mapping, as field -> name or position.

    Raises:
        InputError: a part is not FIELD=NAME, a field is unknown, given twice, or a required one is left out.
    """
    if text is None:
        return None
    chosen: dict[str, str] = {}
    if isinstance(text, Mapping):
        parts = [(str(given), str(name)) for given, name in text.items()]
    else:
        parts = []
        for part in str(text).split(","):
            given, equals, name = part.partition("=")
            if not equals or not name.strip():
                raise InputError(
                    f"--columns has '{part.strip()}': write FIELD=NAME or FIELD=POSITION, as in {POSITIONS_EXAMPLE}"
                )
            parts.append((given, name))
    for given, name in parts:
        key = plain(given)
        named = key if key in ASKS else SPOKEN.get(key, "")
        if not named:
            raise InputError(f"--columns names the field '{given.strip()}': {nearest(key, (*FIELDS, *ASKS))}")
        if named in chosen:
            raise InputError(f"--columns gives {named} twice: name it once")
        chosen[named] = name.strip()
    some_asks = [name for name in ASKS if name in chosen]
    absent = [name for name in REQUIRED if name not in chosen]
    if some_asks and len(some_asks) < len(ASKS):
        raise InputError(f"--columns names {', '.join(some_asks)}: name all of {', '.join(ASKS)}, or none of them")
    if absent:
        raise InputError(
            f"--columns leaves out {', '.join(absent)}: name all of {', '.join(REQUIRED)} (volume may be left out)"
        )
    return chosen


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """Options a user gives for a source: its columns, its format, its clock, which of its symbols."""

    chosen: Mapping[str, str] | None = None
    """Field -> name or position of every column to read; None for the usual names."""
    ignored: tuple[str, ...] = ()
    """Names of columns to leave unread."""
    spread: SpreadColumn | None = None
    input_format: str | None = None
    """A name of ``sources.registry``; None to tell the format by content."""
    time_zone: Zone | None = None
    """The clock of naive times; None for that of the format."""
    stamp: str | None = None
    """``open`` or ``close``; None for that of the format."""
    symbol: str | None = None
    """The symbol to read from a file that holds several; ``*`` for the rows of all."""
    cells: CellOptions = field(default_factory=CellOptions)
    """Options given for the cells."""

    @classmethod
    def parse(
        cls,
        columns: str | Mapping[str, str | int] | None,
        ignore_columns: str | Iterable[str] = (),
        spread_column: str | int | None = None,
        *,
        input_format: str | None = None,
        time_zone: str | None = None,
        stamp: str | None = None,
        symbol: str | None = None,
        date_order: str | None = None,
        time_format: str | None = None,
        decimal: str | None = None,
        thousands: str | None = None,
        encoding: str | None = None,
    ) -> ColumnOptions:
        """The options as they are given.

        Raises:
            InputError: one of them cannot be read.
        """
        ignored = ignore_columns.split(",") if isinstance(ignore_columns, str) else map(str, ignore_columns)
        spread = None if spread_column is None else SpreadColumn.parse(spread_column)
        if stamp not in (None, *STAMPS):
            raise InputError(f"--stamp is '{stamp}': {nearest(str(stamp), STAMPS)}")
        if symbol is not None and not symbol.strip():
            raise InputError("--symbol is empty: name a symbol of the file")
        zone = None if time_zone is None else Zone.parse(time_zone)
        name = None if input_format is None else input_format.strip().lower()
        return cls(
            parse_columns(columns),
            tuple(ignored),
            spread,
            None if name == "auto" else name,
            zone,
            stamp,
            None if symbol is None else symbol.strip(),
            CellOptions.parse(date_order, time_format, decimal, thousands, encoding),
        )

    @property
    def by_position(self) -> bool:
        """True if the columns to read are given by 1-based positions."""
        return self.chosen is not None and all(name.replace("+", "").isdecimal() for name in self.chosen.values())
