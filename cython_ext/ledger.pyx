"""The ledger: one sequential pass in time order that sizes trades, charges costs, and marks equity to every close.

Resolved exits come in; nothing here changes which trades happen or where they leave.
"""

from libc.math cimport fabs, isnan
from libc.stdint cimport int64_t, uint64_t

from barloom_trade cimport NO_EQUITY, TARGET, Trade
from barloom_types cimport bits, larger, mix

cdef enum:
    DAY = 86_400_000_000_000  # nanoseconds

# Field for field ACCOUNT of execution/account.py.
cdef struct Account:
    double balance           # money of closed trades
    double units             # signed units of open trades
    double basis             # what open trades add to balance + units * close
    double peak              # highest equity at a close
    double max_drawdown
    double max_drawdown_pct
    double last_equity
    int64_t open_trades
    int64_t next_id
    int64_t peak_time
    int64_t longest_drawdown # nanoseconds from a peak until equity is back there
    int64_t under_water      # whether equity is below its peak
    int64_t exposed_bars
    int64_t day_end          # first instant of the next UTC day
    int64_t last_time
    int64_t last_bar

cdef struct Point:
    int64_t time
    int64_t bar
    int64_t trade_id         # -1 for the point of a day
    double balance
    double equity
    double drawdown

cdef struct Money:
    double spread
    double slippage
    double commission
    double units             # fixed units a trade, 0 for percent risk
    double risk_pct

# Field for field TALLY of execution/account.py.
cdef struct Tally:
    int64_t trades
    int64_t wins
    int64_t losses
    int64_t ambiguous
    int64_t with_risk
    int64_t bars_held
    int64_t longest_hold
    int64_t win_streak
    int64_t loss_streak
    int64_t longest_win_streak
    int64_t longest_loss_streak
    uint64_t checksum
    double gross_profit
    double gross_loss
    double net_pnl
    double r_sum
    double best
    double worst


cdef void charge(Trade* trade, const Money* money) noexcept nogil:
    """Fill in the money of a closed trade: gross before every cost, each cost, and what is left."""
    cdef double size = trade.size
    cdef double risk = fabs(trade.entry_price - trade.initial_stop)
    cdef int slipped = 1 if trade.exit_reason == TARGET else 2
    cdef double moved = size * (trade.side * (trade.exit_price - trade.entry_price))
    trade.spread_cost = money.spread * size
    trade.slippage_cost = money.slippage * size * slipped
    trade.commission = money.commission * size
    trade.swap = 0.0
    trade.gross_pnl = moved + trade.spread_cost + trade.slippage_cost
    trade.net_pnl = trade.gross_pnl - trade.spread_cost - trade.slippage_cost - trade.commission - trade.swap
    trade.r = trade.net_pnl / (risk * size)


cdef inline void carry(Account* account, const Trade* trade, const Money* money, double direction) noexcept nogil:
    """Add a trade to the open ones (direction +1) or take it out (-1). A short is marked on the ask."""
    cdef double marked_from = trade.entry_price if trade.side > 0 else trade.entry_price - money.spread
    account.units += direction * (trade.side * trade.size)
    account.basis -= direction * (trade.side * trade.size * marked_from)
    account.open_trades += <int64_t>direction
    if account.open_trades == 0:
        account.units = 0.0
        account.basis = 0.0


cdef void open_trade(Account* account, Trade* trade, const Money* money) noexcept nogil:
    """Size a trade at its fill from the balance of trades closed before its entry bar, and give it its number.

    What money refuses keeps its place until it would have left, so that which signals become trades never depends on money.
    """
    cdef double risk = fabs(trade.entry_price - trade.initial_stop)
    if isnan(trade.size):
        if money.units > 0.0:
            trade.size = money.units
        else:
            trade.size = account.balance * money.risk_pct / 100.0 / risk
            if not trade.size > 0.0:
                trade.refusal = NO_EQUITY
                return
    trade.trade_id = account.next_id
    account.next_id += 1
    carry(account, trade, money, 1.0)


cdef inline void mark(Account* account, double equity, int64_t time) noexcept nogil:
    """Take one close into the peak and the drawdown."""
    cdef double drawdown
    if equity >= account.peak:
        if account.under_water:
            if time - account.peak_time > account.longest_drawdown:
                account.longest_drawdown = time - account.peak_time
            account.under_water = False
        account.peak = equity
        account.peak_time = time
    else:
        account.under_water = True
        drawdown = account.peak - equity
        if drawdown > account.max_drawdown:
            account.max_drawdown = drawdown
        if drawdown > account.max_drawdown_pct * account.peak:
            account.max_drawdown_pct = drawdown / account.peak


cdef inline void point(Point* out, const Account* account, int64_t time, int64_t bar, int64_t trade_id) noexcept nogil:
    out.time = time
    out.bar = bar
    out.trade_id = trade_id
    out.balance = account.balance
    out.equity = account.last_equity
    out.drawdown = larger(0.0, account.peak - account.last_equity)


def settle(
    Account[::1] accounts not None,
    Trade[::1] trades not None,
    const int64_t[::1] fills not None,
    const int64_t[::1] exits not None,
    const int64_t[::1] time not None,
    const double[::1] close not None,
    int64_t base,
    double spread,
    double slippage,
    double commission,
    double units,
    double risk_pct,
    Point[::1] points not None,
):
    """Pass one chunk through the account.

    ``fills`` and ``exits`` are indices into ``trades`` of what filled and what closed in this chunk, by entry and by exit bar, ties in
    the order of the entries. ``points`` has room for a point an exit and a point a day. Returns how many points were written.
    """
    cdef Py_ssize_t n = time.shape[0]
    cdef Py_ssize_t fill_count = fills.shape[0]
    cdef Py_ssize_t exit_count = exits.shape[0]
    cdef Py_ssize_t j = 0
    cdef Py_ssize_t k, next_event
    cdef Py_ssize_t f = 0
    cdef Py_ssize_t x = 0
    cdef Py_ssize_t written = 0
    cdef Py_ssize_t first_point
    cdef Py_ssize_t room = points.shape[0]
    cdef Account account
    cdef Trade* trade
    cdef Money money = Money(spread, slippage, commission, units, risk_pct)
    if close.shape[0] != n or n == 0 or accounts.shape[0] != 1:
        raise ValueError("one account, and a time for every close")
    for k in range(fill_count):
        if not 0 <= fills[k] < trades.shape[0] or not 0 <= trades[fills[k]].entry_bar - base < n:
            raise ValueError("fills lie on the bars of the chunk")
    for k in range(exit_count):
        if not 0 <= exits[k] < trades.shape[0] or not 0 <= trades[exits[k]].exit_bar - base < n:
            raise ValueError("exits lie on the bars of the chunk")
    account = accounts[0]
    with nogil:
        while j < n and written < room:
            if time[j] >= account.day_end:
                if account.last_bar >= 0:
                    point(&points[written], &account, account.last_time, account.last_bar, -1)
                    written += 1
                account.day_end = (time[j] // DAY + (1 if time[j] >= 0 or time[j] % DAY == 0 else 0)) * DAY
            while f < fill_count and trades[fills[f]].entry_bar == base + j:
                open_trade(&account, &trades[fills[f]], &money)
                f += 1
            account.exposed_bars += account.open_trades > 0
            first_point = written
            while x < exit_count and trades[exits[x]].exit_bar == base + j and written < room:
                trade = &trades[exits[x]]
                x += 1
                if trade.refusal != 0:
                    continue
                charge(trade, &money)
                carry(&account, trade, &money, -1.0)
                account.balance += trade.net_pnl
                point(&points[written], &account, time[j], base + j, trade.trade_id)
                written += 1
            account.last_equity = account.balance + (account.units * close[j] + account.basis)
            mark(&account, account.last_equity, time[j])
            for k in range(first_point, written):
                points[k].equity = account.last_equity
                points[k].drawdown = larger(0.0, account.peak - account.last_equity)
            j += 1
            # Nothing happens before the next fill or exit: mark the closes between, or pass over them if nothing is open.
            next_event = n
            if f < fill_count and trades[fills[f]].entry_bar - base < next_event:
                next_event = <Py_ssize_t>(trades[fills[f]].entry_bar - base)
            if x < exit_count and trades[exits[x]].exit_bar - base < next_event:
                next_event = <Py_ssize_t>(trades[exits[x]].exit_bar - base)
            if account.open_trades > 0:
                while j < next_event and time[j] < account.day_end:
                    account.last_equity = account.balance + (account.units * close[j] + account.basis)
                    mark(&account, account.last_equity, time[j])
                    account.exposed_bars += 1
                    j += 1
            else:
                while j < next_event and time[j] < account.day_end:
                    j += 1
                mark(&account, account.last_equity, time[j - 1])
            account.last_time = time[j - 1]
            account.last_bar = base + j - 1
    accounts[0] = account
    if j < n:
        raise ValueError("points has too little room")
    return written


def close_day(const Account[::1] accounts not None, Point[::1] points not None):
    """Write the point of the last day, after the last bar."""
    if accounts.shape[0] != 1 or points.shape[0] < 1:
        raise ValueError("one account and room for one point")
    point(&points[0], &accounts[0], accounts[0].last_time, accounts[0].last_bar, -1)


def tally(Tally[::1] tallies not None, const Trade[::1] trades not None):
    """Add closed trades, in the order of their numbers, to the running totals."""
    cdef Py_ssize_t k
    cdef const Trade* trade
    cdef int64_t held
    cdef Tally* sums
    if tallies.shape[0] != 1:
        raise ValueError("one tally")
    sums = &tallies[0]
    with nogil:
        for k in range(trades.shape[0]):
            trade = &trades[k]
            sums.trades += 1
            sums.ambiguous += trade.ambiguous
            sums.net_pnl += trade.net_pnl
            if trade.net_pnl > 0.0:
                sums.wins += 1
                sums.gross_profit += trade.net_pnl
                sums.win_streak += 1
                sums.loss_streak = 0
            elif trade.net_pnl < 0.0:
                sums.losses += 1
                sums.gross_loss -= trade.net_pnl
                sums.loss_streak += 1
                sums.win_streak = 0
            else:
                sums.win_streak = 0
                sums.loss_streak = 0
            if sums.win_streak > sums.longest_win_streak:
                sums.longest_win_streak = sums.win_streak
            if sums.loss_streak > sums.longest_loss_streak:
                sums.longest_loss_streak = sums.loss_streak
            if not isnan(trade.r):
                sums.with_risk += 1
                sums.r_sum += trade.r
            held = trade.exit_bar - trade.entry_bar + 1
            sums.bars_held += held
            if held > sums.longest_hold:
                sums.longest_hold = held
            if sums.trades == 1 or trade.net_pnl > sums.best:
                sums.best = trade.net_pnl
            if sums.trades == 1 or trade.net_pnl < sums.worst:
                sums.worst = trade.net_pnl
            sums.checksum = mix(sums.checksum, <uint64_t>trade.entry_bar)
            sums.checksum = mix(sums.checksum, <uint64_t>trade.exit_bar)
            sums.checksum = mix(sums.checksum, bits(trade.exit_price))
