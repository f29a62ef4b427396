# One chunk of quotes as the kernels see it, the rules that orders are filled by, how a trade is closed, and which bars end trades for
# reasons of time or signal.
# Prices are written once, for longs: a short sees every price negated, which is exact in floating point.

from libc.math cimport fabs, isnan
from libc.stdint cimport INT64_MAX, int64_t

from .numeric cimport larger, smaller
from .trade cimport CLOSED, TARGET, Plan, Trade

cdef enum Entry:
    NEXT_OPEN = 0
    AT_CLOSE = 1
    LIMIT = 2
    STOP_ORDER = 3

cdef enum Policy:
    PESSIMISTIC = 0
    OPTIMISTIC = 1
    NEAREST_OPEN = 2
    OHLC = 3
    OLHC = 4
    CANDLE = 5
    DRILLDOWN = 6            # pessimistic, until finer bars are replayed

# One side of the market: what longs leave on (bid) or shorts (ask).
cdef struct Quotes:
    const double* open
    const double* high
    const double* low
    const double* close
    const double* block_high
    const double* block_low
    const double* group_high
    const double* group_low
    double offset            # to add to every price: the spread where the ask has no columns of its own

cdef struct Market:
    Py_ssize_t count
    int64_t base             # number of the first bar in the slice
    bint last                # no bar follows
    bint own_ask             # the ask has columns of its own: the spread paid is noted trade by trade
    const int64_t* time
    Quotes bid
    Quotes ask
    Py_ssize_t long_leaves   # bars at whose open longs leave by an exit signal, in the numbers of the slice, and how many
    const int64_t* leave_long
    Py_ssize_t short_leaves
    const int64_t* leave_short
    Py_ssize_t session_ends  # bars at whose close a session ends
    const int64_t* sessions

cdef struct FillRules:
    int entry
    int intrabar
    bint needs_stop          # the size of a trade comes from its stop
    bint scan_entry_bar
    bint stop_wins_open      # the stop also where the bar opened beyond the target
    bint gap_stop_at_level   # a gapped level fills at its price, not at the open
    bint gap_target_at_level
    bint reenter             # an entry at the close of the bar the last trade left on is taken
    double slippage

cdef inline const Quotes* exit_quotes(const Market* market, int side) noexcept nogil:
    return &market.bid if side > 0 else &market.ask

cdef inline double spread_at_open(const Market* market, Py_ssize_t j) noexcept nogil:
    if not market.own_ask:
        return market.ask.offset
    return market.ask.open[j] - market.bid.open[j]

cdef inline double spread_at_close(const Market* market, Py_ssize_t j) noexcept nogil:
    if not market.own_ask:
        return market.ask.offset
    return market.ask.close[j] - market.bid.close[j]

cdef inline bint high_comes_first(const Market* market, const FillRules* rules, Py_ssize_t j) noexcept nogil:
    """The path of a bar by a policy that has one. One bar has one path, that of its bid, for both sides."""
    if rules.intrabar == NEAREST_OPEN:
        return fabs(market.bid.high[j] - market.bid.open[j]) < fabs(market.bid.low[j] - market.bid.open[j])
    if rules.intrabar == OHLC:
        return True
    if rules.intrabar == OLHC:
        return False
    return market.bid.close[j] < market.bid.open[j]

cdef inline bint worse_comes_first(const Trade* trade, const Market* market, const FillRules* rules, Py_ssize_t j) noexcept nogil:
    """True if the bar is assumed to go against the trade first."""
    if rules.intrabar == PESSIMISTIC or rules.intrabar == DRILLDOWN:
        return True
    if rules.intrabar == OPTIMISTIC:
        return False
    return high_comes_first(market, rules, j) == (trade.side < 0)

cdef inline void leave(
    Trade* trade, Plan* plan, const Market* market, const FillRules* rules, Py_ssize_t j,
    double price, int reason, bint gap, bint open_scanned, bint at_close
) noexcept nogil:
    """Close an open trade on bar j; the bar counts in its excursions only with what was surely seen of it."""
    cdef double sign = trade.side
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double entry = sign * trade.entry_price
    cdef double best = trade.mfe
    cdef double worst = trade.mae
    cdef double seen
    if open_scanned:
        seen = sign * (quotes.open[j] + quotes.offset)
        best = larger(best, seen)
        worst = smaller(worst, seen)
    if rules.intrabar == DRILLDOWN:
        trade.best_seen = best
        trade.worst_seen = worst
    if reason != TARGET:
        price = price - sign * (rules.slippage if plan == NULL else plan.slippage)
    best = larger(best, sign * price)
    worst = smaller(worst, sign * price)
    trade.mfe = best - entry
    trade.mae = entry - worst
    trade.exit_bar = market.base + j
    trade.exit_time = market.time[j]
    trade.exit_price = price
    trade.exit_reason = reason
    trade.gap = gap
    trade.state = CLOSED
    if market.own_ask and trade.side < 0 and plan != NULL:
        plan.spread = spread_at_close(market, j) if at_close else spread_at_open(market, j)


cdef inline Py_ssize_t first_from(const int64_t* bars, Py_ssize_t count, int64_t bar) noexcept nogil:
    """Index of the first of the increasing bar numbers that is not before ``bar``; ``count`` if there is none."""
    cdef Py_ssize_t low = 0
    cdef Py_ssize_t middle
    while low < count:
        middle = low + (count - low) // 2
        if bars[middle] < bar:
            low = middle + 1
        else:
            count = middle
    return low


cdef inline Py_ssize_t next_leave(const Market* market, const Trade* trade, Py_ssize_t j) noexcept nogil:
    """The first bar from j on, after the entry bar, at whose open the side of the trade leaves by a signal; the largest number if none."""
    cdef const int64_t* leaves = market.leave_long if trade.side > 0 else market.leave_short
    cdef Py_ssize_t count = market.long_leaves if trade.side > 0 else market.short_leaves
    cdef int64_t bar = market.base + j
    if bar <= trade.entry_bar:
        bar = trade.entry_bar + 1
    cdef Py_ssize_t k = first_from(leaves, count, bar)
    return <Py_ssize_t>(leaves[k] - market.base) if k < count else <Py_ssize_t>INT64_MAX


cdef inline bint is_session_end(const Market* market, Py_ssize_t j) noexcept nogil:
    cdef Py_ssize_t k = first_from(market.sessions, market.session_ends, market.base + j)
    return k < market.session_ends and market.sessions[k] == market.base + j
