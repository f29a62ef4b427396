# The money of one trade: what it costs, how large it is, and what it adds to an account. Declarations and inline functions only.

from libc.math cimport fabs, floor, isnan
from libc.stdint cimport int64_t

from .numeric cimport larger
from .trade cimport BELOW_MINIMUM, DECIDED, INSUFFICIENT_MARGIN, NO_EQUITY, STOP, TARGET, Plan, Trade

# Money is in account currency.
cdef struct Account:
    double balance           # money of closed trades
    double units             # signed units of open trades, times the conversion
    double basis             # what open trades add to balance + units * close
    double shorts            # the part of the units that is short, where asks are marked by a column
    double notional          # of open trades at their entry prices, where leverage limits it
    double peak              # highest equity at a close
    double max_drawdown
    double max_drawdown_pct  # as a fraction of the peak
    double last_equity
    int64_t open_trades
    int64_t next_id
    int64_t accepted         # signals
    int64_t trades           # closed
    int64_t wins
    int64_t peak_time
    int64_t longest_drawdown  # nanoseconds from a peak until equity is back there
    int64_t under_water      # whether equity is below its peak
    int64_t exposed_bars
    int64_t day_end          # first instant of the next UTC day
    int64_t last_time
    int64_t last_bar
    int64_t cases            # accounts that are kept apart: 1 or CASES

# A limit of 0 is none.
cdef struct Money:
    double spread
    double slippage
    double commission        # money a unit
    double per_trade
    double of_notional       # share of the notional of each fill
    double swap_long         # money a unit and night
    double swap_short
    double units             # fixed units a trade
    double notional          # fixed notional a trade, where units are 0
    double risk_pct          # where both are 0
    double step              # this and the next two in units
    double lowest
    double highest
    double value             # account currency for one of the quote currency
    double leverage
    int64_t parts            # rows of one signal
    int64_t limit            # whether an entry with a price is a limit order, which does not slip
    int64_t bounds           # whether the best and the worst case are kept

# What one trade pays, whatever its size and outcome.
cdef struct Charges:
    double spread            # price units
    double slippage          # price units a fill that slips
    int slipped_in           # 1 if the entry slipped
    double nights

cdef struct TradeCost:
    double spread
    double slippage
    double commission
    double swap
    double gross
    double net

# What a signal came to in one case; the parts of its ladder share it.
cdef struct SizeResult:
    int refusal
    bint computed            # from notional or risk, so it is rounded to lots
    double whole
    double left              # of the whole, for the parts to come


cdef inline double rounded_down(double size, double step) noexcept nogil:
    """The multiple of a lot step at or below a size; one that misses the next by a rounding error is that."""
    return floor(size / step + 1e-9) * step


cdef inline bint is_undecided(const Trade* trade) noexcept nogil:
    """True if only the path policy decided how the trade left."""
    return trade.ambiguous != 0 and (trade.marks & DECIDED) == 0


cdef inline TradeCost charge(
    const Trade* trade, double size, double exit_price, int reason, const Charges* charges, const Money* money
) noexcept nogil:
    """The money of a closed trade: gross before every cost, each cost, and what is left."""
    cdef TradeCost cost
    cdef int slipped = charges.slipped_in + (0 if reason == TARGET else 1)
    cdef double moved = size * (trade.side * (exit_price - trade.entry_price)) * money.value
    cost.spread = charges.spread * size * money.value
    cost.slippage = charges.slippage * size * slipped * money.value
    cost.commission = (
        money.commission * size + money.per_trade
        + money.of_notional * (size * (trade.entry_price + exit_price) * money.value)
    )
    cost.swap = (money.swap_long if trade.side > 0 else money.swap_short) * size * charges.nights
    cost.gross = moved + cost.spread + cost.slippage
    cost.net = cost.gross - cost.spread - cost.slippage - cost.commission - cost.swap
    return cost


cdef inline double other_outcome(const Trade* trade, double size, const Charges* charges, const Money* money) noexcept nogil:
    """Net PnL of an ambiguous trade, had it touched its other level first."""
    if trade.exit_reason == TARGET:
        return charge(trade, size, trade.stop - trade.side * charges.slippage, STOP, charges, money).net
    return charge(trade, size, trade.target, TARGET, charges, money).net


cdef inline void carry(
    Account* account, const Trade* trade, double size, double direction, const Money* money, bint ask_column
) noexcept nogil:
    """Add a trade to the open ones (direction +1) or take it out (-1). A short is marked on the ask."""
    cdef double units = trade.side * size * money.value
    cdef double marked_from = trade.entry_price
    if trade.side < 0:
        if ask_column:
            account.shorts += direction * units
        else:
            marked_from = trade.entry_price - money.spread
    account.units += direction * units
    account.basis -= direction * (units * marked_from)
    if money.leverage > 0.0:
        account.notional += direction * (size * trade.entry_price * money.value)
    account.open_trades += <int64_t>direction
    if account.open_trades == 0:
        account.units = account.basis = account.shorts = account.notional = 0.0


cdef inline void size_order(SizeResult* sized, const Account* account, const Trade* trade, const Money* money) noexcept nogil:
    """Size a signal at its fill from the balance of trades closed before its entry bar, or refuse it."""
    cdef double size
    sized.refusal = 0
    sized.computed = False
    if not isnan(trade.size):
        size = trade.size
    elif money.units > 0.0:
        size = money.units
    else:
        sized.computed = True
        if money.notional > 0.0:
            size = money.notional / (trade.entry_price * money.value)
        else:
            size = account.balance * money.risk_pct / 100.0
            size = size / (fabs(trade.entry_price - trade.initial_stop) * money.value)
    if not size > 0.0:
        sized.refusal = NO_EQUITY
        return
    if sized.computed:
        if money.highest > 0.0 and size > money.highest:
            size = money.highest
        if money.step > 0.0:
            size = rounded_down(size, money.step)
        if size < money.lowest or size <= 0.0:
            sized.refusal = BELOW_MINIMUM
            return
    if money.leverage > 0.0:
        if account.notional + size * trade.entry_price * money.value > account.balance * money.leverage:
            sized.refusal = INSUFFICIENT_MARGIN
            return
    sized.whole = sized.left = size


cdef inline double part_of(SizeResult* sized, const Trade* trade, const Plan* plan, const Money* money) noexcept nogil:
    """The size of one part of a signal, 0 for none: its fraction, and for the last part what the others left."""
    cdef double size
    if sized.refusal != 0:
        return 0.0
    if plan == NULL or money.parts <= 1:
        return sized.whole
    if trade.part == money.parts - 1:
        size = sized.left
    else:
        size = sized.whole * plan.fraction
        if sized.computed and money.step > 0.0:
            size = rounded_down(size, money.step)
        sized.left -= size
    return larger(0.0, size)
