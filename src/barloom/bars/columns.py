"""Which column of a file is which: by what a user says, by the names of the header, and by what the cells hold."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from barloom.bars.cells.numbers import POINT, is_number, number
from barloom.bars.column_names import ALIASES, CLOSING, LAST, SIDES, SYMBOLS, affixed, field_of, is_beside
from barloom.bars.schema import ASKS, FIELDS, PRICES, REQUIRED, ColumnOptions, Layout, plain
from barloom.bars.time_columns import Times, find_times, is_time
from barloom.errors import InputError, nearest

LISTED = 20  # names in a message
LEVELS = 4.0  # times that prices of mixed instruments lie further from those of the row before than from their own
FEW_VALUES = 50  # different values of a column that tells rows apart
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """The columns of a file."""

    layout: Layout
    clock: int | None = None
    """Column of the time of day, where dates have one of their own."""
    symbols: tuple[int, ...] = ()
    """Columns that tell the rows of one instrument from those of another, by their names."""
    stamp: str | None = None
    """Which end of a bar its time is, where its column says so."""
    unread: tuple[int, ...] = ()
    """Columns that are not read, and that nobody spoke of."""
    notes: tuple[str, ...] = field(default=())


def find_columns(label: str, names: Sequence[str], options: ColumnOptions, rows: Rows = ()) -> Found:
    """Find the fields among a file's columns.

    Args:
        label: what a user knows the file by.
        names: of the columns, empty where one has none.
        options: what a user says.
        rows: cells of the first rows, where they can be looked at.

    Raises:
        InputError: a column is missing, unexpected or named twice, one that is to be left unread does not exist, or rows
            are those of several instruments.
    """
    ignored = _ignored(label, names, options)
    found = (
        _chosen(label, names, options, rows)
        if options.chosen is not None
        else (_named(label, names, options, ignored, rows))
    )
    symbols = tuple(
        at for at, name in enumerate(names) if plain(name) in SYMBOLS and at not in found.layout.index.values()
    )
    found = replace(found, symbols=symbols)
    if options.symbol is None:
        _one_instrument(label, names, found, rows)
    return found


def resolve(label: str, names: Sequence[str], options: ColumnOptions) -> Layout:
    """The fields among columns whose cells are not looked at.

    Raises:
        InputError: see ``find_columns``.
    """
    return find_columns(label, names, options).layout


# ---------------------------------------------------------------- what a user says


def _ignored(label: str, names: Sequence[str], options: ColumnOptions) -> set[int]:
    """The columns to leave unread: by name, each that is called so, or by position."""
    keys = [plain(name) for name in names]
    found: set[int] = set()
    for name in options.ignored:
        if not name.strip():
            continue
        places = [at for at, key in enumerate(keys) if key == plain(name)]
        if not places and name.strip().isdecimal() and 1 <= int(name) <= len(names):
            places = [int(name) - 1]
        if not places:
            raise InputError(
                f"--ignore-columns names '{name}', which {label} does not have: {nearest(name, names)}, or a position from 1 "
                f"to {len(names)}"
            )
        found.update(places)
    return found


def _chosen(label: str, names: Sequence[str], options: ColumnOptions, rows: Rows) -> Found:
    """The columns that were chosen; a time of two columns, as ``Date+Time`` or ``1+2``, is taken apart."""
    assert options.chosen is not None
    index, factor = _spread(label, names, options)
    clock = None
    keys = {plain(name) for name in names}
    for name, given in options.chosen.items():
        date, plus, of_day = given.rpartition("+")
        if name == "time" and plus and plain(given) not in keys:
            index["time"] = find_column(label, names, "time", date)
            clock = find_column(label, names, "time", of_day)
        else:
            index[name] = find_column(label, names, name, given)
    taken: dict[int, str] = {} if clock is None else {clock: "the time of day"}
    for name, at in index.items():
        if at in taken:
            option = "--spread-column" if "spread" in (taken[at], name) else "--columns"
            raise InputError(
                f"{option} takes {taken[at]} and {name} from the same column of {label}: give each its own"
            )
        taken[at] = name
    unread = tuple(at for at in range(len(names)) if at not in taken)
    return Found(Layout(tuple(names), index, factor), clock, unread=unread)


def _spread(label: str, names: Sequence[str], options: ColumnOptions) -> tuple[dict[str, int], float]:
    if options.spread is None:
        return {}, 1.0
    return {
        "spread": find_column(label, names, "spread", options.spread.name, "--spread-column")
    }, options.spread.factor


def find_column(label: str, names: Sequence[str], of: str, name: str, option: str = "--columns") -> int:
    """The column that ``name`` means: the name itself, else the position from 1.

    Raises:
        InputError: there is no such column, or several are called so.
    """
    keys = [plain(known) for known in names]
    matches = [at for at, key in enumerate(keys) if key == plain(name)]
    if len(matches) > 1:
        places = " or ".join(str(at + 1) for at in matches)
        raise InputError(
            f"{label} has {len(matches)} columns named '{name}': give {of} by its position in {option}, {places}"
        )
    if matches:
        return matches[0]
    if name.isdecimal():
        if 1 <= int(name) <= len(names):
            return int(name) - 1
        raise InputError(f"{option} takes {of} from column {name}, but {label} has columns 1 to {len(names)}")
    raise InputError(
        f"{option} takes {of} from '{name}', which {label} does not have: {nearest(name, [n.strip() for n in names if n.strip()])}"
    )


# ---------------------------------------------------------------- what the header says


def _named(label: str, names: Sequence[str], options: ColumnOptions, ignored: set[int], rows: Rows) -> Found:
    keys = [plain(name) for name in names]
    own = {SIDES.get(key) for at, key in enumerate(keys) if at not in ignored}
    if options.spread is not None and own >= set(ASKS):
        raise InputError(f"{label} has ask prices of its own: leave --spread-column out")
    index, factor = _spread(label, names, options)
    if set(index.values()) & ignored:
        raise InputError(
            f"--ignore-columns names '{options.spread and options.spread.name}', which --spread-column reads: leave one of them out"
        )
    free = [at for at in range(len(names)) if at not in ignored and at not in index.values()]
    index |= _prices(label, names, keys, free)
    times = find_times(label, names, [at for at in free if at not in index.values()], rows, options.cells.clock_digits)
    index |= {} if times.at is None else {"time": times.at}
    _complete(label, names, index, times.clock, ignored, rows)
    read = {*index.values(), times.clock, *times.others}
    others = [at for at in free if at not in read]
    unexpected = [at for at in others if not _may_be_left(keys[at])]
    for at in unexpected:
        present = values_of(rows, at)
        if options.symbol is None and _tells_instruments(rows, at, present):
            raise InputError(several(label, names[at], present, one=in_turn(rows, index["time"], times.clock)))
    unexpected = [at for at in unexpected if options.symbol is None or options.symbol not in values_of(rows, at)]
    if unexpected and not (
        options.symbol == "*" and all(_tells_instruments(rows, at, values_of(rows, at)) for at in unexpected)
    ):
        raise InputError(_unexpected(label, names, unexpected))
    unread = tuple(at for at in range(len(names)) if at not in {*index.values(), times.clock} and at not in ignored)
    return Found(Layout(tuple(names), index, factor), times.clock, stamp=times.stamp, unread=unread, notes=times.notes)


def _may_be_left(key: str) -> bool:
    """Tell if a column of that name may be left unread without a word from the user."""
    return (
        not key
        or is_beside(key)
        or key in LAST
        or key in SYMBOLS
        or field_of(key) == "volume"
        or key.startswith(("volume ", "vol "))
    )


def _prices(label: str, names: Sequence[str], keys: Sequence[str], free: Sequence[int]) -> dict[str, int]:
    """The columns of prices and of the volume."""
    places: dict[str, list[int]] = {}
    sides: dict[str, list[int]] = {}
    for at in free:
        name = field_of(keys[at])
        if name is not None and name != "time":
            places.setdefault(name, []).append(at)
        elif keys[at] in SIDES:
            sides.setdefault(SIDES[keys[at]], []).append(at)
    if "close" not in places:
        last = [at for at in free if keys[at] in LAST]
        if last and set(PRICES[:3]) <= places.keys():
            places["close"] = last
    asks = all(name in sides for name in ASKS)
    if not set(PRICES) & places.keys() and set(PRICES) <= sides.keys():
        places |= {name: sides[name] for name in PRICES}
    if not set(PRICES) <= places.keys():
        among = set(free)
        words = affixed([keys[at] if at in among else "" for at in range(len(keys))])
        words = {word: found for word, found in words.items() if word not in ("bid", "ask")}
        if len(words) == 1:
            places |= next(iter(words.values()))
    index: dict[str, int] = {}
    for name in PRICES:
        if len(places.get(name, ())) > 1:
            raise InputError(_twice(label, names, name, places[name], keys))
        if name in places:
            index[name] = places[name][0]
    volumes = places.get("volume", [])
    exact = [at for at in volumes if keys[at] == "volume"]
    if volumes:
        index["volume"] = (exact or volumes)[0]
    if asks:
        index |= {name: sides[name][0] for name in ASKS}
    return index


def _twice(label: str, names: Sequence[str], of: str, places: Sequence[int], keys: Sequence[str]) -> str:
    """The refusal of two columns for one field, with the command that chooses the first."""
    shown = " and ".join(f"'{names[at].strip()}' (column {at + 1})" for at in places)
    first = {}
    for name in FIELDS:
        at = next((at for at, key in enumerate(keys) if ALIASES.get(key) == name), None)
        if at is not None:
            first[name] = at + 1
    command = ",".join(f"{name}={at}" for name, at in first.items())
    other = ",".join(str(at + 1) for at in places[1:])
    return (
        f"{label} has {len(places)} columns for {of}, {shown}: leave the others unread, as with --ignore-columns {other}, or "
        f"name those to read by position, as in --columns {command}"
    )


def _complete(
    label: str, names: Sequence[str], index: dict[str, int], clock: int | None, ignored: set[int], rows: Rows
) -> None:
    """Refuse a header that lacks a field, with the columns that the numbers of the first rows fit, where they tell."""
    missing = [name for name in REQUIRED if name not in index]
    if not missing:
        return
    shown = ", ".join(name.strip() or f"(column {at + 1})" for at, name in enumerate(names[:LISTED])) + (
        ", ..." if len(names) > LISTED else ""
    )
    said = f"{label} has no column for {', '.join(missing)} (it has: {shown})"
    left = [names[at].strip() for at in sorted(ignored) if ALIASES.get(plain(names[at])) in missing]
    if left:
        raise InputError(f"{said}: do not leave {', '.join(left)} unread, take it out of --ignore-columns")
    if rows and "time" in index:
        from barloom.bars.sources.guess import likely_columns  # imported late: it builds on this module's neighbours

        likely = likely_columns(rows, index["time"], clock, index)
        if likely:
            command = _command({**index, **likely}, clock)
            roles = ", ".join(f"'{names[likely[name]].strip()[:40]}' as {name}" for name in PRICES)
            raise InputError(
                f"{said}: its numbers fit {roles}: where that is right give --columns {command}, else name the right ones there"
            )
    places = _places(names, index, rows)
    if places is None:
        raise InputError(f"{said}: a bar has a time and four prices, give a file that has them")
    raise InputError(
        f"{said}: name them with --columns, by name or by position, as in --columns {_command(places, clock)}"
    )


def _command(index: Mapping[str, int], clock: int | None) -> str:
    """Fields by their positions, as ``--columns`` takes them."""
    places = {name: str(at + 1) for name, at in index.items()}
    places["time"] += "" if clock is None else f"+{clock + 1}"
    return ",".join(f"{name}={places[name]}" for name in FIELDS if name in places)


def _places(names: Sequence[str], index: dict[str, int], rows: Rows) -> dict[str, int] | None:
    """Columns that may be right, for a message: those that are known, and the first columns of numbers for the others."""
    usable = [
        at for at in range(len(names)) if not rows or all(is_number(row[at]) for row in rows[:20] if at < len(row))
    ]
    free = [at for at in usable if at not in index.values()]
    time = index.get("time", next((at for at in range(len(names)) if at not in usable), 0))
    free = [at for at in free if at != time]
    found = {"time": time, **{name: index[name] for name in PRICES if name in index}}
    for name in PRICES:
        if name not in found:
            if not free:
                return None
            found[name] = free.pop(0)
    return found


def _unexpected(label: str, names: Sequence[str], places: Sequence[int]) -> str:
    keys = [plain(name) for name in names]
    listed = ", ".join(names[at].strip()[:60] for at in places[:LISTED]) + (", ..." if len(places) > LISTED else "")
    words = [
        str(at + 1)
        if "," in names[at] or names[at].strip()[:1] in "-+#" or keys.count(keys[at]) > 1 or not names[at].isprintable()
        else names[at].strip()
        for at in places
    ]
    return (
        f"{label} has {'an unexpected column' if len(places) == 1 else 'unexpected columns'} {listed}: "
        f"leave unread with --ignore-columns {shlex.quote(','.join(words))}, or name those to read with --columns"
    )


# ---------------------------------------------------------------- one instrument


def _tells_instruments(rows: Rows, at: int, present: Sequence[str]) -> bool:
    """Tell if a column has a few words, each in many rows, as one of symbols has."""
    words = [value for value in present if not is_number(value) and not is_time(value)]
    return 2 <= len(words) == len(present) <= FEW_VALUES and len(rows) >= 4 * len(present)


def _one_instrument(label: str, names: Sequence[str], found: Found, rows: Rows) -> None:
    """Refuse rows of several instruments, told by a column of symbols, or by any that has other values at the same time."""
    for at in found.symbols:
        present = values_of(rows, at)
        if len(present) > 1:
            one = in_turn(rows, found.layout.index["time"], found.clock)
            raise InputError(several(label, names[at], present, one=one))
    read = {*found.layout.index.values(), found.clock}
    left = [
        at
        for at in range(len(names))
        if at not in read and at not in found.symbols and ALIASES.get(plain(names[at])) != "time"
    ]
    close = found.layout.index["close"]
    if not left or not rows:
        return
    moments = [_moment(row, found.layout.index["time"], found.clock) for row in rows]
    seen: dict[str, Sequence[str]] = {}
    twice = []
    for moment, row in zip(moments, rows, strict=True):
        if moment in seen:
            twice.append((seen[moment], row))
        seen[moment] = row
    closes = [number(row[close], POINT) if close < len(row) else None for row in rows]
    for at in left:
        present = values_of(rows, at)
        words = not any(map(is_number, present))
        if words and 2 <= len(present) <= FEW_VALUES and _apart(rows, at, closes):
            raise InputError(several(label, names[at], present))
        if len(twice) < max(2, len(rows) // 50):
            continue
        apart = sum(
            1 for one, other in twice if at < min(len(one), len(other)) and one[at].strip() != other[at].strip()
        )
        if 2 <= len(present) <= min(FEW_VALUES, len(rows) // 2) and apart * 10 >= len(twice) * 9:
            raise InputError(several(label, names[at], present))


def _apart(rows: Rows, at: int, closes: Sequence[float | None]) -> bool:
    """Tell if prices follow those of the same value of a column far more closely than those of the row before."""
    last: dict[str, float] = {}
    before = None
    same = following = 0.0
    changes = 0
    value_before = None
    for row, close in zip(rows, closes, strict=True):
        if close is None or at >= len(row):
            continue
        value = row[at].strip()
        if before is not None and value in last:
            following += abs(close - before)
            same += abs(close - last[value])
            changes += value != value_before
        last[value] = before = close
        value_before = value
    return changes >= max(4, len(rows) // 50) and following > LEVELS * same


def in_turn(rows: Rows, at: int, clock: int | None) -> bool:
    """Tell if few rows share a time with another."""
    moments = [_moment(row, at, clock) for row in rows]
    return len(set(moments)) * 10 >= len(moments) * 9


def _moment(row: Sequence[str], at: int, clock: int | None) -> str:
    text = row[at].strip() if at < len(row) else ""
    return text if clock is None else f"{text} {row[clock].strip()}" if clock < len(row) else text


def values_of(rows: Rows, at: int) -> list[str]:
    """The different values of a column, in the order in which they come, empty ones left out."""
    return [value for value in dict.fromkeys(row[at].strip() for row in rows if len(row) > at) if value]


def several(label: str, column: str, present: Sequence[str], wanted: str | None = None, *, one: bool = False) -> str:
    """The refusal of a file of several symbols, or of one that it does not hold; ``one`` where they may be one instrument."""
    listed = ", ".join(present[:LISTED]) + (", ..." if len(present) > LISTED else "")
    where = f" in its column '{column.strip()}'" if column.strip() else ""
    if wanted is not None:
        example = f"as in --symbol {shlex.quote(present[0])}" if present else "or leave --symbol out"
        return f"{label} has no symbol {wanted}, it holds {listed}: give one of them, {example}"
    whole = ", or read all rows as one instrument with --symbol '*'" if one else ""
    return (
        f"{label} holds several symbols{where}, {listed}: choose one, as with --symbol {shlex.quote(present[0])}{whole}"
    )


def symbol_column(label: str, names: Sequence[str], found: Found, rows: Rows, wanted: str) -> int:
    """The column that holds a symbol: one that is called so, else the only one that has it.

    Raises:
        InputError: no column, or more than one, has the symbol.
    """
    read = {*found.layout.index.values(), found.clock}
    holding = [at for at in found.symbols if wanted in values_of(rows, at)]
    if holding:
        return holding[0]
    other = [
        at for at in range(len(names)) if at not in read and at not in found.symbols and wanted in values_of(rows, at)
    ]
    if len(other) == 1:
        return other[0]
    if found.symbols:
        return found.symbols[0]
    if other:
        raise InputError(f"{label} has '{wanted}' in several columns: rename the one that holds the symbols to symbol")
    raise InputError(f"{label} has no column of symbols: leave --symbol {shlex.quote(wanted)} out")


__all__ = [
    "CLOSING",
    "Found",
    "Times",
    "find_column",
    "find_columns",
    "resolve",
    "several",
    "symbol_column",
    "values_of",
]
