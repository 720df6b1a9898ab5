"""Smoothed and decoded models: exact at the edges, and against oracles and an enumerated chain."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse.learners import Estimated
from jaxcollapse.learners.decoding import Greedy, MinP, Nucleus, Temperature, TopK, apply
from jaxcollapse.learners.estimators import Additive, Discount, MaximumLikelihood, Prior
from jaxcollapse.runs import configuration

KEY = jax.random.key(0)
P = np.random.default_rng(0).dirichlet(np.ones(9)).astype(np.float32)
P[4] = 0
P[7] = P[2]  # a tie
TRUTH = jc.languages.zipf(12)


def same_bits(first, second):
    np.testing.assert_array_equal(np.asarray(first), np.asarray(second))


def test_edges_of_decoding():
    p, greedy = jnp.asarray(P), Greedy()(jnp.asarray(P))
    for identity in (Temperature(1.0), TopK(9), TopK(100), TopK(8), Nucleus(1.0), MinP(0.0)):
        same_bits(identity(p), p)
    for sharp in (Temperature(0.0), TopK(1), Nucleus(0.0)):
        same_bits(sharp(p), greedy)
    assert greedy.sum() == 1
    assert np.flatnonzero(greedy).tolist() == [int(P.argmax())]
    np.testing.assert_allclose(Temperature(float("inf"))(p), np.where(P > 0, 1 / 8, 0), rtol=1e-6)
    np.testing.assert_allclose(Temperature(1e-30)(p), greedy)
    same_bits(Temperature(1e-30)(greedy), greedy)


def slowly(step, p):
    """The slow twins, token by token in Python."""
    order = sorted(range(len(p)), key=lambda i: (-p[i], i))
    match step:
        case Temperature(temperature=t):
            weight = [x ** (1 / t) if x > 0 else 0.0 for x in p]
        case TopK(k=k):
            weight = [p[i] if i in order[:k] else 0.0 for i in range(len(p))]
        case Nucleus(mass=mass):
            kept, total = set(), 0.0
            for i in order:
                if total >= mass:
                    break
                kept.add(i)
                total += p[i]
            weight = [p[i] if i in kept else 0.0 for i in range(len(p))]
        case MinP(share=share):
            weight = [x if x >= share * max(p) else 0.0 for x in p]
    return np.array(weight) / sum(weight)


@pytest.mark.parametrize("step", [Temperature(0.5), Temperature(3.0), TopK(3), Nucleus(0.6), MinP(0.4)], ids=repr)
def test_decoding_is_its_definition(step):
    p = P.astype(float) / P.sum()
    np.testing.assert_allclose(step(jnp.asarray(p, jnp.float32)), slowly(step, p), rtol=1e-5)


@pytest.mark.parametrize("tokens", [10, 20, 100])
def test_a_nucleus_is_not_one_token_too_large(tokens):
    p = jnp.full(tokens, 1 / tokens, jnp.float32)
    for k in range(1, tokens + 1):
        assert int((Nucleus(k / tokens)(p) > 0).sum()) == k


def test_decodings_compose_from_left_to_right():
    p = jnp.asarray(P)
    same_bits(apply((TopK(3), Temperature(2.0)), p), Temperature(2.0)(TopK(3)(p)))
    tied = TopK(2)(jnp.array([0.2, 0.3, 0.3, 0.2]))  # of equals the first are kept
    assert tied.tolist() == [0, 0.5, 0.5, 0]


@pytest.mark.parametrize(
    "estimator", [MaximumLikelihood(), Additive(0.7), Prior(TRUTH, 9.0), Discount(0.4)], ids=lambda e: type(e).__name__
)
def test_estimates_are_distributions(estimator):
    counts = np.random.default_rng(1).multinomial(30, TRUTH.p)
    p = estimator(jnp.asarray(counts / 30, jnp.float32), jnp.asarray(counts > 0), jnp.int32(30))
    assert float(p.sum()) == pytest.approx(1, abs=1e-6)
    slow = {
        "MaximumLikelihood": counts / 30,
        "Additive": (counts + 0.7) / (30 + 0.7 * 12),
        "Prior": (counts + 9 * TRUTH.p) / 39,
        "Discount": np.maximum(counts - 0.4, 0) / 30 + 0.4 * (counts > 0).sum() / 30 / 12,
    }[type(estimator).__name__]
    np.testing.assert_allclose(p, slow, rtol=1e-5)


REGIMES = {
    "fully synthetic": jc.FullySynthetic(n=20),
    "partially synthetic": jc.PartiallySynthetic(n=20, real=10),
    "a window": jc.MostRecent(n=20, window=2),
    "a reused window": jc.MostRecent(n=20, window=2, reuse=True),
    "random": jc.RandomlySampled(n=20),
    "a pool": jc.RandomlySampled(n=20, reuse="pool"),
    "accumulate": jc.Accumulate(n=20),
    "subsample": jc.AccumulateSubsample(n=20, budget=10),
    "fresh real": jc.FreshReal(n=20, real=10),
    "mixture": jc.Mixture(n=20, share=0.2),
}
SOON = ("fully synthetic",)


def largest_deviation(process, expected, generations=6, chains=4000):
    """Of three second moments, from the exact ones, in standard errors."""
    names = ("heterozygosity", "l2_truth", "l2_first")
    trace = jc.simulate(KEY, process, chains=chains, generations=generations, record=names)
    apart = [0.0]
    for name in names:
        curve = jc.analysis.ensemble(trace, name, levels=())
        exact = jc.theory.ORACLES[name](expected, generations)
        known = curve.standard_error > 1e-6
        apart += (np.abs(curve.mean - exact)[known] / curve.standard_error[known]).tolist()
        np.testing.assert_allclose(curve.mean[~known], exact[~known], atol=1e-5)
    return max(apart)


@pytest.mark.parametrize("estimator", [Additive(0.5), Prior(TRUTH, 10.0)], ids=["additive", "prior"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SOON else pytest.mark.campaign) for name in REGIMES]
)
def test_affine_estimators_have_exact_second_moments(name, estimator):
    """Some 18 moments within six standard errors: 4e-8."""
    process = jc.recursive_training(TRUTH, REGIMES[name], Estimated(estimator=estimator))
    assert largest_deviation(process, process) < 6


def test_a_wrong_amount_of_smoothing_is_rejected():
    process = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], Estimated(estimator=Additive(0.7)))
    other = dataclasses.replace(process, learner=dataclasses.replace(process.learner, estimator=Additive(0.5)))
    assert largest_deviation(process, other) > 6


def test_maximum_likelihood_is_the_categorical_learner_in_law():
    plain = jc.recursive_training(TRUTH, REGIMES["fully synthetic"])
    process = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], Estimated())
    assert largest_deviation(process, plain) < 6
    np.testing.assert_allclose(jc.theory.simpson(process, 9), jc.theory.simpson(plain, 9), rtol=1e-12)


@pytest.mark.parametrize(
    ("estimator", "decoding"),
    [(MaximumLikelihood(), Temperature(0.5)), (Additive(0.5), (Temperature(1.5), MinP(0.3))), (Discount(0.6), ())],
    ids=["cold", "smoothed, hot and cut", "discounted"],
)
def test_two_tokens_follow_the_enumerated_chain(estimator, decoding):
    """The law of p^(4) for n = 5 from the matrix of counts; chi-square at 1e-6. Without the decoding it is rejected."""
    n, p, chains = 5, np.array([0.7, 0.3]), 20_000
    steps = decoding if isinstance(decoding, tuple) else (decoding,)
    x = np.arange(n + 1)
    seen = jnp.stack([jnp.asarray(x > 0), jnp.asarray(x < n)], axis=1)
    of = lambda x, seen: estimator(jnp.stack([x, n - x]) / jnp.float32(n), seen, jnp.int32(n))
    models = np.array([of(jnp.float32(i), seen[i]) for i in x])

    def law(steps):
        written = np.array([slow_steps(steps, model) for model in models])
        row = stats.binom.pmf(x, n, p[0])
        for _ in range(3):
            row = row @ stats.binom.pmf(x, n, written[:, :1])
        return row

    process = jc.recursive_training(p, jc.FullySynthetic(n=n), Estimated(estimator=estimator, decoding=decoding))
    record = jc.statistics.trajectory(0)
    trace = jc.simulate(KEY, process, chains=chains, generations=4, record=record)
    last = np.asarray(trace[record.name])[:, -1].ravel()
    counts = np.array([np.sum(np.isclose(last, model[0], atol=1e-6)) for model in models])
    assert counts.sum() == chains
    expected = law(steps)
    assert stats.chisquare(counts, chains * expected / expected.sum()).pvalue > 1e-6
    if steps:
        wrong = law(())
        assert stats.chisquare(counts, chains * wrong / wrong.sum()).pvalue < 1e-6


def slow_steps(steps, p):
    for step in steps:
        p = slowly(step, [float(x) for x in p])
    return np.array(p) / np.sum(p)


def test_greedy_collapses_at_once_and_smoothing_never():
    greedy = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], Estimated(decoding=Greedy()))
    times = jc.collapse_times(KEY, greedy, chains=50, max_generations=10)
    assert (np.asarray(times.final) <= 2).all()
    smooth = jc.recursive_training(TRUTH, jc.Accumulate(n=1), Estimated(estimator=Additive(0.1)))
    times = jc.collapse_times(KEY, smooth, chains=50, max_generations=10)
    assert not np.asarray(times.observed).any()
    assert not np.asarray(times.final_observed).any()


def test_a_sweep_over_temperatures_compiles_once_and_flags_a_bad_one():
    @jax.jit
    def simpson(temperature):
        learner = Estimated(decoding=Temperature(temperature))
        process = jc.recursive_training(TRUTH, jc.FullySynthetic(n=50), learner)
        return jc.simulate(KEY, process, chains=64, generations=5, record="simpson")

    trace = jax.vmap(simpson)(jnp.array([0.5, 1.0, 2.0, -1.0, jnp.nan]))
    mean = np.asarray(trace["simpson"])[:, :, -1].mean(axis=1)
    assert mean[0] > mean[1] > mean[2]
    assert (np.asarray(trace.status)[3:] == 4).all()
    assert (np.asarray(trace.status)[:3] == 0).all()
    with pytest.raises(
        ValueError, match="64 of 64 chains had bad inputs: a number of the estimator or of the decoding"
    ):
        jax.tree.map(lambda of: of[3], trace).check()


@pytest.mark.parametrize(
    "made",
    [
        lambda x: Estimated(estimator=Additive(x)),
        lambda x: Estimated(estimator=Prior(TRUTH, x)),
        lambda x: Estimated(estimator=Prior(jnp.full(12, 1 / 12) * x, 1.0)),
        lambda x: Estimated(decoding=TopK(x)),
        lambda x: Estimated(decoding=Nucleus(x)),
    ],
    ids=["additive", "mass", "prior", "top-k", "nucleus"],
)
def test_traced_numbers_out_of_range_are_flagged(made, request):
    fault = jax.jit(lambda x: made(x).status() != 0)
    assert not fault(1.0)
    beyond = 0.5 if "top-k" in request.node.name else 1e30  # any k is no more than all tokens
    assert all(fault(x) for x in (-1.0, float("nan"), beyond))


def test_a_traced_k_may_be_beyond_all_tokens():
    assert not jax.jit(lambda k: TopK(k).is_invalid())(1e30)


def test_a_prior_is_a_pytree_like_others():
    stacked = jax.vmap(lambda mass: Prior(TRUTH, mass))(jnp.arange(3.0))
    assert stacked.prior.shape == (3, 12)
    assert jax.tree.map(jnp.zeros_like, Prior(TRUTH, 1.0)).mass == 0
    assert Prior(TRUTH, 1.0) != Prior(TRUTH, 1.0)  # and no error from comparing arrays
    with pytest.raises(ValueError, match="prior must sum to one"):
        jc.recursive_training(TRUTH, REGIMES["mixture"], Estimated(estimator=Prior(jnp.full(12, 0.5), 3)))


def test_the_theory_says_what_it_does_not_know():
    decoded = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], Estimated(decoding=TopK(3)))
    with pytest.raises(TypeError, match="second moments are known without decoding"):
        jc.theory.simpson(decoded, 3)
    smooth = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], Estimated(estimator=Additive(1)))
    for unknown in (jc.theory.support, jc.theory.collapse_probability, jc.theory.entropy, jc.theory.tail_mass):
        with pytest.raises(TypeError, match="known for maximum likelihood without decoding only"):
            unknown(smooth, 3)
    elsewhere = Estimated(estimator=Prior(np.full(12, 1 / 12), 5.0))
    with pytest.raises(TypeError, match="known when it is the truth or uniform"):
        jc.theory.simpson(jc.recursive_training(TRUTH, REGIMES["fully synthetic"], elsewhere), 3)
    discounted = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], Estimated(estimator=Discount(0.5)))
    with pytest.raises(TypeError, match="affine in the counts, and Discount is not"):
        jc.theory.simpson(discounted, 3)


def test_a_provenance_recreates_the_learner():
    learner = Estimated(estimator=Prior(TRUTH, 3.0), decoding=(TopK(5), Temperature(0.5)))
    process = jc.recursive_training(TRUTH, REGIMES["fully synthetic"], learner)
    told = configuration.of_run(KEY, process, {"chains": 3})
    _, again, _ = configuration.recreated(told)
    assert configuration.difference(told, configuration.of_run(KEY, again, {"chains": 3})) is None
    assert [type(step) for step in again.learner.decoding] == [TopK, Temperature]


BAD = {
    "temperature": (lambda: Temperature(-1), "temperature must be a number between 0 and inf, got -1"),
    "NaN": (lambda: Temperature(float("nan")), "temperature must be a number"),
    "k": (lambda: TopK(0), "k must be between 1"),
    "mass": (lambda: Nucleus(1.5), "mass must be a number between 0 and 1, got 1.5"),
    "share": (lambda: MinP(-0.1), "share must be a number between 0 and 1"),
    "alpha": (lambda: Additive(-1), "alpha must be a number between 0"),
    "discount": (lambda: Discount(2), "discount must be a number between 0 and 1, got 2"),
    "prior": (lambda: Prior([0.5, 0.6], 3), "prior must sum to one"),
    "length": (
        lambda: jc.recursive_training(TRUTH, REGIMES["mixture"], Estimated(estimator=Prior([0.5, 0.5], 3))),
        r"prior must have one entry a token, \[12\], got shape \(2,\)",
    ),
    "no estimator": (
        lambda: jc.recursive_training(TRUTH, REGIMES["mixture"], Estimated(estimator=0.5)),
        r"estimator must be such as jc.estimators.Additive\(1.0\), got 0.5",
    ),
    "no decoding": (
        lambda: jc.recursive_training(TRUTH, REGIMES["mixture"], Estimated(decoding=(0.5,))),
        r"decoding must be such as jc.decoding.Temperature\(0.8\), or several in a tuple, got 0.5",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    call, message = BAD[name]
    with pytest.raises((ValueError, TypeError), match=message):
        call()
