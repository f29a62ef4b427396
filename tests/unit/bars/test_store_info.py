"""``data info`` on a store: what its footer says, the same as through the reader of bars, and without loading that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.info import describe
from barloom.bars.store import ingest
from barloom.bars.store_info import describe_store
from barloom.bars.stored import read_stored, signed
from barloom.bars.writer import write_bars
from barloom.errors import InputError
from helpers.command import environment


@pytest.fixture(params=["arrow", "parquet"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    source = write_and_name(tmp_path / "EURUSD-bid.csv")
    ingest(open_bars(source), [source], tmp_path / f"store.{request.param}", symbol="EURUSD")
    return tmp_path / f"store.{request.param}"


def write_and_name(path: Path) -> Path:
    write_bars(from_synthetic(3000, 2), path)
    return path


def test_the_footer_says_what_the_reader_of_bars_says(store: Path) -> None:
    said = describe_store(store)
    assert said is not None and said["store"]["symbol"] == "EURUSD"
    through = describe(store, input_format=store.suffix[1:])
    assert said == through.model_dump(mode="json") == describe(store).model_dump(mode="json")


def test_neither_numpy_nor_arrow_nor_pydantic_is_loaded_for_it(store: Path) -> None:
    """Together they take ten times as long as all the rest."""
    code = (
        "import sys; from barloom.cli.main import main; code = main(sys.argv[1:]); "
        "print(code, sorted({'numpy', 'pyarrow', 'pandas', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    for form in ("text", "json"):
        done = subprocess.run(
            [sys.executable, "-c", code, "data", "info", str(store), "--format", form],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        *said, loaded = done.stdout.splitlines()
        assert loaded == "0 []"
        assert (json.loads("\n".join(said))["rows"] == 3000) if form == "json" else ("bars               3,000" in said)


def test_another_file_has_no_such_footer(tmp_path: Path) -> None:
    for suffix in ("csv", "arrow", "parquet"):
        write_bars(from_synthetic(100, 2), tmp_path / f"plain.{suffix}")
        assert describe_store(tmp_path / f"plain.{suffix}") is None
        assert describe(tmp_path / f"plain.{suffix}").rows == 100
    assert describe_store(tmp_path) is None and describe_store(tmp_path / "gone") is None
    (tmp_path / "empty").touch()
    assert describe_store(tmp_path / "empty") is None


def test_facts_that_another_program_carried_over_are_not_believed(store: Path) -> None:
    """They name the size of the file they belong to."""
    whole = store.read_bytes()
    store.write_bytes(b"ARROW1\0\0" + whole)
    assert describe_store(store) is None


def test_a_changed_footer_is_told_or_gives_the_same_facts(store: Path) -> None:
    """At once, or by who reads the whole of it."""
    whole, good = store.read_bytes(), describe(store)
    for at in range(len(whole) - 4000, len(whole), 7):
        store.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            said = describe_store(store)
        except InputError as error:
            assert str(store) in str(error)
            continue
        assert said is None or said == good.model_dump(mode="json"), at


def test_facts_with_a_seal_and_without_sense_are_damaged(store: Path) -> None:
    """Somebody made them: no traceback."""
    whole = store.read_bytes()
    found = read_stored(store)
    assert found is not None
    body = json.dumps({"format": 1, "size_bytes": len(whole), "rows": "many", "columns": 3})
    at = whole.rindex(b'{"check":"')
    text = signed(body)
    store.write_bytes(whole[:at] + text + whole[at + len(text) :])
    with pytest.raises(InputError, match="is damaged: what it says of its own bars does not add up"):
        describe_store(store)
