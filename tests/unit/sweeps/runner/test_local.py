"""Executors: what each task came to, whatever becomes of the process it ran in."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys

import pytest

from barloom.bars import from_synthetic
from barloom.engine.orchestrator import available_cores
from barloom.errors import FidelityError, InputError
from barloom.sweeps.runner.local import Here, Workers, capped, raised
from barloom.sweeps.runner.shared import SharedBars
from barloom.sweeps.runner.tasks import TaskFailed
from helpers.command import environment
from helpers.sweeping import alive, children, made_bars, strategy_file, tasks_of
from helpers.waiting import ended, held, wait_for

pytestmark = pytest.mark.waits
posix = pytest.mark.skipif(sys.platform == "win32", reason="kills processes by signal")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture
def shared(tmp_path):
    return SharedBars(paths=(made_bars(tmp_path),))


def test_here_and_workers_give_the_same(shared):
    sets = [(fast,) for fast in range(5, 11)]
    here = list(Here().run(tasks_of(shared, sets, 4)))
    workers = Workers(2)
    try:
        there = sorted(workers.run(tasks_of(shared, sets, 1)), key=lambda found: found.set_ids)
        again = list(workers.run(tasks_of(shared, sets[:1], 1)))  # the processes are used again
    finally:
        workers.close()
    assert [one.set_ids for one in here] == [(0, 1, 2, 3), (4, 5)]
    assert [one.set_ids for one in there] == [(number,) for number in range(6)]
    ours = [checksum for one in here for checksum in one.table["checksum"].to_pylist()]
    assert ours == [one.table["checksum"][0].as_py() for one in there]
    assert again[0].table.equals(there[0].table)


def test_bars_in_hand_are_used_where_a_task_brings_none():
    (found,) = Here(from_synthetic(1500, 1)).run(tasks_of(None, [(5,)], 1))
    assert found.report.selected_rows == 1500


@posix
def test_a_killed_worker_costs_only_its_task_which_is_tried_again(shared, tmp_path, caplog):
    strategy = f"{strategy_file(tmp_path)}:Odd"
    (tmp_path / "once").write_text("")
    sets = [(5,), (9,), (6,), (10,)]
    workers = Workers(2)
    try:
        with caplog.at_level(logging.WARNING):
            found = {one.set_ids[0]: one for one in workers.run(tasks_of(shared, sets, 1, strategy=strategy))}
    finally:
        workers.close()
    assert not any(isinstance(one, TaskFailed) for one in found.values()) and len(found) == 4
    assert [record.getMessage() for record in caplog.records] == [
        f"a worker of strategy {strategy} died (exit code -9), its sets run again"
    ]


@posix
def test_a_task_that_kills_its_workers_is_recorded_and_the_others_go_on(shared, tmp_path):
    strategy = f"{strategy_file(tmp_path)}:Odd"
    workers = Workers(2)
    try:
        tasks = tasks_of(shared, [(5,), (8,), (6,), (10,)], 1, strategy=strategy)
        found = {one.set_ids[0]: one for one in workers.run(tasks)}
    finally:
        workers.close()
    assert found[1] == TaskFailed((1,), "died", f"strategy {strategy}: its worker died twice (exit code -9)")
    assert [isinstance(found[number], TaskFailed) for number in (0, 2, 3)] == [False] * 3


@linux
def test_workers_end_when_they_are_closed_in_the_middle(shared, tmp_path):
    """No orphans, and no task is waited for."""
    strategy = f"{strategy_file(tmp_path)}:Held"
    workers = Workers(2)
    workers._give(workers._start(), tasks_of(shared, [(8,)], 1, strategy=strategy)[0], 0)
    workers._give(workers._start(), tasks_of(shared, [(9,)], 1, strategy=strategy)[0], 0)
    busy = [worker.process.pid for worker in workers._workers]
    wait_for(lambda: sorted(held(tmp_path)) == sorted(busy))
    assert alive(busy) == busy
    workers.close()
    assert not alive(busy)


@linux
def test_workers_end_with_a_parent_that_is_killed(shared, tmp_path):
    """``kill -9`` leaves nobody behind, not even in the middle of a task."""
    strategy = f"{strategy_file(tmp_path)}:Held"
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from barloom.sweeps.runner.local import Workers\n"
        "from barloom.sweeps.runner.tasks import Task\n"
        "for found in Workers(2).run([Task.model_validate_json(text) for text in sys.argv[1:]]): print(found)\n"
    )
    texts = [task.model_dump_json() for task in tasks_of(shared, [(8,), (9,)], 1, strategy=strategy)]
    parent = subprocess.Popen(
        [sys.executable, str(script), *texts], env=environment(), stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: len(held(tmp_path)) == 2, parent)
    busy = children(parent.pid)
    assert set(held(tmp_path)) <= set(busy)
    parent.send_signal(signal.SIGKILL)
    ended(parent)
    wait_for(lambda: not alive(busy))


def test_workers_above_the_cores_are_capped_with_one_warning(caplog):
    cores = available_cores()
    with caplog.at_level(logging.WARNING):
        assert capped(cores + 3) == cores
    assert len(caplog.records) == 1 and f"--max-workers {cores + 3}" in caplog.text
    caplog.clear()
    assert capped(cores) == cores and capped(1) == 1 and not caplog.records


def test_threads_of_all_workers_are_no_more_than_the_cores():
    cores = available_cores()
    for count in range(1, cores + 1):
        assert count * Workers(count).threads <= cores
    assert Workers(4 * cores).threads == 1


def test_failed_tasks_that_end_a_sweep_keep_their_kind():
    assert isinstance(raised(TaskFailed((0,), "input", "x")), InputError)
    assert isinstance(raised(TaskFailed((0,), "fidelity", "x")), FidelityError)
