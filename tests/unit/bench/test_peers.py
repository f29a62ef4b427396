"""Other engines are timed only where they made the same trades, and asked for only by those who have them."""

from __future__ import annotations

import gc
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from barloom.bench import peers
from barloom.bench.compare import compare
from barloom.bench.measure import measure
from barloom.bench.peers import PEERS, Pair, Peer, must_agree
from barloom.bench.records import Against, BenchRecord
from barloom.cli import _parser_bench
from barloom.errors import FidelityError, InputError
from helpers.command import run_here

ROWS = 10_000
TRADES = {
    "entry_bar": np.array([1, 5]),
    "exit_bar": np.array([4, 9]),
    "entry_price": np.array([1.1, 1.2]),
    "exit_price": np.array([1.3, 1.1]),
}
PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    """What earlier tests left is not looked through before every measurement, which would take most of a minute."""
    gc.freeze()
    yield
    gc.unfreeze()


def other(name, value):
    """The trades, the last of which has another value in one column."""
    changed = TRADES[name].copy()
    changed[-1] = value
    return {**TRADES, name: changed}


def agreeing(bench, module):
    yield Pair("nothing much", bench.rows, 3 * bench.rows, lambda: sum(range(100)), lambda: sum(range(1_000)), "0")


@pytest.fixture
def fake(monkeypatch):
    """A peer that is always installed, and does a little more than barloom does."""
    monkeypatch.setitem(PEERS, "fake", Peer("numpy", ("json",), "nothing", agreeing))


def test_the_command_line_knows_every_peer():
    assert list(_parser_bench.PEERS) == list(PEERS)


@pytest.mark.skipif(not PROJECT.exists(), reason="no source tree around the tests")
def test_the_extra_installs_what_the_messages_ask_for():
    extra = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]["peers"]
    assert {text.partition(";")[0] for text in extra} == {peer.requirement for peer in PEERS.values()}


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


def test_a_record_holds_the_times_of_both_and_the_ratios_of_pairs(fake):
    record = measure([ROWS], [], against=["fake"], repeats=3, threads=1)
    (one,) = record.against
    assert (one.peer, one.version, one.rows, one.bars) == ("fake", np.__version__, ROWS, 3 * ROWS)
    ratios = [their / our for our, their in zip(one.our_seconds, one.their_seconds, strict=True)]
    assert len(ratios) == 3 and (one.lowest, one.ratio, one.highest) == tuple(sorted(ratios))
    assert BenchRecord.model_validate_json(record.to_json()) == record


def test_a_record_whose_ratio_is_not_that_of_its_seconds_is_refused(fake):
    one = measure([ROWS], [], against=["fake"], repeats=3).against[0].model_dump()
    with pytest.raises(ValueError, match="ratio, lowest and highest"):
        Against.model_validate({**one, "ratio": 2 * one["ratio"]})
    with pytest.raises(ValueError, match="not of the same repeats"):
        Against.model_validate({**one, "our_seconds": one["our_seconds"][:2]})


def test_peers_alone_are_not_judged_before_and_after(fake):
    record = measure([ROWS], [], against=["fake"], repeats=3)
    with pytest.raises(InputError, match="share no measurement"):
        compare(record, record, 0.1)


def test_a_record_of_nothing_is_none(fake):
    empty = measure([ROWS], [], against=["fake"], repeats=3).model_dump() | {"against": ()}
    with pytest.raises(ValueError, match="nothing was measured"):
        BenchRecord.model_validate(empty)


def test_a_peer_whose_trades_differ_is_not_timed(monkeypatch):
    def differing(bench, module):
        must_agree(TRADES, other("exit_bar", 8), "fake, something")
        yield from agreeing(bench, module)

    monkeypatch.setitem(PEERS, "fake", Peer("numpy", ("json",), "nothing", differing))
    with pytest.raises(FidelityError, match="fake, something: exit_bar of trade 1"):
        measure([ROWS], [], against=["fake"], repeats=3)


def test_a_peer_that_is_not_there_is_asked_for_before_anything_is_measured(monkeypatch, tmp_path):
    monkeypatch.setitem(PEERS, "talib", Peer("TA-Lib", ("no_such_engine",), "some-engine>=1", peers.talib))
    out = tmp_path / "record.json"
    code, printed, err = run_here("bench", "run", "--against", "talib", "--rows", ROWS, "--out", out)
    assert code == 2 and printed == "" and not out.exists()
    assert "--against talib: it is not installed: pip install 'some-engine>=1'" in err


def test_a_peer_that_cannot_be_loaded_is_said_to_be_so(monkeypatch, tmp_path):
    (tmp_path / "broken_engine.py").write_text("raise ImportError('its other half is gone')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(PEERS, "fake", Peer("numpy", ("broken_engine",), "some-engine>=1", agreeing))
    with pytest.raises(InputError, match=r"cannot be loaded \(its other half is gone\): pip install --force-reinstall"):
        measure([ROWS], [], against=["fake"], repeats=3)


def test_a_name_that_is_not_known_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="--against vectorbot: did you mean 'vectorbt'"):
        measure([ROWS], [], against=["vectorbot"], repeats=3)
    code, _, err = run_here("bench", "run", "--against", "talib,raptorbot")
    assert code == 2 and "'raptorbot' is no peer: did you mean raptorbt?" in err


def test_no_section_and_no_peer_is_nothing_to_measure():
    code, _, err = run_here("bench", "run", "--section", "none")
    assert code == 2 and "--section none leaves nothing to measure" in err


def test_indicators_beside_talib_on_the_command_line():
    pytest.importorskip("talib")
    words = ("bench", "run", "--section", "none", "--against", "talib", "--rows", ROWS, "--repeats", 3)
    code, out, err = run_here(*words, "--format", "json")
    record = BenchRecord.model_validate_json(out)
    assert code == 0, err
    assert [one.name for one in record.against][:2] == ["sma(50)", "ema(20)"] and record.measurements == ()
    code, out, _ = run_here(*words)
    assert code == 0 and "times as fast" in out and all(one.name in out for one in record.against)


def test_indicators_that_talib_has_otherwise_are_not_timed(monkeypatch):
    talib = pytest.importorskip("talib")
    monkeypatch.setattr(talib, "RSI", lambda close, n: close)
    with pytest.raises(FidelityError, match=r"talib, rsi\(14\): the values differ"):
        measure([ROWS], [], against=["talib"], repeats=3)
