"""Kernels for signals: crossings of two series, and the check of the resulting entries. One pass each."""

from libc.math cimport INFINITY, isnan
from libc.stdint cimport int8_t, int64_t

from engine.numeric cimport larger, smaller

cdef enum:
    STRIDE = 16              # bars that are looked at together: crossings are rare


cdef inline bint crosses_up(double before, double now, double level_before, double level) noexcept nogil:
    return (now > level) & (before <= level_before)


cdef inline bint crosses_down(double before, double now, double level_before, double level) noexcept nogil:
    return (now < level) & (before >= level_before)


cdef inline bint both_sides(const double* series, const double* level, Py_ssize_t step, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """True if some values of a stretch may be above and some below a level, or on it; a NaN is neither.

    A difference of two numbers has the sign of their comparison. Four chains of comparisons, so that they need not wait for each other.
    """
    cdef double high_0 = -INFINITY, high_1 = -INFINITY, high_2 = -INFINITY, high_3 = -INFINITY
    cdef double low_0 = INFINITY, low_1 = INFINITY, low_2 = INFINITY, low_3 = INFINITY
    cdef double above
    cdef Py_ssize_t k = start
    while k + 3 < end:
        above = series[k] - level[k * step]
        high_0 = larger(high_0, above)
        low_0 = smaller(low_0, above)
        above = series[k + 1] - level[(k + 1) * step]
        high_1 = larger(high_1, above)
        low_1 = smaller(low_1, above)
        above = series[k + 2] - level[(k + 2) * step]
        high_2 = larger(high_2, above)
        low_2 = smaller(low_2, above)
        above = series[k + 3] - level[(k + 3) * step]
        high_3 = larger(high_3, above)
        low_3 = smaller(low_3, above)
        k += 4
    while k < end:
        above = series[k] - level[k * step]
        high_0 = larger(high_0, above)
        low_0 = smaller(low_0, above)
        k += 1
    high_0 = larger(larger(high_0, high_1), larger(high_2, high_3))
    low_0 = smaller(smaller(low_0, low_1), smaller(low_2, low_3))
    return high_0 >= 0.0 and low_0 <= 0.0


cdef inline Py_ssize_t find(
    const double* series, const double* upper, const double* lower, Py_ssize_t step, Py_ssize_t n, int64_t* bars, int8_t* sides,
    Py_ssize_t room
) noexcept nogil:
    """``step`` is 1 where the levels have a value a bar, 0 where they have one for all."""
    cdef Py_ssize_t found = 0
    cdef Py_ssize_t j = 1
    cdef Py_ssize_t end, k
    cdef int8_t side
    while j < n:
        end = j + STRIDE if n - j > STRIDE else n
        if both_sides(series, upper, step, j - 1, end) or (lower != upper and both_sides(series, lower, step, j - 1, end)):
            for k in range(j, end):
                if crosses_up(series[k - 1], series[k], upper[(k - 1) * step], upper[k * step]):
                    side = 1
                elif crosses_down(series[k - 1], series[k], lower[(k - 1) * step], lower[k * step]):
                    side = -1
                else:
                    continue
                if found < room:
                    bars[found] = k
                    sides[found] = side
                found += 1
        j = end
    return found


def crossings(
    const double[::1] series not None,
    const double[::1] upper not None,
    const double[::1] lower not None,
    int64_t[::1] bars not None,
    int8_t[::1] sides not None,
):
    """Write the bars on which ``series`` crosses above ``upper`` (side +1) or below ``lower`` (-1), in order.

    It crosses above when it is > upper now and was <= upper one bar before, and below in the mirror. Levels have a value a bar, or both
    have one for all. Returns how many there are; as many are written as ``bars`` and ``sides`` have room for.
    """
    cdef Py_ssize_t n = series.shape[0]
    cdef Py_ssize_t step = 1 if upper.shape[0] == n and lower.shape[0] == n else 0
    cdef Py_ssize_t found
    if upper.shape[0] == 0 or lower.shape[0] == 0 or (step == 0 and (upper.shape[0] != 1 or lower.shape[0] != 1)):
        raise ValueError("levels have a value a bar, or one for all")
    if bars.shape[0] != sides.shape[0]:
        raise ValueError("a side for each bar")
    if n < 2 or bars.shape[0] == 0:
        return 0
    with nogil:
        # The step written out: the compiler makes a loop for each.
        if step == 1:
            found = find(&series[0], &upper[0], &lower[0], 1, n, &bars[0], &sides[0], bars.shape[0])
        else:
            found = find(&series[0], &upper[0], &lower[0], 0, n, &bars[0], &sides[0], bars.shape[0])
    return found


cdef inline bint bad_level(double level) noexcept nogil:
    """True if a level is neither a positive number nor NaN."""
    return level <= 0.0 or level == INFINITY


def any_fault(
    const int64_t[::1] signal_bar not None,
    const int64_t[::1] side not None,
    const double[::1] stop not None,
    const double[::1] target not None,
    const double[::1] stop_price not None,
    const double[::1] target_price not None,
    const double[::1] size not None,
    const int64_t[::1] max_hold not None,
):
    """True if any entry has an invalid value; the caller finds out which one, and why."""
    cdef Py_ssize_t n = signal_bar.shape[0]
    cdef Py_ssize_t k
    cdef int64_t before = 0
    cdef bint bad = False
    for length in (
        side.shape[0], stop.shape[0], target.shape[0], stop_price.shape[0], target_price.shape[0], size.shape[0], max_hold.shape[0],
    ):
        if length != n:
            raise ValueError("the columns of the entries have one length")
    with nogil:
        for k in range(n):
            bad = (
                signal_bar[k] < before or (side[k] != 1 and side[k] != -1) or max_hold[k] < 0
                or bad_level(stop[k]) or bad_level(target[k]) or bad_level(stop_price[k]) or bad_level(target_price[k])
                or bad_level(size[k]) or not (isnan(stop[k]) or isnan(stop_price[k]))
                or not (isnan(target[k]) or isnan(target_price[k]))
            )
            if bad:
                break
            before = signal_bar[k]
    return bad
