"""Memory that is refused while trades are carried: an error that says so, no crash, and the next run is right."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environment
from helpers.waiting import PATIENCE

REFUSING = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static long left;  /* calls until the one that is refused; none where it is 0 */

void refuse_after(long calls) { left = calls; }
long refuse_left(void) { return left; }

void *realloc(void *memory, size_t size)
{
    static void *(*real)(void *, size_t);
    Dl_info caller;
    if (real == NULL)
        real = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    if (left > 0 && dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, "/simulation.") && --left == 0)
        return NULL;
    return real(memory, size);
}
"""

SCRIPT = """
import ctypes
import sys
from barloom.engine import orchestrator
from barloom.rules.parameters import RunParameters
from barloom.bars import from_synthetic

shim = ctypes.CDLL(None)
bars = from_synthetic(3000, 3)
CASES = {
    "plain": {"position": "overlap", "max_hold": 900},
    "one place": {"position": "single"},
    "plans": {"position": "overlap", "max_hold": 900, "trail": "atr:3"},
    "orders": {"position": "overlap", "entry": "limit", "entry_offset": "atr:0.5", "good_for": 400},
}
for name in sys.argv[1:]:
    rules = CASES[name]
    parameters = RunParameters(strategy="ema-cross", params={"fast": 3, "slow": 7}, stop="atr:9", threads=1, chunk_rows=300, **rules)
    right = orchestrator.run(bars, parameters).checksum
    refused = 0
    while True:
        shim.refuse_after(refused + 1)
        try:
            found = orchestrator.run(bars, parameters).checksum
        except MemoryError as error:
            assert "no memory for the trades in flight" in str(error), error
            refused += 1
            shim.refuse_after(0)
            assert orchestrator.run(bars, parameters).checksum == right
            continue
        assert found == right and shim.refuse_left() > 0, (name, refused)
        shim.refuse_after(0)
        break
    print(name, refused, sep="=")
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("gcc"), reason="needs gcc and a loader that can put first"
)
@pytest.mark.parametrize(
    "cases", [["plans"], pytest.param(["plain", "one place", "orders"], marks=pytest.mark.deep)], ids=str
)
def test_every_refusal_of_memory_is_an_error(tmp_path: Path, cases: list[str]) -> None:
    """Each call for memory of a run is refused in turn."""
    source, shim, script = tmp_path / "refusing.c", tmp_path / "refusing.so", tmp_path / "script.py"
    source.write_text(REFUSING)
    script.write_text(SCRIPT)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", str(source), "-o", str(shim), "-ldl"], check=True)
    told = environment(LD_PRELOAD=str(shim))
    done = subprocess.run(
        [sys.executable, str(script), *cases], capture_output=True, text=True, timeout=PATIENCE, env=told, check=False
    )
    assert done.returncode == 0, done.stderr
    refused = dict(line.split("=") for line in done.stdout.splitlines())
    assert list(refused) == cases
    assert all(int(count) >= 5 for count in refused.values()), refused
