"""Search among whole numbers: the last that keeps a promise, the highest point of a curve."""

from __future__ import annotations

from collections.abc import Callable

TEETH = 12
"""Numbers before a crossing that are looked at one by one, for a curve that does not quite rise with each."""


def peak(height: Callable[[int], float], least: int) -> int:
    """Return where a function of whole numbers that rises and then falls is highest, from ``least`` on.

    Example:
      >>> peak(lambda n: -((n - 70) ** 2), 1)
      70
    """
    low, high = least, 2 * least
    while high < 2**62 and height(high + 1) > height(high):
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if height(middle + 1) > height(middle) else (low, middle)
    return low


def bisect(keeps: Callable[[int], bool], low: int, high: int) -> int:
    """Return the last number that keeps, between ``low``, which does, and ``high``, which does not.

    Example:
      >>> bisect(lambda n: n * n <= 50, 0, 100)
      7
    """
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


def reach(keeps: Callable[[int], bool], guess: int, most: int) -> int:
    """Return the last of 0, 1, ... ``most`` before one that does not keep, given that 0 does; found around a guess.

    The :data:`TEETH` numbers before the one found are looked at too.

    Example:
      >>> reach(lambda n: n * n <= 50, guess=3, most=100)
      7
    """
    known = {0: True}

    def kept(j: int) -> bool:
        if j not in known:
            known[j] = keeps(j)
        return known[j]

    low, high, step = 0, most + 1, 1
    if kept(guess):
        low, trial = guess, guess + 1
        while trial <= most and kept(trial):
            low, trial, step = trial, trial + 2 * step, 2 * step
        high = min(trial, most + 1)
    else:
        high, trial = guess, guess - 1
        while not kept(trial):
            high, trial, step = trial, max(trial - 2 * step, 0), 2 * step
        low = trial
    found = bisect(kept, low, high)
    below = found - 1
    while below > max(found - 1 - TEETH, 0):
        if not kept(below):
            found = below - 1
        below -= 1
    return found
