"""The spread column: which column of a source holds the spread of each bar, and in what unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from barloom.errors import InputError


@dataclass(frozen=True, slots=True)
class SpreadColumn:
    """A column of spreads, by its name or its position from 1; times ``factor`` they are in price units."""

    name: str
    factor: float = 1.0

    @classmethod
    def parse(cls, text: str | int) -> SpreadColumn:
        """The ``spread_column`` option: ``spread``, ``7``, or ``SPREAD*0.00001`` for a file that holds points.

        Raises:
            InputError: there is no name, or what follows the ``*`` is no positive number.
        """
        name, _, number = (str(text) if "*" in str(text) else f"{text}*1").rpartition("*")
        try:
            factor = float(number)
        except ValueError:
            factor = math.nan
        if not name.strip() or not (0 < factor < math.inf):
            raise InputError(
                f"--spread-column is '{text}': give a column by name or position, with a factor where it holds points, "
                "as in SPREAD*0.00001"
            )
        return cls(name.strip(), factor)
