"""A sweep that is stopped goes on where it was, and gives the same table to the byte."""

from __future__ import annotations

import os
import signal
import sys

import pyarrow.parquet as pq
import pytest

from barloom.bars import open_bars
from barloom.errors import BarloomError, InputError
from barloom.jobs.sweep.job import sweep_job
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.ranking import RankedSearch
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner import plan as planning
from helpers.recorded import valid
from helpers.sweeping import GRID, SCRIPT, alive, children, made_bars, start, strategy_file, swept
from helpers.waiting import ended, go_on, held, interrupt, wait_for

posix = pytest.mark.skipif(sys.platform == "win32", reason="stops processes by signal")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
waits = pytest.mark.waits


@pytest.fixture
def slow(tmp_path):
    """Words of a sweep of twelve sets, each a batch of its own, which is held after the sixth until it may go on."""
    path = made_bars(tmp_path)
    strategy = f"{strategy_file(tmp_path)}:Held"
    return lambda out, workers=1: (path, strategy, workers, out)


def parts(out):
    return list(out.glob("sweeps/*/parts/*.parquet"))


def table(out):
    (path,) = out.glob("sweeps/*/sweep.parquet")
    return path.read_bytes()


def finish(process):
    out, err = ended(process)
    assert process.returncode == 0, err
    return out.split()


@waits
@linux
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_sweep_goes_on_with_the_same_command(slow, tmp_path, workers):
    out, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(*slow(out, workers), cwd=tmp_path)
    wait_for(lambda: len(held(tmp_path)) == workers and len(parts(out)) == 6, process)
    started = children(process.pid)
    process.kill()
    process.communicate()
    wait_for(lambda: not alive(started))
    go_on(tmp_path)
    finished = len(parts(out))
    assert finished == 6 and not list(out.glob("sweeps/*/sweep.json"))
    before = {path: path.stat().st_mtime_ns for path in parts(out)}
    resumed, already, digest = finish(start(*slow(out, workers), cwd=tmp_path))
    assert int(resumed) == finished and already == "False"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert digest == finish(start(*slow(whole, 2), cwd=tmp_path))[2]
    assert table(out) == table(whole)
    assert finish(start(*slow(out), cwd=tmp_path))[1:] == ["True", digest]
    assert not list(out.glob("sweeps/*/.*"))


@waits
@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_keeps_what_is_finished_and_says_so(slow, tmp_path, number):
    """The workers are gone with it, and none of them says a word."""
    out = tmp_path / "out"
    process = start(*slow(out, 2), cwd=tmp_path, start_new_session=True)
    wait_for(lambda: len(held(tmp_path)) == 2 and len(parts(out)) == 6, process)
    started = children(process.pid)
    # As a terminal does: to the whole group. The workers are held: they end because they are ended.
    interrupt(process, number, group=number == signal.SIGINT)
    said, err = ended(process)
    assert process.returncode == 130 and err == ""
    kept = sum(1 for _ in parts(out))
    assert kept == 6
    assert said == f"{kept} sets are finished and kept: the same command goes on from there\n"
    (record,) = out.glob("sweeps/*/benchmark.json")
    assert valid(record, "benchmark")["status"] == "failed" and valid(record, "benchmark")["error"] == "interrupted"
    wait_for(lambda: not alive(started))
    go_on(tmp_path)
    assert int(finish(start(*slow(out), cwd=tmp_path))[0]) == kept
    assert valid(record, "benchmark")["status"] == "complete"


@waits
@posix
def test_an_interrupt_before_anything_is_finished_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    # The first set is held already.
    script = SCRIPT.replace("range(5, 11)", "range(8, 11)")
    process = start(made_bars(tmp_path), f"{strategy_file(tmp_path)}:Held", 1, out, cwd=tmp_path, script=script)
    wait_for(lambda: held(tmp_path), process)
    assert list(out.glob("sweeps/*/plan.json")) and not parts(out)
    interrupt(process)
    go_on(tmp_path)
    said, err = ended(process)
    assert process.returncode == 130, err
    assert "nothing is left" in said and not out.exists()


MOMENTS = (1, 20, 60, 120, 200, 280, 360, 450)
"""Modules that have been loaded when a signal comes: from Python's own first ones to the last of a sweep."""


def loaded(process, said, modules):
    """Wait until a process that tells of its imports has loaded so many modules, or is held because it has all of them."""
    wait_for(lambda: said.read_bytes().count(b"import time:") > modules or held(said.parent), process)


@waits
@posix
@pytest.mark.parametrize("modules", MOMENTS)
def test_an_interrupt_while_things_are_loaded_ends_with_130_and_no_half_sweep(slow, tmp_path, modules):
    """A moment is told by what has been loaded, whatever the time it takes."""
    out, told = tmp_path / "out", tmp_path / "stderr"
    with open(told, "wb") as stderr:
        process = start(*slow(out, 2), cwd=tmp_path, stderr=stderr, more={"PYTHONPROFILEIMPORTTIME": "1"})
        loaded(process, told, modules)
        interrupt(process)
        wait_for(lambda: process.poll() is not None or held(tmp_path))
        if b"Exception ignored in" in told.read_bytes():
            # Python loses a signal that finds it in a callback of its import locks, before barloom has taken over: it is sent again.
            interrupt(process)
        ended(process)
    # Before Python has its handlers, the signal itself ends the process, or Python says so. A sweep that is held ends by nothing else.
    assert process.returncode in {130, 1, -signal.SIGINT}, told.read_text()
    assert not list(out.glob("sweeps/*/sweep.json"))


def test_what_changed_refuses_to_go_on(tmp_path, monkeypatch):
    path, out = made_bars(tmp_path, suffix=".csv"), tmp_path / "out"
    swept(path, out=out)
    (folder,) = (out / "sweeps").iterdir()
    (folder / "sweep.json").unlink()
    with open(path, "a") as file:
        file.write("2030-01-01T00:00:00Z,1,1,1,1,1\n")
    with pytest.raises(InputError, match=r"bars\.csv was changed since .* move .* away to start over"):
        swept(path, out=out)
    assert (folder / "sweep.parquet").exists() and len(list(folder.glob("parts/*"))) > 0


def test_bars_of_other_content_refuse_even_where_the_file_looks_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MOST_SETS", 6)
    path, out = made_bars(tmp_path, suffix=".csv"), tmp_path / "out"
    swept(path, out=out)
    (folder,) = (out / "sweeps").iterdir()
    (folder / "sweep.json").unlink()
    sorted(folder.glob("parts/*"))[0].unlink()
    stat = path.stat()
    text = path.read_text().splitlines()
    cells = text[1500].split(",")
    cells[5] = cells[5][:-1] + ("1" if cells[5][-1] != "1" else "2")  # volume is no part of the hash
    text[1500] = ",".join(cells)
    moved = text[1501].split(",")
    moved[2], moved[4] = moved[4], moved[2]
    text[1501] = ",".join([moved[0], *sorted(moved[1:5])[1:2], max(moved[1:5]), min(moved[1:5]), moved[4], moved[5]])
    path.write_bytes(("\n".join(text) + "\n").encode())
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    if path.stat().st_size != stat.st_size:
        pytest.fail("the test means to keep the size")
    with pytest.raises(InputError, match="not those that the finished sets"):
        swept(path, out=out)


def test_other_trades_of_a_finished_sweep_are_made_without_running_it_again(tmp_path):
    path, out = made_bars(tmp_path), tmp_path / "out"
    first = swept(path, out=out, keep_trades="best:2")
    assert len(set(first.trades["set_id"].to_pylist())) == 2
    other = swept(path, out=out, keep_trades="best:3", rank_by="net-pnl")
    assert other.record.resumed == 12 and other.record.digest == first.record.digest
    assert set(other.trades["set_id"].to_pylist()) == set(other.table.best("net_pnl", 0, 3))
    again = swept(path, out=out, keep_trades="best:3", rank_by="net-pnl")
    assert again.already and again.trades.equals(other.trades) is not None
    assert pq.read_metadata(again.folder / "trades.parquet").num_rows == other.trades.num_rows


def test_all_trades_are_kept_part_by_part(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MOST_SETS", 5)
    path, out = made_bars(tmp_path), tmp_path / "out"
    done = swept(path, out=out, keep_trades="all")
    counts = dict(zip(done.table.table["set_id"].to_pylist(), done.table.table["trades"].to_pylist(), strict=True))
    found = done.trades["set_id"].to_pylist()
    assert {number: found.count(number) for number in counts} == counts and found == sorted(found)
    assert swept(path, out=None, keep_trades="all").trades.num_rows == len(found)
    assert swept(path, out=None, keep_trades="none").trades is None


def test_a_sweep_whose_every_set_is_refused_says_why_and_leaves_nothing(tmp_path):
    path, out = made_bars(tmp_path), tmp_path / "out"
    with pytest.raises(InputError, match=r"every set of the grid was refused; the first: .*slow"):
        swept(path, {"fast": [70, 80]}, out=out)
    assert not out.exists()


FAILING = [
    ({"fast": [70, 80]}, "ema-cross", InputError, "was refused; the first: .*slow"),
    ({"slow": [3500, 4000]}, "ema-cross", InputError, "was refused; the first: .*give more bars"),
    ({"fast": [7], "stop": GRID["stop"]}, "Odd", BarloomError, "failed; the first: .*RuntimeError: seven"),
    ({"fast": [70, 7]}, "Odd", InputError, "was refused; the first: .*slow"),
    ({"fast": [7, 70]}, "Odd", BarloomError, "failed; the first: .*RuntimeError: seven"),
]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("grid", "strategy", "kind", "said"), FAILING)
def test_a_sweep_none_of_whose_sets_ran_raises_the_first_reason(
    tmp_path, monkeypatch, grid, strategy, kind, said, workers
):
    """Before a bar was read or after all of them, in this process or in workers: no table without a number, and the error is of its kind."""
    monkeypatch.setattr(planning, "MOST_SETS", 1)
    path = made_bars(tmp_path)
    strategy = f"{strategy_file(tmp_path)}:{strategy}" if strategy == "Odd" else strategy
    for out in (None, tmp_path / "out", tmp_path / "out"):
        with pytest.raises(BarloomError, match=f"every set of the grid {said}") as raised:
            swept(path, grid, strategy, out=out, max_workers=workers)
        assert raised.value.exit_code == kind.exit_code
    assert not list(tmp_path.glob("out/sweeps/*/parts/*")) and not list(tmp_path.glob("out/sweeps/*/sweep.*t"))
    if kind is BarloomError:
        assert "RuntimeError: seven" in next(tmp_path.glob("out/sweeps/*/sweep.log")).read_text()


@waits
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes by signal")
def test_a_sweep_whose_every_worker_died_says_so(tmp_path, monkeypatch):
    # Nothing of it may run in this process: no measuring, and two workers whatever the cores.
    monkeypatch.setattr("barloom.jobs.sweep.preparation.measure", lambda *sets, **options: None)
    monkeypatch.setattr("barloom.sweeps.runner.executors.capped", lambda workers: workers)
    strategy = f"{strategy_file(tmp_path)}:Odd"
    with pytest.raises(BarloomError, match=r"the first: strategy .*:Odd: its worker died twice") as raised:
        swept(made_bars(tmp_path), {"fast": [8]}, strategy, max_workers=2)
    assert raised.value.exit_code == 2


def test_refused_sets_are_in_the_table_and_the_others_run(tmp_path):
    path = made_bars(tmp_path)
    done = swept(path, {"fast": [5, 70], "stop": GRID["stop"]})
    assert done.table.refused == done.record.failed == 2
    assert done.table.table["error"].to_pylist()[:2] == [None, None]


def test_a_search_goes_on_with_what_it_was_told(tmp_path, monkeypatch):
    """The same answers give the same questions, so what is finished is answered from the folder."""
    pytest.importorskip("optuna")
    path = made_bars(tmp_path)
    base = RunParameters(strategy="ema-cross")
    grid = Grid.of({"fast": range(5, 15), "slow": range(20, 40, 2)}, base)

    def searched(out):
        search = RankedSearch(grid, "tpe", 40, "net_pnl", 0)
        options = SweepOptions(out=tmp_path / out, rank_by="net_pnl", keep_trades="none")
        return sweep_job(open_bars(path), base, grid, options, search=search, reading_known=True)

    whole, broken = searched("whole"), searched("broken")
    (broken.folder / "sweep.json").unlink()
    parts_there = sorted((broken.folder / "parts").iterdir(), key=lambda part: int(part.name.split("-")[0]))
    parts_there[-1].unlink()
    again = searched("broken")
    assert 0 < again.record.resumed < 40 == again.record.sets
    assert (again.folder / "sweep.parquet").read_bytes() == (whole.folder / "sweep.parquet").read_bytes()
