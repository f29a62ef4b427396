"""Computes each distinct indicator once a chunk and keeps the history that signals look back on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.bars.lending import is_kept
from barloom.indicators.kernels import Kernel
from barloom.indicators.registry import implementation, warmup
from barloom.indicators.spec import Indicator, Source

Floats = npt.NDArray[np.float64]

RING = 2  # buffers an indicator writes in turn: the one before is where the history comes from


class _KernelCall:
    """One kernel with the specs it computes and what it reads."""

    def __init__(self, specs: list[Indicator]) -> None:
        how = implementation(specs[0])
        self.specs = specs
        self.inputs: tuple[Source, ...] = how.inputs(specs[0])
        self.kernel: Kernel = how.kernel(specs)


class IndicatorBank:
    """The indicators of a run: each distinct spec, and each it depends on, computed once a chunk and shared.

    Args:
        specs: what is wanted; equal specs count once.
        history: the most bars of history a chunk will ask for.
        ring: buffers that values are written to in turn; with one of them, values hold until the next update.

    Attributes:
        warmup: bars until every indicator has a value.
        specs: every distinct spec, those that others are made of too.
        columns: columns of the bars that are read.
        computed: number of times each spec was computed.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, ema
        >>> bank = IndicatorBank([ema(10), ema(20)])
        >>> bank.warmup
        20
        >>> [round(float(bank.update(chunk)[ema(20)][-1]), 6) for chunk in bl.from_synthetic(300).chunks(100)]
        [1.100153, 1.100981, 1.101109]
    """

    def __init__(self, specs: Iterable[Indicator], history: int = 0, ring: int = RING) -> None:
        wanted = list(dict.fromkeys(specs))
        self.history = history
        self.warmup = max((warmup(spec) for spec in wanted), default=0)
        self.computed: Counter[Indicator] = Counter()
        self._steps = [_KernelCall(group) for group in _groups(wanted)]
        self.columns = frozenset(source for step in self._steps for source in step.inputs if isinstance(source, str))
        self.specs = [spec for step in self._steps for spec in step.specs]
        self._buffers: list[Floats] = [np.empty((len(self.specs), 0))] * ring
        self._turn = 0
        self._values: Floats = self._buffers[0]
        self._bars = 0

    def update(self, chunk: Chunk) -> Mapping[Indicator, Floats]:
        """Values of every spec over ``chunk``: arrays of length ``history + rows``, aligned with its own, NaN until
        warm.

        They hold until the update after the next (see ``ring``). Raises ValueError for a chunk that does not follow the one before,
        or that leads with more history than was announced.
        """
        history, rows = chunk.history, chunk.rows
        if chunk.base != self._bars:
            raise ValueError(
                f"a chunk that begins at bar {chunk.base} after {self._bars} bars: feed each bar once, in order"
            )
        if history > min(self.history, self._bars):
            raise ValueError(f"{history} bars of history at bar {chunk.base}: {self.history} were announced")
        values = self._next_buffer(history + rows)
        kept = self._values.shape[1]
        values[:, :history] = self._values[:, kept - history : kept]
        series: dict[Source, Floats] = {name: self._column(chunk, name) for name in self.columns}
        series.update(zip(self.specs, values[:, history:], strict=True))
        for step in self._steps:
            step.kernel.update([series[source] for source in step.inputs], [series[spec] for spec in step.specs])
            self.computed.update(step.specs)
        self._values = values
        self._bars += rows
        return dict(zip(self.specs, values, strict=True))

    def _next_buffer(self, length: int) -> Floats:
        self._turn = (self._turn + 1) % len(self._buffers)
        if self._buffers[self._turn].shape[1] < length or is_kept(self._buffers[self._turn]):
            self._buffers[self._turn] = np.empty((len(self.specs), length))
        return self._buffers[self._turn][:, :length]

    @staticmethod
    def _column(chunk: Chunk, name: str) -> Floats:
        column: npt.NDArray[np.float64] | None = getattr(chunk, name)
        if column is None:
            raise ValueError(f"an indicator reads the {name}, which the chunk lacks")
        return column[chunk.history :]


def _groups(wanted: Iterable[Indicator]) -> list[list[Indicator]]:
    """Specs and what they depend on, those of one kernel together, each after its inputs."""
    depth: dict[Indicator, int] = {}

    def visit(spec: Indicator) -> int:
        if spec not in depth:
            sources = implementation(spec).inputs(spec)
            depth[spec] = 1 + max((visit(source) for source in sources if isinstance(source, Indicator)), default=0)
        return depth[spec]

    for spec in wanted:
        visit(spec)
    groups: dict[Hashable, list[list[Indicator]]] = {}
    for spec in sorted(depth, key=depth.__getitem__):
        how = implementation(spec)
        family = groups.setdefault(how.family(spec), [[]])
        if len(family[-1]) == how.most:
            family.append([])
        family[-1].append(spec)
    # Specs of one family read the same inputs, so they have one depth.
    return sorted((group for family in groups.values() for group in family), key=lambda group: depth[group[0]])
