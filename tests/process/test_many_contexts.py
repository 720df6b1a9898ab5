"""Many contexts: shared out or drawn, they are independent chains of one context; means over them have oracles.

Means of thousands of chains are within six standard errors of the exact ones: a right sampler misses one in 5e8, so the
file, with some 400 of them, one time in a million. Each kind of check rejects a mutant.
"""

import dataclasses
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import verdict
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import sampling
from jaxcollapse.exact import threefry
from jaxcollapse.learners import Categorical, Contexts, Estimated
from jaxcollapse.learners.estimators import Additive, Prior
from jaxcollapse.process.many_contexts import weighted_means
from jaxcollapse.process.one_context import RecursiveTraining
from jaxcollapse.pytrees import canonical
from jaxcollapse.runs import configuration
from jaxcollapse.schemes.plain import PlainScheme
from jaxcollapse.statistics import each, trajectory

KEY = jax.random.key(0)
P = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7], [0.25, 0.25, 0.25, 0.25]])
F = np.array([0.55, 0.3, 0.15])
SHARED, DRAWN = Contexts(frequencies=F), Contexts(frequencies=F, drawn=True)
CHAINS, GENERATIONS = 4000, 5
MOMENTS = ("heterozygosity", "l2_first", "l2_truth")


def deviation(values, exact):
    """The largest of means of chains ``[chains, ...]`` from ``exact [...]``, in standard errors, rounding apart."""
    values = np.asarray(values, np.float64)
    error = np.maximum(values.std(axis=0) / np.sqrt(len(values)), 1e-6)
    return np.max((np.abs(values.mean(axis=0) - exact) - 1e-6 * (1 + np.abs(exact))) / error)


def largest_deviation(trace, process, names):
    return max(deviation(trace[name], jc.theory.ORACLES[name](process, trace.generations)) for name in names)


# ----------------------------------------------------------------------------------------- sizes


def test_sizes_are_the_largest_remainders():
    random = np.random.default_rng(3)
    for k in range(60):
        contexts, n = (1, 5, 29)[k % 3], int(10 ** random.uniform(0, 9.3))
        f = np.full(contexts, 1 / contexts) if k % 4 == 0 else random.dirichlet(np.full(contexts, [0.5, 20][k % 2]))
        learner = Contexts(frequencies=np.maximum(f, 1e-7) / np.maximum(f, 1e-7).sum()).of(contexts)
        weights = [int(Fraction(float(weight)) * 2**62) for weight in learner.frequencies]
        slow = [n * weight // sum(weights) for weight in weights]
        rest = [n * weight % sum(weights) for weight in weights]
        order = sorted(range(contexts), key=lambda j: (-(rest[j] >> 32), j))
        for j in order[: n - sum(slow)]:
            slow[j] += 1
        assert np.asarray(learner.sizes(n)).tolist() == slow
        assert max(slow) <= learner.room(n)


def test_given_sizes_are_their_frequencies():
    given = np.array([1, 7, 40, 1000, 123_456])
    assert np.asarray(Contexts(frequencies=given / given.sum()).sizes(given.sum())).tolist() == given.tolist()
    assert np.asarray(Contexts().of(81).sizes(1000)).tolist() == [13] * 28 + [12] * 53
    assert Contexts().of(64).room(1024) == 16


def test_a_context_is_a_process_of_its_own():
    """Bit for bit, with a key of its own."""
    regime = jc.FullySynthetic(n=jc.schedules.given([20, 40]))
    process = jc.recursive_training(P, regime, SHARED)
    two = jax.jit(lambda process, key: process.step(key, process.init(key, jnp.int32(0))))
    many, alone = two(canonical(process), KEY), [canonical(one) for one in process.apart()]
    for j, one in enumerate(alone):
        state = two(one, threefry.fold_in(KEY, j))
        for ours, its in zip(
            *map(jax.tree.leaves, ((many.model, many.memory), (state.model, state.memory))), strict=True
        ):
            np.testing.assert_array_equal(ours[j], its)
    assert [one.regime.n.sizes.tolist() for one in process.apart()] == [[11, 22], [6, 12], [3, 6]]


# ----------------------------------------------------------------------------- against the oracles

REGIMES = {
    "partially synthetic": jc.PartiallySynthetic(n=40, real=30),
    "accumulate": jc.Accumulate(n=20),
    "a window": jc.MostRecent(n=40, window=2),
    "mixture": jc.Mixture(n=40, share=0.2),
}
SOON = ("a window",)  # the others with `make verify`, for compiling is slow


@pytest.fixture(scope="module")
def fully():
    process = jc.recursive_training(P, jc.FullySynthetic(n=40), SHARED)
    names = (*jc.theory.ORACLES, "winner", each("collapsed"), each("support"), trajectory(0, 3))
    return process, jc.simulate(KEY, process, chains=CHAINS, generations=GENERATIONS, record=names)


def test_all_oracles(fully):
    process, trace = fully
    names = [name for name in jc.theory.ORACLES if name != "collapsed"]
    assert largest_deviation(trace, process, names) < 6
    alone = [jc.theory.collapse_probability(one, GENERATIONS) for one in process.apart()]
    for m, law in enumerate(np.transpose(alone)):
        for j, chance in enumerate(law):
            assert verdict.share_agrees(np.asarray(trace["each_collapsed"])[:, m, j], chance)
        assert verdict.share_agrees(np.asarray(trace["collapsed"])[:, m], law.prod())


def test_other_weights_are_rejected(fully):
    process, trace = fully
    for name in ("heterozygosity", "support", "entropy", "l1_truth"):
        unweighted = np.mean([jc.theory.ORACLES[name](one, GENERATIONS) for one in process.apart()], axis=0)
        assert deviation(trace[name][:, 1:], unweighted[1:]) > 6


def test_variances_of_means(fully):
    """A sample variance of bounded values, against the exact one: within a tenth, eight of its standard errors."""
    process, trace = fully
    for name in ("heterozygosity", "support"):
        exact = getattr(jc.theory, f"{name}_variance")(process, GENERATIONS)[1:]
        np.testing.assert_allclose(np.asarray(trace[name], np.float64).var(axis=0)[1:], exact, rtol=0.2)


def test_what_is_recorded_of_contexts(fully):
    process, trace = fully
    rows = (CHAINS, GENERATIONS + 1)
    assert trace["support"].shape == rows
    assert trace["spectrum"].shape == (*rows, 10)
    assert trace["winner"].shape == (*rows, 3)
    assert trace["trajectory_0_3"].shape == (*rows, 3, 2)
    assert trace["collapsed"].dtype == bool
    np.testing.assert_array_equal(trace["collapsed"], np.asarray(trace["each_collapsed"]).all(axis=2))
    np.testing.assert_array_equal(np.asarray(trace["winner"]) >= 0, trace["each_collapsed"])
    np.testing.assert_allclose(trace["support"], np.asarray(trace["each_support"]) @ F, rtol=1e-6)
    np.testing.assert_allclose(trace["trajectory_0_3"][0, 0], P[:, [0, 3]], rtol=1e-6)
    assert process.vocabulary == 4


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SOON else pytest.mark.campaign) for name in REGIMES]
)
def test_regimes(name):
    process = jc.recursive_training(P, REGIMES[name], SHARED)
    trace = jc.simulate(
        KEY, process, chains=CHAINS, generations=GENERATIONS, record=("heterozygosity", "l2_first", "support")
    )
    assert largest_deviation(trace, process, tuple(trace)) < 6


def test_smoothed_contexts():
    process = jc.recursive_training(
        P, jc.FullySynthetic(n=40), dataclasses.replace(SHARED, learner=Estimated(estimator=Additive(0.5)))
    )
    trace = jc.simulate(KEY, process, chains=CHAINS, generations=GENERATIONS, record=MOMENTS)
    assert largest_deviation(trace, process, MOMENTS) < 6
    plain = jc.recursive_training(P, jc.FullySynthetic(n=40), SHARED)
    assert largest_deviation(trace, plain, MOMENTS) > 6


# ------------------------------------------------------------------------------------------- drawn


def slow_twin(random, generations, n, real=None, forgets=False):
    """Heterozygosity of each generation, from datasets written down token by token."""
    contexts, vocabulary = P.shape
    written = lambda models, size: [
        (j, random.choice(vocabulary, p=models[j])) for j in random.choice(contexts, size, p=F)
    ]
    models, kept, curve = P / P.sum(axis=1, keepdims=True), [], []
    for m in range(1, generations + 1):
        tokens = written(models, n if m > 1 or real is None else real)
        if real is not None:
            kept, tokens = (tokens, tokens) if m == 1 else (kept, kept + tokens)
        counts = np.zeros(P.shape)
        for token in tokens:
            counts[token] += 1
        sizes = counts.sum(axis=1, keepdims=True)
        before = np.full(P.shape, 1 / vocabulary) if m == 1 or forgets else models
        models = np.where(sizes > 0, counts / np.maximum(sizes, 1), before)
        curve.append(F @ (1 - (models**2).sum(axis=1)))
    return curve


@pytest.mark.parametrize("real", [None, pytest.param(3, marks=pytest.mark.campaign)])
def test_drawn_sizes_against_a_slow_twin(real):
    """With 5 tokens in all a context is often left without one."""
    regime = jc.FullySynthetic(n=5) if real is None else jc.PartiallySynthetic(n=5, real=real)
    process = jc.recursive_training(P, regime, DRAWN)
    trace = jc.simulate(KEY, process, chains=8 * CHAINS, generations=4, record=MOMENTS if real is None else MOMENTS[0])
    fast = np.asarray(trace["heterozygosity"], np.float64)[:, 1:]

    def apart(**options):
        random = np.random.default_rng(5)
        slow = np.array([slow_twin(random, 4, 5, real, **options) for _ in range(600)])
        error = np.sqrt(slow.var(axis=0) / len(slow) + fast.var(axis=0) / len(fast))
        return np.max(np.abs(slow.mean(axis=0) - fast.mean(axis=0)) / error)

    assert apart() < 6
    assert apart(forgets=True) > 6
    if real is None:
        assert largest_deviation(trace, process, MOMENTS) < 6


@pytest.mark.parametrize("n", [9, 30_000])
def test_moments_of_drawn_sizes_sum_over_all_sizes(n):
    process = jc.recursive_training(P, jc.FullySynthetic(n=jc.schedules.given([3, n])), DRAWN)
    expected = np.zeros(4)
    for p, f in zip(P, F, strict=True):
        h = [p @ (1 - p)]
        for m, size in enumerate((3, n, n)):
            k = np.arange(1, size + 1)
            without = 0.75 if m == 0 else h[-1]
            h.append((1 - f) ** size * without + stats.binom.pmf(k, size, f) @ (1 - 1 / k) * h[-1])
        expected += f * np.array(h)
    np.testing.assert_allclose(jc.theory.heterozygosity(process, 3), expected, rtol=1e-6)


def test_smoothed_and_mixed_contexts_outlast_generations_without_tokens():
    learner = dataclasses.replace(DRAWN, learner=Estimated(estimator=Prior(P[0], 9.0)))
    process = canonical(jc.recursive_training(P, jc.Mixture(n=1, share=0.5), learner))

    @jax.jit
    @jax.vmap
    def models(key):
        first = process.init(key, jnp.int32(0))
        return first.model.p, process.step(threefry.fold_in(key, 9), first).model.p

    first, second = (np.asarray(of) for of in models(jax.random.split(KEY, 50)))
    assert (first == 0.25).all(axis=2).sum(axis=1).tolist() == [2] * 50  # one token belongs to one context
    assert (first != second).any(axis=2).sum(axis=1).max() == 1


def test_nothing_is_drawn_from_an_empty_pool():
    learner = Categorical(method="counts")
    empty = sampling.cumulate_counts(jnp.zeros(4, jnp.int32), jnp.int32(0))
    part = learner.corpora.subsample(KEY, empty, jnp.int32(5), 8, True)
    assert (int(part.size), np.asarray(part.counts).tolist()) == (0, [0] * 4)
    process = canonical(RecursiveTraining(P[0], jc.FullySynthetic(n=8), learner, PlainScheme(), may_be_empty=True))
    assert np.asarray(process.fit(KEY, part, None).counts).tolist() == [1] * 4
    full = sampling.cumulate_counts(jnp.array([0, 2, 0, 0]), jnp.int32(2))
    assert np.asarray(process.fit(KEY, part, full).counts).tolist() == [0, 2, 0, 0]
    assert np.asarray(process.fit(KEY, full, part).counts).tolist() == [0, 2, 0, 0]


# -------------------------------------------------------------------------------------- total collapse


def test_total_collapse():
    process = jc.recursive_training(P, jc.FullySynthetic(n=20), SHARED)
    times = jc.collapse_times(KEY, process, chains=CHAINS, max_generations=1000)
    law = jc.theory.collapse_probability(process, 60)
    first = np.asarray(times.time)
    for m in range(1, 61):
        assert verdict.share_agrees(first <= m, law[m])
    np.testing.assert_array_equal(first, times.final)
    assert abs(first.mean() - jc.theory.expected_collapse_time(process)) < 6 * first.std() / CHAINS**0.5
    alone = [jc.theory.collapse_probability(one, 60) for one in process.apart()]
    assert not all(verdict.share_agrees(first <= m, np.mean(alone, axis=0)[m]) for m in range(1, 61))


def test_expected_times_of_total_collapse():
    regime = jc.FullySynthetic(n=30)
    one = jc.recursive_training(P[:1], regime)
    assert jc.theory.expected_collapse_time(one) == jc.theory.expected_collapse_time(one.context(0))
    # A second context that has collapsed already changes nothing.
    two = jc.recursive_training([P[0], [0, 0, 0, 1]], jc.FullySynthetic(n=60))
    assert jc.theory.expected_collapse_time(two) == pytest.approx(jc.theory.expected_collapse_time(one), abs=1e-8)
    assert jc.theory.expected_collapse_time(jc.recursive_training(P, jc.PartiallySynthetic(n=30, real=9))) == np.inf
    assert jc.theory.expected_collapse_time(jc.recursive_training([[1.0], [1.0]], regime)) == 0


# --------------------------------------------------------------------------------- sweeps, runs, files


def test_a_sweep_over_sizes_and_frequencies_flags_what_is_wrong():
    @jax.jit
    @jax.vmap
    def sweep(n, frequencies):
        learner = Contexts(frequencies=frequencies, largest=0.6)
        process = jc.recursive_training(P, jc.FullySynthetic(n=n, capacity=64), learner)
        return jc.simulate(KEY, process, chains=500, generations=3, record="heterozygosity")

    n = jnp.array([10, 60, 2, 65, 60, 60, 60])
    wrong = [[0.7, 0.2, 0.1], [0.5, 0.2, 0.1], [1, 0, jnp.nan]]
    trace = sweep(n, jnp.array([F, F[::-1], F, F, *wrong]))
    status = np.asarray(trace.status)
    assert (status == status[:, :1]).all()
    assert (status[:, 0] & 1).tolist() == [0, 0, 1, 1, 1, *status[5:, 0] & 1]  # of too large a share, too many tokens
    assert (status[:, 0] & 4).tolist() == [0, 0, 0, 0, 4, 4, 4]
    assert np.isnan(np.asarray(trace["heterozygosity"])[2:]).all()
    process = jc.recursive_training(P, jc.FreshReal(n=20, real=5), SHARED)
    flag = jax.jit(lambda real: dataclasses.replace(process, regime=dataclasses.replace(process.regime, real=real)))
    model = canonical(process).init(KEY, jnp.int32(0)).model
    assert [int(flag(real).status(model, 1)) for real in (0, 2, 5)] == [0, 1, 0]  # 2 leave the third context without
    for k in (0, 1):
        process = jc.recursive_training(P, jc.FullySynthetic(n=int(n[k])), Contexts(frequencies=[F, F[::-1]][k]))
        values = np.asarray(trace["heterozygosity"])[k]
        assert deviation(values, jc.theory.heterozygosity(process, 3)) < 6


def test_a_run_is_told_and_repeated():
    process = jc.recursive_training(P, jc.FullySynthetic(n=9), DRAWN)
    how = {"chunk": 7, "piece": 1, "progress": False}
    whole = jc.simulate(KEY, process, chains=7, generations=4, record="winner")
    run = jc.run(KEY, process, chains=7, generations=4, record="winner", **how)
    again = jc.runs.again(run.provenance, **how)
    for name in whole:
        np.testing.assert_array_equal(run[name], whole[name])
        np.testing.assert_array_equal(again[name], whole[name])
    data = run.to_xarray()
    assert each("support").long_name.endswith("can still write, of each context")
    assert data["winner"].dims == ("chain", "generation", "winner_0")


def test_a_provenance_recreates_the_learner():
    learner = Contexts(Estimated(estimator=Additive(0.5), decoding=(jc.decoding.TopK(2),)), F)
    process = jc.recursive_training(P, jc.Mixture(n=20, share=0.5), learner)
    told = configuration.of_run(KEY, process, {"chains": 3})
    _, again, _ = configuration.recreated(told)
    assert configuration.difference(told, configuration.of_run(KEY, again, {"chains": 3})) is None
    assert again.p.shape == (3, 4)
    assert again.learner.learner.vocabulary == 4


def test_memory_grows_with_contexts():
    few, many = (jc.recursive_training(np.tile(P, (k, 1)), jc.FullySynthetic(n=3000)) for k in (1, 100))
    needed = [jc.memory.needed(of, chains=10, generations=5, record="support") for of in (few, many)]
    assert 5 * needed[0] < needed[1]


def test_weighted_means():
    values = np.random.default_rng(0).normal(size=(9, 4, 3)).astype(np.float32) * np.float32([1e-20, 1e20, 1])
    weights = np.random.default_rng(1).dirichlet(np.ones(9)).astype(np.float32)
    means = jax.jit(lambda values, weights: weighted_means({"of": values, "whole": values[:, 0, 2] > 0}, weights))
    found = means(values, weights)
    bound = np.abs(values).max(axis=0) * 1e-6
    assert (np.abs(found["of"] - np.tensordot(weights.astype(float), values.astype(float), 1)) < bound).all()
    assert found["whole"] == pytest.approx(weights @ (values[:, 0, 2] > 0))
    order = np.random.default_rng(2).permutation(9)
    np.testing.assert_array_equal(found["of"], means(values[order], weights[order])["of"])
    values[3, 0, 0], values[3, 0, 1] = np.nan, np.inf
    assert np.isnan(means(values, weights)["of"][0, 0])
    assert np.isinf(means(values, weights)["of"][0, 1])


# ------------------------------------------------------------------------------------------ refusals

FULLY = jc.FullySynthetic(n=20)
BAD = {
    "one context": (lambda: jc.recursive_training(P[0], FULLY, SHARED), r"p must be \[contexts, vocabulary\].*\(4,\)"),
    "a row": (lambda: jc.recursive_training([[0.5, 0.5], [0.5, 0.6]], FULLY), r"p\[1\] must sum to one, got 1.1"),
    "no rows": (lambda: jc.recursive_training(np.zeros((0, 3)), FULLY), r"got shape \(0, 3\)"),
    "no token": (
        lambda: jc.recursive_training(P, jc.FullySynthetic(n=2)),
        "n=2 gives context 2 of 3 no token; raise n",
    ),
    "no real token": (
        lambda: jc.recursive_training(P, jc.PartiallySynthetic(n=20, real=2)),
        "real=2 gives context 2 of 3 no token; raise real to some 3, or take Contexts",
    ),
    "a window": (
        lambda: jc.recursive_training(P, jc.MostRecent(n=20, window=8)),
        "of one context, with its share of n: window=8 must be at most n=6",
    ),
    "no regime": (lambda: jc.recursive_training(P, "all", SHARED), "regime must be a regime such as"),
    "no learner": (lambda: jc.recursive_training(P, FULLY, Contexts("counts")), "learner must be a learner such as"),
    "nested": (lambda: Contexts(Contexts()), "contexts have no contexts of their own"),
    "length": (lambda: jc.recursive_training(P, FULLY, Contexts(frequencies=[0.5, 0.5])), r"\[3\], got shape \(2,\)"),
    "sum": (lambda: Contexts(frequencies=[0.5, 0.6]).of(2), "frequencies must sum to one, got 1.1"),
    "zero": (lambda: Contexts(frequencies=[1.0, 0.0]).of(2), r"frequencies\[1\] is 0; leave that one out"),
    "drawn": (lambda: Contexts(drawn=1), "drawn must be True or False, got 1"),
    "largest": (
        lambda: Contexts(frequencies=[0.9, 0.1], largest=0.5).of(2),
        "largest=0.5 must be at least .* 0.9; raise it",
    ),
    "largest of all": (lambda: Contexts(largest=2), "largest must be a number above 0 and below 1, got 2"),
    "method": (
        lambda: jc.recursive_training(P, FULLY, Contexts(Categorical(method="labels"), drawn=True)),
        "method='labels' does not go with many contexts of drawn sizes; leave method out",
    ),
    "drawn in a window": (
        lambda: jc.recursive_training(P, jc.MostRecent(n=20, window=2), DRAWN),
        "drawn=True may leave a context without a token, which MostRecent with Categorical does not allow",
    ),
    "drawn with fresh real data": (
        lambda: jc.recursive_training(P, jc.FreshReal(n=20, real=5), DRAWN),
        "which FreshReal with Categorical does not allow; leave drawn out, or take FullySynthetic",
    ),
    "each": (lambda: each("suport"), "unknown statistic 'suport'"),
    "a context that is not there": (lambda: jc.recursive_training(P, FULLY).context(3), "j must be between 0 and 2"),
    "sizes of drawn ones": (
        lambda: jc.recursive_training(P, FULLY, DRAWN).context(0),
        "contexts have no sizes of their own with drawn=True",
    ),
    "theory of drawn ones": (
        lambda: jc.theory.support(jc.recursive_training(P, FULLY, DRAWN), 3),
        "with drawn sizes this is not known; second moments are",
    ),
    "theory of drawn ones elsewhere": (
        lambda: jc.theory.simpson(jc.recursive_training(P, jc.Accumulate(n=20), DRAWN), 3),
        "second moments are known for FullySynthetic and Categorical, got Accumulate and Categorical",
    ),
    "theory of a sweep": (
        lambda: jc.theory.simpson(jax.vmap(lambda p: jc.recursive_training(p, FULLY))(jnp.stack([P, P])), 3),
        r"one process at a time, but this is a sweep, p of shape \(2, 3, 4\)",
    ),
    "theory of one context": (
        lambda: jc.theory.survival(jc.recursive_training(P, FULLY), 3),
        r"known for one context at a time; process.context\(j\) is one",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    call, message = BAD[name]
    with pytest.raises((ValueError, TypeError), match=message):
        call()
