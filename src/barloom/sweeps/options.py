"""Options of a sweep apart from its grid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from barloom.bars.bars import Bars
from barloom.bars.reading import Reading
from barloom.errors import InputError, nearest
from barloom.fields import of
from barloom.options import default
from barloom.sweeps.analysis.table import metric_of

MAX_SETS: int = default("max_sets", "sweep")
_BEST = re.compile(r"best:(\d+)")


class SweepOptions(Reading):
    """Options of a sweep that shape no trade but by the bars; each field is the command-line option of that name.

    Attributes:
        out: the output folder; None keeps everything in memory.
        max_workers: processes at most; one is this process.
        scheduler: address of a Dask scheduler, for ``executor='dask'``.
        keep_trades: ``best:N`` of the sets, ``all`` or ``none``.
    """

    data_frac: float = of("data_frac", "sweep")
    portion: int = of("portion", "sweep")
    start: str | None = of("start", "sweep")
    end: str | None = of("end", "sweep")
    memory_threshold_mb: float = of("memory_threshold_mb", "sweep")
    max_ram: str | None = of("max_ram", "sweep")
    out: Path | None = of("out", "sweep", kept=Path)
    benchmark_out: Path | None = of("benchmark_out", "sweep")
    max_workers: int = of("max_workers", "sweep")
    executor: Literal["local", "dask"] = of("executor", "sweep")
    scheduler: str | None = of("scheduler", "sweep")
    keep_trades: str = of("keep_trades", "sweep")
    rank_by: str = of("rank_by", "sweep")
    min_trades: int = of("min_trades", "sweep")
    max_sets: int = of("max_sets", "sweep")
    profile: bool = of("profile", "sweep")
    profile_html: bool = of("profile_html", "sweep")

    @property
    def part(self) -> dict[str, Any]:
        """The selection of bars, as the arguments of ``Bars.select``."""
        return {"fraction": self.data_frac, "portion": self.portion, "start": self.start, "end": self.end}

    def selected(self, bars: Bars) -> Bars:
        """The selected bars.

        Raises:
            InputError: there is no such part.
        """
        whole = all(value is None or value == 1 for value in self.part.values())
        return bars if whole else bars.select(**self.part)

    def check(self) -> None:
        """Refuse options that contradict each other or have no effect.

        Raises:
            InputError: with the options and the remedy.
        """
        if self.executor == "dask" and self.scheduler is None:
            raise InputError("--executor dask needs the address of a scheduler: --scheduler tcp://HOST:8786")
        if self.executor == "dask" and self.max_workers > 1:
            raise InputError("--max-workers is for --executor local: the workers of a scheduler are its own")
        if self.executor == "local" and self.scheduler is not None:
            raise InputError(f"--scheduler {self.scheduler} is for --executor dask: give that as well, or leave it out")
        if self.executor == "dask" and self.max_ram is not None:
            raise InputError("--max-ram is for --executor local: give the workers of the scheduler their limits there")
        if self.executor == "dask" and (self.profile or self.profile_html):
            option = "--profile-html" if self.profile_html else "--profile"
            raise InputError(
                f"{option} does not go with a scheduler, whose workers may do several tasks in one process: leave {option} out"
            )
        _ = self.metric, self.kept_sets

    @property
    def kept_sets(self) -> int | None:
        """Number of best sets whose trades are kept; None for all.

        Raises:
            InputError: ``keep_trades`` says neither.
        """
        text = self.keep_trades.strip().lower()
        if text == "all":
            return None
        if text == "none":
            return 0
        found = _BEST.fullmatch(text)
        if not found:
            raise InputError(
                f"--keep-trades is '{self.keep_trades}': {nearest(text, ('best:10', 'all', 'none'))}, and any number for 10"
            )
        return int(found[1])

    @property
    def metric(self) -> str:
        """The metric to rank by, as named in the table."""
        return metric_of(self.rank_by)

    @property
    def reading(self) -> Reading:
        """Options for reading the files."""
        return Reading(**{name: getattr(self, name) for name in Reading.model_fields})
