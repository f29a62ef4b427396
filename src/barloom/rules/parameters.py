"""All options that shape a run, as one record that can be written, read back and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from barloom.bars.times_of_day import time_of_day, zone_of
from barloom.errors import InputError
from barloom.fields import of
from barloom.options import option
from barloom.options.kinds import Text
from barloom.rules.exits import Breakeven, Distance, Exits, Trail, parse_ladder
from barloom.rules.sessions import Session, duration

Direction = Literal["long", "short", "both"]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
READERS: dict[str, Callable[[str], object]] = {
    "clock": time_of_day,
    "span": duration,
    "zone": zone_of,
    "ladder": parse_ladder,
}
"""Readers of the text of an option, by the kind of value that it names."""


class RunParameters(BaseModel):
    """The options of one run; each field is the command-line option of the same name.

    ``stop``, ``target``, ``trail``, ``trail_activation``, ``breakeven``, ``breakeven_offset`` and ``entry_offset`` are distances as
    text (``atr:2``), the first three None for the strategy's own; ``ladder`` is ``r:1@0.5,r:2@0.3``; ``slippage`` is price units or
    ``atr:0.1``. ``size`` is fixed units and ``notional`` fixed money, each in place of ``risk_pct``. Lots are of ``contract_size`` units;
    ``conversion`` is account currency per quote currency. ``chunk_rows`` and ``threads`` never change a result; None chooses them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = of("strategy")
    params: dict[str, Any] = Field(default_factory=dict)
    direction: Direction = of("direction")
    stop: str | None = of("stop")
    target: str | None = of("target")
    trail: str | None = of("trail")
    trail_activation: str | None = of("trail_activation")
    breakeven: str | None = of("breakeven")
    breakeven_offset: str | None = of("breakeven_offset")
    ladder: str | None = of("ladder")
    max_hold: int | None = of("max_hold")
    daily_close: str | None = of("daily_close")
    friday_close: str | None = of("friday_close")
    gap_close: str | None = of("gap_close")
    session_zone: str | None = of("session_zone")
    entry: str = of("entry")
    entry_offset: str | None = of("entry_offset")
    good_for: int | None = of("good_for")
    fills: str = of("fills")
    intrabar: str | None = of("intrabar")
    position: str = of("position")
    max_open: int | None = of("max_open")
    spread: float = of("spread")
    slippage: Amount | str = of("slippage")
    commission: float = of("commission")
    commission_per_trade: float = of("commission_per_trade")
    commission_pct: float = of("commission_pct")
    swap_long: float = of("swap_long")
    swap_short: float = of("swap_short")
    balance: float = of("balance")
    risk_pct: float = of("risk_pct")
    size: float | None = of("size")
    notional: float | None = of("notional")
    lot_step: float | None = of("lot_step")
    min_lots: float | None = of("min_lots")
    max_lots: float | None = of("max_lots")
    contract_size: float = of("contract_size")
    conversion: float = of("conversion")
    leverage: float | None = of("leverage")
    chunk_rows: int | None = of("chunk_rows")
    threads: int | None = of("threads")
    seed: int = of("seed")

    def with_finer_bars(self, given: bool) -> RunParameters:
        """The same, with ``intrabar`` set to drilldown if finer bars are given without a path policy."""
        return self.model_copy(update={"intrabar": "drilldown"}) if given and self.intrabar is None else self

    def exits(self) -> Exits:
        """The exits given by the options, without the stop and the target.

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
        for name in ("daily_close", "friday_close", "gap_close", "session_zone"):
            _readable(name, getattr(self, name))
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
    """The fields of ``RunParameters`` for given ``exits``, without those that they leave open."""
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


def _distance(name: str, text: str | None) -> str | None:
    """The text of a distance once it has been read; None for no distance."""
    if text is None:
        return None
    distance = Distance.parse(text, name)
    return None if distance.unit == "none" else str(distance)


def reader(key: str) -> Callable[[str], object] | None:
    """Reader of the text of a run option; None if the text needs no reading or is a distance."""
    kind = option(key).kind
    return READERS.get(kind.what) if isinstance(kind, Text) else None


def _readable(key: str, text: str | None) -> None:
    """Refuse a text that the reader of its option cannot read."""
    read = reader(key)
    if text is not None and read is not None:
        try:
            read(text)
        except InputError as error:
            raise InputError(f"{option(key).typed}: {error}") from None


def _refuse_alone(name: str, value: str | None, needed: str) -> None:
    if value is not None:
        raise InputError(f"--{name} {value} means nothing without --{needed}: give that as well, or leave it out")
