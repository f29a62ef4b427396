"""Stores: what goes in comes out to the bit, what they say of themselves is true, and nothing half-written has their name."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barloom.bars import from_arrays, from_synthetic, open_bars
from barloom.bars import writer as writing
from barloom.bars.facts import FORMAT, KEY, StoreFacts, facts_of
from barloom.bars.info import describe
from barloom.bars.sources.arrow import ArrowSource
from barloom.bars.sources.parquet import ParquetSource
from barloom.bars.steps import Steps
from barloom.bars.store import Ingested, ingest, side_of
from barloom.bars.writer import BATCH_ROWS, write_bars
from barloom.errors import InputError
from helpers.chunks import drawn as columns_of
from helpers.links import link

ROWS = 300_001
STORES = (".arrow", ".parquet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "EURUSD-bid.csv"
    write_bars(from_synthetic(ROWS, 7), path)
    return path


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest, made: Path) -> Path:
    path = made.with_name(f"EURUSD{request.param}")
    stored(made, path, force=True)
    return path


def stored(source: Path, out: Path, **options: Any) -> Ingested:
    return ingest(open_bars(source), [source], out, **options)


def drawn(path: Path, rows: int = 50_000, **selection: Any) -> dict[str, np.ndarray]:
    parts: dict[str, list[np.ndarray]] = {}
    with closing(open_bars(path).select(**selection).chunks(rows, volume=True)) as chunks:
        for chunk in chunks:
            for name in ("timestamp", "open", "high", "low", "close", "volume"):
                parts.setdefault(name, []).append(getattr(chunk, name).copy())
    return {name: np.concatenate(columns) for name, columns in parts.items()}


def small(folder: Path, rows: int = 3000, seed: int = 1) -> Path:
    path = folder / "bars.csv"
    write_bars(from_synthetic(rows, seed), path)
    return path


def test_a_store_holds_the_bars_of_its_source_to_the_bit(made: Path, store: Path) -> None:
    ours, theirs = drawn(store), drawn(made)
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in theirs)


def test_an_arrow_store_is_uncompressed_batches_of_one_chunk(made: Path) -> None:
    path = made.with_name("EURUSD.arrow")
    stored(made, path, force=True)
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        rows = [reader.get_batch(number).num_rows for number in range(reader.num_record_batches)]
    assert rows == [131_072, 131_072, ROWS - 2 * 131_072]
    assert path.stat().st_size < ROWS * 48 + 20_000
    assert drawn(path, BATCH_ROWS)["close"][:BATCH_ROWS].tobytes() in path.read_bytes()


def test_the_facts_are_those_of_the_bars_and_of_the_source(made: Path, store: Path) -> None:
    facts = open_bars(store).source.facts
    assert facts is not None
    bars = drawn(made)
    steps = np.diff(bars["timestamp"])
    assert (facts.rows, facts.total_rows, facts.dropped) == (ROWS, ROWS, {})
    assert (facts.first_ts, facts.last_ts) == (bars["timestamp"][0], bars["timestamp"][-1])
    assert facts.timeframe_seconds == 60.0
    assert facts.gaps == (steps > 60 * 10**9).sum() > 0
    assert facts.longest_gap_seconds == steps.max() / 1e9
    assert facts.price_side == "bid"
    (source,) = facts.sources
    assert source.sha256 == hashlib.sha256(made.read_bytes()).hexdigest()
    assert (source.name, source.size_bytes) == (made.name, made.stat().st_size)
    assert facts.size_bytes == store.stat().st_size
    assert facts.content_hash == describe(made).content_hash


def test_other_programs_find_the_facts_in_the_schema(store: Path) -> None:
    if store.suffix == ".arrow":
        with pa.OSFile(str(store)) as file:
            metadata = pa.ipc.open_file(file).schema.metadata
        with open(store, "rb") as file:
            file.seek(8)  # the schema at the head of the file, which readers of streams see
            assert pa.ipc.open_stream(file).schema.metadata == metadata
    else:
        metadata = pq.read_metadata(store).metadata
    facts = json.loads(metadata[KEY])["facts"]
    assert facts["rows"] == ROWS and facts["sources"][0]["name"] == "EURUSD-bid.csv"


def test_info_on_a_store_reads_no_bar(store: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = describe(made)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a bar was read")

    monkeypatch.setattr(ArrowSource, "batches", never)
    monkeypatch.setattr(ParquetSource, "batches", never)
    monkeypatch.setattr(ArrowSource, "_tasks", never)
    found = describe(store)
    same = ("rows", "bars", "first", "last", "timeframe_seconds", "gaps", "longest_gap_seconds", "content_hash")
    assert {name: getattr(found, name) for name in same} == {name: getattr(read, name) for name in same}
    assert found.store is not None and found.kind.endswith("store")
    assert open_bars(store).source.rows_at_hand() == ROWS


@pytest.mark.parametrize("selection", [{"fraction": 0.25, "portion": 3}, {"fraction": 0.1, "portion": 10}])
def test_a_portion_of_a_store_is_that_of_its_source(made: Path, store: Path, selection: dict[str, Any]) -> None:
    ours, theirs = drawn(store, **selection), drawn(made, **selection)
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in theirs)


def test_a_late_portion_of_an_arrow_store_is_read_from_its_batch_on(made: Path) -> None:
    path = made.with_name("late.arrow")
    stored(made, path, force=True)
    (batch,) = open_bars(path).source.batches(ROWS - 5, None, volume=False, threads=1)
    assert (batch.first_row, len(batch)) == (ROWS - 5, 5)
    before = open_bars(path).source.batches(0, None, volume=False, threads=1)
    with closing(before):
        assert [each.first_row for each in before] == [0, BATCH_ROWS, 2 * BATCH_ROWS]


# ---------------------------------------------------------------- again


@pytest.mark.parametrize("suffix", STORES)
def test_an_unchanged_source_is_recognised_whatever_its_name_and_age(tmp_path: Path, suffix: str) -> None:
    source, out = small(tmp_path), tmp_path / f"store{suffix}"
    first = stored(source, out)
    before = out.stat()
    os.utime(source, ns=(1, 1))
    again = stored(source, out)
    assert (first.already, again.already) == (False, True) and again.facts == first.facts
    assert (out.stat().st_ino, out.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("change", ["bytes", "options", "no store", "force"])
def test_what_must_not_be_replaced_is_refused_and_force_replaces_it(tmp_path: Path, change: str) -> None:
    source, out = small(tmp_path), tmp_path / "store.arrow"
    stored(source, out)
    options: dict[str, Any] = {}
    if change == "bytes":
        write_bars(from_synthetic(3000, 2), source)
    elif change == "options":
        options["reading"] = {"on_bad_rows": "drop"}
    elif change == "no store":
        out.write_bytes(b"mine")
    before = out.read_bytes()
    if change != "force":
        with pytest.raises(InputError, match=r"store\.arrow exists") as refused:
            stored(source, out, **options)
        assert out.read_bytes() == before and ("--force" in str(refused.value)) == (change != "no store")
    if change == "no store":
        with pytest.raises(InputError, match="is not a store that barloom made"):
            stored(source, out, force=True)
        assert out.read_bytes() == before
        return
    inode = out.stat().st_ino
    assert not stored(source, out, force=True, **options).already
    assert out.stat().st_ino != inode
    assert drawn(out)["close"].tobytes() == drawn(source)["close"].tobytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.csv", "store.arrow"]


def test_a_store_of_another_version_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = small(tmp_path), tmp_path / "store.arrow"
    monkeypatch.setattr("barloom.bars.store.__version__", "0.0.1")
    stored(source, out)
    monkeypatch.undo()
    with pytest.raises(InputError, match="--force"):
        stored(source, out)


# ---------------------------------------------------------------- refused, and nothing left


@pytest.mark.parametrize(
    ("out", "named"), [("store.csv", r"\.arrow"), ("nowhere/store.arrow", "nowhere"), ("folder.arrow", "directory")]
)
def test_a_name_that_cannot_be_a_store_is_refused(tmp_path: Path, out: str, named: str) -> None:
    (tmp_path / "folder.arrow").mkdir()
    with pytest.raises(InputError, match=named):
        stored(small(tmp_path), tmp_path / out, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.csv", "folder.arrow"]


def test_a_store_is_never_made_of_itself(tmp_path: Path) -> None:
    store = tmp_path / "store.arrow"
    stored(small(tmp_path), store)
    before = store.read_bytes()
    link(tmp_path / "link.arrow", store)
    for name in ("store.arrow", "link.arrow"):
        with pytest.raises(InputError, match="is read"):
            stored(tmp_path / name, store, force=True)
    assert store.read_bytes() == before


@pytest.mark.parametrize("suffix", STORES)
def test_bad_rows_leave_no_store_and_dropped_ones_are_counted(tmp_path: Path, suffix: str) -> None:
    source, out = small(tmp_path), tmp_path / f"store{suffix}"
    lines = source.read_text().splitlines()
    lines[10] = lines[9]
    lines[20] = lines[20].rpartition(",")[0].rpartition(",")[0] + ",-1.0,5"
    source.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="bad rows"):
        stored(source, out)
    assert [path.name for path in tmp_path.iterdir()] == ["bars.csv"]
    bars = open_bars(source, on_bad_rows="drop")
    facts = ingest(bars, [source], out).facts
    assert (facts.rows, facts.total_rows) == (2998, 3000)
    assert sum(facts.dropped.values()) == 2 and bars.report is not None and facts.dropped == bars.report.dropped


@pytest.mark.parametrize("at", ["chunks", "fsync", "replace", "facts"])
@pytest.mark.parametrize("suffix", STORES)
def test_a_failure_at_any_step_leaves_the_old_store_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, suffix: str
) -> None:
    source, out = small(tmp_path), tmp_path / f"store{suffix}"
    stored(source, out)
    before = out.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    target = {
        "chunks": (writing, "_record"),
        "fsync": (os, "fsync"),
        "replace": (os, "replace"),
        "facts": (writing, "_fill"),
    }[at]
    monkeypatch.setattr(*target, fail)
    with pytest.raises(InputError, match="No space left"):
        stored(source, out, force=True)
    monkeypatch.undo()
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.csv", out.name]


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_ask_prices_are_kept_and_sealed(tmp_path: Path, suffix: str) -> None:
    """A bit of an ask price that changed is told by the hash, as that of any other price."""
    times = np.arange(3, dtype=np.int64) * 60 * 10**9 + 10**18
    ones, asks = np.ones(3), np.array([1.25, 1.5, 1.75])
    bars = from_arrays(times, ones, ones, ones, ones, ask=(asks, asks, asks, asks))
    source, path = tmp_path / "source", tmp_path / f"both.{suffix}"
    source.write_bytes(b"x")
    facts = ingest(bars, [source], path).facts
    assert facts.price_side == "bid and ask" and facts.has_ask
    assert columns_of(open_bars(path))["ask_low"].tolist() == [1.25, 1.5, 1.75]
    assert describe(path).columns["ask_close"] == "double"
    whole = path.read_bytes()
    prices = [at for at in range(len(whole)) if whole.startswith(np.float64(1.75).tobytes(), at)]
    assert suffix == "parquet" or len(prices) == 4
    for at in prices if suffix == "arrow" else ():  # Parquet seals its pages itself
        path.write_bytes(whole[: at + 5] + bytes([whole[at + 5] ^ 1]) + whole[at + 6 :])
        with pytest.raises(InputError, match=r"damaged|bad_ask"):
            columns_of(open_bars(path))


# ---------------------------------------------------------------- what does not add up


def test_a_changed_price_is_found_by_a_pass_over_the_whole_store(tmp_path: Path) -> None:
    """A bit that flips in the bars of a store leaves a good price, and is still no longer what was ingested."""
    source, out = small(tmp_path), tmp_path / "store.arrow"
    stored(source, out)
    content = bytearray(out.read_bytes())
    close = drawn(source)["close"]
    at = content.find(close.tobytes())
    assert at > 0
    content[at] ^= 1
    out.write_bytes(content)
    assert drawn(out, fraction=0.5)["close"][0] != close[0]
    with pytest.raises(InputError, match=r"store\.arrow is damaged.*ingest"):
        drawn(out)


def test_damaged_facts_are_refused(tmp_path: Path) -> None:
    """Any byte of the facts."""
    source, out = small(tmp_path), tmp_path / "store.arrow"
    facts = stored(source, out).facts
    text = facts.text()
    for at, flipped in itertools.product(range(len(text)), (0x00, 0xFF, None)):
        damaged = bytearray(text)
        damaged[at] = damaged[at] ^ 1 if flipped is None else flipped
        with pytest.raises(InputError, match=r"store\.arrow is damaged"):
            facts_of({KEY: bytes(damaged)}, out)
    assert facts_of({KEY: text}, out) == facts == facts_of({KEY: facts.text(8192)}, out)
    with pytest.raises(ValueError, match="bytes of 10"):
        facts.text(10)


def test_a_store_of_a_later_version_is_refused_by_its_version(tmp_path: Path) -> None:
    facts = stored(small(tmp_path), tmp_path / "store.arrow").facts
    later = facts.model_copy(update={"format": FORMAT + 1, "version": "9.9"})
    with pytest.raises(InputError, match=r"9\.9"):
        facts_of({KEY: later.text()}, tmp_path / "store.arrow")


@pytest.mark.parametrize("suffix", STORES)
def test_rows_that_another_program_cut_are_not_told_by_the_old_facts(tmp_path: Path, suffix: str) -> None:
    source, out = small(tmp_path), tmp_path / f"store{suffix}"
    stored(source, out)
    cut = tmp_path / f"cut{suffix}"
    if suffix == ".arrow":
        with pa.OSFile(str(out)) as file:
            table = pa.ipc.open_file(file).read_all().slice(0, 1000)
        with pa.ipc.new_file(str(cut), table.schema) as writer:
            writer.write_table(table)
    else:
        pq.write_table(pq.read_table(out).slice(0, 1000), cut)
    bars = open_bars(cut)
    assert bars.source.facts is None
    assert describe(cut).rows == 1000 and describe(cut).store is None
    assert len(drawn(cut)["close"]) == 1000


def test_a_store_read_with_columns_of_the_users_choice_is_a_plain_file(tmp_path: Path) -> None:
    source, out = small(tmp_path), tmp_path / "store.arrow"
    stored(source, out)
    bars = open_bars(out, columns="time=timestamp,open=close,high=high,low=low,close=open")
    assert bars.source.facts is None
    for _ in bars.chunks(1000):
        pass


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize("cuts", [[], [1], [0, 3, 3], [1, 2, 3, 4, 5]])
def test_steps_are_the_same_however_the_times_come(cuts: list[int]) -> None:
    times = np.array([0, 60, 120, 180, 1000, 1060, 9000, 9060], dtype=np.int64)
    steps = Steps()
    for part in np.split(times, cuts):
        steps.add(part)
    assert (steps.gaps, steps.longest) == (2, 7940)
    assert steps.timeframe == 60


def test_a_single_bar_has_no_step() -> None:
    steps = Steps()
    steps.add(np.array([5], dtype=np.int64))
    assert (steps.seconds, steps.gaps, steps.longest) == (None, 0, 0)


@pytest.mark.parametrize(
    ("names", "told", "side"),
    [
        (["EURUSD_Bid_2020.csv"], None, "bid"),
        (["gbpusd-m1-ASK.csv.gz", "b-ask.csv"], "HistData ASCII: bid", "ask"),
        (["a-bid.csv", "a-ask.csv"], None, None),
        (["forbidden.csv", "task.csv"], None, None),
        (["EURUSD.csv"], "HistData ASCII: EST (UTC-5), stamped by open, bid", "bid"),
        (["EURUSD.csv"], None, None),
    ],
)
def test_the_price_side_is_read_from_names_before_formats(names: list[str], told: str | None, side: str | None) -> None:
    assert side_of([Path(name) for name in names], told) == side


def test_facts_come_back_from_their_json(tmp_path: Path) -> None:
    facts = stored(small(tmp_path), tmp_path / "store.arrow", symbol="EUR/USD ✓").facts
    assert StoreFacts.model_validate_json(facts.model_dump_json()) == facts
    assert facts.symbol == "EUR/USD ✓"
