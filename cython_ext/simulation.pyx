"""The exit resolver and the ledger, chunk after chunk: one parameter set with its trades spread over threads, or many sets at once.

EXECUTION.md is what they compute; execution/reference.py is the same in plain Python.
"""

from cython.parallel cimport prange, threadid
from libc.stdint cimport INT64_MAX, int8_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from barloom_asked cimport Columns, enter_one
from barloom_follow cimport step
from barloom_ledger cimport CASES, Point
from barloom_market cimport DRILLDOWN, NEXT_OPEN, PESSIMISTIC, STOP_ORDER, Market, Quotes, Terms
from barloom_money cimport Account, Money
from barloom_tally cimport PERIODS, Days, Tally, end_day, start_days
from barloom_trade cimport CLOSED, OPEN, Plan, Trade
from barloom_types cimport BLOCK, GROUP
from barloom_weft cimport (
    NO_MEMORY, REASONS, TOO_MANY_TRADES, Desk, Job, Rows, Weft, book, clear, enter_places, grow, hand_out, plan_of, reserve, take_up,
)

cdef enum:
    PARALLEL_FROM = 256      # trades from which a second thread pays for its start
    DAY_FIELDS = 9           # of Days, before its sums

BLOCK_BARS = BLOCK
GROUP_BLOCKS = GROUP
RETURN_PERIODS = PERIODS


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
        if not <int>NEXT_OPEN <= entry <= <int>STOP_ORDER:
            raise ValueError("unknown entry")
        if not <int>PESSIMISTIC <= intrabar <= <int>DRILLDOWN:
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


cdef void resolve(Weft* weft, Desk* desk, const Job* job, int threads) noexcept nogil:
    """Carry what is active and what is asked for through the chunk. Trades that need no place are spread over threads."""
    cdef const Columns* asked = job.asked
    cdef Py_ssize_t carried = weft.active.count
    cdef Py_ssize_t parts = <Py_ssize_t>weft.money.parts
    cdef Py_ssize_t k
    if not take_up(weft, desk, job):
        return
    if threads > 1 and carried >= PARALLEL_FROM:
        for k in prange(carried, num_threads=threads, schedule="static"):
            step(&desk.hand.trades[k], plan_of(weft, desk, k), job.market, job.terms)
    else:
        for k in range(carried):
            step(&desk.hand.trades[k], plan_of(weft, desk, k), job.market, job.terms)
    if weft.places > 0:
        enter_places(weft, desk, job)
    else:
        if threads > 1 and asked.count >= PARALLEL_FROM:
            for k in prange(asked.count, num_threads=threads, schedule="static"):
                enter_one(
                    &desk.hand.trades[carried + k], plan_of(weft, desk, carried + k), asked, k, weft.max_hold, parts, weft.orders,
                    job.market, job.terms,
                )
        else:
            for k in range(asked.count):
                enter_one(
                    &desk.hand.trades[carried + k], plan_of(weft, desk, carried + k), asked, k, weft.max_hold, parts, weft.orders,
                    job.market, job.terms,
                )
        desk.hand.count = carried + asked.count
    weft.orders += asked.count // parts


cdef void pass_one(Weft* weft, Desk* desk, const Job* job, int threads, bint keep) noexcept nogil:
    """One set through the chunk."""
    if job.asked == NULL:
        return
    resolve(weft, desk, job, threads)
    book(weft, desk, job, keep)
    hand_out(weft, desk, job.market.last, keep)


cdef void write_days(const Days* days, double* out) noexcept nogil:
    out[0] = <double>days.count
    out[1] = days.before
    out[2] = days.lowest
    out[3] = days.mean
    out[4] = days.second
    out[5] = days.third
    out[6] = days.fourth
    out[7] = days.downside
    out[8] = <double>days.size


cdef class Wefts:
    """Parameter sets carried together from chunk to chunk; a run is one of them.

    Trades and equity points of the chunk are kept where ``keep`` is set, totals always. ``pass_chunk`` does it all. ``resolve``,
    ``settle`` and ``hand_out`` are its steps for a single set, for callers who look at what is in hand between them.
    """

    cdef Weft* wefts
    cdef Desk* desks
    cdef Job* jobs
    cdef Py_ssize_t count
    cdef int threads
    cdef bint keep
    cdef object held         # what the jobs point into between the steps of a single set

    def __cinit__(
        self,
        const Money[::1] money not None,
        const double[::1] balance not None,
        const int64_t[::1] max_hold not None,
        const int64_t[::1] places not None,
        const int64_t[::1] reverse not None,
        int threads,
        bint keep,
    ):
        cdef Py_ssize_t count = money.shape[0]
        cdef Py_ssize_t k
        cdef int64_t c
        cdef Weft* weft
        if count < 1 or threads < 1:
            raise ValueError("at least one set and one thread")
        for length in (balance.shape[0], max_hold.shape[0], places.shape[0], reverse.shape[0]):
            if length != count:
                raise ValueError("a value for each set")
        self.count = count
        self.threads = threads
        self.keep = keep
        self.wefts = <Weft*>calloc(<size_t>count, sizeof(Weft))
        self.jobs = <Job*>calloc(<size_t>count, sizeof(Job))
        self.desks = <Desk*>calloc(<size_t>threads, sizeof(Desk))
        if self.wefts == NULL or self.jobs == NULL or self.desks == NULL:
            raise MemoryError()
        for k in range(count):
            weft = &self.wefts[k]
            weft.money = money[k]
            weft.max_hold = max_hold[k]
            weft.places = places[k]
            weft.reverse = reverse[k]
            if weft.money.parts < 1 or (weft.reverse and weft.places != 1):
                raise ValueError("a signal has parts, and a position that reverses has one place")
            start_days(&weft.days, balance[k])
            weft.start.since = -INT64_MAX - 1
            for c in range(CASES):
                weft.accounts[c].balance = weft.accounts[c].peak = weft.accounts[c].last_equity = balance[k]
                weft.accounts[c].day_end = -INT64_MAX - 1
                weft.accounts[c].last_bar = -1
                weft.accounts[c].cases = 1

    def __dealloc__(self):
        cdef Py_ssize_t k
        if self.wefts != NULL:
            for k in range(self.count):
                clear(&self.wefts[k].active)
                clear(&self.wefts[k].waiting)
                clear(&self.wefts[k].done)
                free(self.wefts[k].points)
        if self.desks != NULL:
            for k in range(self.threads):
                clear(&self.desks[k].hand)
                free(self.desks[k].fills)
                free(self.desks[k].exits)
                free(self.desks[k].free_from)
        free(self.wefts)
        free(self.desks)
        free(self.jobs)

    def start(self, int64_t since, const Account[::1] before):
        """Let the account of the first set begin at a midnight, before any chunk is passed.

        The second account then stands for all that was traded before and what follows: it goes on in the drawdown that ``before`` was in.

        Args:
            since: the midnight, nanoseconds UTC; no trade may be open there.
            before: the account that this one goes on from, or None for a new one.
        """
        cdef Weft* weft = self.wefts
        cdef Account* joined = &weft.accounts[1]
        if self.count != 1 or weft.money.bounds or weft.accounts[0].last_bar >= 0:
            raise ValueError("one set without bounds, before its first chunk")
        weft.start.since = since
        weft.accounts[0].cases = CASES
        if before is not None:
            if before.shape[0] != 1 or not before[0].peak >= joined.balance:
                raise ValueError("the account before has a peak, which is not below the balance")
            weft.start.continued = True
            joined.peak = before[0].peak
            joined.peak_time = before[0].peak_time
            joined.max_drawdown = before[0].max_drawdown
            joined.max_drawdown_pct = before[0].max_drawdown_pct
            joined.longest_drawdown = before[0].longest_drawdown
            joined.under_water = before[0].under_water

    def pass_chunk(self, Py_ssize_t first, list asked not None, list warps not None, const double[::1] nights):
        """Carry some sets through the chunk.

        Args:
            first: the first of them.
            asked: an ``Asked`` for each, None for one that sits out. warps: a ``Warp`` for each.
            nights: for sets with a swap, the weighted rollovers before each bar.
        """
        cdef Py_ssize_t count = len(asked)
        cdef Py_ssize_t k
        cdef int threads = self.threads
        cdef bint keep = self.keep
        cdef Weft* wefts = self.wefts + first
        cdef Desk* desks = self.desks
        cdef Job* jobs = self.jobs + first
        if first < 0 or first + count > self.count or len(warps) != count:
            raise ValueError("no such sets")
        for k in range(count):
            self.prepare(first + k, asked[k], warps[k], nights)
        if count == 1:
            with nogil:
                pass_one(wefts, desks, jobs, threads, keep)
        else:
            for k in prange(count, nogil=True, num_threads=threads, schedule="dynamic"):
                pass_one(wefts + k, desks + threadid(), jobs + k, 1, keep)
        for k in range(count):
            self.check(first + k)

    def resolve(self, asked, warp, const double[::1] nights):
        """Carry the trades of the first set through the chunk, as far as its bars go."""
        if asked is None:
            raise ValueError("nothing is asked")
        self.prepare(0, asked, warp, nights)
        self.held = (asked, warp, nights)
        with nogil:
            resolve(self.wefts, self.desks, self.jobs, self.threads)
        self.check(0)

    def settle(self):
        """Pass the trades in hand through the accounts of the first set."""
        if self.held is None:
            raise ValueError("nothing is in hand")
        with nogil:
            book(self.wefts, self.desks, self.jobs, self.keep)
        self.check(0)

    def hand_out(self, bint last):
        """Hand out what the chunk finished, and keep what goes on."""
        self.held = None
        with nogil:
            hand_out(self.wefts, self.desks, last, self.keep)
        self.check(0)

    cdef int prepare(self, Py_ssize_t k, asked, warp, const double[::1] nights) except -1:
        cdef Job* job = &self.jobs[k]
        cdef const Columns* columns
        cdef const Market* market
        if asked is None:
            job.asked = NULL
            return 0
        columns = &(<Asked?>asked).columns
        market = &(<Warp?>warp).market
        if columns.count % self.wefts[k].money.parts != 0:
            raise ValueError("every signal has its parts")
        if columns.count > 0 and (
            columns.signal_bar[0] < market.base or columns.signal_bar[columns.count - 1] - market.base >= market.count
        ):
            raise ValueError("the signals of a chunk lie on its bars")
        job.asked = columns
        job.market = market
        job.terms = &(<Warp>warp).terms
        job.nights = NULL
        if self.wefts[k].money.swap_long != 0.0 or self.wefts[k].money.swap_short != 0.0:
            if nights is None or nights.shape[0] != market.count:
                raise ValueError("nights for every bar")
            job.nights = &nights[0]
        return 0

    cdef int check(self, Py_ssize_t k) except -1:
        if self.wefts[k].status == NO_MEMORY:
            raise MemoryError("no memory for the trades in hand")
        if self.wefts[k].status == TOO_MANY_TRADES:
            raise OverflowError("more trades in hand than can be told apart")
        return 0

    cdef Weft* at(self, Py_ssize_t k) except NULL:
        if not 0 <= k < self.count:
            raise IndexError(f"there is no set {k}")
        return &self.wefts[k]

    def sizes(self, Py_ssize_t k):
        """Trades and equity points that the chunk finished for set ``k``, trades in hand, and whether plans stand beside them."""
        cdef Weft* weft = self.at(k)
        return weft.done.count, weft.written, self.desks[0].hand.count, weft.planned

    def take_done(self, Py_ssize_t k, Trade[::1] out not None):
        """Copy the trades that the chunk finished for set ``k``."""
        cdef Weft* weft = self.at(k)
        if out.shape[0] != weft.done.count:
            raise ValueError("room for every trade")
        if weft.done.count > 0:
            memcpy(&out[0], weft.done.trades, <size_t>weft.done.count * sizeof(Trade))

    def take_points(self, Py_ssize_t k, Point[::1] out not None):
        """Copy the equity points of the chunk for set ``k``."""
        cdef Weft* weft = self.at(k)
        if out.shape[0] != weft.written:
            raise ValueError("room for every point")
        if weft.written > 0:
            memcpy(&out[0], weft.points, <size_t>weft.written * sizeof(Point))

    def read_hand(self, Trade[::1] trades not None, Plan[::1] plans):
        """Copy what is in hand of the first set, and its plans where it has them."""
        cdef Rows* hand = &self.desks[0].hand
        if trades.shape[0] != hand.count or (plans is not None and (plans.shape[0] != hand.count or not self.wefts.planned)):
            raise ValueError("room for every trade")
        if hand.count > 0:
            memcpy(&trades[0], hand.trades, <size_t>hand.count * sizeof(Trade))
            if plans is not None:
                memcpy(&plans[0], hand.plans, <size_t>hand.count * sizeof(Plan))

    def write_hand(self, const Trade[::1] trades not None, const Plan[::1] plans):
        """Put trades in the hand of the first set in place of those that ``resolve`` left there."""
        cdef Desk* desk = self.desks
        cdef const Market* market = self.jobs.market
        cdef Py_ssize_t count = trades.shape[0]
        cdef Py_ssize_t k
        if self.held is None:
            raise ValueError("nothing was resolved")
        if plans is not None and plans.shape[0] != count:
            raise ValueError("a plan for each trade, or none at all")
        for k in range(count):
            if trades[k].state == CLOSED and not 0 <= trades[k].exit_bar - market.base < market.count:
                raise ValueError("what closed lies on the bars of the chunk")
            if trades[k].state in (OPEN, CLOSED) and trades[k].entry_bar - market.base >= market.count:
                raise ValueError("what filled lies on the bars of the chunk, or before")
        if not reserve(&desk.hand, count, plans is not None):
            raise MemoryError("no memory for the trades in hand")
        if not grow(<void**>&desk.fills, &desk.fills_room, count, sizeof(int64_t)):
            raise MemoryError("no memory for the trades in hand")
        if not grow(<void**>&desk.exits, &desk.exits_room, count, sizeof(int64_t)):
            raise MemoryError("no memory for the trades in hand")
        self.wefts.planned = plans is not None
        desk.hand.count = count
        if count > 0:
            memcpy(desk.hand.trades, &trades[0], <size_t>count * sizeof(Trade))
            if plans is not None:
                memcpy(desk.hand.plans, &plans[0], <size_t>count * sizeof(Plan))

    def totals(
        self,
        Account[:, ::1] accounts not None,
        Tally[::1] tallies not None,
        double[:, ::1] days not None,
        double[:, ::1] sums not None,
        double[:, ::1] squares not None,
        int64_t[:, ::1] rejected not None,
    ):
        """Copy what the sets came to so far: a row a set. ``days`` holds the fields of Days before its sums, in their order."""
        cdef Py_ssize_t k, j
        cdef const Days* from_days
        for length in (
            accounts.shape[0], tallies.shape[0], days.shape[0], sums.shape[0], squares.shape[0], rejected.shape[0],
        ):
            if length != self.count:
                raise ValueError("a row for each set")
        if accounts.shape[1] != CASES or days.shape[1] != DAY_FIELDS or sums.shape[1] != PERIODS or squares.shape[1] != PERIODS:
            raise ValueError("rows of another length")
        if rejected.shape[1] != REASONS:
            raise ValueError("rows of another length")
        for k in range(self.count):
            for j in range(CASES):
                accounts[k, j] = self.wefts[k].accounts[j]
            tallies[k] = self.wefts[k].tally
            from_days = &self.wefts[k].days
            write_days(from_days, &days[k, 0])
            for j in range(PERIODS):
                sums[k, j] = from_days.sums[j]
                squares[k, j] = from_days.squares[j]
            for j in range(REASONS):
                rejected[k, j] = self.wefts[k].rejected[j]


def days_of(double balance, const double[::1] equity not None, double[::1] out not None):
    """Daily returns of an account with that equity at the ends of its days: the fields of Days before its sums, in their order."""
    cdef Days days
    cdef Py_ssize_t k
    memset(&days, 0, sizeof(Days))
    if out.shape[0] != DAY_FIELDS:
        raise ValueError("room for every field")
    start_days(&days, balance)
    for k in range(equity.shape[0]):
        end_day(&days, equity[k])
    write_days(&days, &out[0])
