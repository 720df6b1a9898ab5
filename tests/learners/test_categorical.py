"""The methods of the count learner."""

import math

import jax
import numpy as np
import pytest

import jaxcollapse as jc


@pytest.mark.parametrize("method", ["labels", "labels first", "counts"])
def test_every_method_has_the_same_law(method):
    """Support and heterozygosity at three generations, within the bound that all three hold with 1 - 1e-6."""
    learner = jc.learners.Categorical(method)
    process = jc.recursive_training(jc.languages.zipf(30), jc.FullySynthetic(n=40), learner)
    chains = 4000
    trace = jc.simulate(jax.random.key(7), process, chains=chains, generations=40)
    for name in ("support", "heterozygosity"):
        exact = jc.theory.ORACLES[name](process, 40)
        for m in (1, 20, 40):
            drawn = np.asarray(trace[name][:, m]).astype(float)
            assert abs(drawn.mean() - exact[m]) < 5.5 * drawn.std() / math.sqrt(chains)


def test_a_method_is_chosen_from_sizes():
    chosen = lambda s, regime: jc.recursive_training(np.full(s, 1 / s), regime).learner.method
    assert chosen(1000, jc.FullySynthetic(n=200)) == "labels first"
    assert chosen(100, jc.FullySynthetic(n=100)) == "counts"
    assert chosen(5, jc.FullySynthetic(n=30)) == "labels"
    assert chosen(10, jc.FullySynthetic(n=1000)) == "counts"
    assert chosen(10, jc.PartiallySynthetic(n=1000, real=10)) == "counts"
    assert chosen(1000, jc.PartiallySynthetic(n=1000, real=10)) == "labels"
    assert chosen(10, jc.MostRecent(n=1000, window=2)) == "labels"


def test_a_method_that_does_not_go_with_a_regime_is_refused():
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        jc.learners.Categorical("guess")
    with pytest.raises(ValueError, match="method='counts' does not go with MostRecent, which wants single tokens"):
        jc.recursive_training([0.5, 0.5], jc.MostRecent(n=10, window=2), jc.learners.Categorical("counts"))
    with pytest.raises(ValueError, match="method='labels first' does not go with Mixture"):
        jc.recursive_training([0.5, 0.5], jc.Mixture(n=10, share=0.1), jc.learners.Categorical("labels first"))
