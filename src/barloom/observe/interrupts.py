"""Handlers of Ctrl-C and SIGTERM that remember the signal: a library may swallow the exception, and the run would go on."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_seen: list[str] = []


def watch() -> None:
    """Install handlers for both signals. Each raises KeyboardInterrupt in the main thread, and is remembered.

    Ctrl-C stays ignored where it was: a shell starts its background so, and the foreground is meant.
    """
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    said = () if number == signal.SIGINT else ("terminated",)
    _seen.append(" ".join(said))
    raise KeyboardInterrupt(*said)


def seen() -> bool:
    """True if a signal came."""
    return bool(_seen)


def check() -> None:
    """Raise KeyboardInterrupt if a signal came, even if its own exception was swallowed."""
    if _seen:
        raise KeyboardInterrupt(*filter(None, _seen[:1]))
