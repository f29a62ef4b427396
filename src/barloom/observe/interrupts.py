"""Ctrl-C and SIGTERM, remembered: libraries swallow the exception when it comes while they load, and the run would go on."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_seen: list[str] = []


def watch() -> None:
    """Take over both signals; each raises KeyboardInterrupt where it finds the main thread, and is remembered.

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
    """Whether a signal came."""
    return bool(_seen)


def check() -> None:
    """Raise KeyboardInterrupt if a signal came, whatever became of its own exception."""
    if _seen:
        raise KeyboardInterrupt(*filter(None, _seen[:1]))
