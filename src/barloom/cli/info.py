"""``barloom info``: what is installed here, and what it runs on. Imports nothing heavy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from barloom.cli import output
from barloom.observe.machine import kernels, machine, versions


def _openmp(threads: int | None) -> str:
    if threads is None:
        return "unknown, the kernels are not built"
    return f"yes, {threads} threads" if threads else "no, the kernels run on one thread"


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Print the facts as lines, or as one JSON document."""
    facts: dict[str, Any] = {"versions": versions(), "machine": machine(), "kernels": kernels()}
    if options.format == "json":
        output.document(json.dumps(facts, indent=2, allow_nan=False))
        return 0
    about = facts["machine"]
    names = dict(facts["versions"])
    lines = {
        "barloom": names.pop("barloom"),
        "Python": f"{names.pop('python')} ({sys.executable})",
        "platform": f"{about['system']} {about['architecture']}",
        "processor": about["processor"],
        "cores": f"{about['cores']} ({about['usable_cores']} usable)",
        "OpenMP": _openmp(about["openmp_threads"]),
        **names,
        **{f"kernel {name}": path or "missing: build with 'pip install .'" for name, path in facts["kernels"].items()},
    }
    width = max(map(len, lines))
    for name, value in lines.items():
        output.line(f"{name:<{width}}  {value}")
    return 0
