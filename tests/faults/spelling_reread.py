"""Read a case back by its own spelling and nothing else: the check on the generator, which needs no reader of barloom."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile

import numpy as np

from faults.spelling_case import Case
from faults.spelling_layout import Layout


def text_of(case: Case, layout: Layout) -> str:
    """The text of the file, unpacked and decoded as it was written."""
    data = case.data
    if layout.packing == "gzip":
        data = gzip.decompress(data)
    elif layout.packing != "plain":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            name = next(
                name for name in packed.namelist() if name.removeprefix("data/") == case.name.removesuffix(".zip")
            )
            data = packed.read(name)
    return data.decode("utf-8-sig" if layout.encoding == "utf-8" else layout.encoding)


def reread(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Times and prices of the rows that are bars of the truth, in the order of time."""
    assert case.layout and case.rows and case.times_as and case.numbers
    lines = text_of(case, case.layout).split(case.layout.line_end)
    times, prices = [], []
    for at, owner in zip(case.rows.lines_at, case.rows.owners, strict=True):
        if owner < 0:
            continue
        (cells,) = csv.reader([lines[at]], delimiter=case.layout.separator, skipinitialspace=case.layout.blank_after)
        times.append(case.times_as.parse([cells[place] for place in case.rows.time_at]))
        prices.append([case.numbers.parse(cells[place]) for place in case.rows.price_at])
    order = slice(None, None, -1) if case.layout.newest_first else slice(None)
    return np.array(times, np.int64)[order], np.array(prices)[order]
