"""The exit resolver: fills orders and follows each trade to its exit, skipping every block of bars no level can lie in.

EXECUTION.md is what it computes; execution/reference.py is the same in plain Python. Prices are written once, for longs:
a short sees every price negated (after adding the spread, as it leaves on the ask), which is exact in floating point.
"""

from cython.parallel cimport prange
from libc.math cimport INFINITY, NAN, fabs, isnan
from libc.stdint cimport INT64_MAX, int8_t, int64_t
from libc.string cimport memset

from barloom_trade cimport CLOSED, END, INVALID_BRACKET, NO_STOP, OPEN, REFUSED, STOP, TARGET, TIME, WORKING, Trade
from barloom_types cimport BLOCK, GROUP, larger, smaller

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define barloom_prefetch(address) __builtin_prefetch(address)
    #else
    #define barloom_prefetch(address) ((void)0)
    #endif
    """
    void barloom_prefetch(const void* address) noexcept nogil

cdef enum Policy:
    PESSIMISTIC = 0
    OPTIMISTIC = 1
    NEAREST_OPEN = 2
    OHLC = 3
    OLHC = 4
    CANDLE = 5

cdef enum:
    GROUP_BARS = 4096        # BLOCK * GROUP, written out: Cython 3.3 crashes on it with overflow checks on
    PARALLEL_FROM = 256      # trades from which a second thread pays for its start
    AHEAD = 12               # entries whose fill bars are fetched before their turn

BLOCK_BARS = BLOCK
GROUP_BLOCKS = GROUP

cdef struct Bars:
    Py_ssize_t count
    int64_t base             # number of the first bar in the slice
    bint last                # no bar follows
    const int64_t* time
    const double* open
    const double* high
    const double* low
    const double* close
    const double* block_high
    const double* block_low
    const double* group_high
    const double* group_low

cdef struct Rules:
    bint at_close            # entries fill at the close of their signal bar, not at the next open
    int intrabar
    bint needs_stop          # the size of a trade comes from its stop
    double spread
    double slippage


cdef class Warp:
    """One chunk of bars with its block extremes, and the rules they are traded by, as the kernels take them.

    Holds the arrays it points into.
    """

    cdef Bars bars
    cdef Rules rules
    cdef object arrays

    def __init__(
        self,
        int64_t base,
        bint last,
        const int64_t[::1] time not None,
        const double[::1] open not None,
        const double[::1] high not None,
        const double[::1] low not None,
        const double[::1] close not None,
        const double[::1] block_high not None,
        const double[::1] block_low not None,
        const double[::1] group_high not None,
        const double[::1] group_low not None,
        bint at_close,
        int intrabar,
        bint needs_stop,
        double spread,
        double slippage,
    ):
        cdef Py_ssize_t n = time.shape[0]
        cdef Py_ssize_t blocks = (n + BLOCK - 1) // BLOCK
        cdef Py_ssize_t groups = (blocks + GROUP - 1) // GROUP
        if n == 0:
            raise ValueError("a chunk has at least one bar")
        if open.shape[0] != n or high.shape[0] != n or low.shape[0] != n or close.shape[0] != n:
            raise ValueError("the columns of a chunk have one length")
        if block_high.shape[0] < blocks or block_low.shape[0] < blocks:
            raise ValueError("too few block extremes")
        if group_high.shape[0] < groups or group_low.shape[0] < groups:
            raise ValueError("too few group extremes")
        if intrabar < PESSIMISTIC or intrabar > CANDLE:
            raise ValueError("unknown path policy")
        self.arrays = (time, open, high, low, close, block_high, block_low, group_high, group_low)
        self.bars = Bars(
            n, base, last, &time[0], &open[0], &high[0], &low[0], &close[0],
            &block_high[0], &block_low[0], &group_high[0], &group_low[0],
        )
        self.rules = Rules(at_close, intrabar, needs_stop, spread, slippage)


cdef inline bint stop_comes_first(const Trade* trade, const Bars* bars, const Rules* rules, Py_ssize_t j) noexcept nogil:
    """The path policy: whether a bar that holds both levels touched the stop first. One bar has one path for both sides."""
    cdef bint high_first
    if rules.intrabar == PESSIMISTIC:
        return True
    if rules.intrabar == OPTIMISTIC:
        return False
    if rules.intrabar == NEAREST_OPEN:
        high_first = fabs(bars.high[j] - bars.open[j]) < fabs(bars.low[j] - bars.open[j])
    elif rules.intrabar == OHLC:
        high_first = True
    elif rules.intrabar == OLHC:
        high_first = False
    else:
        high_first = bars.close[j] < bars.open[j]
    return high_first if trade.side < 0 else not high_first


cdef inline void leave(
    Trade* trade, const Bars* bars, const Rules* rules, Py_ssize_t j, double price, int reason, bint gap, bint open_scanned
) noexcept nogil:
    """Close the trade on bar j; the bar counts in its excursions only with what was surely seen of it."""
    cdef double sign = trade.side
    cdef double offset = rules.spread if trade.side < 0 else 0.0
    cdef double move
    if reason != TARGET:
        price = price - sign * rules.slippage
    if open_scanned:
        move = sign * (bars.open[j] + offset) - sign * trade.entry_price
        trade.mfe = larger(trade.mfe, move)
        trade.mae = larger(trade.mae, -move)
    move = sign * price - sign * trade.entry_price
    trade.mfe = larger(trade.mfe, move)
    trade.mae = larger(trade.mae, -move)
    trade.exit_bar = bars.base + j
    trade.exit_time = bars.time[j]
    trade.exit_price = price
    trade.exit_reason = reason
    trade.gap = gap
    trade.state = CLOSED


cdef inline void leave_at_level(
    Trade* trade, const Bars* bars, const Rules* rules, Py_ssize_t j, bint stop_touched, bint target_touched, bint open_scanned
) noexcept nogil:
    """Leave on a bar that touches a level: at its open if that was beyond one, else inside it."""
    cdef double sign = trade.side
    cdef double offset = rules.spread if trade.side < 0 else 0.0
    cdef double at_open = bars.open[j] + offset
    if open_scanned and sign * at_open <= sign * trade.stop:
        leave(trade, bars, rules, j, at_open, STOP, True, True)
    elif open_scanned and sign * at_open >= sign * trade.target:
        leave(trade, bars, rules, j, at_open, TARGET, True, True)
    else:
        trade.ambiguous = stop_touched and target_touched
        if stop_touched and (not target_touched or stop_comes_first(trade, bars, rules, j)):
            leave(trade, bars, rules, j, trade.stop, STOP, False, open_scanned)
        else:
            leave(trade, bars, rules, j, trade.target, TARGET, False, open_scanned)


cdef void follow(Trade* trade, const Bars* bars, const Rules* rules, Py_ssize_t j) noexcept nogil:
    """Follow an open trade from bar j of the chunk to its exit or to the end of the chunk."""
    cdef double sign = trade.side
    cdef double offset = rules.spread if trade.side < 0 else 0.0
    cdef const double* worse = bars.low if trade.side > 0 else bars.high
    cdef const double* better = bars.high if trade.side > 0 else bars.low
    cdef const double* block_worse = bars.block_low if trade.side > 0 else bars.block_high
    cdef const double* block_better = bars.block_high if trade.side > 0 else bars.block_low
    cdef const double* group_worse = bars.group_low if trade.side > 0 else bars.group_high
    cdef const double* group_better = bars.group_high if trade.side > 0 else bars.group_low
    cdef double stop = sign * trade.stop
    cdef double target = sign * trade.target
    cdef bint is_long = trade.side > 0
    cdef double lowest = INFINITY
    cdef double highest = -INFINITY
    cdef double low, high
    cdef Py_ssize_t stretch, block_end
    # The bar at whose close the trade leaves whatever happens, -1 if that is not in this chunk.
    cdef Py_ssize_t final = -1
    cdef Py_ssize_t end = bars.count
    cdef bint hit = False
    if trade.deadline - bars.base < bars.count:
        final = <Py_ssize_t>(trade.deadline - bars.base)
    elif bars.last:
        final = bars.count - 1
    if final >= 0:
        end = final

    while j < end and not hit:
        if j % BLOCK == 0:
            stretch = j
            while stretch % GROUP_BARS == 0 and stretch + GROUP_BARS <= end:
                low = sign * (group_worse[stretch // GROUP_BARS] + offset)
                high = sign * (group_better[stretch // GROUP_BARS] + offset)
                if low <= stop or high >= target:
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                stretch += GROUP_BARS
            while stretch + BLOCK <= end:
                low = sign * (block_worse[stretch // BLOCK] + offset)
                high = sign * (block_better[stretch // BLOCK] + offset)
                if low <= stop or high >= target:
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                stretch += BLOCK
                if stretch % GROUP_BARS == 0 and stretch + GROUP_BARS <= end:
                    break
            if stretch > j:
                j = stretch
                continue
        block_end = j - j % BLOCK + BLOCK
        if block_end > end:
            block_end = end
        if is_long:
            while j < block_end:
                low = worse[j]
                high = better[j]
                if (low <= stop) | (high >= target):
                    hit = True
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                j += 1
            continue
        while j < block_end:
            low = -(worse[j] + offset)
            high = -(better[j] + offset)
            if (low <= stop) | (high >= target):
                hit = True
                break
            lowest = smaller(lowest, low)
            highest = larger(highest, high)
            j += 1

    if highest >= lowest:
        trade.mfe = larger(trade.mfe, highest - sign * trade.entry_price)
        trade.mae = larger(trade.mae, sign * trade.entry_price - lowest)
    cdef bint open_scanned = rules.at_close or bars.base + j != trade.entry_bar
    if not hit and final < 0:
        return
    low = sign * (worse[j] + offset)
    high = sign * (better[j] + offset)
    if low <= stop or high >= target:
        leave_at_level(trade, bars, rules, j, low <= stop, high >= target, open_scanned)
    else:
        leave(trade, bars, rules, j, bars.close[j] + offset, TIME if bars.base + j == trade.deadline else END, False, open_scanned)


cdef void refuse(Trade* trade, int why) noexcept nogil:
    """An order that its fill bar refuses frees its place from that bar on."""
    trade.state = REFUSED
    trade.refusal = why
    trade.exit_bar = trade.entry_bar


cdef void fill(Trade* trade, const Bars* bars, const Rules* rules, Py_ssize_t j) noexcept nogil:
    """Fill a market order on bar j, hang its levels from the fill, and refuse what could not stand."""
    cdef double sign = trade.side
    cdef double bid = bars.close[j] if rules.at_close else bars.open[j]
    cdef double ask = bid + rules.spread
    cdef double entry = (ask if trade.side > 0 else bid) + sign * rules.slippage
    cdef double exit_side = bid if trade.side > 0 else ask
    cdef double stop = trade.stop
    cdef double target = trade.target
    trade.entry_bar = bars.base + j
    trade.entry_time = bars.time[j]
    trade.entry_price = entry
    if not isnan(stop):
        if not trade.stop_is_price:
            if stop <= rules.spread:
                refuse(trade, INVALID_BRACKET)
                return
            stop = entry - sign * stop
        if sign * stop >= sign * exit_side:
            refuse(trade, INVALID_BRACKET)
            return
    elif rules.needs_stop and isnan(trade.size):
        refuse(trade, NO_STOP)
        return
    if not isnan(target):
        if not trade.target_is_price:
            target = entry + sign * target
        if sign * target <= sign * entry:
            refuse(trade, INVALID_BRACKET)
            return
    trade.initial_stop = stop
    trade.stop = stop
    trade.target = target
    trade.state = OPEN
    cdef int64_t first_exit_bar = trade.entry_bar + rules.at_close
    if 0 < trade.deadline < INT64_MAX - first_exit_bar:
        trade.deadline = first_exit_bar + trade.deadline - 1
    else:
        trade.deadline = INT64_MAX


cdef void step(Trade* trade, const Bars* bars, const Rules* rules) noexcept nogil:
    """Carry one trade through the chunk: from order to fill to exit, as far as its bars go."""
    cdef Py_ssize_t j = 0
    cdef int64_t fill_bar
    if trade.state == WORKING:
        fill_bar = trade.signal_bar + (0 if rules.at_close else 1)
        if fill_bar - bars.base >= bars.count:
            return
        j = <Py_ssize_t>(fill_bar - bars.base)
        fill(trade, bars, rules, j)
        if rules.at_close:
            j += 1
    if trade.state != OPEN:
        return
    if j == bars.count:
        # Filled at the last close of the chunk: if that is the last of all, it leaves at that same close.
        if bars.last:
            j -= 1
            leave(trade, bars, rules, j, bars.close[j] + (rules.spread if trade.side < 0 else 0.0), END, False, False)
        return
    follow(trade, bars, rules, j)


cdef struct Columns:
    Py_ssize_t count
    const int64_t* signal_bar
    const int8_t* side
    const double* stop
    const double* target
    const double* stop_price
    const double* target_price
    const int64_t* max_hold
    const double* size


cdef class Asked:
    """The columns of the entries asked for on one chunk, as the kernels take them. Holds the arrays it points into."""

    cdef Columns columns
    cdef object arrays

    def __init__(
        self,
        const int64_t[::1] signal_bar not None,
        const int8_t[::1] side not None,
        const double[::1] stop not None,
        const double[::1] target not None,
        const double[::1] stop_price not None,
        const double[::1] target_price not None,
        const int64_t[::1] max_hold not None,
        const double[::1] size not None,
    ):
        cdef Py_ssize_t n = signal_bar.shape[0]
        for length in (
            side.shape[0], stop.shape[0], target.shape[0], stop_price.shape[0],
            target_price.shape[0], max_hold.shape[0], size.shape[0],
        ):
            if length != n:
                raise ValueError("the columns of the entries have one length")
        self.arrays = (signal_bar, side, stop, target, stop_price, target_price, max_hold, size)
        self.columns.count = n
        if n > 0:
            self.columns = Columns(
                n, &signal_bar[0], &side[0], &stop[0], &target[0], &stop_price[0], &target_price[0], &max_hold[0], &size[0]
            )


cdef void ask(Trade* trade, const Columns* asked, Py_ssize_t k, int64_t max_hold) noexcept nogil:
    """Write entry k as a working order."""
    memset(trade, 0, <size_t>(<char*>&trade.gross_pnl - <char*>trade))
    trade.trade_id = -1
    trade.signal_bar = asked.signal_bar[k]
    trade.entry_bar = -1
    trade.exit_bar = -1
    trade.deadline = asked.max_hold[k] if asked.max_hold[k] > 0 else max_hold
    trade.entry_price = NAN
    trade.initial_stop = NAN
    trade.stop_is_price = not isnan(asked.stop_price[k])
    trade.stop = asked.stop_price[k] if trade.stop_is_price else asked.stop[k]
    trade.target_is_price = not isnan(asked.target_price[k])
    trade.target = asked.target_price[k] if trade.target_is_price else asked.target[k]
    trade.size = asked.size[k]
    trade.exit_price = NAN
    trade.side = asked.side[k]
    trade.state = WORKING


cdef void enter_one(
    Trade* trade, const Columns* asked, Py_ssize_t k, int64_t max_hold, const Bars* bars, const Rules* rules
) noexcept nogil:
    """One entry of many: waits for memory less when the bars of later ones are on their way."""
    cdef Py_ssize_t later
    if k + AHEAD < asked.count:
        later = <Py_ssize_t>(asked.signal_bar[k + AHEAD] - bars.base)
        barloom_prefetch(bars.open + later)
        barloom_prefetch(bars.time + later)
        barloom_prefetch(bars.high + later)
        barloom_prefetch(bars.low + later)
    ask(trade, asked, k, max_hold)
    step(trade, bars, rules)


def resume(Trade[::1] trades not None, Warp warp not None, int threads):
    """Carry trades that were working or open before this chunk through it, each on its own."""
    cdef Py_ssize_t count = trades.shape[0]
    cdef Py_ssize_t k
    cdef const Bars* bars = &warp.bars
    cdef const Rules* rules = &warp.rules
    if threads > 1 and count >= PARALLEL_FROM:
        for k in prange(count, nogil=True, num_threads=threads, schedule="static"):
            step(&trades[k], bars, rules)
    else:
        with nogil:
            for k in range(count):
                step(&trades[k], bars, rules)


def enter(Asked asked not None, Trade[::1] out not None, int64_t[::1] free_from not None, int64_t max_hold, Warp warp not None, int threads):
    """Turn the entries of this chunk into trades, as far as there is a place for them, and carry them through it.

    ``free_from`` has one item a place: the bar from which a signal may take it; none at all means no limit. ``out`` holds a trade
    for every entry. Returns how many were written: the entries that found no place are left out.
    """
    cdef const Columns* columns = &asked.columns
    cdef Py_ssize_t count = columns.count
    cdef Py_ssize_t places = free_from.shape[0]
    cdef Py_ssize_t k, place
    cdef Py_ssize_t written = 0
    cdef int64_t signal
    cdef const Bars* bars = &warp.bars
    cdef const Rules* rules = &warp.rules
    if out.shape[0] < count:
        raise ValueError("out holds fewer trades than there are entries")
    if count > 0 and (columns.signal_bar[0] < bars.base or columns.signal_bar[count - 1] - bars.base >= bars.count):
        raise ValueError("the signals of a chunk lie on its bars")
    if places == 0:
        if threads > 1 and count >= PARALLEL_FROM:
            for k in prange(count, nogil=True, num_threads=threads, schedule="static"):
                enter_one(&out[k], columns, k, max_hold, bars, rules)
        else:
            with nogil:
                for k in range(count):
                    enter_one(&out[k], columns, k, max_hold, bars, rules)
        return count
    with nogil:
        for k in range(count):
            signal = columns.signal_bar[k]
            place = 0
            while place < places and free_from[place] > signal:
                place += 1
            if place == places:
                continue
            ask(&out[written], columns, k, max_hold)
            step(&out[written], bars, rules)
            if out[written].state == WORKING or out[written].state == OPEN:
                free_from[place] = INT64_MAX
            else:
                free_from[place] = out[written].exit_bar
            written += 1
    return written
