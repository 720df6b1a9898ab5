"""Words or contexts by frequency: the rarest are lost first."""

from __future__ import annotations

import itertools

import numpy as np

from jaxcollapse.languages.language import Language
from jaxcollapse.reporting.report_results import Band


def frequency_bands(language: Language) -> tuple[Band, ...]:
    """Return the words of a language by frequency, in decades (finer when it spans few), most frequent first.

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


def members(bands: tuple[Band, ...], p: np.ndarray) -> list[np.ndarray]:
    """Return for each band the indices of those of the probabilities ``p`` that lie in it."""
    p = p.astype(np.float32)
    return [np.flatnonzero((p >= np.float32(band.low)) & (p < np.float32(band.high))) for band in bands]
