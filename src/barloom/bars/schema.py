"""The columns of a bar, the names they go by in files, and which column of a file is which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from barloom.bars.spread import SpreadColumn
from barloom.bars.zones import Zone
from barloom.errors import InputError, nearest

PRICES = ("open", "high", "low", "close")
FIELDS = ("time", *PRICES, "volume")
ASKS = tuple(f"ask_{name}" for name in PRICES)
"""Columns of ask prices beside those of the bid, all four or none."""
REQUIRED = FIELDS[:-1]
STAMPS = ("open", "close")

ALIASES = {
    "timestamp": "time", "time": "time", "date": "time", "datetime": "time", "open_time": "time", "ts": "time",
    "__index_level_0__": "time",  # an unnamed DatetimeIndex that pandas wrote to a file
    "open": "open", "o": "open", "high": "high", "h": "high", "low": "low", "l": "low",
    "close": "close", "c": "close", "volume": "volume", "v": "volume", "vol": "volume",
}  # fmt: skip

POSITIONS_EXAMPLE = "--columns time=1,open=2,high=3,low=4,close=5,volume=6"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of a file is which field: indices from 0, and the names of all columns."""

    names: tuple[str, ...]
    index: Mapping[str, int]
    spread_factor: float = 1.0
    """What makes the spread column price units, where there is one."""

    @property
    def has_volume(self) -> bool:
        """Whether the file has a volume that may be read."""
        return "volume" in self.index

    @property
    def has_spread(self) -> bool:
        """Whether the file has a spread that is to be read."""
        return "spread" in self.index

    @property
    def has_ask(self) -> bool:
        """Whether ask prices are read, or made of a spread."""
        return self.has_spread or ASKS[0] in self.index

    def fields(self, volume: bool) -> tuple[str, ...]:
        """The fields to read, in the house's order."""
        fields = FIELDS if volume and self.has_volume else REQUIRED
        if self.has_spread:
            return (*fields, "spread")
        return (*fields, *ASKS) if self.has_ask else fields


def plain(name: str) -> str:
    """A column name as it is compared: without surrounding spaces, angle brackets, byte-order mark or case."""
    bare = name.strip().lstrip("\ufeff").strip()
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1].strip()
    return bare.casefold()


def parse_columns(text: str | Mapping[str, str | int] | None) -> dict[str, str] | None:
    """The ``columns`` option, ``time=Date,open=O`` or a mapping, as field -> name or position.

    Raises:
        InputError: a part is not FIELD=NAME, a field is unknown, given twice, or a required one is left out.
    """
    if text is None:
        return None
    chosen: dict[str, str] = {}
    if isinstance(text, Mapping):
        parts = [(str(field), str(name)) for field, name in text.items()]
    else:
        parts = []
        for part in str(text).split(","):
            field, equals, name = part.partition("=")
            if not equals or not name.strip():
                raise InputError(
                    f"--columns has '{part.strip()}': write FIELD=NAME or FIELD=POSITION, as in {POSITIONS_EXAMPLE}"
                )
            parts.append((field, name))
    for given, name in parts:
        field = ALIASES.get(plain(given), "")
        if not field:
            raise InputError(f"--columns names the field '{given.strip()}': {nearest(plain(given), FIELDS)}")
        if field in chosen:
            raise InputError(f"--columns gives {field} twice: name it once")
        chosen[field] = name.strip()
    absent = [field for field in REQUIRED if field not in chosen]
    if absent:
        raise InputError(
            f"--columns leaves out {', '.join(absent)}: name all of {', '.join(REQUIRED)} (volume may be left out)"
        )
    return chosen


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """What a user says about a source: its columns, its format, its clock, which of its symbols."""

    chosen: Mapping[str, str] | None = None
    """Field -> name or position, of all that are to be read; None for the usual names."""
    ignored: tuple[str, ...] = ()
    """Names of columns to leave unread."""
    spread: SpreadColumn | None = None
    input_format: str | None = None
    """A name of ``sources.registry``, None to tell by content."""
    time_zone: Zone | None = None
    """The clock of naive times, None for that of the format."""
    stamp: str | None = None
    """``open`` or ``close``, None for that of the format."""
    symbol: str | None = None
    """The symbol to read of a file that holds several."""

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
    ) -> ColumnOptions:
        """The options as they are given.

        Raises:
            InputError: one of them cannot be read.
        """
        ignored = ignore_columns.split(",") if isinstance(ignore_columns, str) else ignore_columns
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
        )

    @property
    def by_position(self) -> bool:
        """Whether the columns to read are given by 1-based positions."""
        return self.chosen is not None and all(name.replace("+", "").isdecimal() for name in self.chosen.values())


def resolve(label: str, names: Sequence[str], options: ColumnOptions) -> Layout:
    """Find the fields among a file's columns.

    Unless columns are chosen they go by their usual names, four of ask prices may stand beside them, and every other column must be
    ignored by name; else columns not named are left unread. A column of spreads is read where it is asked for.

    Raises:
        InputError: a column is missing, unexpected or named twice, or an ignored one does not exist.
    """
    chosen, spread = options.chosen, options.spread
    index: dict[str, int] = {}
    factor = 1.0
    skip = {plain(name): name for name in options.ignored if name.strip()}
    asks = {key: at for at, name in enumerate(names) if (key := plain(name)) in ASKS and key not in skip}
    if spread is not None:
        if len(asks) == len(ASKS) and chosen is None:
            raise InputError(f"{label} has ask prices of its own: leave --spread-column out")
        index["spread"] = _find(label, names, "spread", spread.name, "--spread-column")
        factor = spread.factor
    if chosen is not None:
        for field, name in chosen.items():
            index[field] = _find(label, names, field, name)
        taken: dict[int, str] = {}
        for field, at in index.items():
            if at in taken:
                option = "--spread-column" if taken[at] == "spread" else "--columns"
                raise InputError(
                    f"{option} takes {taken[at]} and {field} from the same column of {label}: give each its own"
                )
            taken[at] = field
        return Layout(tuple(names), index, factor)
    unexpected: list[str] = []
    if len(asks) == len(ASKS):
        index |= asks
    for at, name in enumerate(names):
        key = plain(name)
        if at == index.get("spread"):
            if key in skip:
                raise InputError(f"--ignore-columns names '{name}', which --spread-column reads: leave one of them out")
            continue
        if key in skip or index.get(key) == at:
            continue
        found = ALIASES.get(key)
        if found is None:
            unexpected.append(name.strip() or f"(column {at + 1}, without a name)")
        elif found in index:
            first = names[index[found]].strip()
            raise InputError(
                f"{label} has two columns for {found}, '{first}' and '{name.strip()}': "
                "leave one unread with --ignore-columns"
            )
        else:
            index[found] = at
    known = {plain(name) for name in names}
    for key, name in skip.items():
        if key not in known:
            raise InputError(f"--ignore-columns names '{name}', which {label} does not have: {nearest(name, names)}")
    missing = [field for field in REQUIRED if field not in index]
    shown = ", ".join(name.strip() for name in names[:20]) + (", ..." if len(names) > 20 else "")
    if missing:
        raise InputError(
            f"{label} has no column for {', '.join(missing)} (it has: {shown}): name them with --columns, as in "
            "--columns time=Date,open=O,high=H,low=L,close=C"
        )
    if unexpected:
        listed = ",".join(unexpected[:20])
        raise InputError(
            f"{label} has {'an unexpected column' if len(unexpected) == 1 else 'unexpected columns'} {listed}: "
            f"leave unread with --ignore-columns {listed}, or name those to read with --columns"
        )
    return Layout(tuple(names), index, factor)


def _find(label: str, names: Sequence[str], field: str, name: str, option: str = "--columns") -> int:
    """The column that ``name`` means: the name itself, else the 1-based position."""
    keys = [plain(known) for known in names]
    matches = [at for at, key in enumerate(keys) if key == plain(name)]
    if len(matches) > 1:
        raise InputError(f"{label} has {len(matches)} columns named '{name}': give {field} by its position in {option}")
    if matches:
        return matches[0]
    if name.isdecimal():
        if 1 <= int(name) <= len(names):
            return int(name) - 1
        raise InputError(f"{option} takes {field} from column {name}, but {label} has columns 1 to {len(names)}")
    raise InputError(f"{option} takes {field} from '{name}', which {label} does not have: {nearest(name, names)}")
