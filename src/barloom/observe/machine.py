"""The machine and the libraries a run was made with, as far as they explain its times. Imports nothing heavy."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata, util
from typing import Any

from barloom import __version__

DEPENDENCIES = ("numpy", "pandas", "pyarrow", "pydantic", "rich")
KERNELS = ("chunking", "indicators", "simulation")


def version_of(package: str) -> str:
    """Installed version of a package, or ``unknown`` where its metadata is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Versions of barloom, Python and the libraries it stands on."""
    libraries = {name: version_of(name) for name in DEPENDENCIES}
    return {"barloom": __version__, "python": platform.python_version(), **libraries}


def usable_cores() -> int:
    """Logical cores this process may use, which a container or an affinity mask can make fewer than there are."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def openmp_threads() -> int | None:
    """Threads OpenMP would use by itself; 0 where the kernels were built without it, None where they are not built."""
    try:
        from barloom._native import chunking
    except ImportError:
        return None
    return chunking.openmp_threads()


def kernels() -> dict[str, str | None]:
    """Where each compiled module is; None where it is missing."""
    found: dict[str, str | None] = {}
    for name in KERNELS:
        spec = util.find_spec(f"barloom._native.{name}")
        found[name] = spec.origin if spec is not None else None
    return found


def _processor() -> str:
    """The processor's name: Linux tells it in /proc, elsewhere the platform does."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as facts:
            for line in facts:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def _memory_bytes() -> int | None:
    """Memory of the machine, where the platform tells it."""
    if sys.platform == "win32":
        return None
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def machine() -> dict[str, Any]:
    """Facts of the machine: system, processor, cores, memory in bytes, OpenMP threads."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "usable_cores": usable_cores(),
        "memory_bytes": _memory_bytes(),
        "openmp_threads": openmp_threads(),
        "byte_order": sys.byteorder,
    }
