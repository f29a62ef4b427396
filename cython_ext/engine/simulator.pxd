# One parameter set on its way through the chunks: what it has in flight, its accounts and totals, and the steps of a chunk.

from libc.stdint cimport INT64_MAX, int64_t
from libc.stdlib cimport free, qsort, realloc
from libc.string cimport memcpy, memmove, memset

from .account cimport CASES, ROW_BITS, ROW_MASK, Events, Point, Start, mark_to_market
from .legs cimport step
from .market cimport AT_CLOSE, FillRules, Market
from .money cimport Account, Money
from .orders cimport OrderColumns, new_order, set_default_plan
from .tally cimport Days, Tally, count_trade
from .trade cimport CLOSED, NO_FILL, OPEN, POSITION, WORKING, Plan, Trade

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
    AHEAD = 12               # entries whose fill bars are fetched before their turn
    NO_SIDE = 2
    SPARE_POINTS = 3
    REASONS = 16             # room to count refusals by reason
    NO_MEMORY = 1            # of SetState.status
    TOO_MANY_TRADES = 2

# Trades, and where they have them the plans beside them, in memory that grows.
cdef struct Rows:
    Trade* trades
    Plan* plans
    Py_ssize_t count
    Py_ssize_t room
    Py_ssize_t plans_room

# One parameter set, carried from chunk to chunk.
cdef struct SetState:
    Account accounts[CASES]
    Tally tally
    Days days
    Money money
    Start start
    int64_t max_hold         # of entries without their own, 0 for none
    int64_t max_positions           # trades that may be open together, 0 for any number
    int64_t reverse          # whether a signal of the other side always gets the only slot
    bint planned             # plans stand beside the trades: from the first chunk on where one asks for more than a stop and a target
    int64_t signals          # that were entered or refused for want of a position
    int64_t rejected[REASONS]     # by reason
    Rows active              # what goes on after the chunk
    Rows waiting             # closed trades that wait for those entered before them
    int64_t waiting_from
    Rows done                # what the chunk finished, where it is kept
    Point* points            # of the chunk, where they are kept
    Py_ssize_t written
    Py_ssize_t points_room
    int status

# What a thread works on a set with.
cdef struct Workspace:
    Rows in_flight            # what was active before the chunk, then what it entered
    int64_t* fills
    int64_t* exits
    int64_t* free_from
    Py_ssize_t fills_room
    Py_ssize_t exits_room
    Py_ssize_t free_from_room

cdef struct Job:
    const OrderColumns* orders     # NULL for a set that sits out
    const Market* market
    const FillRules* rules
    const double* nights     # a value a bar; NULL where no swap is charged


cdef inline int by_number(const void* a, const void* b) noexcept nogil:
    cdef int64_t first = (<const Trade*>a).trade_id
    cdef int64_t second = (<const Trade*>b).trade_id
    return (first > second) - (first < second)


cdef inline int by_time(const void* a, const void* b) noexcept nogil:
    cdef int64_t first = (<const int64_t*>a)[0]
    cdef int64_t second = (<const int64_t*>b)[0]
    return (first > second) - (first < second)


cdef inline bint grow(void** memory, Py_ssize_t* room, Py_ssize_t wanted, size_t item) noexcept nogil:
    """Make room for at least so many items; whether there is memory for them."""
    cdef void* moved
    if wanted <= room[0]:
        return True
    if wanted < 2 * room[0]:
        wanted = 2 * room[0]
    moved = realloc(memory[0], <size_t>wanted * item)
    if moved == NULL:
        return False
    memory[0] = moved
    room[0] = wanted
    return True


cdef inline bint reserve(Rows* rows, Py_ssize_t wanted, bint plans) noexcept nogil:
    if not grow(<void**>&rows.trades, &rows.room, wanted, sizeof(Trade)):
        return False
    return not plans or grow(<void**>&rows.plans, &rows.plans_room, wanted, sizeof(Plan))


cdef inline void clear(Rows* rows) noexcept nogil:
    free(rows.trades)
    free(rows.plans)
    memset(rows, 0, sizeof(Rows))


cdef inline bint load_active(SetState* state, Workspace* workspace, const Job* job) noexcept nogil:
    """Copy the active trades into the workspace, with room for those to come; whether there is memory for them."""
    cdef const OrderColumns* orders = job.orders
    cdef Py_ssize_t count = state.active.count
    cdef Py_ssize_t most = count + orders.count
    cdef Py_ssize_t k
    if most >= ROW_MASK:
        state.status = TOO_MANY_TRADES
        return False
    state.status = NO_MEMORY
    if not state.planned and (orders.plans != NULL or job.market.own_ask or state.money.parts > 1):
        if not reserve(&state.active, count, True):
            return False
        state.planned = True
        for k in range(count):
            set_default_plan(&state.active.plans[k])
            state.active.plans[k].slippage = state.money.slippage
    if not reserve(&workspace.in_flight, most, state.planned):
        return False
    if not grow(<void**>&workspace.fills, &workspace.fills_room, most, sizeof(int64_t)):
        return False
    if not grow(<void**>&workspace.exits, &workspace.exits_room, most, sizeof(int64_t)):
        return False
    if not grow(<void**>&workspace.free_from, &workspace.free_from_room, <Py_ssize_t>state.max_positions, sizeof(int64_t)):
        return False
    if count > 0:
        memcpy(workspace.in_flight.trades, state.active.trades, <size_t>count * sizeof(Trade))
        if state.planned:
            memcpy(workspace.in_flight.plans, state.active.plans, <size_t>count * sizeof(Plan))
    workspace.in_flight.count = count
    state.status = 0
    return True


cdef inline Plan* plan_of(const SetState* state, Workspace* workspace, Py_ssize_t k) noexcept nogil:
    return workspace.in_flight.plans + k if state.planned else NULL


cdef inline int hold_positions(const SetState* state, Workspace* workspace) noexcept nogil:
    """From which bar on a signal may take each slot. Returns the side that holds the only one where positions reverse, else 0."""
    cdef Py_ssize_t slot = -1
    cdef Py_ssize_t k
    cdef int64_t held
    cdef int side = NO_SIDE
    cdef const Trade* trade
    for k in range(<Py_ssize_t>state.max_positions):
        workspace.free_from[k] = -1
    for k in range(workspace.in_flight.count):
        trade = &workspace.in_flight.trades[k]
        held = INT64_MAX if trade.state <= OPEN else trade.exit_bar
        # The parts of a signal share its slot until the last of them has left.
        if k == 0 or not state.planned or workspace.in_flight.plans[k].order != workspace.in_flight.plans[k - 1].order:
            slot += 1
            if state.reverse:
                slot = 0
            if slot >= state.max_positions:
                slot = <Py_ssize_t>state.max_positions - 1
            workspace.free_from[slot] = held
        elif held > workspace.free_from[slot]:
            workspace.free_from[slot] = held
        side = trade.side
    return side if state.reverse else 0


cdef inline void enter_one(
    Trade* trade, Plan* plan, const OrderColumns* orders, Py_ssize_t k, int64_t max_hold, Py_ssize_t parts, int64_t first_order,
    const Market* market, const FillRules* rules
) noexcept nogil:
    """One entry of many: waits for memory less when the bars of later ones are on their way."""
    cdef Py_ssize_t later
    if k + AHEAD < orders.count:
        later = <Py_ssize_t>(orders.signal_bar[k + AHEAD] - market.base)
        barloom_prefetch(market.bid.open + later)
        barloom_prefetch(market.time + later)
        barloom_prefetch(market.bid.high + later)
        barloom_prefetch(market.bid.low + later)
    new_order(trade, plan, orders, k, max_hold, parts, first_order)
    step(trade, plan, market, rules)


cdef inline void enter_positions(SetState* state, Workspace* workspace, const Job* job) noexcept nogil:
    """Enter the signals for which there is a slot, one after the other: each may take the slot of one before."""
    cdef const OrderColumns* orders = job.orders
    cdef Py_ssize_t parts = <Py_ssize_t>state.money.parts
    cdef Py_ssize_t max_positions = <Py_ssize_t>state.max_positions
    cdef Py_ssize_t k, signal, slot, part, row
    cdef int64_t taken_from, left
    cdef int holder = hold_positions(state, workspace)
    cdef bint from_next = not (job.rules.entry == AT_CLOSE and not job.rules.reenter)
    cdef int64_t* free_from = workspace.free_from
    cdef Trade* trade
    for signal in range(orders.count // parts):
        k = signal * parts
        taken_from = orders.signal_bar[k] + (1 if from_next else 0)
        slot = 0
        while slot < max_positions and free_from[slot] >= taken_from:
            slot += 1
        if slot == max_positions:
            if holder == 0 or holder != -orders.side[k]:
                state.rejected[<int>POSITION] += 1
                continue
            slot = 0
        left = -1
        for part in range(parts):
            row = workspace.in_flight.count
            trade = &workspace.in_flight.trades[row]
            new_order(trade, plan_of(state, workspace, row), orders, k + part, state.max_hold, parts, state.signals)
            step(trade, plan_of(state, workspace, row), job.market, job.rules)
            if trade.state == WORKING or trade.state == OPEN:
                left = INT64_MAX
            elif trade.exit_bar > left:
                left = trade.exit_bar
            workspace.in_flight.count += 1
        free_from[slot] = left
        if holder != 0:
            holder = orders.side[k]


cdef inline void update_accounts(SetState* state, Workspace* workspace, const Job* job, bint keep) noexcept nogil:
    """Pass what is in flight through the accounts."""
    cdef const Market* market = job.market
    cdef Py_ssize_t k
    cdef int64_t days
    cdef bint fills_in_order = True
    cdef bint exits_in_order = True
    cdef Events events = Events(workspace.fills, 0, workspace.exits, 0)
    cdef const Trade* trade
    if state.status != 0:
        return
    for k in range(workspace.in_flight.count):
        trade = &workspace.in_flight.trades[k]
        if trade.state != OPEN and trade.state != CLOSED:
            continue
        if trade.entry_bar >= market.base:
            events.fills[events.filled] = (trade.entry_bar - market.base) << ROW_BITS | k
            if events.filled > 0 and events.fills[events.filled] < events.fills[events.filled - 1]:
                fills_in_order = False
            events.filled += 1
        if trade.state == CLOSED:
            events.exits[events.left] = (trade.exit_bar - market.base) << ROW_BITS | k
            if events.left > 0 and events.exits[events.left] < events.exits[events.left - 1]:
                exits_in_order = False
            events.left += 1
    if not fills_in_order:
        qsort(events.fills, <size_t>events.filled, sizeof(int64_t), by_time)
    if not exits_in_order:
        qsort(events.exits, <size_t>events.left, sizeof(int64_t), by_time)
    if keep:
        days = (market.time[market.count - 1] - market.time[0]) // (<int64_t>86_400 * 1_000_000_000)
        if days > market.count:
            days = market.count
        if not grow(<void**>&state.points, &state.points_room, <Py_ssize_t>days + events.left + SPARE_POINTS, sizeof(Point)):
            state.status = NO_MEMORY
            return
    state.written = mark_to_market(
        state.accounts, &state.days, &state.money, workspace.in_flight.trades, workspace.in_flight.count,
        workspace.in_flight.plans if state.planned else NULL, &events, job.nights, market, state.points if keep else NULL, &state.start,
    )


cdef inline bint count_up(SetState* state, const Trade* closed, bint keep) noexcept nogil:
    """Count up a trade that closed before everything still in flight; whether there is memory to keep it."""
    count_trade(&state.tally, closed)
    if keep:
        if not reserve(&state.done, state.done.count + 1, False):
            return False
        state.done.trades[state.done.count] = closed[0]
        state.done.count += 1
    return True


cdef inline bint wait(SetState* state, const Trade* closed) noexcept nogil:
    """Let a closed trade wait for those entered before it; whether there is memory for it."""
    if not reserve(&state.waiting, state.waiting.count + 1, False):
        return False
    state.waiting.trades[state.waiting.count] = closed[0]
    state.waiting.count += 1
    return True


cdef inline bint keep_active(SetState* state, Workspace* workspace, bint last, int64_t* limit, bint* in_order) noexcept nogil:
    """Keep what goes on, and count what was refused.

    ``limit`` becomes the number of the first trade still in flight, ``in_order`` whether what closed lies in the order of its numbers.
    """
    cdef int64_t before = -1
    cdef Py_ssize_t k
    cdef const Trade* trade
    state.active.count = 0
    in_order[0] = True
    for k in range(workspace.in_flight.count):
        trade = &workspace.in_flight.trades[k]
        if trade.state <= OPEN:
            # The parts of a signal are refused together: the first one counts.
            if last:
                state.rejected[<int>NO_FILL] += trade.state == WORKING and trade.part == 0
            elif 0 <= trade.trade_id < limit[0]:
                limit[0] = trade.trade_id
            if not reserve(&state.active, state.active.count + 1, state.planned):
                return False
            state.active.trades[state.active.count] = trade[0]
            if state.planned:
                state.active.plans[state.active.count] = workspace.in_flight.plans[k]
            state.active.count += 1
        elif trade.refusal > 0:
            state.rejected[trade.refusal] += trade.part == 0
        else:
            if trade.trade_id < before:
                in_order[0] = False
            before = trade.trade_id
    return True


cdef inline bint count_waiting(SetState* state, int64_t limit, bint keep) noexcept nogil:
    """Count up what waits no longer."""
    cdef Trade* waiting = state.waiting.trades
    cdef Py_ssize_t count = state.waiting.count
    cdef Py_ssize_t done = 0
    cdef Py_ssize_t k
    if count == 0 or limit == state.waiting_from:
        return True
    state.waiting_from = limit
    for k in range(1, count):
        if waiting[k].trade_id < waiting[k - 1].trade_id:
            qsort(waiting, <size_t>count, sizeof(Trade), by_number)
            break
    while done < count and waiting[done].trade_id < limit:
        if not count_up(state, &waiting[done], keep):
            return False
        done += 1
    state.waiting.count = count - done
    if 0 < done < count:
        memmove(waiting, waiting + done, <size_t>(count - done) * sizeof(Trade))
    return True


cdef inline void emit_closed(SetState* state, Workspace* workspace, bint last, bint keep) noexcept nogil:
    """Keep what goes on, and count up what closed before everything still in flight, in the order of its numbers.

    An order that waited fills later than one that came after it, so numbers may not follow the order of the signals. Most often they do,
    and nothing waits: then a trade is counted where it lies.
    """
    cdef Py_ssize_t k
    cdef int64_t limit = state.accounts[0].next_id
    cdef bint in_order
    cdef bint kept
    cdef const Trade* trade
    if state.status != 0:
        return
    state.status = NO_MEMORY
    state.done.count = 0
    if not keep_active(state, workspace, last, &limit, &in_order):
        return
    in_order = in_order and state.waiting.count == 0
    for k in range(workspace.in_flight.count):
        trade = &workspace.in_flight.trades[k]
        if trade.state == CLOSED and trade.refusal == 0:
            if in_order and trade.trade_id < limit:
                kept = count_up(state, trade, keep)
            else:
                kept = wait(state, trade)
            if not kept:
                return
    if count_waiting(state, limit, keep):
        state.status = 0
