# Rows of bars as the kernels see them: pointers to their columns, how they are pointed at arrays, and what is wrong with a row.

from libc.float cimport DBL_MAX
from libc.math cimport INFINITY
from libc.stdint cimport INT64_MIN as NO_TIME    # also pandas' NaT
from libc.string cimport memset

from .numeric cimport int64_t, larger, smaller

cdef struct Columns:
    const int64_t* time
    const double* open
    const double* high
    const double* low
    const double* close
    const double* volume     # NULL where there is none, or none is asked for
    const double* ask_open   # NULL, as the other three, where there are no ask prices
    const double* ask_high
    const double* ask_low
    const double* ask_close

cdef inline bint is_finite(double x) noexcept nogil:
    return -DBL_MAX <= x <= DBL_MAX

cdef inline const double* first_of(const double[::1] column) noexcept:
    """Where a column begins; NULL where it is None or empty."""
    return &column[0] if column is not None and column.shape[0] else NULL

cdef inline int check_lengths(
    Py_ssize_t rows, const double[::1] open, const double[::1] high, const double[::1] low, const double[::1] close, str what
) except -1:
    if open.shape[0] != rows or high.shape[0] != rows or low.shape[0] != rows or close.shape[0] != rows:
        raise ValueError(f"{rows} times beside {open.shape[0]}, {high.shape[0]}, {low.shape[0]} and {close.shape[0]} {what}")
    return 0

cdef inline int point_at(
    Columns* columns, const int64_t[::1] time, const double[::1] open, const double[::1] high, const double[::1] low,
    const double[::1] close, const double[::1] volume, tuple ask,
) except -1:
    """Let columns point at arrays of one length; at nothing where volume or ask prices are None."""
    cdef Py_ssize_t rows = time.shape[0]
    check_lengths(rows, open, high, low, close, "prices")
    if volume is not None and volume.shape[0] != rows:
        raise ValueError(f"{rows} times beside {volume.shape[0]} volumes")
    memset(columns, 0, sizeof(Columns))
    columns.time = &time[0] if rows else NULL
    columns.open = first_of(open)
    columns.high = first_of(high)
    columns.low = first_of(low)
    columns.close = first_of(close)
    columns.volume = first_of(volume)
    if ask is not None:
        open, high, low, close = ask
        check_lengths(rows, open, high, low, close, "ask prices")
        columns.ask_open = first_of(open)
        columns.ask_high = first_of(high)
        columns.ask_low = first_of(low)
        columns.ask_close = first_of(close)
    return 0

cdef inline int point_at_prices(
    Columns* columns, const int64_t[::1] time, tuple prices, const double[::1] volume, tuple ask
) except -1:
    """The same, with open, high, low and close in one."""
    cdef const double[::1] open, high, low, close
    open, high, low, close = prices
    return point_at(columns, time, open, high, low, close, volume, ask)

# One precedence for those who take bars in and those who count what is wrong with them.
cdef enum:                   # in order of precedence; the docstring of take_bars is the reference
    UNPARSABLE_TIME, UNPARSABLE_PRICE, MALFORMED, UNSORTED, REPEATED, NOT_FINITE, NOT_POSITIVE, HIGH_LOW,
    NO_ASK, BAD_ASK, CROSSED, FAULTS
    CLEAN = -1

cdef inline int fault_of(const Columns* bars, Py_ssize_t i, int64_t last, bint volume) noexcept nogil:
    """The fault of one row; CLEAN if there is none. A wrong volume is a fault only if ``volume`` is set."""
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
