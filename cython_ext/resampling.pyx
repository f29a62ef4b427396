"""Bars of a longer step out of bars of a shorter one, carried from chunk to chunk: any chunking gives the same bits."""

from engine.columns cimport Columns, point_at_prices
from engine.numeric cimport int64_t, larger, smaller

cdef struct Bar:             # the bar in the making
    int64_t start
    int64_t end              # the first time that no longer belongs to it
    int going                # 0 before the first row
    double open
    double high
    double low
    double close
    double volume
    double lost              # what the sum of the volumes has rounded off so far
    double ask_open
    double ask_high
    double ask_low
    double ask_close


cdef void write(const Bar* bar, Columns* target, Py_ssize_t at) noexcept nogil:
    (<int64_t*>target.time)[at] = bar.start
    (<double*>target.open)[at] = bar.open
    (<double*>target.high)[at] = bar.high
    (<double*>target.low)[at] = bar.low
    (<double*>target.close)[at] = bar.close
    if target.volume != NULL:
        (<double*>target.volume)[at] = bar.volume
    if target.ask_open != NULL:
        (<double*>target.ask_open)[at] = bar.ask_open
        (<double*>target.ask_high)[at] = bar.ask_high
        (<double*>target.ask_low)[at] = bar.ask_low
        (<double*>target.ask_close)[at] = bar.ask_close


cdef void begin(const Columns* rows, Py_ssize_t at, int64_t start, int64_t end, Bar* bar) noexcept nogil:
    bar.going = 1
    bar.start = start
    bar.end = end
    bar.open = rows.open[at]
    bar.high = rows.high[at]
    bar.low = rows.low[at]
    bar.volume = 0.0
    bar.lost = 0.0
    if rows.ask_open != NULL:
        bar.ask_open = rows.ask_open[at]
        bar.ask_high = rows.ask_high[at]
        bar.ask_low = rows.ask_low[at]


cdef Py_ssize_t extend(const Columns* rows, Py_ssize_t at, Py_ssize_t count, Bar* bar) noexcept nogil:
    """Take the rows from one on that belong to the bar, of which there is at least one; the row after them."""
    cdef Py_ssize_t first = at, i
    cdef int64_t end = bar.end
    cdef double high = bar.high, low = bar.low, total, lost, value, grown
    while at < count and rows.time[at] < end:
        high = larger(high, rows.high[at])
        low = smaller(low, rows.low[at])
        at += 1
    bar.high = high
    bar.low = low
    bar.close = rows.close[at - 1]
    if rows.volume != NULL:
        # Compensated (Kahan): the sum of a week of minutes is as exact as that of two.
        total = bar.volume
        lost = bar.lost
        for i in range(first, at):
            value = rows.volume[i] - lost
            grown = total + value
            lost = grown - total - value
            total = grown
        bar.volume = total
        bar.lost = lost
    if rows.ask_open != NULL:
        high = bar.ask_high
        low = bar.ask_low
        for i in range(first, at):
            high = larger(high, rows.ask_high[i])
            low = smaller(low, rows.ask_low[i])
        bar.ask_high = high
        bar.ask_low = low
        bar.ask_close = rows.ask_close[at - 1]
    return at


cdef Py_ssize_t gather(
    const Columns* rows, Py_ssize_t count, const int64_t* edges, Py_ssize_t spans, int64_t step, Bar* bar,
    Columns* target, int64_t* finished,
) noexcept nogil:
    """Take all rows; how many bars were finished and written."""
    cdef Py_ssize_t i = 0, first, k, span = 0, done = 0
    cdef int64_t time, start, end
    while i < count:
        time = rows.time[i]
        if not bar.going or time >= bar.end:
            if bar.going:
                write(bar, target, done)
                done += 1
            while span + 1 < spans and edges[span + 1] <= time:
                span += 1
            start = edges[span]
            end = edges[span + 1]
            if step > 0:
                start += (time - start) // step * step
                end = min(end, start + step)
            begin(rows, i, start, end, bar)
        first = i
        i = extend(rows, i, count, bar)
        if finished != NULL:
            for k in range(first, i):
                finished[k] = done
    return done


cdef class Resampler:
    """Gathers good bars, in order of time, into longer ones: open first, high highest, low lowest, close last, volume summed.

    Which bar a row belongs to is told by ``edges``, ascending times in nanoseconds UTC: a bar begins at each, and with a ``step``
    above 0 at every step from an edge on as well. Only bars that hold a row are made.
    """

    cdef Bar bar

    def __cinit__(self):
        self.bar.going = 0

    def update(
        self, const int64_t[::1] time not None, tuple prices not None, const double[::1] volume, tuple ask,
        const int64_t[::1] edges not None, int64_t step, int64_t[::1] time_out not None, tuple prices_out not None,
        double[::1] volume_out=None, tuple ask_out=None, int64_t[::1] finished=None,
    ) -> int:
        """Take rows and write the bars that they finish: a bar is finished when a row of a later one comes.

        Args:
            time: open times of the rows, nanoseconds UTC. prices, ask: open, high, low and close, as long as ``time``;
                volume likewise. Volume and ask None where not asked for, and then in every call.
            edges: at least two, the first no later than the first row, the last later than the last row.
            step: nanoseconds, or 0.
            time_out, prices_out, volume_out, ask_out: at least as long as ``time``.
            finished: as long as ``time``: gets for each row how many bars this call had finished before it.

        Returns:
            How many bars were finished.

        Raises:
            ValueError: a length does not fit the others, or a row lies outside the edges.
        """
        cdef Columns rows, target
        cdef Py_ssize_t count = time.shape[0], done
        cdef int64_t* marks = NULL
        point_at_prices(&rows, time, prices, volume, ask)
        point_at_prices(&target, time_out, prices_out, volume_out, ask_out)
        if time_out.shape[0] < count:
            raise ValueError(f"{count} rows and room for {time_out.shape[0]} bars")
        if (volume is None) != (volume_out is None) or (ask is None) != (ask_out is None):
            raise ValueError("volume and ask go together with their out arrays")
        if finished is not None and finished.shape[0] != count:
            raise ValueError(f"{count} rows and {finished.shape[0]} numbers of finished bars")
        if count == 0:
            return 0
        if edges.shape[0] < 2 or edges[0] > time[0] or edges[edges.shape[0] - 1] <= time[count - 1] or step < 0:
            raise ValueError("the rows lie outside the edges")
        if finished is not None:
            marks = &finished[0]
        with nogil:
            done = gather(&rows, count, &edges[0], edges.shape[0] - 1, step, &self.bar, &target, marks)
        return done

    def finish(
        self, int64_t[::1] time_out not None, tuple prices_out not None, double[::1] volume_out=None, tuple ask_out=None
    ) -> int:
        """Write the bar in the making after the last row; 1, or 0 where there was no row.

        Raises:
            ValueError: there is no room for a bar.
        """
        cdef Columns target
        point_at_prices(&target, time_out, prices_out, volume_out, ask_out)
        if not self.bar.going:
            return 0
        if time_out.shape[0] < 1:
            raise ValueError("there is no room for a bar")
        write(&self.bar, &target, 0)
        self.bar.going = 0
        return 1
