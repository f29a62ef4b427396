"""CSV as users have it: headers, columns, times, compressions, and what is said of the bad ones."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import barloom.bars.sources.text as text_module
from barloom.bars import open_bars
from barloom.bars.times import iso
from barloom.errors import InputError
from helpers.chunks import drawn

GOOD_LINES = (
    "2012-02-01T00:00:00Z,1.50000,1.50100,1.49900,1.50050,10",
    "2012-02-01T00:01:00Z,1.50050,1.50200,1.50000,1.50150,20",
    "2012-02-01T00:02:00Z,1.50150,1.50150,1.50100,1.50120,0",
    "2012-02-01T00:04:00Z,1.50120,1.50300,1.50110,1.50290,7.5",
)
HEADER = "timestamp,open,high,low,close,volume"
CsvFile = Callable[..., Path]
FIRST = 1328054400 * 10**9


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines (the four good ones where none are given) under a header to a file."""

    def write(*lines: str, header: str | None = HEADER, name: str = "EURUSD.csv", end: str = "\n") -> Path:
        text = end.join(([header] if header is not None else []) + list(lines or GOOD_LINES)) + end
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


def refused(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        drawn(open_bars(path, **options))  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_plain_file_is_read_exactly(csv_file: CsvFile) -> None:
    bars = open_bars(csv_file())
    columns = drawn(bars, volume=True)
    assert columns["timestamp"].tolist() == [FIRST + minute * 60 * 10**9 for minute in (0, 1, 2, 4)]
    assert columns["open"].tolist() == [1.5, 1.5005, 1.5015, 1.5012]
    assert columns["high"].tolist() == [1.501, 1.502, 1.5015, 1.503]
    assert columns["low"].tolist() == [1.499, 1.5, 1.501, 1.5011]
    assert columns["close"].tolist() == [1.5005, 1.5015, 1.5012, 1.5029]
    assert columns["volume"].tolist() == [10, 20, 0, 7.5]
    report = bars.report
    assert report is not None
    assert (report.total_rows, report.selected_rows, report.dropped) == (4, 4, {})
    assert (report.first_ts, report.last_ts) == (FIRST, FIRST + 240 * 10**9)
    assert report.columns["timestamp"] == "int64"


@pytest.mark.parametrize(
    "header",
    [
        "time,o,h,l,c,v",
        "Date,Open,High,Low,Close,Volume",
        " DateTime , OPEN,High ,low,CLOSE, Volume ",
        "\ufefftimestamp,open,high,low,close,volume",
        '"open_time","open","high","low","close","volume"',
        '\ufeff"TS","open","high","low","close","volume"',
    ],
)
def test_usual_names_are_known_in_any_case(csv_file: CsvFile, header: str) -> None:
    """Byte-order mark, quotes and spaces in the header."""
    assert len(drawn(open_bars(csv_file(header=header)), volume=True)["open"]) == 4


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_empty_lines_do_not_matter(csv_file: CsvFile, end: str) -> None:
    path = csv_file("", GOOD_LINES[0], "", "", *GOOD_LINES[1:], "", end=end)
    assert len(drawn(open_bars(path))["open"]) == 4
    part = open_bars(path).select(fraction=0.5, portion=2)
    assert drawn(part)["open"].tolist() == [1.5015, 1.5012]


def test_a_last_line_without_an_end_counts(csv_file: CsvFile) -> None:
    path = csv_file()
    path.write_bytes(path.read_bytes().rstrip())
    assert len(drawn(open_bars(path))["open"]) == 4


def test_quoted_cells_and_spaces_around_numbers_are_read(csv_file: CsvFile) -> None:
    path = csv_file('"2012-02-01T00:00:00Z"," 1.5 ",1.6,"1.4",1.5,1')
    assert drawn(open_bars(path))["open"].tolist() == [1.5]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2012-02-01 00:00:00+00:00", "2012-02-01 00:01:00+00:00"),
        ("2012-02-01T02:00:00+02:00", "2012-02-01T02:01:00+02:00"),
        ("2012-02-01T00:00:00", "2012-02-01T00:01:00"),
        ("2012-02-01 00:00", "2012-02-01 00:01"),
        ("2012-02-01T00:00:00.000", "2012-02-01T00:01:00.000000"),
        ("2012-02-01", "2012-02-01T00:01:00"),
        ("1328054400", "1328054460"),
        ("1328054400000", "1328054460000"),
        ("1328054400000000", "1328054460000000"),
        ("1328054400000000000", "1328054460000000000"),
        ("1328054400.0", "1328054460.0"),
        ("1328054400000.0", "1328054460000"),
        ("1328054400000", "1328054460000000"),  # the unit is told value by value
    ],
)
def test_times_in_any_usual_writing_are_the_same_moments(csv_file: CsvFile, first: str, second: str) -> None:
    columns = drawn(open_bars(csv_file(f"{first},1,1,1,1,0", f"{second},1,1,1,1,0")))
    assert columns["timestamp"].tolist() == [FIRST, FIRST + 60 * 10**9]


def test_fractions_of_a_second_are_kept(csv_file: CsvFile) -> None:
    path = csv_file("2012-02-01T00:00:00.123456789Z,1,1,1,1,0", "2012-02-01T00:00:00.5Z,1,1,1,1,0")
    assert drawn(open_bars(path))["timestamp"].tolist() == [FIRST + 123456789, FIRST + 500_000_000]


@pytest.mark.parametrize(
    "time", ["9999-01-01T00:00:00Z", "1600-01-01T00:00:00Z", "99999999999", "2300-01-01T00:00:00Z"]
)
def test_times_past_the_range_are_refused_not_wrapped(csv_file: CsvFile, time: str) -> None:
    """Neither as the first row nor later."""
    lines = ("1328054400,1,1,1,1,0",) if time.isdecimal() else GOOD_LINES[:1]
    assert "unparsable_time" in refused(csv_file(*lines, f"{time},1,1,1,1,0"))
    assert time in refused(csv_file(f"{time},1,1,1,1,0"))


def test_naive_and_zoned_times_in_one_file_are_refused_by_row(csv_file: CsvFile) -> None:
    message = refused(csv_file(GOOD_LINES[0], "2012-02-01T00:01:00,1,1,1,1,0"))
    assert "1 unparsable_time (first: data row 2, line 3: 2012-02-01T00:01:00,1,1,1,1,0)" in message


# ---------------------------------------------------------------- columns


def test_a_missing_column_is_named(csv_file: CsvFile) -> None:
    message = refused(csv_file("2012-02-01,1,1,1", header="time,open,high,close"))
    assert "no column for low" in message and "it has: time, open, high, close" in message


def test_an_unexpected_column_is_refused_by_name_and_can_be_ignored(csv_file: CsvFile) -> None:
    path = csv_file("2012-02-01,1,1,1,1,x,y", header="time,open,high,low,close,Spread,Comment")
    assert "--ignore-columns Spread,Comment" in refused(path)
    assert "Comment" in refused(path, ignore_columns="Spread")
    assert len(drawn(open_bars(path, ignore_columns="spread, Comment"))["open"]) == 1
    assert "Nonsense" in refused(path, ignore_columns=["Spread", "Comment", "Nonsense"])


def test_an_ignored_volume_is_gone(csv_file: CsvFile) -> None:
    bars = open_bars(csv_file(), ignore_columns="volume")
    assert not bars.has_volume
    with pytest.raises(InputError, match="volume"):
        drawn(bars, volume=True)


def test_columns_chosen_by_name_leave_the_others_unread(csv_file: CsvFile) -> None:
    path = csv_file("junk,2012-02-01,1,3,0.5,2", header="Comment,When,A,B,C,D")
    columns = drawn(open_bars(path, columns="time=when,open=A,high=B,low=C,close=D"))
    assert [columns[name][0] for name in ("open", "high", "low", "close")] == [1, 3, 0.5, 2]
    assert "'E'" in refused(path, columns="time=When,open=A,high=B,low=C,close=E")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("open=A", "time"),
        ("time=1,open=2,high=3,low=4,close=9", "columns 1 to 6"),
        ("time=1,open=2,high=3,low=4,closing=5", "close"),
        ("time=1,open=2,high=3,low=4,close", "'close'"),
        ("time=1,time=2,open=2,high=3,low=4,close=5", "twice"),
        ("time=1,open=2,high=3,low=4,close=4", "same column"),
    ],
)
def test_a_wrong_columns_option_is_refused(csv_file: CsvFile, columns: str, said: str) -> None:
    assert said in refused(csv_file(), columns=columns)


def test_a_file_without_header_is_read_by_the_only_order_that_fits_or_by_positions(csv_file: CsvFile) -> None:
    path = csv_file("1328054400000,1.0,2.0,3.0,0.5,7", "1328054460000,1.0,2.0,3.0,0.5,7", header=None, end="\r\n")
    for columns in (None, "time=1,open=2,close=3,high=4,low=5,volume=6"):
        found = drawn(open_bars(path, columns=columns), volume=True)
        assert found["close"].tolist() == [2.0, 2.0] and found["volume"].tolist() == [7, 7]
    path = csv_file("1328054400000,1.0,1.0,x,1.0", header=None)
    assert "--columns time=1,open=2,high=3,low=4,close=5,volume=6" in refused(path)


def test_positions_skip_a_line_that_is_clearly_a_header(csv_file: CsvFile) -> None:
    assert (
        len(drawn(open_bars(csv_file(header="a,b,c,d,e,f"), columns="time=1,open=2,high=3,low=4,close=5"))["open"]) == 4
    )


def test_two_columns_for_one_field_are_refused(csv_file: CsvFile) -> None:
    message = refused(csv_file("2012-02-01,1,1,1,1,2012-02-09", header="time,open,high,low,close,Date"))
    assert "2 columns for time" in message and "'Date'" in message


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_read(csv_file: CsvFile, delimiter: str) -> None:
    path = csv_file(*(line.replace(",", delimiter) for line in GOOD_LINES), header=HEADER.replace(",", delimiter))
    found = drawn(open_bars(path), volume=True)
    expected = drawn(open_bars(csv_file()), volume=True)
    assert {name: column.tolist() for name, column in found.items()} == {
        name: column.tolist() for name, column in expected.items()
    }


# ---------------------------------------------------------------- bad rows

BAD_LINES = {
    "unparsable_price": "2012-02-01T00:03:00Z,1.5,abc,1.4,1.5,0",
    "unparsable_time": "yesterday,1.5,1.6,1.4,1.5,0",
    "malformed": "2012-02-01T00:03:00Z,1.5,1.6,1.4",
    "unsorted": "2012-01-31T00:00:00Z,1.5,1.6,1.4,1.5,0",
    "repeated": "2012-02-01T00:02:00Z,1.5,1.6,1.4,1.5,0",
    "not_finite": "2012-02-01T00:03:00Z,1.5,inf,1.4,1.5,0",
    "not_positive": "2012-02-01T00:03:00Z,1.5,1.6,-1.4,1.5,0",
    "high_low": "2012-02-01T00:03:00Z,1.5,1.4,1.6,1.5,0",
}
MORE_BAD = [
    ("unparsable_price", "2012-02-01T00:03:00Z,1.5,1_6,1.4,1.5,0"),
    ("unparsable_price", "2012-02-01T00:03:00Z,1.5,0x2,1.4,1.5,0"),
    ("unparsable_price", '2012-02-01T00:03:00Z,1.5,"1,6",1.4,1.5,0'),
    ("not_finite", "2012-02-01T00:03:00Z,1.5,NaN,1.4,1.5,0"),
    ("not_finite", "2012-02-01T00:03:00Z,1.5,,1.4,1.5,0"),
    ("not_finite", "2012-02-01T00:03:00Z,1.5,1e400,1.4,1.5,0"),
    ("not_positive", "2012-02-01T00:03:00Z,0,1.6,1.4,1.5,0"),
    ("unparsable_time", ",1.5,1.6,1.4,1.5,0"),
    ("malformed", "2012-02-01T00:03:00Z,1.5,1.6,1.4,1.5,0,9"),
    ("malformed", '2012-02-01T00:03:00Z,1.5,1.6,1.4,1.5,"0'),
    ("malformed", "garbage"),
]


@pytest.mark.parametrize(("kind", "line"), [*BAD_LINES.items(), *MORE_BAD])
def test_a_bad_row_is_refused_by_kind_row_line_and_value_or_dropped(csv_file: CsvFile, kind: str, line: str) -> None:
    path = csv_file(*GOOD_LINES[:3], line, GOOD_LINES[3])
    assert refused(path) == (
        f"{path}: 1 bad row: 1 {kind} (first: data row 4, line 5: {line}); correct the data or use --on-bad-rows drop"
    )
    bars = open_bars(path, on_bad_rows="drop:any")
    columns = drawn(bars)
    assert columns["open"].tolist() == [1.5, 1.5005, 1.5015, 1.5012]
    assert bars.report is not None
    assert (bars.report.total_rows, bars.report.selected_rows, bars.report.dropped) == (5, 4, {kind: 1})
    clean = open_bars(csv_file(name="clean.csv"))
    drawn(clean)
    assert clean.report is not None and clean.report.content_hash == bars.report.content_hash


def test_all_kinds_are_counted_to_the_end_of_the_file(csv_file: CsvFile) -> None:
    lines = [*GOOD_LINES[:3], *BAD_LINES.values(), BAD_LINES["repeated"], "", GOOD_LINES[3]]
    path = csv_file(*lines)
    message = refused(path)
    assert "9 bad rows" in message and "2 repeated (first: data row 8, line 9:" in message
    for kind in BAD_LINES:
        assert kind in message
    bars = open_bars(path, on_bad_rows="drop:any")
    assert len(drawn(bars)["open"]) == 4
    assert bars.report is not None and bars.report.dropped == dict.fromkeys(BAD_LINES, 1) | {"repeated": 2}


def test_no_chunk_holds_or_follows_the_first_bad_row(csv_file: CsvFile) -> None:
    path = csv_file(*GOOD_LINES[:3], BAD_LINES["high_low"], GOOD_LINES[3])
    seen = []
    with pytest.raises(InputError):
        for chunk in open_bars(path).chunks(1):
            seen.append(iso(int(chunk.timestamp[-1])))
    assert seen == ["2012-02-01T00:00:00Z", "2012-02-01T00:01:00Z"]


def test_a_bad_volume_matters_only_where_it_is_read(csv_file: CsvFile) -> None:
    path = csv_file(*GOOD_LINES[:3], "2012-02-01T00:03:00Z,1.5,1.6,1.4,1.5,-3")
    assert len(drawn(open_bars(path))["open"]) == 4
    with pytest.raises(InputError, match="1 not_positive"):
        drawn(open_bars(path), volume=True)


def test_bad_rows_and_slices_do_not_depend_on_the_pieces_a_file_is_cut_into(
    csv_file: CsvFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault across the edge of two pieces is the same fault."""
    lines = [f"2012-02-01T{n // 60:02}:{n % 60:02}:00Z,1.5,1.6,1.4,1.5,{n}" for n in range(300)]
    lines[100], lines[200] = lines[99], "nonsense"
    path = csv_file(*lines, name="big.csv")
    packed = path.with_name("big.csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    found = []
    for piece in (1 << 22, 1000, 47, 1):
        monkeypatch.setattr(text_module, "PIECE", piece)
        for source in (path, packed):
            for options in ({}, {"fraction": 0.3, "portion": 2}, {"fraction": 0.3, "portion": 4}):
                if piece == 1 and source is packed:
                    continue
                bars = open_bars(source, on_bad_rows="drop:any").select(**options)  # type: ignore[arg-type]
                columns = drawn(bars, 64, history=5, threads=2)
                found.append((str(options), columns["timestamp"].tobytes(), bars.report))
    for options, times, report in found:
        assert [(times, report)] == [(t, r) for o, t, r in found if o == options][:1]


# ---------------------------------------------------------------- compressions


def test_compressed_files_are_told_by_content_not_by_name(csv_file: CsvFile, tmp_path: Path) -> None:
    plain = csv_file()
    text = plain.read_bytes()
    expected = drawn(open_bars(plain))["close"].tobytes()
    packed = {name: tmp_path / name for name in ("a.gz", "b.bin", "c.zip", "d.zst", "e.parquet")}
    packed["a.gz"].write_bytes(gzip.compress(text[:100]) + gzip.compress(text[100:]))  # two members
    packed["b.bin"].write_bytes(gzip.compress(text))
    with zipfile.ZipFile(packed["c.zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bars/EURUSD.csv", text)
    with pa.CompressedOutputStream(str(packed["d.zst"]), "zstd") as stream:
        stream.write(text)
    packed["e.parquet"].write_bytes(text)
    for path in packed.values():
        assert drawn(open_bars(path))["close"].tobytes() == expected


def test_a_zip_of_several_files_is_refused_naming_them(csv_file: CsvFile, tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "y")
    assert "2 files (a.csv, b.csv)" in refused(path)


@pytest.mark.parametrize("kind", ["gzip", "zip", "zstd"])
def test_compressed_files_cut_short_or_damaged_are_refused(csv_file: CsvFile, tmp_path: Path, kind: str) -> None:
    """At any length, and with any byte changed, an error or the right bars."""
    text = csv_file().read_bytes()
    path = tmp_path / "packed"
    if kind == "gzip":
        path.write_bytes(gzip.compress(text))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("EURUSD.csv", text)
    else:
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(text)
    whole = path.read_bytes()
    expected = drawn(open_bars(path))["close"].tobytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        message = refused(path)
        assert str(path) in message
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            columns = drawn(open_bars(path))
        except InputError:
            continue
        assert kind == "zstd" or columns["close"].tobytes() == expected


def test_a_csv_cut_within_a_row_is_refused(csv_file: CsvFile) -> None:
    """At every length that leaves a row incomplete."""
    path = csv_file()
    whole = path.read_bytes()
    for size in range(whole.rindex(b"2012"), whole.rindex(b",")):
        path.write_bytes(whole[:size])
        if size > whole.rindex(b"2012"):
            assert "malformed" in refused(path)


def test_bombs_and_endless_lines_are_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0" * (8 << 20)))
    assert "longer than 1 MB" in refused(path)
    path.write_bytes(gzip.compress(b"time,open,high,low,close\n2012-02-01,1,1,1,1\n" + b"0" * (8 << 20)))
    assert "longer than 1 MB" in refused(path)
    path.write_bytes(b"time,open,high,low,close\n2012-02-01,1,1,1,1\n" + b"0" * (8 << 20))
    assert "longer than 1 MB" in refused(path)


def test_a_file_that_changes_between_two_passes_is_refused(csv_file: CsvFile) -> None:
    path = csv_file()
    bars = open_bars(path)
    drawn(bars)
    with open(path, "a") as file:
        file.write("2012-02-02T00:00:00Z,1,1,1,1,0\n")
    with pytest.raises(InputError, match="changed while it was in use"):
        drawn(bars)


def test_reading_stops_its_threads_when_left_early(csv_file: CsvFile, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(text_module, "PIECE", 100)
    before = set(threading.enumerate())
    chunks = open_bars(csv_file(*[f"{1328054400 + 60 * n},1,1,1,1,0" for n in range(500)])).chunks(10)
    next(chunks)
    assert [thread for thread in threading.enumerate() if thread.name.startswith("barloom-read")]
    chunks.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before


def test_prices_do_not_follow_the_locale(csv_file: CsvFile) -> None:
    import locale

    old = locale.setlocale(locale.LC_NUMERIC)
    try:
        locale.setlocale(locale.LC_NUMERIC, "de_DE.UTF-8")
    except locale.Error:
        pytest.skip("no German locale here")
    try:
        assert drawn(open_bars(csv_file()))["open"][0] == 1.5
    finally:
        locale.setlocale(locale.LC_NUMERIC, old)


def test_many_columns_and_long_headers_are_refused_briefly(csv_file: CsvFile) -> None:
    path = csv_file(header=",".join(f"column{n}" for n in range(50_000)))
    assert len(refused(path)) < 1000


def test_floats_are_read_to_the_last_bit(csv_file: CsvFile) -> None:
    random = np.random.default_rng(3)
    values = np.sort(random.random((50, 4)) * 100, axis=1) + 1e-3
    lines = [f"{1328054400 + 60 * n},{v[1]!r},{v[3]!r},{v[0]!r},{v[2]!r},0" for n, v in enumerate(values.tolist())]
    columns = drawn(open_bars(csv_file(*lines)))
    assert columns["open"].tolist() == values[:, 1].tolist()
    assert columns["high"].tolist() == values[:, 3].tolist()
