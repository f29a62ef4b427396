"""Settings that every test runs under."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Before pyarrow is imported: its other pools reserve address space, which memray counts as used.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# A shell's background ignores Ctrl-C, and whatever the tests start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Cases of each property. How long one takes says nothing on a busy machine.
for profile, examples in {"dev": 30, "ci": 100, "nightly": 1000}.items():
    settings.register_profile(profile, deadline=None, max_examples=examples)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(autouse=True)
def pasted(request):
    """Paste every remedy that a refusal of the test printed, while its files are there: each has to lead to a better state.

    Those of tests that fake a fault, and cannot work, are marked ``cannot_be_pasted``.
    """
    from helpers import command, remedies

    for name in (
        "tmp_path",
        "monkeypatch",
    ):  # they end after this: files and what is changed for the test stay as they are
        if name in request.fixturenames:
            request.getfixturevalue(name)
    command.refusals.clear()
    yield
    if request.node.get_closest_marker("cannot_be_pasted"):
        return
    here = Path.cwd()
    for refusal in command.refusals:
        if not refusal.folder.is_dir():
            continue
        os.chdir(refusal.folder)
        try:
            remedies.all_work(remedies.sentence(refusal.said), refusal.words)
        finally:
            os.chdir(here)
