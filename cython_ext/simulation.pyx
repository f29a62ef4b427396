"""Orders to trades to money, chunk after chunk: one parameter set with its trades spread over threads, or many sets at once.

docs/execution.md says what is computed; reference/simulator.py is the same in plain Python.
"""

import numpy as np

from cython.parallel cimport prange, threadid
from libc.stdint cimport INT64_MAX, int8_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine.account cimport CASES, Point
from engine.legs cimport step
from engine.market cimport DRILLDOWN, NEXT_OPEN, PESSIMISTIC, STOP_ORDER, FillRules, Market, Quotes
from engine.money cimport Account, Money
from engine.numeric cimport BLOCK, GROUP
from engine.orders cimport OrderColumns
from engine.simulator cimport (
    NO_MEMORY, REASONS, TOO_MANY_TRADES, Job, Rows, SetState, Workspace, clear, emit_closed, enter_one,
    enter_positions, grow, load_active, plan_of, reserve, update_accounts,
)
from engine.tally cimport PERIODS, Days, Tally, end_day, start_days
from engine.trade cimport CLOSED, OPEN, Plan, Trade

cdef enum:
    PARALLEL_FROM = 256      # trades from which a second thread pays for its start
    DAY_FIELDS = 9           # of Days, before its sums

BLOCK_BARS = BLOCK
GROUP_BLOCKS = GROUP
RETURN_PERIODS = PERIODS

# The NumPy types of the records: what a memoryview over one of them says of its fields.
cdef Trade a_trade
cdef Plan a_plan
cdef Account an_account
cdef Point a_point
cdef Money a_money
cdef Tally a_tally
TRADE = np.asarray(<Trade[:1]>&a_trade).dtype
PLAN = np.asarray(<Plan[:1]>&a_plan).dtype
ACCOUNT = np.asarray(<Account[:1]>&an_account).dtype
POINT = np.asarray(<Point[:1]>&a_point).dtype
MONEY = np.asarray(<Money[:1]>&a_money).dtype
TALLY = np.asarray(<Tally[:1]>&a_tally).dtype


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


cdef class MarketChunk:
    """One chunk of quotes, and the rules trades are made by on it, as the kernels take them.

    ``ask`` is None where it is the bid plus ``spread``. ``leave_long``, ``leave_short`` and ``sessions`` are increasing bar numbers of
    the slice: bars at whose open trades of a side leave by a signal, and bars at whose close a session ends.
    """

    cdef Market market
    cdef FillRules rules
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
        self.rules = FillRules(
            entry, intrabar, needs_stop, scan_entry_bar, stop_wins_open, gap_stop_at_level, gap_target_at_level, reenter,
            slippage,
        )


cdef class OrderArrays:
    """The columns of the orders of one chunk, as the kernels take them. Holds the arrays it points into."""

    cdef OrderColumns columns
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
                raise ValueError("the columns of the orders have one length")
        self.arrays = (signal_bar, side, stop, target, stop_price, target_price, max_hold, size, plans)
        self.columns.count = n
        if n > 0:
            self.columns = OrderColumns(
                n, &signal_bar[0], &side[0], &stop[0], &target[0], &stop_price[0], &target_price[0], &max_hold[0], &size[0],
                NULL,
            )
            if plans is not None:
                self.columns.plans = &plans[0]


cdef void resolve(SetState* state, Workspace* workspace, const Job* job, int threads) noexcept nogil:
    """Carry the active trades and the new orders through the chunk. Where any number of trades may be open, they are spread over threads."""
    cdef const OrderColumns* orders = job.orders
    cdef Py_ssize_t carried = state.active.count
    cdef Py_ssize_t parts = <Py_ssize_t>state.money.parts
    cdef Py_ssize_t k
    if not load_active(state, workspace, job):
        return
    if threads > 1 and carried >= PARALLEL_FROM:
        for k in prange(carried, num_threads=threads, schedule="static"):
            step(&workspace.in_flight.trades[k], plan_of(state, workspace, k), job.market, job.rules)
    else:
        for k in range(carried):
            step(&workspace.in_flight.trades[k], plan_of(state, workspace, k), job.market, job.rules)
    if state.max_positions > 0:
        enter_positions(state, workspace, job)
    else:
        if threads > 1 and orders.count >= PARALLEL_FROM:
            for k in prange(orders.count, num_threads=threads, schedule="static"):
                enter_one(
                    &workspace.in_flight.trades[carried + k], plan_of(state, workspace, carried + k), orders, k, state.max_hold, parts,
                    state.signals, job.market, job.rules,
                )
        else:
            for k in range(orders.count):
                enter_one(
                    &workspace.in_flight.trades[carried + k], plan_of(state, workspace, carried + k), orders, k, state.max_hold, parts,
                    state.signals, job.market, job.rules,
                )
        workspace.in_flight.count = carried + orders.count
    state.signals += orders.count // parts


cdef void pass_one(SetState* state, Workspace* workspace, const Job* job, int threads, bint keep) noexcept nogil:
    """One set through the chunk."""
    if job.orders == NULL:
        return
    resolve(state, workspace, job, threads)
    update_accounts(state, workspace, job, keep)
    emit_closed(state, workspace, job.market.last, keep)


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


cdef class Simulator:
    """Parameter sets carried together from chunk to chunk; a run is one of them.

    Trades and equity points of the chunk are kept where ``keep`` is set, totals always. ``pass_chunk`` does it all. ``resolve``,
    ``mark_to_market`` and ``emit_closed`` are its steps for a single set, for callers who look at what is in flight between them.
    """

    cdef SetState* states
    cdef Workspace* workspaces
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
        const int64_t[::1] max_positions not None,
        const int64_t[::1] reverse not None,
        int threads,
        bint keep,
    ):
        cdef Py_ssize_t count = money.shape[0]
        cdef Py_ssize_t k
        cdef int64_t c
        cdef SetState* state
        if count < 1 or threads < 1:
            raise ValueError("at least one set and one thread")
        for length in (balance.shape[0], max_hold.shape[0], max_positions.shape[0], reverse.shape[0]):
            if length != count:
                raise ValueError("a value for each set")
        self.count = count
        self.threads = threads
        self.keep = keep
        self.states = <SetState*>calloc(<size_t>count, sizeof(SetState))
        self.jobs = <Job*>calloc(<size_t>count, sizeof(Job))
        self.workspaces = <Workspace*>calloc(<size_t>threads, sizeof(Workspace))
        if self.states == NULL or self.jobs == NULL or self.workspaces == NULL:
            raise MemoryError()
        for k in range(count):
            state = &self.states[k]
            state.money = money[k]
            state.max_hold = max_hold[k]
            state.max_positions = max_positions[k]
            state.reverse = reverse[k]
            if state.money.parts < 1 or (state.reverse and state.max_positions != 1):
                raise ValueError("a signal has parts, and a position that reverses is the only one")
            start_days(&state.days, balance[k])
            state.start.since = -INT64_MAX - 1
            for c in range(CASES):
                state.accounts[c].balance = state.accounts[c].peak = state.accounts[c].last_equity = balance[k]
                state.accounts[c].day_end = -INT64_MAX - 1
                state.accounts[c].last_bar = -1
                state.accounts[c].cases = 1

    def __dealloc__(self):
        cdef Py_ssize_t k
        if self.states != NULL:
            for k in range(self.count):
                clear(&self.states[k].active)
                clear(&self.states[k].waiting)
                clear(&self.states[k].done)
                free(self.states[k].points)
        if self.workspaces != NULL:
            for k in range(self.threads):
                clear(&self.workspaces[k].in_flight)
                free(self.workspaces[k].fills)
                free(self.workspaces[k].exits)
                free(self.workspaces[k].free_from)
        free(self.states)
        free(self.workspaces)
        free(self.jobs)

    def start(self, int64_t since, const Account[::1] before):
        """Let the account of the first set begin at a midnight, before any chunk is passed.

        The second account then stands for all that was traded before and what follows: it goes on in the drawdown that ``before`` was in.

        Args:
            since: the midnight, nanoseconds UTC; no trade may be open there.
            before: the account that this one goes on from, or None for a new one.
        """
        cdef SetState* state = self.states
        cdef Account* joined = &state.accounts[1]
        if self.count != 1 or state.money.bounds or state.accounts[0].last_bar >= 0:
            raise ValueError("one set without bounds, before its first chunk")
        state.start.since = since
        state.accounts[0].cases = CASES
        if before is not None:
            if before.shape[0] != 1 or not before[0].peak >= joined.balance:
                raise ValueError("the account before has a peak, which is not below the balance")
            state.start.continued = True
            joined.peak = before[0].peak
            joined.peak_time = before[0].peak_time
            joined.max_drawdown = before[0].max_drawdown
            joined.max_drawdown_pct = before[0].max_drawdown_pct
            joined.longest_drawdown = before[0].longest_drawdown
            joined.under_water = before[0].under_water

    def pass_chunk(self, Py_ssize_t first, list orders not None, list chunks not None, const double[::1] nights):
        """Carry some sets through the chunk.

        Args:
            first: the first of them.
            orders: an ``OrderArrays`` for each, None for one that sits out.
            chunks: a ``MarketChunk`` for each.
            nights: for sets with a swap, the weighted rollovers before each bar.
        """
        cdef Py_ssize_t count = len(orders)
        cdef Py_ssize_t k
        cdef int threads = self.threads
        cdef bint keep = self.keep
        cdef SetState* states = self.states + first
        cdef Workspace* workspaces = self.workspaces
        cdef Job* jobs = self.jobs + first
        if first < 0 or first + count > self.count or len(chunks) != count:
            raise ValueError("no such sets")
        for k in range(count):
            self.prepare(first + k, orders[k], chunks[k], nights)
        if count == 1:
            with nogil:
                pass_one(states, workspaces, jobs, threads, keep)
        else:
            for k in prange(count, nogil=True, num_threads=threads, schedule="dynamic"):
                pass_one(states + k, workspaces + threadid(), jobs + k, 1, keep)
        for k in range(count):
            self.check(first + k)

    def resolve(self, orders, chunk, const double[::1] nights):
        """Carry the trades of the first set through the chunk, as far as its bars go."""
        if orders is None:
            raise ValueError("no orders are given")
        self.prepare(0, orders, chunk, nights)
        self.held = (orders, chunk, nights)
        with nogil:
            resolve(self.states, self.workspaces, self.jobs, self.threads)
        self.check(0)

    def mark_to_market(self):
        """Pass the trades in flight through the accounts of the first set."""
        if self.held is None:
            raise ValueError("nothing is in flight")
        with nogil:
            update_accounts(self.states, self.workspaces, self.jobs, self.keep)
        self.check(0)

    def emit_closed(self, bint last):
        """Hand out what the chunk finished, and keep what goes on."""
        self.held = None
        with nogil:
            emit_closed(self.states, self.workspaces, last, self.keep)
        self.check(0)

    cdef int prepare(self, Py_ssize_t k, orders, chunk, const double[::1] nights) except -1:
        cdef Job* job = &self.jobs[k]
        cdef const OrderColumns* columns
        cdef const Market* market
        if orders is None:
            job.orders = NULL
            return 0
        columns = &(<OrderArrays?>orders).columns
        market = &(<MarketChunk?>chunk).market
        if columns.count % self.states[k].money.parts != 0:
            raise ValueError("every signal has its parts")
        if columns.count > 0:
            for bar in (columns.signal_bar[0], columns.signal_bar[columns.count - 1]):
                if not 0 <= bar - market.base < market.count:
                    raise ValueError(f"signal_bar {bar} is outside the chunk ({market.base} to {market.base + market.count - 1})")
        job.orders = columns
        job.market = market
        job.rules = &(<MarketChunk>chunk).rules
        job.nights = NULL
        if self.states[k].money.swap_long != 0.0 or self.states[k].money.swap_short != 0.0:
            if nights is None or nights.shape[0] != market.count:
                raise ValueError("nights for every bar")
            job.nights = &nights[0]
        return 0

    cdef int check(self, Py_ssize_t k) except -1:
        if self.states[k].status == NO_MEMORY:
            raise MemoryError("no memory for the trades in flight")
        if self.states[k].status == TOO_MANY_TRADES:
            raise OverflowError("more trades in flight than can be told apart")
        return 0

    cdef SetState* at(self, Py_ssize_t k) except NULL:
        if not 0 <= k < self.count:
            raise IndexError(f"there is no set {k}")
        return &self.states[k]

    def sizes(self, Py_ssize_t k):
        """Trades and equity points that the chunk finished for set ``k``, trades in flight, and whether plans stand beside them."""
        cdef SetState* state = self.at(k)
        return state.done.count, state.written, self.workspaces[0].in_flight.count, state.planned

    def take_done(self, Py_ssize_t k, Trade[::1] out not None):
        """Copy the trades that the chunk finished for set ``k``."""
        cdef SetState* state = self.at(k)
        if out.shape[0] != state.done.count:
            raise ValueError("room for every trade")
        if state.done.count > 0:
            memcpy(&out[0], state.done.trades, <size_t>state.done.count * sizeof(Trade))

    def take_points(self, Py_ssize_t k, Point[::1] out not None):
        """Copy the equity points of the chunk for set ``k``."""
        cdef SetState* state = self.at(k)
        if out.shape[0] != state.written:
            raise ValueError("room for every point")
        if state.written > 0:
            memcpy(&out[0], state.points, <size_t>state.written * sizeof(Point))

    def read_in_flight(self, Trade[::1] trades not None, Plan[::1] plans):
        """Copy what is in flight of the first set, and its plans where it has them."""
        cdef Rows* in_flight = &self.workspaces[0].in_flight
        if trades.shape[0] != in_flight.count or (plans is not None and (plans.shape[0] != in_flight.count or not self.states.planned)):
            raise ValueError("room for every trade")
        if in_flight.count > 0:
            memcpy(&trades[0], in_flight.trades, <size_t>in_flight.count * sizeof(Trade))
            if plans is not None:
                memcpy(&plans[0], in_flight.plans, <size_t>in_flight.count * sizeof(Plan))

    def write_in_flight(self, const Trade[::1] trades not None, const Plan[::1] plans):
        """Put trades in flight for the first set in place of those that ``resolve`` left there."""
        cdef Workspace* workspace = self.workspaces
        cdef const Market* market = self.jobs.market
        cdef Py_ssize_t count = trades.shape[0]
        cdef Py_ssize_t k
        if self.held is None:
            raise ValueError("nothing was resolved")
        if plans is not None and plans.shape[0] != count:
            raise ValueError("a plan for each trade, or none at all")
        for k in range(count):
            if trades[k].state == CLOSED and not 0 <= trades[k].exit_bar - market.base < market.count:
                raise ValueError("an exit bar is outside the chunk")
            if trades[k].state in (OPEN, CLOSED) and trades[k].entry_bar - market.base >= market.count:
                raise ValueError("an entry bar is behind the chunk")
        if not reserve(&workspace.in_flight, count, plans is not None):
            raise MemoryError("no memory for the trades in flight")
        if not grow(<void**>&workspace.fills, &workspace.fills_room, count, sizeof(int64_t)):
            raise MemoryError("no memory for the trades in flight")
        if not grow(<void**>&workspace.exits, &workspace.exits_room, count, sizeof(int64_t)):
            raise MemoryError("no memory for the trades in flight")
        self.states.planned = plans is not None
        workspace.in_flight.count = count
        if count > 0:
            memcpy(workspace.in_flight.trades, &trades[0], <size_t>count * sizeof(Trade))
            if plans is not None:
                memcpy(workspace.in_flight.plans, &plans[0], <size_t>count * sizeof(Plan))

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
                accounts[k, j] = self.states[k].accounts[j]
            tallies[k] = self.states[k].tally
            from_days = &self.states[k].days
            write_days(from_days, &days[k, 0])
            for j in range(PERIODS):
                sums[k, j] = from_days.sums[j]
                squares[k, j] = from_days.squares[j]
            for j in range(REASONS):
                rejected[k, j] = self.states[k].rejected[j]


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
