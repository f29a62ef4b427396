"""Symbolic links, which not everyone may make."""

from __future__ import annotations

from pathlib import Path

import pytest


def link(path: Path, target: Path) -> None:
    """Make a link to a file; skip where there can be none, as for most users of Windows and under Wine."""
    try:
        path.symlink_to(target)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
    if not path.is_file():
        pytest.skip("symbolic links lead nowhere here")
