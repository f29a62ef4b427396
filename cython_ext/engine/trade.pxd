# The trade record: the compiled module `simulation` hands its NumPy type out.

from libc.stdint cimport int8_t, int64_t, uint8_t

cdef enum State:
    WORKING = 0              # orders for, not yet filled
    OPEN = 1
    CLOSED = 2
    REFUSED = 3

cdef enum Refusal:
    NO_FILL = 1              # data ended before the fill bar
    INVALID_BRACKET = 2      # a level on the wrong side of the fill
    NO_STOP = 3              # percent risk orders, but no stop to measure it by
    NO_EQUITY = 4            # nothing left to risk
    POSITION = 5             # as many trades as may be open together were open
    CONFLICT = 6             # a long and a short on one bar
    EXPIRED = 7              # a limit or stop order that no bar touched while it was good
    INSUFFICIENT_MARGIN = 8  # more notional than the leverage allows
    BELOW_MINIMUM = 9        # fewer lots than may be traded
    EMPTY_PART = 10          # a part of a ladder that rounds to nothing: no row, and not counted

cdef enum Reason:
    STOP = 1
    TARGET = 2
    TIME = 3
    END = 4
    TRAIL = 5
    BREAKEVEN = 6
    SIGNAL = 7
    SESSION = 8

cdef enum Mark:
    STOP_IS_PRICE = 1        # while WORKING: how to read stop and target
    TARGET_IS_PRICE = 2
    DECIDED = 4              # finer bars showed what came first
    INSIDE = 8               # filled inside its entry bar, not at its open

cdef struct Trade:
    int64_t trade_id
    int64_t signal_bar
    int64_t entry_bar
    int64_t entry_time
    int64_t exit_bar
    int64_t exit_time
    int64_t deadline         # bars to hold while WORKING, then the bar at whose close the time stop leaves
    double entry_price
    double initial_stop
    double stop              # while WORKING: the distance or price orders for
    double target
    double size
    double exit_price
    double mfe               # while OPEN: the best and the worst price seen, times the side
    double mae
    int8_t side
    uint8_t state
    uint8_t refusal
    uint8_t exit_reason      # while OPEN: what set the stop
    uint8_t gap
    uint8_t ambiguous
    uint8_t marks            # bits of Mark
    uint8_t part             # of a ladder, from 0
    double gross_pnl         # from here on written with the exit; the search for it touches the 128 bytes before
    double spread_cost
    double slippage_cost
    double commission
    double swap
    double net_pnl
    double r
    double size_best         # size in the best and the worst case, 0 where that case has no such trade
    double size_worst
    double best_seen         # where finer bars may be replayed: the best and the worst price before the exit bar, times the side
    double worst_seen
    double nights_before     # weighted rollovers before the entry bar, where swap is charged

# What only some trades ask for: an array beside the trades, or none at all.
cdef struct Plan:
    int64_t order            # number of the signal: the parts of a ladder share it
    int64_t good_for         # bars a limit or stop order may wait
    double price             # of a limit or stop order, NaN for a market order
    double trail             # distance from the peak, NaN for none
    double trail_share       # distance from the peak as a share of it, beside ``trail``; 0 for none
    double activation        # how far the peak must be from the entry before the trail counts
    double trigger           # how far the peak must be from the entry to move the stop to breakeven, NaN for never
    double offset            # of that stop from the entry
    double slippage          # price units a market or stop fill; NaN while WORKING for that of the rules
    double fraction          # of the whole size
    double nearest           # smallest target distance of a ladder, NaN without one
    double spread            # paid by this trade, in price units
