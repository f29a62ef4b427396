"""``barloom strategies list`` and ``barloom strategies show NAME``."""

from __future__ import annotations

import argparse
import inspect
import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic_core import PydanticUndefined

from barloom.cli import output
from barloom.cli.tables import Lines, facts_table, listing, render
from barloom.strategies.base import Strategy
from barloom.strategies.parameters import accepts
from barloom.strategies.registry import BUILT_IN, load_strategy

PIPED = 110
"""Columns of long texts in a pipe."""


def _rules(kind: type[Strategy]) -> list[str]:
    """The paragraphs and numbered rules of a strategy's description, each on one line."""
    text = inspect.cleandoc(kind.__doc__ or "").replace("`", "")
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=\d+\. |- )", text) if part.strip()]


def _parameters(kind: type[Strategy]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "default": None if field.default is PydanticUndefined else field.default,
            "accepts": accepts(field),
            "meaning": field.description or "",
        }
        for name, field in kind.Params.model_fields.items()
    ]


def _list(options: argparse.Namespace) -> int:
    found = {name: (_rules(kind) or [""])[0] for name, kind in BUILT_IN.items()}
    if options.format == "json":
        shown = [{"name": name, "rules": rules} for name, rules in found.items()]
        output.document(json.dumps(shown, indent=2, allow_nan=False))
    else:
        output.write(render(listing(("strategy", "rules"), found.items()), piped_width=PIPED))
    return 0


def _show(options: argparse.Namespace) -> int:
    kind = type(load_strategy(options.name, source_option="NAME"))
    rules, parameters = _rules(kind), _parameters(kind)
    if options.format == "json":
        shown = {"name": kind.name, "rules": rules, "parameters": parameters}
        output.document(json.dumps(shown, indent=2, allow_nan=False, default=str))
        return 0
    rows = [(each["name"], str(each["default"]), each["accepts"], each["meaning"]) for each in parameters]
    parts: list[Any] = [facts_table([(kind.name, Lines(rules))])]
    if rows:
        parts += ["", listing(("parameter", "default", "accepts", "meaning"), rows)]
    output.write(render(*parts, piped_width=PIPED))
    return 0


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the action.

    Raises:
        InputError: no such strategy.
    """
    return {"list": _list, "show": _show}[options.action](options)
