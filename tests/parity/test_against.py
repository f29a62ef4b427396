"""Timed peers: the real engines make the same trades, and are not timed where they do not."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import pytest

from barloom.errors import FidelityError
from parity.peers import engine

peers = pytest.importorskip("peers", reason="needs the benchmarks of the source tree")

ROWS = 20_000
ENGINES = ("vectorbt", "raptorbt", "backtesting.py")


@pytest.mark.parametrize("name", ENGINES)
def test_the_works_of_a_peer_make_the_same_trades(name: str) -> None:
    engine(peers.PEERS[name].modules[0])
    rows = peers.section(name, ROWS, 3)
    assert len(rows) == (3 if name == "vectorbt" else 1)
    for row in rows:
        compared = row.note.partition("; ")[2]
        assert row.what.startswith(f"times as fast as {name} ")
        assert int(compared.partition(" ")[0].replace(",", "")) > 100


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
    engine(peers.PEERS[name].modules[0])
    works = importlib.import_module("peers." + name.removesuffix(".py"))
    later = {"entry": "next_open"}

    def later_simulate(*given: Any, **options: Any) -> Any:
        return simulate(*given, **options | later)

    def later_run(bars: Any, feed: Any, rules: Any, **options: Any) -> Any:
        return run_pipeline(bars, feed, dataclasses.replace(rules, **later), **options)

    def later_batch(bars: Any, sets: Any, **options: Any) -> Any:
        return run_batch(bars, [one.model_copy(update=later) for one in sets], **options)

    if "sizes" in said:
        run_batch = works.run_batch
        monkeypatch.setattr(works, "run_batch", later_batch)
    elif name == "raptorbt":
        run_pipeline = works.run_pipeline
        monkeypatch.setattr(works, "run_pipeline", later_run)
    else:
        simulate = works.simulate
        monkeypatch.setattr(works, "simulate", later_simulate)
    with pytest.raises(FidelityError, match=said):
        peers.section(name, ROWS, 3)
