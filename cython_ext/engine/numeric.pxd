# The numeric vocabulary of the kernels, and the inline helpers they share.
# Declarations and inline functions only: Cython finds this file by name on its include path.

from cython cimport overflowcheck
from libc.stdint cimport int8_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    BLOCK = 64               # bars in a block whose extremes are kept
    GROUP = 64               # blocks in a group whose extremes are kept (4096 bars)
    GROUP_BARS = 4096        # BLOCK * GROUP, written out: Cython 3.3 crashes on it with overflow checks on

# On a tie both keep `a`: a maximum that starts at +0.0 never turns into -0.0.
cdef inline double larger(double a, double b) noexcept nogil:
    return b if b > a else a

cdef inline double smaller(double a, double b) noexcept nogil:
    return b if b < a else a


@overflowcheck(False)
cdef inline uint64_t mix(uint64_t state, uint64_t value) noexcept nogil:
    """One step of an order-dependent 64-bit hash: multiply and fold (splitmix64's constants)."""
    state = (state ^ value) * <uint64_t>0x9E3779B97F4A7C15
    return state ^ (state >> 29)

cdef inline uint64_t bits(double x) noexcept nogil:
    cdef uint64_t out
    memcpy(&out, &x, sizeof(double))
    return out
