"""Tasks: made of plain values, the same trades as single runs, and a set that fails fails alone."""

from __future__ import annotations

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.engine import orchestrator
from barloom.errors import InputError
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.shared import SharedBars
from barloom.sweeps.runner.tasks import TASK_SCHEMA, Task, TaskFailed, TaskResult, perform, perform_text
from helpers.sweeping import made_bars, strategy_file, tasks_of


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return SharedBars(paths=(made_bars(tmp_path_factory.mktemp("bars")),))


def test_a_task_comes_back_from_its_json(shared):
    (task,) = tasks_of(shared, [(5, "atr:1", 2.0, True, None)], 1, names=("fast", "stop", "spread", "x", "y"))
    again = Task.model_validate_json(task.model_dump_json())
    assert again == task
    assert [type(value) for value in again.values[0]] == [int, str, float, bool, type(None)]


def test_every_set_has_the_checksum_of_its_single_run(shared):
    sets = [(5, "atr:1"), (5, "atr:3"), (12, "atr:1")]
    (task,) = tasks_of(shared, sets, 3, names=("fast", "stop"), keep_trades=True)
    result = perform(task)
    assert result.table.schema == TASK_SCHEMA
    for number, (fast, stop) in enumerate(sets):
        alone = orchestrator.run(shared.open(), RunParameters(strategy="ema-cross", params={"fast": fast}, stop=stop))
        assert result.table["checksum"][number].as_py() == alone.checksum
        kept = result.trades.filter(pa_equal(result.trades["set_id"], number))
        assert kept["net_pnl"].to_pylist() == alone.trades["net_pnl"].tolist()
    assert result.report.content_hash == alone.report.content_hash


def pa_equal(column, value):
    import pyarrow.compute as pc

    return pc.equal(column, value)


def test_sets_that_are_refused_or_fail_say_so_and_the_others_go_on(shared, tmp_path):
    strategy = f"{strategy_file(tmp_path)}:Odd"
    (task,) = tasks_of(shared, [(5, 20), (7, 20), (6, 20), (30, 20), (5, -1)], 5, ("fast", "slow"), strategy=strategy)
    errors = perform(task).table["error"].to_pylist()
    assert errors[0] is None and errors[2] is None
    assert "seven" in errors[1] and "slow" in errors[4]
    alone = perform(tasks_of(shared, [(6, 20)], 1, ("fast", "slow"), strategy=strategy)[0])
    assert perform(task).table["checksum"][2] == alone.table["checksum"][0]


def test_another_version_is_refused(shared):
    (task,) = tasks_of(shared, [(5,)], 1, version="0.0.1")
    with pytest.raises(InputError, match="install the same version everywhere"):
        perform(task)


def test_errors_come_back_as_values(tmp_path, shared):
    gone = SharedBars(paths=(tmp_path / "gone.arrow",))
    found = perform_text(tasks_of(gone, [(5,)], 1)[0].model_dump_json())
    assert isinstance(found, TaskFailed) and found.kind == "input" and "gone.arrow" in found.message
    assert isinstance(perform_text(tasks_of(shared, [(5,)], 1)[0].model_dump_json()), TaskResult)


def test_bars_in_hand_need_no_file():
    (task,) = tasks_of(None, [(5,), (6,)], 2)
    result = perform(task, from_synthetic(2000, 1))
    assert result.table["set_id"].to_pylist() == [0, 1] and result.report.selected_rows == 2000


def test_a_window_is_a_selection_of_the_selection(shared):
    whole = open_bars(shared.paths[0])
    times = next(whole.chunks(10_000)).timestamp
    part = shared.window(int(times[500]), None).window(None, int(times[1500])).window(int(times[3]), int(times[2900]))
    assert next(part.open().chunks(10_000)).timestamp.tolist() == times[500:1500].tolist()
