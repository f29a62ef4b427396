# The running totals of one parameter set: of its trades in the order of their numbers, and of its equity at the ends of its days.

from libc.math cimport isnan
from libc.stdint cimport int64_t, uint64_t

from .money cimport is_undecided
from .numeric cimport bits, mix
from .trade cimport Trade

cdef enum:
    PERIODS = 64             # of daily returns that are told apart, a power of two


cdef struct Tally:
    int64_t trades
    int64_t wins
    int64_t losses
    int64_t ambiguous
    int64_t undecided        # ambiguous, and no finer bars showed what came first
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

# Daily returns: their moments about the mean, and sums over consecutive periods of equally many days.
cdef struct Days:
    int64_t count
    double before            # equity at the end of the day before; the balance at first
    double lowest            # equity at the end of a day, the balance among them
    double mean
    double second            # sums of powers of the distances from the mean
    double third
    double fourth
    double downside          # sum of the squares of the returns below 0
    int64_t size             # days in a period, a power of two
    double sums[PERIODS]
    double squares[PERIODS]


cdef inline void count_trade(Tally* sums, const Trade* trade) noexcept nogil:
    """Add a closed trade; trades come in the order of their numbers."""
    cdef int64_t held
    sums.trades += 1
    sums.ambiguous += trade.ambiguous
    sums.undecided += is_undecided(trade)
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


cdef inline void start_days(Days* days, double balance) noexcept nogil:
    days.before = days.lowest = balance
    days.size = 1


cdef inline void end_day(Days* days, double equity) noexcept nogil:
    """Add a day. One pass, in the order of the days (Pebay 2008, "Formulas for robust, one-pass parallel computation of covariances
    and arbitrary-order statistical moments", for one value at a time)."""
    cdef double change = equity / days.before - 1.0
    cdef double n = <double>(days.count + 1)
    cdef double delta = change - days.mean
    cdef double part = delta / n
    cdef double square = part * part
    cdef double term = delta * part * <double>days.count
    cdef Py_ssize_t k
    days.mean += part
    days.fourth += term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * days.second - 4.0 * part * days.third
    days.third += term * part * (n - 2.0) - 3.0 * part * days.second
    days.second += term
    if change < 0.0:
        days.downside += change * change
    if equity < days.lowest:
        days.lowest = equity
    days.before = equity
    if days.count == PERIODS * days.size:
        for k in range(PERIODS // 2):
            days.sums[k] = days.sums[2 * k] + days.sums[2 * k + 1]
            days.squares[k] = days.squares[2 * k] + days.squares[2 * k + 1]
        for k in range(PERIODS // 2, PERIODS):
            days.sums[k] = days.squares[k] = 0.0
        days.size = 2 * days.size
    k = <Py_ssize_t>(days.count // days.size)
    days.sums[k] += change
    days.squares[k] += change * change
    days.count += 1
