"""Options given on the command line and in the file of ``--config``, converted to models and bars."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from barloom.bars.bars import Bars
from barloom.bars.reading import Reading
from barloom.boundary import refuse_unusable
from barloom.cli._parser import build_parser
from barloom.cli.config import merged, read_config
from barloom.cli.messages import settle
from barloom.errors import InputError, shown

Model = TypeVar("Model", bound=BaseModel)


log = logging.getLogger(__name__)


def given_options(options: argparse.Namespace) -> dict[str, Any]:
    """Every option of the command that was typed or is in the file of ``--config``, by its name.

    Raises:
        InputError: options that exclude each other, or a file that cannot be used.
    """
    typed = {name: value for name, value in vars(options).items() if name != "command"}
    _refuse_unusable(typed)
    if "data_option" in typed:
        if "data" in typed:
            raise InputError("DATA and --data are the same: give one of them")
        typed["data"] = typed.pop("data_option")
    parser = build_parser([options.command]).subcommands[options.command]
    config = settle(read_config(typed.pop("config"), parser)) if "config" in typed else {}
    _refuse_unusable(config)
    return merged(typed, config, options.command)


def _refuse_unusable(given: dict[str, Any]) -> None:
    for name, value in given.items():
        refuse_unusable("--" + name.replace("_", "-"), value)


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
        raise InputError(f"{option}: {first['msg']}, not {shown(first['input'])}") from None


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
    """Print on stderr how the bars were read, if that had to be guessed."""
    if bars.taken_for:
        log.info("%s", bars.taken_for)


def refuse_unused(given: dict[str, Any]) -> None:
    """Refuse options that were parsed but not used."""
    if given:
        raise AssertionError(f"options that nothing uses: {sorted(given)}")
