"""The page and the pictures of a sweep, written into its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from barloom.jobs.folder import safe_name
from barloom.jobs.staged import StagedFile
from barloom.sweeps.analysis.heat_map import heat_map, png
from barloom.sweeps.analysis.overfitting import Overfitting
from barloom.sweeps.analysis.report import page
from barloom.sweeps.analysis.stability import Stability
from barloom.sweeps.analysis.table import SweepTable

PAGE = "sweep.html"


def write_pages(
    folder: Path,
    title: str,
    table: SweepTable,
    by: str,
    *,
    min_trades: int = 0,
    axes: Sequence[tuple[str, str]] = (),
    stability: Stability | None = None,
    overfitting: Overfitting | None = None,
) -> list[Path]:
    """Write ``sweep.html``, and ``heat-map-X-Y.png`` for every two names asked for; what was there is replaced.

    Args:
        folder: where to; it is there.
        title: the heading of the page.
        table: the sets.
        by: the metric they are ranked by, which the heat maps show.
        min_trades: trades that a set must have to be ranked.
        axes: names across and down, a pair a heat map; see ``axes_of``.
        stability: the best set beside its neighbours.
        overfitting: what the search explains.

    Returns:
        The files, the page first.

    Raises:
        InputError: no such metric or name, or matplotlib is missing and there is a heat map; nothing is written then.
        OSError: the files cannot be written.
    """
    maps = tuple(heat_map(table, x, y, by, min_trades=min_trades) for x, y in axes)
    pictures = {f"heat-map-{safe_name(one.x)}-{safe_name(one.y)}": png(one) for one in maps}
    text = page(title, table, by, min_trades=min_trades, maps=maps, stability=stability, overfitting=overfitting)
    files = {PAGE: text.encode()} | {f"{name}.png": content for name, content in pictures.items()}
    staged: list[StagedFile] = []
    try:
        for name, content in files.items():
            staged.append(StagedFile(folder / name, content))
        for file in staged:
            file.commit()
    finally:
        for file in staged:
            file.discard()
    return [file.path for file in staged]
