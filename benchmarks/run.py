"""Measures what docs/project/performance.md and the table of README.md say: prints a table, keeps a record and writes the page when asked.

python benchmarks/run.py                      everything (half an hour)
python benchmarks/run.py csv arrow --repeats 7
python benchmarks/run.py --record benchmarks/performance.json --write docs/project/performance.md
python benchmarks/run.py --from benchmarks/performance.json --write docs/project/performance.md      nothing is measured again
python benchmarks/run.py --from benchmarks/performance.json --write README.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import commands
import endless
import kernels
import pages
import peers
import readme
import resolving
import scaling
import sweeping
import timeframes
from measure import HEADER, Row


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
        "sweep": lambda: sweeping.sweeps(folder, eight, int(scale * 200_000), repeats),
        "engine": lambda: kernels.engine(ten, repeats),
        "resample": lambda: timeframes.resampled(ten, repeats),
        "vectorbt": lambda: peers.section("vectorbt", eight, repeats),
        "raptorbt": lambda: peers.section("raptorbt", eight, repeats),
        "backtesting.py": lambda: peers.section("backtesting.py", eight, repeats),
        "talib": lambda: peers.section("talib", ten, repeats),
        "scaling": lambda: scaling.shown(folder, repeats, scale),
    }


NAMES = tuple(sections(Path(), 1, 1.0))


def table(found: Mapping[str, pages.Section]) -> str:
    """The table of the page, with the day and the machine of its rows."""
    shown = {name: found[name] for name in NAMES if name in found}
    rows = [Row(**row).text() for one in shown.values() for row in one["rows"]]
    return "\n".join([pages.stamps(shown), "", HEADER, *rows])


def written(page: Path, found: Mapping[str, pages.Section]) -> None:
    """Make the tables of a page anew: that of README.md, or that of docs/project/performance.md.

    Raises:
        SystemExit: the page cannot be read, has a place for neither, or the record lacks what README shows.
    """
    if pages.has_place(page, "readme"):
        pages.fill(page, {"readme": readme.table(found)})
    else:
        pages.fill(page, {"performance": table(found)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "section",
        nargs="*",
        help=f"which to run, all unless named: {' '.join(NAMES)}",
    )
    parser.add_argument("--repeats", type=int, default=5, help="counted repeats, interleaved where two are compared")
    parser.add_argument(
        "--data", type=Path, help="folder for generated bars, kept for the next time; default: a temporary one"
    )
    parser.add_argument(
        "--record", type=Path, help="keep the rows in this JSON file, in place of those of the sections"
    )
    parser.add_argument(
        "--write", type=Path, help="page whose table is made anew, of the whole record where there is one"
    )
    parser.add_argument("--from", dest="kept", type=Path, help="measure nothing: write the page from this record")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the bars and entries, to try a section out; 1 to measure"
    )
    options = parser.parse_args()
    if options.kept:
        if not options.write or options.section or options.record:
            parser.error("--from measures nothing: it needs --write, and takes no section and no --record")
        written(options.write, pages.read(options.kept))
        return
    if unknown := set(options.section) - set(NAMES):
        parser.error(f"unknown section {', '.join(sorted(unknown))}: known are {' '.join(NAMES)}")
    readme_asked = options.write and pages.has_place(options.write, "readme")
    pages.ready(options.record, options.write, ["readme" if readme_asked else "performance"])
    missed = False
    found: dict[str, pages.Section] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        known = sections(folder, options.repeats, options.scale)
        print(HEADER)
        for name in options.section or known:
            rows: list[Row] = []
            for row in known[name]():
                row.section = name
                rows.append(row)
                print(row.text(), flush=True)
            if rows:
                found[name] = pages.section([asdict(row) for row in rows], options.scale)
            if rows and options.record:
                pages.keep(options.record, {name: found[name]})
            missed = missed or any(row.verdict == "MISSED" for row in rows)
    print(pages.stamps(found))
    if options.write:
        written(options.write, pages.read(options.record) if options.record else found)
    if missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
