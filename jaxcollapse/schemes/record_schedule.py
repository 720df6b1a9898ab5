"""Schedules of recording: which generations are recorded between two generations."""

from __future__ import annotations

from typing import NamedTuple


class RecordSchedule(NamedTuple):
    """The generations to advance by and which of them to record; static, and relative, so that equal ones compile once.

    Attributes:
      first: the number of generations up to the first that is recorded.
      rows: the number of generations that are recorded.
      every: the number of generations from one that is recorded to the next.
      rest: the number of generations after the last that is recorded.
    """

    first: int
    rows: int
    every: int
    rest: int

    @property
    def generations(self) -> int:
        """Return by how many generations the schedule advances."""
        return self.first + max(self.rows - 1, 0) * self.every + self.rest


def schedule_between(after: int, until: int, every: int) -> RecordSchedule:
    """Return the schedule of generations ``after + 1 .. until``, of which the multiples of ``every`` are recorded."""
    rows = until // every - after // every
    if not rows:
        return RecordSchedule(0, 0, every, until - after)
    return RecordSchedule(every - after % every, rows, every, until % every)
