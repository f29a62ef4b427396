# The way of one trade through a chunk: from order to fill to exit, skipping every block of bars no level can lie in.
# docs/execution.md says what it computes; reference/simulator.py is the same in plain Python.

from libc.math cimport INFINITY, isnan
from libc.stdint cimport int64_t

from .levels cimport Moved, keep_stop, moved_by
from .market cimport (
    AT_CLOSE, LIMIT, FillRules, Market, Quotes, exit_quotes, first_from, leave,
    next_leave, spread_at_close, spread_at_open, worse_comes_first,
)
from .numeric cimport BLOCK, GROUP_BARS, larger, smaller
from .orders cimport first_touch, leaves_inside, open_trade, refuse
from .trade cimport END, EXPIRED, INSIDE, OPEN, SESSION, SIGNAL, TARGET, TIME, WORKING, Plan, Trade

cdef inline void leave_on(
    Trade* trade, Plan* plan, const Market* market, const FillRules* rules, Py_ssize_t j, bint open_scanned, bint signalled, bint in_session
) noexcept nogil:
    """Leave on bar j, on which the trade leaves for certain: at the open, at a level, or at the close."""
    cdef double sign = trade.side
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double offset = quotes.offset
    cdef double opened = quotes.open[j] + offset
    cdef bint stop_touched = sign * ((quotes.low[j] if trade.side > 0 else quotes.high[j]) + offset) <= sign * trade.stop
    cdef bint target_touched = sign * ((quotes.high[j] if trade.side > 0 else quotes.low[j]) + offset) >= sign * trade.target
    cdef int reason
    if open_scanned:
        if sign * opened <= sign * trade.stop:
            leave(
                trade, plan, market, rules, j, trade.stop if rules.gap_stop_at_level else opened, trade.exit_reason, True, True, False
            )
            return
        if sign * opened >= sign * trade.target:
            if stop_touched and rules.stop_wins_open and not signalled:
                leave(trade, plan, market, rules, j, trade.stop, trade.exit_reason, False, True, False)
            else:
                leave(trade, plan, market, rules, j, trade.target if rules.gap_target_at_level else opened, TARGET, True, True, False)
            return
        if signalled:
            leave(trade, plan, market, rules, j, opened, SIGNAL, False, True, False)
            return
    trade.ambiguous = stop_touched and target_touched
    if stop_touched and (not target_touched or worse_comes_first(trade, market, rules, j)):
        leave(trade, plan, market, rules, j, trade.stop, trade.exit_reason, False, open_scanned, False)
    elif target_touched:
        leave(trade, plan, market, rules, j, trade.target, TARGET, False, open_scanned, False)
    else:
        reason = TIME if market.base + j == trade.deadline else SESSION if in_session else END
        leave(trade, plan, market, rules, j, quotes.close[j] + offset, reason, False, open_scanned, True)


cdef inline void follow(Trade* trade, Plan* plan, const Market* market, const FillRules* rules, Py_ssize_t j) noexcept nogil:
    """Follow an open trade from bar j of the chunk to its exit or to the end of the chunk."""
    cdef double sign = trade.side
    cdef bint is_long = trade.side > 0
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double offset = quotes.offset
    cdef const double* worse = quotes.low if is_long else quotes.high
    cdef const double* better = quotes.high if is_long else quotes.low
    cdef const double* block_worse = quotes.block_low if is_long else quotes.block_high
    cdef const double* block_better = quotes.block_high if is_long else quotes.block_low
    cdef const double* group_worse = quotes.group_low if is_long else quotes.group_high
    cdef const double* group_better = quotes.group_high if is_long else quotes.group_low
    cdef double stop = sign * trade.stop
    cdef double target = sign * trade.target
    # The best price from which on something happens: the target, or less where a new peak moves the stop.
    cdef double bound = target
    cdef double lowest = trade.mae
    cdef double highest = trade.mfe
    cdef double low, high
    cdef Py_ssize_t stretch, block_end, k
    cdef bint hit = False
    cdef bint moves = plan != NULL and not (isnan(plan.trail) and isnan(plan.trigger))
    cdef Moved moved
    # The first bar on which the trade leaves whatever happens: by a signal at its open, or at its close; the chunk's end if none.
    cdef Py_ssize_t end = market.count
    cdef Py_ssize_t signal_bar = -1
    cdef Py_ssize_t session_bar = -1
    if market.last:
        end = market.count - 1
    if trade.deadline - market.base < end:
        end = <Py_ssize_t>(trade.deadline - market.base)
    if market.session_ends > 0:
        k = first_from(market.sessions, market.session_ends, market.base + j)
        if k < market.session_ends and market.sessions[k] - market.base <= end:
            session_bar = <Py_ssize_t>(market.sessions[k] - market.base)
            end = session_bar
    if (market.long_leaves if is_long else market.short_leaves) > 0:
        signal_bar = next_leave(market, trade, j)
        if signal_bar <= end:
            end = signal_bar
    if moves:
        if market.base + j == trade.entry_bar:
            # Levels are set at the close of a bar: this one passes with the first stop, whatever its extremes.
            bound = -INFINITY
        else:
            moved = moved_by(trade, plan, highest)
            stop, bound = moved.stop, moved.bound

    while j < end and not hit:
        if j % BLOCK == 0:
            stretch = j
            while stretch % GROUP_BARS == 0 and stretch + GROUP_BARS <= end:
                low = sign * (group_worse[stretch // GROUP_BARS] + offset)
                high = sign * (group_better[stretch // GROUP_BARS] + offset)
                if low <= stop or high >= bound:
                    if not moves or high >= target:
                        break
                    # Even the stop that the best of these bars makes is touched by none of them: they pass as one.
                    moved = moved_by(trade, plan, larger(highest, high))
                    if low <= moved.stop:
                        break
                    stop, bound = moved.stop, moved.bound
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                stretch += GROUP_BARS
            while stretch + BLOCK <= end:
                low = sign * (block_worse[stretch // BLOCK] + offset)
                high = sign * (block_better[stretch // BLOCK] + offset)
                if low <= stop or high >= bound:
                    if not moves or high >= target:
                        break
                    moved = moved_by(trade, plan, larger(highest, high))
                    if low <= moved.stop:
                        break
                    stop, bound = moved.stop, moved.bound
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                stretch += BLOCK
                if stretch % GROUP_BARS == 0 and stretch + GROUP_BARS <= end:
                    break
            if stretch > j:
                j = stretch
                continue
        block_end = j - j % BLOCK + BLOCK
        if block_end > end:
            block_end = end
        if is_long:
            while j < block_end:
                low = worse[j]
                high = better[j]
                if (low <= stop) | (high >= bound):
                    hit = True
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                j += 1
        else:
            while j < block_end:
                low = -(worse[j] + offset)
                high = -(better[j] + offset)
                if (low <= stop) | (high >= bound):
                    hit = True
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                j += 1
        if hit and moves and not (low <= stop or high >= target):
            # No level, but a bar that may move the stop for those after it.
            hit = False
            lowest = smaller(lowest, low)
            highest = larger(highest, high)
            moved = moved_by(trade, plan, highest)
            stop, bound = moved.stop, moved.bound
            j += 1

    trade.mfe = highest
    trade.mae = lowest
    if moves and market.base + j != trade.entry_bar:
        keep_stop(trade, plan)
    if hit or end < market.count:
        leave_on(trade, plan, market, rules, j, market.base + j != trade.entry_bar, j == signal_bar, j == session_bar)


cdef inline void step(Trade* trade, Plan* plan, const Market* market, const FillRules* rules) noexcept nogil:
    """Carry one trade through the chunk: from order to fill to exit, as far as its bars go."""
    cdef Py_ssize_t j = 0
    cdef Py_ssize_t end
    cdef int64_t bar
    cdef double sign = trade.side
    cdef double bid, ask, level, spread
    cdef const Quotes* quotes
    # Whether exits may happen on the fill bar.
    cdef bint scanned = rules.scan_entry_bar
    if trade.state == WORKING:
        if plan != NULL and isnan(plan.slippage):
            plan.slippage = rules.slippage
        if plan == NULL or isnan(plan.price) or rules.entry < LIMIT:
            bar = trade.signal_bar + (0 if rules.entry == AT_CLOSE else 1)
            if bar - market.base >= market.count:
                return
            j = <Py_ssize_t>(bar - market.base)
            if rules.entry == AT_CLOSE:
                bid = market.bid.close[j]
                ask = market.ask.close[j] + market.ask.offset
                spread = spread_at_close(market, j)
                scanned = False
            else:
                bid = market.bid.open[j]
                ask = market.ask.open[j] + market.ask.offset
                spread = spread_at_open(market, j)
            if not open_trade(
                trade, plan, market, rules, j,
                (ask if trade.side > 0 else bid) + sign * (rules.slippage if plan == NULL else plan.slippage),
                bid if trade.side > 0 else ask, spread, scanned,
            ):
                return
        else:
            bar = trade.signal_bar + plan.good_for
            j = <Py_ssize_t>(trade.signal_bar + 1 - market.base) if trade.signal_bar >= market.base else 0
            end = <Py_ssize_t>(bar + 1 - market.base) if bar - market.base < market.count else market.count
            quotes = &market.ask if trade.side > 0 else &market.bid
            level = sign * plan.price
            j = first_touch(quotes, sign, level, rules.entry == LIMIT, j, end)
            if j >= end:
                if bar - market.base < market.count:
                    trade.entry_bar = bar
                    refuse(trade, EXPIRED)
                return
            spread = spread_at_open(market, j)
            bid = sign * (quotes.open[j] + quotes.offset)
            if bid <= level if rules.entry == LIMIT else bid >= level:
                ask = quotes.open[j] + quotes.offset
                bid = market.bid.open[j] if trade.side > 0 else market.ask.open[j] + market.ask.offset
            else:
                trade.marks |= INSIDE
                ask = plan.price
                bid = plan.price - sign * spread
            if not open_trade(
                trade, plan, market, rules, j, ask if rules.entry == LIMIT else ask + sign * plan.slippage, bid, spread, scanned
            ):
                return
            if scanned and trade.marks & INSIDE:
                if leaves_inside(trade, plan, market, rules, j):
                    return
                scanned = False
        if not scanned:
            j += 1
    if trade.state != OPEN:
        return
    if j == market.count:
        # Filled on the last bar of the chunk, with no exit before the next: if there is none, it leaves at that same close.
        if market.last:
            j -= 1
            quotes = exit_quotes(market, trade.side)
            leave(trade, plan, market, rules, j, quotes.close[j] + quotes.offset, END, False, False, True)
        return
    follow(trade, plan, market, rules, j)
