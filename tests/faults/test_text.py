"""Text as it comes: other encodings, marks, numbers and line ends are read as what they are, or refused; never as other bars."""

from __future__ import annotations

import gzip
import itertools
import locale
from collections.abc import Callable
from pathlib import Path

import pytest

from barloom.bars.sources import text as text_module
from faults.made import NAMES, Columns, as_csv, columns, every, lines, read

BARS = columns()
TEXT = as_csv(BARS)
HEADER = ",".join(NAMES).encode()

Change = Callable[[bytes], bytes]


def cells(change: Callable[[str], str], columns_: range = range(1, 6)) -> Change:
    """A change of the cells of some columns, all but the header."""

    def changed(whole: bytes) -> bytes:
        out = []
        for number, line in enumerate(whole.decode("latin-1").split("\n")):
            parts = line.split(",")
            if number and len(parts) == 6:
                parts = [change(part) if at in columns_ else part for at, part in enumerate(parts)]
            out.append(",".join(parts))
        return "\n".join(out).encode("latin-1")

    return changed


CHANGES: dict[str, Change] = {
    "mark": lambda t: b"\xef\xbb\xbf" + t,
    "two marks": lambda t: b"\xef\xbb\xbf" * 2 + t,
    "crlf": lambda t: t.replace(b"\n", b"\r\n"),
    "cr": lambda t: t.replace(b"\n", b"\r"),
    "mixed ends": lambda t: t.replace(b"\n", b"\r\n", 3),
    "cr within": lambda t: t[:200] + b"\r" + t[200:],
    "empty lines": lambda t: t.replace(b"\n", b"\n\n"),
    "no last end": lambda t: t.rstrip(b"\n"),
    "nul": lambda t: t[:200] + b"\0" + t[201:],
    "nul rows": lambda t: t + b"\0" * 50,
    "lone quote": lambda t: t[:200] + b'"' + t[200:],
    "quoted": cells(lambda cell: f'"{cell}"'),
    "quoted header": lambda t: b",".join(b'"%s"' % name for name in HEADER.split(b",")) + t[len(HEADER) :],
    "spaces": cells(lambda cell: f"  {cell} "),
    "no-break spaces": lambda t: t.replace(b"1.5,", b"\xc2\xa01.5,", 1),
    "delimiter at the end": lambda t: t.replace(b"\n", b",\n"),
    "delimiter at the end of one row": lambda t: t[:-1] + b",\n",
    "a cell less": lambda t: t[: t.rindex(b",")] + b"\n",
    "5000 digits": cells(lambda cell: "0" * 5000 + cell, range(1, 2)),
    "5000 decimals": cells(lambda cell: cell + "0" * 5000, range(1, 2)),
    "hex": lambda t: t.replace(b",1.5,", b",0x1.8p0,", 1),
    "exponent": cells(lambda cell: f"{cell}e0"),
    "capital exponent": cells(lambda cell: f"{cell}E+0"),
    "underscore": cells(lambda cell: f"{cell}_000", range(1, 2)),
    "plus": cells(lambda cell: f"+{cell}"),
    **{word: (lambda t, w=word: t.replace(b",1.5,", f",{w},".encode(), 1)) for word in ("NaN", "NA", "-", "nan(7)", "inf", "none")},
    "full-width digits": lambda t: t.replace(b",1.5,", ",１.５,".encode(), 1),
    "latin-1": lambda t: t.replace(b",1.5,", b",1.5\xe9,", 1),
    "broken utf-8": lambda t: t.replace(b",1.5,", b",1.5\xc3,", 1),
    "a comment": lambda t: b"# made yesterday\n" + t,
    "header again": lambda t: t + HEADER + b"\n",
    "a total": lambda t: t + b"total,,,,,78.0\n",
}  # fmt: skip
WIDE = {
    name: (lambda t, n=name: t.decode("latin-1").encode(n)) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
}


@pytest.mark.parametrize("change", [*CHANGES, *WIDE])
def test_odd_text_is_read_as_the_same_bars_or_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes({**CHANGES, **WIDE}[change](TEXT))
    found = read(path)
    assert found.refused or found.same(BARS)


@pytest.mark.deep
def test_two_oddities_at_once_are_no_worse(tmp_path: Path) -> None:
    """Every two, with ``BARLOOM_FAULTS=all``; else each with three others."""
    path = tmp_path / "bars.csv"
    wrong = []
    pairs = list(itertools.combinations(CHANGES, 2))
    for first, second in pairs if every() else pairs[:: len(CHANGES) // 6]:
        path.write_bytes(CHANGES[second](CHANGES[first](TEXT)))
        found = read(path, 50)
        if not found.refused and not found.same(BARS):
            wrong.append((first, second))
    assert wrong == []


@pytest.mark.parametrize("packed", [False, True])
def test_any_size_of_the_pieces_gives_the_same_bars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """Pieces of a few bytes, whose edges fall on every byte of a row."""
    path = tmp_path / "bars.csv"
    for ends in (b"\n", b"\r\n", b"\n\n"):
        text = TEXT.replace(b"\n", ends)
        path.write_bytes(gzip.compress(text) if packed else text)
        for piece in [*range(1, 65, 1 if every() else 5), 200]:
            monkeypatch.setattr(text_module, "PIECE", piece)
            assert read(path).same(BARS), piece


@pytest.mark.parametrize("packed", [False, True])
def test_a_bad_row_has_its_number_for_any_size_of_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    path = tmp_path / "bars.csv"
    text = TEXT.replace(b"00:07:00Z,", b"00:07:00Z,x")
    path.write_bytes(gzip.compress(text) if packed else text)
    said = {read(path).refused}
    for piece in (1, 7, 30, 64, 100):
        monkeypatch.setattr(text_module, "PIECE", piece)
        said.add(read(path).refused)
    assert len(said) == 1 and "data row 8, line 9" in str(said)


def test_a_column_keeps_its_type_past_the_first_block(tmp_path: Path) -> None:
    """Whole numbers for more than 1 MB, then a fraction; a word after that is a bad row, not another type."""
    path = tmp_path / "bars.csv"
    rows = [f"{1_328_054_400 + 60 * n},2,2,2,2,1" for n in range(60_000)]
    last = 1_328_054_400 + 60 * len(rows)
    rows += [f"{last},1.5,2,1.5,2,1", f"{last + 60},n/a,2,2,2,1"]
    path.write_text("\n".join(["time,open,high,low,close,volume", *rows]) + "\n")
    assert path.stat().st_size > 1 << 20
    assert f"row {len(rows)}" in str(read(path, 1 << 16).refused)
    found = read(path, 1 << 16, on_bad_rows="drop")
    assert found.bars["open"][-2:].tolist() == [2.0, 1.5] and len(found.bars["open"]) == len(rows) - 1


COMMAS: dict[str, Callable[[Columns], bytes]] = {
    "quoted decimal commas": lambda bars: cells(lambda cell: f'"{cell.replace(".", ",")}"')(as_csv(bars)),
    "bare decimal commas": lambda bars: cells(lambda cell: cell.replace(".", ","))(as_csv(bars)),
    "semicolons": lambda bars: as_csv(bars).replace(b",", b";").replace(b".", b","),
    "quoted thousands": lambda bars: cells(lambda cell: f'"1,{float(cell) * 64:07.3f}"')(as_csv(bars)),
    "apostrophes": lambda bars: cells(lambda cell: f"1'{float(cell) * 64:07.3f}")(as_csv(bars)),
    "points for thousands": lambda bars: "\n".join(
        [HEADER.decode().replace(",", ";"), *(row.replace(".", ".000,").replace(",", ";", 1) for row in lines(bars))]
    ).encode(),
}


@pytest.mark.parametrize("number", COMMAS)
@pytest.mark.parametrize("place", ["C", "de_DE.UTF-8", "fr_FR.UTF-8"])
def test_a_comma_in_a_number_never_makes_it_a_thousand_times_larger(tmp_path: Path, number: str, place: str) -> None:
    """Whatever the locale of the process."""
    old = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, place)
    except locale.Error:
        pytest.skip(f"no locale {place} here")
    path = tmp_path / "bars.csv"
    path.write_bytes(COMMAS[number](BARS))
    try:
        found = read(path)
        ordinary = read_plain(tmp_path)
    finally:
        locale.setlocale(locale.LC_ALL, old)
    assert ordinary
    assert found.refused or found.bars["open"].max() < 2 or number in ("quoted thousands", "apostrophes")
    if number in ("quoted thousands", "apostrophes"):
        assert found.refused or found.bars["open"].min() > 1000


def read_plain(folder: Path) -> bool:
    path = folder / "plain.csv"
    path.write_bytes(TEXT)
    return read(path).same(BARS)


@pytest.mark.parametrize(
    "header",
    [
        b"x" * (1 << 20) + b"," + HEADER,
        b"timestamp," + b"x" * 900_000 + b",open,high,low,close",
        b",".join(b"column%d" % n for n in range(100_000)),
        b",".join([HEADER] * 2),
        b",".join([b"open"] * 10_000),
        "timestamp,оpen,high,low,close,volume".encode(),
        "timestamp,open\u200b,high,low,close,volume".encode(),
        b"timestamp,open\x1b[31m,high,low,close,volume",
        "timestamp,open,high,low,close,volume,\u202egnp.exe".encode(),
        b"timestamp,,,,,",
        b",,,,,",
    ],
    ids=["1 MB before", "1 MB name", "100000 columns", "twice", "10000 opens", "cyrillic", "zero width", "colour", "backwards",
         "nameless", "all nameless"],
)  # fmt: skip
def test_a_header_of_no_bars_is_refused_in_one_short_line(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes(header + TEXT[len(HEADER) :])
    assert read(path).refused
