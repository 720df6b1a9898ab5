"""No tracer outlives the function that it was made in: JAX looks for it in whole runs."""

import gc

import jax
import numpy as np
import pytest

import jaxcollapse as jc

P = np.array([0.4, 0.3, 0.2, 0.1])
PROCESSES = {
    "labels": jc.recursive_training(P, jc.MostRecent(n=6, window=2)),
    "counts": jc.recursive_training(P, jc.FullySynthetic(n=6), jc.learners.Categorical("counts")),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_no_tracer_leaks(name):
    key, process = jax.random.key(0), PROCESSES[name]
    jax.clear_caches()  # what is compiled already is traced no more
    gc.collect()
    with jax.checking_leaks():
        trace = jc.simulate(key, process, chains=3, generations=4, record=("support", "l1_first"))
        again = jc.run(key, process, chains=3, generations=4, record=("support", "l1_first"), progress=False)
        times = jc.collapse_times(key, process, chains=3, max_generations=30)
    assert np.array_equal(trace["support"], again["support"])
    assert np.asarray(times.time).shape == (3,)


def test_a_leak_is_found():
    kept = []
    with jax.checking_leaks(), pytest.raises(Exception, match=r"[Ll]eaked"):
        jax.jit(lambda x: kept.append(x) or x)(1.0)
