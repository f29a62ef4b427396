"""Entry point of the command ``barloom``: runs the command and turns every result or error into an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NoReturn

from barloom.cli import output
from barloom.observe import interrupts

if TYPE_CHECKING:
    import argparse

DONE = 0
BAD_INPUT = 2
UNEXPECTED = 4
INTERRUPTED = 130

RECORDED = ("run", "sweep", "walk-forward", "data")
"""Commands whose records name the folder that they were started in."""
ANYBODYS = ("run", "sweep", "walk-forward", "explain", "strategies")
"""Commands that run a user's code."""


def _say(text: str) -> None:
    """Print one line on stderr; do nothing if stderr is closed."""
    from barloom.errors import sentence

    try:
        print(f"barloom: {sentence(text)}", file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        return


def _say_choices(words: Sequence[str], choices: Sequence[Sequence[str]]) -> None:
    """The given command, once for each way to continue, ready to be pasted."""
    import shlex

    for choice in choices:
        command = " ".join(shlex.quote(word) for word in ("barloom", *words, *choice))
        if not command.isprintable():
            continue
        try:
            print(f"  {command}", file=sys.stderr, flush=True)
        except (OSError, ValueError, AttributeError):
            return


def _open_standard_streams() -> None:
    """Replace closed standard streams, and escape unprintable characters."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _keep_traceback() -> str:
    """Write the traceback of the current error to a file of its own. Returns its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="barloom-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        traceback.print_exc(file=log)
    return log.name


def _refuse_unreadable(words: Sequence[str], command: str) -> None:
    """Refuse names that are no text here, or that Arrow, which takes every name for UTF-8, would look for under another.

    Raises:
        InputError: names one, and what to do.
    """
    from barloom.errors import InputError

    encoding = sys.getfilesystemencoding()
    for word in (*words, os.getcwd()) if command in RECORDED else words:
        if not word.isascii() and (encoding != "utf-8" or any("\udc80" <= letter <= "\udcff" for letter in word)):
            name = os.fsencode(word).decode("utf-8", "backslashreplace")
            remedy = "rename it" if encoding == "utf-8" else "set PYTHONUTF8=1, or rename it"
            raise InputError(f"the name '{name}' cannot be kept where names of files are {encoding}: {remedy}")


def _run(words: Sequence[str]) -> int:
    """Parse the words and run their command. Returns its exit code, also if the parser ends by itself (help, version, errors)."""
    from barloom.boundary import refuse_unusable
    from barloom.cli._parser import build_parser
    from barloom.errors import StrategyExitError, described

    try:
        options = build_parser(words).parse_args(words)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else UNEXPECTED
    if options.command in ANYBODYS:
        output.keep_apart()
    try:
        command = importlib.import_module(f"barloom.cli.{options.command.replace('-', '_')}")
        _loaded()
        interrupts.check()
        for word in words:
            if not any(
                "\udc80" <= letter <= "\udcff" for letter in word
            ):  # names of files as the system has them: told below
                refuse_unusable("a word of the command line", word)
        with _messages(options, words):
            _refuse_unreadable(words, options.command)
            code: int = command.main(options, words)
    except SystemExit as ending:
        raise StrategyExitError(
            f"something ended the program with {described(ending)}: look for exit() in the code that was given"
        ) from None
    return code


def _load_lightly() -> None:
    """Load only what a command needs, which saves a third of the processor time of starting and ending.

    Loading makes many objects and no garbage. The threads of OpenBLAS would wait for work that never comes, and a strategy's matrix
    products would depend on how many there are. Those of OpenMP would wait for the next chunk with all their might, which the thread that
    reads it could use. The command has no use for the plugins that pydantic looks for in every package.
    """
    gc.disable()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _loaded() -> None:
    """Collect garbage from here on, but never examine the modules loaded so far, neither while the command runs nor when it ends."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _messages(options: argparse.Namespace, words: Sequence[str]) -> AbstractContextManager[object]:
    """Handler of the command's messages; does nothing if no option asks for messages and the command cannot give any."""
    from barloom.options import MESSAGES

    asked = {row.key for row in MESSAGES} & set(vars(options))
    speaks = options.command == "data" and getattr(options, "action", "info") != "info"
    if not asked and not speaks and "logging" not in sys.modules:
        return nullcontext()
    from barloom.cli.messages import Messages, typed_options

    return Messages(typed_options(options), words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: words after the program's name; None for those of the process.

    Returns:
        0 done, 2 bad input or options, 3 two runs that must agree do not, 4 unexpected, 130 interrupted.
    """
    from barloom.errors import BarloomError, described
    from barloom.threads import is_refused, no_threads

    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(words)
        output.flush()
        return code
    except BarloomError as error:
        if interrupts.seen():
            _say("interrupted")
            return INTERRUPTED
        _say(f"error: {error}")
        _say_choices(words, getattr(error, "choices", ()))
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone (`| head`): what there was to do is done, and there is nobody to tell.
        output.silence()
        return DONE
    except KeyboardInterrupt as interrupt:
        _say(f"interrupted{': ' if interrupt.args else ''}{' '.join(map(str, interrupt.args))}")
        return INTERRUPTED
    except OSError as error:
        output.silence()
        where = f"'{error.filename}'" if error.filename else "the output"
        _say(f"error: cannot read or write {where}: {error.strerror or error}")
        return BAD_INPUT
    except MemoryError as error:
        _say(f"error: there is not enough memory ({error}): give --max-ram, or fewer --chunk-rows")
        return BAD_INPUT
    except Exception as error:
        if interrupts.seen():
            # It came while a library was being loaded, which then failed in its own words.
            _say("interrupted")
            return INTERRUPTED
        if is_refused(error):
            _say(f"error: {no_threads()}")
            return BAD_INPUT
        _say(f"unexpected error: {described(error)}; the traceback is in {_keep_traceback()}")
        return UNEXPECTED


def entry() -> NoReturn:
    """Run the installed command.

    Raises:
        SystemExit: always, with the exit code.
    """
    _open_standard_streams()
    try:
        output.allow()
        interrupts.watch()
        _load_lightly()
        code = main()
    except KeyboardInterrupt:
        _say("interrupted")
        code = INTERRUPTED
    if code:
        _keep(code)
    sys.exit(code)


def _keep(code: int) -> None:
    """Make sure that a user's code at exit cannot turn a failure into a success."""
    leave = os._exit

    def leave_failed(status: int) -> NoReturn:
        leave(status or code)

    os._exit = leave_failed
