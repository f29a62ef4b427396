"""The strategies there are, and how one is found by name, module or file."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import stat
import sys
import types
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from barloom.errors import InputError, described, nearest
from barloom.outputs import refuse_no_name
from barloom.strategies.again import CODE
from barloom.strategies.base import Strategy, StrategyOrigin
from barloom.strategies.calling import Theirs
from barloom.strategies.ema_cross import EmaCross
from barloom.strategies.parameters import read_parameters
from barloom.strategies.trend_pullback import TrendPullback
from barloom.strategies.zscore_reversion import ZscoreReversion

BUILT_IN: dict[str, type[Strategy]] = {kind.name: kind for kind in (TrendPullback, EmaCross, ZscoreReversion)}


def load_strategy(
    text: str,
    params: Mapping[str, object] | None = None,
    *,
    source_option: str = "--strategy",
    ran: StrategyOrigin | None = None,
) -> Strategy:
    """The strategy that ``text`` names, with ``params`` in place of its defaults.

    ``text`` is a built-in name, ``module:Class`` or ``path/to/file.py:Class``. The last two RUN that code, with all
    the rights of this process; ``origin`` of the result says which file it was and its SHA-256. Never pass text found
    in data.

    Args:
        text: which strategy.
        params: values by name; text is converted to the parameter's type.
        source_option: what the user calls ``text``, for messages.
        ran: what it has to be, as a record has it: other code is refused before any of it runs.

    Raises:
        InputError: no such strategy, parameter, module, file or class; a value the parameter does not accept; code that fails to load or
            is not what ``ran`` says; a class that is no Strategy; or a file that every user of the machine may write to.
    """
    kind, origin = _find(text, source_option, ran)
    with Theirs(f"strategy {kind.name} could not be made", InputError):
        strategy = kind(read_parameters(kind, params or {}))
        strategy.origin = origin
    return strategy


def strategy_class(text: str, *, source_option: str = "--strategy") -> type[Strategy]:
    """The class that ``text`` names, not made yet; see ``load_strategy``, which says what may be wrong with it."""
    return _find(text, source_option)[0]


def _find(text: str, option: str, ran: StrategyOrigin | None = None) -> tuple[type[Strategy], StrategyOrigin]:
    if not isinstance(text, str):
        raise InputError(f"{option} is a {type(text).__name__}: give a name, module:Class or path/to/file.py:Class")
    refuse_no_name(Path(text), option)
    place, colon, name = text.rpartition(":")
    if text.endswith(".py"):
        raise InputError(f"{option} {text}: name the class in that file too, as {text}:Class")
    if not colon:
        if text not in BUILT_IN:
            raise InputError(
                f"{option} {text}: no such strategy; {nearest(text, BUILT_IN)}, or module:Class, or file.py:Class"
            )
        return BUILT_IN[text], StrategyOrigin("built-in", text)
    with Theirs(f"{option} {text}: loading it failed", InputError):
        if place.endswith(".py"):
            module, origin = _run_file(Path(place), option, ran)
        else:
            module, origin = _import(place, name, option, ran)
        return _class(module, name, f"{option} {text}"), origin


def _same_code(path: Path, digest: str, ran: StrategyOrigin | None) -> None:
    if ran is not None and ran.sha256 != digest:
        raise InputError(
            f"{path} was changed since the run (SHA-256 {ran.sha256} then): put it back as it was, or run it again"
        )


def _run_file(path: Path, option: str, ran: StrategyOrigin | None) -> tuple[types.ModuleType, StrategyOrigin]:
    try:
        path = path.resolve(strict=True)
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise InputError(f"{option} {path}: is no file that can be run; name a file of Python")
        code = path.read_bytes()
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be read ({error.strerror or error}); check the path") from error
    if os.name == "posix" and mode & stat.S_IWOTH:
        raise InputError(
            f"{option} {path}: every user of this machine may write to it, so it is not run; chmod o-w it first"
        )
    digest = hashlib.sha256(code).hexdigest()
    _same_code(path, digest, ran)
    module = types.ModuleType(f"barloom_strategy_{path.stem}_{digest[:16]}")
    module.__file__ = str(path)
    # What was hashed is what runs. Annotations of the class are looked up in sys.modules.
    sys.modules[module.__name__] = module
    try:
        CODE[module.__name__] = compile(code, str(path), "exec")
        exec(CODE[module.__name__], module.__dict__)
    except BaseException as error:
        sys.modules.pop(module.__name__, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise InputError(f"{option} {path}: {_fault(error, str(path))}") from error
    return module, StrategyOrigin("file", str(path), digest)


def _import(
    name: str, class_name: str, option: str, ran: StrategyOrigin | None
) -> tuple[types.ModuleType, StrategyOrigin]:
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(
            f"{option} {name}:{class_name}: '{name}' is no module name; give module:Class or path/to/file.py:Class"
        )
    try:
        if ran is not None:
            found = importlib.util.find_spec(name)
            if found is not None and found.origin is not None:
                path = Path(found.origin).resolve()
                _same_code(path, hashlib.sha256(path.read_bytes()).hexdigest(), ran)
        module = importlib.import_module(name)
    except InputError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            remedy = f"install it, or give its file as path/to/file.py:{class_name}"
            raise InputError(f"{option} {name}:{class_name}: no module named '{error.name}'; {remedy}") from error
        raise InputError(f"{option} {name}:{class_name}: {_fault(error, '')}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InputError(f"{option} {name}:{class_name}: {_fault(error, '')}") from error
    file = getattr(module, "__file__", None)
    if file is None or not Path(file).is_file():  # a module of no file, or a script that Python reads from a pipe
        return module, StrategyOrigin("module", name)
    path = Path(file).resolve()
    return module, StrategyOrigin("module", str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def _fault(error: BaseException, path: str) -> str:
    """The error in words that stopped the loading of code, with its line if that is known."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None and line is None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f" on line {line}" if line else ""
    kind, _, reason = described(error).partition(": ")
    return f"{kind}{where} while loading it: {error.msg if isinstance(error, SyntaxError) else reason}"


def _class(module: types.ModuleType, name: str, subject: str) -> type[Strategy]:
    kinds = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value is not Strategy
    }
    if name in kinds:
        kind = kinds[name]
        if not (isinstance(kind.Params, type) and issubclass(kind.Params, BaseModel)):
            raise InputError(f"{subject}: its Params is no pydantic model; derive it from Strategy.Params")
        if not kind.name:
            kind.name = name
        return kind
    if hasattr(module, name):
        raise InputError(f"{subject}: {name} is no subclass of barloom.Strategy; derive it from that")
    known = nearest(name, kinds) if kinds else "there is no strategy in it"
    raise InputError(f"{subject}: no class '{name}' there; {known}")
