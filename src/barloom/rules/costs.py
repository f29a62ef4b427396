"""Costs of a trade, apart from its price moves."""

from __future__ import annotations

from pydantic import Field

from barloom.fields import of
from barloom.rules.checked import Checked


class Costs(Checked):
    """Costs that hold for every trade; money is in account currency. A ladder's parts are trades of their own.

    Attributes:
        spread: ask minus bid in price units, where the bars have no ask of their own.
        slippage: adverse price units on every market and stop fill, never on a limit entry or a target.
        commission: money a unit traded, for the round trip.
        commission_per_trade: money a trade, for the round trip.
        commission_pct: percent of the notional of each of the two fills.
        swap_long: money a unit and night that a long pays; negative if it is paid. Nights end at 17:00 New York, and Wednesday's
            counts three.
        swap_short: the same for a short.

    Raises:
        InputError: a negative or infinite cost.

    Examples:
        >>> import barloom as bl
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010, size=100_000)
        >>> costs = bl.Costs(spread=0.0001, commission_per_trade=2)
        >>> trades = bl.simulate(bl.from_synthetic(1_000), entries, costs=costs).trades
        >>> trades[["spread_cost", "commission"]].round(2).values.tolist()
        [[10.0, 2.0], [10.0, 2.0]]
    """

    spread: float = of("spread")
    slippage: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    commission: float = of("commission")
    commission_per_trade: float = of("commission_per_trade")
    commission_pct: float = of("commission_pct")
    swap_long: float = of("swap_long")
    swap_short: float = of("swap_short")

    @property
    def has_swap(self) -> bool:
        """True if nights must be counted."""
        return self.swap_long != 0.0 or self.swap_short != 0.0
