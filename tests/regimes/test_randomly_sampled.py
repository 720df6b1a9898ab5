"""Random sampling of earlier generations."""

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings

from jaxcollapse.regimes.randomly_sampled import _rank

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@given(st.lists(st.integers(0, 4), min_size=9, max_size=9))
def test_rank_counts_the_earlier_slots_of_the_same_source(source):
    found = np.asarray(_rank(jnp.array(source, jnp.int32))).tolist()
    assert found == [source[:slot].count(of) for slot, of in enumerate(source)]
