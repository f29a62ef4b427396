"""Counts of the house: ``python tools/counts.py`` prints the table of docs/project/counts.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "barloom"


def functions() -> Iterator[tuple[int, int, str]]:
    """Lines of the body without its docstring, arguments, and name of every function of the package."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                arguments = len(node.args.args) + len(node.args.kwonlyargs) + len(node.args.posonlyargs)
                yield lines, arguments, f"`{node.name}` of `{path.relative_to(SOURCES).as_posix()}`"


def folders() -> Iterator[tuple[int, str]]:
    """Files of every folder of the package."""
    for folder in (SOURCES, *(path for path in SOURCES.rglob("*") if path.is_dir())):
        yield len(list(folder.glob("*.py"))), f"`{folder.relative_to(SOURCES).as_posix()}`"


def files() -> Iterator[tuple[int, str]]:
    """Lines of every file of the package and its kernels."""
    for root in (SOURCES, ROOT / "cython_ext"):
        for path in root.rglob("*.p*"):
            if path.suffix in (".py", ".pyx", ".pxd"):
                text = path.read_text(encoding="utf-8")
                yield text.count("\n"), f"`{path.relative_to(ROOT).as_posix()}`"


def classes(pattern: str) -> list[str]:
    """Classes of the package whose first line matches."""
    found = [re.findall(pattern, path.read_text(encoding="utf-8"), re.M) for path in sorted(SOURCES.rglob("*.py"))]
    return [f"`{name}`" for names in found for name in names]


def rows() -> Iterator[tuple[str, object]]:
    """Names and values of the counts."""
    longest, wide = max(functions()), max((arguments, name) for _, arguments, name in functions())
    yield "longest function, lines of code without signature and docstring", f"{longest[0]} ({longest[2]})"
    yield "functions of more than 60 such lines", sum(lines > 60 for lines, _, _ in functions())
    yield "longest argument list", f"{wide[0]} ({wide[1]})"
    yield "files of more than 400 lines", sum(lines > 400 for lines, _ in files())
    yield "longest file", "{} ({})".format(*max(files()))
    yield "largest folder, files", "{} ({})".format(*max(folders()))
    yield "generators of chunks with signals", ", ".join(classes(r"^def (\w*signal_chunks|bars_with_signals)\("))
    yield "endings of a job", ", ".join(classes(r"^def (ending)\("))
    yield "folders of a job", ", ".join(classes(r"^class (\w*JobFolder)\b"))
    yield "records of kernels mirrored by hand", len(classes(r"^(\w+) = np\.dtype\(\[[^\n]*align=True"))


def table() -> str:
    """The rows as a table."""
    return "\n".join(["| count | now |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows())])


if __name__ == "__main__":
    print(table())
