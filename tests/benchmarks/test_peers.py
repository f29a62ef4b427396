"""Other engines are timed only where they made the same trades, and imported only where they are installed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from barloom.errors import FidelityError, InputError

peers = pytest.importorskip("peers", reason="needs the benchmarks of the source tree")

from peers.pair import Pair, must_agree  # noqa: E402

ROWS = 10_000
TRADES = {
    "entry_bar": np.array([1, 5]),
    "exit_bar": np.array([4, 9]),
    "entry_price": np.array([1.1, 1.2]),
    "exit_price": np.array([1.3, 1.1]),
}


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    """Objects of earlier tests are kept out of the collection before every measurement, which would take most of a minute."""
    gc.freeze()
    yield
    gc.unfreeze()


def other(name, value):
    """The trades, the last of which has another value in one column."""
    changed = TRADES[name].copy()
    changed[-1] = value
    return {**TRADES, name: changed}


def agreeing(bench, module):
    yield Pair("nothing much", bench.rows, lambda: sum(range(100)), lambda: sum(range(1_000)), "0", "the sum")


@pytest.fixture
def fake(monkeypatch):
    """A peer that is always installed, and does a little more than barloom does."""
    monkeypatch.setitem(peers.PEERS, "fake", peers.Peer("numpy", ("json",), "nothing", agreeing))


def test_every_peer_is_a_section_of_the_benchmarks():
    import run

    assert set(peers.PEERS) <= set(run.NAMES)


def test_the_requirements_install_what_the_messages_ask_for():
    lines = (Path(peers.__path__[0]) / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {line.partition(";")[0] for line in lines} == {peer.requirement for peer in peers.PEERS.values()}


def test_the_same_trades_are_counted():
    assert must_agree(TRADES, TRADES, "peer") == 2
    assert must_agree(TRADES, other("exit_price", 1.1 + 1e-12), "peer", 1e-9) == 2


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (other("exit_bar", 8), "peer: exit_bar of trade 1 is 9 here and 8 there"),
        (other("entry_bar", 6), "entry_bar of trade 1"),
        (other("exit_price", 1.1 + 1e-12), "exit_price of trade 1"),
        ({name: column[:1] for name, column in TRADES.items()}, "2 trades here and 1 there"),
        ({name: column[:0] for name, column in TRADES.items()}, "2 trades here and 0 there"),
    ],
)
def test_other_trades_are_named(theirs, said):
    with pytest.raises(FidelityError, match=said):
        must_agree(TRADES, theirs, "peer")


def test_no_trades_at_all_are_nothing_to_compare_by():
    none = {name: column[:0] for name, column in TRADES.items()}
    with pytest.raises(FidelityError, match="0 trades here and 0 there"):
        must_agree(none, none, "peer")


def test_bars_are_equal_or_not_whatever_the_tolerance():
    with pytest.raises(FidelityError, match="exit_bar"):
        must_agree(TRADES, other("exit_bar", 10), "peer", 0.5)


def test_a_row_holds_the_median_ratio_and_what_was_not_compared(fake):
    (row,) = peers.section("fake", ROWS, 3, threads=1)
    low, high = map(float, row.spread.split(" to "))
    assert row.what == f"times as fast as fake {np.__version__}: nothing much, {ROWS:,} bars"
    assert 0 < low <= row.value * 1.01 and row.value <= high * 1.01
    assert row.note.endswith("; 0; the sum")


def test_a_peer_whose_trades_differ_is_not_timed(monkeypatch):
    def differing(bench, module):
        must_agree(TRADES, other("exit_bar", 8), "fake, something")
        yield from agreeing(bench, module)

    monkeypatch.setitem(peers.PEERS, "fake", peers.Peer("numpy", ("json",), "nothing", differing))
    with pytest.raises(FidelityError, match="fake, something: exit_bar of trade 1"):
        peers.section("fake", ROWS, 3)


def test_a_peer_that_is_not_installed_is_left_out_with_the_command_that_installs_it(monkeypatch, capsys):
    monkeypatch.setitem(peers.PEERS, "fake", peers.Peer("numpy", ("no_such_engine",), "some-engine>=1", agreeing))
    assert peers.section("fake", ROWS, 3) == []
    assert "fake is not installed" in (said := capsys.readouterr().out) and "pip install 'some-engine>=1'" in said


def test_a_peer_that_cannot_be_imported_is_said_to_be_so(monkeypatch, tmp_path):
    (tmp_path / "broken_engine.py").write_text("raise ImportError('its other half is gone')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(peers.PEERS, "fake", peers.Peer("numpy", ("broken_engine",), "some-engine>=1", agreeing))
    with pytest.raises(
        InputError, match=r"cannot be imported \(its other half is gone\): pip install --force-reinstall"
    ):
        peers.section("fake", ROWS, 3)


def test_indicators_beside_talib():
    pytest.importorskip("talib")
    rows = peers.section("talib", ROWS, 3)
    names = [row.what.partition(": ")[2].partition(", ")[0] for row in rows]
    assert names[:2] == ["sma(50)", "ema(20)"] and all("every value within" in row.note for row in rows)


def test_indicators_that_talib_has_otherwise_are_not_timed(monkeypatch):
    talib = pytest.importorskip("talib")
    monkeypatch.setattr(talib, "RSI", lambda close, n: close)
    with pytest.raises(FidelityError, match=r"talib, rsi\(14\): the values differ"):
        peers.section("talib", ROWS, 3)
