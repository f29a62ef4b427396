"""Conversion of options to the objects of the engine, once: execution rules, the order template, and the keys by which sets share work."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from barloom.engine.feed import StrategyFeed
from barloom.errors import InputError
from barloom.rules.costs import Costs
from barloom.rules.exits import Distance, Exits
from barloom.rules.fills import PRICED, refuse_exit_signals, resolve_fills
from barloom.rules.orders import OrderTemplate
from barloom.rules.parameters import RunParameters
from barloom.rules.positions import max_positions
from barloom.rules.rules import Rules
from barloom.rules.sizing import Sizing, refuse_contradictions

if TYPE_CHECKING:
    from barloom.strategies.base import Strategy


@dataclass(frozen=True, slots=True)
class RunSpec:
    """The parameters of one run, parsed.

    Attributes:
        parameters: what was parsed.
        rules: the execution rules.
        template: what is asked of every entry.
        market: equal for sets that share a market.
        signals: equal for sets that have the same signals.
    """

    parameters: RunParameters
    rules: Rules
    template: OrderTemplate
    market: Hashable
    signals: Hashable

    @classmethod
    def of(cls, parameters: RunParameters, *, bounds: bool = True) -> RunSpec:
        """Parse parameters.

        Args:
            parameters: the options of a run.
            bounds: whether the accounts of the best and the worst case are kept as well.

        Raises:
            InputError: an unknown name, a distance that cannot be read, or options that contradict each other.
        """
        return SpecMaker(bounds=bounds).make(parameters)

    def feed(self, strategy: Strategy) -> StrategyFeed:
        """The strategy's signals with the options of the run applied.

        Raises:
            InputError: a strategy with exit signals and a preset that takes none.
        """
        feed = StrategyFeed(strategy, direction=self.parameters.direction, orders=self.template)
        if feed.gives_exits:
            refuse_exit_signals(self.parameters.fills)
        return feed


class SpecMaker:
    """Parses the parameters of many sets: options common to several sets are parsed once, and equal templates are one object."""

    def __init__(self, *, bounds: bool) -> None:
        """Parse for runs with or without the accounts of the best and the worst case."""
        self._bounds = bounds
        self._parsed: dict[str, tuple[Rules, OrderTemplate, Hashable]] = {}
        self._templates: dict[OrderTemplate, OrderTemplate] = {}

    def make(self, parameters: RunParameters) -> RunSpec:
        """Parse one set; see ``RunSpec.of``."""
        options = parameters.model_dump_json(exclude={"params", "strategy", "direction", "chunk_rows", "threads"})
        if options not in self._parsed:
            rules, template = replace(_rules(parameters), bounds=self._bounds), _template(parameters)
            self._parsed[options] = rules, self._templates.setdefault(template, template), _market_key(rules)
        signals = (parameters.strategy, repr(sorted(parameters.params.items())), parameters.direction)
        return RunSpec(parameters, *self._parsed[options], signals)


def _market_key(rules: Rules) -> Hashable:
    """Key of the rules that a market depends on: all but the number, the holding time and the size of trades."""
    costs, sizing = rules.costs, rules.sizing
    alike = replace(rules, max_positions=0, max_hold=0, parts=1, sizing=type(sizing)(), costs=type(costs)())
    return repr(alike), costs.spread, costs.slippage, sizing.units is None and sizing.notional is None


def make_rules(
    exits: Exits,
    costs: Costs,
    sizing: Sizing,
    *,
    entry: str = "next_open",
    fills: str = "pessimistic",
    intrabar: str | None = None,
    position: str = "single",
    max_open: int | None = None,
    bounds: bool = True,
) -> Rules:
    """Execution rules from a preset and explicit choices.

    Raises:
        InputError: an unknown name, or choices that contradict each other.
    """
    knobs = resolve_fills(fills, entry=entry, intrabar=intrabar, position=position)
    count = max_positions(position, max_open)
    if position == "reverse" and entry != "next_open":
        raise InputError(
            f"--position reverse goes with --entry next_open, at which it leaves and enters: not with --entry {entry}"
        )
    return Rules(
        **asdict(knobs),
        entry=entry,
        max_positions=count,
        reverse=position == "reverse",
        max_hold=exits.max_hold or 0,
        parts=exits.parts,
        session=exits.session,
        bounds=bounds,
        costs=costs,
        sizing=sizing,
    )


def _rules(parameters: RunParameters) -> Rules:
    """The execution rules given by the parameters."""
    given = parameters
    slippage = _slippage(given.slippage)
    return make_rules(
        given.exits(),
        Costs(
            spread=given.spread,
            slippage=slippage if isinstance(slippage, float) else 0.0,
            commission=given.commission,
            commission_per_trade=given.commission_per_trade,
            commission_pct=given.commission_pct,
            swap_long=given.swap_long,
            swap_short=given.swap_short,
        ),
        _sizing(given),
        entry=given.entry,
        fills=given.fills,
        intrabar=given.intrabar,
        position=given.position,
        max_open=given.max_open,
    )


def _template(parameters: RunParameters) -> OrderTemplate:
    """The order template given by the parameters, for every entry."""
    given = parameters
    exits = given.exits()
    for option, value in (("entry-offset", given.entry_offset), ("good-for", given.good_for)):
        if value is not None and given.entry not in PRICED:
            raise InputError(
                f"--{option} {value} goes with --entry limit or stop: an entry at {given.entry} waits for no price"
            )
    slippage = _slippage(given.slippage)
    template = OrderTemplate.of_exits(exits, given.entry)
    orders = OrderTemplate(
        stop=_given("stop", given.stop),
        target=_given("target", given.target),
        trail=_given("trail", given.trail),
        activation=template.activation,
        trigger=template.trigger,
        offset=template.offset,
        ladder=template.ladder,
        slippage=slippage if isinstance(slippage, Distance) else None,
        entry=given.entry,
        entry_offset=_given("entry-offset", given.entry_offset),
        good_for=given.good_for,
    )
    if orders.target is not None and orders.target.unit != "none" and exits.ladder and exits.parts == len(exits.ladder):
        raise InputError(
            f"--ladder {given.ladder} leaves nothing for --target {given.target}: its fractions add up to 1; leave one of them out"
        )
    orders.refuse_without_stop()
    return orders


def _sizing(given: RunParameters) -> Sizing:
    """The sizing of trades: exactly one of units, notional and risk."""
    usual = RunParameters.model_fields["risk_pct"].default
    if given.notional is not None and given.risk_pct != usual:
        raise InputError(
            f"--notional {given.notional:g} and --risk-pct {given.risk_pct:g} both say how large a trade is: leave one of them out"
        )
    settings = {name: getattr(given, "size" if name == "units" else name) for name in Sizing.model_fields}
    refuse_contradictions(settings, lambda name: "--size" if name == "units" else f"--{name.replace('_', '-')}")
    sizing = Sizing(**settings)
    if sizing.needs_stop and given.stop == "none":
        raise InputError("--stop none leaves no risk to size a trade by: give fixed units with --size as well")
    return sizing


def _slippage(value: float | str) -> float | Distance:
    """Price units, or multiples of the ATR at the signal."""
    try:
        units = float(value)
    except ValueError:
        return Distance.parse(str(value), "slippage", f"--slippage {value}")
    if not 0.0 <= units < float("inf"):
        raise InputError(f"--slippage {value} is no number of at least 0")
    return units


def _given(option: str, text: str | None) -> Distance | None:
    return None if text is None else Distance.parse(text, option)
