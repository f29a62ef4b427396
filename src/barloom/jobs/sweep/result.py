"""Result of ``bl.sweep``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from barloom.boundary import PATH, TEXT, takes, whole
from barloom.engine import orchestrator
from barloom.engine.results import RunResult
from barloom.errors import InputError
from barloom.jobs.staged import StagedFile
from barloom.jobs.sweep.job import SweepOutcome
from barloom.outputs import Output, holds
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.overfitting import Overfitting
from barloom.sweeps.analysis.ranking import Judged
from barloom.sweeps.analysis.stability import Stability
from barloom.sweeps.grid.grid import parameters_of

if TYPE_CHECKING:
    import pandas as pd

    from barloom.bars.bars import Bars

_is_drawn = holds(re.compile(rb'<meta name="generator" content="barloom">|tEXtSoftware\0barloom'))


@dataclass
class SweepResult:
    """The sets of a sweep, ranked.

    Attributes:
        outcome: plan, table in the order of ``set_id``, record and folder.
        rank_by, min_trades: how sets are ranked.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(2_000)
        >>> result = bl.sweep(bars, "ema-cross", {"fast": [5, 10], "slow": [20, 50]}, rank_by="net_pnl")
        >>> result.table[["set_id", "fast", "slow", "trades"]].values.tolist()
        [[0, 5, 20, 59], [1, 5, 50, 47], [2, 10, 20, 60], [3, 10, 50, 41]]
        >>> result.best["set_id"], result.best["trades"]
        (0, 59)
    """

    outcome: SweepOutcome
    bars: Bars
    base: RunParameters
    rank_by: str
    min_trades: int
    fine: Bars | None = None

    def __len__(self) -> int:
        """Number of sets."""
        return len(self.outcome.table)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per set, the best first: ``set_id``, the grid values, the metrics, ``checksum``, and in ``error`` why a set was not run."""
        return self.outcome.table.ranked(self.rank_by, self.min_trades).to_pandas()

    @cached_property
    def _judged(self) -> Judged:
        return Judged.of(self.outcome.table, self.rank_by, self.min_trades)

    @property
    def best(self) -> dict[str, Any] | None:
        """The row of the best set; None if no set has the metric and enough trades."""
        best = self._judged.best
        return None if best is None else self.outcome.table.record(best)

    @property
    def stability(self) -> Stability | None:
        """Comparison of the best set with its neighbours, one grid step away."""
        return self._judged.stability

    @property
    def overfitting(self) -> Overfitting:
        """Statistics of overfitting for the best set."""
        return self._judged.overfitting

    @property
    def folder(self) -> Path | None:
        """Folder with the files; None if nothing was written."""
        return self.outcome.folder

    @takes(set_id=whole(0))
    def parameters(self, set_id: int) -> RunParameters:
        """The options of one set, for a single run.

        Raises:
            InputError: there is no such set.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(2_000)
            >>> result = bl.sweep(bars, "ema-cross", {"fast": [5, 10], "slow": [20, 50]}, rank_by="net_pnl")
            >>> result.parameters(2).params
            {'fast': 10, 'slow': 20}
        """
        table = self.outcome.table
        try:
            values = table.parameters(set_id)
        except KeyError:
            raise InputError(f"there is no set {set_id}: sets are numbered from 0 to {len(table) - 1}") from None
        return parameters_of(self.base, table.names, [values[name] for name in table.names])

    @takes(set_id=whole(0))
    def run(self, set_id: int) -> RunResult:
        """Run one set by itself, with its trades, equity and bounds.

        Raises:
            InputError: there is no such set, or it could not be run.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(2_000)
            >>> result = bl.sweep(bars, "ema-cross", {"fast": [5, 10], "slow": [20, 50]}, rank_by="net_pnl")
            >>> best = result.run(result.best["set_id"])
            >>> best.metrics.trades, round(best.metrics.max_drawdown, 2)
            (59, 180.68)
        """
        return orchestrator.run(self.bars, self.parameters(set_id), fine=self.fine)

    @takes(set_id=whole(0))
    def trades(self, set_id: int) -> pd.DataFrame:
        """The trades of one set: read if they were kept, else by running it again.

        Raises:
            InputError: see ``run``.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(2_000)
            >>> result = bl.sweep(bars, "ema-cross", {"fast": [5, 10], "slow": [20, 50]}, rank_by="net_pnl")
            >>> trades = result.trades(2)
            >>> len(trades), round(float(trades["net_pnl"].sum()), 2)
            (60, 220.19)
        """
        kept = self.outcome.trades
        if kept is not None:
            found = kept.filter(pc.equal(kept["set_id"], set_id))
            if found.num_rows:
                return found.drop_columns(["set_id"]).to_pandas()
        return self.run(set_id).trades

    @takes(path=PATH, x=TEXT, y=TEXT, by=TEXT.optional)
    def save_heat_map(self, path: str | Path, x: str, y: str, *, by: str | None = None) -> Path:
        """Draw a metric over two names of the grid: a picture to a ``.png``, a page with the ranking to an ``.html`` file.

        Args:
            path: the file; a picture or page of barloom that is there is replaced, any other file refused.
            x: the name across.
            y: the name down.
            by: the metric; None for the one sets are ranked by.

        Raises:
            InputError: another kind of file, a name that is not in the grid, an unknown metric, or no matplotlib for a picture.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(2_000)
            >>> result = bl.sweep(bars, "ema-cross", {"fast": [5, 10], "slow": [20, 50]}, rank_by="net_pnl")
            >>> result.save_heat_map("ema.html", x="fast", y="slow").name
            'ema.html'
        """
        from barloom.sweeps.analysis.heat_map import heat_map, png
        from barloom.sweeps.analysis.report import page

        file, table = Path(path), self.outcome.table
        output = Output(file, "the heat map", ours=_is_drawn, kind="a picture or page that barloom made")
        output.check()
        metric = by or self.rank_by
        drawn = heat_map(table, x, y, metric, min_trades=self.min_trades)
        if file.suffix.lower() == ".png":
            content = png(drawn)
        elif file.suffix.lower() == ".html":
            title = f"{self.base.strategy}: {len(table):,} sets"
            judged = self._judged if metric == self.rank_by else Judged.of(table, metric, self.min_trades)
            content = page(
                title,
                table,
                metric,
                min_trades=self.min_trades,
                maps=(drawn,),
                stability=judged.stability,
                overfitting=judged.overfitting,
            ).encode("utf-8")
        else:
            raise InputError(f"{file} is neither a .png nor an .html file: name one of these")
        try:
            staged = StagedFile(file, content, output)
            try:
                staged.commit()
            finally:
                staged.discard()
        except OSError as error:
            raise InputError(f"cannot write {file}: {error.strerror or error}; name another file") from None
        return file
