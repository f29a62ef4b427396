"""The edge to a user's code: whatever it raises ends with the strategy's name, and whatever it prints goes to stderr."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import numpy as np

from barloom.errors import BarloomError, InputError, StrategyError, StrategyExitError, described, shown
from barloom.indicators.spec import Indicator, Source
from barloom.strategies.base import Strategy

T = TypeVar("T")
MOST_LOOKBACK = 1_000_000_000


class Theirs:
    """A context manager around a call of a user's code.

    Errors of barloom and Ctrl-C pass; all else that is raised becomes a ``StrategyError`` that says what was being done. SystemExit, which
    would end the program with any exit code, and a warning where warnings are errors become a ``StrategyExitError``. Meanwhile
    ``sys.stdout`` is stderr, for results are alone on stdout; and ``os._exit`` raises, as nobody would learn why the run had ended.

    Args:
        doing: what is being done, for the sentence: ``signals() of strategy x failed on bars 0 to 9``; a function that makes it where
            it is seldom needed.
        refused: the class of the error.
    """

    __slots__ = ("_doing", "_refused")

    def __init__(self, doing: str | Callable[[], str], refused: type[BarloomError] = StrategyError) -> None:
        self._doing, self._refused = doing, refused

    def __enter__(self) -> None:
        _streams.enter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _streams.leave()
        if error is None or isinstance(error, BarloomError | KeyboardInterrupt):
            return
        doing = self._doing if isinstance(self._doing, str) else self._doing()
        ended = isinstance(error, Warning) or not isinstance(error, Exception)
        raise (StrategyExitError if ended else self._refused)(f"{doing}: {described(error)}") from error


@dataclass(frozen=True, slots=True)
class Described:
    """The statements of a strategy about itself, checked."""

    name: str
    lookback: int
    indicators: Mapping[str, Indicator]
    higher: Mapping[str, Mapping[str, Source]]
    uses_volume: bool
    target_in_r: bool


def describe(strategy: Strategy) -> Described:
    """Ask a strategy for its indicators and for how far it looks back.

    Raises:
        StrategyError: its code failed.
        InputError: it says something that cannot be used.
    """
    name = str(type(strategy).name)
    asked: dict[str, Any] = {}
    for what, call in (
        ("lookback", lambda: strategy.lookback),
        ("indicators()", lambda: strategy.indicators()),
        ("higher()", lambda: strategy.higher()),
        ("uses_volume", lambda: bool(strategy.uses_volume)),
        ("target_in_r", lambda: bool(strategy.target_in_r)),
    ):
        with Theirs(f"{what} of strategy {name} failed"):
            asked[what] = call()
    return Described(
        name,
        _lookback(name, asked["lookback"]),
        _named(f"indicators() of strategy {name}", asked["indicators()"], (Indicator,), "an indicator"),
        _longer(name, asked["higher()"]),
        asked["uses_volume"],
        asked["target_in_r"],
    )


def _lookback(name: str, value: Any) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 0 <= value <= MOST_LOOKBACK:
        raise InputError(
            f"lookback of strategy {name} is {shown(value)}: give the bars before its own that a signal reads, 0 or more"
        )
    return int(value)


def _named(where: str, value: Any, kinds: tuple[type, ...], what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} gave a {type(value).__name__}: return a dict of names and what they stand for")
    for key, one in value.items():
        if not isinstance(key, str) or not isinstance(one, kinds):
            raise InputError(f"{where} has {shown(key)}: {shown(one)}, which is not a name and {what}")
    return value


def _longer(name: str, value: Any) -> Mapping[str, Mapping[str, Source]]:
    where = f"higher() of strategy {name}"
    for timeframe, sources in _named(where, value, (Mapping,), "a dict of what is read of it").items():
        _named(f"{where}, {timeframe},", sources, (Indicator, str), "an indicator or a column")
    return value  # type: ignore[no-any-return]


# ---------------------------------------------------------------- streams


class _Prints(io.TextIOBase):
    """Stands in for ``sys.stdout``: stderr for a thread that is in a call, and what stdout was for all others. Closing it closes nothing."""

    encoding = "utf-8"

    def __init__(self, streams: _Streams) -> None:
        self._streams = streams

    @property
    def _stream(self) -> Any:
        return self._streams.stream()

    def write(self, text: str) -> int:
        stream = self._stream
        if stream is not None:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        stream = self._stream
        if stream is not None:
            stream.flush()

    def close(self) -> None:
        """Nothing: it is not the user's."""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        stream = self._stream
        return stream is not None and bool(stream.isatty())

    def fileno(self) -> int:
        stream = self._stream
        if stream is None:
            raise OSError("there is no stream")
        return int(stream.fileno())

    @property
    def buffer(self) -> Any:
        return self._stream.buffer


class _Calls(threading.local):
    """Depth of a thread in calls of a user's code, and its process: a process forked within such a call may end itself."""

    depth = 0
    process = 0


class _Streams:
    """Puts stderr in the place of stdout while anybody's code is being called, on however many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._stdout: Any = None
        self._prints = _Prints(self)
        self._exit = os._exit
        self._calls = _Calls()

    def enter(self) -> None:
        with self._lock:
            if not self._depth:
                self._stdout, self._exit = sys.stdout, os._exit
                sys.stdout = self._prints
                os._exit = _refuse_exit
            self._depth += 1
        self._calls.depth += 1
        self._calls.process = os.getpid()

    def leave(self) -> None:
        self._calls.depth -= 1
        with self._lock:
            self._depth -= 1
            if not self._depth:
                sys.stdout = self._stdout
                os._exit = self._exit
                self._stdout = None

    def stream(self) -> Any:
        """Where a thread prints to. Outside of every call only a user's code can have kept what stands in for stdout."""
        return sys.stderr if self._calls.depth or not self._depth else self._stdout

    def exit(self, status: int) -> NoReturn:
        """End the process, as ``os._exit`` does, but not in the middle of a call: a process that the call has forked may go."""
        if self._calls.depth and self._calls.process == os.getpid():
            raise SystemExit(status)
        self._exit(status)


_streams = _Streams()


def _refuse_exit(status: int) -> NoReturn:
    """In place of ``os._exit``."""
    _streams.exit(status)
