# What is wrong with a row of bars: one precedence for those who take bars in and those who count what is wrong with them.

from libc.math cimport INFINITY
from libc.stdint cimport INT64_MIN as NO_TIME    # also pandas' NaT

from barloom_columns cimport Columns, is_finite
from barloom_types cimport int64_t, larger, smaller

cdef enum:                   # in order of precedence; the docstring of take_bars is the reference
    UNPARSABLE_TIME, UNPARSABLE_PRICE, MALFORMED, UNSORTED, REPEATED, NOT_FINITE, NOT_POSITIVE, HIGH_LOW,
    NO_ASK, BAD_ASK, CROSSED, FAULTS
    CLEAN = -1

cdef inline int fault_of(const Columns* bars, Py_ssize_t i, int64_t last, bint volume) noexcept nogil:
    """What is wrong with one row; CLEAN where nothing is. A wrong volume is a fault only where ``volume`` says so."""
    cdef int64_t t = bars.time[i]
    cdef double o = bars.open[i], h = bars.high[i], l = bars.low[i], c = bars.close[i]
    if t <= NO_TIME + 2:
        return UNPARSABLE_TIME if t == NO_TIME else UNPARSABLE_PRICE if t == NO_TIME + 1 else MALFORMED
    if t <= last:
        return UNSORTED if t < last else REPEATED
    volume = volume and bars.volume != NULL
    if not (is_finite(o) and is_finite(h) and is_finite(l) and is_finite(c)) or (volume and not is_finite(bars.volume[i])):
        return NOT_FINITE
    if o <= 0 or h <= 0 or l <= 0 or c <= 0 or (volume and bars.volume[i] < 0):
        return NOT_POSITIVE
    if h < larger(o, c) or l > smaller(o, c):
        return HIGH_LOW
    if bars.ask_open == NULL:
        return CLEAN
    o, h, l, c = bars.ask_open[i], bars.ask_high[i], bars.ask_low[i], bars.ask_close[i]
    if o == -INFINITY:
        return NO_ASK
    if o == INFINITY:
        return BAD_ASK
    if not (is_finite(o) and is_finite(h) and is_finite(l) and is_finite(c)):
        return NOT_FINITE
    if h < larger(o, c) or l > smaller(o, c):
        return BAD_ASK
    if o < bars.open[i] or h < bars.high[i] or l < bars.low[i] or c < bars.close[i]:
        return CROSSED
    return CLEAN
