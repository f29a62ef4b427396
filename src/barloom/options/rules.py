"""Options that shape the trades of a run: strategy and entries, costs, exits, fills and positions, money."""

from __future__ import annotations

from functools import partial

from barloom.options.kinds import (
    AMOUNT,
    CLOCK,
    COUNT,
    FINITE,
    FROM_ZERO,
    LADDER,
    LOWER,
    PAIR,
    PERCENT,
    POSITIVE,
    SPAN,
    STOP_UNITS,
    STRATEGY,
    UNITS,
    ZONE,
    Distance,
    Number,
)
from barloom.options.option import Option

RUNS = ("run", "sweep", "walk-forward")

_entry = partial(Option, group="strategy and entries", commands=RUNS, swept=True)
_cost = partial(Option, group="costs", commands=RUNS, swept=True, metavar="X")
_exit = partial(Option, group="exits", commands=RUNS, swept=True)
_fill = partial(Option, group="fills and positions", commands=RUNS, swept=True)
_money = partial(Option, group="money", commands=RUNS, swept=True, metavar="X")

RULES = (
    _entry(
        "strategy",
        "a built-in name, or your own: file.py:Class or module:Class",
        STRATEGY,
        metavar="NAME",
        default="trend-pullback",
        swept=False,
        basic=True,
    ),
    _entry("param", "a parameter of the strategy; repeatable", PAIR, metavar="K=V", many=True, swept=False, basic=True),
    _entry(
        "direction",
        "trade long, short or both",
        LOWER,
        choices=("long", "short", "both"),
        default="both",
        basic=("run",),
    ),
    _entry(
        "entry",
        "how a signal is filled: at the next open, at this close, or by a limit or stop order",
        choices=("next_open", "close", "limit", "stop"),  # the order is that of the codes in rules/fills.py
        default="next_open",
    ),
    _entry(
        "entry-offset",
        "distance of the limit or stop order from the signal bar's close: atr:0.5, pips:5",
        Distance(STOP_UNITS, zero=True, none=False),
        metavar="DISTANCE",
        own=True,
    ),
    _entry("good-for", "cancel the limit or stop order after N bars", COUNT, metavar="N", unless="1"),
    _cost("spread", "ask minus bid, in price units", AMOUNT, default=0.0, basic=True, one_of="spread"),
    _cost(
        "slippage",
        "make market and stop fills worse by this many price units, or by atr:0.1",
        Number(at_least=0, unit="atr"),
        default=0.0,
    ),
    _cost("commission", "commission per unit, once a trade", AMOUNT, default=0.0),
    _cost("commission-per-trade", "commission of each trade", AMOUNT, default=0.0),
    _cost(
        "commission-pct",
        "commission in percent of the value of each buy and each sell",
        AMOUNT,
        default=0.0,
        basic=True,
    ),
    _cost(
        "swap-long",
        "overnight cost per unit of a long, at 17:00 New York; negative: you earn it",
        FINITE,
        default=0.0,
    ),
    _cost("swap-short", "the same for a short", FINITE, default=0.0),
    _exit(
        "stop",
        "stop-loss distance: atr:2, pct:0.5, points:0.0020, pips:20, none",
        Distance(STOP_UNITS),
        metavar="DISTANCE",
        own=True,
        basic=True,
    ),
    _exit(
        "target",
        "take-profit distance: as --stop, or r:2 for twice the stop distance",
        Distance(),
        metavar="DISTANCE",
        own=True,
        basic=True,
    ),
    _exit(
        "ladder",
        "take profit in parts, DISTANCE@SHARE: r:1@0.5,r:2@0.3 closes 50% and 30%; the last 20% has --target",
        LADDER,
        metavar="D@F,...",
    ),
    _exit(
        "trail",
        "trailing stop: keeps this distance from the best price: atr:3, r:1; peak:0.5 is 0.5% of that price",
        Distance(UNITS),
        metavar="DISTANCE",
        own=True,
    ),
    _exit(
        "trail-activation",
        "start trailing after this gain: r:1",
        Distance(zero=True, none=False),
        metavar="DISTANCE",
        unless="at once",
    ),
    _exit("breakeven", "move the stop to the entry price after this gain: r:1", Distance(), metavar="DISTANCE"),
    _exit(
        "breakeven-offset",
        "move it this far beyond the entry price: pips:1",
        Distance(zero=True, none=False),
        metavar="DISTANCE",
        unless="0",
    ),
    _exit("max-hold", "close the trade after N bars", COUNT, metavar="N", unless="never"),
    _exit("daily-close", "close at the last bar before this time of every day", CLOCK, metavar="HH:MM"),
    _exit("friday-close", "close at the last bar before this time on Fridays", CLOCK, metavar="HH:MM"),
    _exit("gap-close", "close before a gap in the data longer than this: 90m, 2h, 1d", SPAN, metavar="SPAN"),
    _exit(
        "session-zone",
        "time zone of --daily-close and --friday-close: America/New_York",
        ZONE,
        metavar="ZONE",
        unless="UTC",
    ),
    _fill(
        "fills",
        "preset of fill rules",
        choices=("pessimistic", "optimistic", "tradingview", "vectorbt", "backtesting.py", "mt4-ohlc"),
        default="pessimistic",
    ),
    _fill(
        "intrabar",
        "when one bar reaches both stop and target: which counts as first",
        # the order is that of the codes in rules/fills.py
        choices=("pessimistic", "optimistic", "nearest_open", "ohlc", "olhc", "candle", "drilldown"),
        unless="the preset's",
    ),
    _fill(
        "position",
        "one trade at a time (single), several (overlap), or turn around on an opposite signal (reverse)",
        choices=("single", "overlap", "reverse"),
        default="single",
    ),
    _fill("max-open", "most open trades with --position overlap; 0: no limit", FROM_ZERO, metavar="N", unless="0"),
    _money("balance", "starting balance", POSITIVE, default=10_000.0, basic=("run",)),
    _money(
        "risk-pct",
        "size each trade so that its stop costs this percent of the balance",
        PERCENT,
        default=0.25,
        basic=("run",),
        one_of="size",
    ),
    _money("size", "size of each trade in units, instead of --risk-pct", POSITIVE, metavar="UNITS", one_of="size"),
    _money("notional", "size each trade to this value in money, instead of --risk-pct", POSITIVE, one_of="size"),
    _money("lot-step", "round sizes down to multiples of this many lots: 0.01", POSITIVE, unless="no rounding"),
    _money("min-lots", "skip trades smaller than this", POSITIVE, unless="no limit"),
    _money("max-lots", "cut trades larger than this", POSITIVE, unless="no limit"),
    _money("contract-size", "units of a lot: 100000", POSITIVE, default=1.0),
    _money("conversion", "what one unit of the quote currency is worth in the account currency", POSITIVE, default=1.0),
    _money(
        "leverage", "skip trades that would bring open positions above X times the balance", POSITIVE, unless="no limit"
    ),
)
