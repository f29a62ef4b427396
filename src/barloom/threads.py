"""Clear errors if threads cannot be started: one sentence, instead of a traceback or a library that ends the process."""

from __future__ import annotations

import threading
from functools import cache

from barloom.errors import InputError

SPARE = 6
"""Threads beside those of the kernels: of readers, writers and libraries."""
REFUSED = "can't start new thread"


def no_threads() -> InputError:
    """The error to raise if no thread can be started."""
    return InputError(
        "no more threads can be started here: raise the limit of processes (ulimit -u, or the container's pids), "
        "end what holds them, or give --threads 1"
    )


def start(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        InputError: there are none to be had.
    """
    try:
        thread.start()
    except RuntimeError as error:
        if REFUSED not in str(error):
            raise
        raise no_threads() from error


def is_refused(error: BaseException) -> bool:
    """True if an error says that no thread could be started."""
    return isinstance(error, RuntimeError) and REFUSED in str(error)


@cache
def refuse_without(count: int) -> None:
    """Test once if ``count`` more threads can be started: OpenMP ends the process if it gets none.

    Raises:
        InputError: they cannot.
    """
    go = threading.Event()
    begun: list[threading.Thread] = []
    try:
        for _ in range(count + SPARE):
            thread = threading.Thread(target=go.wait, name="barloom-probe", daemon=True)
            start(thread)
            begun.append(thread)
    finally:
        go.set()
        for thread in begun:
            thread.join()
