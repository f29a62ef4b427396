"""Keeps pandas out of commands that need no frame: loading it takes half a second and 35 MB."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec


class _NoPandas:
    """An import finder that says there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ImportError("not now")
        return None


def leave_pandas_out() -> None:
    """Let pyarrow find no pandas the one time it looks.

    pyarrow loads pandas on the first array it is given, only to see whether that is a pandas object. It remembers that
    there was none, and looks again when somebody asks it for a frame, so a user's strategy can work with both.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)
