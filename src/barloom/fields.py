"""Fields of models made of the table of options: default, limits and description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from barloom.options import option
from barloom.options.kinds import Number


def of(key: str, command: str = "run", kept: Callable[[Any], Any] | None = None) -> Any:
    """The field that an option of a command is.

    Args:
        key: what the program calls the option.
        command: whose option it is.
        kept: what the model makes of the default, such as a path of a text.
    """
    row = option(key, command)
    limits: dict[str, Any] = {}
    if isinstance(row.kind, Number) and not row.kind.distance:
        bounds = {"ge": row.kind.at_least, "gt": row.kind.above, "le": row.kind.at_most}
        limits = {name: bound for name, bound in bounds.items() if bound is not None}
        if not row.kind.whole:
            limits["allow_inf_nan"] = False
    return Field(default=kept(row.default) if kept else row.default, description=row.told, **limits)
