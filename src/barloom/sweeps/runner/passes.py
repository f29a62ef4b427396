"""Sets that pass over the bars together, and the work on one chunk before the kernel: each distinct part is done once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from barloom._native.simulation import MarketChunk, OrderArrays, Simulator
from barloom.bars.chunk import Chunk, Floats
from barloom.engine.audit.decisions import Signals
from barloom.engine.market import MarketBuilder, order_arrays
from barloom.engine.money import simulator_of
from barloom.engine.signals import MeasuredEntries
from barloom.engine.stream import PreparedChunk
from barloom.engine.totals import Totals, totals_of
from barloom.errors import BarloomError, FidelityError
from barloom.sweeps.runner.kept_trades import KeptTrades
from barloom.sweeps.runner.signal_groups import SetErrors, SignalGroup

SETS_A_SIGNAL = 4
BLOCK_SETS = 128
"""Sets given to the kernel at a time: few enough for Ctrl-C to work, many enough to divide among threads."""


class Pass:
    """Sets that pass over the bars together."""

    def __init__(self, number: int, groups: Sequence[SignalGroup], threads: int, kept: KeptTrades | None) -> None:
        self.number = number
        self.groups = groups
        self.sets = [one for group in groups for one in group.sets]
        self.bars = self.first_time = 0
        # Where signals are most of the work, the other cores are theirs.
        self._threads = threads if len(self.sets) > SETS_A_SIGNAL * len(groups) else 1
        self._kept = kept
        self._simulator: Simulator | None = None

    def add(self, chunk: Chunk, block: SetBlock) -> None:
        """Carry some of the sets through a chunk."""
        if self._simulator is None:
            rules = [one.rules for one in self.sets]
            self._simulator = simulator_of(rules, threads=self._threads, keep=self._kept is not None)
            self.first_time = int(chunk.timestamp[chunk.history])
        self._simulator.pass_chunk(block.first, block.orders, block.markets, block.nights)
        self.bars = chunk.base + chunk.rows
        if self._kept is not None:
            for k in range(block.first, block.first + len(block.orders)):
                self._kept.add(self.sets[k].place, self._simulator, k)

    def totals(self) -> list[Totals]:
        """The totals of the sets; their state is released afterwards."""
        assert self._simulator is not None
        totals = totals_of(self._simulator, len(self.sets))
        self._simulator = None
        return totals


@dataclass(slots=True)
class SetBlock:
    """Consecutive sets with their orders on one chunk."""

    first: int
    nights: Floats | None
    orders: list[OrderArrays | None] = field(default_factory=list)
    markets: list[MarketChunk | None] = field(default_factory=list)
    last: bool = False


def blocks(groups: Sequence[SignalGroup], work: ChunkWork, nights: Floats | None) -> Iterator[SetBlock]:
    """The orders of a chunk for the sets of some groups, some hundred sets at a time."""
    block = SetBlock(0, nights)
    for group in groups:
        orders = work.orders(group)
        for start in range(0, len(orders), BLOCK_SETS):
            part = orders[start : start + BLOCK_SETS]
            if block.orders and len(block.orders) + len(part) > BLOCK_SETS:
                yield block
                block = SetBlock(block.first + len(block.orders), nights)
            block.orders.extend(one for one, _ in part)
            block.markets.extend(market for _, market in part)
    block.last = True
    yield block


@dataclass(slots=True)
class ChunkWork:
    """Work on one chunk before the kernel: signals, distances and markets, each distinct one computed once."""

    step: PreparedChunk
    pip: float
    makers: dict[Hashable, MarketBuilder]
    errors: SetErrors
    markets: dict[Hashable, MarketChunk] = field(default_factory=dict)

    def orders(self, group: SignalGroup) -> list[tuple[OrderArrays | None, MarketChunk | None]]:
        """The orders of the sets of a group, and the market of each; None after its strategy has failed."""
        if not group.failed:
            try:
                return self._orders(group)
            except FidelityError:
                raise
            except BarloomError as error:
                group.failed = True
                for one in group.sets:
                    self.errors.note(one.place, error)
        return [(None, None)] * len(group.sets)

    def _orders(self, group: SignalGroup) -> list[tuple[OrderArrays | None, MarketChunk | None]]:
        maker, chunk, prepared = group.maker, self.step.chunk, self.step.prepared
        raw = maker.entries(chunk, prepared)
        leaving = maker.exit_signals(chunk, prepared)
        if group.audit is not None:
            first = chunk.base - chunk.history
            group.audit.look(chunk, prepared, Signals(raw, leaving, first))
        bases: dict[bool, MeasuredEntries] = {}
        made: dict[int, OrderArrays] = {}
        found: list[tuple[OrderArrays | None, MarketChunk | None]] = []
        for one in group.sets:
            if one.place in self.errors:
                found.append((None, None))
                continue
            template = one.spec.template
            base = bases.get(one.atr)
            if base is None:
                pip = self.pip
                base = MeasuredEntries.of(raw, chunk, prepared, pip, atr=one.atr).without_conflicts()
                bases[one.atr] = base
            orders = made.get(id(template))
            if orders is None:
                try:
                    orders = made[id(template)] = order_arrays(base.with_exits(template, maker))
                except BarloomError as error:
                    self.errors.note(one.place, error)
                    found.append((None, None))
                    continue
            market = self.markets.get(one.market_key)
            if market is None:
                builder = self.makers.setdefault(one.market_key, MarketBuilder(one.rules))
                entries = base.entries.moved(base.at.first)
                market = self.markets[one.market_key] = builder.make(chunk, self.step.quotes, entries, leaving)
            found.append((orders, market))
        return found
