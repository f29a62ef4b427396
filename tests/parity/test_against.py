"""What ``barloom bench run --against`` times: the real engines make the same trades, and are not timed where they do not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from barloom.bench import peers
from barloom.bench.measure import measure
from barloom.bench.peers import PEERS
from barloom.errors import FidelityError
from parity.peers import engine

ROWS = 20_000
ENGINES = ("vectorbt", "raptorbt", "backtesting.py")


@pytest.mark.parametrize("name", ENGINES)
def test_the_works_of_a_peer_make_the_same_trades(name: str) -> None:
    engine(PEERS[name].modules[0])
    found = measure([ROWS], [], against=[name], repeats=3).against
    assert len(found) == (3 if name == "vectorbt" else 1)
    for one in found:
        assert one.peer == name and int(one.compared.partition(" ")[0].replace(",", "")) > 100


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("vectorbt", "vectorbt, 424 entries"),
        ("vectorbt", "vectorbt, ten stop sizes, set 0"),
        ("raptorbt", "raptorbt, 424 entries"),
        ("backtesting.py", "backtesting.py, 424 entries"),
    ],
)
def test_trades_entered_a_bar_later_are_found_out(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(PEERS[name].modules[0])
    simulate, run_pipeline, run_batch = peers.simulate, peers.run_pipeline, peers.run_batch
    later = {"entry": "next_open"}

    def later_simulate(*given: Any, **options: Any) -> Any:
        return simulate(*given, **options | later)

    def later_run(bars: Any, feed: Any, rules: Any, **options: Any) -> Any:
        return run_pipeline(bars, feed, dataclasses.replace(rules, **later), **options)

    def later_batch(bars: Any, sets: Any, **options: Any) -> Any:
        return run_batch(bars, [one.model_copy(update=later) for one in sets], **options)

    if "sizes" in said:
        monkeypatch.setattr(peers, "run_batch", later_batch)
    else:
        monkeypatch.setattr(peers, "simulate", later_simulate)
        monkeypatch.setattr(peers, "run_pipeline", later_run)
    with pytest.raises(FidelityError, match=said):
        measure([ROWS], [], against=[name], repeats=3)
