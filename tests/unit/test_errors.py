"""One sentence is one line of some length, whatever names a file put into it."""

from __future__ import annotations

import pytest

from barloom.errors import LONGEST_SENTENCE, InputError, nearest


@pytest.mark.parametrize("letter", ["x", "\u3000", "\n", "\x1b", "\ud800"])
@pytest.mark.parametrize("count", [1, LONGEST_SENTENCE, 10**6])
def test_a_sentence_is_one_short_printable_line(letter: str, count: int) -> None:
    """An unprintable character takes up to six characters once it is escaped."""
    said = str(InputError(f"file.csv has a column {letter * count}: give another"))
    assert said.isprintable() and len(said) < LONGEST_SENTENCE
    assert said.startswith("file.csv has a column ") and said.endswith(": give another")


def test_the_nearest_name_is_named_first() -> None:
    assert nearest("drops", ("error", "drop")) == "did you mean 'drop'? known: error, drop"
    assert nearest("zzz", ("error", "drop")) == "known: error, drop"
