"""Moments and quantiles of very many chains, added up block by block."""

import numpy as np

from jaxcollapse.analysis.streaming import ACCURACY, Moments, Sketch


def test_moments_do_not_cancel():
    """Values of 1e9 that differ by 1: naive sums of squares in float64 would lose the variance."""
    values = 1e9 + np.random.default_rng(0).integers(0, 2, (900, 2))
    moments = Moments()
    for block in np.array_split(values, 7):
        moments.add(block)
    np.testing.assert_allclose(moments.mean, values.mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(moments.standard_error, values.std(axis=0, ddof=1) / 30, rtol=1e-6)


def test_a_sketch_holds_any_number_within_half_a_percent():
    """Of either sign, of any size, in any order of blocks."""
    rng = np.random.default_rng(1)
    values = np.concatenate([10.0 ** rng.uniform(-30, 30, 500), -(10.0 ** rng.uniform(-9, 9, 300)), np.zeros(101)])
    rng.shuffle(values)
    levels = np.array([0.0, 0.01, 0.2, 0.35, 0.4, 0.7, 0.999, 1.0])
    exact = np.quantile(values, levels, method="inverted_cdf")
    for blocks in (np.array_split(values, 5), np.array_split(values, 5)[::-1], [values]):
        sketch = Sketch()
        for block in blocks:
            sketch.add(block[:, None])
        found = np.array([sketch.quantile(level)[0] for level in levels])
        np.testing.assert_allclose(found, exact, rtol=ACCURACY * 1.001)
