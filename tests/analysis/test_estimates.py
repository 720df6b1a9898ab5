"""What a fit returns: by name, and in another process."""

import pickle

import numpy as np
import pytest

from jaxcollapse import analysis

SIZES = [5, 10, 20, 50]


def draws(means, chains=400, seed=0):
    random = np.random.default_rng(seed)
    return np.asarray(means)[:, None] * (1 + 0.3 * random.normal(size=(len(means), chains)))


def test_a_fit_can_be_sent_to_another_process():
    for fit in (analysis.fit_power_law(SIZES, draws(SIZES)), analysis.fit_polynomial(SIZES, draws(SIZES), degree=2)):
        again = pickle.loads(pickle.dumps(fit))
        assert again.estimates == fit.estimates
        np.testing.assert_array_equal(again.curve(SIZES), fit.curve(SIZES))
        assert again.of(fit.mean) == fit.of(fit.mean)


def test_a_parameter_is_asked_for_by_name():
    fit = analysis.fit_power_law(SIZES, draws(SIZES))
    assert fit["exponent"].interval == fit.exponent_interval
    with pytest.raises(ValueError, match="unknown parameter 'exponnt'; did you mean 'exponent'"):
        fit["exponnt"]
    with pytest.raises(AttributeError, match="no 'rate'; its parameters: exponent, amplitude"):
        fit.rate  # noqa: B018
