"""Everything that shapes a run, as one record that can be written, read back and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from barloom.bars.times_of_day import time_of_day, zone_of
from barloom.errors import InputError
from barloom.rules.exits import Breakeven, Distance, Exits, Trail, parse_ladder
from barloom.rules.sessions import Session, duration

Direction = Literal["long", "short", "both"]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class RunParameters(BaseModel):
    """The options of one run; each field is the command-line option of the same name.

    ``stop``, ``target``, ``trail``, ``trail_activation``, ``breakeven``, ``breakeven_offset`` and ``entry_offset`` are distances as
    text (``atr:2``), the first three None for the strategy's own; ``ladder`` is ``r:1@0.5,r:2@0.3``; ``slippage`` is price units or
    ``atr:0.1``. ``size`` is fixed units and ``notional`` fixed money, each in place of ``risk_pct``. Lots are of ``contract_size`` units;
    ``conversion`` is account currency per quote currency. ``chunk_rows`` and ``threads`` never change a result; None chooses them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = "trend-pullback"
    params: dict[str, Any] = Field(default_factory=dict)
    direction: Direction = "both"
    stop: str | None = None
    target: str | None = None
    trail: str | None = None
    trail_activation: str | None = None
    breakeven: str | None = None
    breakeven_offset: str | None = None
    ladder: str | None = None
    max_hold: int | None = Field(default=None, ge=1)
    daily_close: str | None = None
    friday_close: str | None = None
    gap_close: str | None = None
    session_zone: str | None = None
    entry: str = "next_open"
    entry_offset: str | None = None
    good_for: int | None = Field(default=None, ge=1)
    fills: str = "pessimistic"
    intrabar: str | None = None
    position: str = "single"
    max_open: int | None = Field(default=None, ge=0)
    spread: Amount = 0.0
    slippage: Amount | str = 0.0
    commission: Amount = 0.0
    commission_per_trade: Amount = 0.0
    commission_pct: Amount = 0.0
    swap_long: Finite = 0.0
    swap_short: Finite = 0.0
    balance: Positive = 10_000.0
    risk_pct: float = Field(default=0.25, gt=0.0, le=100.0)
    size: Positive | None = None
    notional: Positive | None = None
    lot_step: Positive | None = None
    min_lots: Positive | None = None
    max_lots: Positive | None = None
    contract_size: Positive = 1.0
    conversion: Positive = 1.0
    leverage: Positive | None = None
    chunk_rows: int | None = Field(default=None, ge=1)
    threads: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)

    def with_finer_bars(self, given: bool) -> RunParameters:
        """The same; finer bars are there to be drilled into, so where no path is named that is what they are for."""
        return self.model_copy(update={"intrabar": "drilldown"}) if given and self.intrabar is None else self

    def exits(self) -> Exits:
        """The exits that the options come to, all but the stop and the target.

        Raises:
            InputError: a value an option does not take, or one that means nothing without another.
        """
        return Exits(
            max_hold=self.max_hold,
            trail=self._trail(),
            breakeven=self._breakeven(),
            session=self._session(),
            ladder=parse_ladder(self.ladder) if self.ladder is not None else (),
        )

    def _trail(self) -> Trail | None:
        distance = _distance("trail", self.trail)
        activation = _distance("trail-activation", self.trail_activation)
        if distance is None:
            _refuse_alone("trail-activation", self.trail_activation, "trail")
            return None
        return Trail(distance=distance, activation=activation or 0.0)

    def _breakeven(self) -> Breakeven | None:
        trigger = _distance("breakeven", self.breakeven)
        offset = _distance("breakeven-offset", self.breakeven_offset)
        if trigger is None:
            _refuse_alone("breakeven-offset", self.breakeven_offset, "breakeven")
            return None
        return Breakeven(trigger=trigger, offset=offset or 0.0)

    def _session(self) -> Session | None:
        _readable("daily-close", self.daily_close, time_of_day)
        _readable("friday-close", self.friday_close, time_of_day)
        _readable("gap-close", self.gap_close, duration)
        _readable("session-zone", self.session_zone, zone_of)
        if self.daily_close is None and self.friday_close is None:
            _refuse_alone("session-zone", self.session_zone, "daily-close or --friday-close")
            if self.gap_close is None:
                return None
        return Session(
            daily=self.daily_close,
            friday=self.friday_close,
            before_gap=self.gap_close,
            zone=self.session_zone or "UTC",
        )


def fields_of(exits: Exits) -> dict[str, Any]:
    """The fields of ``RunParameters`` that say what ``exits`` says; those it leaves open are not among them."""
    fields: dict[str, Any] = {"max_hold": exits.max_hold}
    if exits.trail is not None:
        fields["trail"] = str(Distance.of(exits.trail.distance, "trail"))
        fields["trail_activation"] = str(Distance.of(exits.trail.activation, "trail-activation"))
    if exits.breakeven is not None:
        fields["breakeven"] = str(Distance.of(exits.breakeven.trigger, "breakeven"))
        fields["breakeven_offset"] = str(Distance.of(exits.breakeven.offset, "breakeven-offset"))
    if exits.ladder:
        rungs = [f"{Distance.of(rung.target, 'ladder')}@{rung.fraction!r}" for rung in exits.ladder]
        fields["ladder"] = ",".join(rungs)
    if exits.session is not None:
        session = exits.session
        fields |= {"daily_close": session.daily, "friday_close": session.friday, "gap_close": session.before_gap}
        fields["session_zone"] = session.zone if session.daily or session.friday else None
    return {name: value for name, value in fields.items() if value is not None}


def _distance(option: str, text: str | None) -> str | None:
    """The text of a distance once it has been read; None for no distance."""
    if text is None:
        return None
    distance = Distance.parse(text, option)
    return None if distance.unit == "none" else str(distance)


def _readable(option: str, text: str | None, read: Callable[[str], object]) -> None:
    if text is not None:
        try:
            read(text)
        except InputError as error:
            raise InputError(f"--{option}: {error}") from None


def _refuse_alone(option: str, value: str | None, needed: str) -> None:
    if value is not None:
        raise InputError(f"--{option} {value} means nothing without --{needed}: give that as well, or leave it out")
