"""--max-ram plans chunks that fit, or says before anything starts what would."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.writer import write_bars
from barloom.engine.memory_limit import parse_size, within
from barloom.errors import InputError
from barloom.rules.parameters import RunParameters
from helpers.command import environment

BARS = from_synthetic(1000, 1)
PLAIN = RunParameters(strategy="ema-cross")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 500_000_000), ("500mb", 500_000_000), (" 1.5 GB ", 1_500_000_000), ("512MiB", 2**29), ("2g", 2 * 10**9),
        ("800000000", 800_000_000), ("64k", 64_000), ("1Ti", 2**40), (".5GB", 500_000_000),
    ],
)  # fmt: skip
def test_sizes_are_read_as_they_are_written(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1GB", "lots", "1e9", "5 5MB", "3iB", "1,5GB", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--max-ram"):
        parse_size(text)


def test_more_room_gives_larger_chunks_up_to_the_usual_ones() -> None:
    found = [
        within(f"{size}MB", BARS, PLAIN, held=100_000_000).chunk_rows or 0 for size in (210, 212, 220, 1000, 64_000)
    ]
    assert found == sorted(found) and found[0] < found[2] <= found[-1] == 131_072


def test_too_little_is_refused_with_a_size_that_then_fits() -> None:
    with pytest.raises(InputError) as caught:
        within("100MB", BARS, PLAIN, held=100_000_000)
    said = str(caught.value)
    assert "too little for synthetic" in said and "--chunk-rows" not in said
    assert within(said.rpartition(" ")[2], BARS, PLAIN, held=100_000_000).chunk_rows


def test_a_chosen_chunk_size_is_kept_or_a_smaller_one_named() -> None:
    chosen = PLAIN.model_copy(update={"chunk_rows": 1_000_000})
    assert within("2GB", BARS, chosen, held=100_000_000).chunk_rows == 1_000_000
    with pytest.raises(InputError, match=r"chunks of 1,000,000 bars .* --chunk-rows \d+$") as caught:
        within("300MB", BARS, chosen, held=100_000_000)
    rows = int(str(caught.value).rpartition(" ")[2])
    assert within("300MB", BARS, PLAIN.model_copy(update={"chunk_rows": rows}), held=100_000_000).chunk_rows == rows


def test_ask_prices_and_indicators_take_room() -> None:
    size, held = "215MB", 100_000_000
    ema = within(size, BARS, PLAIN, held=held).chunk_rows or 0
    pullback = within(size, BARS, RunParameters(strategy="trend-pullback"), held=held).chunk_rows or 0
    assert 0 < pullback < ema


def test_an_arrow_file_of_one_huge_batch_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Its batch is as large as the file."""
    import pyarrow as pa

    write_bars(from_synthetic(300_000, 1), tmp_path / "batches.arrow")
    whole = pa.ipc.open_file(tmp_path / "batches.arrow").read_all().combine_chunks()
    with pa.ipc.new_file(tmp_path / "one.arrow", whole.schema) as writer:
        writer.write_table(whole)
    assert within("220MB", open_bars(tmp_path / "batches.arrow"), PLAIN, held=100_000_000)
    with pytest.raises(InputError, match=r"one\.arrow"):
        within("200MB", open_bars(tmp_path / "one.arrow"), PLAIN, held=100_000_000)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
@pytest.mark.parametrize("suffix", ["csv", "arrow", "parquet"])
def test_a_run_stays_within_what_it_was_given(tmp_path: Path, suffix: str) -> None:
    """With the chunks as large as the plan allows, and the trades of plain chunks."""
    write_bars(from_synthetic(400_000, 3), tmp_path / f"bars.{suffix}")
    code = """
import json, sys
from pathlib import Path
from barloom.jobs.run import JobOptions, run_job
from barloom.rules.parameters import RunParameters
from barloom.bars import open_bars
done = run_job(open_bars(sys.argv[1]), RunParameters(strategy="ema-cross"), JobOptions(max_ram=sys.argv[2], out=Path("out")), command=[])
print(json.dumps([done.run.digest, done.run.memory_peak_mb, done.run.parameters.chunk_rows]))
"""
    users = environment()
    users.pop("ARROW_DEFAULT_MEMORY_POOL", None)
    found = []

    def within_size(size: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, f"bars.{suffix}", f"{size}MB"],
            cwd=tmp_path, env=users, capture_output=True, text=True, check=False,
        )  # fmt: skip

    for size in (280, 2000):
        done = within_size(size)
        if advised := re.search(r"give --max-ram (\d+)MB", done.stderr):
            # What libraries take differs from machine to machine; what a refusal advises must do.
            size = int(advised[1]) + 5
            done = within_size(size)
        assert done.returncode == 0, done.stderr
        digest, peak, rows = json.loads(done.stdout)
        assert peak < size and rows
        found.append(digest)
    assert len(set(found)) == 1
