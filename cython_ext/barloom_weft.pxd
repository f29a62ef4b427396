# One parameter set on its way through the chunks: what it has in hand, its accounts and totals, and the steps of a chunk.

from libc.stdint cimport INT64_MAX, int64_t
from libc.stdlib cimport free, qsort, realloc
from libc.string cimport memcpy, memmove, memset

from barloom_asked cimport Columns, ask, set_default_plan
from barloom_follow cimport step
from barloom_ledger cimport CASES, ROW_BITS, ROW_MASK, Events, Point, Start, settle
from barloom_market cimport AT_CLOSE, Market, Terms
from barloom_money cimport Account, Money
from barloom_tally cimport Days, Tally, count_trade
from barloom_trade cimport CLOSED, NO_FILL, OPEN, POSITION, WORKING, Plan, Trade

cdef enum:
    NO_SIDE = 2
    SPARE_POINTS = 3
    REASONS = 16             # room to count refusals by reason
    NO_MEMORY = 1            # of Weft.status
    TOO_MANY_TRADES = 2

# Trades, and where they have them the plans beside them, in memory that grows.
cdef struct Rows:
    Trade* trades
    Plan* plans
    Py_ssize_t count
    Py_ssize_t room
    Py_ssize_t plans_room

# One parameter set, carried from chunk to chunk.
cdef struct Weft:
    Account accounts[CASES]
    Tally tally
    Days days
    Money money
    Start start
    int64_t max_hold         # of entries without their own, 0 for none
    int64_t places           # trades that may be open together, 0 for any number
    int64_t reverse          # whether a signal of the other side always gets the only place
    bint planned             # plans stand beside the trades: from the first chunk on where one asks for more than a stop and a target
    int64_t orders           # signals that were taken up
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
cdef struct Desk:
    Rows hand                # what was active before the chunk, then what it entered
    int64_t* fills
    int64_t* exits
    int64_t* free_from
    Py_ssize_t fills_room
    Py_ssize_t exits_room
    Py_ssize_t places_room

cdef struct Job:
    const Columns* asked     # NULL for a set that sits out
    const Market* market
    const Terms* terms
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


cdef inline bint take_up(Weft* weft, Desk* desk, const Job* job) noexcept nogil:
    """Lay the active trades on the desk, with room for those to come; whether there is memory for them."""
    cdef const Columns* asked = job.asked
    cdef Py_ssize_t count = weft.active.count
    cdef Py_ssize_t most = count + asked.count
    cdef Py_ssize_t k
    if most >= ROW_MASK:
        weft.status = TOO_MANY_TRADES
        return False
    weft.status = NO_MEMORY
    if not weft.planned and (asked.plans != NULL or job.market.own_ask or weft.money.parts > 1):
        if not reserve(&weft.active, count, True):
            return False
        weft.planned = True
        for k in range(count):
            set_default_plan(&weft.active.plans[k])
            weft.active.plans[k].slippage = weft.money.slippage
    if not reserve(&desk.hand, most, weft.planned):
        return False
    if not grow(<void**>&desk.fills, &desk.fills_room, most, sizeof(int64_t)):
        return False
    if not grow(<void**>&desk.exits, &desk.exits_room, most, sizeof(int64_t)):
        return False
    if not grow(<void**>&desk.free_from, &desk.places_room, <Py_ssize_t>weft.places, sizeof(int64_t)):
        return False
    if count > 0:
        memcpy(desk.hand.trades, weft.active.trades, <size_t>count * sizeof(Trade))
        if weft.planned:
            memcpy(desk.hand.plans, weft.active.plans, <size_t>count * sizeof(Plan))
    desk.hand.count = count
    weft.status = 0
    return True


cdef inline Plan* plan_of(const Weft* weft, Desk* desk, Py_ssize_t k) noexcept nogil:
    return desk.hand.plans + k if weft.planned else NULL


cdef inline int hold_places(const Weft* weft, Desk* desk) noexcept nogil:
    """From which bar on a signal may take each place. Returns the side that holds the only one where positions reverse, else 0."""
    cdef Py_ssize_t place = -1
    cdef Py_ssize_t k
    cdef int64_t held
    cdef int side = NO_SIDE
    cdef const Trade* trade
    for k in range(<Py_ssize_t>weft.places):
        desk.free_from[k] = -1
    for k in range(desk.hand.count):
        trade = &desk.hand.trades[k]
        held = INT64_MAX if trade.state <= OPEN else trade.exit_bar
        # The parts of a signal share its place until the last of them has left.
        if k == 0 or not weft.planned or desk.hand.plans[k].order != desk.hand.plans[k - 1].order:
            place += 1
            if weft.reverse:
                place = 0
            if place >= weft.places:
                place = <Py_ssize_t>weft.places - 1
            desk.free_from[place] = held
        elif held > desk.free_from[place]:
            desk.free_from[place] = held
        side = trade.side
    return side if weft.reverse else 0


cdef inline void enter_places(Weft* weft, Desk* desk, const Job* job) noexcept nogil:
    """Enter the signals for which there is a place, one after the other: each may take the place of one before."""
    cdef const Columns* asked = job.asked
    cdef Py_ssize_t parts = <Py_ssize_t>weft.money.parts
    cdef Py_ssize_t places = <Py_ssize_t>weft.places
    cdef Py_ssize_t k, signal, place, part, row
    cdef int64_t taken_from, left
    cdef int holder = hold_places(weft, desk)
    cdef bint from_next = not (job.terms.entry == AT_CLOSE and not job.terms.reenter)
    cdef int64_t* free_from = desk.free_from
    cdef Trade* trade
    for signal in range(asked.count // parts):
        k = signal * parts
        taken_from = asked.signal_bar[k] + (1 if from_next else 0)
        place = 0
        while place < places and free_from[place] >= taken_from:
            place += 1
        if place == places:
            if holder == 0 or holder != -asked.side[k]:
                weft.rejected[<int>POSITION] += 1
                continue
            place = 0
        left = -1
        for part in range(parts):
            row = desk.hand.count
            trade = &desk.hand.trades[row]
            ask(trade, plan_of(weft, desk, row), asked, k + part, weft.max_hold, parts, weft.orders)
            step(trade, plan_of(weft, desk, row), job.market, job.terms)
            if trade.state == WORKING or trade.state == OPEN:
                left = INT64_MAX
            elif trade.exit_bar > left:
                left = trade.exit_bar
            desk.hand.count += 1
        free_from[place] = left
        if holder != 0:
            holder = asked.side[k]


cdef inline void book(Weft* weft, Desk* desk, const Job* job, bint keep) noexcept nogil:
    """Pass what is on the desk through the accounts."""
    cdef const Market* market = job.market
    cdef Py_ssize_t k
    cdef int64_t days
    cdef bint fills_in_order = True
    cdef bint exits_in_order = True
    cdef Events events = Events(desk.fills, 0, desk.exits, 0)
    cdef const Trade* trade
    if weft.status != 0:
        return
    for k in range(desk.hand.count):
        trade = &desk.hand.trades[k]
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
        if not grow(<void**>&weft.points, &weft.points_room, <Py_ssize_t>days + events.left + SPARE_POINTS, sizeof(Point)):
            weft.status = NO_MEMORY
            return
    weft.written = settle(
        weft.accounts, &weft.days, &weft.money, desk.hand.trades, desk.hand.count,
        desk.hand.plans if weft.planned else NULL, &events, job.nights, market, weft.points if keep else NULL, &weft.start,
    )


cdef inline bint count_up(Weft* weft, const Trade* closed, bint keep) noexcept nogil:
    """Count up a trade that closed before everything still in hand; whether there is memory to keep it."""
    count_trade(&weft.tally, closed)
    if keep:
        if not reserve(&weft.done, weft.done.count + 1, False):
            return False
        weft.done.trades[weft.done.count] = closed[0]
        weft.done.count += 1
    return True


cdef inline bint wait(Weft* weft, const Trade* closed) noexcept nogil:
    """Let a closed trade wait for those entered before it; whether there is memory for it."""
    if not reserve(&weft.waiting, weft.waiting.count + 1, False):
        return False
    weft.waiting.trades[weft.waiting.count] = closed[0]
    weft.waiting.count += 1
    return True


cdef inline bint keep_active(Weft* weft, Desk* desk, bint last, int64_t* limit, bint* in_order) noexcept nogil:
    """Keep what goes on, and count what was refused.

    ``limit`` becomes the number of the first trade still in hand, ``in_order`` whether what closed lies in the order of its numbers.
    """
    cdef int64_t before = -1
    cdef Py_ssize_t k
    cdef const Trade* trade
    weft.active.count = 0
    in_order[0] = True
    for k in range(desk.hand.count):
        trade = &desk.hand.trades[k]
        if trade.state <= OPEN:
            # The parts of a signal are refused together: the first one counts.
            if last:
                weft.rejected[<int>NO_FILL] += trade.state == WORKING and trade.part == 0
            elif 0 <= trade.trade_id < limit[0]:
                limit[0] = trade.trade_id
            if not reserve(&weft.active, weft.active.count + 1, weft.planned):
                return False
            weft.active.trades[weft.active.count] = trade[0]
            if weft.planned:
                weft.active.plans[weft.active.count] = desk.hand.plans[k]
            weft.active.count += 1
        elif trade.refusal > 0:
            weft.rejected[trade.refusal] += trade.part == 0
        else:
            if trade.trade_id < before:
                in_order[0] = False
            before = trade.trade_id
    return True


cdef inline bint count_waiting(Weft* weft, int64_t limit, bint keep) noexcept nogil:
    """Count up what waits no longer."""
    cdef Trade* waiting = weft.waiting.trades
    cdef Py_ssize_t count = weft.waiting.count
    cdef Py_ssize_t done = 0
    cdef Py_ssize_t k
    if count == 0 or limit == weft.waiting_from:
        return True
    weft.waiting_from = limit
    for k in range(1, count):
        if waiting[k].trade_id < waiting[k - 1].trade_id:
            qsort(waiting, <size_t>count, sizeof(Trade), by_number)
            break
    while done < count and waiting[done].trade_id < limit:
        if not count_up(weft, &waiting[done], keep):
            return False
        done += 1
    weft.waiting.count = count - done
    if 0 < done < count:
        memmove(waiting, waiting + done, <size_t>(count - done) * sizeof(Trade))
    return True


cdef inline void hand_out(Weft* weft, Desk* desk, bint last, bint keep) noexcept nogil:
    """Keep what goes on, and count up what closed before everything still in hand, in the order of its numbers.

    An order that waited fills later than one that came after it, so numbers may not follow the order of the signals. Most often they do,
    and nothing waits: then a trade is counted where it lies.
    """
    cdef Py_ssize_t k
    cdef int64_t limit = weft.accounts[0].next_id
    cdef bint in_order
    cdef bint kept
    cdef const Trade* trade
    if weft.status != 0:
        return
    weft.status = NO_MEMORY
    weft.done.count = 0
    if not keep_active(weft, desk, last, &limit, &in_order):
        return
    in_order = in_order and weft.waiting.count == 0
    for k in range(desk.hand.count):
        trade = &desk.hand.trades[k]
        if trade.state == CLOSED and trade.refusal == 0:
            if in_order and trade.trade_id < limit:
                kept = count_up(weft, trade, keep)
            else:
                kept = wait(weft, trade)
            if not kept:
                return
    if count_waiting(weft, limit, keep):
        weft.status = 0
