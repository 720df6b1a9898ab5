"""What regimes share."""

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings

from jaxcollapse.regimes.base import rows_and_positions

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@given(st.lists(st.integers(0, 4), min_size=5, max_size=5))
def test_rows_and_positions_lay_corpora_end_to_end(sizes):
    laid = [(row, place) for row, size in enumerate(sizes) for place in range(size)]
    rows, positions = (np.asarray(side) for side in rows_and_positions(jnp.array(sizes, jnp.int32), 24))
    assert list(zip(rows.tolist(), positions.tolist(), strict=True))[: len(laid)] == laid
    assert rows.min() >= 0
    assert rows.max() < len(sizes)
    assert positions.min() >= 0
