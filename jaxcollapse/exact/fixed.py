# ruff: noqa: F401
"""Names of this package before it was divided; they go with the renaming of their callers."""

from jaxcollapse.exact.division import fraction, ratio, reciprocal
from jaxcollapse.exact.logs import LOG_BITS, log_integer, log_ratio, minus_log
from jaxcollapse.exact.sums import accumulate, from_float, to_float, total, value
from jaxcollapse.exact.u64 import (
    U64,
    add,
    less,
    multiply,
    multiply_high,
    scale,
    shift_left,
    shift_right,
    subtract,
    sum_of,
    zero,
)
