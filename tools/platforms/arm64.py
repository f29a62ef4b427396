"""The golden digests on arm64, by emulation: ``python tools/platforms/arm64.py FOLDER PYTEST ARGUMENTS``, from the root, on Debian 12.

Takes Python of arm64 from Debian and NumPy, Arrow and the rest as wheels of arm64 into FOLDER, with nothing installed on the
machine and no rights but the user's; compiles the kernels with ``aarch64-linux-gnu-gcc`` as ``setup.py`` would (``-O3``, OpenMP); and
runs pytest (``tests/golden`` where nothing else is asked for) under ``qemu-aarch64-static``. What is in FOLDER already is kept, but
for the kernels and the package. Needs ``apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static``, and Cython.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from compilers import ROOT, SAME_BYTES, generated

PYTHON = "3.11"  # of Debian 12
DEBIAN = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main\n"
PACKAGES = ("python3", "libpython3-dev", "libgomp1", "libstdc++6")
TESTS = ("pytest", "hypothesis", "jsonschema")
GCC = "aarch64-linux-gnu-gcc"
QEMU = "qemu-aarch64-static"
NEEDED = {GCC: "gcc-aarch64-linux-gnu", QEMU: "qemu-user-static", "apt-get": "apt", "dpkg-deb": "dpkg"}


def call(*words: str | Path) -> None:
    """Run a command to its end; what it says goes where ours does."""
    subprocess.run([str(word) for word in words], check=True)


def interpreter(folder: Path) -> Path:
    """The root of the files of arm64, with the Debian packages of ``PACKAGES`` and what they need unpacked."""
    root, apt = folder / "root", folder / "apt"
    if (root / "usr/bin/python3").exists():
        return root
    for name in ("lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(DEBIAN)
    (apt / "extended_states").touch()
    settings = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": apt,
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": "/dev/null",  # nothing is installed: everything is wanted
        "Dir::Cache": apt / "cache",
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
    }
    words = ["apt-get", "-q", "-y", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]
    call(*words, "update")
    call(*words, "--no-install-recommends", "--download-only", "install", *PACKAGES)
    for package in sorted((apt / "cache/archives").glob("*.deb")):
        call("dpkg-deb", "-x", package, root)
    return root


def libraries(folder: Path) -> Path:
    """A folder with what the package and the tests need, in wheels of arm64."""
    made = folder / "site"
    if not made.exists():
        needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
        platforms = [f"--platform={name}_aarch64" for name in ("manylinux2014", "manylinux_2_28")]
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"--python-version={PYTHON}")
        call(*pip, *platforms, "--target", made.with_name("part"), *needs, *TESTS)
        made.with_name("part").rename(made)
    return made


def package(folder: Path, root: Path) -> Path:
    """A folder with the package and its kernels, compiled for arm64."""
    made = folder / "package"
    shutil.rmtree(made, ignore_errors=True)
    left = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(ROOT / "src" / "barloom", made / "barloom", ignore=left)
    headers = [f"-I{root}/usr/include/python{PYTHON}", "-isystem", f"{root}/usr/include"]
    flags = ("-O3", "-fPIC", "-shared", "-fno-strict-aliasing", "-fopenmp", *SAME_BYTES)
    for source in generated():
        ending = f".cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so"
        kernel = made / "barloom" / "_native" / f"{source.stem}{ending}"
        call(GCC, *flags, *headers, source, "-o", kernel, "-lm")
    return made


def main(arguments: list[str]) -> int:
    """Do all of it; the exit code of pytest.

    Raises:
        SystemExit: a program that it needs is not there.
    """
    missing = [name for command, name in NEEDED.items() if shutil.which(command) is None]
    if not arguments or missing:
        raise SystemExit(f"apt-get install {' '.join(missing)}" if missing else __doc__)
    folder = Path(arguments[0]).resolve()
    root, site = interpreter(folder), libraries(folder)
    paths = os.pathsep.join([str(package(folder, root)), str(site)])
    told = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
    python = (QEMU, "-L", str(root), str(root / "usr/bin/python3"))
    said = "import platform, sys; print(sys.version, platform.machine())"
    subprocess.run([*python, "-c", said], env=told, check=True)
    asked = arguments[1:] or ["-q", "tests/golden"]
    return subprocess.run([*python, "-m", "pytest", "-p", "no:cacheprovider", *asked], cwd=ROOT, env=told).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
