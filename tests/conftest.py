"""Settings that every test runs under."""

from __future__ import annotations

import os

# Before pyarrow is imported: its other pools reserve address space, which memray counts as used.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
