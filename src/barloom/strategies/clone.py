"""Copies of classes in memory: their functions with globals, closures, defaults and caches of their own."""

from __future__ import annotations

import copy
import functools
import types
from collections.abc import Iterator
from typing import Any

LARGEST = 64 * 2**20
"""Bytes of an array that is copied; a larger one is data, not something a rule notes down."""
SHARED = (type(None), bool, int, float, complex, str, bytes, types.ModuleType, types.BuiltinFunctionType)


class Cloner:
    """Copies what code can reach by the names it uses of one set of globals.

    Attributes:
        globals: those of the copies.
    """

    def __init__(self, home: dict[str, Any]) -> None:
        """Copy from the globals ``home``; its values are taken as they are when something asks for them."""
        self._home = home
        self.globals: dict[str, Any] = {"__builtins__": __builtins__, "__name__": home.get("__name__", "")}
        self._made: dict[int, Any] = {}
        self._kept: list[Any] = []

    def kind(self, kind: type) -> Any:
        """A copy of a class, and of its bases in the same module."""
        if id(kind) in self._made:
            return self._made[id(kind)]
        bases = tuple(self.kind(base) if self._ours(base) else base for base in kind.__bases__)
        cells: list[types.CellType] = []
        space = {
            name: value for name, value in vars(kind).items() if name not in ("__dict__", "__weakref__", "__slots__")
        }
        made = type(kind)(kind.__name__, bases, {"__module__": kind.__module__, "__qualname__": kind.__qualname__})
        self._note(kind, made)
        for name, value in space.items():
            if name not in ("__module__", "__qualname__", "__doc__", "__abstractmethods__", "_abc_impl"):
                setattr(made, name, self._value(value, made, cells))
        for cell in cells:
            cell.cell_contents = made
        return made

    def _ours(self, kind: type) -> bool:
        return kind.__module__ == self._home.get("__name__") and kind.__module__.partition(".")[0] != "barloom"

    def _note(self, old: Any, new: Any) -> None:
        self._made[id(old)] = new
        self._kept.append(old)  # so that its id is nobody else's meanwhile

    def _value(self, value: Any, owner: type | None = None, cells: list[types.CellType] | None = None) -> Any:
        if isinstance(value, SHARED):
            return value
        if id(value) in self._made:
            return self._made[id(value)]
        if isinstance(value, types.FunctionType):
            return self._function(value, owner, cells) if value.__globals__ is self._home else value
        if isinstance(value, property):
            return property(*(self._value(part, owner, cells) for part in (value.fget, value.fset, value.fdel)))
        if isinstance(value, staticmethod | classmethod):
            return type(value)(self._value(value.__func__, owner, cells))
        if hasattr(value, "cache_parameters") and hasattr(value, "__wrapped__"):
            cached: Any = functools.lru_cache(**value.cache_parameters())(self._value(value.__wrapped__, owner, cells))
            return cached
        if isinstance(value, type):
            return self.kind(value) if type(value) is type and self._ours(value) else value
        if getattr(value, "nbytes", 0) > LARGEST:
            return value
        try:
            made = copy.deepcopy(value)
        except Exception:
            return value
        self._note(value, made)
        return made

    def _function(
        self, old: types.FunctionType, owner: type | None, cells: list[types.CellType] | None
    ) -> types.FunctionType:
        closure = None if old.__closure__ is None else tuple(types.CellType() for _ in old.__closure__)
        new = types.FunctionType(old.__code__, self.globals, old.__name__, None, closure)
        self._note(old, new)
        new.__defaults__ = None if old.__defaults__ is None else tuple(self._value(one) for one in old.__defaults__)
        new.__kwdefaults__ = {name: self._value(one) for name, one in (old.__kwdefaults__ or {}).items()} or None
        new.__qualname__, new.__module__, new.__doc__ = old.__qualname__, old.__module__, old.__doc__
        new.__dict__.update({name: self._value(one) for name, one in vars(old).items()})
        for name, cell, fresh in zip(old.__code__.co_freevars, old.__closure__ or (), closure or (), strict=True):
            if name == "__class__" and cells is not None:
                cells.append(fresh)
                continue
            try:
                fresh.cell_contents = self._value(cell.cell_contents)
            except ValueError:
                continue  # nothing is in it yet
        for name in _names(old.__code__):
            if name in self._home and name not in self.globals:
                self.globals[name] = None
                self.globals[name] = self._value(self._home[name])
        return new


def _names(code: types.CodeType) -> Iterator[str]:
    """The globals that code may use, by name."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
