"""Sizing of trades in units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from pydantic import model_validator

from barloom.errors import InputError
from barloom.fields import of
from barloom.rules.checked import Checked

LOTS = ("lot_step", "min_lots", "max_lots")


class Sizing(Checked):
    """Fixed units, a fixed notional, or a percentage of equity at risk. An entry's own size in units wins.

    A size that is computed from notional or risk is rounded down to the lot step, between the fewest and the most lots; one that comes
    out below is refused as ``below_minimum``. Fixed sizes are taken as they are.

    Attributes:
        balance: money the account starts with.
        risk_pct: percent of the equity at entry that a trade loses at its initial stop; used where neither ``units`` nor ``notional``
            is given. Equity at entry is the balance of trades closed before the entry bar.
        units: fixed units a trade.
        notional: fixed notional a trade at its entry price, in account currency.
        lot_step: lots a size is a multiple of; None for any size.
        min_lots: fewest lots a trade may have.
        max_lots: most lots a trade gets.
        contract_size: units a lot.
        conversion: account currency for one of the quote currency, the same for the whole run.
        leverage: notional of open trades over the balance that is never passed: a trade that would is refused as
            ``insufficient_margin``. None for no limit.

    Raises:
        InputError: a value that is not accepted, or settings that contradict each other.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> sizing = bl.Sizing(balance=10_000, risk_pct=1, lot_step=0.01, contract_size=100_000)
        >>> trades = bl.simulate(bars, entries, sizing=sizing).trades
        >>> trades[["size", "net_pnl"]].round(2).values.tolist()
        [[200000.0, 200.0], [204000.0, -102.0]]
    """

    balance: float = of("balance")
    risk_pct: float = of("risk_pct")
    units: float | None = of("size")
    notional: float | None = of("notional")
    lot_step: float | None = of("lot_step")
    min_lots: float | None = of("min_lots")
    max_lots: float | None = of("max_lots")
    contract_size: float = of("contract_size")
    conversion: float = of("conversion")
    leverage: float | None = of("leverage")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_contradictions(dict(self))
        return self

    @property
    def needs_stop(self) -> bool:
        """True if a trade without a size of its own is sized by the distance to its stop."""
        return self.units is None and self.notional is None

    @property
    def step(self) -> float:
        """The lot step in units, 0 for none."""
        return (self.lot_step or 0.0) * self.contract_size

    @property
    def lowest(self) -> float:
        """The smallest units of a computed size, 0 for no limit."""
        return (self.min_lots or 0.0) * self.contract_size

    @property
    def highest(self) -> float:
        """The largest units of a computed size, 0 for no limit."""
        return (self.max_lots or 0.0) * self.contract_size


def refuse_contradictions(settings: Mapping[str, float | None], called: Callable[[str], str] = str) -> None:
    """Refuse sizes that are given twice, and lots that have no effect or leave no trade.

    Args:
        settings: the fields of ``Sizing`` by name.
        called: what the user calls a field.

    Raises:
        InputError: some settings contradict each other.
    """

    def said(name: str) -> str:
        return f"{called(name)} {settings[name]:g}"

    if settings["notional"] is not None and settings["units"] is not None:
        raise InputError(f"{said('notional')} and {said('units')} both say how large a trade is: leave one of them out")
    lots = {name: lot for name in LOTS if (lot := settings[name]) is not None}
    for name, lot in lots.items():
        if settings["units"] is not None:
            raise InputError(
                f"{said(name)} rounds a size that is computed, but {said('units')} fixes it: leave one of them out"
            )
        if lot > lots.get("max_lots", lot):
            raise InputError(f"{said(name)} is above {said('max_lots')}, so that no trade could be taken: lower it")
    if settings["contract_size"] != 1.0 and not lots:
        step, fewest, most = map(called, LOTS)
        raise InputError(
            f"{said('contract_size')} is the size of a lot, and no lots are asked for: "
            f"give {step}, {fewest} or {most} as well"
        )
