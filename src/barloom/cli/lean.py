"""Loads pyarrow as a command needs it: without pandas, which takes half a second and 35 MB, and with memory that is given back."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec

from barloom.threads import refuse_without

POOL = "jemalloc"


class _NoPandas:
    """An import finder that says there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ImportError("not now")
        return None


def load_arrow() -> None:
    """Load pyarrow, let it find no pandas the one time it looks, and choose where its arrays are.

    pyarrow loads pandas on the first array it is given, only to see whether that is a pandas object. It remembers that
    there was none, and looks again when somebody asks it for a frame, so a user's strategy can work with both.
    Its usual allocator keeps what each thread freed for that thread; jemalloc, where pyarrow brings it, holds a fifth less.
    """
    refuse_without(1)  # a library that gets none says of a file that it is damaged
    import pyarrow as pa

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ and POOL in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)
