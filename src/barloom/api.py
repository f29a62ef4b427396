"""``bl.run``, ``bl.simulate``, ``bl.sweep`` and ``bl.walk_forward``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from barloom.boundary import BARS, CALL, FLAG, PATH, TABLE, TEXT, TEXTS, made, refuse_unusable, takes, unusable, whole
from barloom.engine import orchestrator
from barloom.engine.orchestrator import simulate
from barloom.engine.results import RunResult
from barloom.errors import BarloomError, InputError, described, nearest, shown
from barloom.rules.parameters import RunParameters, fields_of

if TYPE_CHECKING:
    from barloom.bars import Bars
    from barloom.jobs.sweep.result import SweepResult
    from barloom.rules.exits import Exits
    from barloom.sweeps.walk_forward.result import WalkForward

__all__ = ["run", "simulate", "sweep", "walk_forward"]

EXITS = made("barloom.rules.exits:Exits")
Model = TypeVar("Model", bound=BaseModel)


@takes(bars=BARS, strategy=TEXT, params=TABLE.optional, exits=EXITS.optional, fine=BARS.optional)
def run(
    bars: Bars,
    strategy: str = "trend-pullback",
    params: dict[str, Any] | None = None,
    *,
    exits: Exits | None = None,
    fine: Bars | None = None,
    **options: Any,
) -> RunResult:
    """Run a strategy over bars and keep its trades in memory.

    Args:
        bars: from ``open_bars``, ``from_pandas``, ``from_arrays`` or ``from_synthetic``.
        strategy: a built-in name, ``module:Class`` or ``path.py:Class``.
        params: parameters of the strategy by name.
        exits: exits that hold for every trade, in place of the options ``max_hold``, ``trail``, ``breakeven``, ``ladder`` and those of
            sessions.
        fine: finer bars of the same times; ``intrabar`` is ``drilldown`` then.
        **options: fields of ``RunParameters``: the options of ``barloom run`` with underscores (``risk_pct=0.5``).

    Raises:
        InputError: bad data, an unknown option, a value it does not take, or one given twice.
        FidelityError: see ``orchestrator.run``.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(2_000)
        >>> result = bl.run(bars, "ema-cross", {"fast": 5, "slow": 20}, spread=0.0001)
        >>> result.metrics.trades, round(result.metrics.net_pnl, 2)
        (86, -773.7)
    """
    _refuse_unknown("run", options)
    from_exits = fields_of(exits) if exits is not None else {}
    for name in from_exits.keys() & options.keys():
        raise InputError(f"{name} of run() is given by exits as well: leave one of them out")
    parameters = _model("run", RunParameters, strategy=strategy, params=params or {}, **from_exits, **options)
    return orchestrator.run(bars, parameters, fine=fine)


@takes(
    bars=BARS,
    strategy=TEXT,
    params=TABLE.optional,
    where=TEXTS,
    sample=whole(1).optional,
    seed=whole(0),
    search=TEXT.optional,
    trials=whole(1).optional,
    workers=whole(1),
    scheduler=TEXT.optional,
    rank_by=TEXT,
    min_trades=whole(0),
    keep_trades=TEXT,
    max_sets=whole(1),
    fine=PATH.optional,
    max_ram=TEXT.optional,
    out=PATH.optional,
    on_progress=CALL.optional,
)
def sweep(
    bars: Bars,
    strategy: str,
    grid: Mapping[str, Any] | Iterable[str],
    *,
    params: dict[str, Any] | None = None,
    where: Iterable[str] | str = (),
    sample: int | None = None,
    seed: int = 0,
    search: str | None = None,
    trials: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    rank_by: str = "sharpe",
    min_trades: int = 0,
    keep_trades: str = "best:10",
    max_sets: int = 1_000_000,
    fine: str | Path | None = None,
    max_ram: str | None = None,
    out: str | Path | None = None,
    on_progress: Callable[[Any], None] | None = None,
    **options: Any,
) -> SweepResult:
    """Run every set of a grid over the same bars and rank them.

    Every set gives the trades that ``run`` gives with its values; neither workers nor their number change a row.

    Args:
        bars: as in ``run``.
        strategy: as in ``run``.
        grid: values by name, ``{"fast": range(5, 50, 5), "stop": ["atr:1", "atr:2"]}``; names are options or parameters of the
            strategy. Or texts as on the command line: ``["fast=5:50:5"]``.
        params: parameters of the strategy that all sets share.
        where: constraints such as ``"fast < slow"``.
        sample: take so many sets at random instead of all.
        seed: of everything random.
        search: ``tpe`` lets Optuna choose ``trials`` sets of the grid.
        trials: sets that a search tries.
        workers: processes that share the sets; bars that are in no file are written to a temporary store for them.
        scheduler: address of a Dask scheduler, whose workers run the sets instead.
        rank_by: a metric.
        min_trades: trades that a set must have to be ranked.
        keep_trades: ``best:N``, ``all`` or ``none``.
        max_sets: a grid of more sets is refused.
        fine: file of finer bars of the same times; ``intrabar`` is ``drilldown`` then.
        max_ram: a size such as ``2GB`` to stay within.
        out: folder for files, from which the same sweep goes on when it was stopped; None keeps everything in memory.
        on_progress: told how many sets are done.
        **options: what all sets share; see ``run``.

    Raises:
        InputError: bad data, names, values or constraints, or a scheduler that cannot be reached.
        FidelityError: see ``orchestrator.run``.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(2_000)
        >>> result = bl.sweep(bars, "ema-cross", {"fast": [5, 10], "slow": [20, 50]}, rank_by="net_pnl")
        >>> len(result)
        4
        >>> result.best["fast"], result.best["slow"], round(result.best["net_pnl"], 2)
        (5, 20, 480.65)
    """
    from barloom.jobs.sweep.job import sweep_job
    from barloom.jobs.sweep.result import SweepResult
    from barloom.sweeps.analysis.ranking import RankedSearch, asked_grid
    from barloom.sweeps.options import SweepOptions

    base = _base("sweep", strategy, params, seed, options)
    asked = _model(
        "sweep",
        SweepOptions,
        max_workers=workers,
        executor="local" if scheduler is None else "dask",
        scheduler=scheduler,
        rank_by=rank_by,
        min_trades=min_trades,
        keep_trades=keep_trades,
        max_sets=max_sets,
        fine=fine,
        max_ram=max_ram,
        out=out,
    )
    with unusable("the grid of sweep()"):
        sets = asked_grid(grid, base, where=where, sample=sample)
    chosen = RankedSearch.asked(sets, search, trials, rank_by=rank_by, min_trades=min_trades, max_sets=max_sets)
    outcome = sweep_job(bars, base, sets, asked, search=chosen, on_progress=on_progress)
    return SweepResult(outcome, bars, base, rank_by, min_trades, asked.open_fine(bool(bars.source.corrected)))


@takes(
    bars=BARS,
    strategy=TEXT,
    train=TEXT,
    test=TEXT,
    step=TEXT.optional,
    anchored=FLAG,
    params=TABLE.optional,
    where=TEXTS,
    sample=whole(1).optional,
    seed=whole(0),
    workers=whole(1),
    rank_by=TEXT,
    min_trades=whole(0),
    max_sets=whole(1),
    fine=PATH.optional,
    out=PATH.optional,
    on_progress=CALL.optional,
)
def walk_forward(
    bars: Bars,
    strategy: str,
    grid: Mapping[str, Any] | Iterable[str],
    *,
    train: str,
    test: str,
    step: str | None = None,
    anchored: bool = False,
    params: dict[str, Any] | None = None,
    where: Iterable[str] | str = (),
    sample: int | None = None,
    seed: int = 0,
    workers: int = 1,
    rank_by: str = "sharpe",
    min_trades: int = 0,
    max_sets: int = 1_000_000,
    fine: str | Path | None = None,
    out: str | Path | None = None,
    on_progress: Callable[[Any], None] | None = None,
    **options: Any,
) -> WalkForward:
    """Choose the best set of a grid on a window of bars, run it on the bars that follow, move on, and join what was never seen.

    Args:
        bars: as in ``run``.
        strategy: as in ``run``.
        grid: as in ``sweep``.
        train: length of the window that sets are chosen on: ``2y``, ``6m`` (months), ``8w`` or ``30d``.
        test: length of the window that follows it.
        step: from one window to the next; None for the length of the test.
        anchored: train from the first bar on, in ever longer windows.
        params: parameters of the strategy that all sets share.
        where: constraints, as in ``sweep``.
        sample: take so many sets at random instead of all.
        seed: of everything random.
        workers: processes that share the sets of a window.
        rank_by: the metric that tells the best set.
        min_trades: trades that it must have in sample.
        max_sets: a grid of more sets is refused.
        fine: file of finer bars of the same times; ``intrabar`` is ``drilldown`` then.
        out: folder for files; None writes none.
        on_progress: told how many sets are done, over all windows.
        **options: what all sets share; see ``run``.

    Raises:
        InputError: see ``sweep``; bars too short for the windows, or windows that overlap.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(8_000)  # a week of minutes
        >>> grid = {"fast": [5, 10], "slow": [20, 50]}
        >>> walked = bl.walk_forward(bars, "ema-cross", grid, train="3d", test="1d", rank_by="net_pnl")
        >>> walked.summary.tested, walked.summary.trades, round(walked.summary.net_pnl, 2)
        (5, 155, 164.85)
    """
    from barloom.jobs.walk_forward import walk_forward_job
    from barloom.sweeps.analysis.ranking import asked_grid
    from barloom.sweeps.options import SweepOptions
    from barloom.sweeps.walk_forward.walk import Walk
    from barloom.sweeps.walk_forward.windows import CalendarSpan

    base = _base("walk_forward", strategy, params, seed, options)
    asked = _model(
        "walk_forward",
        SweepOptions,
        max_workers=workers,
        rank_by=rank_by,
        min_trades=min_trades,
        max_sets=max_sets,
        fine=fine,
        out=out,
    )
    spans = [
        CalendarSpan.parse(text, option) for option, text in (("train", train), ("test", test), ("step", step or test))
    ]
    with unusable("the grid of walk_forward()"):
        sets = asked_grid(grid, base, where=where, sample=sample)
    walk = Walk.of(sets, base, asked, *spans, anchored=anchored)
    return walk_forward_job(bars, walk, asked, on_progress=on_progress).result


def _base(
    function: str, strategy: str, params: dict[str, Any] | None, seed: int, options: dict[str, Any]
) -> RunParameters:
    """The parameters that all sets share."""
    _refuse_unknown(function, options)
    return _model(function, RunParameters, strategy=strategy, params=params or {}, seed=seed, **options)


def _refuse_unknown(function: str, options: dict[str, Any]) -> None:
    for name in options:
        if name not in RunParameters.model_fields:
            raise InputError(f"{function}() has no option '{name}': {nearest(name, RunParameters.model_fields)}")


def _model(function: str, model: type[Model], **values: Any) -> Model:
    """The model of these values.

    Raises:
        InputError: it refuses one.
    """
    for option, value in values.items():
        refuse_unusable(f"{option} of {function}()", value)
    try:
        model_made = model(**values)
        for option in values.keys() & model.model_fields.keys():
            refuse_unusable(f"{option} of {function}()", getattr(model_made, option))
        return model_made
    except BarloomError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else "an option"
        name = where.removeprefix("max_") if where == "max_workers" else where
        raise InputError(f"{name} of {function}(): {first['msg']}, not {shown(first['input'])}") from None
    except Exception as error:
        raise InputError(f"the options of {function}() cannot be used as given ({described(error)})") from error
