"""The errors barloom raises on purpose, each with the exit code the command line gives it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence

LONGEST_SENTENCE = 2000


class BarloomError(Exception):
    """Base of every error that barloom raises on purpose.

    Examples:
        >>> import barloom as bl
        >>> try:
        ...     bl.from_synthetic(1_000).resample("7 minutes")
        ... except bl.BarloomError as error:
        ...     print(error.exit_code, error)
        2 --timeframe '7 minutes': give a number and s, m, h, d or w, such as 5m, 15m, 1h, 4h, 1d or 1w
    """

    exit_code = 4


class InputError(BarloomError, ValueError):
    """Bad data or options: one plain sentence that names the file, row or option and the remedy.

    Names that come out of a file may hold anything: line ends, control characters and a million letters are no part of
    a sentence.

    Examples:
        >>> import barloom as bl
        >>> bl.open_bars("missing.csv")
        Traceback (most recent call last):
            ...
        barloom.errors.InputError: missing.csv does not exist: check the name
    """

    exit_code = 2

    def __init__(self, message: str = "") -> None:
        super().__init__(sentence(message))


class Question(InputError):  # noqa: N818
    """A decision that the user has to make: the message lists the ways to continue, and ``choices`` the options of each, as typed.

    The command line prints the given command with each of these choices added, ready to be pasted.
    """

    def __init__(self, message: str = "", choices: Sequence[Sequence[str]] = ()) -> None:
        super().__init__(message)
        self.choices = tuple(tuple(words) for words in choices)

    def __reduce__(self) -> tuple[type[Question], tuple[str, tuple[tuple[str, ...], ...]]]:
        """Keep message and choices when sent to another process."""
        return type(self), (str(self), self.choices)


class StrategyError(BarloomError):
    """A strategy's own code failed."""

    def __init__(self, message: str = "") -> None:
        super().__init__(sentence(message))


class StrategyExitError(StrategyError, InputError):
    """A strategy's code tried to end the program, or gave a warning while warnings are errors."""

    exit_code = 2


class FidelityError(BarloomError):
    """Two runs that must be equal differ, or the reference simulator disagrees with the kernel.

    Examples:
        >>> import numpy as np
        >>> import barloom as bl
        >>> class Tomorrow(bl.Strategy):
        ...     def signals(self, window):
        ...         bars = np.flatnonzero(window.close[1:] > window.close[:-1])  # the bars before a rise
        ...         return bl.Entries(bars, 1, stop=0.0005, target=0.0005)
        >>> try:
        ...     bl.run(bl.from_synthetic(1_000), "__main__:Tomorrow")
        ... except bl.FidelityError as error:
        ...     print(str(error).partition(":")[0])
        strategy Tomorrow looks ahead
    """

    exit_code = 3


def described(error: BaseException) -> str:
    """Any error in words: its kind and its message."""
    try:
        said = str(error)
    except BaseException:
        said = "it cannot say why"
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return f"{kind}: {said or None}, and no strategy may end the program"
    return f"{kind}: {said}"


def shown(value: object, form: Callable[[object], str] = repr, limit: int = 60) -> str:
    """Any value in a message, shortened: even an integer of thousands of digits, or an object whose ``repr`` fails."""
    try:
        text = form(value)
    except Exception:
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def sentence(text: str) -> str:
    """Text on one line: unprintable characters are escaped, and the middle of a very long text is left out."""
    text = _shortened(text)
    if text.isprintable():
        return text
    return _shortened("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text))


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_SENTENCE:
        return text
    return f"{text[: LONGEST_SENTENCE // 2]} ... {text[-LONGEST_SENTENCE // 4 :]}"


def hint(name: str, known: Iterable[str]) -> str:
    """``did you mean X?`` with the nearest known name; empty if none is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """A phrase that helps after a typing error: the nearest known name, and then all of them."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"did you mean '{close[0]}'? " if close else ""
    return f"{meant}known: {', '.join(names)}"
