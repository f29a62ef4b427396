"""The parameter sets of a sweep: axes of values, constraints between them, and a sample of their combinations."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from barloom.errors import InputError
from barloom.rules.checked import Checked
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.axes import Axis, Plain, Value
from barloom.sweeps.grid.constraints import Constraint, Operand, operand, parse_constraint
from barloom.sweeps.grid.names import OPTIONS, Names, known_names, parameters_of

__all__ = ["MAX_SETS", "OPTIONS", "Axis", "Grid", "known_names", "parameters_of"]

MAX_SETS = 1_000_000
"""Most sets of a sweep, unless more are allowed."""
MOST_LOOKED_AT = 20_000_000
"""Most combinations that are tried against constraints."""
FEW = 2_000_000
"""Most combinations that are all tried against constraints before a sample is drawn; above it, the sample is drawn first."""

Set = tuple[Plain, ...]
"""The values of one set, in the order of ``Grid.names``."""


class Grid(Checked):
    """The parameter sets of a sweep. ``Grid.of`` makes one, checked against the names and types of a run.

    Attributes:
        axes: names with their values; the first changes slowest.
        where: constraints that every set fulfils, such as ``fast < slow``.
        sample: how many sets to draw at random from those; None takes all.
        seed: of the sample: the same seed draws the same sets.
        fixed: values of names that constraints read and no axis has.
    """

    axes: tuple[Axis, ...]
    where: tuple[str, ...] = ()
    sample: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    fixed: dict[str, Value] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        _refuse_twice(self.names)
        return self

    @classmethod
    def of(
        cls,
        axes: Iterable[Axis | str] | Mapping[str, Any],
        base: RunParameters,
        *,
        where: Iterable[str] | str = (),
        sample: int | None = None,
        seed: int = 0,
    ) -> Grid:
        """A grid checked against the names that a run knows, with values of the types of its options.

        Args:
            axes: axes, texts as ``Axis.parse`` reads them, or values by name as ``Axis.of`` takes them.
            base: what all sets have in common: the strategy, its parameters and the options.
            where: constraints.
            sample: how many sets to draw at random; None takes all.
            seed: of the sample.

        Raises:
            InputError: no axes, an unknown name, one given twice, a value that an option cannot have, or a constraint that is none.
        """
        known = known_names(base.strategy, base.params)
        if isinstance(axes, Mapping):
            found = [Axis.of(name, values) for name, values in axes.items()]
        else:
            found = [Axis.parse(axis) if isinstance(axis, str) else axis for axis in axes]
        if not found:
            raise InputError("a sweep needs a grid: name parameters and their values, such as --grid fast=5:50:5")
        if sample is not None and sample < 1:
            raise InputError(f"--sample {sample}: give at least 1, or leave it out for all sets")
        typed = tuple(known.typed(axis) for axis in found)
        names = _refuse_twice(axis.name for axis in typed)
        texts = (where,) if isinstance(where, str) else tuple(where)
        fixed = _fixed(texts, names, known, base)
        return cls(axes=typed, where=texts, sample=sample, seed=seed, fixed=fixed)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(axis.name for axis in self.axes)

    def count(self) -> int:
        """Number of combinations of the axes, before constraints and the sample. No set is created."""
        return math.prod(len(axis.values) for axis in self.axes)

    def sets(self, max_sets: int = MAX_SETS) -> list[Set]:
        """The sets in order, the first axis slowest; a set's place in the list, from 0, is its ``set_id``.

        Args:
            max_sets: most sets allowed after constraints and the sample.

        Raises:
            InputError: more than that, or so many that constraints cannot be tried on them; no set fulfils the constraints; or a
                constraint compares what cannot be compared.
        """
        wanted = self.sample
        if wanted is not None and wanted > max_sets and self.count() > max_sets:
            raise InputError(f"--sample {wanted:,} is more than --max-sets {max_sets:,}: lower it, or raise --max-sets")
        if not self.where and wanted is None and self.count() > max_sets:
            raise self._too_many(f"{self.count():,}", max_sets)
        if wanted is None:
            return self._all(max_sets)
        source = random.Random(self.seed)
        if not self.where:
            return [self.at(place) for place in sorted(_distinct(source, self.count(), wanted))]
        if self.count() <= FEW:
            left = self._all(FEW)
            return [left[place] for place in sorted(_distinct(source, len(left), wanted))]
        return self._drawn(source, wanted)

    def at(self, place: int) -> Set:
        """The set at a position among all combinations of the axes, from 0."""
        values: list[Plain] = []
        for axis in reversed(self.axes):
            place, within = divmod(place, len(axis.values))
            values.append(axis.values[within])
        return tuple(reversed(values))

    def test(self) -> Callable[[Sequence[Plain]], bool]:
        """A function that returns True if the values of a set fulfil every constraint.

        It raises ``InputError`` if a constraint compares values that cannot be compared.
        """
        constraints, names = self.constraints(), self.names
        operands = self._operands_of_fixed()

        def fulfils(values: Sequence[Plain]) -> bool:
            operands.update(zip(names, map(operand, values), strict=True))
            return all(constraint.holds(operands) for constraint in constraints)

        return fulfils

    def constraints(self) -> list[Constraint]:
        """The constraints in the order in which they are tried."""
        known = (*self.names, *self.fixed)
        found = []
        for text in self.where:
            found += parse_constraint(text, known, lambda written: _written_as(written, known))
        return found

    def none_fulfils(self) -> InputError:
        """The error to raise if the constraints leave no set."""
        return InputError(f"no set of the grid fulfils {self._wheres()}: loosen that, or widen the grid")

    def _operands_of_fixed(self) -> dict[str, Operand]:
        return {name: operand(value) for name, value in self.fixed.items()}

    def _all(self, max_sets: int) -> list[Set]:
        """Every set that fulfils the constraints, in order."""
        found: list[Set] = []
        for values in self._fulfilling():
            if len(found) == max_sets:
                raise self._too_many(f"more than {max_sets:,}", max_sets)
            found.append(values)
        if not found:
            raise self.none_fulfils()
        return found

    def _fulfilling(self) -> Iterator[Set]:
        """The sets that fulfil the constraints, in order. Each constraint is tried as soon as the axes it reads have their values."""
        names = self.names
        due: list[list[Constraint]] = [[] for _ in names]
        for constraint in self.constraints():
            due[max(names.index(name) for name in constraint.names if name in names)].append(constraint)
        pairs = [[(value, operand(value)) for value in axis.values] for axis in self.axes]
        operands = self._operands_of_fixed()
        values: list[Plain] = [None] * len(names)
        tried = 0
        # An iterator an axis, the deepest last.
        open_axes = [iter(pairs[0])]
        while open_axes:
            depth = len(open_axes) - 1
            pair = next(open_axes[-1], None)
            if pair is None:
                open_axes.pop()
                continue
            tried += 1
            if tried > MOST_LOOKED_AT:
                raise InputError(
                    f"the grid has {self.count():,} combinations, too many to try {self._wheres()} on them all: "
                    "draw some with --sample, or give fewer values"
                )
            values[depth], operands[names[depth]] = pair
            if not all(constraint.holds(operands) for constraint in due[depth]):
                continue
            if depth + 1 < len(names):
                open_axes.append(iter(pairs[depth + 1]))
            else:
                yield tuple(values)

    def _drawn(self, source: random.Random, wanted: int) -> list[Set]:
        """A sample of a grid too large to try every combination: positions are drawn, and kept if they fulfil the constraints."""
        fulfils = self.test()
        tried: set[int] = set()
        kept: list[int] = []
        while len(kept) < wanted:
            if len(tried) == FEW:
                raise InputError(
                    f"of {FEW:,} sets drawn from {self.count():,} only {len(kept):,} fulfil {self._wheres()}: lower --sample {wanted:,}, "
                    "or give values that fulfil it more often"
                )
            place = source.randrange(self.count())
            if place in tried:
                continue
            tried.add(place)
            if fulfils(self.at(place)):
                kept.append(place)
        return [self.at(place) for place in sorted(kept)]

    def _wheres(self) -> str:
        return " and ".join(f"--where '{text}'" for text in self.where)

    def _too_many(self, count: str, max_sets: int) -> InputError:
        sizes = " x ".join(f"{axis.name} {len(axis.values)}" for axis in self.axes)
        return InputError(
            f"the grid has {count} sets ({sizes}), above --max-sets, which is {max_sets:,}: "
            f"give fewer values, draw some, as with --sample {min(max_sets, 100)}, or raise --max-sets"
        )


def _refuse_twice(names: Iterable[str]) -> tuple[str, ...]:
    seen: list[str] = []
    for name in names:
        if name in seen:
            raise InputError(f"grid name '{name}' is given twice: put all of its values into one")
        seen.append(name)
    return tuple(seen)


def _fixed(texts: Sequence[str], names: Sequence[str], known: Names, base: RunParameters) -> dict[str, Plain]:
    """The values that constraints read besides the grid.

    Raises:
        InputError: a constraint that is none, has an unknown name, or reads nothing of the grid.
    """
    fixed: dict[str, Plain] = {}
    for text in texts:
        for constraint in parse_constraint(
            text, (*names, *(name for name in known.fields if name not in names)), known.canonical
        ):
            if constraint.names.isdisjoint(names):
                raise InputError(f"--where {text}: it reads nothing of the grid, which has {', '.join(names)}")
            fixed |= {name: known.fixed(name, base) for name in sorted(constraint.names - set(names))}
    return fixed


def _written_as(written: str, known: Sequence[str]) -> str:
    """The known name for a name in a constraint: ``param.fast`` is ``fast`` if no option has that name."""
    return written if written in known else written.removeprefix("param.")


def _distinct(source: random.Random, count: int, wanted: int) -> list[int]:
    """Distinct positions below ``count``; all of them if no more are wanted."""
    if wanted >= count:
        return list(range(count))
    if count <= sys.maxsize:
        return source.sample(range(count), wanted)
    found: dict[int, None] = {}
    while len(found) < wanted:
        found[source.randrange(count)] = None
    return list(found)
