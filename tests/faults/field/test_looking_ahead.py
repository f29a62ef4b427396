"""A rule that looks ahead is caught wherever in the bars it begins to."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.command import run_here

HEAD = """
import numpy as np
from barloom import Entries, Strategy
from barloom.indicators import atr


class Rule(Strategy):
    name = "rule"
    lookback = 1

    def indicators(self):
        return {"atr": atr(14)}

    def signals(self, window):
        late = window.timestamp > np.datetime64("2015-02-01", "ns").astype("int64")
        bars = np.flatnonzero(self.chosen(window, late))
        return Entries(bars, 1, 2 * window["atr"][bars], 2 * window["atr"][bars])

    def chosen(self, window, late):
"""
CHEATS = {
    "the next close, from February on": """
        following = np.append(window.close[1:], np.nan)
        return (following > window.close * 1.0001) & late
""",
    "the lowest of all that comes, from February on": """
        ahead = np.minimum.accumulate(window.low[::-1])[::-1]
        return (window.low <= ahead) & late & (np.arange(len(late)) % 7 == 0)
""",
    "the mean of the window, from February on": """
        return (window.close < window.close.mean()) & (window.close > window.open) & late
""",
    "the high five bars on, on Fridays": """
        following = np.append(window.high[5:], np.full(5, np.nan))
        friday = (window.timestamp // 86_400_000_000_000 + 3) % 7 == 4
        return (following > window.close * 1.0003) & friday & late
""",
}
HONEST = {
    "the last close, from February on": """
        before = np.insert(window.close[:-1], 0, np.nan)
        return (window.close > before * 1.0001) & late
""",
    "the hour of the day": """
        return (window.timestamp // 3_600_000_000_000 % 24 == 9) & (window.close > window.open) & late
""",
    "a range above its own": """
        return (window.high - window.low > 1.5 * window["atr"]) & late
""",
}


@pytest.fixture
def bars(folder):
    code, _, err = run_here("data", "generate", "--rows", "60000", "--seed", "3", "--out", "g.csv")
    assert code == 0, err
    return "g.csv"


def ran(bars, name, body, *words):
    Path(f"{name}.py").write_text(HEAD + body.lstrip("\n"))
    return run_here("run", bars, "--strategy", f"{name}.py:Rule", "--non-interactive", *words)


@pytest.mark.parametrize("cheat", CHEATS)
@pytest.mark.parametrize("words", [(), ("--chunk-rows", "5000")], ids=["one chunk", "chunks"])
def test_a_rule_that_begins_to_look_ahead_late_is_caught(bars, cheat, words):
    number = list(CHEATS).index(cheat)
    code, out, err = ran(bars, f"late{number}_{len(words)}", CHEATS[cheat], *words)
    assert code == 3, f"exit code {code}: {out}{err}"
    assert "rule" in err and "bar" in err and "ahead" in err


@pytest.mark.parametrize("rule", HONEST)
def test_an_honest_rule_is_not_accused(bars, rule):
    code, out, err = ran(bars, f"honest{list(HONEST).index(rule)}", HONEST[rule])
    assert code == 0, err
    assert "rule looks ahead" not in out + err
