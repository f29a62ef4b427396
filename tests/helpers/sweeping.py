"""Small sweeps over made bars, with strategies that are slow, fail or end their process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from barloom.jobs.sweep.job import SweepOutcome, sweep_job
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.tasks import Task
from helpers.command import environment
from helpers.waiting import HOLD

GRID = {"fast": [5, 10], "slow": [20, 40, 60], "stop": ["atr:1", "atr:3"]}
"""Twelve sets of ``ema-cross``."""

STRATEGIES = (
    HOLD
    + '''
import multiprocessing, signal
from barloom.strategies.ema_cross import EmaCross


class Held(EmaCross):
    """Is held at its first bars where fast is 8 or more."""
    name = "held"

    def signals(self, window):
        if self.params.fast >= 8:
            hold(Path(__file__).parent)
        return super().signals(window)


class HeldInWorkers(Held):
    """The same in worker processes alone: not where a sweep measures some sets first."""
    name = "held-in-workers"

    def signals(self, window):
        if multiprocessing.parent_process() is None:
            return EmaCross.signals(self, window)
        return super().signals(window)


class Odd(EmaCross):
    """Fails where fast is 7, and with an error that cannot be sent where it is 13. Ends its process where it is 8, by a fault of memory
    where it is 14, and once, if a file is there, where it is 9."""
    name = "odd"

    def signals(self, window):
        fast = self.params.fast
        if fast == 7:
            raise RuntimeError("seven")
        if fast == 13:
            raise RuntimeError(lambda: "nobody can send this")
        if fast == 14:
            os.kill(os.getpid(), signal.SIGSEGV)
        once = Path(__file__).with_name("once")
        if fast == 8 or (fast == 9 and once.exists()):
            once.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().signals(window)
'''
)

SCRIPT = """
import sys
from pathlib import Path
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner import plan as planning
from barloom.jobs.sweep import preparation
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.jobs.sweep.job import sweep_job
from barloom.bars import open_bars
from barloom.cli.lean import load_arrow
from barloom.observe import interrupts

# As the command does: a signal while pandas is loaded ends in whatever pandas says then.
load_arrow()
planning.MOST_SETS = 1
# No set runs before its turn: one that is held would be held there.
preparation.measure = lambda *sets, **options: None
interrupts.watch()
try:
    base = RunParameters(strategy=sys.argv[2])
    grid = Grid.of({"fast": range(5, 11), "stop": ["atr:1", "atr:2"]}, base)
    options = SweepOptions(max_workers=int(sys.argv[3]), out=Path(sys.argv[4]))
    done = sweep_job(open_bars(sys.argv[1]), base, grid, options, reading_known=True)
    print(done.record.resumed, done.already, done.record.digest)
except KeyboardInterrupt as error:
    print(*error.args)
    sys.exit(130)
"""


PIPES: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
    "text": True,
}


def made_bars(folder: Path, rows: int = 3000, suffix: str = ".arrow") -> Path:
    """A file of made bars."""
    path = folder / f"bars{suffix}"
    write_bars(from_synthetic(rows, 3), path)
    return path


def strategy_file(folder: Path) -> Path:
    """The strategies in a file that may be run."""
    path = folder / "odd.py"
    path.write_text(STRATEGIES)
    path.chmod(0o644)
    return path


def swept(path: Path, grid: dict[str, Any] | None = None, strategy: str = "ema-cross", **options: Any) -> SweepOutcome:
    """A sweep of a file of bars in this process, kept in memory unless ``out`` says where."""
    base = RunParameters(strategy=strategy)
    settings = SweepOptions(**{"out": None, **options})
    return sweep_job(settings.reading.open(path), base, Grid.of(grid or GRID, base), settings, reading_known=True)


def tasks_of(
    bars: Any, sets: list[tuple[Any, ...]], size: int, names: tuple[str, ...] = ("fast",), **more: Any
) -> list[Task]:
    """Sets in tasks of ``size``."""
    base = RunParameters(strategy=more.pop("strategy", "ema-cross"))
    return [
        Task(bars=bars, base=base, names=names, set_ids=tuple(range(at, at + len(part))), values=tuple(part), **more)
        for at in range(0, len(sets), size)
        for part in [sets[at : at + size]]
    ]


def start(
    *words: object, cwd: Path, script: str = SCRIPT, more: dict[str, str] | None = None, **settings: Any
) -> subprocess.Popen[str]:
    """A sweep as a process of its own: bars, strategy, workers, output folder; ``more`` stands in its environment."""
    path = cwd / "sweep_script.py"
    path.write_text(script)
    return subprocess.Popen(
        [sys.executable, str(path), *map(str, words)],
        cwd=cwd,
        env=environment(**(more or {})),
        **{**PIPES, **settings},
    )


def children(process_id: int) -> list[int]:
    """The processes that a process has started and that are still there (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == process_id:
            found.append(int(path.parent.name))
    return found


def alive(process_ids: list[int]) -> list[int]:
    """Those that are still running."""
    return [number for number in process_ids if os.path.exists(f"/proc/{number}") and _state(number) != "Z"]


def _state(number: int) -> str:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
