"""Log files: of a run, of a sweep, and that of ``--log-file``."""

from __future__ import annotations

import logging
import traceback
from io import TextIOWrapper
from pathlib import Path

from barloom.errors import sentence
from barloom.outputs import open_log


class Plain(logging.Formatter):
    """Messages on one line each, with what does not print escaped; details, as those of an error, on lines of their own behind them.

    Details are what a message brings along as ``extra={"details": text}``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The message, and its details where they are asked for."""
        plain = logging.makeLogRecord({**record.__dict__, "msg": sentence(record.getMessage()), "args": None})
        plain.exc_info = plain.exc_text = plain.stack_info = None
        return super().format(plain)


class Detailed(Plain):
    """The same with the details."""

    def format(self, record: logging.LogRecord) -> str:
        """The message and its details."""
        details: str = getattr(record, "details", "")
        return "\n".join([super().format(record), *(f"    {sentence(line)}" for line in details.splitlines())])


class LogFile(logging.FileHandler):
    """A log file that a full disk does not turn into noise on stderr."""

    def __init__(self, path: Path, option: str = "the log") -> None:
        """Open the file: a new one, or a log that barloom began, to go on with; ``option`` is what the user calls it.

        Raises:
            InputError: something else is there.
            OSError: it cannot be opened.
        """
        self._path, self._option = path, option
        super().__init__(path, mode="a", encoding="utf-8", errors="backslashreplace")
        self.setFormatter(Detailed("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def _open(self) -> TextIOWrapper:
        return open_log(self._path, self._option)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nothing: what cannot be written is lost."""

    def keep_traceback(self, name: str) -> None:
        """Write the traceback of the current error into this file only: on stderr one sentence is enough."""
        told = {"name": name, "levelname": "ERROR", "msg": "the traceback:", "details": traceback.format_exc()}
        self.emit(logging.makeLogRecord(told))
