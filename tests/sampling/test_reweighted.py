"""Two corpora of unequal weight."""

from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import LARGEST
from corpora import CORPUS, OTHER, tokens_of
from hypothesis import given, settings

from jaxcollapse import sampling
from jaxcollapse.sampling import Labels, ReweightedCorpus

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


sizes_ = st.one_of(st.integers(0, 50), st.sampled_from([2**24 + 1, LARGEST]))


weights_ = st.one_of(st.sampled_from([0.0, 1e-12, 0.5, 1.0, 1e6]), st.floats(2.0**-20, 1e6, width=32))


def empty(size):
    return Labels(jnp.zeros(1, jnp.int32), jnp.int32(size))


@given(sizes_, sizes_, weights_)
def test_the_share_is_that_of_the_weighted_counts(first, second, weight):
    """Within the six roundings on the way to it, each of 2^-24 at most."""
    if first == second == 0:
        return
    found = float(sampling.reweight(empty(first), empty(second), weight).share)
    weighed = Fraction(float(np.float32(weight))) * first
    if weighed + second == 0:  # real tokens without weight, and no others: they are all there is
        assert found == 1
    else:
        assert abs(Fraction(found) - weighed / (weighed + second)) <= Fraction(6, 2**24) * weighed / (weighed + second)


@pytest.mark.parametrize(
    ("sizes", "weight", "tokens"), [((6, 0), 0.5, {0, 1, 2}), ((0, 3), 0.5, {1, 3}), ((6, 3), 0.0, {1, 3})]
)
def test_an_empty_part_or_one_without_weight_is_never_drawn_from(sizes, weight, tokens):
    corpora = (CORPUS._replace(size=jnp.int32(sizes[0])), OTHER._replace(size=jnp.int32(sizes[1])))
    model = sampling.reweight(*corpora, weight)
    assert isinstance(model, ReweightedCorpus)
    drawn = sampling.draw_from_reweighted(jax.random.key(0), model, jnp.int32(4096), 4096)
    assert set(tokens_of(drawn)) == tokens
