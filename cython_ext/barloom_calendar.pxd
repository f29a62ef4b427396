# Which bars of a chunk end trades for reasons of time or signal.

from libc.stdint cimport INT64_MAX, int64_t

from barloom_market cimport Market
from barloom_trade cimport Trade

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
