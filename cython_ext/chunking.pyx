"""Intake of bars: each is checked, hashed and copied to its chunk. Also the extremes of blocks of bars."""

from cython cimport overflowcheck
from cython.parallel cimport prange
from libc.float cimport DBL_MAX
from libc.math cimport INFINITY, NAN
from libc.string cimport memcpy

from engine.columns cimport CLEAN, NO_TIME, Columns, fault_of, point_at, point_at_prices
from engine.numeric cimport BLOCK, GROUP, int64_t, larger, mix, smaller, uint64_t

cdef int64_t LONGEST_STEP = 32 * 86_400_000_000_000   # rows further apart say nothing of the step of bars

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    static int barloom_openmp_threads(void) { return omp_get_max_threads(); }
    #else
    static int barloom_openmp_threads(void) { return 0; }
    #endif
    """
    int barloom_openmp_threads() nogil

cdef enum:
    LANES = 8                # independent accumulators: the loop waits on memory, not on the last comparison
    RUN = 256                # bars checked, hashed and copied together while they are in the first-level cache

cdef struct Tally:           # what take_bars carries from call to call, laid over the caller's int64 array: 8 bytes a field, no padding
    int64_t last             # time of the last good row
    uint64_t hash[5]         # one lane a column: time, open, high, low, close
    int64_t start            # times before it are passed over
    int64_t end              # at the first time from here on the taking is finished
    int64_t finished
    int64_t counts[11]       # bad rows by kind
    int64_t first[11]        # the first of each
    uint64_t ask_hash[4]     # the lanes of the ask columns: open, high, low, close
    int64_t delta            # nanoseconds between the last two good rows, 0 before there are two
    int64_t broken           # bad rows since the last good row
    int64_t lost             # nanoseconds that bad rows took: as far as bars were apart before them, within the gap around them
    int64_t early            # bad rows before there were two good ones
    int64_t odd_volumes      # good rows whose volume is unknown
    int64_t keep_odd         # 1: an odd volume becomes NaN, 0: it makes a bad row

KIND_NAMES = (
    "unparsable_time", "unparsable_price", "malformed", "unsorted", "repeated", "not_finite", "not_positive", "high_low",
    "no_ask", "bad_ask", "crossed",
)
TALLY_SIZE = sizeof(Tally) // 8
TALLY_LAST, TALLY_HASH, TALLY_START, TALLY_END, TALLY_FINISHED, TALLY_COUNTS, TALLY_FIRST, TALLY_ASK_HASH = 0, 1, 6, 7, 8, 9, 20, 31
TALLY_DELTA, TALLY_BROKEN, TALLY_LOST, TALLY_EARLY, TALLY_ODD_VOLUMES, TALLY_KEEP_ODD = 35, 36, 37, 38, 39, 40


def openmp_threads() -> int:
    """Threads that OpenMP would use by itself; 0 where the kernels were built without it."""
    return barloom_openmp_threads()


# ---------------------------------------------------------------- extremes


cdef double highest(const double* values, Py_ssize_t count) noexcept nogil:
    cdef double top[LANES]
    cdef Py_ssize_t i, k
    for k in range(LANES):
        top[k] = values[0]
    for i in range(count // LANES):
        for k in range(LANES):
            top[k] = larger(values[i * LANES + k], top[k])
    for i in range(count - count % LANES, count):
        top[0] = larger(values[i], top[0])
    for k in range(1, LANES):
        top[0] = larger(top[k], top[0])
    return top[0]


cdef double lowest(const double* values, Py_ssize_t count) noexcept nogil:
    cdef double bottom[LANES]
    cdef Py_ssize_t i, k
    for k in range(LANES):
        bottom[k] = values[0]
    for i in range(count // LANES):
        for k in range(LANES):
            bottom[k] = smaller(values[i * LANES + k], bottom[k])
    for i in range(count - count % LANES, count):
        bottom[0] = smaller(values[i], bottom[0])
    for k in range(1, LANES):
        bottom[0] = smaller(bottom[k], bottom[0])
    return bottom[0]


cdef void group_extremes(
    Py_ssize_t group, const double* high, const double* low, Py_ssize_t bars, Py_ssize_t blocks,
    double* block_high, double* block_low, double* group_high, double* group_low,
) noexcept nogil:
    """The extremes of one group of blocks, and of each block in it."""
    cdef Py_ssize_t first = group * GROUP, stop = min(first + GROUP, blocks), block, at, count
    for block in range(first, stop):
        at = block * BLOCK
        count = min(<Py_ssize_t>BLOCK, bars - at)
        block_high[block] = highest(high + at, count)
        block_low[block] = lowest(low + at, count)
    group_high[group] = highest(block_high + first, stop - first)
    group_low[group] = lowest(block_low + first, stop - first)


def block_extremes(
    const double[::1] high not None, const double[::1] low not None,
    double[::1] block_high not None, double[::1] block_low not None,
    double[::1] group_high not None, double[::1] group_low not None,
    int threads=1,
) -> None:
    """Highest high and lowest low of every block of 64 bars, and of every group of 64 blocks.

    Lengths: n bars, ceil(n / 64) blocks, ceil(n / 4096) groups; the last block and group may be short. Prices must not be NaN.
    With one thread no OpenMP team is touched.

    Raises:
        ValueError: a length does not fit the others, or threads < 1.
    """
    cdef Py_ssize_t bars = high.shape[0]
    cdef Py_ssize_t blocks = (bars + BLOCK - 1) // BLOCK
    cdef Py_ssize_t groups = (blocks + GROUP - 1) // GROUP
    cdef Py_ssize_t group
    cdef const double* highs
    cdef const double* lows
    cdef double* block_highs
    cdef double* block_lows
    cdef double* group_highs
    cdef double* group_lows
    if low.shape[0] != bars:
        raise ValueError(f"{bars} highs beside {low.shape[0]} lows")
    if block_high.shape[0] != blocks or block_low.shape[0] != blocks:
        raise ValueError(f"{bars} bars have {blocks} blocks, not {block_high.shape[0]} and {block_low.shape[0]}")
    if group_high.shape[0] != groups or group_low.shape[0] != groups:
        raise ValueError(f"{bars} bars have {groups} groups, not {group_high.shape[0]} and {group_low.shape[0]}")
    if threads < 1:
        raise ValueError(f"threads is {threads}: at least 1")
    if bars == 0:
        return
    highs = &high[0]
    lows = &low[0]
    block_highs = &block_high[0]
    block_lows = &block_low[0]
    group_highs = &group_high[0]
    group_lows = &group_low[0]
    with nogil:
        if threads == 1 or groups == 1:
            for group in range(groups):
                group_extremes(group, highs, lows, bars, blocks, block_highs, block_lows, group_highs, group_lows)
        else:
            for group in prange(groups, num_threads=threads, schedule="static"):
                group_extremes(group, highs, lows, bars, blocks, block_highs, block_lows, group_highs, group_lows)


# ---------------------------------------------------------------- taking bars in

cdef inline uint64_t word(const double* at) noexcept nogil:
    """The bits of a double. Those of positive doubles order as the doubles do; a negative one has the sign bit set."""
    cdef uint64_t bits
    memcpy(&bits, at, 8)
    return bits


@overflowcheck(False)
cdef bint run_is_clean(const Columns* bars, Py_ssize_t at, Py_ssize_t count, int64_t last, int64_t start, int64_t end) noexcept nogil:
    """True if all bars of a run are good and inside the time range; does not tell which one is not.

    Compares bits as integers, gathering the highest bits of differences, which any compiler turns into vector instructions. No
    difference can wrap round unnoticed: the highest bits of the values themselves are gathered too. Unsigned, as C leaves it
    open what becomes of a signed difference that wraps round. Runs before 1970, whose times are
    negative, are left to the row-by-row check, which finds them good.
    """
    cdef const int64_t* t = bars.time + at
    cdef const double* volume
    cdef uint64_t bad = <uint64_t>t[0], o, h, l, c, v
    cdef uint64_t finite                         # the bits of the largest finite double
    cdef double largest = DBL_MAX
    cdef Py_ssize_t i
    finite = word(&largest)
    if t[0] <= last or t[0] < start or t[count - 1] >= end:
        return False
    for i in range(1, count):
        bad |= <uint64_t>t[i] | (<uint64_t>t[i] - <uint64_t>t[i - 1] - 1)
    for i in range(at, at + count):
        o = word(bars.open + i)
        h = word(bars.high + i)
        l = word(bars.low + i)
        c = word(bars.close + i)
        bad |= o | h | l | c | (l - 1) | (finite - h) | (o - l) | (c - l) | (h - o) | (h - c)
    if bars.volume != NULL:
        volume = bars.volume + at
        for i in range(count):
            v = word(volume + i)
            bad |= v | (finite - v)
    if bars.ask_open != NULL:
        for i in range(at, at + count):
            o = word(bars.ask_open + i)
            h = word(bars.ask_high + i)
            l = word(bars.ask_low + i)
            c = word(bars.ask_close + i)
            bad |= o | h | l | c | (finite - h) | (o - l) | (c - l) | (h - o) | (h - c)
            bad |= (o - word(bars.open + i)) | (h - word(bars.high + i)) | (l - word(bars.low + i)) | (c - word(bars.close + i))
    return bad >> 63 == 0


@overflowcheck(False)
cdef void hash_run(const Columns* bars, Py_ssize_t at, Py_ssize_t count, Tally* tally) noexcept nogil:
    """Carry the hash lanes over a run: one lane a column, so that they advance side by side."""
    cdef uint64_t t = tally.hash[0], o = tally.hash[1], h = tally.hash[2]
    cdef uint64_t l = tally.hash[3], c = tally.hash[4]
    cdef Py_ssize_t i
    for i in range(at, at + count):
        t = mix(t, <uint64_t>bars.time[i])
        o = mix(o, word(bars.open + i))
        h = mix(h, word(bars.high + i))
        l = mix(l, word(bars.low + i))
        c = mix(c, word(bars.close + i))
    tally.hash[0] = t
    tally.hash[1] = o
    tally.hash[2] = h
    tally.hash[3] = l
    tally.hash[4] = c
    if bars.ask_open == NULL:
        return
    o, h, l, c = tally.ask_hash[0], tally.ask_hash[1], tally.ask_hash[2], tally.ask_hash[3]
    for i in range(at, at + count):
        o = mix(o, word(bars.ask_open + i))
        h = mix(h, word(bars.ask_high + i))
        l = mix(l, word(bars.ask_low + i))
        c = mix(c, word(bars.ask_close + i))
    tally.ask_hash[0] = o
    tally.ask_hash[1] = h
    tally.ask_hash[2] = l
    tally.ask_hash[3] = c


cdef void copy_run(const Columns* source, Py_ssize_t at, Columns* target, Py_ssize_t to, Py_ssize_t count) noexcept nogil:
    cdef size_t size = <size_t>count * 8
    memcpy(<void*>(target.time + to), source.time + at, size)
    memcpy(<void*>(target.open + to), source.open + at, size)
    memcpy(<void*>(target.high + to), source.high + at, size)
    memcpy(<void*>(target.low + to), source.low + at, size)
    memcpy(<void*>(target.close + to), source.close + at, size)
    if source.volume != NULL:
        memcpy(<void*>(target.volume + to), source.volume + at, size)
    if source.ask_open != NULL:
        memcpy(<void*>(target.ask_open + to), source.ask_open + at, size)
        memcpy(<void*>(target.ask_high + to), source.ask_high + at, size)
        memcpy(<void*>(target.ask_low + to), source.ask_low + at, size)
        memcpy(<void*>(target.ask_close + to), source.ask_close + at, size)


@overflowcheck(False)        # times may lie further apart than an int64 holds; such a pair counts no more than its bad rows
cdef inline void mend(Tally* tally, int64_t time) noexcept nogil:
    """Count the time that bad rows took, at the first good row behind them."""
    cdef uint64_t gap
    cdef int64_t taken = tally.broken
    tally.broken = 0
    if tally.delta == 0:
        tally.early += taken
        return
    gap = <uint64_t>time - <uint64_t>tally.last
    gap = (gap + <uint64_t>(tally.delta // 2)) // <uint64_t>tally.delta
    if gap <= <uint64_t>taken:
        taken = <int64_t>gap - 1 if gap else 0
    tally.lost += taken * tally.delta


@overflowcheck(False)
cdef inline void passed(Tally* tally, int64_t before, int64_t last) noexcept nogil:
    """Remember the last good row, and how far it is from the one before."""
    if before != NO_TIME and 0 < last - before < LONGEST_STEP:
        tally.delta = last - before
    tally.last = last


cdef Py_ssize_t take(
    const Columns* source, Py_ssize_t begin, Py_ssize_t stop, Columns* target, Py_ssize_t* filled, Py_ssize_t capacity,
    int64_t first_row, Tally* tally,
) noexcept nogil:
    """Take rows from begin on until they or the room end; the row to go on from."""
    cdef Py_ssize_t i = begin, count, row
    cdef int kind
    while i < stop and filled[0] < capacity and not tally.finished:
        count = min(<Py_ssize_t>RUN, stop - i)
        count = min(count, capacity - filled[0])
        if run_is_clean(source, i, count, tally.last, tally.start, tally.end):
            hash_run(source, i, count, tally)
            if target != NULL:
                copy_run(source, i, target, filled[0], count)
            if tally.broken:
                mend(tally, source.time[i])
            filled[0] += count
            i += count
            passed(tally, source.time[i - 2] if count > 1 else tally.last, source.time[i - 1])
            continue
        for row in range(i, i + count):
            if source.time[row] > NO_TIME + 2:
                if source.time[row] < tally.start:
                    continue
                if source.time[row] >= tally.end:
                    tally.finished = 1
                    return row
            kind = fault_of(source, row, tally.last, tally.keep_odd == 0)
            if kind != CLEAN:
                if tally.counts[kind] == 0:
                    tally.first[kind] = first_row + row
                tally.counts[kind] += 1
                tally.broken += 1
                continue
            if tally.broken:
                mend(tally, source.time[row])
            hash_run(source, row, 1, tally)
            if target != NULL:
                copy_run(source, row, target, filled[0], 1)
            if source.volume != NULL and not (0 <= source.volume[row] <= DBL_MAX):
                tally.odd_volumes += 1
                if target != NULL:
                    (<double*>target.volume)[filled[0]] = NAN
            filled[0] += 1
            passed(tally, tally.last, source.time[row])
        i += count
    return i


def take_bars(
    const int64_t[::1] time not None, const double[::1] open not None, const double[::1] high not None,
    const double[::1] low not None, const double[::1] close not None, const double[::1] volume,
    Py_ssize_t begin, int64_t first_row, int64_t[::1] tally not None,
    int64_t[::1] time_out=None, double[::1] open_out=None, double[::1] high_out=None, double[::1] low_out=None,
    double[::1] close_out=None, double[::1] volume_out=None, Py_ssize_t filled=0, tuple ask=None, tuple ask_out=None,
) -> tuple[int, int]:
    """Check rows one by one, count the bad ones by kind, hash the good ones and copy them behind the ``filled`` ones of the
    out arrays.

    Without out arrays rows are checked and hashed only. Any split of the rows over calls leaves the same tally and the same
    copies.

    Kinds of bad rows, in order of precedence, one a row:
    unparsable_time (time is the smallest int64), unparsable_price (that + 1), malformed (that + 2): the marks of a source
    for rows
    it could not read; unsorted (time before that of the last good row), repeated (equal to it), not_finite (a NaN or
    infinite price
    or volume), not_positive (a price <= 0, a volume < 0; volumes are looked at unless the tally keeps odd ones: those
    become NaN),
    high_low (high < max(open, close) or low > min(open, close)); of the ask prices, where there are any: no_ask (ask open
    is minus infinity, the mark of ``pair_asks``), bad_ask (it is plus infinity, another
    mark, or high and low do not fit as in high_low), not_finite, crossed (an ask price below the bid price of its kind).

    Args:
        time: nanoseconds UTC. open, high, low, close, volume: as long as ``time``; volume None where it is not wanted.
        begin: first row to take.
        first_row: number of row 0 of these arrays in its source, which first rows are counted from.
        ask, ask_out: open, high, low and close of the ask side, all or none.
        tally: ``TALLY_SIZE`` numbers carried from call to call, see ``Tally`` in barloom.bars.intake: time of the last good row,
            five hash lanes, start and end (exclusive) of the wanted times, 1 once a time at or past the end was met, count and
            first row of each kind, four hash lanes of the ask columns, time between the last two good rows, bad rows since
            the last
            good one, time that bad rows took, those of them before there were two good rows, good rows with an odd volume,
            1 where those are kept.

    Returns:
        The row to go on from (the number of rows, unless the out arrays are full or the end was met), and the rows filled.

    Raises:
        ValueError: a length does not fit the others, or begin or filled lies outside.
    """
    cdef Columns source, target
    cdef Columns* copies = NULL
    cdef Py_ssize_t rows = time.shape[0], capacity = 0, done = filled
    point_at(&source, time, open, high, low, close, volume, ask)
    if tally.shape[0] * 8 != sizeof(Tally):
        raise ValueError(f"the tally has {tally.shape[0]} places, not {TALLY_SIZE}")
    if begin < 0 or begin > rows:
        raise ValueError(f"begin is {begin} of {rows} rows")
    if time_out is None:
        capacity = filled + rows
    else:
        capacity = time_out.shape[0]
        if open_out is None or high_out is None or low_out is None or close_out is None:
            raise ValueError("all out arrays or none")
        if (volume is None) != (volume_out is None):
            raise ValueError("volume and its out array go together")
        if (ask is None) != (ask_out is None):
            raise ValueError("ask columns and their out arrays go together")
        point_at(&target, time_out, open_out, high_out, low_out, close_out, volume_out, ask_out)
        copies = &target
    if filled < 0 or filled > capacity:
        raise ValueError(f"{filled} of {capacity} rows are filled")
    if begin == rows or filled == capacity:
        return begin, filled
    cdef Tally* carried = <Tally*>&tally[0]
    with nogil:
        begin = take(&source, begin, rows, copies, &done, capacity, first_row, carried)
    return begin, done


# ---------------------------------------------------------------- bid and ask

def pair_asks(
    const int64_t[::1] time not None, tuple bid not None, Py_ssize_t begin,
    const int64_t[::1] ask_time not None, tuple ask not None, Py_ssize_t ask_begin, bint ask_ended, tuple out not None,
) -> tuple[int, int]:
    """Put beside each bid row the ask row of its time, reading forward through both.

    An ask row is looked for where time and prices of the bid row are good. Without an ask row of its time the bid row gets
    the ask open
    minus infinity, beside one that is no good bar plus infinity; of several ask rows of one time the first counts. Ask rows
    without
    a bid row are passed over. Any split of either side over calls gives the same asks.

    Args:
        time, ask_time: nanoseconds UTC, or the mark of a row that could not be read.
        bid, ask: open, high, low and close, as long as their times.
        begin, ask_begin: rows of either to go on from.
        ask_ended: whether no ask rows follow these.
        out: open, high, low and close of the ask side, as long as ``time``.

    Returns:
        The bid row to go on from (the number of rows, unless more ask rows are needed first), and the ask row.

    Raises:
        ValueError: a length does not fit the others, or a row to begin with lies outside.
    """
    cdef Columns bids, asks
    cdef double[::1] open, high, low, close
    cdef Py_ssize_t rows = time.shape[0], ask_rows = ask_time.shape[0], i = begin, at = ask_begin
    cdef bint matched
    open, high, low, close = out
    if open.shape[0] != rows or high.shape[0] != rows or low.shape[0] != rows or close.shape[0] != rows:
        raise ValueError("the out arrays differ in length from the times")
    if begin < 0 or begin > rows or ask_begin < 0 or ask_begin > ask_rows:
        raise ValueError(f"begin is {begin} of {rows} bid rows, {ask_begin} of {ask_rows} ask rows")
    point_at_prices(&bids, time, bid, None, None)
    point_at_prices(&asks, ask_time, ask, None, None)
    with nogil:
        while i < rows:
            open[i] = high[i] = low[i] = close[i] = -INFINITY
            # A row back in time finds nothing, for the ask rows are past it; one of a bad price must not lead them to its time.
            if fault_of(&bids, i, NO_TIME, False) == CLEAN:
                # Marks are the smallest times: they are passed over too.
                while at < ask_rows and asks.time[at] < bids.time[i]:
                    at += 1
                if at == ask_rows and not ask_ended:
                    break
                matched = at < ask_rows and asks.time[at] == bids.time[i]
                if matched and fault_of(&asks, at, NO_TIME, False) == CLEAN:
                    open[i] = asks.open[at]
                    high[i] = asks.high[at]
                    low[i] = asks.low[at]
                    close[i] = asks.close[at]
                elif matched:
                    open[i] = INFINITY
            i += 1
    return i, at
