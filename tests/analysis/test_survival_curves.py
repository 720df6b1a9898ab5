"""Survival curves and hazards of collapse times, some of them censored."""

import dataclasses

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import analysis


def times_of(time, observed):
    time, observed = np.asarray(time, np.int32), np.asarray(observed, bool)
    return jc.CollapseTimes(time, observed, time, observed, np.zeros(len(time), np.int32))


def product_limit(time, observed, last):
    """The slow twin: Kaplan and Meier's product, one generation after another."""
    alive, curve = 1.0, []
    for m in range(last + 1):
        at_risk = np.sum(time >= m)
        alive *= 1 - np.sum((time == m) & observed) / at_risk
        curve.append(alive)
    return np.array(curve)


@pytest.mark.parametrize("censored", [0.0, 0.3])
def test_survival_is_the_product_limit(censored):
    random = np.random.default_rng(0)
    time = random.geometric(0.1, size=200)
    observed = random.random(200) >= censored
    curve = analysis.survival(times_of(time, observed))
    np.testing.assert_allclose(curve.survival, product_limit(time, observed, time.max()))
    assert np.all((curve.low <= curve.survival) & (curve.survival <= curve.high))
    assert curve.low[0] == pytest.approx(0.025 ** (1 / 200))  # no chain has collapsed: Clopper and Pearson
    assert curve.at_risk[5] == np.sum(time >= 5)
    assert curve.collapsed[5] == np.sum((time == 5) & observed)
    if not censored:
        mean = curve.mean()
        assert mean.value == pytest.approx(time.mean())
        assert mean.standard_error == pytest.approx(time.std(ddof=1) / np.sqrt(200))
        assert curve.quantile(0.5).value == np.sort(time)[99]
    else:
        restricted = curve.mean(up_to=10)
        assert restricted.value == pytest.approx(curve.survival[:10].sum())


def test_survival_at_its_edges():
    last_alone = analysis.survival(times_of([1] * 99 + [10], [False] * 99 + [True]))
    assert last_alone.survival[10] == 0
    assert last_alone.high[10] == pytest.approx(0.975)  # one of one
    over = analysis.survival(times_of([1, 2, 3], [1, 1, 1]))
    assert over.mean(up_to=50).value == over.mean().value == 2
    assert np.isnan(analysis.survival([5]).mean().standard_error)
    at_once = analysis.survival([0, 0, 0])
    assert at_once.mean().value == 0
    bad = times_of([1, 2, 3], [1, 1, 1])
    bad = dataclasses.replace(bad, status=np.array([0, 1, 0]))
    for refused in (lambda: analysis.survival(bad), lambda: analysis.fit_power_law([5, 10, 20, 50], [bad] * 4)):
        with pytest.raises(ValueError, match="1 chains had bad inputs"):
            refused()


def test_hazards_are_collapses_by_generations_lived():
    curve = analysis.survival(times_of([1, 2, 2, 4, 5], [True, True, False, True, False]))
    found = curve.hazard()
    np.testing.assert_allclose(found.hazard, [1 / 5, 1 / 4, 0, 1 / 2, 0])
    assert found.low[2] == 0
    assert found.high[2] == pytest.approx(1 - 0.025 ** (1 / 2))
    pooled = curve.hazard(width=2)
    np.testing.assert_allclose(pooled.hazard, [2 / 9, 1 / 4, 0])
    np.testing.assert_allclose(pooled.generation, [1.5, 3.5, 5])
