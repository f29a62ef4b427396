# From order to open trade: the bar that touches the order's price, the levels hung from the fill, and what is left of a bar that
# filled it inside.

from libc.math cimport isnan
from libc.stdint cimport INT64_MAX, int64_t

from barloom_calendar cimport is_session_end
from barloom_levels cimport keep_stop
from barloom_market cimport DRILLDOWN, LIMIT, OPTIMISTIC, PESSIMISTIC, Market, Quotes, Terms, exit_quotes, leave, worse_comes_first
from barloom_trade cimport (
    END, INVALID_BRACKET, NO_STOP, OPEN, REFUSED, SESSION, STOP, STOP_IS_PRICE, TARGET, TARGET_IS_PRICE, TIME, Plan, Trade,
)
from barloom_types cimport BLOCK, larger, smaller

cdef inline void refuse(Trade* trade, int why) noexcept nogil:
    """An order that its fill bar refuses frees its place from that bar on."""
    trade.state = REFUSED
    trade.refusal = why
    trade.exit_bar = trade.entry_bar


cdef inline bint open_trade(
    Trade* trade, Plan* plan, const Market* market, const Terms* terms, Py_ssize_t j, double entry, double exit_side, double spread,
    bint scanned
) noexcept nogil:
    """Open a trade filled on bar j at ``entry``: hang its levels, and refuse what could not stand. Whether it is open."""
    cdef double sign = trade.side
    cdef double stop = trade.stop
    cdef double target = trade.target
    trade.entry_bar = market.base + j
    trade.entry_time = market.time[j]
    trade.entry_price = entry
    if not isnan(stop):
        if not trade.marks & STOP_IS_PRICE:
            if stop <= spread:
                refuse(trade, INVALID_BRACKET)
                return False
            stop = entry - sign * stop
        if sign * stop >= sign * exit_side:
            refuse(trade, INVALID_BRACKET)
            return False
    elif terms.needs_stop and isnan(trade.size):
        refuse(trade, NO_STOP)
        return False
    if plan != NULL and sign * (entry + sign * plan.nearest) <= sign * entry:
        refuse(trade, INVALID_BRACKET)
        return False
    if not isnan(target):
        if not trade.marks & TARGET_IS_PRICE:
            target = entry + sign * target
        if sign * target <= sign * entry:
            refuse(trade, INVALID_BRACKET)
            return False
    trade.initial_stop = stop
    trade.stop = stop
    trade.target = target
    trade.mfe = sign * entry
    trade.mae = sign * entry
    trade.exit_reason = STOP
    trade.state = OPEN
    cdef int64_t first_exit_bar = trade.entry_bar + (0 if scanned else 1)
    if 0 < trade.deadline < INT64_MAX - first_exit_bar:
        trade.deadline = first_exit_bar + trade.deadline - 1
    else:
        trade.deadline = INT64_MAX
    if plan != NULL and trade.side > 0:
        plan.spread = spread
    return True


cdef inline Py_ssize_t first_touch(
    const Quotes* quotes, double sign, double level, bint adverse, Py_ssize_t j, Py_ssize_t end
) noexcept nogil:
    """The first bar from j on that reaches a level, going down to it (``adverse``) or up, in prices times the sign; ``end`` if none."""
    cdef bint from_lows = adverse == (sign > 0)
    cdef const double* prices = quotes.low if from_lows else quotes.high
    cdef const double* blocks = quotes.block_low if from_lows else quotes.block_high
    cdef double price
    while j < end:
        if j % BLOCK == 0 and j + BLOCK <= end:
            price = sign * (blocks[j // BLOCK] + quotes.offset)
            if not (price <= level if adverse else price >= level):
                j += BLOCK
                continue
        price = sign * (prices[j] + quotes.offset)
        if price <= level if adverse else price >= level:
            return j
        j += 1
    return end


cdef inline bint leaves_inside(Trade* trade, Plan* plan, const Market* market, const Terms* terms, Py_ssize_t j) noexcept nogil:
    """The rest of a bar inside which the trade was filled: whether it left there, else what was surely seen of it is taken in."""
    cdef double sign = trade.side
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double low = sign * ((quotes.low[j] if trade.side > 0 else quotes.high[j]) + quotes.offset)
    cdef double high = sign * ((quotes.high[j] if trade.side > 0 else quotes.low[j]) + quotes.offset)
    cdef double close = sign * (quotes.close[j] + quotes.offset)
    cdef bint limit = terms.entry == LIMIT
    cdef bint stop_touched = low <= sign * trade.stop
    cdef bint target_touched = high >= sign * trade.target
    cdef bint pessimistic = terms.intrabar == PESSIMISTIC or terms.intrabar == DRILLDOWN
    cdef bint optimistic = terms.intrabar == OPTIMISTIC
    cdef bint low_first = worse_comes_first(trade, market, terms, j)
    cdef bint stop_after, target_after, stop_first
    if limit:
        # The way down to the stop leads past the fill; the way up to the target may have been before it.
        stop_after = stop_touched
        target_after = target_touched and (optimistic or close >= sign * trade.target or (not pessimistic and low_first))
        stop_first = not optimistic
    else:
        target_after = target_touched
        stop_after = stop_touched and (pessimistic or close <= sign * trade.stop or (not optimistic and not low_first))
        stop_first = pessimistic
    if stop_after and (stop_first or not target_after):
        trade.ambiguous = target_touched
        leave(trade, plan, market, terms, j, trade.stop, trade.exit_reason, False, False, False)
        return True
    if target_after:
        trade.ambiguous = stop_touched
        leave(trade, plan, market, terms, j, trade.target, TARGET, False, False, False)
        return True
    cdef int reason = 0
    if market.base + j == trade.deadline:
        reason = TIME
    elif market.session_ends > 0 and is_session_end(market, j):
        reason = SESSION
    elif market.last and j == market.count - 1:
        reason = END
    if reason != 0:
        leave(trade, plan, market, terms, j, quotes.close[j] + quotes.offset, reason, False, False, True)
        return True
    trade.mae = smaller(trade.mae, low if limit else close)
    trade.mfe = larger(trade.mfe, close if limit else high)
    if not (isnan(plan.trail) and isnan(plan.trigger)):
        keep_stop(trade, plan)
    return False
