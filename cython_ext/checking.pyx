"""Faults and oddities in raw rows of bars, counted in one pass, in a few kilobytes; the split of the rows does not matter."""

from cython cimport overflowcheck
from libc.float cimport DBL_MAX
from libc.math cimport fabs
from libc.string cimport memset

from engine.columns cimport CLEAN, FAULTS, MALFORMED, NO_TIME, REPEATED, UNSORTED, Columns, fault_of, point_at
from engine.numeric cimport int64_t, larger, smaller

cdef enum:
    SHOWN = 5                # rows of each kind that are remembered
    AHEAD = 3                # closes within which a spike has to revert
    SHIFTED_RUN = 10         # rows in a row that look shifted before they are called so
    FLAT_RUN = 30            # bars in a row without any range before they are called a run
    STALE_RUN = 5            # exact copies of the bar before, one after the other
    SHORT_GAPS = 64          # gaps are counted by their missing bars up to here

cdef enum:                   # kinds of findings; those before SPIKE are the faults of rows, with two kinds of REPEATED
    REPEATED_SAME = REPEATED
    REPEATED_DIFFERENT       # each fault behind it is one further here than in engine/columns.pxd
    LAST_FAULT = FAULTS
    SPIKE, SHIFTED, ZERO_RANGE, STALE, OFF_GRID, BAD_VOLUME, HOUR_BACK, KINDS

FINDINGS = (
    "unparsable_time", "unparsable_price", "malformed", "unsorted", "repeated_same", "repeated_different", "not_finite",
    "not_positive", "high_low", "no_ask", "bad_ask", "crossed", "spike", "shifted_columns", "zero_range", "stale", "off_grid",
    "bad_volume", "hour_back",
)
BAD_ROWS = FINDINGS[:SPIKE]

cdef double ROBUST = 1.4826          # the standard deviation of a normal, in medians of its absolute values
cdef double LEAST_SPIKE = 0.001      # relative to the price: no smaller move is a spike, however quiet the market
cdef double NUDGE = 1.001            # how far one bar moves the running median

cdef int64_t HOUR = 3_600_000_000_000
cdef int64_t DAY = 24 * HOUR

cdef struct Run:             # consecutive rows with the same trait
    int64_t rows
    int64_t row              # the first of them
    int64_t time

cdef struct Waiting:         # a bar whose followers decide whether it is a spike
    int64_t row
    int64_t time
    double high
    double low
    double close

cdef struct State:
    int64_t counts[KINDS]
    int64_t runs[KINDS]      # runs of shifted, zero-range and stale rows
    int64_t rows[KINDS][SHOWN]
    int64_t times[KINDS][SHOWN]
    int64_t shown[KINDS]
    int64_t short_gaps[SHORT_GAPS + 1]   # gaps by missing bars; the last holds all longer ones
    int64_t weekdays[7]      # days with bars, Monday first
    int64_t good             # rows that are no bad rows
    int64_t traded           # of those, with a volume above zero
    int64_t first            # time of the first and the last good row
    int64_t last
    int64_t day_end
    int64_t step
    int64_t phase
    int64_t listed           # gaps with at least so many missing bars are listed
    int64_t on_grid
    double open, high, low, close        # of the last good row
    double settled           # close of the last bar known to be no spike
    double usual             # running median of the absolute relative returns that are not zero
    double deviations
    double least             # the smallest spike, relative to the price
    int64_t* spikes          # their rows and times in turn, as far as there is room
    Py_ssize_t room
    Py_ssize_t waiting
    Waiting queue[AHEAD + 1]
    Run left, right, flat, stale

cdef void note(State* s, int kind, int64_t row, int64_t time) noexcept nogil:
    cdef int64_t at = s.shown[kind]
    if at < SHOWN:
        s.rows[kind][at] = row
        s.times[kind][at] = time
        s.shown[kind] = at + 1


cdef inline void found(State* s, int kind, int64_t row, int64_t time) noexcept nogil:
    s.counts[kind] += 1
    note(s, kind, row, time)


cdef inline void carry(State* s, Run* run, bint holds, int kind, int64_t least, int64_t row, int64_t time) noexcept nogil:
    """Lengthen or end a run; rows count from the moment it is long enough, all of them."""
    if not holds:
        run.rows = 0
        return
    if run.rows == 0:
        run.row = row
        run.time = time
    run.rows += 1
    if run.rows == least:
        s.counts[kind] += least
        s.runs[kind] += 1
        note(s, kind, run.row, run.time)
    elif run.rows > least:
        s.counts[kind] += 1


cdef inline int kind_of(const Columns* bars, Py_ssize_t i, const State* s) noexcept nogil:
    """The kind of a bad row; CLEAN where nothing is wrong."""
    cdef int fault = fault_of(bars, i, s.last, False)
    if fault < REPEATED:
        return fault
    if fault > REPEATED:
        return fault + 1
    if bars.open[i] == s.open and bars.high[i] == s.high and bars.low[i] == s.low and bars.close[i] == s.close:
        return REPEATED_SAME
    return REPEATED_DIFFERENT


cdef void watch_shift(State* s, double o, double h, double l, double c, int64_t row, int64_t time) noexcept nogil:
    """Rows whose open, high, low and close are really high, low, close and volume, or something, open, high and low."""
    cdef bint first_is_odd = fabs(o - h) > fabs(c - h)      # the column that holds no price
    cdef bint left = not first_is_odd and o >= l and l >= h and not (h <= c <= o)
    cdef bint right = first_is_odd and l >= h and h >= c and not (c <= o <= l)
    carry(s, &s.left, left, SHIFTED, SHIFTED_RUN, row, time)
    carry(s, &s.right, right, SHIFTED, SHIFTED_RUN, row, time)


# ---------------------------------------------------------------- spikes


cdef inline void settle(State* s, double close) noexcept nogil:
    """Let a bar that is no spike be the one that the next is measured by."""
    cdef double move = fabs(close - s.settled)
    if move > 0:
        s.usual = s.usual * NUDGE if move > s.usual * s.settled else s.usual / NUDGE
        s.least = larger(LEAST_SPIKE, s.deviations * ROBUST * s.usual)
    s.settled = close


cdef inline bint leaps(const State* s, double high, double low) noexcept nogil:
    """True if a bar is further from the last settled close than the usual return allows."""
    return high > s.settled * (1 + s.least) or low * (1 + s.least) < s.settled


cdef bint reverts(const State* s) noexcept nogil:
    """True if the first bar of the queue jumps away and a later close in the queue is back."""
    cdef double lowest, highest
    cdef double reach = 1 + s.least
    cdef const Waiting* bar = &s.queue[0]
    cdef Py_ssize_t i
    if s.waiting < 2:
        return False
    lowest = highest = s.queue[1].close
    for i in range(2, s.waiting):
        lowest = smaller(lowest, s.queue[i].close)
        highest = larger(highest, s.queue[i].close)
    if bar.high > s.settled * reach and bar.high > lowest * reach:
        return True
    return bar.low * reach < s.settled and bar.low * reach < highest


cdef void spiked(State* s, const Waiting* bar) noexcept nogil:
    cdef int64_t at = s.counts[SPIKE]
    if at < s.room:
        s.spikes[2 * at] = bar.row
        s.spikes[2 * at + 1] = bar.time
    found(s, SPIKE, bar.row, bar.time)


cdef void work_off(State* s, bint ended) noexcept nogil:
    """Decide on the bars of the queue, as far as those behind them allow; on all of them where no more come."""
    cdef Py_ssize_t i
    while s.waiting > 0:
        if leaps(s, s.queue[0].high, s.queue[0].low):
            if s.waiting <= AHEAD and not ended:
                return
            if reverts(s):
                spiked(s, &s.queue[0])
            else:
                settle(s, s.queue[0].close)
        else:
            settle(s, s.queue[0].close)
        s.waiting -= 1
        for i in range(s.waiting):
            s.queue[i] = s.queue[i + 1]


cdef inline void watch_spike(State* s, double high, double low, double close, int64_t row, int64_t time) noexcept nogil:
    cdef Waiting* bar
    if s.waiting == 0 and not leaps(s, high, low):
        settle(s, close)
        return
    bar = &s.queue[s.waiting]
    bar.row = row
    bar.time = time
    bar.high = high
    bar.low = low
    bar.close = close
    s.waiting += 1
    work_off(s, False)


# ---------------------------------------------------------------- times


cdef inline int64_t floored(int64_t a, int64_t b) noexcept nogil:
    cdef int64_t q = a // b
    return q - 1 if q * b > a else q


@overflowcheck(False)        # times may lie further apart than an int64 holds; such a pair is no gap
cdef Py_ssize_t watch_time(State* s, int64_t t, int64_t row, int64_t[:, ::1] gaps, Py_ssize_t listed) noexcept nogil:
    """Days with bars, the grid, and the gap before a bar; the gaps listed so far."""
    cdef int64_t delta, missing, day
    if t >= s.day_end:
        day = floored(t, DAY)
        s.day_end = (day + 1) * DAY
        s.weekdays[(day % 7 + 10) % 7] += 1      # 1970-01-01 was a Thursday
    if s.step == 0:
        return listed
    delta = t - s.last if s.good else s.step
    if delta != s.step or s.good == 0:
        s.on_grid = s.phase < 0 or (t - s.phase) % s.step == 0
    if not s.on_grid:
        found(s, OFF_GRID, row, t)
    if delta <= s.step:
        return listed
    missing = (delta + s.step // 2) // s.step - 1
    if missing <= 0:
        return listed
    s.short_gaps[missing if missing < SHORT_GAPS else SHORT_GAPS] += 1
    if missing >= s.listed and listed < gaps.shape[0]:
        gaps[listed, 0] = row
        gaps[listed, 1] = s.last
        gaps[listed, 2] = t
        listed += 1
    return listed


cdef Py_ssize_t take(
    State* s, const Columns* bars, Py_ssize_t rows, int64_t first_row, int64_t[:, ::1] gaps, Py_ssize_t listed
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int64_t t, row
    cdef double o, h, l, c
    cdef int kind
    for i in range(rows):
        t = bars.time[i]
        row = first_row + i
        kind = kind_of(bars, i, s)
        o, h, l, c = bars.open[i], bars.high[i], bars.low[i], bars.close[i]
        if kind != CLEAN:
            found(s, kind, row, t)
            if kind == UNSORTED and s.step > 0 and s.last + s.step - t == HOUR:
                found(s, HOUR_BACK, row, t)
            if kind > MALFORMED:
                watch_shift(s, o, h, l, c, row, t)
            continue
        s.left.rows = s.right.rows = 0
        listed = watch_time(s, t, row, gaps, listed)
        carry(s, &s.flat, h == l, ZERO_RANGE, FLAT_RUN, row, t)
        carry(
            s, &s.stale, h > l and o == s.open and h == s.high and l == s.low and c == s.close, STALE, STALE_RUN, row, t
        )
        watch_spike(s, h, l, c, row, t)
        if bars.volume != NULL:
            if bars.volume[i] > 0:
                s.traded += 1
            if not (0 <= bars.volume[i] <= DBL_MAX):
                found(s, BAD_VOLUME, row, t)
        if s.good == 0:
            s.first = t
        s.good += 1
        s.last = t
        s.open, s.high, s.low, s.close = o, h, l, c
    return listed


cdef class Checker:
    """Counts of what is wrong, carried from batch to batch; any split of the rows over calls gives the same.

    Bad rows are those of ``take_bars``, with its precedence (``repeated`` told apart by the prices; a volume is never a bad row here).

    Args:
        step: nanoseconds from bar to bar, 0 where there is none: then times are only checked for their order.
        phase: what is left of a time on the grid, divided by the step; -1 for no grid.
        listed: gaps with at least so many missing bars are listed.
        room: gaps to list at most; those beyond are counted only.
        close: a price that the first bar is measured by.
        usual: median of the absolute relative returns that are not zero, to begin with.
        deviations: robust standard deviations (1.4826 x the running median) that make a leap.
        spikes: spikes to list at most.
    """

    cdef State state
    cdef readonly object gaps
    cdef readonly object spikes
    cdef readonly Py_ssize_t listed

    def __init__(
        self, int64_t step, int64_t phase, int64_t listed, Py_ssize_t room, double close, double usual, double deviations,
        Py_ssize_t spikes=0,
    ) -> None:
        import numpy

        cdef int64_t[:, ::1] place

        memset(&self.state, 0, sizeof(State))
        self.state.last = NO_TIME
        self.state.day_end = NO_TIME
        self.state.on_grid = 1
        self.state.step = step
        self.state.phase = phase
        self.state.listed = listed
        self.state.settled = close
        self.state.usual = usual
        self.state.deviations = deviations
        self.state.least = larger(LEAST_SPIKE, deviations * ROBUST * usual)
        self.gaps = numpy.empty((room, 3), dtype=numpy.int64)
        self.spikes = numpy.empty((spikes, 2), dtype=numpy.int64)
        if spikes:
            place = self.spikes
            self.state.spikes = &place[0, 0]
            self.state.room = spikes
        self.listed = 0

    def take(
        self, const int64_t[::1] time not None, const double[::1] open not None, const double[::1] high not None,
        const double[::1] low not None, const double[::1] close not None, const double[::1] volume, int64_t first_row,
        tuple ask=None,
    ) -> None:
        """Check the next rows, numbered from ``first_row``.

        Raises:
            ValueError: a length does not fit the others.
        """
        cdef Columns bars
        cdef Py_ssize_t rows = time.shape[0]
        cdef int64_t[:, ::1] gaps = self.gaps
        cdef Py_ssize_t listed = self.listed
        point_at(&bars, time, open, high, low, close, volume, ask)
        with nogil:
            listed = take(&self.state, &bars, rows, first_row, gaps, listed)
        self.listed = listed

    def finish(self) -> None:
        """Decide on the last bars: no more come."""
        work_off(&self.state, True)

    @property
    def good(self) -> int:
        """Rows that are no bad rows."""
        return self.state.good

    @property
    def traded(self) -> int:
        """Good rows with a volume above zero."""
        return self.state.traded

    @property
    def first(self) -> int:
        """Time of the first good row."""
        return self.state.first

    @property
    def last(self) -> int:
        """Time of the last good row."""
        return self.state.last

    def weekdays(self) -> list[int]:
        """Days with bars, by weekday, Monday first."""
        return [self.state.weekdays[day] for day in range(7)]

    def short_gaps(self) -> list[int]:
        """Gaps by the number of bars missing; the last entry counts all longer ones."""
        return [self.state.short_gaps[missing] for missing in range(SHORT_GAPS + 1)]

    def counts(self) -> dict[str, int]:
        """Rows of each kind."""
        return {name: self.state.counts[kind] for kind, name in enumerate(FINDINGS)}

    def runs(self) -> dict[str, int]:
        """Runs of the kinds that come in runs."""
        return {name: self.state.runs[kind] for kind, name in enumerate(FINDINGS) if kind in (SHIFTED, ZERO_RANGE, STALE)}

    def first_rows(self) -> dict[str, list[tuple[int, int]]]:
        """Row and time of the first few of each kind; of a run its first row."""
        return {
            name: [(self.state.rows[kind][at], self.state.times[kind][at]) for at in range(self.state.shown[kind])]
            for kind, name in enumerate(FINDINGS)
        }
