"""Ambiguous bars replayed on finer ones: which of stop and target came first, where finer bars can tell.

A trade that left on an ambiguous bar leaves on that bar either way, so it is replayed after all exits are known.
"""

from libc.stdint cimport int64_t

from engine.market cimport LIMIT
from engine.numeric cimport larger, smaller
from engine.trade cimport DECIDED, INSIDE, TARGET, Plan, Trade

cdef struct Knobs:
    int entry
    double slippage
    bint stop_wins_open
    bint gap_stop_at_level
    bint gap_target_at_level


cdef inline void leave_anew(Trade* trade, const Plan* plan, const Knobs* knobs, double price, bint at_target, bint gap) noexcept nogil:
    """Move the exit of a trade that left at its stop."""
    cdef double sign = trade.side
    cdef double entry = sign * trade.entry_price
    if at_target:
        trade.exit_reason = TARGET
    else:
        price = price - sign * (knobs.slippage if plan == NULL else plan.slippage)
    trade.exit_price = price
    trade.gap = gap
    trade.mfe = larger(trade.best_seen, sign * price) - entry
    trade.mae = entry - smaller(trade.worst_seen, sign * price)


cdef void drill(
    Trade* trade, const Plan* plan, const Knobs* knobs, double spread,
    const double* opens, const double* highs, const double* lows, const double* closes, Py_ssize_t count,
) noexcept nogil:
    """Walk the finer bars of the exit bar by the same rules, pessimistic inside each; nothing changes where they do not tell."""
    cdef double sign = trade.side
    cdef bint is_long = trade.side > 0
    cdef double stop = sign * trade.stop
    cdef double target = sign * trade.target
    cdef double exit_offset = 0.0 if is_long else spread
    cdef double entry_offset = spread if is_long else 0.0
    cdef bint on_entry_bar = trade.exit_bar == trade.entry_bar
    cdef bint filled = not (on_entry_bar and trade.marks & INSIDE)
    cdef bint scanned = not on_entry_bar
    cdef bint limit = knobs.entry == LIMIT
    cdef bint stop_touched, target_touched
    cdef double opened, low, high, close, level, first
    cdef Py_ssize_t j
    for j in range(count):
        low = sign * ((lows[j] if is_long else highs[j]) + exit_offset)
        high = sign * ((highs[j] if is_long else lows[j]) + exit_offset)
        stop_touched = low <= stop
        target_touched = high >= target
        if not filled:
            level = sign * plan.price
            first = sign * ((lows[j] if is_long == limit else highs[j]) + entry_offset)
            if not (first <= level if limit else first >= level):
                continue
            filled = True
            opened = sign * (opens[j] + entry_offset)
            if not (opened <= level if limit else opened >= level):
                # Filled inside the finer bar: what it touched before the fill does not count.
                close = sign * (closes[j] + exit_offset)
                scanned = True
                if limit and not stop_touched:
                    target_touched = target_touched and close >= target
                if stop_touched or target_touched:
                    if not (stop_touched and target_touched):
                        trade.marks |= DECIDED
                    leave_anew(trade, plan, knobs, trade.stop if stop_touched else trade.target, not stop_touched, False)
                    return
                continue
            scanned = False
        if scanned:
            opened = sign * (opens[j] + exit_offset)
            if opened <= stop:
                trade.marks |= DECIDED
                leave_anew(trade, plan, knobs, trade.stop if knobs.gap_stop_at_level else sign * opened, False, True)
                return
            if opened >= target:
                trade.marks |= DECIDED
                if stop_touched and knobs.stop_wins_open:
                    leave_anew(trade, plan, knobs, trade.stop, False, False)
                else:
                    leave_anew(trade, plan, knobs, trade.target if knobs.gap_target_at_level else sign * opened, True, True)
                return
        scanned = True
        if stop_touched or target_touched:
            if not (stop_touched and target_touched):
                trade.marks |= DECIDED
            leave_anew(trade, plan, knobs, trade.stop if stop_touched else trade.target, not stop_touched, False)
            return


def replay(
    Trade[::1] trades not None,
    const Plan[::1] plans,
    const int64_t[::1] chosen not None,
    const int64_t[::1] bars not None,
    const double[::1] spreads not None,
    const int64_t[::1] offsets not None,
    const double[::1] open not None,
    const double[::1] high not None,
    const double[::1] low not None,
    const double[::1] close not None,
    int entry,
    double slippage,
    bint stop_wins_open,
    bint gap_stop_at_level,
    bint gap_target_at_level,
):
    """Replay trades that left at their stop on an ambiguous bar.

    Args:
        trades, plans: trades in flight, and a plan for each or None.
        chosen: indices of the trades to replay. bars: of each, which range of finer bars is its exit bar. spreads: of each, on that bar.
        offsets: first finer bar of each range, and the end of the last. open, high, low, close: finer bars, bid.
    """
    cdef Py_ssize_t count = chosen.shape[0]
    cdef Py_ssize_t ranges = offsets.shape[0] - 1
    cdef Py_ssize_t finer = open.shape[0]
    cdef Py_ssize_t k, at
    cdef int64_t first
    cdef Knobs knobs = Knobs(entry, slippage, stop_wins_open, gap_stop_at_level, gap_target_at_level)
    if bars.shape[0] != count or spreads.shape[0] != count or ranges < 0:
        raise ValueError("a range and a spread for each trade")
    if high.shape[0] != finer or low.shape[0] != finer or close.shape[0] != finer:
        raise ValueError("the columns of the finer bars have one length")
    if plans is not None and plans.shape[0] != trades.shape[0]:
        raise ValueError("a plan for each trade, or none at all")
    for k in range(ranges):
        if not 0 <= offsets[k] <= offsets[k + 1] <= finer:
            raise ValueError("ranges of finer bars follow each other")
    for k in range(count):
        if not 0 <= chosen[k] < trades.shape[0] or not 0 <= bars[k] < ranges:
            raise ValueError("no such trade or range")
    if finer == 0 or count == 0:
        return
    cdef const Plan* plan = NULL
    if plans is not None:
        plan = &plans[0]
    with nogil:
        for k in range(count):
            at = <Py_ssize_t>chosen[k]
            first = offsets[bars[k]]
            if first < offsets[bars[k] + 1]:
                drill(
                    &trades[at], plan + at if plan != NULL else NULL, &knobs, spreads[k],
                    &open[first], &high[first], &low[first], &close[first], <Py_ssize_t>(offsets[bars[k] + 1] - first),
                )
