"""Text around the bars: lines before the header, comments, footers, other files in a zip, other encodings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from faults.field.asked import file_refused, first_works, reads
from faults.field.files import HEADER, ISO, ISO_DAY, cells, minutes, packed, save, spelled, text, walk, weekdays

HOURS = walk(minutes("2024-03-04T00:00", 200, 60))
DAYS = walk(weekdays("2021-10-20", 64))
NAMES = ["date", "open", "high", "low", "close"]
COLUMNS = "time=date,open=open,high=high,low=low,close=close"

BEFORE = [
    "# exported by a broker\n# instrument: ABC\n",
    "Timestamps are UTC timezone,https://www.example.com\n",
    "Prices of ABC\n\n",
    "\n\n",
    "Symbol:,ABC,,,\nPeriod:,1 hour,,,\n,,,,\n",
    "// made by hand\n; by nobody\n",
    "Report of 2024-01-01 00:00,100.5 points\n",
    "https://www.example.com/download?a=b\n",
]


@pytest.mark.parametrize("before", BEFORE, ids=range(len(BEFORE)))
@pytest.mark.parametrize("options", [{}, {"columns": COLUMNS}], ids=["as it is", "columns"])
def test_lines_before_the_header_are_skipped(before, options):
    reads(save("titled.csv", before + text(cells(HOURS), NAMES)), HOURS, **options)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_line_of_excel_that_names_the_separator_is_skipped(separator):
    reads(save("sep.csv", f"sep={separator}\n" + text(cells(HOURS), NAMES, separator)), HOURS)


@pytest.mark.parametrize("between", ["# the exchange was closed", "", "#2024-03-05 00:00,1,2,0.5,1.5"])
def test_comments_between_rows_are_skipped(between):
    lines = text(cells(HOURS), NAMES).splitlines()
    reads(save("comments.csv", "\n".join([*lines[:100], between, *lines[100:]]) + "\n"), HOURS)


@pytest.mark.parametrize(
    "footer", ["# end of file", "Source: the exchange", "Total rows: 200", "\n\n(c) 2024 nobody", "-- 200 rows --"]
)
def test_footers_are_skipped(footer):
    reads(save("footer.csv", text(cells(HOURS), NAMES) + footer + "\n"), HOURS)


def test_bars_of_histdata_keep_their_clock_in_company():
    """EST: five hours behind."""
    local = walk(minutes("2019-01-02T17:00", 300), "1.130000", 100)
    rows = [[*row, "0"] for row in cells(local, spelled("%Y%m%d %H%M%S"))]
    content = text(rows, None, ";").encode()
    path = packed(
        "HISTDATA_COM_ASCII_EURUSD_M1201901.zip",
        {"DAT_ASCII_EURUSD_M1_201901.csv": content, "DAT_ASCII_EURUSD_M1_201901.txt": b"Gap report, made up\n"},
    )
    reads(path, local.at([time + timedelta(hours=5) for time in local.times]))


BARS = text(cells(HOURS), NAMES).encode()
COMPANY = [
    {"bars.txt": b"Gap report, made up\n", "bars.csv": BARS},
    {"bars.csv": BARS, "__MACOSX/": b"", "__MACOSX/._bars.csv": b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(60)},
    {"data/": b"", "data/.DS_Store": b"\0\0\0\1Bud1" + bytes(80), "data/bars.csv": BARS},
    {"README.md": b"# Bars\nof nobody, with commas, and words\n", "LICENSE": b"Do as you like.\n", "bars.csv": BARS},
    {"terms.pdf": b"%PDF-1.4\n" + bytes(200), "bars.csv": BARS, "logo.png": b"\x89PNG\r\n\x1a\n" + bytes(50)},
    {"bars.csv": BARS, "bars.csv.md5": b"d41d8cd98f00b204e9800998ecf8427e  bars.csv\n", "empty.csv": b""},
]


@pytest.mark.parametrize("members", COMPANY, ids=range(len(COMPANY)))
def test_a_zip_with_company(members):
    reads(packed("bars.zip", members), HOURS)


def test_a_zip_of_two_files_of_bars_names_both():
    """Which one is meant cannot be told."""
    path = packed("two.zip", {"EURUSD.csv": BARS, "GBPUSD.csv": text(cells(DAYS)).encode()})
    file_refused(path, "EURUSD.csv", "GBPUSD.csv")


# Other encodings


CHINESE = ["日期", "开盘", "最高", "最低", "收盘"]
JAPANESE = ["日付", "始値", "高値", "安値", "終値"]
RUSSIAN = ["Дата", "Открытие", "Максимум", "Минимум", "Закрытие"]
POSITIONS = "time=1,open=2,high=3,low=4,close=5"


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (CHINESE, "gbk"),
        (JAPANESE, "shift_jis"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "utf-16"),
        (RUSSIAN, "utf-8-sig"),
        (JAPANESE, "utf-8"),
    ],
)
def test_a_header_that_proves_its_encoding(header, encoding):
    path = save("other.csv", text(cells(DAYS, ISO_DAY), header), encoding)
    reads(path, DAYS, columns=POSITIONS)
    reads(path, DAYS, encoding=encoding)
    reads(path, DAYS)


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (["Päivä", "Avaus", "Ylin", "Alin", "Päätös"], "cp1252"),
        (["Fecha", "Apertura de sesión", "Más alto", "Más bajo", "Último cruce"], "latin-1"),
        (["Dátum", "Nyitó ár", "Legmagasabb ár", "Legalacsonyabb ár", "Záró ár"], "cp1250"),
    ],
)
def test_a_header_that_proves_nothing_names_encoding_and_positions(header, encoding):
    path = save("other.csv", text(cells(DAYS, ISO_DAY), header), encoding)
    message = file_refused(path, "--encoding", "--columns")
    assert "�" not in message
    first_works(message, ["data", "info", str(path)])
    reads(path, DAYS, columns=POSITIONS)
    named = ",".join(
        f"{side}={name}" for side, name in zip(["time", "open", "high", "low", "close"], header, strict=True)
    )
    reads(path, DAYS, encoding=encoding, columns=named)


@pytest.mark.parametrize("title", ["600000 浦发银行 日线 前复权\n", "600000 浦发银行\n\n", "数据,来源\n"])
@pytest.mark.parametrize("footer", ["", "#数据来源:通达信\n", "数据来源:通达信\n"])
@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_the_title_of_tdx_is_skipped(title, footer, encoding):
    rows = text(cells(DAYS, spelled("%Y/%m/%d")), CHINESE, "\t")
    reads(save("tdx.txt", title + rows + footer, encoding), DAYS)


@pytest.mark.parametrize(
    ("name", "head"),
    [("bars.xlsx", None), ("bars.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), ("bars.ods", None)],
)
def test_a_workbook_is_called_one(name, head):
    if head is not None:
        with open(name, "wb") as file:
            file.write(head)
    elif name.endswith("ods"):
        packed(name, {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<office/>"})
    else:
        packed(name, {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
    message = file_refused(Path(name), name)
    assert "workbook" in message


def test_comments_do_not_hide_the_clock_or_the_order():
    """Notes with numbers in them count for nothing."""
    local = walk(minutes("2024-03-14T00:00", 100, 60))
    before = "# 01/02/03 1.234,56\n# 2024-03-04T00:00:00+09:00\n"
    reads(save("notes.csv", before + text(cells(local, spelled("%d/%m/%Y %H:%M")), HEADER)), local)
    assert ISO(local.times[0]) == "2024-03-14 00:00"
