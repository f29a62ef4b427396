"""An interrupt whose exception a library swallowed still ends the run."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from helpers.command import environment

pytestmark = pytest.mark.waits

SWALLOWED = """
import os, signal
from barloom.observe import interrupts
from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import ProgressReport

interrupts.watch()
try:
    os.kill(os.getpid(), {number})
except BaseException:
    pass  # as an import hook does
try:
    with ProgressReport(1, MemoryWatch(0)) as progress:
        progress(None)
except KeyboardInterrupt as interrupt:
    print("interrupted", *interrupt.args)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "interrupted terminated")]
)
def test_a_swallowed_interrupt_is_not_lost(number: signal.Signals, said: str) -> None:
    script = SWALLOWED.format(number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == said, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
def test_what_a_shell_put_into_the_background_is_not_interrupted() -> None:
    script = "import os, signal; from barloom.observe import interrupts; interrupts.watch(); "
    script += "os.kill(os.getpid(), signal.SIGINT); interrupts.check(); print('went on')"
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", script],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "went on", done.stderr
