"""Settings of regimes by name, and what chains remember."""

import functools

import jax

import jaxcollapse as jc
from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting import settings


def test_what_is_remembered_is_what_the_engine_keeps():
    for name in REGIMES:
        regime = settings.regimes_of([name], n=16, generations=5, given={})[name]
        process = jc.recursive_training(jc.languages.zipf(30), regime)
        begin = functools.partial(jc.engine.start, chains=3, record="support")
        state, _ = jax.eval_shape(begin, jax.random.key(0), process)
        kept = jax.tree.leaves(state.memory)
        numbers, in_bytes, _ = settings.remembered(process)
        assert (3 * numbers, 3 * in_bytes) == (
            sum(x.size for x in kept),
            sum(x.size * x.dtype.itemsize for x in kept),
        ), name
