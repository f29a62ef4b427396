"""Options a user gives for the cells of a file."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from barloom.bars.cells.formats import TimeFormat
from barloom.bars.cells.moments import ORDERS, Order
from barloom.errors import InputError, nearest

DECIMALS = {".": ".", ",": ",", "point": ".", "comma": ","}
THOUSANDS = {
    ",": ",", ".": ".", " ": " ", "'": "'", "": "", "comma": ",", "point": ".", "space": " ", "apostrophe": "'", "none": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellOptions:
    """The options that say what a cell means; None if the cells decide."""

    date_order: Order | None = None
    time_format: TimeFormat | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None

    @property
    def clock_digits(self) -> int:
        """Digits of times of day in a column of their own, as the user gave them; 0 if not given."""
        return 0 if self.time_format is None else self.time_format.clock_digits

    @classmethod
    def parse(
        cls,
        date_order: str | None = None,
        time_format: str | None = None,
        decimal: str | None = None,
        thousands: str | None = None,
        encoding: str | None = None,
    ) -> CellOptions:
        """The options as they are given.

        Raises:
            InputError: one of them cannot be read, or two of them contradict each other.
        """
        if date_order is not None and date_order not in ORDERS:
            raise InputError(f"--date-order is '{date_order}': {nearest(str(date_order), ORDERS)}")
        mark = _known("--decimal", decimal, DECIMALS)
        group = _known("--thousands", thousands, THOUSANDS)
        if mark is not None and mark == group:
            raise InputError(f"--decimal and --thousands are both '{mark}': leave --thousands out")
        if mark is None and group in (",", "."):
            mark = "." if group == "," else ","
        return cls(
            date_order,
            None if time_format is None else TimeFormat.parse(time_format),
            mark,
            group,
            None if encoding is None else _codec(encoding),
        )


def _known(option: str, given: str | None, known: dict[str, str]) -> str | None:
    if given is None:
        return None
    text = str(given)
    value = known.get(text if text.isspace() else text.strip().lower())
    if value is None:
        names = [name for name in known if len(name) > 1]
        raise InputError(f"{option} is '{text}': {nearest(text.strip().lower(), names)}")
    return value


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name.strip())
        "1".encode(found.name)
    except (LookupError, UnicodeError, ValueError):
        raise InputError(
            f"--encoding is '{name}', which is no encoding of text: give one such as gbk, shift_jis, cp1251 or cp1252"
        ) from None
    if not getattr(found, "_is_text_encoding", True):
        raise InputError(
            f"--encoding is '{name}', which is no encoding of text: give one such as gbk, shift_jis or cp1251"
        )
    return found.name
