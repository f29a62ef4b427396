"""Copies of a strategy that share nothing with it that its own code can change: globals, class attributes and caches are new."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import site
import sys
import sysconfig
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from barloom.strategies.base import Strategy
from barloom.strategies.clone import Cloner

CODE: dict[str, types.CodeType] = {}
"""The code that the modules made of strategy files ran, by the names of these modules."""
Modules = dict[str, types.ModuleType]
_LOCK = threading.RLock()
Shelf = dict[tuple[str, str, str], "Copy"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A strategy made anew, and the modules that belong to it."""

    strategy: Strategy
    modules: Modules = field(default_factory=dict)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Show the code that runs meanwhile the modules of this copy."""
        with _shown(self.modules):
            yield


class Again:
    """Makes copies of a strategy, each as it would be if it had never been asked anything.

    Its module is run again, and so are the modules in the same folder that it imports. Code that cannot be run again (of a notebook or
    of the main program, or changed since it was imported) is copied in memory instead, with the values that its globals hold now.

    Attributes:
        name: the strategy's.
    """

    def __init__(self, strategy: Strategy, shelf: Shelf | None = None) -> None:
        """Take note of the strategy as it is before it is asked anything; ``shelf`` holds modules for copies that may share them."""
        self._shelf: Shelf = {} if shelf is None else shelf
        self._strategy = strategy
        self._kind = type(strategy)
        self.name = strategy.name
        self._own = self._kind.__module__.partition(".")[0] == "barloom"
        self._code = CODE.get(self._kind.__module__)
        self._kept: type[Strategy] | None = None
        self._rerun: bool | None = None
        if not self._own and (self._kind.__module__ == "__main__" or "<" in self._kind.__qualname__):
            self._keep()

    def _keep(self) -> None:
        self._rerun = False
        self._kept = Cloner(vars(sys.modules.get(self._kind.__module__, types))).kind(self._kind)

    def copy(self, place: str = "") -> Copy:
        """A new copy; those of one ``place`` on the shelf share their modules."""
        if not place or self._own:
            return self._copy()
        key = (self._kind.__module__, self._kind.__qualname__, place)
        if key not in self._shelf:
            self._shelf[key] = self._copy()
        first = self._shelf[key]
        with first.inside():
            return Copy(self._made(type(first.strategy)), first.modules)

    def _copy(self) -> Copy:
        if self._own:
            return Copy(self._made(self._kind))
        if self._rerun is not False:
            # Whatever code does while it is loaded may fail the second time.
            with contextlib.suppress(Exception), _LOCK:
                kind, modules = _run_again(self._kind, self._code)
                if self._code is not None or _same_functions(self._kind, kind):
                    with _shown(modules):
                        made = self._made(kind)
                    self._rerun = True
                    return Copy(made, modules)
            self._keep()
        assert self._kept is not None
        return Copy(self._made(Cloner(_globals_of(self._kept)).kind(self._kept)))

    def _made(self, kind: type[Strategy]) -> Strategy:
        kind.name = self._kind.name
        made = kind(_params(kind, self._strategy))
        made.origin = self._strategy.origin
        return made


def _params(kind: type[Strategy], strategy: Strategy) -> Strategy.Params:
    """The parameters of a strategy, of the class that goes with a copy of it."""
    if kind.Params is not type(strategy.params):
        with contextlib.suppress(Exception):
            values = strategy.params.model_dump()
            made = kind.Params.model_validate(values)
            if made.model_dump() == values:
                return made
    return strategy.params.model_copy(deep=True)


def _run_again(kind: type[Strategy], code: types.CodeType | None) -> tuple[type[Strategy], Modules]:
    """The class of a module that is run once more, and the modules it brought along; ``sys.modules`` is left as it was."""
    name = kind.__module__
    original = sys.modules[name]
    folder, beside = _folder(original), _beside(original)
    hidden = {known: sys.modules.pop(known) for known in beside}
    before = set(sys.modules)
    parents = [(sys.modules.get(known.rpartition(".")[0]), known.rpartition(".")[2], hidden[known]) for known in hidden]
    try:
        if code is not None:
            module = types.ModuleType(name)
            module.__file__ = original.__file__
            sys.modules[name] = module
            exec(code, module.__dict__)
        else:
            module = importlib.import_module(name)
        found: Any = module
        for part in kind.__qualname__.split("."):
            found = getattr(found, part)
        fresh = {
            known: loaded
            for known, loaded in sys.modules.items()
            if known in hidden or (known not in before and _lies_in(loaded, folder))
        }
        return found, fresh
    finally:
        for known in set(sys.modules) - before:
            if known in hidden or _lies_in(sys.modules[known], folder):
                del sys.modules[known]
        sys.modules.update(hidden)
        for parent, child, loaded in parents:
            if parent is not None:
                setattr(parent, child, loaded)


def _beside(module: types.ModuleType) -> list[str]:
    """The module, and those loaded from Python files in its folder or below, by name."""
    folder = _folder(module)
    names = [name for name, loaded in list(sys.modules.items()) if name != "__main__" and _lies_in(loaded, folder)]
    return list(dict.fromkeys([module.__name__, *names]))


def _folder(module: types.ModuleType) -> str | None:
    """The folder of a module, with a separator behind it."""
    file = getattr(module, "__file__", None)
    return os.path.join(os.path.dirname(os.path.abspath(file)), "") if file else None


def _lies_in(module: object, folder: str | None) -> bool:
    """True if a module is a user's in a folder; what is installed or Python's own is nobody's."""
    file = getattr(module, "__file__", None)
    if folder is None or not isinstance(file, str) or not file.endswith(".py") or not file.startswith(folder):
        return False
    return not file.startswith(_installed()) and str(getattr(module, "__name__", "")).partition(".")[0] != "barloom"


@functools.lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    """The folders of packages and of Python itself."""
    places = {*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()}
    return tuple(os.path.join(place, "") for place in places)


@contextmanager
def _shown(modules: Modules) -> Iterator[None]:
    """``sys.modules`` with these in it, and as it was before after that; one copy at a time in a process."""
    if not modules:
        yield
        return
    with _LOCK:
        before = {name: sys.modules.get(name) for name in modules}
        sys.modules.update(modules)
        try:
            yield
        finally:
            for name, module in before.items():
                if module is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = module


def _same_functions(first: type, second: type) -> bool:
    """True if two classes of one name have the same code: a file that was changed since it was imported is another strategy."""

    def codes(kind: type) -> dict[str, types.CodeType]:
        found: dict[str, types.CodeType] = {}
        for base in reversed(kind.__mro__):
            if base.__module__.partition(".")[0] in ("barloom", "builtins", "abc", "typing"):
                continue
            for name, value in vars(base).items():
                function = getattr(value, "fget", None) or getattr(value, "__func__", None) or value
                if isinstance(function, types.FunctionType):
                    found[name] = function.__code__
        return found

    return codes(first) == codes(second)


def _globals_of(kind: type) -> dict[str, Any]:
    """The globals of the functions of a class that ``Cloner`` made."""
    for value in vars(kind).values():
        if isinstance(value, types.FunctionType):
            return value.__globals__
    return {}
