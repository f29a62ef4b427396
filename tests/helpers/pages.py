"""The blocks of a page of the documentation, and the folder they run in."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from helpers.bar_files import Columns, ask_bars, finer_bars, minute_bars, spreads, write, write_market
from helpers.command import environment
from helpers.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PAGES = sorted(str(path.relative_to(ROOT).as_posix()) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
REAL = Path(os.environ["BARLOOM_DATA"]) if "BARLOOM_DATA" in os.environ else None
FENCE = re.compile(r"^(?P<fence>```+)(?P<word>[^\n]*)\n(?P<text>.*?)^(?P=fence)\n", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\S+\.\w+)\n")
MEASURED = re.compile(r"[\d.,]+ (?=(?:s|MB|bars/s)\b)|(?<=-)[0-9a-f]{8}$")
"""Seconds, memory, speed and the ends of job ids, which differ from run to run."""

REFUSED = re.compile(r"  # exit code (?P<code>\d+)$")
"""Ending of a command that is meant to fail: its exit code, in a comment."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its word, its text, the file it stands for if it names one, and whether it follows the block before at once."""

    word: str
    text: str
    name: str | None
    joined: bool

    @property
    def commands(self) -> list[str]:
        """The commands of a shell, one each."""
        return [line for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text, end = (ROOT / page).read_text(encoding="utf-8"), -1
    for found in FENCE.finditer(text):
        named = NAMED.match(found["text"])
        yield Block(found["word"], found["text"], named[1] if named else None, found.start() == end)
        end = found.end()


def settled(line: str) -> str:
    """A printed line without what differs from run to run."""
    return MEASURED.sub("#", line.rstrip())


class Shell:
    """A folder to run the blocks of a page in, where ``barloom`` is the one under test."""

    def __init__(self, folder: Path) -> None:
        """Lay ``barloom`` into a folder of programs beside the work."""
        self.work = folder / "work"
        programs = folder / "bin"
        self.work.mkdir()
        programs.mkdir()
        barloom = programs / "barloom"
        barloom.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m barloom "$@"\n', encoding="utf-8")
        barloom.chmod(0o755)
        self._settings = environment(PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")

    def shell(self, command: str) -> str:
        """Output of a command on both streams; it must succeed, or end with the exit code that it names."""
        refused = REFUSED.search(command)
        return self._done("sh", "-c", command, code=int(refused["code"]) if refused else 0)

    def program(self, text: str) -> str:
        """Output of a program; it must succeed."""
        (self.work / "shown.py").write_text(text, encoding="utf-8")
        return self._done(sys.executable, "shown.py")

    def save(self, name: str, text: str) -> None:
        """Keep a file of the page."""
        (self.work / name).write_text(text, encoding="utf-8")

    def _done(self, *words: str, code: int = 0) -> str:
        ended = subprocess.run(
            words, cwd=self.work, env=self._settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert ended.returncode == code, f"{words[-1]}\n{ended.stdout}"
        return ended.stdout


def _years(folder: Path, name: str, rows: int) -> None:
    """Minutes from January 2015 on, cut into a file a year; ``{}`` in the name is the year."""
    bars = minute_bars(rows, seed=5)
    years = bars["timestamp"].astype("datetime64[ns]").astype("datetime64[Y]").astype(int) + 1970
    for year in sorted(set(years.tolist())):
        _write(folder / name.format(year), {key: values[years == year] for key, values in bars.items()})


def _write(path: Path, columns: Columns) -> None:
    """Write columns as a CSV that may be compressed."""
    plain = write(path.with_suffix("") if path.suffix == ".gz" else path, columns)
    if path.suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(plain.read_bytes())
        plain.unlink()


def _real(folder: Path, *names: str) -> bool:
    """Real files, where they are at hand."""
    for name in names if REAL else ():
        shutil.copy(REAL / name, folder)  # type: ignore[operator]
    return REAL is not None


def _readme(folder: Path) -> None:
    if not _real(folder, "fxcm_gbpusd-m1-bid-2012.csv.gz"):
        _write(folder / "fxcm_gbpusd-m1-bid-2012.csv.gz", minute_bars(20_000, seed=7))


def _data(folder: Path) -> None:
    write(folder / "EURUSD.csv", minute_bars(120_000, seed=5))
    bars = minute_bars(20_000, seed=7)
    for name in ("bid", "ask", "ticks-1s"):
        (folder / name).mkdir()
    for year, half in (("2019", slice(0, 10_000)), ("2020", slice(10_000, None))):
        part = {name: values[half] for name, values in bars.items()}
        write(folder / f"EURUSD-{year}.csv", part)
        write(folder / "bid" / f"{year}.csv", part)
        write(folder / "ask" / f"{year}.csv", ask_bars(part, spreads(part)))
        write(folder / "ticks-1s" / f"{year}.parquet", finer_bars(part))


def _sweeps(folder: Path) -> None:
    write_bars(from_synthetic(20_000, seed=7), folder / "EURUSD.arrow")
    if not _real(folder, *(f"bitfinex_BTCUSD_1m_{year}.csv.gz" for year in (2015, 2016))):
        _years(folder, "bitfinex_BTCUSD_1m_{}.csv.gz", 740_000)


def _eurusd(folder: Path) -> None:
    write_market(folder)
    write_bars(from_synthetic(20_000, seed=7), folder / "EURUSD.arrow")


def _troubles(folder: Path) -> None:
    """Files that are refused: headings of their own, dates of two meanings, a high below its close."""
    text = write(folder / "EURUSD.csv", minute_bars(10_000, seed=5)).read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    renamed = ["When,First,Top,Bottom,Last", *rows]
    dated = [head, *(f"03/04/2024 {n // 60:02}:{n % 60:02},{row.split(',', 1)[1]}" for n, row in enumerate(rows[:600]))]
    time, opened, _, low, close = rows[100].split(",")
    broken = [head, *rows[:100], ",".join((time, opened, low, low, close)), *rows[101:]]
    for name, lines in (("renamed.csv", renamed), ("dated.csv", dated), ("broken.csv", broken)):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


READY: dict[str, Callable[[Path], None]] = {
    "README.md": _readme,
    "docs/data.md": _data,
    "docs/execution.md": lambda folder: write_market(folder, 8_000),
    "docs/profiling.md": _eurusd,
    "docs/strategies.md": _eurusd,
    "docs/sweeps.md": _sweeps,
    "docs/troubleshooting.md": _troubles,
}
"""Preparation of the folder before the first command of a page; the other pages create all they need."""
OF_REAL_BARS = {"README.md", "docs/sweeps.md"}
"""Pages that show what real bars gave: without them their commands run, and what they print is not compared."""
