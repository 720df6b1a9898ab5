"""Exact arithmetic in 32-bit words: 64-bit integers, integer logarithms, sums, threefry and what it decides."""
