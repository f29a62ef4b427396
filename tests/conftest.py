"""Settings that every test runs under."""

from __future__ import annotations

import os
import signal

# Before pyarrow is imported: its other pools reserve address space, which memray counts as used.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# A shell's background ignores Ctrl-C, and whatever the tests start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
