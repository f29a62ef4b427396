"""What was asked for, on the command line and in the file of ``--config``: as options, as models, as bars."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from barloom.backtest.reading import Reading
from barloom.bars.bars import Bars
from barloom.cli._parser import build_parser
from barloom.cli.config import merged, read_config
from barloom.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


class _Stderr(logging.StreamHandler[TextIO]):
    """Warnings and progress on whatever stderr is at the moment: the progress bar puts itself in between."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(logging.Formatter("barloom: %(message)s"))
        self.addFilter(lambda record: record.levelno >= logging.WARNING or record.name == "barloom.observe.progress")

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


@contextlib.contextmanager
def told_on_stderr() -> Iterator[None]:
    """Warnings and progress go to stderr meanwhile."""
    handler = _Stderr()
    logger = logging.getLogger("barloom")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def given_options(options: argparse.Namespace) -> dict[str, Any]:
    """Every option of the command that was typed or is in the file of ``--config``, by its name.

    Raises:
        InputError: options that exclude each other, or a file that cannot be used.
    """
    typed = {name: value for name, value in vars(options).items() if name != "command"}
    if "data_option" in typed:
        if "data" in typed:
            raise InputError("DATA and --data are the same: give one of them")
        typed["data"] = typed.pop("data_option")
    parser = build_parser().subcommands[options.command]
    config = read_config(typed.pop("config"), parser) if "config" in typed else {}
    return merged(typed, config)


def model_of(model: type[Model], given: dict[str, Any]) -> Model:
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


def open_data(given: dict[str, Any], reading: Reading, *, else_give: str = "") -> Bars:
    """The bars of the files that ``data`` names, which is taken out of ``given``.

    Args:
        given: the options.
        reading: how files are read.
        else_give: what can be given instead, for the sentence.

    Raises:
        InputError: none is named, or a file cannot be used.
    """
    if "data" not in given:
        raise InputError(f"no data: name a CSV, Parquet or Arrow file{else_give}")
    return reading.open([Path(name) for name in given.pop("data")])


def say_taken_for(bars: Bars) -> None:
    """Tell on stderr what the bars were taken for, where that had to be guessed."""
    if bars.taken_for:
        print(f"barloom: {bars.taken_for}", file=sys.stderr, flush=True)


def refuse_unused(given: dict[str, Any]) -> None:
    """No option is parsed and then ignored."""
    if given:
        raise AssertionError(f"options that nothing uses: {sorted(given)}")
