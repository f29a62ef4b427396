"""Other engines beside barloom, on the same bars and entries: nothing is timed before both made the same trades.

An engine is imported when its section is asked for; ``pip install -r benchmarks/peers/requirements.txt`` installs all of them.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from barloom.bench.sections import Bench
from barloom.bench.timing import Took, Work, interleaved, seconds
from barloom.engine.orchestrator import available_cores
from barloom.errors import InputError
from measure import Row, ratio
from peers import backtesting, raptorbt, talib, vectorbt
from peers.pair import Pair

LEAST = {"vectorbt": (30.0,), "talib": (1.0,) * 20}
"""Required speed of barloom as a multiple of the peer's, in the first works of that peer."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another engine.

    Attributes:
        package: distribution whose version is shown.
        modules: modules that must be installed; the first is the one that is called.
        requirement: argument of ``pip install``, as in ``requirements.txt``.
        works: generator of the works to compare by, from the bars and the module.
    """

    package: str
    modules: tuple[str, ...]
    requirement: str
    works: Callable[[Bench, Any], Iterator[Pair]]

    @property
    def missing(self) -> bool:
        """True when a module of it is not installed."""
        return any(importlib.util.find_spec(name) is None for name in self.modules)

    @property
    def version(self) -> str:
        """Installed version."""
        return version(self.package)

    def load(self) -> ModuleType:
        """Import the engine.

        Raises:
            InputError: it is installed and cannot be imported.
        """
        # One asks the network for its newest version, another draws a progress bar of its own.
        os.environ.setdefault("RAPTORBT_NO_VERSION_CHECK", "1")
        os.environ.setdefault("TQDM_DISABLE", "1")
        try:
            return importlib.import_module(self.modules[0])
        except ImportError as error:
            remedy = f"pip install --force-reinstall '{self.requirement}'"
            raise InputError(f"{self.package} cannot be imported ({error}): {remedy}") from error


PEERS = {
    "vectorbt": Peer("vectorbt", ("vectorbt", "vectorbt_rust"), "vectorbt[rust]>=1.2", vectorbt.works),
    "raptorbt": Peer("raptorbt", ("raptorbt",), "raptorbt>=0.13.4", raptorbt.works),
    "backtesting.py": Peer("backtesting", ("backtesting",), "backtesting>=0.6.6", backtesting.works),
    "talib": Peer("TA-Lib", ("talib",), "TA-Lib>=0.6.5", talib.works),
}
"""Peers by the names of their sections in ``benchmarks/run.py``."""


def section(name: str, rows: int, repeats: int, threads: int | None = None) -> list[Row]:
    """Measure the works of one peer, each in turn with barloom's; no row where the peer is not installed.

    Args:
        name: key of ``PEERS``.
        rows: bars to generate; a slow peer takes the first of them.
        repeats: counted repeats, after one that is not counted.
        threads: threads of barloom; None for one a core. A peer takes as many as it does by itself.

    Raises:
        InputError: the peer is installed and cannot be imported.
        FidelityError: the peer made other trades or values than barloom; nothing was timed.
    """
    peer = PEERS[name]
    if peer.missing:
        print(f"{name} is not installed, so this section is left out: pip install '{peer.requirement}'")
        return []
    module = peer.load()
    with tempfile.TemporaryDirectory(prefix="barloom-peers-") as folder:
        bench = Bench(rows, Path(folder), threads or available_cores(), Path(folder))
        return [
            _row(f"{name} {peer.version}", pair, repeats, LEAST.get(name, ())[number : number + 1])
            for number, pair in enumerate(peer.works(bench, module))
        ]


def _row(peer: str, pair: Pair, repeats: int, least: tuple[float, ...]) -> Row:
    """Time both works in turn; the value is the median of their time over ours."""
    ours, theirs = interleaved([partial(_alone, pair.ours), partial(_alone, pair.theirs)], repeats)
    value, spread = ratio(theirs, ours)
    times = " and ".join(f"{1e3 * statistics.median(taken):.3g} ms" for taken in (ours, theirs))
    return Row(
        f"times as fast as {peer}: {pair.name}, {pair.rows:,} bars",
        value,
        "x",
        *least,
        at_least=True,
        spread=spread,
        note=f"{times}; {pair.compared}" + (f"; {pair.differs}" if pair.differs else ""),
    )


def _alone(work: Work) -> Took:
    """Time a work after a garbage collection: the results of a peer may hold gigabytes until the collector comes."""
    gc.collect()
    return Took(seconds(work))
