"""Checks of the kernels with other compilers and platforms: ``python tools/platforms/compilers.py warnings|cross|bytes``, from the root.

``warnings`` compiles the generated C with every compiler there is (gcc, clang, and the clang inside ``ziglang``), all warnings on;
``cross`` compiles it for other platforms with ``ziglang``: objects, which are neither linked nor run; ``bytes`` builds the kernels with
each compiler and optimisation level, without OpenMP too, and runs the golden digests on each. Leaves with 1 where one of them fails.
Needs Cython; ``ziglang`` where it is installed; ``bytes`` also what the tests need.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAME_BYTES = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")  # as in setup.py
ALL_WARNINGS = ("-Wall", "-Wextra", "-Werror")
LEVELS = ("-O0", "-O2", "-O3")

Job = tuple[str, Callable[[], str]]  # its name, and what does it and tells what went wrong

# ziglang's names of platforms, and those of their sizes that the Python headers of another machine get wrong.
TARGETS = {
    "aarch64-linux-gnu": "as here",
    "aarch64-linux-musl": "as here",
    "x86_64-linux-musl": "as here",
    "aarch64-macos": "as here",
    "x86_64-macos": "as here",
    "x86_64-windows-gnu": "windows",
    "aarch64-windows-gnu": "windows",
}

# What Python.h has to know of 64-bit Windows, where its pyconfig.h is another file: sizes, and that there is no POSIX.
WINDOWS = """\
#include <stddef.h>
#include <stdint.h>
#define MS_WINDOWS 1
#define MS_WIN64 1
#define NT_THREADS 1
#define SIZEOF_SHORT 2
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_VOID_P 8
#define SIZEOF_WCHAR_T 2
#define SIZEOF_FLOAT 4
#define SIZEOF_DOUBLE 8
#define SIZEOF_TIME_T 8
#define ALIGNOF_MAX_ALIGN_T 8
typedef int64_t Py_ssize_t;
#define HAVE_PY_SSIZE_T 1
#define PY_SSIZE_T_MAX INT64_MAX
"""


@dataclass(frozen=True)
class Compiler:
    """A C compiler.

    Attributes:
        name: what it is called in the report.
        words: how it is called.
        openmp: whether it comes with OpenMP.
    """

    name: str
    words: tuple[str, ...]
    openmp: bool

    def run(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Call it; what it says is kept."""
        cache = Path(tempfile.gettempdir()) / "barloom-zig"
        caches = {f"ZIG_{kind}_CACHE_DIR": str(cache / kind.lower()) for kind in ("GLOBAL", "LOCAL")}
        settings = {"env": {**os.environ, "LC_ALL": "C", **caches}, "timeout": timeout}
        return subprocess.run([*self.words, *arguments], capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload,no-any-return]


def zig(*arguments: str) -> Compiler | None:
    """The clang of ``ziglang``, None where that is not installed."""
    if find_spec("ziglang") is None:
        return None
    return Compiler("clang (ziglang)", (sys.executable, "-m", "ziglang", "cc", *arguments), openmp=False)


def links_openmp(name: str) -> bool:
    """True if a compiler can build a program with OpenMP."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "probe.c", Path(folder) / "probe"
        source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
        return Compiler(name, (name,), openmp=True).run("-fopenmp", str(source), "-o", str(made)).returncode == 0


def compilers() -> list[Compiler]:
    """Those of this machine."""
    found = [Compiler(name, (name,), openmp=links_openmp(name)) for name in ("gcc", "clang") if shutil.which(name)]
    inside = zig()
    return found + ([inside] if inside else [])


def faults(compiler: Compiler, source: Path, *flags: str, include: Path | None = None) -> str:
    """Warnings and errors of a compiler for a C file, compiled to an object with all warnings on; empty if there are none."""
    headers = include or Path(sysconfig.get_paths()["include"])
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.o"
        done = compiler.run(*ALL_WARNINGS, *flags, "-c", str(source), "-o", str(made), "-isystem", str(headers))
        if done.returncode == 0 and made.is_file() and made.stat().st_size:
            return ""
        return done.stderr.strip() or f"left with {done.returncode} and made nothing"


def generated() -> list[Path]:
    """The C files that Cython makes of the kernels, with the directives of a release build."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BARLOOM_")}
    words = [sys.executable, "setup.py", "-q", "--name"]  # whatever is asked of it, it translates first
    subprocess.run(words, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    sources = sorted((ROOT / "build" / "cython" / "cython_ext").glob("*.c"))
    kernels = {path.stem for path in (ROOT / "cython_ext").glob("*.pyx")}
    return [path for path in sources if path.stem in kernels]


def warnings(sources: Sequence[Path], folder: Path) -> Iterator[Job]:
    """Each compiler and file."""
    for compiler in compilers():
        flags = ("-O2", "-fPIC", *SAME_BYTES, *(("-fopenmp",) if compiler.openmp else ()))
        for source in sources:
            yield f"{compiler.name}, {source.stem}", partial(faults, compiler, source, *flags)


def cross(sources: Sequence[Path], folder: Path) -> Iterator[Job]:
    """Each platform and file; not optimised, as what clang warns of it sees before."""
    headers = {"as here": Path(sysconfig.get_paths()["include"]), "windows": folder / "windows"}
    shutil.copytree(headers["as here"], headers["windows"])
    (headers["windows"] / "pyconfig.h").write_text(WINDOWS)
    for target, sizes in TARGETS.items():
        compiler = zig("-target", target)
        if compiler is None:
            yield target, lambda: "ziglang is not installed: pip install ziglang"
            continue
        for source in sources:
            flags = ("-O0", "-fno-sanitize=undefined", *SAME_BYTES)
            yield f"{target}, {source.stem}", partial(faults, compiler, source, *flags, include=headers[sizes])


def same_bytes(sources: Sequence[Path], folder: Path) -> Iterator[Job]:
    """Each compiler, level and use of OpenMP, and what the golden digests say of the kernels it makes."""
    for compiler in compilers():
        for level in LEVELS:
            for openmp in (True, False) if compiler.openmp and level == "-O3" else (compiler.openmp,):
                name = f"{compiler.name} {level}, {'with' if openmp else 'without'} OpenMP"
                yield name, partial(_built_and_run, compiler, sources, folder / name, level, openmp=openmp)


def _built_and_run(compiler: Compiler, sources: Sequence[Path], folder: Path, level: str, *, openmp: bool) -> str:
    """Put the package into a folder with kernels of its own, and take the digests; what went wrong."""
    package = folder / "barloom"
    shutil.copytree(ROOT / "src" / "barloom", package, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return _built(compiler, sources, package / "_native", level, openmp=openmp) or _digests(folder)


def _built(compiler: Compiler, sources: Sequence[Path], folder: Path, level: str, *, openmp: bool) -> str:
    """Build the kernels as modules of this Python; what went wrong."""
    ending = sysconfig.get_config_var("EXT_SUFFIX")
    link = ("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()
    for source in sources:
        made = str(folder / f"{source.stem}{ending}")
        flags = (level, "-fPIC", "-shared", "-fno-strict-aliasing", *SAME_BYTES, *link)
        headers = ("-I", sysconfig.get_paths()["include"])
        libraries = ("-fopenmp",) if openmp else ()
        done = compiler.run(*flags, *headers, str(source), "-o", made, "-lm", *libraries)
        if done.returncode:
            return f"{source.stem}: {done.stderr.strip()}"
    return ""


def _digests(folder: Path) -> str:
    """Run the golden digests on the package in a folder; what went wrong."""
    told = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/golden"]
    done = subprocess.run(words, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    passed = re.search(r"^\d+ passed", done.stdout, re.MULTILINE)
    return "" if done.returncode == 0 and passed else done.stdout[-3000:] + done.stderr[-1000:]


def main() -> int:
    """Do what is asked, print a line each, and leave with 1 where something failed."""
    kinds = {"warnings": warnings, "cross": cross, "bytes": same_bytes}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=kinds, nargs="+", help="what to do")
    asked = parser.parse_args().what
    sources = generated()
    failed = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        for what in asked:
            jobs = list(kinds[what](sources, Path(folder)))
            if not jobs:
                print(f"{what}: no compiler was found: nothing was tried")
                failed += 1
            for (name, _), said in zip(jobs, pool.map(lambda job: job[1](), jobs), strict=True):
                print(f"{what}: {name}: {said or 'ok'}", flush=True)
                failed += bool(said)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
