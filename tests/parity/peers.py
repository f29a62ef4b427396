"""The engines barloom's presets are named after: loaded where they are installed, demanded where a run says so."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

import pytest

DEMANDED = "BARLOOM_PARITY"
"""Set to 1, a missing engine is an error and not a skip: `tox -e parity` sets it."""


def engine(name: str) -> ModuleType:
    """The module of an engine, or a skip that says how to get it.

    Raises:
        ImportError: it is not installed, and the run demands it.
    """
    if os.environ.get(DEMANDED) == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: tox -e parity compares with the real engine")
