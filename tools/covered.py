"""Lines of the kernels that the tests reach: ``python tools/covered.py PYTEST ARGUMENTS``, from the root. gcc on Linux.

The kernels have to be built for it: ``BARLOOM_COVERAGE=1``. Runs pytest, asks gcov which lines of the generated C ran, leads each back
to the line of a ``.pyx`` or ``.pxd`` file whose comment stands above it, prints every line that was not reached, and leaves with 1
where a file is under the bar. A line counts as reached if any of the C made of it ran; a line of which no C is made (a
declaration, a function that nobody calls) does not count.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BAR = 95.0  # percent of the lines of each file
KERNELS = {
    path.relative_to(ROOT / "cython_ext").as_posix(): path for path in (ROOT / "cython_ext").rglob("*.p[xy][xd]")
}

MARK = re.compile(r'^ *(?:/\*|\*/ */\*) "(?:cython_ext/)?([^"]+)":(\d+)$')  # Cython's comment above the C of a line

Lines = dict[str, dict[int, int]]  # file, line: how often it ran


def notes() -> list[Path]:
    """Notes that gcc wrote for each kernel while it compiled.

    Raises:
        SystemExit: the kernels were not built for it.
    """
    found = sorted((ROOT / "build").glob("temp.*/build/cython/**/*.gcno"))
    kernels = importlib.util.find_spec("barloom._native.simulation")
    if not found or kernels is None or kernels.origin is None or b"gcov" not in Path(kernels.origin).read_bytes():
        raise SystemExit("the kernels are built without line counts: see the top of this file")
    return found


def origins(source: Path) -> dict[int, tuple[str, int]]:
    """Of which line of a kernel each line of generated C was made: the one named by the last comment in its function."""
    found: dict[int, tuple[str, int]] = {}
    now: tuple[str, int] | None = None
    for number, text in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
        mark = MARK.match(text)
        if mark is not None:
            # A relative cimport is named without its folder.
            name = mark[1] if mark[1] in KERNELS else f"engine/{mark[1]}"
            now = (name, int(mark[2])) if name in KERNELS else None
        elif text.startswith("}"):
            now = None
        elif now is not None:
            found[number] = now
    return found


def counted(note: Path) -> Lines:
    """Lines of the kernels' files that ran, counted in one of the modules."""
    words = ["gcov", "--json-format", "--stdout", str(note)]
    said = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    source = ROOT / "build" / "cython" / "cython_ext" / f"{note.stem}.c"
    made_of = origins(source)
    lines: Lines = defaultdict(lambda: defaultdict(int))
    for file in json.loads(said)["files"]:
        if Path(file["file"]).name == source.name:
            for line in file["lines"]:
                if line["line_number"] in made_of:
                    name, number = made_of[line["line_number"]]
                    lines[name][number] += line["count"]
    return lines


def main(arguments: list[str]) -> int:
    """Run the tests, print what they reached, and say whether it is enough."""
    modules = notes()
    for note in modules:
        note.with_suffix(".gcda").unlink(missing_ok=True)
    tests = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode
    lines: Lines = defaultdict(lambda: defaultdict(int))
    for note in modules:
        for name, counts in counted(note).items():
            for number, count in counts.items():
                lines[name][number] += count
    enough = tests == 0
    for name in sorted(lines):
        missed = sorted(number for number, count in lines[name].items() if count == 0)
        reached = 100 * (1 - len(missed) / len(lines[name]))
        enough = enough and reached >= BAR
        print(
            f"{name}: {reached:.1f}% of {len(lines[name])} lines{'' if reached >= BAR else f', less than {BAR:.0f}%'}"
        )
        text = KERNELS[name].read_text(encoding="utf-8").splitlines()
        for number in missed:
            print(f"    {number}: {text[number - 1].strip()}")
    total = [count for counts in lines.values() for count in counts.values()]
    print(f"all: {100 * sum(count > 0 for count in total) / len(total):.2f}% of {len(total)} lines")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
