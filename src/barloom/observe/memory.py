"""Memory of this process now and at its peak, and a warning once it passes a threshold."""

from __future__ import annotations

import ctypes
import logging
import os
import sys

MB = 1_000_000
log = logging.getLogger(__name__)


def _linux() -> int | None:
    # Not getrusage: its maximum is inherited from the parent across exec.
    with open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def _unix() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of psapi.h."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        *(
            (name, ctypes.c_size_t)
            for name in (
                *("peak_working_set", "working_set", "peak_paged_pool", "paged_pool"),
                *("peak_nonpaged_pool", "nonpaged_pool", "pagefile", "peak_pagefile"),
            )
        ),
    )


def _windows_counters() -> _Counters | None:
    kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
    kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    query = kernel32.K32GetProcessMemoryInfo
    query.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Counters), ctypes.c_uint32]
    counters = _Counters(cb=ctypes.sizeof(_Counters))
    if not query(kernel32.GetCurrentProcess(), ctypes.byref(counters), counters.cb):
        return None
    return counters


def _windows() -> int | None:
    counters = _windows_counters()
    return None if counters is None else int(counters.peak_working_set)


def rss() -> int | None:
    """Resident set of this process now in bytes, or None where the platform does not tell."""
    try:
        if sys.platform == "win32":
            counters = _windows_counters()
            return None if counters is None else int(counters.working_set)
        with open("/proc/self/statm", "rb") as status:
            return int(status.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError, IndexError):
        return None


def peak_rss() -> int | None:
    """Largest resident set of this process so far in bytes, or None where the platform does not tell."""
    readers = {"linux": (_linux, _unix), "win32": (_windows,)}.get(sys.platform, (_unix,))
    for reader in readers:
        try:
            found = reader()
        except (OSError, ImportError, AttributeError, ValueError):
            continue
        if found:
            return found
    return None


class MemoryWatch:
    """Warns once when peak memory passes a threshold."""

    def __init__(self, threshold_mb: float) -> None:
        """Watch for ``threshold_mb`` million bytes; 0 never warns."""
        self.threshold_mb = threshold_mb
        self.warned = False

    def look(self) -> None:
        """Compare the peak with the threshold."""
        if not self.threshold_mb or self.warned:
            return
        peak = peak_rss()
        if peak is not None and peak > self.threshold_mb * MB:
            self.warned = True
            log.warning("peak memory %.0f MB is past the threshold of %g MB", peak / MB, self.threshold_mb)
