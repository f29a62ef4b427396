# The entries asked for on one chunk, and how they become working orders.

from libc.math cimport NAN, isnan
from libc.stdint cimport int8_t, int64_t, uint8_t
from libc.string cimport memset

from barloom_follow cimport step
from barloom_market cimport Market, Terms
from barloom_trade cimport STOP_IS_PRICE, TARGET_IS_PRICE, WORKING, Plan, Trade

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define barloom_prefetch(address) __builtin_prefetch(address)
    #else
    #define barloom_prefetch(address) ((void)0)
    #endif
    """
    void barloom_prefetch(const void* address) noexcept nogil

cdef enum:
    AHEAD = 12               # entries whose fill bars are fetched before their turn

cdef struct Columns:
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


cdef inline void ask(
    Trade* trade, Plan* plan, const Columns* asked, Py_ssize_t k, int64_t max_hold, Py_ssize_t parts, int64_t first_order
) noexcept nogil:
    """Write entry k as a working order."""
    memset(trade, 0, <size_t>(<char*>&trade.gross_pnl - <char*>trade))
    trade.trade_id = -1
    trade.signal_bar = asked.signal_bar[k]
    trade.entry_bar = -1
    trade.exit_bar = -1
    trade.deadline = asked.max_hold[k] if asked.max_hold[k] > 0 else max_hold
    trade.entry_price = NAN
    trade.initial_stop = NAN
    trade.stop = asked.stop[k]
    if not isnan(asked.stop_price[k]):
        trade.marks |= STOP_IS_PRICE
        trade.stop = asked.stop_price[k]
    trade.target = asked.target[k]
    if not isnan(asked.target_price[k]):
        trade.marks |= TARGET_IS_PRICE
        trade.target = asked.target_price[k]
    trade.size = asked.size[k]
    trade.exit_price = NAN
    trade.side = asked.side[k]
    trade.state = WORKING
    if parts > 1:
        trade.part = <uint8_t>(k % parts)
    if plan != NULL:
        if asked.plans != NULL:
            plan[0] = asked.plans[k]
        else:
            set_default_plan(plan)
        plan.order = first_order + k // parts


cdef inline void enter_one(
    Trade* trade, Plan* plan, const Columns* asked, Py_ssize_t k, int64_t max_hold, Py_ssize_t parts, int64_t first_order,
    const Market* market, const Terms* terms
) noexcept nogil:
    """One entry of many: waits for memory less when the bars of later ones are on their way."""
    cdef Py_ssize_t later
    if k + AHEAD < asked.count:
        later = <Py_ssize_t>(asked.signal_bar[k + AHEAD] - market.base)
        barloom_prefetch(market.bid.open + later)
        barloom_prefetch(market.time + later)
        barloom_prefetch(market.bid.high + later)
        barloom_prefetch(market.bid.low + later)
    ask(trade, plan, asked, k, max_hold, parts, first_order)
    step(trade, plan, market, terms)
