"""The rate at which the last chains collapse."""

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import analysis


def times_of(time, observed):
    time, observed = np.asarray(time, np.int32), np.asarray(observed, bool)
    return jc.CollapseTimes(time, observed, time, observed, np.zeros(len(time), np.int32))


def test_survival_falls_at_the_same_rate_in_its_tail_only():
    process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=20))
    trace = jc.simulate(jax.random.key(0), process, chains=4000, generations=150, record="support")
    values, truth = np.asarray(trace["support"], float) - 1, -np.log1p(-1 / 20)
    fit = analysis.fit_exponential(values, window="tail")
    share = analysis.tail_share(4000)
    assert (values[:, fit.window[0]] != 0).mean() <= share < (values[:, fit.window[0] - 1] != 0).mean()
    assert abs(fit.rate - truth) < 5 * fit.standard_error
    whole = analysis.fit_exponential(values)
    assert whole.goodness_of_fit < 1e-6
    assert abs(whole.rate - truth) > 5 * whole.standard_error


def test_the_tail_of_censored_times():
    """A geometric law censored at 60: five standard errors, 7e-7. Without the censored chains the rate is far off."""
    random = np.random.default_rng(0)
    time = random.geometric(0.05, size=20_000)
    observed = time <= 60
    fit = analysis.fit_exponential(times_of(np.minimum(time, 60), observed))
    truth = -np.log1p(-0.05)
    assert abs(fit.rate - truth) < 5 * fit.standard_error
    assert fit.rate_interval[0] < fit.rate < fit.rate_interval[1]
    assert fit.goodness_of_fit > 1e-6
    assert fit.curve(fit.window[0]) == pytest.approx(np.mean(time > fit.window[0]), rel=1e-6)
    left_out = analysis.fit_exponential(times_of(time[observed], observed[observed]))
    assert abs(left_out.rate - truth) > 5 * left_out.standard_error
    bent = analysis.fit_exponential(times_of(random.integers(1, 100, size=20_000), time > 0))
    assert bent.goodness_of_fit < 1e-6
    few = analysis.fit_exponential(times_of(time[:39], time[:39] > 0))
    assert "39 chains leave too few for a tail; run 40" in str(few)
    assert "have not collapsed by the end" in str(analysis.fit_exponential(times_of([5] * 100, [False] * 100)))
