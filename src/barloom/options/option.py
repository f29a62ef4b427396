"""One row of the table of options, and one command with its help."""

from __future__ import annotations

from typing import Any, NamedTuple

from barloom.options.kinds import TEXT, Flag, Kind


class Option(NamedTuple):
    """An option or an argument: the single definition used by the parser, the file of settings, completion and the docs.

    Attributes:
        name: as it is typed, without dashes before it; of an argument what the program calls it.
        help: what it does, in a sentence; the default is said behind it.
        kind: what value it takes and what reads it.
        group: the heading it stands under.
        commands: the commands that have it.
        metavar: the value in the help; the choices where it is empty.
        choices: the words it takes, any where it is empty.
        default: the value when it is not given.
        unless: the default in words, where the value does not say it.
        own: left out, it leaves the distance to the strategy.
        swept: it may stand in a grid.
        basic: the short help shows it; that of these commands alone where they are named.
        many: it can be given more than once; an argument takes several words.
        required: the command does nothing without it.
        argument: it stands by its place, without a name.
        short: a letter for it.
        dest: its name in the program, where it is not its own.
        one_of: options of a command with the same word here exclude each other.
    """

    name: str
    help: str
    kind: Kind = TEXT
    group: str = ""
    commands: tuple[str, ...] = ()
    metavar: str = ""
    choices: tuple[str, ...] = ()
    default: Any = None
    unless: str = ""
    own: bool = False
    swept: bool = False
    basic: bool | tuple[str, ...] = False
    many: bool = False
    required: bool = False
    argument: bool = False
    short: str = ""
    dest: str = ""
    one_of: str = ""

    @property
    def key(self) -> str:
        """Name in the program: with underscores."""
        return self.dest or self.name.replace("-", "_")

    def is_basic(self, command: str) -> bool:
        """True if the short help of a command shows the option."""
        return self.basic if isinstance(self.basic, bool) else command in self.basic

    @property
    def flag(self) -> bool:
        """True if the option takes no value."""
        return isinstance(self.kind, Flag)

    @property
    def typed(self) -> str:
        """Form in which a user types it: ``--max-hold``, or the name of an argument."""
        return self.metavar if self.argument else f"--{self.name}"

    @property
    def usual(self) -> str:
        """The default in words; empty if there is none to mention."""
        if self.own:
            return "the strategy's"
        if self.unless or self.default in (None, ()) or self.flag:
            return self.unless
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    @property
    def told(self) -> str:
        """The sentence of the help, with the default."""
        return f"{self.help} (default: {self.usual})" if self.usual else self.help


class Command(NamedTuple):
    """A command, or a word that commands begin with.

    Attributes:
        name: its words.
        summary: what stands beside it in a list of commands.
        description: what it does, in a sentence or two.
        examples: lines of its examples, those of the short help first.
        basic: how many examples the short help shows.
        notes: what is said below the examples.
        guide: the page of the documentation about it.
        job: it leaves records, and takes options from a file: what was not typed is absent.
    """

    name: str
    summary: str
    description: str
    examples: tuple[str, ...] = ()
    basic: int = 5
    notes: str = ""
    guide: str = ""
    job: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words one by one."""
        return tuple(self.name.split())
