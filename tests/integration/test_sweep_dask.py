"""A sweep over a Dask scheduler and two workers on this machine: the same table and checksums as without."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import pytest

from barloom.errors import BarloomError, InputError
from barloom.sweeps.runner import plan as planning
from barloom.sweeps.runner.dask import Cluster
from helpers.command import environment
from helpers.sweeping import made_bars, strategy_file, swept
from helpers.waiting import PATIENCE, go_on, wait_for

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.waits


def server(*words, **settings):
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, words)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **settings,
    )


class Machine:
    """A scheduler on loopback and its workers."""

    def __init__(self, folder):
        self.file = folder / "scheduler.json"
        self.folder = folder
        common = ("--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = server(
            "distributed.cli.dask_scheduler", *common, "--port", 0, "--scheduler-file", self.file, cwd=folder
        )
        self.workers = []
        wait_for(self.file.exists, self.scheduler)
        self.address = wait_for(self._address, self.scheduler)

    def _address(self):
        try:
            return json.loads(self.file.read_text())["address"]
        except ValueError:
            return None

    def add(self):
        words = ("--host", "127.0.0.1", "--no-dashboard", "--no-nanny", "--nthreads", 1)
        self.workers.append(server("distributed.cli.dask_worker", self.address, *words, cwd=self.folder))
        with distributed.Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=PATIENCE)

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def machine(tmp_path_factory, monkeypatch):
    # That a scheduler answers within seconds is asked where it does not.
    monkeypatch.setattr("barloom.sweeps.runner.dask.REACHED_SECONDS", PATIENCE)
    made = Machine(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


def test_the_same_table_and_checksums_as_locally(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MOST_SETS", 2)
    machine.add()
    machine.add()
    path = made_bars(tmp_path)
    here = swept(path, out=tmp_path / "here")
    there = swept(path, out=tmp_path / "there", executor="dask", scheduler=machine.address)
    assert (there.folder / "sweep.parquet").read_bytes() == (here.folder / "sweep.parquet").read_bytes()
    assert there.record.digest == here.record.digest and there.record.executor == "dask"
    assert there.trades.num_rows == here.trades.num_rows
    assert there.record.efficiency is None


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes by signal")
def test_a_worker_that_dies_costs_only_its_batch(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MOST_SETS", 1)
    monkeypatch.setattr("barloom.jobs.sweep.preparation.measure", lambda *sets, **options: None)
    machine.add()
    machine.add()
    strategy = f"{strategy_file(tmp_path)}:Odd"
    path = made_bars(tmp_path)
    grid = {"fast": [5, 6, 9, 10, 11]}
    here = swept(path, grid, strategy, out=tmp_path / "here", keep_trades="none")
    (tmp_path / "once").write_text("")
    there = swept(
        path, grid, strategy, out=tmp_path / "there", keep_trades="none", executor="dask", scheduler=machine.address
    )
    wait_for(lambda: [worker.poll() for worker in machine.workers].count(None) == 1)
    assert (there.folder / "sweep.parquet").read_bytes() == (here.folder / "sweep.parquet").read_bytes()


@pytest.mark.parametrize(
    ("grid", "kind", "said"),
    [({"slow": [3500, 4000]}, InputError, "was refused"), ({"fast": [7]}, BarloomError, "failed")],
)
def test_a_sweep_none_of_whose_sets_ran_raises_the_first_reason(machine, tmp_path, grid, kind, said):
    machine.add()
    path, strategy = made_bars(tmp_path), f"{strategy_file(tmp_path)}:Odd"
    with pytest.raises(
        BarloomError, match=f"every set of the grid {said}; the first: .*(give more bars|seven)"
    ) as raised:
        swept(path, grid, strategy, executor="dask", scheduler=machine.address)
    assert raised.value.exit_code == kind.exit_code


def test_a_scheduler_that_is_not_there_is_said_plainly(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = made_bars(tmp_path)
    address = f"tcp://127.0.0.1:{port}"
    with pytest.raises(InputError, match=f"--scheduler {address} cannot be reached .*: check the address"):
        swept(path, out=tmp_path / "out", executor="dask", scheduler=address)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="--scheduler nonsense://x cannot be reached"):
        Cluster("nonsense://x")


def test_a_scheduler_without_workers_is_said_plainly(machine, monkeypatch):
    monkeypatch.setattr("barloom.sweeps.runner.dask.REACHED_SECONDS", 2)
    with pytest.raises(InputError, match=f"has no workers: start some with dask worker {machine.address}"):
        Cluster(machine.address)


def test_a_scheduler_that_goes_away_keeps_what_is_finished(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MOST_SETS", 1)
    monkeypatch.setattr("barloom.jobs.sweep.preparation.measure", lambda *sets, **options: None)
    machine.add()
    path = made_bars(tmp_path)
    out = tmp_path / "out"
    strategy = f"{strategy_file(tmp_path)}:Held"
    grid = {"fast": list(range(5, 17))}

    import barloom.jobs.sweep.folder as folder

    save = folder.SweepFolder.save

    def saved(self, result):
        save(self, result)
        if len(list(out.glob("sweeps/*/parts/*"))) == 2:
            machine.scheduler.kill()

    monkeypatch.setattr(folder.SweepFolder, "save", saved)
    # Held from the fourth set on: the scheduler is gone before that one is.
    with pytest.raises(InputError, match="is gone"):
        swept(path, grid, strategy, out=out, keep_trades="none", executor="dask", scheduler=machine.address)
    monkeypatch.setattr(folder.SweepFolder, "save", save)
    assert len(list(out.glob("sweeps/*/parts/*"))) >= 2
    go_on(tmp_path)
    assert swept(path, grid, strategy, out=out, keep_trades="none").record.resumed >= 2
