"""Names for finished files: a rename that waits for readers, and folders synced so that it lasts."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

RENAME_TRIES = 8


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable; where folders cannot be opened (Windows), the rename has to do."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(source: Path, target: Path) -> None:
    """Rename over a file, waiting up to some seconds for a reader that holds it open (Windows)."""
    for attempt in range(RENAME_TRIES):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if sys.platform != "win32" or attempt == RENAME_TRIES - 1:
                raise
            time.sleep(0.02 * 2**attempt)
