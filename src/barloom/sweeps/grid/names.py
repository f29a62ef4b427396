"""Names of a grid: options of a run and parameters of its strategy, and the reading of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from barloom.errors import InputError, nearest
from barloom.options import RULES, kinds, option
from barloom.rules.exits import Distance
from barloom.rules.parameters import RunParameters, reader
from barloom.strategies.base import Strategy
from barloom.strategies.parameters import read_parameters
from barloom.strategies.registry import strategy_class
from barloom.sweeps.grid.axes import Axis, Plain

_SWEPT = {row.key for row in RULES if row.swept}
OPTIONS = tuple(name for name in RunParameters.model_fields if name in _SWEPT)
NOT_SWEPT = tuple(name for name in RunParameters.model_fields if name not in _SWEPT)
"""Options that are the same for every set of a sweep."""
_NUMBERS_OR_DISTANCES = {row.key for row in RULES if isinstance(row.kind, kinds.Number) and row.kind.distance}
PREFIX = "param."
"""Prefix for a strategy's parameter that has the same name as an option."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names a grid may have.

    Attributes:
        kind: the strategy whose parameters are among them.
        params: what was given for parameters of the strategy.
        fields: every name with its field: the parameters of the strategy first, then the options of a run.
    """

    kind: type[Strategy]
    params: Mapping[str, Any]
    fields: dict[str, FieldInfo]

    def canonical(self, name: str) -> str:
        """The one way to write a name: with underscores, and with ``param.`` only where an option has the same name.

        Raises:
            InputError: a name that is no option and no parameter, with the nearest known; or one that cannot be swept.
        """
        found = name.strip().replace("-", "_")
        if found.startswith(PREFIX) and found.removeprefix(PREFIX) not in OPTIONS:
            found = found.removeprefix(PREFIX)
        if found in self.fields:
            return found
        if found in NOT_SWEPT:
            raise InputError(
                f"grid name '{name}' is the same for every set of a sweep: give it as an option, --{found.replace('_', '-')}"
            )
        raise InputError(
            f"grid name '{name}' is no option and no parameter of {self.kind.name}: {nearest(found, self.fields)}"
        )

    def typed(self, axis: Axis) -> Axis:
        """The axis with its canonical name and values of the type that the option or the parameter has.

        A number that the strategy refuses is left as it is, for the set to be refused with a sentence of its own.

        Raises:
            InputError: an unknown name, or a value that the option cannot have.
        """
        name = self.canonical(axis.name)
        if name in OPTIONS:
            values = [read_option(name, value) for value in axis.values]
        else:
            adapter = _adapter(self.fields[name])
            values = [self._parameter(name, value, adapter) for value in axis.values]
        return Axis.of(name, _alike(name, values))

    def fixed(self, name: str, base: RunParameters) -> Plain:
        """The value that a name outside the grid has in every set: the given one, else the default.

        Raises:
            InputError: a parameter without a value that is one number, word, or true or false.
        """
        if name in OPTIONS:
            return getattr(base, name)  # type: ignore[no-any-return]
        parameter = name.removeprefix(PREFIX)
        value = base.params.get(parameter, self.fields[name].get_default(call_default_factory=True))
        if value is PydanticUndefined or not isinstance(value, (bool, int, float, str, type(None))):
            raise InputError(f"parameter '{parameter}' of {self.kind.name} has no plain value: put it on the grid")
        return self._parameter(name, value, _adapter(self.fields[name]))

    def _parameter(self, name: str, value: Plain, adapter: TypeAdapter[Any]) -> Plain:
        parameter = name.removeprefix(PREFIX)
        try:
            typed = adapter.validate_python(value)
        except ValidationError:
            if isinstance(value, str):
                self._refuse_word(parameter, value)
            return value
        return typed if isinstance(typed, (bool, int, float, str)) else value

    def _refuse_word(self, parameter: str, value: str) -> None:
        """Refuse a word if the strategy needs another type; contradictions between parameters are reported by the sets."""
        try:
            read_parameters(self.kind, {**self.params, parameter: value})
        except InputError as error:
            if str(error).startswith(f"parameter '{parameter}' of {self.kind.name} is "):
                hint = "; a range is FIRST:LAST:STEP" if ":" in value else ""
                raise InputError(f"{error}{hint}") from None


def known_names(strategy: str, params: Mapping[str, Any] | None = None) -> Names:
    """The names that a grid for that strategy may have.

    Args:
        strategy: a built-in name, ``module:Class`` or ``path.py:Class``, whose code is run.
        params: parameters given for every set.

    Raises:
        InputError: no such strategy, or a parameter it does not have.
    """
    kind = strategy_class(strategy)
    own = kind.Params.model_fields
    for name in params or {}:
        if name not in own:
            known = nearest(name, own) if own else "it has none"
            raise InputError(f"parameter '{name}' is unknown to {kind.name}: {known}")
    fields = {(PREFIX + name if name in OPTIONS else name): field for name, field in own.items()}
    fields |= {name: RunParameters.model_fields[name] for name in OPTIONS}
    return Names(kind, dict(params or {}), fields)


def parameters_of(base: RunParameters, names: Sequence[str], values: Sequence[Plain]) -> RunParameters:
    """The run of one set of a grid.

    Args:
        base: what all sets have in common.
        names: canonical names, as ``Grid.names`` has them.
        values: one a name.

    Raises:
        InputError: a value that the option cannot have.
    """
    options: dict[str, Any] = {}
    params = dict(base.params)
    for name, value in zip(names, values, strict=True):
        if name in OPTIONS:
            options[name] = _read_option(name, value)
        else:
            params[name.removeprefix(PREFIX)] = value
    # The fields are checked one by one above, each value once.
    return base.model_copy(update={**options, "params": params})


def read_option(name: str, value: Plain) -> Plain:
    """The value of an option with the type the option has.

    The word ``none`` is an option not given; where that leaves the distance to the strategy, the word is ``own``.

    Raises:
        InputError: a value that the option cannot have.
    """
    field = RunParameters.model_fields[name]
    row = option(name)
    said = f"grid name '{name}': {value!r}"
    if isinstance(value, str):
        value = value.strip()
        word = value.lower()
        if word == "own" if row.own else word == "none" and field.default is None and not row.kind.none:
            return None
    if value is None:
        if field.default is not None:
            raise InputError(f"{said} is no value for {row.typed}: give one")
        return None
    if isinstance(row.kind, kinds.Distance) or (name in _NUMBERS_OR_DISTANCES and isinstance(value, str)):
        Distance.parse(str(value), row.name, said)
        return str(value).lower()
    if row.kind is kinds.LOWER:
        value = str(value).lower()
    if row.choices and str(value) not in row.choices:
        raise InputError(f"{said} is not known: {nearest(str(value), row.choices)}")
    if (read := reader(name)) is not None:
        try:
            read(str(value))
        except InputError as error:
            raise InputError(f"grid name '{name}': {error}") from None
        return str(value)
    try:
        return _option_adapter(name).validate_python(value)  # type: ignore[no-any-return]
    except ValidationError as error:
        hint = "; a range is FIRST:LAST:STEP" if isinstance(value, str) and ":" in value else ""
        raise InputError(f"{said}: {error.errors()[0]['msg']}{hint}") from None


def _alike(name: str, values: list[Plain]) -> list[Plain]:
    """The values as one type for a table column: integers beside decimals as floats, and slippage beside ATR distances as text."""
    types = {type(value) for value in values}
    if {int, float} <= types:
        return [float(value) if type(value) is int else value for value in values]
    if name in _NUMBERS_OR_DISTANCES and {float, str} <= types:
        return [str(value) for value in values]
    return values


@lru_cache(maxsize=65_536, typed=True)
def _read_option(name: str, value: Plain) -> Plain:
    return read_option(name, value)


@lru_cache(maxsize=1024)
def _option_adapter(name: str) -> TypeAdapter[Any]:
    return _adapter(RunParameters.model_fields[name])


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Reads values of one field and checks its bounds."""
    return TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
