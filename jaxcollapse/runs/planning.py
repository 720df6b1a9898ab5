"""What is to be done in which order: chunks of chains, each in pieces of generations, in the memory that there is."""

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

PIECES = 20
"""Pauses in a run, about, where nothing else is asked."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done in which order: chunks of chains, each in pieces of generations.

    Attributes:
      first, last: the chains of this process, the last one not included.
      chunk: chains at a time.
      room: their places in arrays, a multiple of the devices.
      ends: the last generation of each piece.
    """

    first: int
    last: int
    chunk: int
    room: int
    ends: tuple[int, ...]

    @property
    def chunks(self) -> list[int]:
        """The first chain of each."""
        return list(range(self.first, self.last, self.chunk))


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
    """What falls to this process, in chunks that fit; all processes plan for the largest share, for equal pieces."""
    unit = BLOCK if keep == "ensemble" else 1  # what must stay together
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
    chunks = -(-count // chunk)
    pauses = max(1, PIECES // chunks)
    length = _piece(generations, pauses) if piece is None else check.static_whole_number("piece", piece)
    ends = (*range(length, generations, length), generations)
    return Plan(begin, end, chunk, round_up(chunk, device_count), ends)


def round_up(count: int, unit: int) -> int:
    """The next multiple of a unit."""
    return -(-count // unit) * unit


def _piece(generations: int, pieces: int) -> int:
    """A length that gives about so many pieces; a divisor if there is a near one, for each length compiles anew."""
    if generations <= pieces:
        return 1
    ideal = generations / pieces
    near = [d for d in range(max(1, int(ideal / 2)), int(2 * ideal) + 1) if generations % d == 0]
    return min(near, key=lambda d: abs(d - ideal)) if near else math.ceil(ideal)
