"""Pages of the site that are made when it is built: what stands elsewhere in the project already, said once.

``index.md``, ``changelog.md`` and ``contributing.md`` are the README, changelog and contributing guide of the root. ``mkdocs`` calls
``on_files``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
FROM_ROOT = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
REPOSITORY_FILE = re.compile(r"\[([^\]]+)\]\((?:SECURITY\.md|LICENSE|(?:benchmarks|changes)/[^)]*|\.github/[^)]*)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    made = {name: relinked((ROOT / source).read_text(encoding="utf-8")) for source, name in FROM_ROOT.items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def relinked(text: str) -> str:
    """Links of a file of the root as links between pages."""
    text = text.replace("](docs/", "](")
    for source, name in FROM_ROOT.items():
        text = text.replace(f"]({source})", f"]({name})")
    return REPOSITORY_FILE.sub(r"`\1`", text)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to files of the root lead to their pages, and commands are coloured as commands.

    The sources say ``console``, which would show lines without a prompt as output.
    """
    for source, name in FROM_ROOT.items():
        markdown = markdown.replace(f"../{source})", f"{name})")
    return re.sub(r"^```console$", "```sh", markdown, flags=re.MULTILINE)
