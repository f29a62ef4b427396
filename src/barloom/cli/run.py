"""``barloom run``: options in, a run, and its table or its record out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from barloom.bars.bars import Bars
from barloom.bars.opening import from_synthetic
from barloom.bars.reading import Reading
from barloom.cli import output as results
from barloom.cli.given import given_options, model_of, open_data, refuse_unused, say_taken_for
from barloom.cli.lean import load_arrow
from barloom.cli.prompts import ask_slice, at_terminal
from barloom.errors import InputError
from barloom.jobs.run import JobOptions, run_job
from barloom.options import default
from barloom.rules.parameters import RunParameters

SAMPLE_ROWS = 500_000
"""Bars of ``--sample``: more than a year of minutes."""

ABOUT_BARS = ("timeframe", "anchor")
"""Options of ``Reading`` that do not speak of a file."""


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
    return open_data(given, options, else_give=", or give --sample")


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the command.

    Raises:
        BarloomError: see ``run_job``.
    """
    load_arrow()
    given = given_options(options)
    output = given.pop("format", default("format"))
    silent = given.pop("non_interactive", False)
    answers = None
    given["params"] = dict(given.pop("param", []))
    parameters = model_of(RunParameters, given)
    if not silent and "data_frac" not in given and not given.get("sample") and at_terminal():
        answers = ask_slice(given.get("portion"))
        given |= {"data_frac": answers.fraction, "portion": answers.portion}
    job_options = model_of(JobOptions, given)
    bars = _open(given, job_options, parameters.seed)
    refuse_unused(given)
    say_taken_for(bars)
    retries = answers.retries if answers is not None else None
    outcome = run_job(bars, parameters, job_options, command=["barloom", *words], retries=retries)
    if output == "json":
        results.document((outcome.folder / "run.json").read_text(encoding="utf-8"))
    else:
        from barloom.cli.summary import summary

        results.write(summary(outcome))
    return 0
