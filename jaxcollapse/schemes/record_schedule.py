"""Which generations are recorded on the way from one generation to another."""

from __future__ import annotations

from jaxcollapse.contract import RecordSchedule


def schedule_between(after: int, until: int, every: int) -> RecordSchedule:
    """Return the schedule of generations ``after + 1 .. until``, of which the multiples of ``every`` are recorded."""
    rows = until // every - after // every
    if not rows:
        return RecordSchedule(0, 0, every, until - after)
    return RecordSchedule(every - after % every, rows, every, until % every)
