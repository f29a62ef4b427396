"""Waits for events: what a test waits for is a file, a line, a state or an end, never an amount of time.

A machine may be as slow as it likes. ``PATIENCE`` only ends what hangs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PATIENCE = 600.0
"""Seconds after which something that has not come is taken for something that never comes."""
LOOK = 0.01
"""Seconds between two looks."""

HOLD = f'''
import os, time
from pathlib import Path


def hold(here):
    """Say that this process has come here, and go on once a file ``go`` stands there; give up when nobody is left to make it."""
    (here / f"held-{{os.getpid()}}").touch()
    until = time.monotonic() + {PATIENCE}
    while not (here / "go").exists() and time.monotonic() < until:
        time.sleep({LOOK})
'''
"""Source of ``hold`` for programs that tests stop in the middle: they are there, and stay there, until they are told to go on."""


def patient() -> Iterator[None]:
    """Looks at what is waited for, one after the other, until patience is over, which is a failure."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        yield
    raise AssertionError("it never came")


def wait_for(found: Callable[[], Any], process: subprocess.Popen[Any] | None = None) -> Any:
    """First true result of ``found``; fails if the process ends before, or it never comes."""
    for _ in patient():
        # Looked at first: what a process leaves it has left before it ended.
        ended = process is not None and process.poll() is not None
        result = found()
        if result:
            return result
        if ended and process is not None:
            raise AssertionError(f"the process ended before: {process.communicate()}")
        time.sleep(LOOK)
    return None


def held(folder: Path) -> list[int]:
    """The processes that are held in a folder."""
    return [int(path.name.removeprefix("held-")) for path in folder.glob("held-*")]


def go_on(folder: Path) -> None:
    """Let what is held in a folder, and what comes there later, go on."""
    (folder / "go").touch()


def ended(process: subprocess.Popen[Any]) -> tuple[Any, Any]:
    """Output of a process until its end; one that hangs is killed, and the test fails."""
    try:
        return process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def interrupt(process: subprocess.Popen[Any], number: int = signal.SIGINT, *, group: bool = False) -> None:
    """Send a signal, to the whole group as a terminal does if asked, and wait until it has been taken (on Linux)."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number) if group else process.send_signal(number)
    if sys.platform == "linux":
        wait_for(lambda: process.poll() is not None or not _pending(process.pid, number))


def _pending(process_id: int, number: int) -> bool:
    """True if a signal is pending for a process."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return False
    masks = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask >> (number - 1) & 1 for mask in masks)
