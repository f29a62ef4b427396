"""``barloom run``: options in, a run, and its table or its record out."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from barloom.backtest.job import JobOptions, run_job
from barloom.backtest.parameters import RunParameters
from barloom.backtest.reading import Reading
from barloom.bars.bars import Bars, from_synthetic
from barloom.cli._parser import build_parser
from barloom.cli.config import merged, read_config
from barloom.cli.lean import leave_pandas_out
from barloom.cli.prompts import ask_slice, at_terminal
from barloom.errors import InputError

Model = TypeVar("Model", bound=BaseModel)
SAMPLE_ROWS = 500_000
"""Bars of ``--sample``: more than a year of minutes."""

ABOUT_BARS = ("timeframe", "anchor")
"""Options of ``Reading`` that do not speak of a file."""


class _Stderr(logging.StreamHandler[TextIO]):
    """Warnings and progress on whatever stderr is at the moment: the progress bar puts itself in between."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(logging.Formatter("barloom: %(message)s"))
        self.addFilter(lambda record: record.levelno >= logging.WARNING or record.name == "barloom.observe.progress")

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """Every option that was typed or is in the file of ``--config``, by its name.

    Raises:
        InputError: options that exclude each other, or a file that cannot be used.
    """
    typed = {name: value for name, value in vars(options).items() if name != "command"}
    if "data_option" in typed:
        if "data" in typed:
            raise InputError("DATA and --data are the same: give one of them")
        typed["data"] = typed.pop("data_option")
    config = read_config(typed.pop("config"), build_parser().subcommands["run"]) if "config" in typed else {}
    return merged(typed, config)


def _model(model: type[Model], given: dict[str, Any]) -> Model:
    """The model with those of the given options that are its fields, which are taken out of ``given``.

    Raises:
        InputError: a value the model refuses.
    """
    try:
        return model(**{name: given.pop(name) for name in model.model_fields if name in given})
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else "options"
        raise InputError(f"{option}: {first['msg']}, not {first['input']!r}") from None


def _open(given: dict[str, Any], options: JobOptions, seed: int) -> Bars:
    """The bars of the file or of the sample.

    Raises:
        InputError: neither is named, an option that does not go with the sample, or a file that cannot be used.
    """
    if given.pop("sample", False):
        for name in Reading.model_fields:
            if name in options.model_fields_set and name not in ABOUT_BARS:
                option = "--" + name.replace("_", "-")
                raise InputError(f"{option} is about a file and does not go with --sample: leave one of them out")
        return options.resampled(from_synthetic(SAMPLE_ROWS, seed))
    if "data" not in given:
        raise InputError("no data: name a CSV, Parquet or Arrow file, or give --sample")
    data = [Path(name) for name in given.pop("data")]
    return options.open(data[0] if len(data) == 1 else data)


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the command.

    Raises:
        BarloomError: see ``run_job``.
    """
    leave_pandas_out()
    given = _given(options)
    output = given.pop("format", "text")
    silent = given.pop("non_interactive", False)
    answers = None
    given["params"] = dict(given.pop("param", []))
    parameters = _model(RunParameters, given)
    if not silent and "data_frac" not in given and not given.get("sample") and at_terminal():
        answers = ask_slice(given.get("portion"))
        given |= {"data_frac": answers.fraction, "portion": answers.portion}
    job_options = _model(JobOptions, given)
    bars = _open(given, job_options, parameters.seed)
    if given:
        raise AssertionError(f"options that nothing uses: {sorted(given)}")

    handler = _Stderr()
    logger = logging.getLogger("barloom")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        if bars.taken_for:
            print(f"barloom: {bars.taken_for}", file=sys.stderr, flush=True)
        retries = answers.retries if answers is not None else None
        outcome = run_job(bars, parameters, job_options, command=["barloom", *words], retries=retries)
    finally:
        logger.removeHandler(handler)
    if output == "json":
        sys.stdout.write((outcome.folder / "run.json").read_text(encoding="utf-8"))
    else:
        from barloom.cli.summary import summary

        sys.stdout.write(summary(outcome))
    return 0
