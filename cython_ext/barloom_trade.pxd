# The trade record as the kernels see it, field for field the NumPy type of execution/trades.py.

from libc.stdint cimport int8_t, int64_t, uint8_t

cdef enum State:
    WORKING = 0              # asked for, not yet filled
    OPEN = 1
    CLOSED = 2
    REFUSED = 3

cdef enum Refusal:
    NO_FILL = 1              # data ended before the fill bar
    INVALID_BRACKET = 2      # a level on the wrong side of the fill
    NO_STOP = 3              # percent risk asked, but no stop to measure it by
    NO_EQUITY = 4            # nothing left to risk
    POSITION = 5             # every place was taken
    CONFLICT = 6             # a long and a short on one bar

cdef enum Reason:
    STOP = 1
    TARGET = 2
    TIME = 3
    END = 4

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
    double stop              # while WORKING: the distance or price asked for
    double target
    double size
    double exit_price
    double mfe
    double mae
    int8_t side
    uint8_t state
    uint8_t refusal
    uint8_t exit_reason
    uint8_t gap
    uint8_t ambiguous
    uint8_t stop_is_price    # while WORKING: how to read stop and target
    uint8_t target_is_price
    double gross_pnl         # from here on the ledger writes; the exit resolver touches the 128 bytes before
    double spread_cost
    double slippage_cost
    double commission
    double swap
    double net_pnl
    double r
