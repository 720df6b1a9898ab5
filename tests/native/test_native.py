"""The compiled kernel draws what XLA draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from selection import some

import jaxcollapse as jc
from jaxcollapse import native, sampling

compiled = pytest.mark.skipif(not native.available(), reason="the kernel was not built")


@compiled
@pytest.mark.parametrize(
    ("capacity", "width", "chains"),
    [(16, 8, 70), (130, 100, 33), (1024, 300, 9), pytest.param(20_000, 700, 3, marks=pytest.mark.campaign)],
)
def test_the_kernel_resamples_as_xla_does(capacity, width, chains):
    """Many chains and few, wide and narrow, some of them over: those that share vectors and those that do not."""
    rng = np.random.default_rng(capacity)
    keys = jax.random.split(jax.random.key(width), chains)
    sizes = rng.integers(1, capacity + 1, chains)
    counts = np.array([rng.multinomial(size, rng.dirichlet(np.full(width, 0.1))) for size in sizes])
    after = jnp.asarray(rng.integers(1, capacity + 1, chains), jnp.int32)
    draw = lambda portable: (
        lambda key, counts, size: (
            sampling.draw_counts(
                key, sampling.cumulate_counts(counts, counts.sum()), size, capacity, portable=portable
            ).cumulative
        )
    )
    given = (keys, jnp.asarray(counts, jnp.int32), after)
    expected, found = (np.asarray(jax.jit(jax.vmap(draw(portable)))(*given)) for portable in (True, False))
    assert (found == expected).all()
    assert len(np.unique(found, axis=0)) > 1
    # Batches of batches, of which some are the same for all.
    inner = jax.vmap(draw(False), (0, None, None))
    swept = jax.jit(jax.vmap(inner, (None, 0, 0)))(*given)
    assert (np.asarray(swept)[np.arange(chains), np.arange(chains)] == expected).all()


@compiled
@pytest.mark.parametrize("width", some([1, 63, 64, 5000], [1, 64]))
def test_the_kernel_draws_from_a_cdf_as_xla_does(width):
    p = np.random.default_rng(width).dirichlet(np.full(width, 0.3)).astype(np.float32)
    keys = jax.random.split(jax.random.key(3), 5)
    draw = lambda portable: (
        lambda key: (
            sampling.draw_counts(
                key, sampling.fixed_point_cdf(jnp.asarray(p)), jnp.int32(3000), 3000, portable=portable
            ).cumulative
        )
    )
    expected, found = (np.asarray(jax.jit(jax.vmap(draw(portable)))(keys)) for portable in (True, False))
    assert (found == expected).all()
    assert (found[:, -1] == 3000).all()


@compiled
@pytest.mark.parametrize(
    "n",
    [
        50,
        pytest.param(700, marks=pytest.mark.campaign),
        pytest.param(jc.schedules.geometric(300, 0.9, 30), marks=pytest.mark.campaign),
    ],
    ids=["n=50", "n=700", "sizes that shrink"],
)
@pytest.mark.campaign  # test_bits and test_collapse hold them to the trace as well
@pytest.mark.parametrize("limit", [20, 100_000])
def test_chains_that_run_by_themselves_collapse_as_those_in_step(n, limit):
    process = lambda portable: jc.recursive_training(
        jc.languages.zipf(90), jc.FullySynthetic(n=n), jc.learners.Categorical("labels first", portable)
    )
    found, expected = (
        jc.collapse_times(jax.random.key(5), process(portable), chains=90, max_generations=limit)
        for portable in (False, True)
    )
    for name, value in vars(expected).items():
        assert (np.asarray(getattr(found, name)) == np.asarray(value)).all(), name
    assert bool(expected.observed.all()) == (limit > 20)


@compiled
@pytest.mark.campaign
def test_a_bad_size_ends_a_chain_that_runs_by_itself():
    """As in step: the status says so, and the time is censored where the size was met."""

    def times(portable):
        def of(sizes):
            learner = jc.learners.Categorical("counts", portable)
            regime = jc.FullySynthetic(n=jc.Schedule(sizes), capacity=128)
            process = jc.recursive_training(jnp.full(100, 0.01), regime, learner)
            return jc.collapse_times(jax.random.key(1), process, chains=50, max_generations=10_000)

        return jax.jit(of)(jnp.array([100] * 90 + [-3] + [100] * 400))

    found, expected = times(False), times(True)
    for name, value in vars(expected).items():
        assert (np.asarray(getattr(found, name)) == np.asarray(value)).all(), name
    assert 0 < int((found.status != 0).sum()) < 50


def test_without_the_kernel_xla_draws(monkeypatch):
    """As where no compiler was at hand."""
    process = jc.recursive_training(jc.languages.zipf(40), jc.FullySynthetic(n=60), jc.learners.Categorical("counts"))
    expected = jc.simulate(jax.random.key(2), process, chains=4, generations=9)
    monkeypatch.setattr(native, "available", lambda: False)
    jax.clear_caches()
    found = jc.simulate(jax.random.key(2), process, chains=4, generations=9)
    for name in expected:
        assert (np.asarray(found[name]) == np.asarray(expected[name])).all()
