# The accounts of one parameter set: one sequential pass in time order that sizes trades, charges costs, and marks equity to every close.
#
# Resolved exits come in; nothing here changes which trades happen or where they leave. Three accounts are kept: the chosen one, and
# one in which every ambiguous trade took its better and one in which it took its worse outcome. Both leave on the same bar, so the
# accounts differ in money alone. Until the first such trade they are one and the same, and only one is kept.

from libc.math cimport fabs, isnan
from libc.stdint cimport int64_t

from .market cimport Market, first_from
from .money cimport Account, Charges, Money, SizeResult, TradeCost, carry, charge, is_undecided, other_outcome, part_of, size_order
from .numeric cimport BLOCK, GROUP_BARS, larger, smaller
from .tally cimport Days, end_day
from .trade cimport CLOSED, EMPTY_PART, OPEN, Plan, Trade

cdef enum:
    CASES = 3                # the chosen account, the best case, the worst case
    PIECE = 32               # closes whose extremes are looked at together
    ROW_BITS = 31            # of an event: the bar in the chunk above them, the row of the trade in them
    ROW_MASK = 0x7FFFFFFF
    DAY_SECONDS = 86_400

# What happens on a chunk: the bar in the chunk and the row of the trade as one number, so that sorted events lie in the order of time,
# and those of one bar in the order of the trades.
cdef struct Events:
    int64_t* fills
    Py_ssize_t filled
    int64_t* exits
    Py_ssize_t left

cdef struct Point:
    int64_t time
    int64_t bar
    int64_t trade_id         # -1 for the point of a day
    double balance
    double equity
    double drawdown

cdef struct Bars:
    const int64_t* time
    const double* close
    const double* ask_close  # NULL where the spread is constant
    const double* block_high  # extremes of 64 and of 4096 bars
    const double* block_low
    const double* group_high
    const double* group_low

# Where an account begins, if not at the first bar: bars before it are passed for their indicators alone.
cdef struct Start:
    int64_t since            # the midnight before its first bar; no trade is open then
    bint continued           # the second account goes on from what an earlier one came to, with the drawdown it was in

cdef inline void admit(
    Account* accounts, Trade* trade, SizeResult* sized, const Plan* plan, bint first, const Money* money, bint ask_column
) noexcept nogil:
    """Give a trade its size in every account and its number in the chosen one; ``first`` if it is the first part of its signal.

    What money refuses counts as open until it would have left, so that which signals become trades never depends on money.
    """
    cdef double size
    cdef int64_t c
    cdef Account* chosen = accounts
    if first:
        for c in range(chosen.cases):
            size_order(&sized[c], &accounts[c], trade, money)
            accounts[c].accepted += sized[c].refusal == 0
    for c in range(1, chosen.cases):
        size = part_of(&sized[c], trade, plan, money)
        if c == 1:
            trade.size_best = size
        else:
            trade.size_worst = size
        if size > 0.0:
            carry(&accounts[c], trade, size, 1.0, money, ask_column)
    size = part_of(&sized[0], trade, plan, money)
    if size > 0.0:
        trade.size = size
        trade.trade_id = chosen.next_id
        chosen.next_id += 1
        carry(chosen, trade, size, 1.0, money, ask_column)
    else:
        trade.refusal = sized[0].refusal if sized[0].refusal != 0 else EMPTY_PART


cdef inline void tell_apart(Account* accounts, Trade* trades, Py_ssize_t count) noexcept nogil:
    """From here on the best and the worst case have accounts of their own."""
    cdef Py_ssize_t k
    accounts[0].cases = CASES
    accounts[1] = accounts[2] = accounts[0]
    for k in range(count):
        trades[k].size_best = trades[k].size if trades[k].trade_id >= 0 else 0.0
        trades[k].size_worst = trades[k].size_best


cdef inline void close_in(
    Account* account, const Trade* trade, double size, double net, const Money* money, bint ask_column
) noexcept nogil:
    """Close a trade in one account."""
    carry(account, trade, size, -1.0, money, ask_column)
    account.balance += net
    account.trades += 1
    account.wins += net > 0.0


cdef inline void close_trade(
    Account* accounts, Trade* trade, const Charges* charges, const Money* money, bint undecided, bint ask_column
) noexcept nogil:
    """Charge a trade that left and close it in every account that has it."""
    cdef TradeCost cost
    cdef double size, net, other
    cdef int64_t c
    if trade.refusal == 0:
        cost = charge(trade, trade.size, trade.exit_price, trade.exit_reason, charges, money)
        trade.spread_cost = cost.spread
        trade.slippage_cost = cost.slippage
        trade.commission = cost.commission
        trade.swap = cost.swap
        trade.gross_pnl = cost.gross
        trade.net_pnl = cost.net
        trade.r = cost.net / (fabs(trade.entry_price - trade.initial_stop) * trade.size * money.value)
        close_in(accounts, trade, trade.size, cost.net, money, ask_column)
    for c in range(1, accounts[0].cases):
        size = trade.size_best if c == 1 else trade.size_worst
        if size > 0.0:
            if trade.refusal == 0 and size == trade.size:
                net = trade.net_pnl
            else:
                net = charge(trade, size, trade.exit_price, trade.exit_reason, charges, money).net
            if undecided:
                other = other_outcome(trade, size, charges, money)
                net = larger(net, other) if c == 1 else smaller(net, other)
            close_in(&accounts[c], trade, size, net, money, ask_column)


cdef inline double worth(const Account* account, const Bars* bars, Py_ssize_t j) noexcept nogil:
    """Equity at a close."""
    cdef double open_trades = account.units * bars.close[j] + account.basis
    if bars.ask_close != NULL:
        open_trades = open_trades + account.shorts * (bars.ask_close[j] - bars.close[j])
    return account.balance + open_trades


cdef inline void deepen(Account* account, double equity) noexcept nogil:
    """Take equity below the peak into the drawdown. As the peak never falls, only the deepest fall can be the largest share of it."""
    cdef double drawdown = account.peak - equity
    account.under_water = True
    if drawdown > account.max_drawdown:
        account.max_drawdown = drawdown
        account.max_drawdown_pct = larger(account.max_drawdown_pct, drawdown / account.peak)


cdef inline void mark(Account* account, double equity, const int64_t* when) noexcept nogil:
    """Take one close into the peak and the drawdown. Its time is read only if equity is at its peak."""
    cdef int64_t time
    if equity < account.peak:
        deepen(account, equity)
        return
    time = when[0]
    if account.under_water:
        if time - account.peak_time > account.longest_drawdown:
            account.longest_drawdown = time - account.peak_time
        account.under_water = False
    account.peak = equity
    account.peak_time = time


cdef inline void mark_piece(
    Account* account, const Bars* bars, Py_ssize_t start, Py_ssize_t end, double lowest, double highest
) noexcept nogil:
    """Mark some closes, one by one only if equity may have come back to its peak.

    Rounding keeps order, so equity at the lowest and at the highest close is the least and the most there is, to the bit.
    """
    cdef Py_ssize_t j
    cdef double at_lowest = account.balance + (account.units * lowest + account.basis)
    cdef double at_highest = account.balance + (account.units * highest + account.basis)
    cdef double most = larger(at_lowest, at_highest)
    cdef double least = smaller(at_lowest, at_highest)
    if most < account.peak and account.shorts == 0.0:
        deepen(account, least)
    else:
        for j in range(start, end):
            mark(account, worth(account, bars, j), bars.time + j)


cdef inline bint pass_quietly(Account* accounts, double lowest, double highest) noexcept nogil:
    """Pass bars between two prices if equity can neither come back to its peak there nor fall deeper than it ever did."""
    cdef int64_t c
    cdef double at_lowest, at_highest
    cdef Account* account
    for c in range(accounts[0].cases):
        account = &accounts[c]
        if account.open_trades == 0:
            continue
        at_lowest = account.balance + (account.units * lowest + account.basis)
        at_highest = account.balance + (account.units * highest + account.basis)
        if (
            larger(at_lowest, at_highest) >= account.peak
            or account.peak - smaller(at_lowest, at_highest) > account.max_drawdown
            or account.shorts != 0.0
        ):
            return False
        account.under_water = True
    return True


cdef inline void mark_stretch(Account* accounts, const Bars* bars, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """Mark the closes of a stretch on which nothing fills or leaves. Where nothing is open, equity stays what it was."""
    cdef const double* close = bars.close
    cdef Py_ssize_t j, k, piece_end, block_end
    cdef int64_t c, open_trades = 0
    cdef double low, low_2, high, high_2
    for c in range(accounts[0].cases):
        open_trades += accounts[c].open_trades
    if open_trades > 0:
        j = start
        block_end = end
        while j < end:
            if j == start or j % BLOCK == 0:
                if j % GROUP_BARS == 0 and end - j >= GROUP_BARS:
                    if pass_quietly(accounts, bars.group_low[j // GROUP_BARS], bars.group_high[j // GROUP_BARS]):
                        j += GROUP_BARS
                        continue
                block_end = j - j % BLOCK + BLOCK
                if block_end > end:
                    block_end = end
                if pass_quietly(accounts, bars.block_low[j // BLOCK], bars.block_high[j // BLOCK]):
                    j = block_end
                    continue
            piece_end = j + PIECE if block_end - j > PIECE else block_end
            low = low_2 = high = high_2 = close[j]
            # Two chains of comparisons, so that one works while the other waits.
            k = j + 1
            while k + 1 < piece_end:
                low = smaller(close[k], low)
                high = larger(close[k], high)
                low_2 = smaller(close[k + 1], low_2)
                high_2 = larger(close[k + 1], high_2)
                k += 2
            if k < piece_end:
                low = smaller(close[k], low)
                high = larger(close[k], high)
            low = smaller(low, low_2)
            high = larger(high, high_2)
            for c in range(accounts[0].cases):
                if accounts[c].open_trades > 0:
                    mark_piece(&accounts[c], bars, j, piece_end, low, high)
            j = piece_end
    for c in range(accounts[0].cases):
        if accounts[c].open_trades > 0:
            accounts[c].exposed_bars += end - start
            accounts[c].last_equity = worth(&accounts[c], bars, end - 1)
        else:
            mark(&accounts[c], accounts[c].last_equity, bars.time + end - 1)


cdef inline Py_ssize_t leap_to(const int64_t* time, Py_ssize_t start, Py_ssize_t n, int64_t moment, Py_ssize_t guess) noexcept nogil:
    """The first bar from ``start`` on that opens at or after a moment, n if there is none: by leaps from a guess, then by halves."""
    cdef Py_ssize_t leap = 1
    cdef Py_ssize_t end = n
    cdef Py_ssize_t middle = guess if guess < n else n
    if middle < n and time[middle] < moment:
        while middle < n and time[middle] < moment:
            start = middle + 1
            middle = middle + leap
            leap = leap * 2
        if middle < n:
            end = middle
    else:
        end = middle
        middle = middle - 1
        while middle >= start and time[middle] >= moment:
            end = middle
            middle = middle - leap
            leap = leap * 2
        if middle >= start:
            start = middle + 1
    return start + first_from(time + start, end - start, moment)


cdef inline void point(Point* out, const Account* account, int64_t time, int64_t bar, int64_t trade_id) noexcept nogil:
    out.time = time
    out.bar = bar
    out.trade_id = trade_id
    out.balance = account.balance
    out.equity = account.last_equity
    out.drawdown = larger(0.0, account.peak - account.last_equity)


cdef inline int64_t next_day(int64_t time) noexcept nogil:
    """The first instant of the UTC day after the one of a time, in nanoseconds."""
    cdef int64_t day = <int64_t>DAY_SECONDS * 1_000_000_000
    return (time // day + (1 if time >= 0 or time % day == 0 else 0)) * day


cdef inline Py_ssize_t mark_to_market(
    Account* accounts, Days* days, const Money* money, Trade* trades, Py_ssize_t count, const Plan* plans, const Events* events,
    const double* nights, const Market* market, Point* points, const Start* start
) noexcept nogil:
    """Pass one chunk through the accounts.

    ``plans`` stand beside the trades, or are NULL; bars with an ask column have them. ``nights`` has one item a bar, or is NULL where
    no swap is charged. ``points`` has room for a point an exit and two more than the chunk has days, or is NULL. Returns how many points
    were written.
    """
    cdef Py_ssize_t n = market.count
    cdef Py_ssize_t j = 0
    cdef Py_ssize_t f = 0
    cdef Py_ssize_t x = 0
    cdef Py_ssize_t written = 0
    cdef Py_ssize_t day_start = 0
    cdef Py_ssize_t k, day_stop, next_fill, next_exit, end, first_point
    cdef int64_t c
    cdef int64_t order = -1
    cdef bint undecided, first_part
    cdef bint ask_column = market.own_ask
    cdef const Plan* plan = NULL
    cdef Trade* trade
    # Copies, so that what is written to trades cannot change them in the eyes of the compiler.
    cdef Account own[CASES]
    cdef SizeResult sized[CASES]
    cdef Money rates = money[0]
    cdef Charges charges = Charges(rates.spread, rates.slippage, 1, 0.0)
    cdef Bars bars = Bars(
        market.time, market.bid.close, NULL, market.bid.block_high, market.bid.block_low, market.bid.group_high, market.bid.group_low
    )
    if ask_column:
        bars.ask_close = market.ask.close
    for c in range(CASES):
        own[c] = accounts[c]
        sized[c] = SizeResult(0, False, 0.0, 0.0)
    day_stop = leap_to(bars.time, 0, n, own[0].day_end, 0)
    while j < n:
        if j == day_stop:
            if j > 0:
                own[0].last_time = bars.time[j - 1]
                own[0].last_bar = market.base + j - 1
            if own[0].last_bar < 0 or own[0].last_time < start.since <= bars.time[j]:
                # A fill at the close of the first bar may fall below the balance there: the balance was a peak until then.
                for c in range(own[0].cases):
                    if c == 0 or not start.continued:
                        own[c].peak_time = bars.time[j]
            if own[0].last_bar >= 0:
                end_day(days, own[0].last_equity)
                if points != NULL:
                    point(&points[written], &own[0], own[0].last_time, own[0].last_bar, -1)
                    written += 1
            own[0].day_end = next_day(bars.time[j])
            # A day is most likely as long as the last one.
            day_stop = leap_to(bars.time, j + 1, n, own[0].day_end, j + (j - day_start if j > day_start else 1))
            day_start = j
        next_fill = <Py_ssize_t>(events.fills[f] >> ROW_BITS) if f < events.filled else n
        next_exit = <Py_ssize_t>(events.exits[x] >> ROW_BITS) if x < events.left else n
        if j < next_fill and j < next_exit:
            end = next_fill if next_fill < next_exit else next_exit
            if day_stop < end:
                end = day_stop
            mark_stretch(own, &bars, j, end)
            j = end
            continue
        while f < events.filled and events.fills[f] >> ROW_BITS == j:
            k = <Py_ssize_t>(events.fills[f] & ROW_MASK)
            trade = &trades[k]
            f += 1
            first_part = True
            if plans != NULL:
                plan = &plans[k]
                first_part = rates.parts <= 1 or trade.part == 0 or plan.order != order
                order = plan.order
            if nights != NULL:
                trade.nights_before = nights[j]
            admit(own, trade, sized, plan, first_part, &rates, ask_column)
        for c in range(own[0].cases):
            own[c].exposed_bars += own[c].open_trades > 0
        first_point = written
        while x < events.left and events.exits[x] >> ROW_BITS == j:
            k = <Py_ssize_t>(events.exits[x] & ROW_MASK)
            trade = &trades[k]
            x += 1
            undecided = rates.bounds != 0 and is_undecided(trade)
            if own[0].cases == 1:
                if trade.refusal != 0:
                    continue
                if undecided:
                    tell_apart(own, trades, count)
            if nights != NULL:
                charges.nights = nights[j] - trade.nights_before
            if plans != NULL:
                plan = &plans[k]
                charges.slippage = plan.slippage
                charges.slipped_in = 0 if rates.limit and not isnan(plan.price) else 1
                if ask_column:
                    charges.spread = plan.spread
            close_trade(own, trade, &charges, &rates, undecided, ask_column)
            if points != NULL and trade.refusal == 0:
                point(&points[written], &own[0], trade.exit_time, market.base + j, trade.trade_id)
                written += 1
        for c in range(own[0].cases):
            own[c].last_equity = worth(&own[c], &bars, j)
            mark(&own[c], own[c].last_equity, bars.time + j)
        for k in range(first_point, written):
            points[k].equity = own[0].last_equity
            points[k].drawdown = larger(0.0, own[0].peak - own[0].last_equity)
        j += 1
    own[0].last_time = bars.time[n - 1]
    own[0].last_bar = market.base + n - 1
    if market.last:
        end_day(days, own[0].last_equity)
        if points != NULL:
            point(&points[written], &own[0], own[0].last_time, own[0].last_bar, -1)
            written += 1
    for c in range(1, CASES):
        if own[0].cases == 1:
            own[c] = own[0]
        own[c].day_end = own[0].day_end
        own[c].last_time = own[0].last_time
        own[c].last_bar = own[0].last_bar
    for c in range(CASES):
        accounts[c] = own[c]
    return written
