"""The audit at the command line: exit code 3 in runs, sweeps with workers and walk forwards, and the line of the summary."""

import json

from tests.helpers.command import call

PEEKS_LATE = """
import numpy as np
from barloom import Entries, Strategy
from barloom.indicators import atr


class PeekLate(Strategy):
    name = "peek-late"

    class Params(Strategy.Params):
        far: int = 1

    def indicators(self):
        return {"atr": atr(14)}

    def signals(self, window):
        far = min(self.params.far, len(window))
        following = np.append(window.close[far:], np.full(far, np.nan))
        late = window.timestamp > np.datetime64("2015-02-01", "ns").astype("int64")
        bars = np.flatnonzero((following > window.close * 1.0001) & late)
        return Entries(bars, 1, 2 * window["atr"][bars], 2 * window["atr"][bars])
"""
WORDS = "peek-late looks ahead: on bar "


def made(folder):
    assert call("data", "generate", "--rows", "60000", "--seed", "3", "--out", "g.csv", cwd=folder).returncode == 0
    (folder / "late.py").write_text(PEEKS_LATE)
    (folder / "late.py").chmod(0o644)


def test_a_strategy_that_looks_ahead_later_on_ends_with_3_everywhere(tmp_path):
    made(tmp_path)
    strategy = ("--strategy", "late.py:PeekLate")
    for words in (
        ("run", "g.csv", *strategy),
        ("sweep", "g.csv", *strategy, "--grid", "far=1,2,500"),
        ("sweep", "g.csv", *strategy, "--grid", "far=1,2,500", "--max-workers", "2"),
        ("walk-forward", "g.csv", *strategy, "--grid", "far=1,500", "--train", "2w", "--test", "1w"),
    ):
        said = call(*words, cwd=tmp_path)
        assert said.returncode == 3 and WORDS in said.stderr and "Traceback" not in said.stderr, (words, said.stderr)


def test_an_honest_run_says_how_many_decisions_were_asked_for_again(tmp_path):
    made(tmp_path)
    said = call("run", "g.csv", "--strategy", "ema-cross", cwd=tmp_path)
    assert said.returncode == 0 and "decisions" not in said.stderr
    (line,) = [line for line in said.stdout.splitlines() if line.startswith("audited")]
    (path,) = (tmp_path / "results" / "runs").glob("*/run.json")
    audit = json.loads(path.read_text())["audit"]
    assert line.split(maxsplit=1)[1] == f"{audit['decisions']} decisions, none looks ahead"
    assert audit["decisions"] >= 500 and audit["with_signal"] >= 250 and not audit["differing"]
    for words in (
        ("sweep", "--grid", "fast=5,8"),
        ("walk-forward", "--grid", "fast=5,8", "--train", "2w", "--test", "1w"),
    ):
        found = call(words[0], "g.csv", "--strategy", "ema-cross", *words[1:], cwd=tmp_path)
        assert found.returncode == 0 and "none looks ahead" in found.stdout, found.stderr
