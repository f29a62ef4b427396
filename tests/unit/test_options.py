"""The table of options: what is made of it says the same everywhere."""

import argparse
import math
from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from barloom.cli._parser import build_parser
from barloom.jobs.run import JobOptions
from barloom.options import COMMANDS, MESSAGES, RULES, TABLE, kinds, options_of
from barloom.options.kinds import Distance, Number, Text
from barloom.rules.exits import Unit
from barloom.rules.fills import ENTRY, INTRABAR, PRESETS
from barloom.rules.parameters import READERS, RunParameters
from barloom.sweeps.options import SweepOptions

MODELS = {"run": (RunParameters, JobOptions), "sweep": (RunParameters, SweepOptions)}
FIELDS = [
    pytest.param(row, command, model, id=f"{command} {row.key}")
    for command, models in MODELS.items()
    for model in models
    for row in options_of(command)
    if row.key in model.model_fields
]


def made(model, key, value):
    """Value that the model keeps, or the kind of error it raises."""
    try:
        return getattr(model(**{key: value}), key)
    except ValidationError:
        return ValidationError


@pytest.mark.parametrize(("row", "command", "model"), FIELDS)
def test_a_model_has_the_default_of_the_table(row, command, model):
    default = model.model_fields[row.key].default
    assert default == row.default or str(default) == row.default


@pytest.mark.parametrize(("row", "command", "model"), [one for one in FIELDS if isinstance(one.values[0].kind, Number)])
def test_a_model_takes_the_numbers_that_the_command_line_takes(row, command, model):
    for value in (-1, 0, 0.5, 1, 2, 100, 101, math.nan, math.inf):
        try:
            read = row.kind(str(value))
        except argparse.ArgumentTypeError:
            read = ValidationError
        if read is ValidationError and model is RunParameters and row.kind.distance:
            continue  # of the text, the rule judges what is no number
        assert made(model, row.key, value) == read, value


@pytest.mark.parametrize(("row", "command", "model"), [one for one in FIELDS if one.values[0].choices])
def test_a_model_names_the_words_of_the_table_where_it_names_any(row, command, model):
    schema = TypeAdapter(model).json_schema()["properties"][row.key]
    words = [word for part in (schema, *schema.get("anyOf", ())) for word in part.get("enum", ())]
    assert words in ([], list(row.choices))


def test_words_with_a_meaning_of_their_own_have_one():
    words = {row.key: row.choices for row in RULES if row.choices}
    assert set(PRESETS) == set(words["fills"])
    # The codes of the kernels.
    assert list(INTRABAR) == ["pessimistic", "optimistic", "nearest_open", "ohlc", "olhc", "candle", "drilldown"]
    assert list(ENTRY) == ["next_open", "close", "limit", "stop"]


def test_every_unit_and_every_kind_of_text_is_read_by_a_rule():
    assert set(get_args(Unit)) == {*kinds.UNITS, "none"}
    assert {unit for row in RULES if isinstance(row.kind, Distance) for unit in row.kind.units} == {*kinds.UNITS}
    texts = {row.kind.what for row in RULES if row.swept and isinstance(row.kind, Text)} - {""}
    assert texts == set(READERS)


def test_every_option_belongs_to_a_command_there_is_and_is_named_once_in_it():
    known = {command.name for command in COMMANDS}
    assert {command for row in TABLE for command in row.commands} <= known
    for leaf in build_parser().leaves():
        rows = options_of(leaf.command.name)
        assert len({row.key for row in rows}) == len(rows)
        assert {row.key for row in rows} == set(leaf.rows)


@pytest.mark.parametrize("row", [*TABLE, *MESSAGES], ids=lambda row: f"{row.key} {row.commands[:1]}")
def test_help_is_a_plain_phrase(row):
    assert (row.help and not row.help.endswith(" ") and row.help[0] == row.help[0].lower()) or row.help[:3] == "CSV"
