"""Messages of a command beside its result: ``-v``, ``-q`` and ``--log-file`` of every command."""

from __future__ import annotations

import argparse
import logging
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from barloom import __version__
from barloom.errors import BarloomError, InputError
from barloom.observe.log_file import LogFile, Plain
from barloom.options import MESSAGES

OPTIONS = tuple(row.key for row in MESSAGES)
USUAL = ("barloom.observe.progress", "barloom.cli.given", "barloom.cli.bench")
"""Loggers whose plain messages are shown even without ``-v``."""
log = logging.getLogger(__name__)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes messages to the current stderr, which the progress bar replaces while it is shown."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(Plain("barloom: %(message)s"))
        self.verbose = False
        self.addFilter(lambda record: self.verbose or record.levelno >= logging.WARNING or record.name in USUAL)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class Messages:
    """Messages of one command; a context manager around it.

    Warnings and progress go to stderr; with ``verbose`` everything does, with ``quiet`` errors alone. ``log_file`` gets everything,
    with times, whatever is shown; progress is not even made with ``quiet``.
    """

    def __init__(self, options: dict[str, Any], words: Sequence[str]) -> None:
        """Take the typed options, by their names in ``OPTIONS``, and the words of the command line."""
        self._options, self._words = options, words
        self._stderr = _Stderr()
        self._file: LogFile | None = None
        self._announced = False
        self._logger = logging.getLogger("barloom")
        self._shown = logging.getLogger(USUAL[0])

    def __enter__(self) -> Self:
        self._levels = self._logger.level, self._shown.level
        self._started = time.perf_counter()
        self._logger.addHandler(self._stderr)
        try:
            self._apply()
        except BaseException:
            self._leave()
            raise
        _entered.append(self)
        return self

    def settle(self, options: dict[str, Any]) -> None:
        """Take the options of a file as well; typed ones win.

        Raises:
            InputError: ``quiet`` and ``verbose``, or a log file that cannot be written.
        """
        typed = self._options
        if "verbose" in typed or "quiet" in typed:
            options = {name: value for name, value in options.items() if name == "log_file"}
        if options:
            self._options = {**options, **typed}
            self._apply()

    def _apply(self) -> None:
        verbose, quiet = self._options.get("verbose", False), self._options.get("quiet", False)
        path = self._options.get("log_file")
        if verbose and quiet:
            raise InputError("--verbose and --quiet exclude each other: give one of them")
        self._stderr.verbose = verbose
        self._stderr.setLevel(logging.ERROR if quiet else logging.DEBUG)
        # No bar and no line of progress is even made then.
        self._shown.setLevel(logging.WARNING if quiet else logging.NOTSET)
        self._logger.setLevel(logging.DEBUG if verbose or path else logging.WARNING if quiet else logging.INFO)
        if path is not None and self._file is None:
            self._file = _open(Path(path))
            self._logger.addHandler(self._file)
        if (verbose or path is not None) and not self._announced:
            self._announced = True
            log.info("barloom %s, Python %s: %s", __version__, platform.python_version(), " ".join(self._words))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _entered.remove(self)
        try:
            if isinstance(error, BarloomError | OSError) and self._file is not None:
                self._file.emit(logging.makeLogRecord({"name": log.name, "levelname": "ERROR", "msg": str(error)}))
            elif isinstance(error, Exception) and self._file is not None:
                self._file.keep_traceback(log.name)
            elif isinstance(error, KeyboardInterrupt):
                log.debug("interrupted")
            elif error is None:
                log.debug("done in %.3f s", time.perf_counter() - self._started)
        finally:
            self._leave()

    def _leave(self) -> None:
        self._logger.removeHandler(self._stderr)
        if self._file is not None:
            self._logger.removeHandler(self._file)
            self._file.close()
        self._logger.setLevel(self._levels[0])
        self._shown.setLevel(self._levels[1])


_entered: list[Messages] = []


def typed_options(options: argparse.Namespace) -> dict[str, Any]:
    """The typed options of this module, which are removed from the namespace."""
    found = {name: value for name, value in vars(options).items() if name in OPTIONS}
    for name in found:
        delattr(options, name)
    return found


def settle(config: dict[str, Any]) -> dict[str, Any]:
    """The options of a file without those of this module, which are applied.

    Raises:
        InputError: see ``Messages.settle``.
    """
    if _entered:
        _entered[-1].settle({name: value for name, value in config.items() if name in OPTIONS})
    return {name: value for name, value in config.items() if name not in OPTIONS}


def _open(path: Path) -> LogFile:
    """The log file, opened for appending.

    Raises:
        InputError: it cannot be written, or is something else than a log.
    """
    try:
        return LogFile(path, "--log-file")
    except OSError as error:
        raise InputError(f"--log-file {path}: {error.strerror or error}; name a file that can be written") from None
