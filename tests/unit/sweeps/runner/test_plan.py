"""The plan: batches that every worker gets several of, memory that is kept to, and words for people."""

from __future__ import annotations

import pytest

from barloom.bars import from_synthetic
from barloom.errors import InputError
from barloom.observe.memory import MB
from barloom.rules.parameters import RunParameters
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.plan import (
    CHUNK_BYTES,
    MOST_SETS,
    SET_ROW,
    Cost,
    MemoryPlan,
    Plan,
    Sizes,
    batch_sets,
    duration,
    expected,
    measure,
    most_sets,
    shares,
)


def test_a_batch_takes_some_seconds_and_every_worker_gets_several():
    cost = Cost(bar=1e-8, bar_set=1e-9)
    bars = 1_000_000
    for workers in (1, 2, 4):
        size = batch_sets(100_000, workers, bars, cost)
        assert 1.0 <= cost.batch(bars, size) <= 11.0
        assert 100_000 / size >= 4 * workers
    assert batch_sets(10, 2, bars, cost) == 5  # a short sweep is one batch a worker
    assert batch_sets(10_000_000, 1, 1000, cost) == 1000
    assert batch_sets(100, 2, 10**9, Cost(1e-9, 1e-6)) == 1  # sets that take long run alone


def test_a_pass_that_costs_more_than_its_sets_is_made_for_many():
    slow_reading = Cost(bar=1e-5, bar_set=1e-8)
    assert batch_sets(5000, 1, 10_000_000, slow_reading) == 1000


def test_what_a_batch_keeps_of_a_chunk_is_bounded():
    rows = 1_000_000
    assert SET_ROW * rows * most_sets(rows, 10**7) <= CHUNK_BYTES < SET_ROW * rows * MOST_SETS
    assert most_sets(rows, 20_000) == most_sets(131_072, 10**7) == MOST_SETS
    assert most_sets(10**9, None) == 64  # not smaller: smaller chunks are for that
    assert batch_sets(10_000, 1, 1000, Cost(1e-8, 1e-9), 100) == 100


def test_batches_without_a_measured_cost():
    assert batch_sets(100, 2, None, None) == 13
    assert batch_sets(1, 4, None, None) == 1


def test_what_it_should_take_is_shared_by_the_workers_at_work():
    cost = Cost(bar=0.0, bar_set=1e-6)
    assert expected(cost, 1_000_000, 8, 4, 2) == 4.0
    assert expected(cost, 1_000_000, 8, 1, 2) == 8.0
    assert expected(None, 1, 8, 1, 2) is None and expected(cost, None, 8, 1, 2) is None
    assert expected(cost, 1_000_000, 0, 0, 2) == 0.0


def test_cost_is_measured_on_the_first_bars():
    sets = [RunParameters(strategy="ema-cross", params={"fast": fast}) for fast in range(3, 12)]
    cost = measure(from_synthetic(2000, 1), sets, fine=None, threads=1, chunk_rows=None)
    assert cost is not None and cost.bar_set > 0 and cost.bar >= 0
    assert measure(from_synthetic(2000, 1), [], fine=None, threads=1, chunk_rows=None) is None


def test_memory_is_kept_by_smaller_batches_then_chunks_then_fewer_workers():
    plan = MemoryPlan(from_synthetic(10**8, 1), None, indicators=4, held=100 * MB)
    asked = Sizes(workers=4, threads=1, sets=1000, chunk_rows=131_072)
    whole = plan.bytes(asked, 10_000)
    assert plan.within(f"{whole}", asked, 10_000, "bars") == asked
    last = asked
    for share in (0.95, 0.8, 0.5, 0.3, 0.2):
        found = plan.within(f"{int(whole * share)}", asked, 10_000, "bars")
        assert plan.bytes(found, 10_000) <= whole * share
        assert (found.workers, found.chunk_rows, found.sets) <= (last.workers, last.chunk_rows, 1000)
        last = found
    assert last.workers < 4


def test_too_little_memory_says_what_would_do():
    plan = MemoryPlan(from_synthetic(10**6, 1), None, indicators=4, held=100 * MB)
    asked = Sizes(workers=2, threads=1, sets=1000, chunk_rows=131_072)
    with pytest.raises(InputError, match=r"--max-ram 50MB is too little for x: .* give --max-ram (\d+)MB") as refused:
        plan.within("50MB", asked, 100, "x")
    enough = str(refused.value).rpartition("--max-ram ")[2]
    assert plan.within(enough, asked, 100, "x").workers == 1


def test_what_sets_share_is_counted():
    def sets(params, **options):
        return [
            RunParameters(strategy="ema-cross", params=one, stop=stop) for one in params for stop in ("atr:1", "atr:2")
        ]

    found = shares(from_synthetic(100, 1), sets([{"fast": 5}, {"fast": 6}]))
    assert found is not None and (found.signals, found.indicators) == (2, 4)  # two fast averages, one slow, one ATR
    assert shares(from_synthetic(100, 1), []) is None


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (99, "99 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations_for_people(seconds, words):
    assert duration(seconds) == words


def test_a_plan_for_people_and_for_programs(tmp_path):
    plan = Plan(24, 6, 8, 1, 20_000, 2, 9, 131_072, 2, 1, 300.4, 12.0, "local", "bars.csv", tmp_path)
    rows = dict(plan.rows())
    assert rows["sets"] == "24, 6 of them there already"
    assert rows["made once for all"] == "8 signal sets, 1 indicator"
    assert rows["workers"] == "2 workers, 1 thread each" and rows["should take"] == "about 12 s"
    assert plan.model_dump()["folder"] == str(tmp_path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"executor": "dask"}, "--scheduler"),
        ({"scheduler": "tcp://x:1"}, "--executor dask"),
        ({"executor": "dask", "scheduler": "tcp://x:1", "max_workers": 2}, "--max-workers"),
        ({"executor": "dask", "scheduler": "tcp://x:1", "max_ram": "1GB"}, "--max-ram"),
        ({"keep_trades": "bets:3"}, "did you mean 'best:10'"),
        ({"rank_by": "sharp"}, "did you mean 'sharpe'"),
    ],
)
def test_options_that_contradict_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        SweepOptions(**given).check()


def test_whose_trades_are_kept():
    assert [SweepOptions(keep_trades=text).kept_sets for text in ("all", "none", "best:3")] == [None, 0, 3]
