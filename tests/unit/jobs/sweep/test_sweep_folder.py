"""The folder of a sweep: goes on with what is whole, and refuses what is not the same."""

from __future__ import annotations

import os

import pytest
from pandas.testing import assert_frame_equal

from barloom.bars import from_synthetic
from barloom.bars.reading import Reading
from barloom.errors import InputError
from barloom.jobs.sweep.folder import FileStamp, SweepFolder, SweepPlan, sets_digest
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.tasks import perform
from helpers.sweeping import tasks_of


def plan(path=None, **changes):
    fields = {
        "base": RunParameters(strategy="ema-cross"),
        "names": ("fast",),
        "sets": sets_digest([(5,), (6,)]),
        "data": "memory",
        "reading": Reading(),
        "files": () if path is None else (FileStamp.of(path),),
    }
    return SweepPlan(**{**fields, **changes})


@pytest.fixture(scope="module")
def results():
    return [perform(task, from_synthetic(1500, 2)) for task in tasks_of(None, [(5,), (6,), (7,)], 2, keep_trades=True)]


def begun(out, what=None):
    return SweepFolder(out, what or plan())


def test_parts_come_back_as_they_went(tmp_path, results):
    folder = begun(tmp_path)
    for result in reversed(results):
        folder.save(result)
    folder.close()
    again = begun(tmp_path)
    found = list(again.finished())
    assert [one.set_ids for one in found] == [(0, 1), (2,)]
    for one, result in zip(found, results, strict=True):
        assert one.table.equals(result.table) and one.report == result.report and one.seconds == result.seconds
        assert_frame_equal(again.trades_of(one).to_pandas(), result.trades.to_pandas())


def test_the_same_sweep_has_the_same_folder_and_another_one_another(tmp_path):
    names = set()
    for what in (
        plan(),
        plan(),
        plan(version="9"),
        plan(sets=sets_digest([(5,), (6.0,)])),
        plan(portion=2, fraction=0.5),
    ):
        names.add(f"{what.digest[:8]}")
    assert len(names) == 3


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"", lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:]]
)
def test_a_part_that_is_not_whole_counts_as_not_there(tmp_path, results, damage):
    folder = begun(tmp_path)
    for result in results:
        folder.save(result)
    path = folder.path / "parts" / "0-1.parquet"
    path.write_bytes(damage(path.read_bytes()))
    assert [one.set_ids for one in folder.finished()] == [(2,)]
    assert not path.exists()


def test_files_half_written_are_cleared_away(tmp_path):
    folder = begun(tmp_path)
    folder.close()
    left = [
        folder.path / ".bars-1234.arrow",
        folder.path / "parts" / ".0-1.parquet.abcd.tmp",
        folder.path / ".sweep.json.1.tmp",
    ]
    for path in left:
        path.write_bytes(b"half")
    begun(tmp_path)
    assert not any(path.exists() for path in left)


def test_another_version_refuses(tmp_path):
    begun(tmp_path, plan(version="0.0.9")).close()
    with pytest.raises(InputError, match=r"begun by barloom 0\.0\.9 and this is .*move .* away"):
        begun(tmp_path)


def test_a_changed_file_refuses(tmp_path):
    path = tmp_path / "bars.csv"
    path.write_text("one")
    begun(tmp_path, plan(path)).close()
    path.write_text("more")
    with pytest.raises(InputError, match=r"bars\.csv was changed since .* put it back"):
        begun(tmp_path, plan(path))
    path.write_text("one")
    with pytest.raises(InputError, match=r"bars\.csv was changed"):
        begun(tmp_path, plan(path))  # written to again: nobody can tell that nothing else was
    os.utime(
        path,
        ns=(
            0,
            SweepPlan.model_validate_json(next(tmp_path.glob("sweeps/*/plan.json")).read_bytes()).files[0].changed_ns,
        ),
    )
    begun(tmp_path, plan(path))


def test_a_changed_strategy_refuses(tmp_path):
    begun(tmp_path, plan(strategy="aa")).close()
    with pytest.raises(InputError, match="the strategy was changed"):
        begun(tmp_path, plan(strategy="bb"))


def test_parts_of_other_bars_refuse(tmp_path, results):
    folder = begun(tmp_path)
    folder.save(results[0])
    (task,) = tasks_of(None, [(7,)], 1)
    other = perform(task.model_copy(update={"set_ids": (2,)}), from_synthetic(1500, 3))
    folder.save(other)
    with pytest.raises(InputError, match="not those that the finished sets"):
        list(folder.finished())


def test_a_plan_that_is_none_refuses(tmp_path):
    folder = begun(tmp_path)
    folder.close()
    (folder.path / "plan.json").write_text("{}")
    with pytest.raises(InputError, match="is no plan of this version"):
        begun(tmp_path)


def test_two_processes_never_share_a_folder(tmp_path):
    folder = begun(tmp_path)
    with pytest.raises(InputError, match="another process is at work"):
        begun(tmp_path)
    folder.close()
    begun(tmp_path).close()


def test_what_began_and_came_to_nothing_leaves_nothing(tmp_path, results):
    out = tmp_path / "results"
    begun(out).abandon()
    assert not out.exists()
    folder = begun(out)
    folder.save(results[0])
    folder.abandon()
    assert (folder.path / "parts" / "0-1.parquet").exists()


def test_an_output_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="--out"):
        begun(tmp_path / "file" / "results")
