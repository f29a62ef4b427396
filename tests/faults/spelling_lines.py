"""The text of rows, the lines before, between and behind them, encodings, and packed files."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass, field
from random import Random

from faults.spelling_layout import Layout

TITLES = (
    "Timestamps are UTC timezone,https://www.example.com",
    "https://www.example.com/data",
    "Historical prices of ABC",
    "sep={sep}",
    "Exported on 2025-11-03",
    "Price history; all rights reserved",
    "Instrument: ABC",
)
COMMENTS = (
    "# exported by a broker",
    "# instrument: ABC",
    "#",
    "# open,high,low,close are bid prices",
    "# 2024-03-04 00:00",
)
FOOTERS = ("# end of file", "Total rows: {n}", "Source: a broker", "", "End of data", "(c) 2025 Example Ltd.")


@dataclass
class Rows:
    """Cells of a file; ``owners`` says which bar a row is of, -1 where it is of none; ``lines_at`` where each row stands."""

    header: list[str]
    cells: list[list[str]]
    owners: list[int]
    time_at: list[int]
    price_at: list[int]
    lines_at: list[int] = field(default_factory=list)


def row_text(cells: list[str], layout: Layout, *, is_header: bool = False) -> str:
    """A line of cells, with quotes where the layout has them."""
    separator, quoting = layout.separator, layout.quoting
    if quoting == "all" or (quoting == "prices" and not is_header):
        picked = range(len(cells)) if quoting == "all" else [*layout.price_at]
    else:
        picked = range(0)
    texts = []
    for place, cell in enumerate(cells):
        if place in picked or separator in cell or '"' in cell:
            cell = '"' + cell.replace('"', '""') + '"'
        texts.append(cell)
    blank = " " if layout.blank_after else ""
    return (separator + blank).join(texts) + (separator if layout.trailing else "")


def around(random: Random, layout: Layout) -> list[str]:
    """Lines before the header: none mostly; comments or blank lines alone where there is no header to tell the others from rows."""
    if random.random() < 0.7:
        return []
    kinds = [*COMMENTS, ""] if layout.names == "none" else [*TITLES, *TITLES, *COMMENTS, ""]
    lines = [random.choice(kinds) for _ in range(random.randint(1, 3))]
    named = [line for line in lines if line.startswith("sep=")]
    return [line.format(sep=layout.separator) for line in named[:1] + [line for line in lines if line not in named]]


def between(random: Random, layout: Layout) -> list[str]:
    if layout.comments and random.random() < 0.03:
        return [random.choice((*COMMENTS, ""))]
    return []


def after(random: Random, layout: Layout) -> list[str]:
    if not layout.footer:
        return []
    return [random.choice(FOOTERS).format(n=random.randint(6, 400)) for _ in range(random.randint(1, 2))]


def pack(random: Random, layout: Layout, text: str) -> tuple[str, bytes]:
    """File name and bytes of a text."""
    data = _encoded(layout, text)
    name = random.choice(("bars.csv", "bars.txt", "data.csv", "ABC_1m.csv", "prices.tsv", "bars.dat", "export"))
    if layout.packing == "gzip":
        return f"{name}.gz", gzip.compress(data, 1, mtime=0)
    if layout.packing == "plain":
        return name, data
    company = {
        "zip": [],
        "zip-text": [("DAT_ASCII_ABC_M1.txt", b"Gap of 72s found between 20190101170044 and 20190101170156.\r\n" * 20)],
        "zip-mac": [
            ("__MACOSX/", b""),
            (f"__MACOSX/._{name}", b"\0\5\x16\7" + bytes(80)),
            (".DS_Store", b"\0\0\0\1Bud1" + bytes(60)),
        ],
        "zip-readme": [("README.md", b"# Data\n\nFree for research.\n"), ("LICENSE", b"CC BY 4.0\n")],
    }[layout.packing]
    members = [(f"data/{name}" if random.random() < 0.2 else name, data), *company]
    if random.random() < 0.5:
        members.reverse()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for member, content in members:
            packed.writestr(zipfile.ZipInfo(member), content)
    return f"{name}.zip", buffer.getvalue()


def _encoded(layout: Layout, text: str) -> bytes:
    try:
        data = text.encode(layout.encoding)
        if layout.encoding in ("utf-8-sig", "utf-16") or data.decode(layout.encoding) == text:
            return data
    except UnicodeEncodeError:
        pass  # a sign of a currency or a month that the old encoding has not; the yen of Shift-JIS comes back as a backslash
    layout.encoding = "utf-8"
    return text.encode()
