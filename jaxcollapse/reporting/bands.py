"""What is lost first: words by their frequency, or what may follow a context, by the frequency of that."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import analysis, engine, statistics
from jaxcollapse.check import SMALLEST
from jaxcollapse.contract import Process, View
from jaxcollapse.languages.language import Language
from jaxcollapse.process import many_contexts
from jaxcollapse.process.construction import recursive_training
from jaxcollapse.reporting import exact
from jaxcollapse.reporting.results import Band


class Survival(NamedTuple):
    """Shares alive by band, ``[bands, generations + 1]``, mean over chains, its standard error, and by theory."""

    share: np.ndarray
    error: np.ndarray
    exact: np.ndarray | None
    kind: str


CURVES = ("support", "l2_truth", "heterozygosity", "entropy")


def alive(view: View) -> jax.Array:
    """How many of the tokens that the truth has are alive, ``int32``.

    Smoothing, and a context that no token was drawn for, make tokens possible that the truth does not have.
    """
    return jnp.sum((view.p > 0) & (view.truth > 0), dtype=jnp.int32)


ALIVE = statistics.Statistic("alive", alive)


class OfWords:
    """A report of a language's words: how many of each band are alive.

    Attributes:
      language: without what is too rare to be drawn.
      bands: its words by frequency.
      curves: statistics to draw.
      record: the statistic that counts them by band.
    """

    curves: tuple[Any, ...] = CURVES

    def __init__(self, language: Language) -> None:
        drawn = language.p.astype(np.float32) >= SMALLEST
        if np.count_nonzero(drawn) < 2:
            raise ValueError(f"language {language.name!r} has a single token: there is nothing to lose")
        self._given = language
        self.language = dataclasses.replace(language, p=np.where(drawn, language.p, 0) / language.p[drawn].sum())
        self.bands = frequency_bands(self.language)
        edges = (*(band.low for band in reversed(self.bands)), self.bands[0].high)
        self.record = statistics.band_support(*edges)

    def process(self, regime: Any, learner: Any) -> Process:
        return recursive_training(self._given, regime, learner)

    def sizes(self, process: Any) -> str:
        return ""

    def survival(self, process: Process, trace: engine.Trace) -> Survival:
        counts = np.array([max(band.count, 1) for band in self.bands])
        left = analysis.ensemble(trace, self.record.name, levels=())
        share, error = (part[:, ::-1].T / counts[:, None] for part in (left.mean, left.standard_error))
        p = np.asarray(process.p, dtype=np.float64)
        different, back = np.unique(p, return_inverse=True)
        alive_, kind = exact.survival(process, trace.generations, different)
        expected = None
        if alive_ is not None:
            nothing = np.zeros(trace.generations + 1)
            members = _members(self.bands, p)
            expected = [alive_[:, back[inside]].mean(axis=1) if inside.size else nothing for inside in members]
        return Survival(share, error, None if expected is None else np.stack(expected), kind)


class OfContexts:
    """A report of what follows each context: of all that may follow the contexts of a band, how much is alive.

    Attributes:
      language: with its text.
      bands: its contexts by frequency.
      curves: statistics to draw, with what may still follow of that which may in the text.
      record: that statistic of each context.
    """

    curves = (*CURVES, ALIVE)

    def __init__(self, language: Language, order: int) -> None:
        self.language = language
        self._p, self._frequencies = language.contexts(order)
        if np.all(self._p.max(axis=1) == 1):
            raise ValueError(f"each context of order={order} is followed by one token only: there is nothing to lose")
        names = [language.between.join(tokens) for tokens in language.context_names(order)]
        self.bands = frequency_bands(Language(self._frequencies, names, f"contexts of {language.name}", {}))
        self.record = statistics.each(ALIVE)

    def process(self, regime: Any, learner: Any) -> Process:
        return many_contexts.of_table(self._p, self._frequencies, regime, learner)

    def sizes(self, process: Any) -> str:
        return str(process.learner.sharing)

    def survival(self, process: Process, trace: engine.Trace) -> Survival:
        members = _members(self.bands, self._frequencies)
        following = np.asarray(trace[self.record.name], np.float64)
        parts = [following[:, :, inside].sum(axis=2) / max(following[0, 0, inside].sum(), 1) for inside in members]
        left = analysis.ensemble(np.stack(parts, axis=2), levels=())
        expected, kind = self._expected(process, trace.generations)
        if expected is not None:
            expected = np.stack(
                [expected[inside].sum(axis=0) / max(expected[inside, 0].sum(), 1) for inside in members]
            )
        return Survival(left.mean.T, left.standard_error.T, expected, kind)

    def _expected(self, process: Any, generations: int) -> tuple[np.ndarray | None, str]:
        """How many tokens may follow each context, ``[contexts, generations + 1]``, by theory, and its kind."""
        if process.learner.drawn:
            return None, ""
        curves, kinds = [], set()
        for one in process.apart():
            curve, kind = exact.curve(one, "support", generations)
            if curve is None:
                return None, ""
            curves.append(curve)
            kinds.add(kind)
        return np.stack(curves), "exact" if kinds == {"exact"} else "branching approximation"


def frequency_bands(language: Language) -> tuple[Band, ...]:
    """The words of a language by frequency, in decades (or in finer steps when it spans few), most frequent first.

    Example:
      >>> import jaxcollapse as jc
      >>> [band.count for band in frequency_bands(jc.languages.zipf(1000))]
      [1, 12, 120, 867]
    """
    p = language.p.astype(np.float32)  # as the simulation has them
    low, high = np.log10(p[p > 0].min()), np.log10(p.max())
    step = next((step for step in (1, 0.5, 0.25) if high - low >= 2 * step), 0.1)
    # A hair below the round numbers: a word of frequency 1e-5 belongs to the band that starts there.
    exponents = np.arange(np.floor(low / step), np.floor(high / step) + 3) * step
    edges = (10.0**exponents * (1 - 1e-6)).astype(np.float32)
    bands = []
    for below, above in itertools.pairwise(edges):
        inside = np.flatnonzero((p >= below) & (p < above))
        ranked = inside[np.argsort(-language.p[inside], kind="stable")]
        shown = ranked[np.unique(np.linspace(0, len(ranked) - 1, 6).round().astype(int))] if inside.size else ranked
        words = tuple(language.tokens[i] for i in shown)
        bands.append(Band(float(below), float(above), int(inside.size), words))
    while not bands[-1].count:
        bands.pop()
    while not bands[0].count:
        bands.pop(0)
    return tuple(reversed(bands))


def _members(bands: tuple[Band, ...], p: np.ndarray) -> list[np.ndarray]:
    """Which of these probabilities are in each band."""
    p = p.astype(np.float32)
    return [np.flatnonzero((p >= np.float32(band.low)) & (p < np.float32(band.high))) for band in bands]
