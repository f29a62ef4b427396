"""What every command's options are made of: numbers within limits, pairs, names, and a parser that refuses in one sentence.

Imports the standard library only, as the whole command line does until it has been read.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

LARGEST = 2**63 - 1


class Number:
    """Reads a number within limits, and says in plain words what is wrong with any other text."""

    def __init__(
        self,
        *,
        whole: bool = False,
        at_least: float | None = None,
        above: float | None = None,
        at_most: float | None = None,
        auto: bool = False,
        unit: str | None = None,
    ) -> None:
        self.whole, self.at_least, self.above, self.at_most = whole, at_least, above, at_most
        self.auto, self.unit = auto, unit

    def __str__(self) -> str:
        limits = []
        if self.at_least is not None:
            limits.append(f"of at least {self.at_least:g}")
        if self.above is not None:
            limits.append(f"above {self.above:g}")
        if self.at_most is not None:
            limits.append(f"up to {self.at_most:g}")
        kind = "a whole number" if self.whole else "a number"
        other = ", or auto" if self.auto else f", or {self.unit}: and such a number" if self.unit else ""
        return " ".join([kind, " and ".join(limits)]).rstrip() + other

    def __call__(self, text: str) -> float | int | str | None:
        """The number; None for ``auto`` and the text as it is for ``unit:number`` where these are allowed.

        Raises:
            argparse.ArgumentTypeError: anything else; one plain sentence.
        """
        if self.auto and text.strip().lower() == "auto":
            return None
        unit, colon, amount = text.strip().lower().partition(":")
        if colon and unit == self.unit:
            return f"{unit}:{self._number(amount, text)!r}"
        return self._number(text, text)

    def reads(self, value: object) -> bool:
        """Whether a value of a TOML file has a type that can be read."""
        if isinstance(value, str):
            word = value.strip().lower()
            return (self.auto and word == "auto") or (self.unit is not None and word.startswith(f"{self.unit}:"))
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    def _number(self, text: str, said: str) -> float | int:
        """The number of ``text``; ``said`` is what was typed."""
        try:
            # int() and float() alone would also take 1_000 and digits of other scripts.
            if "_" in text or not text.isascii():
                raise ValueError
            value: float | int = int(text) if self.whole else float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{said}' is not {self}") from None
        if self.whole and abs(value) > LARGEST:
            raise argparse.ArgumentTypeError(f"'{said}' is not {self} that can be counted to: at most {LARGEST}")
        low = (self.at_least is not None and value < self.at_least) or (self.above is not None and value <= self.above)
        high = self.at_most is not None and value > self.at_most
        if low or high or not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{said} is not {self}")
        return value


FRACTION = Number(above=0, at_most=1)
PORTION = Number(whole=True, at_least=1)
COUNT = Number(whole=True, at_least=1)
COST = Number(at_least=0)


def pair(text: str) -> tuple[str, str]:
    """``name=value`` as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name.strip(), value.strip()


def names(text: str) -> list[str]:
    """Names between commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of names between commas")
    return found


def hint(name: str, known: Iterable[str]) -> str:
    """``did you mean X?`` for the nearest of the known names, or nothing where none is near."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


class Parser(argparse.ArgumentParser):
    """An argparse parser that refuses in one plain sentence, with the nearest name after a typing error."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("allow_abbrev", False)
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**settings)
        self.subcommands: dict[str, Parser] = {}

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one sentence and leave with 2."""
        from barloom.errors import sentence

        self.exit(2, f"barloom: error: {sentence(message.removeprefix('argument '))} (see '{self.prog} --help')\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = hint(str(value), known)
            said = f"'{value}' is not known: {near + ' ' if near else ''}choose from {', '.join(known)}"
            raise argparse.ArgumentError(action, said)

    def commands(self, dest: str) -> Any:
        """The sub-parsers action, whose parsers are remembered in ``subcommands``."""
        action = self.add_subparsers(dest=dest, metavar="COMMAND", required=True, title="commands")
        self.subcommands = action.choices
        return action

    def leaf(self, words: Sequence[str]) -> Parser:
        """The parser of the sub-command that the words name, as deep as they go."""
        parser = self
        for word in words:
            if word in parser.subcommands:
                parser = parser.subcommands[word]
        return parser

    def leaves(self) -> list[Parser]:
        """The parsers of all commands that have no commands of their own."""
        return [leaf for each in self.subcommands.values() for leaf in each.leaves()] or [self]

    def options(self) -> list[str]:
        """The long options this parser knows."""
        return [text for text in self._option_string_actions if text.startswith("--")]

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but an unknown option is refused with the nearest known one."""
        words = list(sys.argv[1:] if args is None else args)
        found, extra = self.parse_known_args(words, namespace)
        if not extra:
            return found
        leaf = self.leaf(words)
        unknown = next((text for text in extra if text.startswith("-") and len(text) > 1), None)
        if unknown is None:
            leaf.error(f"unexpected argument '{extra[0]}'")
        name = unknown.partition("=")[0]
        return leaf.error(f"unknown option '{name}': {hint(name, leaf.options())}".removesuffix(": "))


class Version(argparse.Action):
    """Prints the version; looked up only when asked, as the file also runs where barloom is not."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: str | None = None
    ) -> NoReturn:
        from barloom import __version__

        print(f"barloom {__version__}")
        parser.exit(0)
