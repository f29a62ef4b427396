"""Counts instructions and fails when a kernel, or one run of the command, needs over 3% more than the committed baseline.

python benchmarks/gate.py              compare with benchmarks/instructions.json; 1 when something needs more
python benchmarks/gate.py --accept     rewrite it, after a change that is worth its price; say why in CHANGELOG.md
python benchmarks/gate.py --only "indicators: ema(20)"     that work alone; with --accept the others stay as they are
python benchmarks/gate.py --telling    only whether progress and logging stay under 1% of a run, whatever the build

Instructions repeat where times do not, on a busy machine too. They are counted by valgrind's callgrind, in the installed barloom, for
each work of ``counted.py``: those of the compiled module, with what it calls in the C library; for the run, all of the process. Code of
another compiler, Cython or processor has other counts, so the baseline then does not apply, and the gate says so and passes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "instructions.json"
LIMIT = 0.03
SILENT, TOLD = "run: silent", "run: with -v, progress and a log"
TELLING_LIMIT = 0.01
TELLING_NOISE, TELLING_RECOUNTS = 0.03, 4
EVERYTHING = "*"
LIBRARIES = ("numpy", "pyarrow", "pydantic", "rich")
WHOLE = "whole process"
C_LIBRARY = re.compile(r"/(libc|libm)[.-][^/]*$")
# What these take depends on the memory that happens to be free, not on us.
ALLOCATING = {"cfn=malloc", "cfn=calloc", "cfn=realloc", "cfn=free"}
CHECKED = b"Cannot index None memoryview slice"  # stands in builds with BARLOOM_DEBUG=1 alone


def built() -> dict[str, str]:
    """Compilers of the built modules; the counts hold for these only."""
    from barloom._native import chunking

    image = Path(chunking.__file__).read_bytes()
    compilers = set(re.findall(rb"(?:GCC: \([^)\0]*\) [0-9.]+|clang version [0-9.]+)", image))
    cython = re.search(rb"_cython_(\d+_\d+_\w+?)\b", image)
    return {
        "compiler": ", ".join(sorted(one.decode() for one in compilers)) or "unknown",
        "cython": cython.group(1).decode().replace("_", ".") if cython else "unknown",
        "checks": "on" if CHECKED in image else "off",
        "openmp": "yes" if chunking.openmp_threads() else "no",
        "architecture": platform.machine(),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


def loaded() -> dict[str, str]:
    """Versions of Python and of the libraries, on which the instructions of a whole process depend too."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def count(names: list[str]) -> dict[str, int]:
    """Instructions by work; all works where none is named.

    Raises:
        SystemExit: valgrind is missing, or the works fail under it.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("gate: valgrind is not installed (apt-get install valgrind): nothing was counted", file=sys.stderr)
        raise SystemExit(2)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counted"
        words = [
            valgrind,
            "--quiet",
            "--tool=callgrind",
            f"--callgrind-out-file={out}",
            "--dump-before=getloadavg",
            "--compress-strings=no",
            "--compress-pos=no",
            sys.executable,
            str(HERE / "counted.py"),
            *names,
        ]
        settings = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(words, stdout=subprocess.PIPE, env=settings, check=False)
        if done.returncode != 0:
            raise SystemExit(f"gate: the works ended with {done.returncode} under valgrind")
        modules: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        # The first call of getloadavg ends part 1, before the first work; the second ends part 2, which is that work.
        return {
            name: instructions(Path(f"{out}.{2 * number + 2}"), module)
            for number, (name, module) in enumerate(modules.items())
        }


def instructions(part: Path, module: str) -> int:
    """Of one part that callgrind wrote: the compiled module's own and those of the C library it calls; or all.

    Raises:
        SystemExit: the module is not in it.
    """
    text = part.read_text(errors="replace")
    if module == EVERYTHING:
        found = re.search(r"^summary: (\d+)", text, re.MULTILINE)
        assert found is not None, part
        return int(found.group(1))
    ours = re.compile(rf"/barloom/_native/{module}\.[^/]*$")
    total = 0
    inside = called = False
    to_library = False
    for line in text.splitlines():
        if line.startswith("ob="):
            inside = ours.search(line) is not None
        elif line.startswith("fn="):
            # A function without an object of its own is in the one named last; so is a callee in that of its caller.
            to_library = False
        elif line.startswith("cob="):
            to_library = C_LIBRARY.search(line) is not None
        elif line in ALLOCATING:
            to_library = False
        elif line.startswith("calls="):
            called = True
        elif line[:1].isdigit():
            if inside and (not called or to_library):
                total += int(line.split()[1])
            if called:
                called = to_library = False
    if not total:
        raise SystemExit(f"gate: callgrind saw no instruction of the compiled module {module}: nothing can be judged")
    return total


@dataclass
class CountChange:
    """A work, its count before and now, and what that means."""

    name: str
    before: int | None
    now: int

    @property
    def ratio(self) -> float:
        return self.now / self.before if self.before else float("inf")

    @property
    def verdict(self) -> str:
        if self.before is None:
            return "NO BASELINE"
        if self.ratio > 1 + LIMIT:
            return "MORE"
        return "less: --accept to keep it" if self.ratio < 1 - LIMIT else ""

    @property
    def fails(self) -> bool:
        return self.verdict in ("MORE", "NO BASELINE")

    def text(self) -> str:
        before = "-" if self.before is None else f"{self.before:,}"
        change = "" if self.before is None else f"{self.ratio - 1:+.2%}"
        return f"{self.name:<36} {before:>14} {self.now:>14,} {change:>9}  {self.verdict}".rstrip()


def differences(before: dict[str, str], now: dict[str, str]) -> str:
    """Differences between the recorded and the current versions, in words; empty if there are none."""
    return ", ".join(
        f"{name} {before.get(name, 'unknown')} there and {value} here"
        for name, value in now.items()
        if before.get(name) != value
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="make what is counted now the baseline")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="(default benchmarks/instructions.json)")
    parser.add_argument("--only", action="append", default=[], metavar="WORK", help="count this work alone; repeatable")
    parser.add_argument("--telling", action="store_true", help="judge progress and logging alone; needs no baseline")
    options = parser.parse_args()
    if options.telling:
        return 0 if telling_is_cheap(count([SILENT, TOLD])) else 1
    if options.accept:
        return accept(options.baseline, options.only)
    if not options.baseline.exists():
        parser.error(f"there is no baseline {options.baseline}: write one with --accept")
    return compare(options.baseline, options.only)


def accept(path: Path, names: list[str]) -> int:
    """Make what is counted now the baseline; of the works named alone, where the rest of it is of this build too."""
    record = {"built": built(), WHOLE: loaded(), "instructions": {}}
    if names and path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if other := differences(kept["built"] | kept[WHOLE], record["built"] | record[WHOLE]):
            print(
                f"gate: the baseline is of another build, so accept all of it, without --only: {other}", file=sys.stderr
            )
            return 2
        record = kept
    counts = count(names)
    record["instructions"] |= counts
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"gate: {len(counts)} counts are the baseline now, {path}; say why in CHANGELOG.md")
    return 0


def compare(path: Path, names: list[str]) -> int:
    """Print every count beside its baseline; 1 where one is over the limit, else 0."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    if other := differences(kept["built"], built()):
        print(f"gate: not applicable, the baseline is of another build: {other}")
        return 0
    counts, libraries = count(names), loaded()
    cheap = telling_is_cheap(counts)
    baseline: dict[str, int] = kept["instructions"]
    if other := differences(kept[WHOLE], libraries):
        print(f"gate: the whole run is not applicable, the baseline is of other libraries: {other}")
        counts = {name: number for name, number in counts.items() if not name.startswith("run:")}
        baseline = {name: number for name, number in baseline.items() if not name.startswith("run:")}
    print(f"{'work':<36} {'baseline':>14} {'now':>14} {'change':>9}")
    changes = [CountChange(name, baseline.get(name), number) for name, number in counts.items()]
    for change in changes:
        print(change.text())
    gone = [] if names else sorted(set(baseline) - set(counts))
    failed = [change.name for change in changes if change.fails]
    if gone:
        print(f"gate: no longer counted: {', '.join(gone)}; --accept if that is meant")
    if failed:
        print(f"gate: FAILED, over {LIMIT:.0%} more instructions or no baseline: {', '.join(failed)}")
    return 1 if failed or gone or not cheap else 0


def telling_is_cheap(counts: dict[str, int]) -> bool:
    """True if a run with all messages takes at most 1% more instructions than a silent one, or if these were not counted."""
    if not {SILENT, TOLD} <= set(counts):
        return True
    told, silent = counts[TOLD], counts[SILENT]
    share = told / silent - 1
    for _ in range(TELLING_RECOUNTS):
        if not TELLING_LIMIT < share <= TELLING_NOISE:
            break
        # Threads that wait for one another on a busy machine only add instructions: the fewest of all counts are the work's own.
        again = count([SILENT, TOLD])
        told, silent = min(told, again[TOLD]), min(silent, again[SILENT])
        share = told / silent - 1
    cheap = share <= TELLING_LIMIT
    print(f"progress and logging: {share:+.2%} of a silent run{'' if cheap else f': FAILED, over {TELLING_LIMIT:.0%}'}")
    return cheap


if __name__ == "__main__":
    sys.exit(main())
