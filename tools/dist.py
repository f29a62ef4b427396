"""Test of the distribution: source archive, wheel from it, a fresh environment, the first run. ``python tools/dist.py FOLDER``."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path


def call(*words: object, **settings: object) -> None:
    """Run a command, which has to pass."""
    print("+", *words, flush=True)
    subprocess.run([str(word) for word in words], check=True, **settings)  # type: ignore[call-overload]


def main(folder: Path) -> None:
    """Make the distributions in ``folder``, and use them as a user would."""
    made = folder / "dist"
    if made.exists():
        raise SystemExit(f"{made} exists: name a folder without one")
    # Without a choice of its own, build makes the wheel from the source archive and not from this folder.
    call(sys.executable, "-m", "build", "--outdir", made)
    files = sorted(made.iterdir())
    wheels = [file for file in files if file.suffix == ".whl"]
    if len(files) != 2 or len(wheels) != 1:
        raise SystemExit(f"a source archive and a wheel were expected, not {[file.name for file in files]}")
    call(sys.executable, "-m", "twine", "check", "--strict", *files)
    fresh = folder / "fresh"
    venv.create(fresh, with_pip=True)
    programs = fresh / ("Scripts" if sys.platform == "win32" else "bin")
    call(programs / "python", "-m", "pip", "install", "--quiet", wheels[0])
    work = folder / "work"
    work.mkdir()
    call(programs / "barloom", "info", cwd=work)
    call(programs / "barloom", "run", "--sample", cwd=work)
    if not list(work.glob("results/runs/*/trades.parquet")):
        raise SystemExit("the run left no trades")
    for name in ("barloom.1", "barloom-run.1", "barloom-data-check.1"):
        page = fresh / "share" / "man" / "man1" / name
        if "SYNOPSIS" not in page.read_text(encoding="utf-8"):
            raise SystemExit(f"{page} is no manual page")
    print("the distributions are good:", *(file.name for file in files))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
