"""``--max-ram``: chunks that keep a run within so much memory, or a refusal before it starts that says what would fit.

The figures were measured on runs of generated bars, and are rounded up. Open trades are not in them: a strategy that
holds a million at once takes more.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from barloom.engine.orchestrator import CHUNK_ROWS, available_cores
from barloom.errors import InputError
from barloom.observe.memory import MB, rss
from barloom.rules.parameters import RunParameters
from barloom.strategies.calling import describe
from barloom.strategies.registry import load_strategy

if TYPE_CHECKING:
    from barloom.bars.bars import Bars

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?i?)b?", re.IGNORECASE)
UNMEASURED = 120 * MB  # of a process whose platform does not tell
WORKING = 75 * MB  # libraries still to be loaded, the newest trades for the digest, the batch being written
RING = 3  # chunks of bars under way at once
PREPARED = 2  # chunks whose indicators are
SCRATCH = 24  # bytes a bar of what a strategy makes on the way
LEAST_ROWS = 1024  # smaller chunks save next to nothing


def parse_size(text: str) -> int:
    """Bytes of ``500MB``, ``1.5GB``, ``512MiB`` or ``800000000``.

    Raises:
        InputError: it is no size.
    """
    found = SIZE.fullmatch(text.strip())
    if not found or found[2].lower() == "i":
        raise InputError(f"--max-ram is '{text}': give a size such as 500MB, 1.5GB or 512MiB")
    most = float(found[1]) * UNITS[found[2].lower()]
    if most > sys.maxsize:
        raise InputError(f"--max-ram {text.strip()} is more than a machine can have: give a size such as 2GB")
    return int(most)


def within(
    limit: str, bars: Bars, parameters: RunParameters, *, fine: Bars | None = None, held: int | None = None
) -> RunParameters:
    """The parameters with the chunk size and the threads that keep the run within ``limit``.

    Args:
        limit: a size as text.
        bars: the bars of the run.
        parameters: what shapes the run; a chunk size or a number of threads in them is kept.
        fine: finer bars that trades are drilled into.
        held: bytes that the process takes already; None measures them.

    Raises:
        InputError: it cannot be kept, with what would fit.
    """
    most = parse_size(limit)
    # Not the peak: opening a text file on a busy machine takes for a moment what the run will take again.
    before = (rss() or UNMEASURED) if held is None else held
    strategy = load_strategy(parameters.strategy, parameters.params)
    said = describe(strategy)
    columns = 5 + said.uses_volume + 4 * bars.has_ask
    row = 8 * (RING * columns + PREPARED * (len(said.indicators) + 1)) + SCRATCH
    cores = available_cores()
    tried = [min(parameters.threads, cores)] if parameters.threads else range(cores, 0, -1)
    wanted = parameters.chunk_rows or LEAST_ROWS
    rows = needed = 0
    for threads in tried:
        sources = [bars.source] if fine is None else [bars.source, fine.source]
        fixed = before + WORKING + sum(source.held(threads) for source in sources) + row * said.lookback
        rows = (most - fixed) // row
        needed = fixed + row * wanted
        if rows >= wanted:
            chosen = parameters.chunk_rows or min(rows, CHUNK_ROWS)
            return parameters.model_copy(update={"chunk_rows": chosen, "threads": threads})
    smaller = f" or --chunk-rows {rows}" if parameters.chunk_rows and rows >= LEAST_ROWS else ""
    chunks = f"chunks of {wanted:,} bars" if parameters.chunk_rows else "the smallest chunks"
    raise InputError(
        f"--max-ram {limit.strip()} is too little for {bars.label}: with {chunks} the run takes about "
        f"{-(-needed // MB)} MB; give --max-ram {-(-needed // MB)}MB{smaller}"
    )
