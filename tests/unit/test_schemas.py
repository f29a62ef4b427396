"""The JSON Schemas in the package are those of the models, and they judge as the models do."""

import copy
import json

import jsonschema
import pytest

from barloom.schemas import MODELS, schema_path, schema_text
from helpers.recorded import benchmark


@pytest.fixture(scope="module")
def judge():
    schema = json.loads(schema_path("benchmark").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def release(text):
    """The release of pydantic that a text ends with, as numbers."""
    return tuple(int(part) for part in text.split()[-1].split(".")[:2])


@pytest.mark.parametrize("name", MODELS)
def test_the_schema_is_of_the_model_as_it_is(name):
    kept = json.loads(schema_path(name).read_text(encoding="utf-8"))
    made = json.loads(schema_text(name))
    if release(made.pop("$comment")) < release(kept.pop("$comment")):
        pytest.skip("an older pydantic words schemas in another way")
    assert kept == made, "run: python -m barloom.schemas"


def test_a_record_is_valid(judge):
    judge.validate(json.loads(benchmark().to_json()))


def test_the_record_of_a_failed_run_is_valid(judge):
    judge.validate(json.loads(benchmark(status="failed", error="out of luck", data=None, digest=None).to_json()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("digest", "xyz"),
        ("status", "running"),
        ("trades_simulated", -1),
        ("wall_clock_total", -1.0),
        ("job_id", ""),
        ("machine", {}),
        ("unknown", 1),
    ],
)
def test_what_the_model_refuses_the_schema_refuses(judge, name, value):
    record = copy.deepcopy(json.loads(benchmark().to_json()))
    record[name] = value
    assert not judge.is_valid(record)


def test_a_record_without_its_digest_member_is_refused(judge):
    record = json.loads(benchmark().to_json())
    del record["digest"]
    assert not judge.is_valid(record)
