"""Languages given by a formula or a random draw."""

import numpy as np
import pytest

import jaxcollapse as jc


def test_synthetic_languages():
    np.testing.assert_allclose(jc.languages.zipf(4, 2).p, np.array([1, 1 / 4, 1 / 9, 1 / 16]) * 144 / 205)
    assert jc.languages.uniform(5).simpson == pytest.approx(0.2)
    seddik = jc.languages.seddik()
    assert (len(seddik), seddik.support) == (600, 52)
    assert seddik.simpson == pytest.approx(0.1, abs=1e-12)
    assert seddik.source["exponent"] == pytest.approx(1.101, abs=5e-4)
    first, second = jc.languages.dirichlet(50, seed=1), jc.languages.dirichlet(50, seed=2)
    assert not np.allclose(first.p, second.p)
    np.testing.assert_array_equal(first.p, jc.languages.dirichlet(50, seed=1).p)


def test_dirichlet_has_its_moments():
    """E sum p^2 = (a + 1)/(s a + 1); 400 draws, five standard errors: error rate 6e-7."""
    for a in (0.05, 1.0):
        simpsons = [jc.languages.dirichlet(20, a, seed=seed).simpson for seed in range(400)]
        error = np.std(simpsons) / 20
        assert abs(np.mean(simpsons) - (a + 1) / (20 * a + 1)) < 5 * error
    assert np.isfinite(jc.languages.dirichlet(1000, 1e-3).p).all()
