# The orders of a chunk, and the way of each to an open trade: the bar that touches its price, its levels measured from the fill, and
# what is left of a bar that filled it inside.

from libc.math cimport NAN, isnan
from libc.stdint cimport INT64_MAX, int8_t, int64_t, uint8_t
from libc.string cimport memset

from .levels cimport keep_stop
from .market cimport (
    DRILLDOWN, LIMIT, OPTIMISTIC, PESSIMISTIC, FillRules, Market, Quotes, exit_quotes, is_session_end, leave, worse_comes_first,
)
from .numeric cimport BLOCK, larger, smaller
from .trade cimport (
    END, INVALID_BRACKET, NO_STOP, OPEN, REFUSED, SESSION, STOP, STOP_IS_PRICE, TARGET, TARGET_IS_PRICE, TIME, WORKING, Plan, Trade,
)

cdef struct OrderColumns:
    Py_ssize_t count
    const int64_t* signal_bar
    const int8_t* side
    const double* stop
    const double* target
    const double* stop_price
    const double* target_price
    const int64_t* max_hold
    const double* size
    const Plan* plans        # NULL where no entry asks for more


cdef inline void set_default_plan(Plan* plan) noexcept nogil:
    """The plan of a trade that asks for nothing beyond a stop and a target."""
    memset(plan, 0, sizeof(Plan))
    plan.order = -1
    plan.good_for = 1
    plan.fraction = 1.0
    plan.price = plan.trail = plan.trigger = plan.slippage = plan.nearest = NAN


cdef inline void new_order(
    Trade* trade, Plan* plan, const OrderColumns* orders, Py_ssize_t k, int64_t max_hold, Py_ssize_t parts, int64_t first_order
) noexcept nogil:
    """Write entry k as a working order."""
    memset(trade, 0, <size_t>(<char*>&trade.gross_pnl - <char*>trade))
    trade.trade_id = -1
    trade.signal_bar = orders.signal_bar[k]
    trade.entry_bar = -1
    trade.exit_bar = -1
    trade.deadline = orders.max_hold[k] if orders.max_hold[k] > 0 else max_hold
    trade.entry_price = NAN
    trade.initial_stop = NAN
    trade.stop = orders.stop[k]
    if not isnan(orders.stop_price[k]):
        trade.marks |= STOP_IS_PRICE
        trade.stop = orders.stop_price[k]
    trade.target = orders.target[k]
    if not isnan(orders.target_price[k]):
        trade.marks |= TARGET_IS_PRICE
        trade.target = orders.target_price[k]
    trade.size = orders.size[k]
    trade.exit_price = NAN
    trade.side = orders.side[k]
    trade.state = WORKING
    if parts > 1:
        trade.part = <uint8_t>(k % parts)
    if plan != NULL:
        if orders.plans != NULL:
            plan[0] = orders.plans[k]
        else:
            set_default_plan(plan)
        plan.order = first_order + k // parts


cdef inline void refuse(Trade* trade, int why) noexcept nogil:
    """An order that its fill bar refuses is open no longer from that bar on."""
    trade.state = REFUSED
    trade.refusal = why
    trade.exit_bar = trade.entry_bar


cdef inline bint open_trade(
    Trade* trade, Plan* plan, const Market* market, const FillRules* rules, Py_ssize_t j, double entry, double exit_side, double spread,
    bint scanned
) noexcept nogil:
    """Open a trade filled on bar j at ``entry``: measure its levels from the fill, and refuse what could not stand. Whether it is open."""
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
    elif rules.needs_stop and isnan(trade.size):
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


cdef inline bint leaves_inside(Trade* trade, Plan* plan, const Market* market, const FillRules* rules, Py_ssize_t j) noexcept nogil:
    """The rest of a bar inside which the trade was filled: whether it left there, else what was surely seen of it is taken in."""
    cdef double sign = trade.side
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double low = sign * ((quotes.low[j] if trade.side > 0 else quotes.high[j]) + quotes.offset)
    cdef double high = sign * ((quotes.high[j] if trade.side > 0 else quotes.low[j]) + quotes.offset)
    cdef double close = sign * (quotes.close[j] + quotes.offset)
    cdef bint limit = rules.entry == LIMIT
    cdef bint stop_touched = low <= sign * trade.stop
    cdef bint target_touched = high >= sign * trade.target
    cdef bint pessimistic = rules.intrabar == PESSIMISTIC or rules.intrabar == DRILLDOWN
    cdef bint optimistic = rules.intrabar == OPTIMISTIC
    cdef bint low_first = worse_comes_first(trade, market, rules, j)
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
        leave(trade, plan, market, rules, j, trade.stop, trade.exit_reason, False, False, False)
        return True
    if target_after:
        trade.ambiguous = stop_touched
        leave(trade, plan, market, rules, j, trade.target, TARGET, False, False, False)
        return True
    cdef int reason = 0
    if market.base + j == trade.deadline:
        reason = TIME
    elif market.session_ends > 0 and is_session_end(market, j):
        reason = SESSION
    elif market.last and j == market.count - 1:
        reason = END
    if reason != 0:
        leave(trade, plan, market, rules, j, quotes.close[j] + quotes.offset, reason, False, False, True)
        return True
    trade.mae = smaller(trade.mae, low if limit else close)
    trade.mfe = larger(trade.mfe, close if limit else high)
    if not (isnan(plan.trail) and isnan(plan.trigger)):
        keep_stop(trade, plan)
    return False
