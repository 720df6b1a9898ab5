"""Plans of runs: batches of chains that fit in memory, each advanced in segments of generations."""

from __future__ import annotations

import dataclasses
import functools
import math

from jaxcollapse import check
from jaxcollapse.analysis.streaming import BLOCK
from jaxcollapse.contract import Process
from jaxcollapse.engine import memory
from jaxcollapse.runs import devices as spread
from jaxcollapse.statistics import Record

SEGMENTS = 20
"""About how many segments a run has, where the caller does not choose."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """The order of work of a run: batches of chains one after another, each in segments of generations.

    Attributes:
      first_chain: the number of the first chain of this process.
      end_chain: the number after that of the last chain of this process.
      batch_size: the number of chains that are advanced together; the last batch may have fewer.
      capacity: the length of arrays that hold a batch, a multiple of the number of devices.
      segment_ends: the last generation of each segment.
    """

    first_chain: int
    end_chain: int
    batch_size: int
    capacity: int
    segment_ends: tuple[int, ...]

    @property
    def batches(self) -> list[int]:
        """Return the first chain of each batch."""
        return list(range(self.first_chain, self.end_chain, self.batch_size))


def plan_run(
    process: Process,
    first: int,
    last: int,
    generations: int,
    record: Record,
    every: int,
    keep: str,
    piece: int | None,
    chunk: int | None,
    device_count: int,
) -> Plan:
    """Return the plan of the chains of this process, in batches that fit in memory.

    All processes plan for the largest number of chains that any of them has, so that their segments are equal.

    Args:
      process: the process to simulate.
      first: the number of the first chain of all processes.
      last: the number after that of the last chain of all processes.
      generations, record, every, keep, piece, chunk: as for :func:`jaxcollapse.run`.
      device_count: the number of devices of this process.

    Raises:
      MemoryError: naming the setting to change, when the records or a batch do not fit in memory.
    """
    unit = BLOCK if keep == "ensemble" else 1  # So many chains must stay together.
    begin, end = (first + of for of in spread.share(last - first, unit))
    count = spread.largest_share(last - first, unit)
    wanted = chunk is not None
    if chunk is not None:
        chunk = min(round_up(check.static_whole_number("chunk", chunk), unit), count)
    else:
        chunk = min(count, BLOCK * device_count) if keep == "ensemble" else count
    rows = generations // every
    there, held = memory.available(), 0
    needed = functools.partial(memory.needed, process, generations=rows, record=record)
    if keep == "chains":
        held = memory.recorded(process, chains=count, generations=rows, record=record)
        if held > there:
            raise MemoryError(
                f"the records of chains={count} and generations={generations} need about {held / 2**30:,.1f} GiB, and "
                f"the machine has {there / 2**30:,.1f}; keep='ensemble', every= or fewer chains need less"
            )
    while not wanted and chunk > max(device_count, unit) and needed(chains=chunk) > max((there - held) / 2, there / 16):
        chunk = round_up(-(-chunk // 2), unit)
    if needed(chains=chunk) > there:
        lower = (
            "chunk" if chunk > unit else f"n, the vocabulary or generations (of an ensemble {BLOCK} chains go together)"
        )
        raise MemoryError(
            f"chunk={chunk} chains would need about {needed(chains=chunk) / 2**30:,.1f} GiB, and the device has "
            f"{there / 2**30:,.1f}; lower {lower}"
        )
    batches = -(-count // chunk)
    segments = max(1, SEGMENTS // batches)
    length = _segment_length(generations, segments) if piece is None else check.static_whole_number("piece", piece)
    ends = (*range(length, generations, length), generations)
    return Plan(begin, end, chunk, round_up(chunk, device_count), ends)


def round_up(count: int, unit: int) -> int:
    """Return the smallest multiple of ``unit`` that is not below ``count``."""
    return -(-count // unit) * unit


def _segment_length(generations: int, segments: int) -> int:
    """Return a length that gives about so many segments; a divisor if one is near, for each length compiles anew."""
    if generations <= segments:
        return 1
    ideal = generations / segments
    near = [d for d in range(max(1, int(ideal / 2)), int(2 * ideal) + 1) if generations % d == 0]
    return min(near, key=lambda d: abs(d - ideal)) if near else math.ceil(ideal)
