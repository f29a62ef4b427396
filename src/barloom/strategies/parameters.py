"""Parameters of a strategy, read from what the user gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from barloom.boundary import refuse_unusable
from barloom.errors import InputError, nearest, shown

if TYPE_CHECKING:
    from barloom.strategies.base import Strategy

_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_BOUNDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}"}


def read_parameters(kind: type[Strategy], given: Mapping[str, object]) -> Strategy.Params:
    """The strategy's ``Params`` with the given values; text is converted.

    Raises:
        InputError: an unknown name, with the nearest and all known ones; or a value that is not accepted, with what is.
    """
    fields = kind.Params.model_fields
    for name in given:
        if name not in fields:
            known = nearest(name, fields) if fields else "it has none"
            raise InputError(f"parameter '{name}' is unknown to {kind.name}: {known}")
    for name, value in given.items():
        refuse_unusable(f"parameter '{name}' of {kind.name}", value)
    try:
        return kind.Params.model_validate(dict(given))
    except ValidationError as error:
        raise InputError(_explain(kind, error.errors()[0])) from error


def accepts(field: FieldInfo) -> str:
    """The values that a parameter accepts, in words: ``a whole number of at least 1 and at most 1000000``."""
    kind = _KINDS.get(field.annotation, "a value") if isinstance(field.annotation, type) else "a value"
    bounds = [
        words.format(f"{getattr(rule, key):g}" if isinstance(getattr(rule, key), float) else getattr(rule, key))
        for rule in field.metadata
        for key, words in _BOUNDS.items()
        if getattr(rule, key, None) is not None
    ]
    return f"{kind} {' and '.join(bounds)}" if bounds else kind


def _explain(kind: type[Strategy], fault: Any) -> str:
    reason = fault.get("ctx", {}).get("error")
    detail = str(reason) if isinstance(reason, Exception) else ""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if name not in kind.Params.model_fields:
        return f"parameters of {kind.name}: {detail or fault['msg']}"
    if fault["type"] == "missing":
        return f"parameter '{name}' of {kind.name} has no default: give {accepts(kind.Params.model_fields[name])}"
    wanted = detail or f"give {accepts(kind.Params.model_fields[name])}"
    return f"parameter '{name}' of {kind.name} is {shown(fault['input'])}: {wanted}"
