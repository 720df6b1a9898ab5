"""The progress of a run: a bar on a terminal, plain lines elsewhere, and nothing on request."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import jax
from tqdm import tqdm

SECONDS = 10.0
"""The time between plain lines, in seconds."""


class Progress:
    """The progress of a run, which is updated after each segment; only process 0 prints.

    Args:
      shown: True, False, or a function that is called with the number of generations that were added.
      generations: the number of generations in all, those of every batch of chains.
      done: how many of these were done before this session.
      stream: where to print; by default the standard error stream.
      clock: a function that returns the time in seconds.
    """

    def __init__(
        self,
        shown: bool | Callable[[int], Any],
        generations: int,
        done: int = 0,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._clock = stream or sys.stderr, clock
        self._generations, self._before, self._done = generations, done, done
        self._began = self._spoke = clock()
        self._tell = shown if callable(shown) else None
        speaks = shown is True and jax.process_index() == 0
        self._bar = None
        self._lines = speaks and not self._stream.isatty()
        if speaks and not self._lines:
            self._bar = tqdm(
                total=generations, initial=done, unit="generation", file=self._stream, leave=False, dynamic_ncols=True
            )

    def add(self, generations: int, alive: int | None = None) -> None:
        """Add generations that are done, and show how many chains can still change where ``alive`` is known."""
        self._done += generations
        if self._tell:
            self._tell(generations)
        if self._bar is not None:
            self._bar.update(generations)
            if alive is not None:
                self._bar.set_postfix_str(f"{alive:,} chains alive", refresh=False)
        if self._lines and self._clock() - self._spoke >= SECONDS:
            self._spoke = self._clock()
            print(self.line(alive), file=self._stream, flush=True)

    def line(self, alive: int | None = None) -> str:
        """Return a line that says how far the run is, how fast it is, and how long it still takes."""
        seconds = max(self._clock() - self._began, 1e-9)
        speed = (self._done - self._before) / seconds
        left = (self._generations - self._done) / speed if speed > 0 else float("inf")
        line = f"generation {self._done:,} of {self._generations:,}, {speed:,.3g} a second, {_time(left)} left"
        return line if alive is None else f"{line}, {alive:,} chains alive"

    def close(self) -> None:
        """Close the progress bar, if there is one."""
        if self._bar is not None:
            self._bar.close()


def _time(seconds: float) -> str:
    """Return a duration in seconds as text: ``"2 h 05 min"``, ``"3 min 20 s"`` or ``"7 s"``."""
    if seconds == float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
