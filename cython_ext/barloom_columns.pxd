# Rows of bars as the kernels see them: pointers to their columns, and how they are pointed at arrays.

from libc.float cimport DBL_MAX
from libc.string cimport memset

from barloom_types cimport int64_t

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
