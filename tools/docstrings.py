"""Docstrings as the site shows them: ``first, last: text`` becomes a line for each name, and so a whole row of the table."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension

GROUP = re.compile(r"^ {4}(?P<names>\w+(?:, \w+)+): (?P<text>.*(?:\n {5,}\S.*)*)", re.MULTILINE)


class OneNameALine(Extension):
    """Splits attributes and arguments that share a description."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Rewrite the docstring of an object, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = GROUP.sub(
                lambda found: "\n".join(f"    {name}: {found['text']}" for name in found["names"].split(", ")),
                obj.docstring.value,
            )
