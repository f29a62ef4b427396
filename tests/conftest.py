"""Settings that every test runs under."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# Before pyarrow is imported: its other pools reserve address space, which memray counts as used.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# A shell's background ignores Ctrl-C, and whatever the tests start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long a case takes says nothing on a busy machine.
settings.register_profile("barloom", deadline=None)
settings.load_profile("barloom")
