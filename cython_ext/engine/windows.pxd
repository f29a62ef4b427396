# Windows over blocks of n values: a window is a suffix of one block and a prefix of the next (van Herk, Gil and Werman).
# Suffixes of two blocks are kept by turns in halves of n + 1 values, the last of which is neutral.
# Each ..._whole does what the two functions above it do, in the same operations, for blocks that lie in one piece: one
# chain of operations waits while the other works. Flags are constants where these are called, so that each call
# compiles to its own loop.

from .numeric cimport larger, smaller

cdef inline double further(double x, double extreme, bint low) noexcept nogil:
    return smaller(x, extreme) if low else larger(x, extreme)


cdef inline double extremes_prefix(
    const double* x, Py_ssize_t count, const double* before, double v, double* out, bint low,
) noexcept nogil:
    """Extremes of windows that end in a block, from those of its own values so far and of the block before."""
    cdef Py_ssize_t j
    for j in range(count):
        v = further(x[j], v, low)
        out[j] = further(before[j], v, low)
    return v


cdef inline void extremes_suffix(const double* block, Py_ssize_t n, double* after, double v, bint low) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(n - 1, -1, -1):
        v = further(block[j], v, low)
        after[j] = v


cdef inline void extremes_whole(
    const double* x, Py_ssize_t n, Py_ssize_t blocks, double* suffixes, Py_ssize_t turn, double neutral, double* out,
    bint low,
) noexcept nogil:
    cdef const double* before
    cdef double* after
    cdef double v, w
    cdef Py_ssize_t j, k
    for k in range(blocks):  # no-cython-lint
        before = suffixes + turn * (n + 1) + 1
        turn ^= 1
        after = suffixes + turn * (n + 1)
        v = w = neutral
        for j in range(n):
            v = further(x[j], v, low)
            out[j] = further(before[j], v, low)
            w = further(x[n - 1 - j], w, low)
            after[n - 1 - j] = w
        x += n
        out += n


cdef struct Sums:
    double origin                # sums are of distances from this value
    double plain
    double squares


cdef inline double next_origin(const double* block, Py_ssize_t n) noexcept nogil:
    """A value near the next block: the median of the last three, so no bad tick is the origin of good sums."""
    cdef double a, b, c = block[n - 1]
    if n < 3:
        return c
    a = block[n - 3]
    b = block[n - 2]
    return larger(smaller(a, b), smaller(larger(a, b), c))


cdef struct Outputs:
    double* mean                 # the mean
    double* offset               # the mean, less the origin
    double* square               # the mean square of the distances from the origin


cdef inline void sums_prefix(
    const double* x, Py_ssize_t count, Py_ssize_t n,
    const double* before, const double* before_squares, Sums* sums, Outputs out, bint mean, bint spread,
) noexcept nogil:
    """The sums of windows that end in a block, as the outputs that ``mean`` and ``spread`` ask for."""
    cdef double s = sums.plain, q = sums.squares, origin = sums.origin, part = 1.0 / n, d, offset
    cdef Py_ssize_t j
    for j in range(count):
        d = x[j] - origin
        s += d
        offset = (before[j] + s) * part
        if mean:
            out.mean[j] = origin + offset
        if spread:
            q += d * d
            out.offset[j] = offset
            out.square[j] = (before_squares[j] + q) * part
    sums.plain = s
    sums.squares = q


cdef inline void sums_suffix(
    const double* block, Py_ssize_t n, double origin, double* after, double* after_squares, bint spread,
) noexcept nogil:
    cdef double s = 0.0, q = 0.0, d
    cdef Py_ssize_t j
    for j in range(n - 1, -1, -1):
        d = block[j] - origin
        s += d
        after[j] = s
        if spread:
            q += d * d
            after_squares[j] = q


cdef inline double sums_whole(
    const double* x, Py_ssize_t n, Py_ssize_t blocks,
    double* sums, double* squares, Py_ssize_t turn, double origin, Outputs out, bint mean, bint spread,
) noexcept nogil:
    """Returns the origin of the block after these."""
    cdef const double* before
    cdef const double* before_squares
    cdef double* after
    cdef double* after_squares
    cdef double s, q, t, u, d, offset, following, part = 1.0 / n
    cdef Py_ssize_t j, k
    for k in range(blocks):  # no-cython-lint
        before = sums + turn * (n + 1) + 1
        before_squares = squares + turn * (n + 1) + 1
        turn ^= 1
        after = sums + turn * (n + 1)
        after_squares = squares + turn * (n + 1)
        following = next_origin(x, n)
        s = q = t = u = 0.0
        for j in range(n):
            d = x[j] - origin
            s += d
            offset = (before[j] + s) * part
            if mean:
                out.mean[j] = origin + offset
            if spread:
                q += d * d
                out.offset[j] = offset
                out.square[j] = (before_squares[j] + q) * part
            d = x[n - 1 - j] - following
            t += d
            after[n - 1 - j] = t
            if spread:
                u += d * d
                after_squares[n - 1 - j] = u
        origin = following
        x += n
        out.mean += n
        out.offset += n
        out.square += n
    return origin
