"""The edge to a user's code: however it ends or whatever it prints, the command names it and stdout holds the result alone."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest
from tests.helpers.command import call, environment, run_here

BODY = """
import atexit, os, signal, subprocess, sys, threading, time, warnings
import numpy as np
import barloom as bl
from barloom.indicators import ema
{top}
class Odd(bl.Strategy):
    class Params(bl.Strategy.Params):
        n: int = 5
        fast: int = 5
    def __init__(self, params=None):
        super().__init__(params)
        {init}
    @property
    def lookback(self):
        {lookback}
        return 0
    def indicators(self):
        {indicators}
        return {{"e": ema(5)}}
    def higher(self):
        {higher}
        return {{}}
    def signals(self, window):
        {signals}
        bars = np.flatnonzero(window.timestamp // 60_000_000_000 % 50 == 0)
        return bl.Entries(bars, 1, stop=0.001, target=0.001)
    def exits(self, window):
        {exits}
        return bl.ExitSignals.none()
"""
PLACES = ("top", "init", "lookback", "indicators", "higher", "signals", "exits")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run_here("data", "generate", "--rows", 3000, "--out", "bars.arrow")[0] == 0
    return tmp_path


def written(place: Path, **parts: str) -> str:
    """A strategy with these statements in its parts."""
    filled = {name: "pass" for name in PLACES} | parts
    (place / "odd.py").write_text(BODY.format(**filled))
    return "odd.py:Odd"


COMMANDS = {
    "run": ("run", "bars.arrow"),
    "sweep": ("sweep", "bars.arrow", "--grid", "fast=5,10"),
    "walk-forward": ("walk-forward", "bars.arrow", "--train", "1d", "--test", "1d", "--grid", "fast=5,10"),
}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("how", ["sys.exit(0)", "exit()", "raise GeneratorExit", "os._exit(0)"])
def test_no_end_of_the_program_is_the_strategys(place: Path, where: str, how: str) -> None:
    name = written(place, **{where: how})
    for command in COMMANDS if how == "sys.exit(0)" else ("run",):
        code, out, err = run_here(*COMMANDS[command], "--strategy", name)
        assert code == 2 and out.count("{") == 0 and "odd" in err.lower(), (command, code, err)
        assert ("SystemExit" in err) == (how != "raise GeneratorExit")


@pytest.mark.parametrize("where", PLACES)
def test_an_interrupt_stays_one(place: Path, where: str) -> None:
    name = written(place, **{where: "raise KeyboardInterrupt"})
    code, _, err = run_here("run", "bars.arrow", "--strategy", name)
    assert code == 130 and "interrupted" in err


@pytest.mark.parametrize(
    "how",
    [
        "raise BaseException('mine')",
        "raise type('Silent', (BaseException,), {'__str__': lambda self: 1 / 0})()",
        "raise MemoryError",
        "raise StopIteration",
        "raise ExceptionGroup('g', [ValueError(0)])",
        "raise BaseExceptionGroup('g', [SystemExit(0)])",
        "(lambda f: f(f))(lambda f: f(f))",
        "raise RuntimeError('\\x1b[31mred\\n\\u202eback\\r' + 'x' * 9999)",
    ],
)
@pytest.mark.parametrize("where", ["top", "init", "signals"])
def test_whatever_is_raised_is_a_sentence(place: Path, how: str, where: str) -> None:
    code, _, err = run_here("run", "bars.arrow", "--strategy", written(place, **{where: how}))
    assert "odd" in err.lower() and err.count("\n") == 1 and err[:-1].isprintable() and len(err) < 3000
    # What is no Exception would have passed through everything; an Exception of signals() leaves its traceback in a log.
    assert code == (4 if where == "signals" and "Base" not in how else 2)


@pytest.mark.parametrize(
    "how", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "os.abort()", "__import__('posix')._exit(0)"]
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_worker_that_ends_itself_ends_the_sweep_with_the_strategys_name(place: Path, how: str) -> None:
    name = written(place, signals=f"import multiprocessing as m; m.parent_process() and {how}")
    said = call("sweep", "bars.arrow", "--grid", "fast=5,10", "--max-workers", 2, "--strategy", name, cwd=place)
    assert said.returncode == 2 and "odd" in said.stderr.splitlines()[-1].lower(), said.stderr


@pytest.mark.parametrize("where", PLACES)
def test_warnings_made_errors_end_with_the_strategys_name(place: Path, where: str) -> None:
    name = written(place, **{where: "warnings.warn('hm')"})
    said = call("run", "bars.arrow", "--strategy", name, cwd=place, env=environment(PYTHONWARNINGS="error"))
    assert said.returncode == 2 and "odd" in said.stderr.lower() and "UserWarning" in said.stderr, said.stderr


def test_warnings_made_errors_do_not_stop_barloom_itself(place: Path) -> None:
    for words in (("run", "--sample"), ("data", "info", "bars.arrow"), *COMMANDS.values()):
        said = call(*words, cwd=place, env=environment(PYTHONWARNINGS="error"))
        assert said.returncode == 0, said.stderr


PRINTS = (
    "print('noise')",
    "sys.stdout.write('noise\\n')",
    "os.write(1, b'noise\\n')",
    "sys.__stdout__.write('noise\\n')",
    "subprocess.run([sys.executable, '-c', 'print(\"noise\")'])",
)


@pytest.mark.parametrize("how", [*PRINTS[:-1], pytest.param(PRINTS[-1], marks=pytest.mark.deep)])
def test_prints_go_to_stderr(place: Path, how: str) -> None:
    name = written(place, **dict.fromkeys(PLACES, how))
    said = call("run", "bars.arrow", "--strategy", name, "--format", "json", cwd=place)
    assert said.returncode == 0 and json.loads(said.stdout)["job_id"] and said.stderr.count("noise") >= len(PLACES)


@pytest.mark.parametrize(
    "top",
    [
        "sys.stdout.close()",
        "sys.stdout = None",
        "sys.stdout = sys.stderr = None",
        "atexit.register(lambda: print('noise'))",
        "atexit.register(lambda: os.write(1, b'noise'))",
        "threading.Thread(target=lambda: [print('noise') for _ in range(6000)]).start()",
        "keep = sys.stdout; threading.Thread(target=lambda: [keep.write('noise') for _ in range(6000)]).start()",
        "os.close(1)",
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)",
        "print('n' * 90_000)",
    ],
)
def test_stdout_is_for_the_result_whatever_is_done_to_it(place: Path, top: str) -> None:
    said = call("run", "bars.arrow", "--strategy", written(place, top=top), "--format", "json", cwd=place)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["job_id"]


def test_prints_of_workers_go_to_stderr(place: Path) -> None:
    name = written(place, signals="print('noise'); os.write(1, b'noise\\n'); sys.__stdout__.write('noise\\n')")
    words = ("sweep", "bars.arrow", "--grid", "fast=5,10", "--max-workers", 2, "--strategy", name, "--format", "json")
    said = call(*words, cwd=place)
    assert said.returncode == 0 and json.loads(said.stdout)["sweep"] and "noise" in said.stderr


def test_nothing_done_at_exit_turns_a_failure_into_a_success(place: Path) -> None:
    name = written(place, top="atexit.register(lambda: os._exit(0))", signals="raise ValueError('mine')")
    assert call("run", "bars.arrow", "--strategy", name, cwd=place).returncode == 4


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_to_itself_is_an_interrupt(place: Path) -> None:
    name = written(place, signals="os.kill(os.getpid(), signal.SIGTERM)")
    said = call("run", "bars.arrow", "--strategy", name, cwd=place)
    assert said.returncode == 130 and "interrupted" in said.stderr
    assert signal.SIGTERM


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("lookback", ["return -1", "return 1.5", "return None", "return 'x'", "return 10**400", "return True"]),
        ("indicators", ["return None", "return []", "return {'a': 1}", "return {1: ema(5)}", "return {'a': None}"]),
        ("higher", ["return None", "return {'1h': 5}", "return {'1h': {'a': 7}}", "return {3: {}}", "return 'x'"]),
        ("signals", ["return None", "return 5", "return {}", "return bl.ExitSignals.none()"]),
        ("exits", ["return None", "return []", "return bl.Entries.none()"]),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(place: Path, where: str, says: list[str]) -> None:
    for how in says:
        code, _, err = run_here("run", "bars.arrow", "--strategy", written(place, **{where: how}))
        assert code == 2 and "Odd" in err and where in err, (how, err)
