# The stop of a trade whose stop moves: where trail and breakeven put it once the peak is known.

from libc.math cimport INFINITY, isnan

from .numeric cimport larger, smaller
from .trade cimport BREAKEVEN, TRAIL, Plan, Trade

# All prices times the side.
cdef struct Levels:
    double initial
    double breakeven
    double breakeven_from
    double trail
    double peak_kept         # what a trail by a share leaves of the peak
    double trail_from

cdef struct Moved:
    double stop
    double bound             # the best price from which on a level is hit or the stop moves again

cdef inline Levels levels_of(const Trade* trade, const Plan* plan) noexcept nogil:
    cdef double sign = trade.side
    cdef double entry = sign * trade.entry_price
    cdef Levels levels
    levels.initial = -INFINITY if isnan(trade.initial_stop) else sign * trade.initial_stop
    levels.breakeven = entry + plan.offset
    levels.breakeven_from = INFINITY if isnan(plan.trigger) else entry + plan.trigger
    levels.trail = plan.trail
    levels.peak_kept = 1.0 - sign * plan.trail_share
    levels.trail_from = INFINITY if isnan(plan.trail) else entry + plan.activation
    return levels


cdef inline double raised(const Levels* levels, double peak) noexcept nogil:
    """The stop once the peak is known, from scratch: it is the same whatever the way there was."""
    cdef double stop = levels.initial
    if peak >= levels.breakeven_from:
        stop = larger(stop, levels.breakeven)
    if peak >= levels.trail_from:
        stop = larger(stop, peak * levels.peak_kept - levels.trail)
    return stop


cdef inline Moved moved_by(const Trade* trade, const Plan* plan, double peak) noexcept nogil:
    """The stop that a peak makes, and how far the price may go before it or the target matters again."""
    cdef Levels levels = levels_of(trade, plan)
    cdef double target = trade.side * trade.target
    cdef Moved moved
    moved.stop = raised(&levels, peak)
    moved.bound = larger(peak, levels.trail_from)
    if peak < levels.breakeven_from:
        moved.bound = smaller(moved.bound, levels.breakeven_from)
    if target < moved.bound:
        moved.bound = target
    return moved


cdef inline void keep_stop(Trade* trade, const Plan* plan) noexcept nogil:
    """Write the stop that the peak makes into the trade, and what set it; the first of stop, breakeven and trail on a tie."""
    cdef Levels levels = levels_of(trade, plan)
    cdef double peak = trade.mfe
    cdef double stop = raised(&levels, peak)
    if stop == levels.initial:
        return
    trade.stop = trade.side * stop
    trade.exit_reason = BREAKEVEN if peak >= levels.breakeven_from and stop == levels.breakeven else TRAIL
