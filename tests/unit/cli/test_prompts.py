"""Questions at a terminal: Enter takes all, a wrong answer is asked again twice, then a clean end."""

import io

import pytest

from barloom.cli.prompts import Answers, ask_slice
from barloom.errors import InputError


def ask(text, portion=None):
    out = io.StringIO()
    return ask_slice(portion, io.StringIO(text), out), out.getvalue()


def test_enter_takes_all_the_data_and_asks_no_portion():
    answers, shown = ask("\n")
    assert answers == Answers(1.0, 1, 0)
    assert "Portion" not in shown


def test_a_fraction_is_followed_by_its_portions():
    answers, shown = ask("0.25\n2\n")
    assert answers == Answers(0.25, 2, 0)
    assert "from 1 to 4" in shown


def test_a_portion_that_was_typed_is_not_asked_for():
    answers, shown = ask("0.25\n", portion=3)
    assert answers == Answers(0.25, 3, 0)
    assert "Portion" not in shown


def test_one_tenth_has_ten_portions():
    assert "from 1 to 10" in ask("0.1\n10\n")[1]


def test_wrong_answers_are_asked_again_twice():
    answers, shown = ask("0\n1.2\n0.5\n3\n2\n")
    assert answers == Answers(0.5, 2, 2)
    assert shown.count("Fraction of the data") == 3
    assert "3 is not a portion from 1 to 2" in shown


@pytest.mark.parametrize("text", ["0\n-1\nnan\n0.5\n", "0.5\n0\n3\nx\n1\n"])
def test_the_third_wrong_answer_ends_it(text):
    with pytest.raises(InputError, match="nothing was started"):
        ask(text)


def test_no_answer_ends_it():
    with pytest.raises(InputError, match="no answer"):
        ask("")
