"""Exact arithmetic in 32-bit words: 64-bit integers, sums, quotients, logarithms, threefry and what its bits decide."""
