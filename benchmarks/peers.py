"""Other engines beside barloom, as ``barloom bench run --against`` measures them."""

from __future__ import annotations

import statistics

from measure import Row

from barloom.bench.measure import measure
from barloom.bench.peers import PEERS

LEAST = {"vectorbt": (30.0,), "talib": (1.0,) * 20}
"""How many times as fast barloom is to be, in the first works of a peer."""


def against(name: str, rows: int, repeats: int) -> list[Row]:
    """The works of one peer, where it is installed."""
    if PEERS[name].missing:
        print(f"{name} is not installed, so this section is left out: pip install '{PEERS[name].requirement}'")
        return []
    found = []
    for number, one in enumerate(measure([rows], [], against=[name], repeats=repeats).against):
        limits = LEAST.get(name, ())[number : number + 1]
        times = " and ".join(_time(seconds) for seconds in (one.our_seconds, one.their_seconds))
        found.append(
            Row(
                f"times as fast as {name} {one.version}: {one.name}, {one.rows:,} bars",
                one.ratio,
                "x",
                *limits,
                at_least=True,
                spread=f"{one.lowest:.3g} to {one.highest:.3g}",
                note=f"{times}; {one.compared}" + (f"; {one.differs}" if one.differs else ""),
            )
        )
    return found


def _time(seconds: tuple[float, ...]) -> str:
    return f"{1e3 * statistics.median(seconds):.3g} ms"
