"""Handling of jobs that fail or are stopped: the files that are left and the message, the same for every kind of job."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from barloom import __version__
from barloom.errors import BarloomError, FidelityError, InputError, StrategyError, described
from barloom.observe.log_file import LogFile
from barloom.threads import is_refused, no_threads

log = logging.getLogger(__name__)


class Ending(ABC):
    """Files and messages that a kind of job leaves when it fails or is stopped.

    Attributes:
        place: path named in the message if the system names no file.
        log: the file with the traceback of an unexpected error; None if nothing is written.
        left: the end of the sentence about a failing disk.
    """

    place: Path
    log: Path | None
    left: str

    @abstractmethod
    def abandon(self) -> None:
        """Remove everything begun, except what is worth keeping."""

    @abstractmethod
    def interrupted(self) -> str:
        """Keep what is worth keeping, remove the rest. Returns a sentence about it."""

    @abstractmethod
    def failed(self, error: str) -> None:
        """Mark the files as failed, so that nobody takes the job for one that still runs."""


@contextlib.contextmanager
def ending(job: Ending) -> Iterator[None]:
    """Turn an error into the files that are left of the job and the message about it.

    Raises:
        InputError: bad data or options, or a disk that fails.
        FidelityError: results that must agree do not.
        KeyboardInterrupt: with a sentence that says what was kept.
        BarloomError: anything unexpected, with the path of the log that holds the traceback.
    """
    try:
        yield
    except InputError:
        job.abandon()
        raise
    except OSError as error:
        job.abandon()
        where = error.filename or job.place
        raise InputError(f"cannot read or write '{where}': {error.strerror or error}; {job.left}") from error
    except KeyboardInterrupt:
        raise KeyboardInterrupt(job.interrupted()) from None
    except Exception as error:
        if job.log is None:
            raise
        job.failed(described(error))
        if isinstance(error, FidelityError):
            raise
        raise _with_log(error, job.log) from error


def _with_log(error: Exception, path: Path) -> BarloomError:
    """The exception to raise for an unexpected error of a job: of the same kind, with the path of the log that holds the traceback."""
    if is_refused(error):
        return no_threads()
    if isinstance(error, MemoryError):
        return InputError(f"there is not enough memory ({error}): give --max-ram, or fewer --chunk-rows")
    said = str(error) if isinstance(error, BarloomError) else f"unexpected: {described(error)}"
    kind = StrategyError if isinstance(error, StrategyError) else BarloomError
    return kind(f"{said}; the traceback is in {path}")


@contextlib.contextmanager
def logged_to(path: Path, command: Sequence[str]) -> Iterator[None]:
    """Write all log messages from INFO up to the file as well, with the command first and the traceback of an exception last."""
    logger = logging.getLogger("barloom")
    handler = LogFile(path)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(min(level or logging.INFO, logging.INFO))
    log.info("barloom %s: %s", __version__, " ".join(command))
    try:
        yield
    except Exception:
        handler.keep_traceback(log.name)
        raise
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
