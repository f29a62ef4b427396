"""The exit resolver: fills orders and follows each trade to its exit, skipping every block of bars no level can lie in.

EXECUTION.md is what it computes; execution/reference.py is the same in plain Python. Prices are written once, for longs:
a short sees every price negated (after adding the spread, as it leaves on the ask), which is exact in floating point.
"""

from cython.parallel cimport prange
from libc.math cimport INFINITY, NAN, isnan
from libc.stdint cimport INT64_MAX, int8_t, int64_t, uint8_t
from libc.string cimport memset

from barloom_calendar cimport first_from, next_leave
from barloom_levels cimport Moved, keep_stop, moved_by
from barloom_market cimport (
    AT_CLOSE, DRILLDOWN, LIMIT, NEXT_OPEN, OPTIMISTIC, PESSIMISTIC, STOP_ORDER,
    Market, Quotes, Terms, exit_quotes, leave, spread_at_close, spread_at_open, worse_comes_first,
)
from barloom_orders cimport first_touch, leaves_inside, open_trade, refuse
from barloom_trade cimport (
    END, EXPIRED, INSIDE, OPEN, SESSION, SIGNAL, STOP_IS_PRICE, TARGET, TARGET_IS_PRICE, TIME, WORKING, Plan, Trade,
)
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

cdef enum:
    GROUP_BARS = 4096        # BLOCK * GROUP, written out: Cython 3.3 crashes on it with overflow checks on
    PARALLEL_FROM = 256      # trades from which a second thread pays for its start
    AHEAD = 12               # entries whose fill bars are fetched before their turn

BLOCK_BARS = BLOCK
GROUP_BLOCKS = GROUP


cdef class Side:
    """One side of the quotes of a chunk, with its block extremes. Holds the arrays it points into."""

    cdef Quotes quotes
    cdef Py_ssize_t count
    cdef object arrays

    def __init__(
        self,
        const double[::1] open not None,
        const double[::1] high not None,
        const double[::1] low not None,
        const double[::1] close not None,
        const double[::1] block_high not None,
        const double[::1] block_low not None,
        const double[::1] group_high not None,
        const double[::1] group_low not None,
        double offset=0.0,
    ):
        cdef Py_ssize_t n = open.shape[0]
        cdef Py_ssize_t blocks = (n + BLOCK - 1) // BLOCK
        cdef Py_ssize_t groups = (blocks + GROUP - 1) // GROUP
        if n == 0:
            raise ValueError("a chunk has at least one bar")
        if high.shape[0] != n or low.shape[0] != n or close.shape[0] != n:
            raise ValueError("the columns of a chunk have one length")
        if block_high.shape[0] < blocks or block_low.shape[0] < blocks:
            raise ValueError("too few block extremes")
        if group_high.shape[0] < groups or group_low.shape[0] < groups:
            raise ValueError("too few group extremes")
        self.count = n
        self.arrays = (open, high, low, close, block_high, block_low, group_high, group_low)
        self.quotes = Quotes(
            &open[0], &high[0], &low[0], &close[0], &block_high[0], &block_low[0], &group_high[0], &group_low[0], offset
        )


cdef class Warp:
    """One chunk of quotes, and the terms trades are made by on it, as the kernels take them.

    ``ask`` is None where it is the bid plus ``spread``. ``leave_long``, ``leave_short`` and ``sessions`` are increasing bar numbers of
    the slice: bars at whose open trades of a side leave by a signal, and bars at whose close a session ends.
    """

    cdef Market market
    cdef Terms terms
    cdef object arrays

    def __init__(
        self,
        int64_t base,
        bint last,
        const int64_t[::1] time not None,
        Side bid not None,
        Side ask,
        *,
        const int64_t[::1] leave_long not None,
        const int64_t[::1] leave_short not None,
        const int64_t[::1] sessions not None,
        int entry,
        int intrabar,
        bint needs_stop,
        double spread,
        double slippage,
        bint scan_entry_bar=True,
        bint stop_wins_open=False,
        bint gap_stop_at_level=False,
        bint gap_target_at_level=False,
        bint reenter=True,
    ):
        if time.shape[0] != bid.count or (ask is not None and ask.count != bid.count):
            raise ValueError("the columns of a chunk have one length")
        if not NEXT_OPEN <= entry <= STOP_ORDER:
            raise ValueError("unknown entry")
        if not PESSIMISTIC <= intrabar <= DRILLDOWN:
            raise ValueError("unknown path policy")
        self.arrays = (time, bid, ask, leave_long, leave_short, sessions)
        self.market.count = bid.count
        self.market.base = base
        self.market.last = last
        self.market.time = &time[0]
        self.market.bid = bid.quotes
        self.market.own_ask = ask is not None
        self.market.ask = bid.quotes if ask is None else ask.quotes
        if ask is None:
            self.market.ask.offset = spread
        self.market.long_leaves = leave_long.shape[0]
        if leave_long.shape[0] > 0:
            self.market.leave_long = &leave_long[0]
        self.market.short_leaves = leave_short.shape[0]
        if leave_short.shape[0] > 0:
            self.market.leave_short = &leave_short[0]
        self.market.session_ends = sessions.shape[0]
        if sessions.shape[0] > 0:
            self.market.sessions = &sessions[0]
        self.terms = Terms(
            entry, intrabar, needs_stop, scan_entry_bar, stop_wins_open, gap_stop_at_level, gap_target_at_level, reenter,
            slippage,
        )


cdef void leave_on(
    Trade* trade, Plan* plan, const Market* market, const Terms* terms, Py_ssize_t j, bint open_scanned, bint signalled, bint in_session
) noexcept nogil:
    """Leave on bar j, on which the trade leaves for certain: at the open, at a level, or at the close."""
    cdef double sign = trade.side
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double offset = quotes.offset
    cdef double opened = quotes.open[j] + offset
    cdef bint stop_touched = sign * ((quotes.low[j] if trade.side > 0 else quotes.high[j]) + offset) <= sign * trade.stop
    cdef bint target_touched = sign * ((quotes.high[j] if trade.side > 0 else quotes.low[j]) + offset) >= sign * trade.target
    cdef int reason
    if open_scanned:
        if sign * opened <= sign * trade.stop:
            leave(
                trade, plan, market, terms, j, trade.stop if terms.gap_stop_at_level else opened, trade.exit_reason, True, True, False
            )
            return
        if sign * opened >= sign * trade.target:
            if stop_touched and terms.stop_wins_open and not signalled:
                leave(trade, plan, market, terms, j, trade.stop, trade.exit_reason, False, True, False)
            else:
                leave(trade, plan, market, terms, j, trade.target if terms.gap_target_at_level else opened, TARGET, True, True, False)
            return
        if signalled:
            leave(trade, plan, market, terms, j, opened, SIGNAL, False, True, False)
            return
    trade.ambiguous = stop_touched and target_touched
    if stop_touched and (not target_touched or worse_comes_first(trade, market, terms, j)):
        leave(trade, plan, market, terms, j, trade.stop, trade.exit_reason, False, open_scanned, False)
    elif target_touched:
        leave(trade, plan, market, terms, j, trade.target, TARGET, False, open_scanned, False)
    else:
        reason = TIME if market.base + j == trade.deadline else SESSION if in_session else END
        leave(trade, plan, market, terms, j, quotes.close[j] + offset, reason, False, open_scanned, True)


cdef void follow(Trade* trade, Plan* plan, const Market* market, const Terms* terms, Py_ssize_t j) noexcept nogil:
    """Follow an open trade from bar j of the chunk to its exit or to the end of the chunk."""
    cdef double sign = trade.side
    cdef bint is_long = trade.side > 0
    cdef const Quotes* quotes = exit_quotes(market, trade.side)
    cdef double offset = quotes.offset
    cdef const double* worse = quotes.low if is_long else quotes.high
    cdef const double* better = quotes.high if is_long else quotes.low
    cdef const double* block_worse = quotes.block_low if is_long else quotes.block_high
    cdef const double* block_better = quotes.block_high if is_long else quotes.block_low
    cdef const double* group_worse = quotes.group_low if is_long else quotes.group_high
    cdef const double* group_better = quotes.group_high if is_long else quotes.group_low
    cdef double stop = sign * trade.stop
    cdef double target = sign * trade.target
    # The best price from which on something happens: the target, or less where a new peak moves the stop.
    cdef double bound = target
    cdef double lowest = trade.mae
    cdef double highest = trade.mfe
    cdef double low, high
    cdef Py_ssize_t stretch, block_end, k
    cdef bint hit = False
    cdef bint moves = plan != NULL and not (isnan(plan.trail) and isnan(plan.trigger))
    cdef Moved moved
    # The first bar on which the trade leaves whatever happens: by a signal at its open, or at its close; the chunk's end if none.
    cdef Py_ssize_t end = market.count
    cdef Py_ssize_t signal_bar = -1
    cdef Py_ssize_t session_bar = -1
    if market.last:
        end = market.count - 1
    if trade.deadline - market.base < end:
        end = <Py_ssize_t>(trade.deadline - market.base)
    if market.session_ends > 0:
        k = first_from(market.sessions, market.session_ends, market.base + j)
        if k < market.session_ends and market.sessions[k] - market.base <= end:
            session_bar = <Py_ssize_t>(market.sessions[k] - market.base)
            end = session_bar
    if (market.long_leaves if is_long else market.short_leaves) > 0:
        signal_bar = next_leave(market, trade, j)
        if signal_bar <= end:
            end = signal_bar
    if moves:
        if market.base + j == trade.entry_bar:
            # Levels are set at the close of a bar: this one passes with the first stop, whatever its extremes.
            bound = -INFINITY
        else:
            moved = moved_by(trade, plan, highest)
            stop, bound = moved.stop, moved.bound

    while j < end and not hit:
        if j % BLOCK == 0:
            stretch = j
            while stretch % GROUP_BARS == 0 and stretch + GROUP_BARS <= end:
                low = sign * (group_worse[stretch // GROUP_BARS] + offset)
                high = sign * (group_better[stretch // GROUP_BARS] + offset)
                if low <= stop or high >= bound:
                    if not moves or high >= target:
                        break
                    # Even the stop that the best of these bars makes is touched by none of them: they pass as one.
                    moved = moved_by(trade, plan, larger(highest, high))
                    if low <= moved.stop:
                        break
                    stop, bound = moved.stop, moved.bound
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                stretch += GROUP_BARS
            while stretch + BLOCK <= end:
                low = sign * (block_worse[stretch // BLOCK] + offset)
                high = sign * (block_better[stretch // BLOCK] + offset)
                if low <= stop or high >= bound:
                    if not moves or high >= target:
                        break
                    moved = moved_by(trade, plan, larger(highest, high))
                    if low <= moved.stop:
                        break
                    stop, bound = moved.stop, moved.bound
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
                if (low <= stop) | (high >= bound):
                    hit = True
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                j += 1
        else:
            while j < block_end:
                low = -(worse[j] + offset)
                high = -(better[j] + offset)
                if (low <= stop) | (high >= bound):
                    hit = True
                    break
                lowest = smaller(lowest, low)
                highest = larger(highest, high)
                j += 1
        if hit and moves and not (low <= stop or high >= target):
            # No level, but a bar that may move the stop for those after it.
            hit = False
            lowest = smaller(lowest, low)
            highest = larger(highest, high)
            moved = moved_by(trade, plan, highest)
            stop, bound = moved.stop, moved.bound
            j += 1

    trade.mfe = highest
    trade.mae = lowest
    if moves and market.base + j != trade.entry_bar:
        keep_stop(trade, plan)
    if hit or end < market.count:
        leave_on(trade, plan, market, terms, j, market.base + j != trade.entry_bar, j == signal_bar, j == session_bar)


cdef void step(Trade* trade, Plan* plan, const Market* market, const Terms* terms) noexcept nogil:
    """Carry one trade through the chunk: from order to fill to exit, as far as its bars go."""
    cdef Py_ssize_t j = 0
    cdef Py_ssize_t end
    cdef int64_t bar
    cdef double sign = trade.side
    cdef double bid, ask, level, spread
    cdef const Quotes* quotes
    # Whether exits may happen on the fill bar.
    cdef bint scanned = terms.scan_entry_bar
    if trade.state == WORKING:
        if plan != NULL and isnan(plan.slippage):
            plan.slippage = terms.slippage
        if plan == NULL or isnan(plan.price) or terms.entry < LIMIT:
            bar = trade.signal_bar + (0 if terms.entry == AT_CLOSE else 1)
            if bar - market.base >= market.count:
                return
            j = <Py_ssize_t>(bar - market.base)
            if terms.entry == AT_CLOSE:
                bid = market.bid.close[j]
                ask = market.ask.close[j] + market.ask.offset
                spread = spread_at_close(market, j)
                scanned = False
            else:
                bid = market.bid.open[j]
                ask = market.ask.open[j] + market.ask.offset
                spread = spread_at_open(market, j)
            if not open_trade(
                trade, plan, market, terms, j,
                (ask if trade.side > 0 else bid) + sign * (terms.slippage if plan == NULL else plan.slippage),
                bid if trade.side > 0 else ask, spread, scanned,
            ):
                return
        else:
            bar = trade.signal_bar + plan.good_for
            j = <Py_ssize_t>(trade.signal_bar + 1 - market.base) if trade.signal_bar >= market.base else 0
            end = <Py_ssize_t>(bar + 1 - market.base) if bar - market.base < market.count else market.count
            quotes = &market.ask if trade.side > 0 else &market.bid
            level = sign * plan.price
            j = first_touch(quotes, sign, level, terms.entry == LIMIT, j, end)
            if j >= end:
                if bar - market.base < market.count:
                    trade.entry_bar = bar
                    refuse(trade, EXPIRED)
                return
            spread = spread_at_open(market, j)
            bid = sign * (quotes.open[j] + quotes.offset)
            if bid <= level if terms.entry == LIMIT else bid >= level:
                ask = quotes.open[j] + quotes.offset
                bid = market.bid.open[j] if trade.side > 0 else market.ask.open[j] + market.ask.offset
            else:
                trade.marks |= INSIDE
                ask = plan.price
                bid = plan.price - sign * spread
            if not open_trade(
                trade, plan, market, terms, j, ask if terms.entry == LIMIT else ask + sign * plan.slippage, bid, spread, scanned
            ):
                return
            if scanned and trade.marks & INSIDE:
                if leaves_inside(trade, plan, market, terms, j):
                    return
                scanned = False
        if not scanned:
            j += 1
    if trade.state != OPEN:
        return
    if j == market.count:
        # Filled on the last bar of the chunk, with no exit before the next: if there is none, it leaves at that same close.
        if market.last:
            j -= 1
            quotes = exit_quotes(market, trade.side)
            leave(trade, plan, market, terms, j, quotes.close[j] + quotes.offset, END, False, False, True)
        return
    follow(trade, plan, market, terms, j)


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
    const Plan* plans        # NULL where no entry asks for more


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
        const Plan[::1] plans=None,
    ):
        cdef Py_ssize_t n = signal_bar.shape[0]
        for length in (
            side.shape[0], stop.shape[0], target.shape[0], stop_price.shape[0],
            target_price.shape[0], max_hold.shape[0], size.shape[0], n if plans is None else plans.shape[0],
        ):
            if length != n:
                raise ValueError("the columns of the entries have one length")
        self.arrays = (signal_bar, side, stop, target, stop_price, target_price, max_hold, size, plans)
        self.columns.count = n
        if n > 0:
            self.columns = Columns(
                n, &signal_bar[0], &side[0], &stop[0], &target[0], &stop_price[0], &target_price[0], &max_hold[0], &size[0],
                NULL,
            )
            if plans is not None:
                self.columns.plans = &plans[0]


cdef void ask(Trade* trade, Plan* plan, const Columns* asked, Py_ssize_t k, int64_t max_hold, int parts) noexcept nogil:
    """Write entry k as a working order."""
    memset(trade, 0, <size_t>(<char*>&trade.gross_pnl - <char*>trade))
    trade.trade_id = -1
    trade.signal_bar = asked.signal_bar[k]
    trade.entry_bar = -1
    trade.exit_bar = -1
    trade.deadline = asked.max_hold[k] if asked.max_hold[k] > 0 else max_hold
    trade.entry_price = NAN
    trade.initial_stop = NAN
    trade.stop = asked.stop[k]
    if not isnan(asked.stop_price[k]):
        trade.marks |= STOP_IS_PRICE
        trade.stop = asked.stop_price[k]
    trade.target = asked.target[k]
    if not isnan(asked.target_price[k]):
        trade.marks |= TARGET_IS_PRICE
        trade.target = asked.target_price[k]
    trade.size = asked.size[k]
    trade.exit_price = NAN
    trade.side = asked.side[k]
    trade.state = WORKING
    if parts > 1:
        trade.part = <uint8_t>(k % parts)
    if plan != NULL:
        plan[0] = asked.plans[k]


cdef void enter_one(
    Trade* trade, Plan* plan, const Columns* asked, Py_ssize_t k, int64_t max_hold, int parts, const Market* market, const Terms* terms
) noexcept nogil:
    """One entry of many: waits for memory less when the bars of later ones are on their way."""
    cdef Py_ssize_t later
    if k + AHEAD < asked.count:
        later = <Py_ssize_t>(asked.signal_bar[k + AHEAD] - market.base)
        barloom_prefetch(market.bid.open + later)
        barloom_prefetch(market.time + later)
        barloom_prefetch(market.bid.high + later)
        barloom_prefetch(market.bid.low + later)
    ask(trade, plan, asked, k, max_hold, parts)
    step(trade, plan, market, terms)


def resume(Trade[::1] trades not None, Plan[::1] plans, Warp warp not None, int threads):
    """Carry trades that were working or open before this chunk through it, each on its own; ``plans`` is None or as long as they are."""
    cdef Py_ssize_t count = trades.shape[0]
    cdef Py_ssize_t k
    cdef const Market* market = &warp.market
    cdef const Terms* terms = &warp.terms
    cdef Plan* plan = NULL
    if plans is not None:
        if plans.shape[0] != count:
            raise ValueError("a plan for each trade, or none at all")
        if count > 0:
            plan = &plans[0]
    if threads > 1 and count >= PARALLEL_FROM:
        for k in prange(count, nogil=True, num_threads=threads, schedule="static"):
            step(&trades[k], plan + k if plan != NULL else NULL, market, terms)
    else:
        with nogil:
            for k in range(count):
                step(&trades[k], plan + k if plan != NULL else NULL, market, terms)


def enter(
    Asked asked not None,
    Trade[::1] out not None,
    Plan[::1] plans_out,
    int64_t[::1] free_from not None,
    int64_t max_hold,
    int parts,
    int reverse_of,
    Warp warp not None,
    int threads,
):
    """Turn the entries of this chunk into trades, as far as there is a place for them, and carry them through it.

    Args:
        asked: the entries, ``parts`` consecutive ones a signal.
        out: room for a trade an entry. plans_out: the same for their plans, None where none has one.
        free_from: one item a place: the bar from which a signal may take it; none at all means no limit.
        max_hold: of entries without their own, 0 for none.
        reverse_of: with ``reverse``, the side that holds the place (a signal of the other side always gets it), 2 for none; 0 without.

    Returns:
        How many trades were written: the entries that found no place are left out.
    """
    cdef const Columns* columns = &asked.columns
    cdef Py_ssize_t count = columns.count
    cdef Py_ssize_t places = free_from.shape[0]
    cdef Py_ssize_t k, signal, place, part
    cdef Py_ssize_t written = 0
    cdef int64_t taken_from, free
    cdef const Market* market = &warp.market
    cdef const Terms* terms = &warp.terms
    cdef Plan* plan = NULL
    cdef Trade* trade
    if count == 0:
        return 0
    if out.shape[0] < count or (plans_out is not None and plans_out.shape[0] < count):
        raise ValueError("out holds fewer trades than there are entries")
    if (plans_out is not None) != (columns.plans != NULL):
        raise ValueError("plans come in and go out together")
    if plans_out is not None:
        plan = &plans_out[0]
    if parts < 1 or count % parts != 0:
        raise ValueError("every signal has its parts")
    if columns.signal_bar[0] < market.base or columns.signal_bar[count - 1] - market.base >= market.count:
        raise ValueError("the signals of a chunk lie on its bars")
    if places == 0:
        if threads > 1 and count >= PARALLEL_FROM:
            for k in prange(count, nogil=True, num_threads=threads, schedule="static"):
                enter_one(&out[k], plan + k if plan != NULL else NULL, columns, k, max_hold, parts, market, terms)
        else:
            with nogil:
                for k in range(count):
                    enter_one(&out[k], plan + k if plan != NULL else NULL, columns, k, max_hold, parts, market, terms)
        return count
    with nogil:
        for signal in range(count // parts):
            k = signal * parts
            taken_from = columns.signal_bar[k] + (0 if terms.entry == AT_CLOSE and not terms.reenter else 1)
            place = 0
            while place < places and free_from[place] >= taken_from:
                place += 1
            if place == places:
                if reverse_of == 0 or reverse_of != -columns.side[k]:
                    continue
                place = 0
            free = -1
            for part in range(parts):
                trade = &out[written]
                ask(trade, plan + written if plan != NULL else NULL, columns, k + part, max_hold, parts)
                step(trade, plan + written if plan != NULL else NULL, market, terms)
                if trade.state == WORKING or trade.state == OPEN:
                    free = INT64_MAX
                elif trade.exit_bar > free:
                    free = trade.exit_bar
                written += 1
            free_from[place] = free
            if reverse_of != 0:
                reverse_of = columns.side[k]
    return written
