"""Prices in any custom: told from all cells or asked for, never a thousandth in silence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from faults.field.asked import is_read, matches, must_ask, read_or_asked, reads
from faults.field.files import ISO_DAY, cells, grouped, indian, plain, save, spelled, text, walk, weekdays

TIMES = weekdays("2020-01-01", 262)
LOW = walk(TIMES, "990.00", 1500)
HIGH = walk(TIMES, "58000.00", 9000)
NOTES = walk(TIMES, "1.0579", 20)
CRORES = walk(TIMES, "1234567.89", 90_000)

COMMA = grouped("", ",")


def file(bars, number, separator=",", quoted="needed"):
    return save("prices.csv", text(cells(bars, ISO_DAY, number), separator=separator, quoted=quoted))


def test_the_made_bars_pass_a_thousand():
    assert min(row[2] for row in LOW.prices) < 1000 < max(row[1] for row in LOW.prices)


@pytest.mark.parametrize(
    ("number", "separator", "quoted"),
    [
        (grouped(",", "."), ",", "prices"),
        # others of the kind
        (grouped(",", "."), ",", "needed"),
        (grouped(",", "."), "\t", "needed"),
        (grouped(" ", "."), ",", "needed"),
        (grouped("\u00a0", ","), ";", "needed"),
        (grouped("\u202f", ","), ";", "needed"),
        (grouped("'", "."), ";", "needed"),
        (grouped("\u2019", "."), ",", "all"),
        (grouped(".", ","), ";", "needed"),
    ],
)
@pytest.mark.parametrize("bars", [LOW, HIGH], ids=["around 1000", "58000"])
def test_thousands_are_told_from_all_cells(bars, number, separator, quoted):
    reads(file(bars, number, separator, quoted), bars)


@pytest.mark.parametrize("quoted", ["needed", "all"])
def test_groups_as_in_india(quoted):
    reads(file(CRORES, indian, quoted=quoted), CRORES)
    reads(file(CRORES, indian, ";"), CRORES)


@pytest.mark.parametrize(
    ("separator", "quoted"), [(",", "prices"), (";", "needed"), ("\t", "needed"), ("|", "all"), (",", "all")]
)
def test_decimal_commas(separator, quoted):
    reads(file(NOTES, COMMA, separator, quoted), NOTES)
    reads(file(HIGH, COMMA, separator, quoted), HIGH)


def test_words_for_columns_in_another_language():
    header = ["Data", "Último", "Abertura", "Máxima", "Mínima"]
    rows = cells(NOTES, spelled("%d.%m.%Y"), COMMA, ["close", "open", "high", "low"])
    path = save("pt.csv", text(rows, header, quoted="all"))
    reads(path, NOTES, columns="time=Data,close=Último,open=Abertura,high=Máxima,low=Mínima")


@pytest.mark.parametrize(
    "money",
    [
        lambda price: "$" + plain(price),
        lambda price: plain(price) + " USD",
        lambda price: "€ " + grouped(".", ",")(price),
        lambda price: "R$ " + COMMA(price),
        lambda price: grouped(",", ".")(price) + "\u00a0£",
        lambda price: "EUR" + plain(price),
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_sign_of_money_is_no_fault(money, separator):
    reads(file(LOW, money, separator), LOW)


# One mark that could be either


NARROW = walk(TIMES, "1.234", 2)  # prices of three decimals that stay between 1.1 and 1.4


@pytest.mark.parametrize(
    ("mark", "separator", "quoted"),
    [(".", ";", "needed"), (".", "\t", "needed"), (",", ",", "all"), (",", ";", "needed")],
)
def test_a_mark_that_could_be_either_is_asked_for(mark, separator, quoted):
    thousands = NARROW.scaled("1000")
    path = file(NARROW, grouped("", mark), separator, quoted)
    whole = "." if mark == "," else ","
    must_ask(path, "--decimal", {mark: NARROW, whole: thousands})
    reads(path, NARROW, decimal="comma" if mark == "," else "point")


def test_points_in_a_file_of_commas_are_decimal_points():
    reads(file(NARROW, plain), NARROW)


@pytest.mark.parametrize(
    ("mark", "separator", "quoted"), [(".", ";", "needed"), (",", ",", "all"), (".", "\t", "needed")]
)
def test_a_price_does_not_leap_a_thousandfold(mark, separator, quoted):
    """1.001 and then 998: thousands, as a price of 1 does not become one of 998."""
    whole = walk(TIMES, "1003", 4)
    assert min(row[2] for row in whole.prices) < 1000 < max(row[1] for row in whole.prices)
    reads(file(whole, grouped(mark, "!"), separator, quoted), whole)


@pytest.mark.parametrize("place", [0, 130, 261])
@pytest.mark.parametrize("mark", [",", "."])
def test_one_cell_with_both_marks_tells_all(mark, place):
    """Whole numbers in groups, and one that has cents."""
    other = "." if mark == "," else ","
    whole = walk(TIMES, "58000", 90)
    rows = cells(whole, ISO_DAY, grouped(mark, "!"))
    rows[place][2] = grouped(mark, other)(whole.prices[place][1] + Decimal("0.50"))
    prices = list(whole.prices)
    opened, high, low, closed = prices[place]
    prices[place] = (opened, high + Decimal("0.50"), low, closed)
    reads(save("prices.csv", text(rows, separator=";")), type(whole)(whole.times, prices))


@pytest.mark.parametrize(
    ("decimal", "thousands", "number"),
    [
        (",", ".", grouped(".", ",")),
        (".", ",", grouped(",", ".")),
        (".", "'", grouped("'", ".")),
        ("comma", "space", grouped(" ", ",")),
        ("point", "apostrophe", grouped("'", ".")),
        ("comma", "none", COMMA),
    ],
)
def test_a_style_that_is_named_is_read(decimal, thousands, number):
    reads(file(HIGH, number, ";"), HIGH, decimal=decimal, thousands=thousands)


@pytest.mark.parametrize(
    "number", [grouped("_", "."), lambda price: plain(price * 100) + "e-2", lambda price: f"({price})"]
)
def test_what_no_custom_writes_is_read_right_or_refused(number):
    """1_058.00 and (958.00), which is a negative in books: not numbers that may be guessed."""
    got = is_read(file(LOW, number))
    if got is not None:
        matches(got, LOW)


def test_a_named_decimal_mark_that_the_cells_disprove():
    path = file(LOW, grouped(",", "."), ";")
    assert is_read(path, decimal=",", thousands=".") is None
    read_or_asked(path, LOW, "--decimal", ".")
