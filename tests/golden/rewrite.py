"""Writes ``digests.json`` anew and says what changed: ``python tests/golden/rewrite.py``, from the root, with barloom installed.

A changed digest is a changed result: say in the changelog which rule changed it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden import cases

FILE = Path(__file__).with_name("digests.json")


def collected() -> dict[str, dict[str, Any]]:
    """Every digest of this machine."""
    return {
        "bars": cases.bars_digests(),
        "indicators": cases.indicator_digests(),
        "runs": {
            "sample": cases.sample_digest(),
            "own signals": cases.own_digest(),
            **{name: cases.run_digest(*case) for name, case in cases.run_cases().items()},
        },
    }


def changes(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    """The names whose digests are not those of before."""
    names = [(part, name) for part in new for name in {**old.get(part, {}), **new[part]}]
    return [f"{part}: {name}" for part, name in names if old.get(part, {}).get(name) != new[part].get(name)]


def main() -> None:
    """Write the file."""
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    new = collected()
    FILE.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8", newline="\n")
    print("\n".join(changes(old, new)) or "nothing changed")


if __name__ == "__main__":
    main()
