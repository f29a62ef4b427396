"""One-pass indicator kernels that carry their state from chunk to chunk: any chunking gives the same bits.

Definitions and warm-up are TA-Lib's. A kernel sees each bar once, in order. It writes NaN until warm, and a source
that begins with NaN (an indicator of an indicator) starts at its first finite value.

Smoothing multiplies the new value off the critical path (``a * x + b * previous``), so a bar costs one multiplication
and one addition of latency. Windows are cut in blocks of their own length (van Herk, Gil and Werman): a window is a
suffix of one block and a prefix of the next, so it needs no value to be taken out again. Sums made that way neither
drift nor remember an outlier.
"""

from array import array

from libc.math cimport NAN, INFINITY, sqrt
from libc.string cimport memcpy

from engine.numeric cimport larger, smaller
from engine.windows cimport (
    Outputs, Sums, extremes_prefix, extremes_suffix, extremes_whole, next_origin, sums_prefix, sums_suffix, sums_whole,
)

cdef enum:
    SPAN = 256               # bars whose window sums are held at once, in L1
    LANES = 4                # averages smoothed in one loop
    LOW = 0, HIGH = 1, PLACE = 2             # outputs of Extremes
    MEAN = 0, DEVIATION = 1, SCORE = 2       # outputs of Moments

cdef extern from *:
    """
    #define NOTHING 1e-14
    #define ULP 2.220446049250313e-16
    """
    const double NOTHING     # TA-Lib's zero: the RSI of less movement than this is 0
    const double ULP         # the spacing of doubles at 1


cdef inline Py_ssize_t first_finite(const double* x, Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t i = 0
    while i < rows and not x[i] - x[i] == 0.0:
        i += 1
    return i


cdef inline void blank(double* out, Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        out[i] = NAN


cdef double[::1] floats(Py_ssize_t count, double value):
    return array("d", [value]) * count


cdef double* target(double[::1] out, Py_ssize_t rows) except? NULL:
    """Where to write an output; NULL where it is not asked for."""
    if out is None:
        return NULL
    if out.shape[0] != rows:
        raise ValueError(f"{rows} values and {out.shape[0]} rows to write")
    return &out[0]


cdef Py_ssize_t positive(Py_ssize_t n) except -1:
    if n < 1:
        raise ValueError(f"a window of {n} bars: give at least 1")
    return n


cdef inline double whole_weight(double a) noexcept nogil:
    """``a``, so that it and ``1 - a`` add up to 1 exactly: else a long average settles beside a flat price."""
    return 1.0 - (1.0 - a)


# --- Smoothing
# ---------------------------------------------------------------------------------------------------------------

cdef void smooth1(const double* x, Py_ssize_t rows, double a, double* value, double* out) noexcept nogil:
    cdef double b = 1.0 - a, v = value[0]
    cdef Py_ssize_t i
    for i in range(rows):
        v = a * x[i] + b * v
        out[i] = v
    value[0] = v


cdef void smooth(
    const double* x, Py_ssize_t rows, const double* weights, double* value, double** out, Py_ssize_t at
) noexcept nogil:
    """All lanes in one loop: they wait for their own last value at the same time."""
    cdef double[LANES] a
    cdef double[LANES] b
    cdef double[LANES] v
    cdef (double*)[LANES] o
    cdef Py_ssize_t i, k
    for k in range(LANES):
        a[k] = weights[k]
        b[k] = 1.0 - a[k]
        v[k] = value[k]
        o[k] = out[k] + at
    for i in range(rows):
        for k in range(LANES):
            v[k] = a[k] * x[i] + b[k] * v[k]
            o[k][i] = v[k]
    for k in range(LANES):
        value[k] = v[k]


cdef class Smoother:
    """One to four exponential averages of one source: the first value is the mean of the first n, then a*x +
    (1-a)*previous."""

    cdef Py_ssize_t count
    cdef Py_ssize_t[LANES] n
    cdef Py_ssize_t[LANES] seen
    cdef double[LANES] a
    cdef double[LANES] value

    def __init__(self, periods, weights):
        self.count = len(periods)
        if not 1 <= self.count <= LANES or len(weights) != self.count:
            raise ValueError(f"{len(periods)} periods and {len(weights)} weights: give 1 to {LANES} of each")
        for k in range(self.count):
            self.n[k] = positive(periods[k])
            self.a[k] = whole_weight(weights[k])

    def update(self, const double[::1] x not None, outs):
        cdef Py_ssize_t rows = x.shape[0], k
        cdef (double*)[LANES] out
        if len(outs) != self.count:
            raise ValueError(f"{len(outs)} outputs for {self.count} averages")
        if rows == 0:
            return
        for k in range(self.count):
            out[k] = target(outs[k], rows)
        with nogil:
            self.run(&x[0], rows, out)

    cdef void run(self, const double* x, Py_ssize_t rows, double** out) noexcept nogil:
        cdef Py_ssize_t[LANES] start
        cdef Py_ssize_t k, together = 0
        for k in range(self.count):
            start[k] = self.warm(k, x, rows, out[k])
            together = max(together, start[k])
        for k in range(self.count):
            smooth1(x + start[k], together - start[k], self.a[k], &self.value[k], out[k] + start[k])
        x += together
        rows -= together
        if self.count == 1:
            smooth1(x, rows, self.a[0], &self.value[0], out[0] + together)
        else:
            for k in range(self.count, LANES):  # the other lanes repeat the last
                out[k] = out[self.count - 1]
                self.a[k] = self.a[self.count - 1]
                self.value[k] = self.value[self.count - 1]
            smooth(x, rows, self.a, self.value, out, together)

    cdef Py_ssize_t warm(self, Py_ssize_t k, const double* x, Py_ssize_t rows, double* out) noexcept nogil:
        """Feed the first mean; returns the first row left to smooth."""
        cdef Py_ssize_t i = 0
        if self.seen[k] == self.n[k]:
            return 0
        if self.seen[k] == 0:
            i = first_finite(x, rows)
        while i < rows and self.seen[k] < self.n[k]:
            self.value[k] = self.value[k] + x[i]
            self.seen[k] = self.seen[k] + 1
            i += 1
        blank(out, i)
        if self.seen[k] == self.n[k]:
            self.value[k] = self.value[k] / self.n[k]
            out[i - 1] = self.value[k]
        return i


# --- True range
# --------------------------------------------------------------------------------------------------------------

cdef inline double true_range(double high, double low, double before) noexcept nogil:
    """The greatest of high - low, high - before and before - low."""
    return larger(high, before) - smaller(low, before)


cdef Py_ssize_t same_rows(
    const double[::1] high, const double[::1] low, const double[::1] close, double[::1] out
) except -1:
    cdef Py_ssize_t rows = close.shape[0]
    if high.shape[0] != rows or low.shape[0] != rows or out.shape[0] != rows:
        raise ValueError(f"{high.shape[0]} highs, {low.shape[0]} lows, {rows} closes and {out.shape[0]} rows to write")
    return rows


cdef class TrueRange:
    """True range: it needs the close before, so the first bar has none."""

    cdef double before

    def __init__(self):
        self.before = NAN

    def update(
        self, const double[::1] high not None, const double[::1] low not None, const double[::1] close not None,
        double[::1] out not None,
    ):
        cdef Py_ssize_t rows = same_rows(high, low, close, out), i
        if rows == 0:
            return
        cdef const double* h = &high[0]
        cdef const double* l = &low[0]
        cdef const double* c = &close[0]
        cdef double* o = &out[0]
        with nogil:
            o[0] = NAN if self.before != self.before else true_range(h[0], l[0], self.before)
            for i in range(1, rows):
                o[i] = true_range(h[i], l[i], c[i - 1])
            self.before = c[rows - 1]


cdef class AverageTrueRange:
    """Wilder's ATR: the mean of the first n true ranges (bars 1 to n), then smoothed by 1/n.

    Bars after the first mean are smoothed in pairs, the second straight from the value before the pair: half the
    latency.
    """

    cdef Py_ssize_t n, seen
    cdef bint halfway                # whether the next bar is the second of its pair
    cdef double before, value, near, far

    def __init__(self, Py_ssize_t n):
        self.n = positive(n)
        self.before = NAN

    def update(
        self, const double[::1] high not None, const double[::1] low not None, const double[::1] close not None,
        double[::1] out not None,
    ):
        cdef Py_ssize_t rows = same_rows(high, low, close, out)
        if rows == 0:
            return
        with nogil:
            self.run(&high[0], &low[0], &close[0], rows, &out[0])

    cdef void run(
        self, const double* high, const double* low, const double* close, Py_ssize_t rows, double* out
    ) noexcept nogil:
        cdef double a = whole_weight(1.0 / self.n), v, before, first, second
        cdef double b = 1.0 - a
        cdef double bb = b * b
        cdef Py_ssize_t i = self.warm(high, low, close, rows, out)
        v = self.value
        before = self.before
        if self.halfway and i < rows:
            v = (a * true_range(high[i], low[i], before) + self.near) + self.far
            before = close[i]
            out[i] = v
            self.halfway = False
            i += 1
        while i + 1 < rows:
            first = a * true_range(high[i], low[i], before)
            second = a * true_range(high[i + 1], low[i + 1], close[i])
            before = close[i + 1]
            out[i] = first + b * v
            v = (second + b * first) + bb * v
            out[i + 1] = v
            i += 2
        if i < rows:
            first = a * true_range(high[i], low[i], before)
            before = close[i]
            out[i] = first + b * v
            self.near = b * first
            self.far = bb * v
            self.halfway = True
        self.value, self.before = v, before

    cdef Py_ssize_t warm(
        self, const double* high, const double* low, const double* close, Py_ssize_t rows, double* out
    ) noexcept nogil:
        """Feed the first mean; returns the first row left to smooth."""
        cdef Py_ssize_t i = 0
        if self.before != self.before:
            out[0] = NAN
            self.before = close[0]
            i = 1
        while i < rows and self.seen < self.n:
            self.value = self.value + true_range(high[i], low[i], self.before)
            self.before = close[i]
            out[i] = NAN
            self.seen = self.seen + 1
            i += 1
            if self.seen == self.n:
                self.value = self.value / self.n
                out[i - 1] = self.value
        return i


# --- RSI
# ---------------------------------------------------------------------------------------------------------------------

cdef inline double strength(double gain, double loss) noexcept nogil:
    cdef double both = gain + loss, share = gain / both
    return 100.0 * share if both >= NOTHING else 0.0


cdef class RelativeStrength:
    """Wilder's RSI, 0 to 100: the means of the first n gains and losses, then smoothed by 1/n; 0 where nothing
    moves."""

    cdef Py_ssize_t n, seen
    cdef double before, gain, loss

    def __init__(self, Py_ssize_t n):
        self.n = positive(n)
        self.before = NAN

    def update(self, const double[::1] x not None, double[::1] out not None):
        cdef Py_ssize_t rows = x.shape[0]
        if out.shape[0] != rows:
            raise ValueError(f"{rows} values and {out.shape[0]} rows to write")
        if rows == 0:
            return
        with nogil:
            self.run(&x[0], rows, &out[0])

    cdef void run(self, const double* x, Py_ssize_t rows, double* out) noexcept nogil:
        cdef double a = whole_weight(1.0 / self.n), before = self.before, gain, loss, up, change
        cdef double b = 1.0 - a
        cdef Py_ssize_t i = 0
        if before != before:
            i = first_finite(x, rows)
            blank(out, i)
            if i == rows:
                return
            out[i] = NAN
            before = x[i]
            i += 1
        while i < rows and self.seen < self.n:
            change = x[i] - before
            up = larger(change, 0.0)
            self.gain = self.gain + up
            self.loss = self.loss + (up - change)
            before = x[i]
            out[i] = NAN
            self.seen = self.seen + 1
            if self.seen == self.n:
                self.gain = self.gain / self.n
                self.loss = self.loss / self.n
                out[i] = strength(self.gain, self.loss)
            i += 1
        gain = self.gain
        loss = self.loss
        for i in range(i, rows):
            change = x[i] - before
            before = x[i]
            up = larger(change, 0.0)
            gain = a * up + b * gain
            loss = a * (up - change) + b * loss
            out[i] = strength(gain, loss)
        self.gain, self.loss, self.before = gain, loss, before


# --- Windows
# -----------------------------------------------------------------------------------------------------------------

cdef class Blocks:
    """A source cut in blocks of n values from its first finite one: the frame of every rolling kernel.

    A kernel meets the values of a block in order (``span``) and then prepares its suffixes for the next (``close``).
    ``whole`` does both for blocks that lie in one chunk, in the same operations but interleaved, so that one waits
    while the other works. ``finish`` makes outputs of what these left in scratch; ``unready`` writes NaN.
    """

    cdef Py_ssize_t n, at            # values met of the present block
    cdef Py_ssize_t batch            # whole blocks met before each finish
    cdef Py_ssize_t turn             # which of two halves holds the suffixes of the block before
    cdef bint started, full          # whether a value was met; whether a block was closed
    cdef double[::1] block           # the values of an unfinished block that began in an earlier chunk
    cdef (double*)[3] out            # where each output is written; NULL where it is not asked for

    def __init__(self, Py_ssize_t n):
        self.n = positive(n)
        self.batch = max(1, SPAN // n)
        self.block = floats(n, 0.0)

    cdef feed(self, const double[::1] x, double[::1] first, double[::1] second, double[::1] third):
        cdef Py_ssize_t rows = x.shape[0]
        if rows == 0:
            return
        self.out[0] = target(first, rows)
        self.out[1] = target(second, rows)
        self.out[2] = target(third, rows)
        with nogil:
            self.run(&x[0], rows)

    cdef void span(self, const double* x, Py_ssize_t row, Py_ssize_t count) noexcept nogil: pass
    cdef void close(self, const double* block) noexcept nogil: pass
    cdef void whole(self, const double* x, Py_ssize_t row, Py_ssize_t blocks) noexcept nogil: pass
    cdef void finish(self, const double* x, Py_ssize_t row, Py_ssize_t count) noexcept nogil: pass

    cdef void unready(self, Py_ssize_t row, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(3):
            if self.out[k] != NULL:
                blank(self.out[k] + row, count)

    cdef void run(self, const double* x, Py_ssize_t rows) noexcept nogil:
        cdef Py_ssize_t i = 0, first, count, warming
        cdef double* block = &self.block[0]
        if not self.started:
            i = first_finite(x, rows)
            self.unready(0, i)
            self.started = i < rows
        first = i
        while i < rows:
            warming = self.n - 1 - self.at
            if self.at == 0 and rows - i >= self.n:
                count = min(self.batch, (rows - i) // self.n) * self.n
                self.whole(x + i, i, count // self.n)
            else:
                count = min(self.n - self.at, rows - i)
                self.span(x + i, i, count)
                self.at = self.at + count
            self.finish(x + i, i, count)
            if not self.full:
                self.unready(i, min(count, warming))
            i += count
            if self.at == self.n:
                if i - first >= self.n:
                    self.close(x + i - self.n)
                else:
                    memcpy(block + self.n - (i - first), x + first, (i - first) * sizeof(double))
                    self.close(block)
                self.at = 0
            if self.at == 0:
                self.full = True
        count = min(self.at, rows - first)
        memcpy(block + self.at - count, x + rows - count, count * sizeof(double))


cdef class Extremes(Blocks):
    """Lowest and highest of the last n values, and the place of the newest between them (0 at the lowest, 1 at the
    highest).

    The place is 0 where rounding could have made the range, as TA-Lib's fast %K has it where the range is 0.
    """

    cdef double lowest, highest
    cdef double[::1] lows, highs     # twice: extremes from each value of a block to its end, then a neutral one
    cdef double[::1] low_scratch, high_scratch

    def __init__(self, Py_ssize_t n):
        super().__init__(n)
        self.lows = floats(2 * (n + 1), INFINITY)
        self.highs = floats(2 * (n + 1), -INFINITY)
        self.low_scratch = floats(max(n, SPAN), 0.0)
        self.high_scratch = floats(max(n, SPAN), 0.0)
        self.lowest, self.highest = INFINITY, -INFINITY

    def update(
        self, const double[::1] x not None, double[::1] low=None, double[::1] high=None, double[::1] place=None
    ):
        self.feed(x, low, high, place)

    cdef inline double* lows_of(self, Py_ssize_t row) noexcept nogil:
        """Where the lows of the rows from ``row`` on are written; NULL where nothing needs them."""
        if self.out[LOW] != NULL:
            return self.out[LOW] + row
        return &self.low_scratch[0] if self.out[PLACE] != NULL else NULL

    cdef inline double* highs_of(self, Py_ssize_t row) noexcept nogil:
        if self.out[HIGH] != NULL:
            return self.out[HIGH] + row
        return &self.high_scratch[0] if self.out[PLACE] != NULL else NULL

    cdef void span(self, const double* x, Py_ssize_t row, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t before = self.turn * (self.n + 1) + self.at + 1
        cdef double* low = self.lows_of(row)
        cdef double* high = self.highs_of(row)
        if low != NULL:
            self.lowest = extremes_prefix(x, count, &self.lows[0] + before, self.lowest, low, True)
        if high != NULL:
            self.highest = extremes_prefix(x, count, &self.highs[0] + before, self.highest, high, False)

    cdef void close(self, const double* block) noexcept nogil:
        self.turn = self.turn ^ 1
        if self.lows_of(0) != NULL:
            extremes_suffix(block, self.n, &self.lows[0] + self.turn * (self.n + 1), INFINITY, True)
        if self.highs_of(0) != NULL:
            extremes_suffix(block, self.n, &self.highs[0] + self.turn * (self.n + 1), -INFINITY, False)
        self.lowest, self.highest = INFINITY, -INFINITY

    cdef void whole(self, const double* x, Py_ssize_t row, Py_ssize_t blocks) noexcept nogil:
        cdef double* low = self.lows_of(row)
        cdef double* high = self.highs_of(row)
        if low != NULL:
            extremes_whole(x, self.n, blocks, &self.lows[0], self.turn, INFINITY, low, True)
        if high != NULL:
            extremes_whole(x, self.n, blocks, &self.highs[0], self.turn, -INFINITY, high, False)
        self.turn = self.turn ^ (blocks & 1)

    cdef void finish(self, const double* x, Py_ssize_t row, Py_ssize_t count) noexcept nogil:
        cdef const double* low = self.lows_of(row)
        cdef const double* high = self.highs_of(row)
        cdef double* out
        cdef double reach, ratio, least = 4.0 * self.n * ULP
        cdef Py_ssize_t j
        if self.out[PLACE] != NULL:
            out = self.out[PLACE] + row
            for j in range(count):
                reach = high[j] - low[j]
                ratio = (x[j] - low[j]) / reach
                out[j] = ratio if reach > least * larger(high[j], -low[j]) else 0.0


cdef class Moments(Blocks):
    """Mean, population standard deviation and z-score of the last n values.

    Sums are of distances from a value near the window. A spread that rounding could have made of equal values is 0,
    and the z-score there is 0.
    """

    cdef Sums present                # of the present block's values
    cdef double[::1] sums, squares   # twice: sums from each value of a block to its end, then 0
    cdef double[::1] mean_scratch, offset_scratch, square_scratch

    def __init__(self, Py_ssize_t n):
        super().__init__(n)
        self.sums = floats(2 * (n + 1), 0.0)
        self.squares = floats(2 * (n + 1), 0.0)
        self.mean_scratch = floats(max(n, SPAN), 0.0)
        self.offset_scratch = floats(max(n, SPAN), 0.0)
        self.square_scratch = floats(max(n, SPAN), 0.0)

    def update(
        self, const double[::1] x not None, double[::1] mean=None, double[::1] deviation=None, double[::1] score=None
    ):
        self.feed(x, mean, deviation, score)

    cdef inline Outputs outputs(self, Py_ssize_t row) noexcept nogil:
        """Where the rows from ``row`` on are written."""
        cdef Outputs out
        out.mean = self.out[MEAN] + row if self.out[MEAN] != NULL else &self.mean_scratch[0]
        out.offset = &self.offset_scratch[0]
        out.square = &self.square_scratch[0]
        return out

    cdef void span(self, const double* x, Py_ssize_t row, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t before = self.turn * (self.n + 1) + self.at + 1
        cdef double* s = &self.sums[0] + before
        cdef double* q = &self.squares[0] + before
        cdef Outputs out = self.outputs(row)
        if not self.full and self.at == 0:
            self.present.origin = x[0]
        if self.out[DEVIATION] == NULL and self.out[SCORE] == NULL:
            sums_prefix(x, count, self.n, s, q, &self.present, out, True, False)
        else:
            sums_prefix(x, count, self.n, s, q, &self.present, out, True, True)

    cdef void close(self, const double* block) noexcept nogil:
        cdef Py_ssize_t after
        self.turn = self.turn ^ 1
        after = self.turn * (self.n + 1)
        self.present.origin = next_origin(block, self.n)
        self.present.plain = self.present.squares = 0.0
        sums_suffix(
            block, self.n, self.present.origin, &self.sums[0] + after, &self.squares[0] + after,
            self.out[DEVIATION] != NULL or self.out[SCORE] != NULL,
        )

    cdef void whole(self, const double* x, Py_ssize_t row, Py_ssize_t blocks) noexcept nogil:
        cdef double* s = &self.sums[0]
        cdef double* q = &self.squares[0]
        cdef Outputs out = self.outputs(row)
        cdef double origin = self.present.origin if self.full else x[0]
        if self.out[DEVIATION] == NULL and self.out[SCORE] == NULL:
            origin = sums_whole(x, self.n, blocks, s, q, self.turn, origin, out, True, False)
        elif self.out[MEAN] == NULL and self.out[SCORE] == NULL:
            origin = sums_whole(x, self.n, blocks, s, q, self.turn, origin, out, False, True)
        else:
            origin = sums_whole(x, self.n, blocks, s, q, self.turn, origin, out, True, True)
        self.present.origin = origin
        self.turn = self.turn ^ (blocks & 1)

    cdef void finish(self, const double* x, Py_ssize_t row, Py_ssize_t count) noexcept nogil:
        cdef Outputs out = self.outputs(row)
        cdef double* deviation
        cdef double* score
        cdef double variance, ratio, least = (2.0 * self.n + 8.0) * ULP
        cdef Py_ssize_t j
        if self.out[DEVIATION] == NULL and self.out[SCORE] == NULL:
            return
        deviation = self.out[DEVIATION] + row if self.out[DEVIATION] != NULL else out.offset
        for j in range(count):
            variance = out.square[j] - out.offset[j] * out.offset[j]
            deviation[j] = sqrt(0.0 if variance <= least * out.square[j] else variance)
        if self.out[SCORE] != NULL:
            score = self.out[SCORE] + row
            for j in range(count):
                ratio = (x[j] - out.mean[j]) / deviation[j]
                score[j] = ratio if deviation[j] > 0.0 else 0.0
