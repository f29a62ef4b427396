"""Arrays that do not fit each other never reach the loops of the kernels, which look at no bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom._native import chunking, drilldown, signals, simulation
from barloom._native.resampling import Resampler
from barloom._native.simulation import MarketChunk, OrderArrays, Side, Simulator
from barloom.engine.account import MONEY, POINT
from barloom.engine.trades import CLOSED, OPEN, TRADE
from barloom.rules.plans import PLAN

BARS = 200
COLUMNS = (np.int64, np.int8, float, float, float, float, np.int64, float)


def floats(count: int) -> np.ndarray[Any, Any]:
    return np.full(count, 1.5)


def ints(count: int) -> np.ndarray[Any, Any]:
    return np.arange(count, dtype=np.int64)


def side(count: int = BARS, **changed: int) -> Side:
    """Quotes of a chunk; ``changed`` are other lengths of its columns."""
    blocks = -(-count // simulation.BLOCK_BARS)
    lengths = dict.fromkeys(("open", "high", "low", "close"), count)
    lengths |= dict.fromkeys(("block_high", "block_low"), blocks)
    lengths |= dict.fromkeys(("group_high", "group_low"), -(-blocks // simulation.GROUP_BLOCKS))
    return Side(**{name: floats(length) for name, length in (lengths | changed).items()})


def market(times: int = BARS, ask: Side | None = None, entry: int = 0, intrabar: int = 0) -> MarketChunk:
    nothing = ints(0)
    return MarketChunk(
        0, True, ints(times), side(), ask, leave_long=nothing, leave_short=nothing, sessions=nothing, entry=entry,
        intrabar=intrabar, needs_stop=False, spread=0.0, slippage=0.0,
    )  # fmt: skip


def asked(count: int = 0, longer: int | None = None, plans: int | None = None, first: int = 0) -> OrderArrays:
    """Entries; column ``longer`` has one row too many."""
    columns: list[Any] = [np.ones(count + (at == longer), dtype=kind) for at, kind in enumerate(COLUMNS)]
    columns[0] = first + ints(len(columns[0]))
    return OrderArrays(*columns, None if plans is None else np.zeros(plans, dtype=PLAN))


def simulator(count: int = 1, threads: int = 1, parts: int = 1, longer: int | None = None, **money: float) -> Simulator:
    """Sets; argument ``longer`` has one value too many."""
    terms = np.zeros(count, dtype=MONEY)
    terms["parts"] = parts
    for name, value in money.items():
        terms[name] = value
    values = [floats(count), *(np.zeros(count, dtype=np.int64) for _ in range(3))]
    if longer is not None:
        values[longer] = np.append(values[longer], values[longer][:1])
    return Simulator(terms, *values, threads, True)


def refuses(message: str, *arguments: Any) -> Any:
    return pytest.param(*arguments, message, id=message)


LENGTH = "the columns of a chunk have one length"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        *(({name: BARS - 1}, LENGTH) for name in ("high", "low", "close")),
        *(({name: 0}, "too few block extremes") for name in ("block_high", "block_low")),
        *(({name: 0}, "too few group extremes") for name in ("group_high", "group_low")),
        ({"count": 0}, "a chunk has at least one bar"),
    ],
)
def test_quotes_of_a_chunk_have_one_length(changed: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        side(**changed)


def test_a_chunk_fits_its_quotes_and_its_rules() -> None:
    for wrong, message in (
        ({"times": BARS - 1}, LENGTH),
        ({"ask": side(BARS - 1)}, LENGTH),
        ({"entry": -1}, "unknown entry"),
        ({"entry": 9}, "unknown entry"),
        ({"intrabar": 9}, "unknown path policy"),
    ):
        with pytest.raises(ValueError, match=message):
            market(**wrong)


def test_columns_of_entries_have_one_length() -> None:
    for at in range(1, len(COLUMNS)):
        with pytest.raises(ValueError, match="one length"):
            asked(3, longer=at)
    with pytest.raises(ValueError, match="one length"):
        asked(3, plans=2)
    columns = [ints(3), ints(3), *(floats(3) for _ in range(5)), ints(3)]
    assert signals.any_fault(*columns) in {True, False}
    for at in range(1, len(columns)):
        wrong = [*columns]
        wrong[at] = wrong[at][:2]
        with pytest.raises(ValueError, match="one length"):
            signals.any_fault(*wrong)


def test_sets_have_a_value_each() -> None:
    for longer in range(4):
        with pytest.raises(ValueError, match="a value for each set"):
            simulator(2, longer=longer)
    for wrong in ({"count": 0}, {"threads": 0}):
        with pytest.raises(ValueError, match="at least one set and one thread"):
            simulator(**wrong)
    with pytest.raises(ValueError, match="a signal has parts"):
        simulator(parts=0)


def test_sets_are_passed_what_is_theirs() -> None:
    for first, count, markets in ((-1, 1, 1), (1, 1, 1), (0, 2, 2), (0, 1, 2)):
        with pytest.raises(ValueError, match="no such sets"):
            simulator().pass_chunk(first, [asked()] * count, [market()] * markets, None)
    with pytest.raises(ValueError, match="every signal has its parts"):
        simulator(parts=2).pass_chunk(0, [asked(3)], [market()], None)
    for first in (-1, BARS - 1):
        with pytest.raises(ValueError, match="outside the chunk"):
            simulator().pass_chunk(0, [asked(2, first=first)], [market()], None)
    for nights in (None, floats(BARS - 1)):
        with pytest.raises(ValueError, match="nights for every bar"):
            simulator(swap_long=1.0).pass_chunk(0, [asked()], [market()], nights)
    with pytest.raises(TypeError):
        simulator().pass_chunk(0, [asked()], [None], None)


def test_the_steps_of_a_set_come_in_their_order() -> None:
    one = simulator()
    with pytest.raises(ValueError, match="no orders are given"):
        one.resolve(None, market(), None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing is in flight"):
        one.mark_to_market()
    with pytest.raises(ValueError, match="nothing was resolved"):
        one.write_in_flight(np.zeros(0, dtype=TRADE), None)


def test_what_is_copied_has_its_room() -> None:
    one = simulator()
    one.resolve(asked(2), market(), None)
    with pytest.raises(IndexError, match="there is no set 1"):
        one.sizes(1)
    for copy, kind in ((one.take_done, TRADE), (one.take_points, POINT)):
        with pytest.raises(ValueError, match="room for every"):
            copy(0, np.zeros(9, dtype=kind))
    for trades, plans in ((1, None), (2, 2)):
        with pytest.raises(ValueError, match="room for every trade"):
            one.read_in_flight(np.zeros(trades, dtype=TRADE), None if plans is None else np.zeros(plans, dtype=PLAN))
    held = np.zeros(2, dtype=TRADE)
    one.read_in_flight(held, None)
    with pytest.raises(ValueError, match="a plan for each trade"):
        one.write_in_flight(held, np.zeros(1, dtype=PLAN))
    for state, name, bar, message in (
        (CLOSED, "exit_bar", BARS, "an exit bar is outside"),
        (CLOSED, "exit_bar", -1, "an exit bar is outside"),
        (OPEN, "entry_bar", BARS, "an entry bar is behind"),
    ):
        wrong = held.copy()
        wrong["state"][0], wrong[name][0] = state, bar
        with pytest.raises(ValueError, match=message):
            one.write_in_flight(wrong, None)


def test_totals_have_a_row_for_each_set() -> None:
    from barloom.engine.totals import totals_of

    assert len(totals_of(simulator(2), 2)) == 2
    with pytest.raises(ValueError, match="a row for each set"):
        totals_of(simulator(2), 3)
    with pytest.raises(ValueError, match="room for every field"):
        simulation.days_of(1.0, floats(3), floats(1))
    for field in ("CASES", "REASONS"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"barloom.engine.totals.{field}", 1)
            with pytest.raises(ValueError, match="rows of another length"):
                totals_of(simulator(2), 2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bars": ints(2)}, "a range and a spread for each trade"),
        ({"spreads": floats(2)}, "a range and a spread for each trade"),
        ({"offsets": ints(0)}, "a range and a spread for each trade"),
        *(({name: floats(4)}, "columns of the finer bars") for name in ("high", "low", "close")),
        ({"plans": np.zeros(2, dtype=PLAN)}, "a plan for each trade"),
        ({"offsets": np.array([0, 3, 2])}, "follow each other"),
        ({"offsets": np.array([0, 9])}, "follow each other"),
        ({"chosen": np.array([1])}, "no such trade or range"),
        ({"chosen": np.array([-1])}, "no such trade or range"),
        ({"bars": np.array([1])}, "no such trade or range"),
    ],
)
def test_finer_bars_belong_to_trades(changed: dict[str, Any], message: str) -> None:
    given = {
        "trades": np.zeros(1, dtype=TRADE), "plans": None, "chosen": ints(1), "bars": ints(1), "spreads": floats(1),
        "offsets": np.array([0, 3]), "open": floats(3), "high": floats(3), "low": floats(3), "close": floats(3),
    }  # fmt: skip
    drilldown.replay(
        **given, entry=0, slippage=0.0, stop_wins_open=False, gap_stop_at_level=False, gap_target_at_level=False
    )
    with pytest.raises(ValueError, match=message):
        drilldown.replay(
            **given | changed,
            entry=0,
            slippage=0.0,
            stop_wins_open=False,
            gap_stop_at_level=False,
            gap_target_at_level=False,
        )


def prices(count: int) -> tuple[Any, ...]:
    return tuple(floats(count) for _ in range(4))


def test_longer_bars_have_room_and_edges() -> None:
    edges = np.array([0, 5])
    one = Resampler()
    for more, message in (
        ((ints(2), prices(2), None, None, edges, 0, ints(1), prices(1)), "room for 1 bars"),
        ((ints(2), prices(2), floats(2), None, edges, 0, ints(2), prices(2)), "go together with their out arrays"),
        ((ints(2), prices(2), None, prices(2), edges, 0, ints(2), prices(2)), "go together with their out arrays"),
        ((ints(2), prices(2), None, None, edges[:1], 0, ints(2), prices(2)), "outside the edges"),
        ((ints(2), prices(2), None, None, edges + 1, 0, ints(2), prices(2)), "outside the edges"),
        ((ints(6), prices(6), None, None, edges, 0, ints(6), prices(6)), "outside the edges"),
        ((ints(2), prices(2), None, None, edges, -1, ints(2), prices(2)), "outside the edges"),
    ):
        with pytest.raises(ValueError, match=message):
            one.update(*more)
    with pytest.raises(ValueError, match="numbers of finished bars"):
        one.update(ints(2), prices(2), None, None, edges, 0, ints(2), prices(2), finished=ints(1))
    assert one.update(ints(0), prices(0), None, None, edges, 0, ints(0), prices(0)) == 0
    assert one.finish(ints(1), prices(1)) == 0
    assert one.update(ints(2), prices(2), None, None, edges, 0, ints(2), prices(2)) == 0
    with pytest.raises(ValueError, match="no room for a bar"):
        one.finish(ints(0), prices(0))
    assert one.finish(ints(1), prices(1)) == 1


def test_crossings_have_levels_and_sides() -> None:
    sides = np.zeros(2, dtype=np.int8)
    for upper in (0, 2):
        with pytest.raises(ValueError, match="levels have a value a bar"):
            signals.crossings(floats(3), floats(upper), floats(3), ints(2), sides)
    with pytest.raises(ValueError, match="a side for each bar"):
        signals.crossings(floats(3), floats(3), floats(3), ints(3), sides)


def test_asks_fit_the_bars_they_stand_beside() -> None:
    with pytest.raises(ValueError, match="differ in length from the times"):
        chunking.pair_asks(ints(2), prices(2), 0, ints(2), prices(2), 0, True, prices(1))
    for begin, ask_begin in ((-1, 0), (0, 3)):
        with pytest.raises(ValueError, match="bid rows"):
            chunking.pair_asks(ints(2), prices(2), begin, ints(2), prices(2), ask_begin, True, prices(2))
