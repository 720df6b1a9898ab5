"""What the theory does not reach, it refuses; and nothing is forgotten."""

import inspect
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from theory_cases import fully, partially

import jaxcollapse as jc
from jaxcollapse import languages, statistics, theory
from jaxcollapse.contract import Learner
from jaxcollapse.pytrees import pytree_dataclass
from jaxcollapse.regimes import Base
from jaxcollapse.sampling.items import ITEMS
from jaxcollapse.theory import bounds

# --- what is out of range says so ---

HUGE = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=20_001))


@pytest.mark.parametrize(
    "function",
    [
        *(theory.support, theory.entropy, theory.kl_truth, theory.collapse_probability, theory.l1_truth),
        *(theory.spectrum, theory.survival, theory.winner_probability, theory.support_variance),
        theory.first_loss_probability,
    ],
)
def test_the_law_of_one_token_ends_at_20_000(function):
    with pytest.raises(theory.OutOfRange, match=r"up to n = 20000, got 20001.*support_branching.*heterozygosity"):
        function(HUGE, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.support(fully([0.5, 0.5], 2000), 10_000), r"4e\+10 multiplications.*support_branching"),
        (lambda: theory.entropy(partially([0.5, 0.5], 1000, 1000), 50), r"multiplications.*smaller n, real"),
        (lambda: theory.l1_first(partially([0.5, 0.5], 1000, 1000), 100), "joint law would take"),
        (lambda: theory.l1_first(fully([0.5, 0.5], 1000), 100), "joint law would take"),
        (lambda: theory.l1_first(fully([0.5, 0.5], 2001), 1), "n = 2000, got 2001; theory.l2_first has no limit"),
        (lambda: theory.expected_collapse_time(fully([0.5, 0.5], 2001)), "got 2001; use .*collapse_time_diffusion"),
        (lambda: theory.ancestors(2001, 2), "up to n = 2000, got 2001"),
        (lambda: theory.first_loss_probability(fully(languages.uniform(15), 5), 2), "14 tokens at most, got 15"),
        (lambda: theory.support_variance(fully(languages.uniform(7000), 5), 2), "law of every pair would take"),
    ],
)
def test_out_of_range_names_the_limit_and_the_way_out(call, message):
    with pytest.raises(theory.OutOfRange, match=message):
        call()
    assert issubclass(theory.OutOfRange, ValueError)


def test_support_variance_of_a_thousand_tokens_is_out_of_range_not_out_of_memory():
    with pytest.raises(theory.OutOfRange):
        theory.support_variance(fully(languages.dirichlet(5000), 200), 2)  # 12 million sums, a matrix of 1 PB


def test_l1_first_of_two_generations_has_a_limit_too():
    with pytest.raises(theory.OutOfRange):
        theory.l1_first(partially([0.5, 0.5], 10**7, 10**6), 2)  # a matrix of 80 TB


def test_within_range_just_below_the_limits():
    assert theory.ancestors(2000, 1)[0, 2000] == 1
    assert theory.l1_first(fully([0.5, 0.5], 2000), 2)[2] > 0
    assert theory.first_loss_probability(fully(languages.uniform(14), 5), 2)[1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: theory.winner_probability(p, 2), "winner_probability is known for FullySynthetic only"),
        (lambda p: theory.heterozygosity_variance(p, 2), "heterozygosity_variance is known for FullySynthetic only"),
        (lambda p: theory.expected_collapse_time_diffusion(p), "is known for FullySynthetic only"),
        (lambda p: theory.survival_branching(p, 2), "for PartiallySynthetic theory.survival is exact"),
        (lambda p: theory.support_branching(p, 2), "for FullySynthetic"),
        (lambda p: bounds.collapse_probability(p, 2), "about FullySynthetic, got PartiallySynthetic"),
        (lambda p: bounds.expected_collapse_time(p), "about FullySynthetic, got PartiallySynthetic"),
        (lambda p: bounds.survival(p, 2, np.array([0.5])), "about FullySynthetic, got PartiallySynthetic"),
    ],
)
def test_what_is_known_for_fully_synthetic_only(call, message):
    with pytest.raises(TypeError, match=message):
        call(partially([0.5, 0.5], 3, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: theory.stationary(p), "has no stationary law: it collapses"),
        (lambda p: bounds.theorem_2(p, 2), "theorem_2 is about PartiallySynthetic, got FullySynthetic"),
        (lambda p: bounds.log_theorem_3(p), "log_theorem_3 is about PartiallySynthetic"),
        (lambda p: bounds.elementary(p, 2), "elementary is about PartiallySynthetic"),
        (lambda p: bounds.elementary_uniform(p), "elementary_uniform is about PartiallySynthetic"),
    ],
)
def test_what_is_known_for_partially_synthetic_only(call, message):
    with pytest.raises(TypeError, match=message):
        call(fully([0.5, 0.5], 3))


class UnknownRegime(Base):
    """A regime without a recurrence."""

    n = capacity = 1
    collect = None


@pytree_dataclass
class UnknownLearner(Learner):
    """A learner without a recurrence."""

    corpora = ITEMS
    truth = write = fit = view = None


def test_what_the_theory_does_not_describe():
    with pytest.raises(TypeError, match="a regime that says its recurrence, and UnknownRegime does not"):
        theory.simpson(jc.recursive_training([0.5, 0.5], UnknownRegime()), 2)
    with pytest.raises(TypeError, match="a regime that says its recurrence, and UnknownRegime does not"):
        theory.support(jc.recursive_training([0.5, 0.5], UnknownRegime()), 2)
    with pytest.raises(TypeError, match="learner Categorical only, got UnknownLearner"):
        theory.simpson(jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=3), UnknownLearner()), 2)
    with pytest.raises(TypeError, match="known for maximum likelihood without decoding only"):
        theory.support(jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=3), UnknownLearner()), 2)


def test_one_process_of_known_numbers_at_a_time():
    make = lambda n: jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=n, capacity=8))
    with pytest.raises(TypeError, match="outside jit and vmap"):
        jax.jit(lambda n: theory.simpson(make(n), 2))(3)
    with pytest.raises(TypeError, match=r"one process at a time, but n has shape \(3,\)"):
        theory.simpson(jax.vmap(make)(jnp.arange(1, 4)), 2)


@pytest.mark.parametrize("generations", [0, -1, 2.5, "three", None])
def test_generations_are_whole_numbers_from_one_on(generations):
    for function in (theory.simpson, theory.support, theory.l1_first, theory.survival_branching):
        with pytest.raises(ValueError, match="generations"):
            function(fully([0.5, 0.5], 3), generations)
    with pytest.raises(ValueError, match="generations"):
        theory.ancestors(3, generations)


# --- nothing is forgotten ---

NO_ORACLE = {
    "max_prob": "not additive: needs the joint law of all tokens",
    "winner": "an index; theory.winner_probability has its law",
    "hill_1": "the exponential of the entropy: its mean needs the entropy's whole law",
    "hill_2": "the inverse of the concentration: its mean needs the concentration's whole law",
}


def test_every_statistic_has_an_oracle_or_a_reason():
    assert set(theory.ORACLES).isdisjoint(NO_ORACLE)
    assert set(theory.ORACLES) | set(NO_ORACLE) == set(statistics.STATISTICS)


def test_every_public_function_of_the_theory_is_tested():
    source = "".join(path.read_text() for path in pathlib.Path(__file__).parent.rglob("test_*.py"))
    for name in theory.__all__:
        assert f"theory.{name}" in source or name in ("bounds", "Budget"), name
    for name, function in inspect.getmembers(bounds, inspect.isfunction):
        if function.__module__.startswith(bounds.__name__) and not name.startswith("_"):
            assert f"bounds.{name}" in source, name
