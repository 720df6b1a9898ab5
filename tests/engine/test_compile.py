"""New values compile nothing: what was compiled for one n, N, p, seed or list of chains serves for all."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compilations import compilations

import jaxcollapse as jc

VOCABULARY, CAPACITY = 50, 8192


def p_of(exponent):
    weights = np.arange(1, VOCABULARY + 1.0) ** -exponent
    return weights / weights.sum()


def fully(n=7, real=None, exponent=1.0):
    return jc.recursive_training(p_of(exponent), jc.FullySynthetic(n=n, capacity=CAPACITY))


def partially(n=7, real=5, exponent=1.0):
    regime = jc.PartiallySynthetic(n=n, real=real, capacity=CAPACITY, real_capacity=1024)
    return jc.recursive_training(p_of(exponent), regime)


def run(process, seed=0, chains=(0, 1)):
    trace = jc.simulate(jax.random.key(seed), process, chains=np.array(chains), generations=3, record="support")
    return jax.block_until_ready(trace)


@pytest.fixture(scope="module", params=[fully, partially])
def make(request):
    """How to make a process, of a kind that has run once and for which everything is compiled."""
    jax.clear_caches()
    with compilations() as names:
        run(request.param())
    assert names.count("_simulate") == 1, "the log is not read rightly, or the first run compiled nothing"
    return request.param


def test_a_new_shape_does_compile(make):
    with compilations() as names:
        run(make(), chains=(0, 1, 2))
    assert names.count("_simulate") == 1


CHANGES = {
    "n": ({"n": 7000}, {}),
    "the smallest n": ({"n": 1}, {}),
    "real": ({"real": 1000}, {}),
    "p": ({"exponent": 2.0}, {}),
    "seed": ({}, {"seed": 2**31 - 1}),
    "chains": ({}, {"chains": (10**6, 3)}),
    "n from NumPy": ({"n": np.int64(7)}, {}),
    "n in an array": ({"n": np.array(7)}, {}),
    "n from JAX": ({"n": jax.device_put(np.int32(7))}, {}),
}


@pytest.mark.parametrize(("of_process", "of_run"), CHANGES.values(), ids=CHANGES)
def test_new_values_compile_nothing(make, of_process, of_run):
    with compilations() as names:
        run(make(**of_process), **of_run)
    assert names == []


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint32, np.uint64])
def test_other_types_of_integers_are_served_by_the_same_engine(make, kind):
    """JAX compiles a conversion for each type that it meets."""
    with compilations() as names:
        run(make(n=kind(7)))
    assert "_simulate" not in names


def test_a_sweep_is_compiled_once_and_serves_every_other(make):
    def sweep(sizes):
        return jax.block_until_ready(jax.vmap(lambda n: run(make(n=n)))(jnp.asarray(sizes)))

    with compilations() as names:
        sweep([7, 70, 700])
    assert names.count("_simulate") == 1
    with compilations() as names:
        sweep([8, 80, 8000])
    assert names == []


def test_a_new_horizon_of_collapse_times_compiles_nothing():
    def collapse(generations):
        jax.block_until_ready(jc.collapse_times(jax.random.key(0), fully(), chains=2, max_generations=generations))

    with compilations() as names:
        collapse(10)
    assert names
    with compilations() as names:
        collapse(1000)
    assert names == []
