"""Constraints between the values of a set, such as ``fast < slow``: parsed and evaluated here; no code is ever run."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from barloom.errors import InputError, nearest
from barloom.sweeps.grid.axes import Plain, distance

LONGEST = 500
"""Most letters of one constraint."""
ALLOWED = "names of the grid, numbers, words in quotes, + - * / ( ), comparisons, and, or, not"


@dataclass(frozen=True, slots=True)
class Length:
    """A distance as a number with a unit; distances of the same unit can be compared and added."""

    unit: str
    amount: float

    def __str__(self) -> str:
        return f"{self.unit}:{self.amount:g}"


Operand = bool | int | float | str | Length
Values = Mapping[str, Operand]
_NUMBERS = (int, float)
_Term = Callable[[Values], Operand]
_Test = Callable[[Values], bool]

_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_SIGNS: dict[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """One condition that every set must fulfil.

    Attributes:
        text: as it was given, for messages.
        names: the names it reads.
    """

    text: str
    names: frozenset[str]
    _test: _Test

    def holds(self, values: Values) -> bool:
        """Check if values by name, each from ``operand``, fulfil the constraint.

        Raises:
            InputError: values that cannot be compared or calculated with, such as ``atr:2`` with ``pct:1``.
        """
        try:
            return self._test(values)
        except ZeroDivisionError:
            raise InputError(f"--where {self.text}: it divides by 0 {self._at(values)}: leave that value out") from None
        except OverflowError:
            raise InputError(f"--where {self.text}: a number grows too large {self._at(values)}") from None
        except InputError as error:
            raise InputError(f"--where {self.text}: {error} ({self._at(values)})") from None

    def _at(self, values: Values) -> str:
        return "at " + ", ".join(f"{name}={values[name]}" for name in sorted(self.names))


def operand(value: Plain) -> Operand:
    """A value in the form used in constraints: distances with their unit, and None as the word ``none``."""
    if value is None:
        return "none"
    found = distance(value)
    return Length(*found) if found is not None else value


def parse_constraint(text: str, known: Collection[str], canonical: Callable[[str], str] = str) -> list[Constraint]:
    """Parse a constraint; parts joined by ``and`` at the top level become constraints of their own.

    Args:
        text: such as ``slow >= 2*fast and stop != 'none'``.
        known: the names it may have, ``param.NAME`` among them.
        canonical: turns a name as written into one of ``known``.

    Raises:
        InputError: no comparison, an unknown name, or anything that is not ``ALLOWED``.
    """
    said = f"--where {text}"
    if len(text) > LONGEST:
        raise InputError(f"{said}: {len(text)} letters are too many: give at most {LONGEST}, or several constraints")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text.strip(), mode="eval").body
        return [_constraint(part, text, _Reader(known, canonical)) for part in _conjuncts(tree)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, InputError):
            raise InputError(f"{said}: {error}") from None
        equals = "; equality is ==" if "=" in text and "==" not in text else ""
        raise InputError(f"{said}: not a constraint, which is made of {ALLOWED}, such as fast < slow{equals}") from None


def _conjuncts(tree: ast.expr) -> list[ast.expr]:
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [part for value in tree.values for part in _conjuncts(value)]
    return [tree]


def _constraint(tree: ast.expr, text: str, reader: _Reader) -> Constraint:
    reader.names = set()
    test = reader.test(tree)
    if not reader.names:
        raise InputError(f"'{ast.unparse(tree)}' names nothing of the grid: such as fast < slow")
    return Constraint(text, frozenset(reader.names), test)


class _Reader:
    """Turns a tree into functions of the values, and collects the names in it."""

    def __init__(self, known: Collection[str], canonical: Callable[[str], str]) -> None:
        self.known, self.canonical = known, canonical
        self.names: set[str] = set()

    def test(self, tree: ast.expr) -> _Test:
        """A condition: a comparison, or conditions joined by and, or, not."""
        if isinstance(tree, ast.Compare):
            return self._comparison(tree)
        if isinstance(tree, ast.BoolOp):
            parts = [self.test(value) for value in tree.values]
            if isinstance(tree.op, ast.And):
                return lambda values: all(part(values) for part in parts)
            return lambda values: any(part(values) for part in parts)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
            inner = self.test(tree.operand)
            return lambda values: not inner(values)
        self.term(tree)  # Says what is not allowed in it, if anything is.
        raise InputError(f"'{ast.unparse(tree)}' is no comparison: give one, such as fast < slow")

    def term(self, tree: ast.expr) -> _Term:
        """A value: a name, a number, a word, or a calculation."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, (bool, int, float, str)):
            constant = operand(tree.value)
            return lambda values: constant
        if isinstance(tree, ast.Name):
            return self._name(tree.id)
        if isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name) and tree.value.id == "param":
            return self._name(f"param.{tree.attr}")
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.USub, ast.UAdd)):
            inner = self.term(tree.operand)
            factor = -1 if isinstance(tree.op, ast.USub) else 1
            return lambda values: _calculate("*", operator.mul, factor, inner(values))
        if isinstance(tree, ast.BinOp) and type(tree.op) in _SIGNS:
            sign, work = _SIGNS[type(tree.op)]
            left, right = self.term(tree.left), self.term(tree.right)
            return lambda values: _calculate(sign, work, left(values), right(values))
        if isinstance(tree, (ast.Compare, ast.BoolOp)) or (
            isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
        ):
            raise InputError(
                f"'{ast.unparse(tree)}' is a condition where a value must be: join conditions with and, or"
            )
        raise InputError(f"'{ast.unparse(tree)}' is not allowed: a constraint is made of {ALLOWED}")

    def _name(self, written: str) -> _Term:
        try:
            name = self.canonical(written)
        except InputError:
            name = written
        if name not in self.known:
            raise InputError(
                f"unknown name '{written}' (a word is put in quotes, as in entry == 'close'): {nearest(written, self.known)}"
            )
        self.names.add(name)
        return lambda values: values[name]

    def _comparison(self, tree: ast.Compare) -> _Test:
        terms = [self.term(part) for part in (tree.left, *tree.comparators)]
        for kind in tree.ops:
            if type(kind) not in _COMPARISONS:
                raise InputError(f"'{ast.unparse(tree)}' is not allowed: compare with < <= > >= == !=")
        kinds = [type(kind) for kind in tree.ops]
        if len(kinds) == 1:
            only, first, last = kinds[0], terms[0], terms[1]
            return lambda values: _compare(only, first(values), last(values))

        def test(values: Values) -> bool:
            left = terms[0](values)
            for kind, term in zip(kinds, terms[1:], strict=True):
                right = term(values)
                if not _compare(kind, left, right):
                    return False
                left = right
            return True

        return test


def _compare(kind: type[ast.cmpop], left: Operand, right: Operand) -> bool:
    compare = _COMPARISONS[kind]
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return compare(left, right)  # type: ignore[arg-type]
    lengths = isinstance(left, Length) + isinstance(right, Length)
    if lengths == 1 and (_is_number(left) or _is_number(right)):
        raise InputError(f"{left} cannot be compared with {right}: write a distance in quotes, such as 'atr:2'")
    if kind in (ast.Eq, ast.NotEq):
        return (left == right) is (kind is ast.Eq)
    if isinstance(left, Length) and isinstance(right, Length):
        if left.unit != right.unit:
            raise InputError(f"{left} cannot be compared with {right}: their units differ")
        return compare(left.amount, right.amount)
    word = next(value for value in (left, right) if not isinstance(value, Length) and not _is_number(value))
    raise InputError(
        f"'{word}' is neither more nor less than anything: compare words with == and != only, before an and"
    )


def _calculate(sign: str, work: Callable[[float, float], float], left: Operand, right: Operand) -> Operand:
    if _is_number(left) and _is_number(right):
        return work(left, right)  # type: ignore[arg-type]
    if isinstance(left, Length) and isinstance(right, Length):
        if left.unit == right.unit and sign in "+-":
            return Length(left.unit, work(left.amount, right.amount))
        if left.unit == right.unit and sign == "/":
            return left.amount / right.amount
    elif isinstance(left, Length) and _is_number(right) and sign in "*/":
        return Length(left.unit, work(left.amount, right))  # type: ignore[arg-type]
    elif isinstance(right, Length) and _is_number(left) and sign == "*":
        return Length(right.unit, work(left, right.amount))  # type: ignore[arg-type]
    raise InputError(f"{left} {sign} {right} cannot be worked out")


def _is_number(value: Operand) -> bool:
    return type(value) in _NUMBERS  # A bool is none.
