"""Which generations are recorded on the way from one generation to another."""

from __future__ import annotations

from typing import NamedTuple


class RecordSchedule(NamedTuple):
    """Generations to go through, and which of them to record; static, and relative, so that equal ones compile once.

    Attributes:
      first: how many to the first that is recorded.
      rows: how many are recorded.
      every: how many from one of them to the next.
      rest: how many after the last.
    """

    first: int
    rows: int
    every: int
    rest: int

    @property
    def generations(self) -> int:
        """How many generations the schedule goes through."""
        return self.first + max(self.rows - 1, 0) * self.every + self.rest


def schedule_between(after: int, until: int, every: int) -> RecordSchedule:
    """Return the schedule of generations ``after + 1 .. until``, of which the multiples of ``every`` are recorded."""
    rows = until // every - after // every
    if not rows:
        return RecordSchedule(0, 0, every, until - after)
    return RecordSchedule(every - after % every, rows, every, until % every)
