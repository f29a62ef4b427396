"""``--profile`` measures the run correctly, and leaves nothing changed afterwards."""

import sys
import threading

import numpy as np
import pytest
from pydantic import ValidationError

from barloom._native import chunking, indicators, simulation
from barloom.bars import from_synthetic
from barloom.engine import money, quotes
from barloom.engine.orchestrator import run
from barloom.indicators import exponential
from barloom.observe import profiling
from barloom.observe.clock import PHASES, Clock
from barloom.observe.flame import flame_page
from barloom.observe.profiling import Hotspot, Profiler, ProfilingReport, WatchedClock
from barloom.observe.stacks import Stacks
from barloom.rules.parameters import RunParameters

ROWS = 40_000


@pytest.fixture(scope="module")
def profiled():
    """A run under the profiler: its result, its report, and the trees of its threads."""
    profiler = Profiler()
    with profiler:
        result = run(from_synthetic(ROWS, 3), RunParameters(chunk_rows=8_000, threads=2), clock=profiler.clock)
    return result, profiler.report("job", 2), profiler.threads()


def busy(turns=300_000):
    """Work that calls nothing."""
    for _ in range(turns):
        pass


def hotspots(threads):
    return profiling._hotspots(profiling._spots(threads), profiling._Percent(1.0))


def find(root, name):
    return [call for call in root.walk() if call.name.endswith(name)]


def test_a_profiled_run_gives_the_same_trades(profiled):
    plain = run(from_synthetic(ROWS, 3), RunParameters(chunk_rows=8_000, threads=2))
    assert profiled[0].digest == plain.digest


def test_the_report_has_all_that_was_asked_for(profiled):
    _, report, _ = profiled
    assert report.status == "complete" and len(report.hotspots) >= 10
    assert list(report.phases) == list(PHASES) and all(cost.seconds > 0 for cost in report.phases.values())
    assert {"main", "barloom-ahead"} <= {thread.name for thread in report.threads}
    assert all(spot.file and spot.line > 0 and spot.calls > 0 for spot in report.hotspots)
    assert not any(spot.function.endswith("lock.acquire") for spot in report.hotspots)
    assert ProfilingReport.model_validate_json(report.to_json()) == report


def test_phases_overlaps_and_the_rest_make_up_the_wall_clock(profiled):
    """Each moment is counted once for every step that ran in it."""
    _, report, _ = profiled
    steps = sum(cost.seconds for cost in report.phases.values())
    twice = sum(overlap.seconds * (len(overlap.phases) - 1) for overlap in report.overlaps)
    assert steps - twice + report.outside_seconds == pytest.approx(report.wall_clock_total, rel=1e-6)


def test_kernels_are_counted_call_by_call_and_bar_by_bar(profiled):
    """The head of the run is run again in chunks of 1,009 bars, and judged once more: more than the bars of the run."""
    _, report, _ = profiled
    chunks = ROWS // 8_000
    again = -(-16_384 // 1_009)
    assert report.kernels["indicators.AverageTrueRange.update"].calls == chunks + again
    assert report.kernels["indicators.AverageTrueRange.update"].bars == ROWS + 16_384
    assert report.kernels["chunking.take_bars"].bars == ROWS
    assert report.kernels["simulation.Simulator.pass_chunk"].bars > ROWS + 16_384
    assert report.kernels["simulation.Simulator.pass_chunk"].calls == chunks + again + 1
    for cost in report.kernels.values():
        assert cost.ns_a_bar == pytest.approx(cost.seconds * 1e9 / cost.bars)


def test_kernels_stand_in_the_hotspots_with_their_own_file(profiled):
    _, _, threads = profiled
    (kernel,) = {(call.file, call.line) for root in threads for call in find(root, "Smoother.update")}
    assert kernel[0].endswith("indicators.pyx") and kernel[1] > 1


def test_nothing_is_left_of_the_profiler(profiled):
    assert sys.getprofile() is None and threading.getprofile() is None
    assert exponential.Smoother is indicators.Smoother and indicators.Smoother.__module__.startswith("barloom._native")
    assert money.Simulator is simulation.Simulator and quotes.chunking.block_extremes is chunking.block_extremes
    assert not hasattr(chunking.take_bars, "__closure__") or chunking.take_bars.__closure__ is None


def test_nothing_is_left_after_an_error_either():
    before = simulation.Simulator
    with pytest.raises(RuntimeError), Profiler():
        assert simulation.Simulator is not before
        raise RuntimeError
    assert simulation.Simulator is before and sys.getprofile() is None


@pytest.mark.waits
def test_own_time_is_without_what_is_called_and_other_threads_are_seen(monkeypatch):
    class Clock:
        """A nanosecond a look, and a millisecond for what works: what the machine does meanwhile is in no figure."""

        now = 0

        def perf_counter_ns(self):
            self.now += 1
            return self.now

    clock = Clock()
    monkeypatch.setattr("barloom.observe.stacks.time", clock)

    def inner():
        clock.now += 1_000_000

    def outer():
        inner()
        inner()

    with Stacks() as stacks:
        outer()
        thread = threading.Thread(target=outer, name="beside")
        thread.start()
        thread.join()
    roots = {root.name: root for root in stacks.threads()}
    assert list(roots) == ["main", "beside"]
    for root in roots.values():
        (found,) = find(root, "outer")
        (below,) = find(found, "inner")
        assert (found.calls, below.calls) == (1, 2)
        assert found.total_ns >= below.total_ns > 10 * found.own_ns
    waited = sum(call.own_ns for call in roots["main"].walk() if call.waits)
    assert waited > find(roots["beside"], "inner")[0].total_ns / 2


def test_a_generator_that_is_closed_does_not_unhinge_the_stack():
    def numbers():
        yield from range(10)

    def take():
        drawn = numbers()
        next(drawn)
        drawn.close()

    def after():
        busy()

    with Stacks() as stacks:
        take()
        after()
    (main,) = stacks.threads()
    (found,) = find(main, "after")
    assert any(call is found for call in main.called.values())


def test_a_step_beside_another_is_an_overlap():
    clock = WatchedClock()
    with clock.phase("scan"), clock.phase("ingest"):
        busy()
    with clock.phase("write"):
        busy()
    assert {("ingest", "scan"), ("write",)} < set(clock.together) and ("scan", "write") not in clock.together
    assert clock.seconds["ingest"] == pytest.approx(clock.together["ingest", "scan"])
    assert clock.seconds["write"] == pytest.approx(clock.together["write",])


def test_prepare_and_scan_are_one_phase():
    clock = Clock()
    clock.seconds |= {"prepare": 1.0, "scan": 2.0, "write": 4.0}
    assert clock.phases() == {"ingest": 0.0, "scan": 3.0, "simulate": 0.0, "write": 4.0}


def test_fewer_than_ten_hotspots_are_an_incomplete_profile(profiled):
    with Profiler() as profiler:
        pass
    assert profiler.report("job", 1).status == "incomplete"
    known = profiled[1].model_dump()
    with pytest.raises(ValidationError, match="is not complete"):
        ProfilingReport.model_validate({**known, "hotspots": known["hotspots"][:9]})


def test_hotspots_in_another_order_are_refused(profiled):
    known = profiled[1].model_dump()
    with pytest.raises(ValidationError, match="sorted"):
        ProfilingReport.model_validate({**known, "hotspots": known["hotspots"][::-1]})


def test_a_function_that_calls_itself_is_counted_once():
    def down(left):
        busy()
        if left:
            down(left - 1)

    with Stacks() as stacks:
        down(4)
    (spot,) = (spot for spot in hotspots(stacks.threads()) if spot.function.endswith("down"))
    assert isinstance(spot, Hotspot) and spot.calls == 5
    assert spot.total_seconds <= sum(root.total_ns for root in stacks.threads()) / 1e9


def test_a_stack_as_deep_as_python_lets_it_can_be_reported_and_drawn(profiled):
    def down(left):
        if left:
            down(left - 1)

    with Stacks() as stacks:
        down(sys.getrecursionlimit() - 200)
    threads = stacks.threads()
    assert max(spot.calls for spot in hotspots(threads)) == sys.getrecursionlimit() - 199
    assert "down" in flame_page(profiled[1], threads)


def test_the_page_needs_nothing_beside_itself_and_no_name_breaks_out_of_it(profiled):
    _, report, threads = profiled
    threads[0].called["evil"] = type(threads[0])("</script><img src=x>", "<b>.py", 1, calls=1, own_ns=10**12)
    page = flame_page(report.model_copy(update={"job_id": "<i>job</i>"}), threads)
    del threads[0].called["evil"]
    assert "http://" not in page and "https://" not in page and "src=" not in page.replace("\\u003cimg src=x>", "")
    assert "</script><img" not in page and "<i>" not in page and "pass_chunk" in page
    assert page.count("<script") == page.count("</script>") == 2


def test_memory_at_the_end_of_a_step_is_what_the_process_holds():
    clock = WatchedClock()
    with clock.phase("write"):
        held = np.ones(20_000_000)
    with clock.phase("scan"):
        del held
    if "write" in clock.memory:
        assert clock.memory["write"] - clock.memory["scan"] >= 100_000_000


def test_a_peak_that_is_read_lower_than_before_is_no_growth(monkeypatch):
    """Linux keeps the pages of a process by processor, so that its peak may be read some pages lower than a moment before."""
    peaks = iter([5_000_000, 4_800_000, 4_800_000, 6_000_000])
    monkeypatch.setattr(profiling, "peak_rss", lambda: next(peaks))
    clock = WatchedClock()
    for _ in range(2):
        with clock.phase("write"):
            pass
    assert list(clock.growth.values()) == [1_200_000]
