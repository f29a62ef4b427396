"""Verdicts of the audit of a run: look-ahead, a short lookback, rounding and unsteady code are told apart, without false alarms."""

from __future__ import annotations

import logging
import sys
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.helpers import cheats, honest

import barloom as bl
from barloom import Entries
from barloom.engine.audit.draw import Draw, decisions_for
from barloom.errors import FidelityError

HEAD = """
import numpy as np
from barloom import Entries, Strategy
from barloom.indicators import atr


class Mine(Strategy):
    name = "mine"
    lookback = {lookback}
    kept = 0.0

    def indicators(self):
        return {{"atr": atr(14)}}

    def made(self, window, where, stop=None):
        where = where & (window["atr"] > 0.0)
        where[: window.start] = False
        bars = np.flatnonzero(where)
        stop = 2 * window["atr"][bars] if stop is None else stop[bars]
        return Entries(bars, 1, stop, 2 * stop)

    def signals(self, window):
"""


def own(folder: Path, body: str, lookback: int = 1, top: str = "") -> str:
    path = folder / "mine.py"
    path.write_text(top + HEAD.format(lookback=lookback) + "".join(f"        {line}\n" for line in body.splitlines()))
    path.chmod(0o644)
    return f"{path}:Mine"


@pytest.fixture(scope="module")
def bars() -> bl.Bars:
    return bl.from_synthetic(150_000, 3)


def test_the_message_names_the_bar_and_both_decisions(bars: bl.Bars, tmp_path: Path) -> None:
    said = (
        r"^strategy mine looks ahead: on bar (\d+) \(2015-\d\d-\d\d \d\d:\d\d:00 UTC\) it decides "
        r"a long with stop [\d.e-]+, target [\d.e-]+, and nothing when"
    )
    with pytest.raises(FidelityError, match=said) as raised:
        bl.run(bars, own(tmp_path, "return self.made(window, np.append(window.close[1:], np.nan) > window.close)"))
    assert raised.value.exit_code == 3
    bar = int(str(raised.value).partition("on bar ")[2].split()[0])
    (chunk,) = bars.chunks(150_000)
    assert chunk.close[bar + 1] > chunk.close[bar]
    assert str(np.datetime64(int(chunk.timestamp[bar]), "ns"))[:19].replace("T", " ") in str(raised.value)


def test_a_lookback_that_is_too_short_is_called_so(bars: bl.Bars, tmp_path: Path) -> None:
    body = """before = np.append(np.full(min(5, len(window)), np.nan), window.close[:-5])
return self.made(window, window.close > before + 2 * window["atr"])"""
    with pytest.raises(
        FidelityError, match=r"the lookback of strategy mine is too short: it says 2 bars.*with lookback = 5 those"
    ) as raised:
        bl.run(bars, own(tmp_path, body, lookback=2))
    assert "looks ahead" not in str(raised.value)
    audit = bl.run(bars, own(tmp_path, body, lookback=5)).audit
    assert audit is not None and (audit.differing, audit.rounded, audit.unasked) == (0, 0, 0)


def test_a_size_out_of_sums_is_a_warning_that_names_both_values(
    bars: bl.Bars, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        audit = bl.run(bars, f"{honest.__file__}:SumVolume").audit
    assert audit is not None and audit.rounded > 100 and not audit.differing
    (said,) = [record.getMessage() for record in caplog.records]
    assert "size on bar " in said and "not looking ahead" in said and "round()" in said


def test_random_numbers_end_the_run_unless_they_are_of_the_bar(bars: bl.Bars, tmp_path: Path) -> None:
    drawn = own(tmp_path, "return self.made(window, np.random.default_rng().random(len(window)) < 0.01)")
    with pytest.raises(
        FidelityError, match=r"strategy mine decides otherwise when it is asked the same again: on bar \d+"
    ):
        bl.run(bars, drawn)


def test_random_numbers_of_the_window_are_no_looking_ahead(bars: bl.Bars, tmp_path: Path) -> None:
    seeded = own(tmp_path, "return self.made(window, np.random.default_rng(1).random(len(window)) < 0.01)")
    with pytest.raises(FidelityError, match="the lookback of strategy mine is too short"):
        bl.run(bars, seeded)


def test_what_is_carried_from_window_to_window_is_called_so(bars: bl.Bars, tmp_path: Path) -> None:
    carried = """level, Mine.kept = Mine.kept, float(window.close[-1])
return self.made(window, window.close > level)"""
    said = (
        "strategy mine decides otherwise when it is asked the same again.*keeps something from one window to the next"
    )
    with pytest.raises(FidelityError, match=said):
        bl.run(bars, own(tmp_path, carried), chunk_rows=20_000)


def test_given_signals_say_that_they_were_not_audited(bars: bl.Bars) -> None:
    result = bl.simulate(bars, Entries([100], 1, 0.001, 0.001))
    assert result.audit is None and result.audited == "not: signals that are given cannot be asked for again"


def test_copies_do_not_print_or_warn(bars: bl.Bars, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(UserWarning, match="asked for") as caught:
        bl.run(bars, f"{honest.__file__}:Noisy", threads=1)
    printed = sum(text.count("asked") for text in capfd.readouterr())
    assert printed == 2 and len(caught) <= 2  # a chunk each


def test_helpers_beside_a_strategy_are_loaded_anew_too(
    bars: bl.Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "noted_down.py").write_text("SEEN = {}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    body = """noted_down.SEEN.update(zip(window.timestamp.tolist(), window.close.tolist(), strict=True))
later = np.array([noted_down.SEEN.get(time + 60_000_000_000, np.nan) for time in window.timestamp.tolist()])
return self.made(window, later > window.close)"""
    try:
        with pytest.raises(FidelityError, match="looks ahead"):
            bl.run(bars, own(tmp_path, body, top="import noted_down\n"))
        loaded = sys.modules["noted_down"]
        assert loaded.SEEN  # the run's own is where it was
    finally:
        sys.modules.pop("noted_down", None)


def test_a_strategy_of_the_main_program_is_copied_with_its_caches(
    bars: bl.Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = types.ModuleType("__main__")
    text = Path(cheats.__file__).read_text()
    exec(compile(text, "<cell>", "exec"), main.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", main)
    for name in ("GlobalNotes", "ClassNotes", "CachedNotes", "ShiftByOne"):
        with pytest.raises(FidelityError, match="looks ahead"):
            bl.run(bars, f"__main__:{name}")
    exec(compile(Path(honest.__file__).read_text(), "<cell>", "exec"), main.__dict__)
    assert bl.run(bars, "__main__:SumAverage").trades_count > 0


@pytest.mark.parametrize("chunk_rows", [997, 4_096, 131_072])
def test_any_chunks_are_audited(bars: bl.Bars, chunk_rows: int) -> None:
    with pytest.raises(FidelityError, match="looks ahead"):
        bl.run(bars, f"{cheats.__file__}:ShiftByOne", chunk_rows=chunk_rows)
    audit = bl.run(bars, "ema-cross", chunk_rows=chunk_rows).audit
    assert audit is not None and 500 <= audit.decisions < 800 and audit.with_signal >= 250


def test_every_bar_of_a_short_run_is_asked_about(tmp_path: Path) -> None:
    short = bl.from_synthetic(300, 3)
    audit = bl.run(short, "ema-cross").audit
    assert audit is not None and audit.decisions == 300
    peeks = own(
        tmp_path,
        "return self.made(window, (window.timestamp // 60_000_000_000 % 300 == 200) & ~np.isnan(np.append(window.close[1:], np.nan)))",
    )
    with pytest.raises(FidelityError, match="looks ahead"):
        bl.run(short, peeks)


def test_draws_are_the_same_for_ever_and_reach_every_chunk() -> None:
    signals = [np.arange(0, 1_000_000, 700)]
    drawn = []
    draw = Draw(256, 1_000_000)
    for base in range(0, 1_000_000, 50_000):
        part = signals[0][(signals[0] >= base) & (signals[0] < base + 50_000)]
        bars = [bar for group in draw.bars(base, base + 50_000, base == 950_000, [part]) for bar in group]
        assert len(bars) > 15 and all(base <= bar < base + 50_000 for bar in bars)
        if base < 950_000:
            assert base + 49_999 in bars or base > 7 * 50_000
        drawn += bars
    assert len(set(drawn)) == len(drawn) >= 500
    assert 250 <= np.isin(drawn, signals[0]).sum() <= 260


def test_a_long_lookback_is_asked_about_less_often() -> None:
    assert [decisions_for(lookback) for lookback in (0, 1_000, 2_000, 20_000, 1_000_000)] == [256, 256, 128, 25, 25]


def test_a_strategy_that_cannot_be_made_twice_runs_and_says_that_it_was_not_audited(
    bars: bl.Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    top = "import sys\nclass Once(type(sys)):\n    made = 0\n"
    monkeypatch.setattr(sys, "made_once", False, raising=False)
    top += "if sys.made_once:\n    Once = None\nsys.made_once = True\n"
    body = "assert Once is not None\nreturn self.made(window, window.close > window.open + 2 * window['atr'])"
    with caplog.at_level(logging.WARNING):
        result = bl.run(bars, own(tmp_path, body, top=top))
    assert result.trades_count > 0 and result.audit is not None and result.audit.decisions == 0
    assert "answers no short window" in result.audited and "AssertionError" in result.audited
    assert any("were not audited" in record.getMessage() for record in caplog.records)


def test_runs_in_threads_leave_streams_and_modules_as_they_were(bars: bl.Bars, tmp_path: Path) -> None:
    strategy = own(tmp_path, "return self.made(window, window.close > window.open + 2 * window['atr'])")
    part = bars.select(end="2015-02-01")
    before = sys.stdout, sys.stderr, warnings.showwarning
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: bl.run(part, strategy), range(8)))
    assert (sys.stdout, sys.stderr, warnings.showwarning) == before
    assert len({run.digest for run in runs}) == 1 and len({run.audited for run in runs}) == 1


@pytest.mark.parametrize("part", ["resampled", "sliced", "text", "text in chunks"])
def test_as_many_decisions_are_asked_for_where_nobody_knows_how_many_bars_there_are(
    bars: bl.Bars, tmp_path: Path, part: str
) -> None:
    if part == "resampled":
        audit = bl.run(bars.resample("5m"), "ema-cross").audit
    elif part == "sliced":
        audit = bl.run(bars.select(start="2015-02-01", end="2015-03-20"), "ema-cross", chunk_rows=9_000).audit
    else:
        (chunk,) = bars.select(end="2015-02-20").chunks(150_000)
        lines = zip(chunk.timestamp // 10**9, chunk.open, chunk.high, chunk.low, chunk.close, strict=True)
        path = tmp_path / "bars.csv"
        path.write_text(
            "time,open,high,low,close\n"
            + "".join(f"{t},{o:.5f},{h:.5f},{lo:.5f},{c:.5f}\n" for t, o, h, lo, c in lines)
        )
        rows = 7_000 if part == "text in chunks" else None
        audit = bl.run(bl.open_bars(path), "ema-cross", chunk_rows=rows).audit
    assert audit is not None and 500 <= audit.decisions < 1100 and audit.with_signal >= 240
