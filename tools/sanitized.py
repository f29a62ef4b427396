"""Pytest under a sanitizer: ``python tools/sanitized.py PYTEST ARGUMENTS``. Linux; the kernels have to be built for it.

Address and undefined behaviour: gcc, with ``CFLAGS='-fsanitize=address,undefined'`` and ``LDFLAGS`` the same, without OpenMP.
Threads: clang, its libomp and its libclang-rt, with ``CC='clang -fsanitize=thread' CFLAGS=-g``. What one thread
leaves to another at the end of a parallel region is told to the sanitizer by ``libarcher``, which comes with libomp; GCC's OpenMP has nothing
of the kind, and its reports are false.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path


def library(name: str) -> str:
    """Where gcc keeps one of its libraries."""
    said = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def archer() -> str:
    """Where clang keeps what tells the sanitizer of OpenMP.

    Raises:
        SystemExit: it is not there, and every report would be false.
    """
    said = subprocess.run(["clang", "-print-resource-dir"], capture_output=True, text=True, check=True)
    found = Path(said.stdout.strip()).parents[1] / "libarcher.so"
    if not found.is_file():
        raise SystemExit(f"{found} is not there: apt-get install libomp-dev")
    return str(found)


def address() -> dict[str, str]:
    """The interpreter has no sanitizer of its own, so it is loaded first; libstdc++ for the exceptions of Arrow."""
    return {
        "LD_PRELOAD": f"{library('libasan.so')}:{library('libubsan.so')}:{library('libstdc++.so.6')}",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def threads() -> dict[str, str]:
    """Only the kernels are looked at; clang's own library cannot be loaded first, gcc's answers to the same names."""
    return {
        "LD_PRELOAD": library("libtsan.so"),
        "OMP_TOOL_LIBRARIES": archer(),
        "TSAN_OPTIONS": "ignore_noninstrumented_modules=1 halt_on_error=1 abort_on_error=1 history_size=5",
    }


def main(arguments: list[str]) -> None:
    """Become pytest, with the sanitizer loaded before Python.

    Raises:
        SystemExit: the kernels have none in, so that nothing would be found.
    """
    found = importlib.util.find_spec("barloom._native.simulation")
    kernels = Path(found.origin).read_bytes() if found is not None and found.origin is not None else b""
    if b"__asan_report" in kernels:
        settings = address()
    elif b"__tsan_write" in kernels:
        settings = threads()
    else:
        raise SystemExit("the kernels are built without a sanitizer: see the top of this file")
    # What a sanitizer says goes past sys.stderr: taken in by pytest, it would be lost when it ends the process.
    command = [sys.executable, "-m", "pytest", "--capture=sys", *arguments]
    os.execve(sys.executable, command, {**os.environ, **settings})


if __name__ == "__main__":
    main(sys.argv[1:])
