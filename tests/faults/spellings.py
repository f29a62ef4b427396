"""Known bars in random spellings, by the thousand, all from one seed: each file is read right, or refused with a remedy that works.

python tests/faults/spellings.py --inputs 100000 --seed 1

Separators, quotes, names, dates, clocks, zones, number styles, lines around, encodings, packed files and noise are drawn at random.
Spellings that can be only one thing (``spelling_rules.py``) have to be read without an option, the others after what the message prints.
``--only N`` repeats one case and shows its text.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import hashlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from faults.spelling_case import Case, make_case
from faults.spelling_judge import Outcome, judge

HANG = 30
SHOWN = 20


@dataclass
class Found:
    """Outcomes of many cases: how many of each, by whether the spelling can be only one thing, and which failed."""

    counts: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    by_rule: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    by_part: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    failures: list[tuple[int, Case, Outcome]] = field(default_factory=list)
    failed: int = 0
    different: set[bytes] = field(default_factory=set)

    def add(self, number: int, case: Case, outcome: Outcome) -> None:
        self.counts["can be only one thing" if case.only_one else "may be asked for", outcome.kind] += 1
        for part in (*case.rules, *(f"--{option}" for option in case.asks)):
            self.by_rule[part, outcome.kind] += 1
        self.different.add(hashlib.blake2b(case.data, digest_size=12).digest())
        if outcome.failed:
            self.failed += 1
            for part in case.tags:
                self.by_part[part, outcome.kind] += 1
            if len(self.failures) < SHOWN:
                self.failures.append((number, case, outcome))


def fuzz(folder: Path, numbers: range, seed: int, progress: Callable[[int], None] | None = None) -> Found:
    """Make, open and judge the cases of these numbers."""
    found = Found()
    for number in numbers:
        faulthandler.dump_traceback_later(HANG, exit=True, file=sys.__stderr__ or sys.stderr)
        try:
            case = make_case(seed, number)
            found.add(number, case, judge(case, folder))
        except BaseException:
            print(f"case {number} of seed {seed} ended the judge", file=sys.stderr)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
        if progress and (number + 1) % 5_000 == 0:
            progress(number + 1)
    return found


def describe(seed: int, number: int, case: Case, outcome: Outcome) -> str:
    """A failure in a form that can be repeated."""
    lines = [f"{outcome.kind}: --seed {seed} --only {number}  {case.label}, {case.name}"]
    if outcome.said:
        lines.append(f"  said: {outcome.said}")
    if outcome.options:
        lines.append(f"  with: {' '.join(f'--{name} {value!r}' for name, value in outcome.options)}")
    lines.append(
        f"  {'only one thing by: ' + ', '.join(case.rules) if case.only_one else 'may ask: ' + ', '.join(case.asks)}"
    )
    if case.rows:
        shown = [case.rows.header] * bool(case.rows.header) + case.rows.cells[:2]
        lines += [f"    {row}" for row in shown]
    return "\n".join(lines)


def report(found: Found, seed: int) -> str:
    """Counts by outcome, the parts of the failures, and the first of them."""
    lines = [f"{whose}: {kind}: {count:,}" for (whose, kind), count in sorted(found.counts.items())]
    lines += [f"{len(found.different):,} different files of seed {seed}, {found.failed:,} failures"]
    if found.failed:
        lines += [
            "",
            "by rule or option:",
            *_table(found.by_rule),
            "",
            "by part of the failures:",
            *_table(found.by_part),
            "",
        ]
        lines += [describe(seed, *failure) for failure in found.failures]
    return "\n".join(lines)


def _table(counts: collections.Counter[tuple[str, str]]) -> list[str]:
    parts: dict[str, list[str]] = {}
    for (part, kind), count in sorted(counts.items()):
        parts.setdefault(part, []).append(f"{kind} {count:,}")
    return [f"  {part}: {'; '.join(kinds)}" for part, kinds in sorted(parts.items())]


def show(seed: int, number: int, folder: Path, keep: bool) -> bool:
    """Repeat one case, print it whole; true where it fails."""
    case = make_case(seed, number)
    outcome = judge(case, folder)
    print(describe(seed, number, case, outcome))
    print(f"  verdicts: {case.verdicts}")
    print(f"  first bar: {case.times[0].astype('datetime64[ns]')} {case.prices[0].tolist()}, {len(case.times)} bars")
    print(case.data[:2_000])
    if keep:
        (folder / case.name).write_bytes(case.data)
        print(f"kept in {folder / case.name}")
    return outcome.failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one case to repeat")
    parser.add_argument("--keep", action="store_true", help="with --only: leave the file in the folder")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the files are written; default: a temporary one, in memory where there is /dev/shm",
    )
    options = parser.parse_args()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="barloom-spellings-", dir=memory) as temporary:
        folder = options.folder or Path(temporary)
        if options.only is not None:
            return int(show(options.seed, options.only, folder, options.keep and options.folder is not None))
        found = fuzz(folder, range(options.inputs), options.seed, lambda done: print(f"{done:,} done", file=sys.stderr))
    print(report(found, options.seed))
    return int(found.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
