"""Log files: of a run, of a sweep, and that of ``--log-file``."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path


class LogFile(logging.FileHandler):
    """A log file that a full disk does not turn into noise on stderr."""

    def __init__(self, path: Path, mode: str) -> None:
        """Open the file.

        Args:
            path: where it is.
            mode: ``x`` for a new file, ``a`` to go on with one.

        Raises:
            OSError: it cannot be opened.
        """
        super().__init__(path, mode=mode, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nothing: what cannot be written is lost."""

    def keep_traceback(self, name: str) -> None:
        """Write the traceback of the current error into this file only: on stderr one sentence is enough."""
        self.emit(logging.makeLogRecord({"name": name, "levelname": "ERROR", "msg": traceback.format_exc()}))
