"""The extension table, the compiler flags and the one OpenMP probe; everything else is in pyproject.toml."""

import hashlib
import os
import runpy
import sys
import tempfile
import warnings
from pathlib import Path

import Cython
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.dist import Distribution

MODULES = ["chunking", "checking", "resampling", "indicators", "signals", "simulation", "drilldown"]
DEBUG = os.environ.get("BARLOOM_DEBUG") == "1"
REQUIRE_OPENMP = os.environ.get("BARLOOM_REQUIRE_OPENMP") == "1"
NO_OPENMP = os.environ.get("BARLOOM_NO_OPENMP") == "1"
COVERAGE = os.environ.get("BARLOOM_COVERAGE") == "1"
MANUAL = runpy.run_path("tools/manual.py")
PAGES = "build/man"

DIRECTIVES = {
    "language_level": 3,
    "cdivision": True,
    "wraparound": False,
    "boundscheck": DEBUG,
    "initializedcheck": DEBUG,
    "nonecheck": DEBUG,
    "overflowcheck": DEBUG,
    "embedsignature": True,
}

# Same bytes from every compiler: no contraction into fused multiply-adds, never fast-math, never the build machine's own CPU.
UNIX_FLAGS = ["-O1" if DEBUG else "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
if COVERAGE:  # tools/covered.py
    UNIX_FLAGS += ["-O0", "--coverage", "-fprofile-update=atomic"]
MSVC_FLAGS = ["/Od" if DEBUG else "/O2", "/fp:precise"]
HOMEBREW = ("/opt/homebrew/opt/libomp", "/usr/local/opt/libomp")  # of Apple's processors, and of Intel's
PROBE = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"


def openmp_flags(compiler) -> tuple[list[str], list[str]] | None:
    """The compile and link flags that give OpenMP here, found by building a program with them; None if none do."""
    if NO_OPENMP:
        return None
    if compiler.compiler_type == "msvc":
        candidates = [(["/openmp"], [])]
    elif sys.platform == "darwin":
        clang = ["-Xpreprocessor", "-fopenmp"]
        candidates = [(clang, ["-lomp"])]
        candidates += [([*clang, f"-I{libomp}/include"], [f"-L{libomp}/lib", "-lomp"]) for libomp in HOMEBREW]
    else:
        candidates = [(["-fopenmp"], ["-fopenmp"])]
    for compile_args, link_args in candidates:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "probe.c"
            source.write_text(PROBE)
            try:
                objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=compile_args)
                compiler.link_executable(objects, str(Path(folder) / "probe"), extra_postargs=link_args)
            except Exception:
                continue
            return compile_args, link_args
    return None


class BuildExt(build_ext):
    def build_extensions(self) -> None:
        flags = MSVC_FLAGS if self.compiler.compiler_type == "msvc" else UNIX_FLAGS
        found = openmp_flags(self.compiler)
        if found is None:
            if REQUIRE_OPENMP:
                raise SystemExit("barloom: no OpenMP with this compiler, and BARLOOM_REQUIRE_OPENMP=1 asks for it")
            remedy = " (brew install libomp, then install again)" if sys.platform == "darwin" and not NO_OPENMP else ""
            warnings.warn(
                f"barloom: no OpenMP with this compiler; the kernels are built to run on one thread{remedy}",
                stacklevel=1,
            )
        for extension in self.extensions:
            extension.extra_compile_args = flags + (found[0] if found else [])
            extension.extra_link_args = (found[1] if found else []) + (["--coverage"] if COVERAGE else [])
        self.parallel = self.parallel or os.cpu_count()
        # distutils compares only dates: objects of other flags, or of another compiler, are not to be taken for these.
        built = Path(self.build_temp, "in-place.txt" if self.inplace else "flags.txt")
        wanted = "\n".join([str(self.compiler.__dict__.get("compiler_so")), *map(str, found or ()), *flags])
        self.force = not built.is_file() or built.read_text() != wanted
        built.unlink(missing_ok=True)
        super().build_extensions()
        built.parent.mkdir(parents=True, exist_ok=True)
        built.write_text(wanted)


class InstallData(Distribution().get_command_class("install_data")):
    """Installs the manual pages, which are made from the parser for it."""

    def run(self) -> None:
        try:
            MANUAL["write"](PAGES, self.distribution.get_version())
        except ImportError as error:
            warnings.warn(f"barloom: no manual pages, as their maker is not installed here: {error}", stacklevel=1)
            self.data_files = []
        super().run()


def extensions() -> list[Extension]:
    """The compiled modules, of C that is made anew when what it is made of has changed.

    Cython compares dates, also those of its own files, which are new in every build environment of pip: it would make all C each time.
    """
    folder = Path("build/cython-debug" if DEBUG else "build/cython")
    made, of = folder / "made-of.txt", hashlib.blake2b(f"{Cython.__version__} {DIRECTIVES}".encode())
    for source in sorted(path for path in Path("cython_ext").rglob("*") if path.suffix in (".pyx", ".pxd")):
        of.update(source.as_posix().encode() + source.read_bytes())
    c_files = {name: folder / "cython_ext" / f"{name}.c" for name in MODULES}
    if made.is_file() and made.read_text() == of.hexdigest() and all(file.is_file() for file in c_files.values()):
        return [Extension(f"barloom._native.{name}", [file.as_posix()]) for name, file in c_files.items()]
    made.unlink(missing_ok=True)
    found = cythonize(
        [Extension(f"barloom._native.{name}", [f"cython_ext/{name}.pyx"]) for name in MODULES],
        include_path=["cython_ext"],
        compiler_directives=DIRECTIVES,
        build_dir=str(folder),
        force=True,
    )
    made.write_text(of.hexdigest())
    return found


setup(
    ext_modules=extensions(),
    data_files=[("share/man/man1", [f"{PAGES}/{name}" for name in MANUAL["names"]()])],
    cmdclass={"build_ext": BuildExt, "install_data": InstallData},
)
