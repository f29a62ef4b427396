"""Template of the orders of a run, and its application to entries at their signal bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from barloom.errors import InputError
from barloom.rules.entries import Entries
from barloom.rules.exits import FRACTION_TOLERANCE, Distance, Exits
from barloom.rules.fills import PRICED
from barloom.rules.plans import Plans, default_plans

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Made = TypeVar("Made")

ZERO = Distance(unit="points")
NONE = Distance(unit="none")


@dataclass(frozen=True, slots=True)
class AtSignals:
    """Values that distances are measured by, at the signal bars of some entries.

    Attributes:
        close: closes of the signal bars.
        atr: ATR 14 there, NaN until warm; None if nothing needs it.
        pip: price units in a pip.
        first: number in the slice of the bar that ``signal_bar`` counts from.
        made: values measured so far, by their key; runs of the same entries share them.
    """

    close: Floats
    atr: Floats | None
    pip: float
    first: int = 0
    made: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Result of ``make``, called only the first time for a key."""
        if key not in self.made:
            self.made[key] = make()
        found: Made = self.made[key]
        return found


@dataclass(frozen=True, slots=True)
class OrderTemplate:
    """Options of a run for every entry. A distance that is None is left to the entry.

    Attributes:
        stop, target: in place of the entry's own.
        trail, activation: a trailing stop; in place of the entry's own unless ``own_first``.
        trigger, offset: when a stop moves to the entry price, and how far beyond it.
        ladder: targets with the fractions of the size that leave at them.
        slippage: in place of that of the costs.
        entry: rule that fills an entry, a key of ``fills.ENTRY``.
        entry_offset: distance from the close of the signal bar of a waiting order without a price of its own.
        good_for: bars on which a waiting order may fill.
        own_first: whether an entry's own trail takes precedence over the run's.
        said: name of a distance in messages, with ``{}`` for the name of its option.
    """

    stop: Distance | None = None
    target: Distance | None = None
    trail: Distance | None = None
    activation: Distance = ZERO
    trigger: Distance | None = None
    offset: Distance = ZERO
    ladder: tuple[tuple[Distance, float], ...] = ()
    slippage: Distance | None = None
    entry: str = "next_open"
    entry_offset: Distance | None = None
    good_for: int | None = None
    own_first: bool = False
    said: str = "--{}"

    @classmethod
    def of_exits(cls, exits: Exits, entry: str) -> OrderTemplate:
        """The template of exits given from Python."""
        trail, breakeven = exits.trail, exits.breakeven
        return cls(
            trail=Distance.of(trail.distance, "trail") if trail else None,
            activation=Distance.of(trail.activation, "trail-activation") if trail else ZERO,
            trigger=Distance.of(breakeven.trigger, "breakeven") if breakeven else None,
            offset=Distance.of(breakeven.offset, "breakeven-offset") if breakeven else ZERO,
            ladder=tuple((Distance.of(rung.target, "ladder"), rung.fraction) for rung in exits.ladder),
            entry=entry,
            own_first=True,
            said="{} of the exits",
        )

    @property
    def wants_atr(self) -> bool:
        """True if a distance is in multiples of the ATR."""
        return any(distance.unit == "atr" for _, distance in self._distances())

    @property
    def wants_levels(self) -> bool:
        """True if the template sets a stop or a target."""
        return self.stop is not None or self.target is not None

    @property
    def wants_plans(self) -> bool:
        """True if the template sets anything beyond a stop and a target."""
        asked = (self.trail, self.trigger, self.slippage, self.entry_offset, self.good_for)
        return bool(self.ladder) or any(wish is not None for wish in asked)

    def warm(self, at: AtSignals) -> Bools:
        """Mask of the entries whose indicators for distances have a value."""
        if at.atr is None:
            return np.ones(len(at.close), dtype=bool)
        warm: Bools = at.atr > 0.0
        return warm

    def apply_exits(self, entries: Entries, at: AtSignals, *, target_in_r: bool = False) -> Entries:
        """The entries with the template applied, one row per part: ``Exits.parts`` rows per signal, nearest target first.

        Args:
            entries: one row a signal.
            at: what distances are measured by, a value an entry.
            target_in_r: whether the entries' own targets keep their multiple of the stop distance when ``stop`` replaces it.

        Raises:
            InputError: multiples of the stop distance where an entry has no stop; a ladder beside a target that is a price.
        """
        if self.wants_levels:
            entries = self._with_levels(entries, at, target_in_r)
        if not self.wants_plans:
            return entries
        risk = _risk(entries, at)
        wishes = (
            self.trail,
            self.activation,
            self.trigger,
            self.offset,
            self.slippage,
            self.entry_offset,
            self.good_for,
        )
        plans = at.once(("plans", *wishes, self.entry, id(risk)), lambda: (self._planned(entries, at, risk), risk))[0]
        entries = entries.replaced(plans=plans)
        return self._in_parts(entries, at, risk) if self.ladder else entries

    def _planned(self, entries: Entries, at: AtSignals, risk: Floats) -> Plans:
        """A plan for each entry."""
        plans = default_plans(len(entries)) if entries.plans is None else entries.plans.copy()
        if self.trail is not None:
            replaced = np.isnan(plans["trail"]) if self.own_first else np.ones(len(entries), dtype=bool)
            share = self.trail.unit == "peak"
            plans["trail_share"][replaced] = self.trail.amount / 100.0 if share else 0.0
            trail = ZERO if share else self.trail
            plans["trail"][replaced] = self._measure("trail", trail, entries, at, risk)[replaced]
            plans["activation"][replaced] = self._measure("trail-activation", self.activation, entries, at, risk)[
                replaced
            ]
        if self.trigger is not None:
            plans["trigger"] = self._measure("breakeven", self.trigger, entries, at, risk)
            plans["offset"] = self._measure("breakeven-offset", self.offset, entries, at, risk)
        if self.slippage is not None:
            plans["slippage"] = self._measure("slippage", self.slippage, entries, at, risk)
        if self.entry_offset is not None:
            away = self._measure("entry-offset", self.entry_offset, entries, at, risk)
            towards = entries.side if self.entry == "stop" else -entries.side
            plans["price"] = np.where(np.isnan(plans["price"]), at.close + towards * away, plans["price"])
        if self.good_for is not None:
            plans["good_for"] = self.good_for
        return plans

    def check(self, entries: Entries, maker: str) -> None:
        """Refuse entries whose prices do not fit the run's entry rule; ``maker`` names the source of the entries.

        Raises:
            InputError: an order that waits without a price to wait for, or a price for an entry at the market.
        """
        priced = entries.plans is not None and not np.isnan(entries.plans["price"]).all()
        if self.entry in PRICED and entries.plans is None and self.entry_offset is None and len(entries):
            raise InputError(f"{maker} gives no price to wait for with entry {self.entry}: {self._remedy()}")
        if self.entry not in PRICED and priced:
            raise InputError(f"{maker} gives prices to wait for, but entry is {self.entry}: make it limit or stop")

    def _remedy(self) -> str:
        return "give its entries a price" + (
            "" if self.own_first else ", or the run an offset, as --entry-offset atr:0.5"
        )

    def _with_levels(self, entries: Entries, at: AtSignals, target_in_r: bool) -> Entries:
        """The run's own stop and target in place of the entries'."""
        stop, target = entries.stop, entries.target
        changed = {}
        if self.stop is not None:
            stop = self._measure("stop", self.stop, entries, at, stop)
            if self.target is None and target_in_r:
                risk = stop
                target = at.once(("in r", id(stop)), lambda: (entries.target / entries.stop * risk, risk))[0]
            changed["stop_price"] = self._measure("stop", NONE, entries, at, stop)
        if self.target is not None:
            risk = _risk(entries.replaced(stop=stop, **changed), at)
            target = self._measure("target", self.target, entries, at, risk)
            changed["target_price"] = self._measure("target", NONE, entries, at, target)
        return entries.replaced(stop=stop, target=target, **changed)

    def _in_parts(self, entries: Entries, at: AtSignals, risk: Floats) -> Entries:
        """A row for each rung of each entry, and one for the rest, which keeps the entry's own target."""
        fractions = [fraction for _, fraction in self.ladder]
        targets = [self._measure("ladder", distance, entries, at, risk) for distance, _ in self.ladder]
        left = 1.0 - math.fsum(fractions)
        if left > FRACTION_TOLERANCE:
            self._refuse_prices(entries, at)
            fractions.append(left)
            targets.append(entries.target)
        reached = np.stack(targets, axis=1)
        # Stable, and NaN last: a part without a target comes after those with one.
        order = np.argsort(reached, axis=1, kind="stable")
        reached = np.take_along_axis(reached, order, axis=1)
        parts = entries.take(np.repeat(np.arange(len(entries)), len(targets)))
        if parts.plans is not None:
            parts.plans["fraction"] = np.array(fractions)[order].ravel()
            parts.plans["nearest"] = np.repeat(reached[:, 0], len(targets))
        return parts.replaced(target=reached.ravel(), target_price=np.full(len(parts), np.nan))

    def _refuse_prices(self, entries: Entries, at: AtSignals) -> None:
        priced = ~np.isnan(entries.target_price)
        if priced.any():
            bar = int(entries.signal_bar[np.argmax(priced)]) + at.first
            raise InputError(
                f"{self.said.format('ladder')} leaves a part with a target_price (signal on bar {bar}): give the target as a "
                "distance, or none"
            )

    def _measure(self, option: str, distance: Distance, entries: Entries, at: AtSignals, risk: Floats) -> Floats:
        """A distance in price units for each entry, together with the array it was measured by, which keeps that array's id unique."""
        by = risk if distance.unit == "r" else at.close
        return at.once((distance, id(by)), lambda: (self._measured(option, distance, entries, at, risk), by))[0]

    def _measured(self, option: str, distance: Distance, entries: Entries, at: AtSignals, risk: Floats) -> Floats:
        if distance.unit == "none":
            return np.full(len(entries), np.nan)
        if distance.unit == "atr" and at.atr is not None:
            return distance.amount * at.atr
        if distance.unit == "pct":
            return at.close * (distance.amount / 100.0)
        if distance.unit == "r":
            bare = np.isnan(risk)
            if bare.any():
                bar = int(entries.signal_bar[np.argmax(bare)]) + at.first
                raise InputError(
                    f"{self.said.format(option)} {distance} is a multiple of the stop distance, but the signal on bar {bar} has no stop: "
                    "give it one, or the distance in another unit"
                )
            return distance.amount * risk
        return np.full(len(entries), distance.amount * (1.0 if distance.unit == "points" else at.pip))

    def _distances(self) -> Iterator[tuple[str, Distance]]:
        """Every distance that is set, with the name of its option."""
        named = (
            ("stop", self.stop),
            ("target", self.target),
            ("trail", self.trail),
            ("trail-activation", self.activation),
            ("breakeven", self.trigger),
            ("breakeven-offset", self.offset),
            ("slippage", self.slippage),
            ("entry-offset", self.entry_offset),
        )
        yield from ((name, distance) for name, distance in named if distance is not None)
        yield from (("ladder", distance) for distance, _ in self.ladder)

    def refuse_without_stop(self) -> None:
        """Refuse multiples of the stop distance in a run that has no stop.

        Raises:
            InputError: ``stop`` is none and a distance is in r.
        """
        if self.stop is not None and self.stop.unit == "none":
            for name, distance in self._distances():
                if distance.unit == "r":
                    raise InputError(
                        f"{self.said.format(name)} {distance} is a multiple of the stop distance, and --stop none leaves none: "
                        "give a stop, or the distance in another unit"
                    )


def _risk(entries: Entries, at: AtSignals) -> Floats:
    """The stop distance of each entry: as given, or from the close of the signal bar to the stop price; NaN without a stop."""
    if np.isnan(entries.stop_price).all():
        return entries.stop
    return np.where(np.isnan(entries.stop_price), entries.stop, np.abs(at.close - entries.stop_price))
