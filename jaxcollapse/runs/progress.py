"""How far a run is: a bar on a terminal, plain lines elsewhere, nothing on request."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import jax
from tqdm import tqdm

SECONDS = 10.0
"""Between plain lines."""


class Progress:
    """Told after each piece; only process 0 speaks.

    Args:
      shown: True, False, or a function that is told how many generations were added.
      generations: in all, those of one chunk of chains after those of another.
      done: of these, before this session.
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
        """So many more generations; and how many chains can still change, where that is known."""
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
        """How far, how fast, how long still."""
        seconds = max(self._clock() - self._began, 1e-9)
        speed = (self._done - self._before) / seconds
        left = (self._generations - self._done) / speed if speed > 0 else float("inf")
        told = f"generation {self._done:,} of {self._generations:,}, {speed:,.3g} a second, {_time(left)} left"
        return told if alive is None else f"{told}, {alive:,} chains alive"

    def close(self) -> None:
        """The bar goes."""
        if self._bar is not None:
            self._bar.close()


def _time(seconds: float) -> str:
    if seconds == float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
