"""Measures what docs/performance.md says: prints a table, and writes a record when asked.

python benchmarks/run.py                      everything (some minutes)
python benchmarks/run.py csv arrow --repeats 7
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import commands
import endless
import kernels
import peers
import resolving
import sweeping
import timeframes
from measure import HEADER, Row, machine, record


def sections(folder: Path, repeats: int, scale: float) -> dict[str, Callable[[], Iterable[Row]]]:
    ten, eight, entries = (int(scale * rows) for rows in (10_000_000, 8_000_000, 170_000))
    return {
        "start": lambda: commands.start_up(repeats),
        "csv": lambda: commands.from_csv(folder, ten, repeats),
        "arrow": lambda: commands.from_arrow(folder, ten, repeats),
        "ingest": lambda: commands.ingesting(folder, ten, repeats),
        "check": lambda: commands.checking(folder, ten, repeats),
        "memory": lambda: commands.peak_memory(folder, [ten // 10, ten, 5 * ten]),
        "billion": lambda: endless.billion(100 * ten),
        "resolver": lambda: resolving.brackets_by_holding_time(eight, entries, repeats),
        "trailing": lambda: resolving.trailing(eight, entries, repeats),
        "simulate": lambda: kernels.simulated(eight, entries, repeats),
        "bounds": lambda: kernels.bounds(eight, entries, repeats),
        "vectorbt": lambda: peers.vectorbt(eight, entries, repeats),
        "sweep": lambda: sweeping.sweeps(folder, eight, int(scale * 200_000), repeats),
        "engine": lambda: kernels.engine(ten, repeats),
        "indicators": lambda: kernels.indicators(ten, repeats),
        "resample": lambda: timeframes.resampled(ten, repeats),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "section",
        nargs="*",
        help="which to run: start csv arrow ingest check memory billion resolver trailing simulate bounds vectorbt "
        "sweep engine indicators resample",
    )
    parser.add_argument("--repeats", type=int, default=5, help="counted repeats, interleaved where two are compared")
    parser.add_argument(
        "--data", type=Path, help="folder for generated bars, kept for the next time; default: a temporary one"
    )
    parser.add_argument("--record", type=Path, help="write the rows and the machine as JSON")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the bars and entries, to try a section out; 1 to measure"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        known = sections(folder, options.repeats, options.scale)
        unknown = set(options.section) - set(known)
        if unknown:
            parser.error(f"unknown section {', '.join(sorted(unknown))}: known are {' '.join(known)}")
        print(", ".join(f"{name} {value}" for name, value in machine().items()))
        print(HEADER)
        rows: list[Row] = []
        for name in options.section or known:
            for row in known[name]():
                rows.append(row)
                print(row.text(), flush=True)
    if options.record:
        options.record.write_text(json.dumps(record(rows), indent=1) + "\n")
    if any(row.verdict == "MISSED" for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
