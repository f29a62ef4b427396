"""A file on the disk under a temporary name, one rename away from its own: a job that is killed leaves nothing that looks finished."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from barloom.outputs import Output
from barloom.renaming import replace, sync_folder


class StagedFile:
    """Bytes on the disk under a temporary name, one rename away from their own."""

    def __init__(self, path: Path, content: bytes, output: Output | None = None) -> None:
        """Write the bytes beside ``path`` and sync them.

        Args:
            path: their name.
            content: the bytes.
            output: decides whether the name may be taken; None in a folder that is barloom's own.

        Raises:
            OSError: they cannot be written; nothing is left.
        """
        self.path = path
        self._output = output
        self.temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            with open(self.temporary, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            self.discard()
            raise

    def commit(self) -> None:
        """Rename to the final name, and sync the folder.

        Raises:
            InputError: the name may not be taken.
        """
        if self._output is None:
            replace(self.temporary, self.path)
        else:
            self._output.take(self.temporary)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        with contextlib.suppress(OSError):
            self.temporary.unlink()
