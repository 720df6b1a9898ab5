"""Every learner with every regime that has a meaning for it: what a process promises, by abstract evaluation alone."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from every_other import EveryOther
from text_learner import TextCopier
from trained_learner import TRUTH, Bigrams

import jaxcollapse as jc
from jaxcollapse.contract import Learner, Process, Regime, State

P = np.array([0.4, 0.25, 0.15, 0, 0.1, 0.05, 0.04995, 0.00005], np.float32)
TEXT = jc.languages.from_tokens(list("abracadabra alakazam"))
ROWS = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], np.float32)
LANGUAGES = {
    "labels": (P, jc.learners.Categorical("labels")),
    "labels first": (P, jc.learners.Categorical("labels first")),
    "counts": (P, jc.learners.Categorical("counts")),
    "additive": (P, jc.learners.Estimated(estimator=jc.estimators.Additive(0.5))),
    "decoded": (P, jc.learners.Estimated(decoding=jc.decoding.TopK(3))),
    "text copier": (P, TextCopier()),
    "n-grams": (TEXT, jc.learners.NGram(order=2, room=600)),
    "smoothed n-grams": (TEXT, jc.learners.NGram(order=1, room=600, estimator=jc.estimators.KneserNey(0.5))),
    "trained": (TRUTH, Bigrams()),
    "contexts": (ROWS, jc.learners.Contexts(frequencies=[0.6, 0.4])),
    "contexts, drawn": (ROWS, jc.learners.Contexts(frequencies=[0.6, 0.4], drawn=True)),
}
REGIMES = {
    "fully-synthetic": jc.FullySynthetic(n=40),
    "partially-synthetic": jc.PartiallySynthetic(n=40, real=30),
    "most-recent": jc.MostRecent(n=42, window=3),
    "most-recent, reuse": jc.MostRecent(n=42, window=3, reuse=True),
    "randomly-sampled": jc.RandomlySampled(n=40),
    "randomly-sampled, bounded": jc.RandomlySampled(n=40, generations=9),
    "randomly-sampled, pool": jc.RandomlySampled(n=40, reuse="pool", generations=9),
    "randomly-sampled, prefix": jc.RandomlySampled(n=40, reuse="prefix", generations=9),
    "accumulate": jc.Accumulate(n=40, generations=9),
    "accumulate, unbounded": jc.Accumulate(n=40),
    "accumulate-subsample": jc.AccumulateSubsample(n=40, budget=35, generations=9),
    "accumulate-subsample, replacement": jc.AccumulateSubsample(n=40, budget=35, replacement=True, generations=9),
    "fresh-real": jc.FreshReal(n=40, real=30),
    "fresh-real, weight": jc.FreshReal(n=40, real=30, weight=1.5),
    "mixture": jc.Mixture(n=40, share=0.25),
    "every-other": EveryOther(n=40),
}
REFUSED = {
    "labels first": {name for name in REGIMES if not name.startswith(("fully", "partially", "accumulate"))},
    "counts": {
        *("most-recent", "most-recent, reuse", "randomly-sampled, prefix", "fresh-real, weight"),
        *("randomly-sampled", "randomly-sampled, bounded", "randomly-sampled, pool"),
    },
    "text copier": {
        *("randomly-sampled", "randomly-sampled, bounded", "randomly-sampled, pool", "fresh-real, weight"),
        *(name for name in REGIMES if name.startswith("accumulate")),
    },
    "n-grams": {
        *("randomly-sampled", "randomly-sampled, bounded", "randomly-sampled, pool", "fresh-real, weight"),
        *("accumulate-subsample", "accumulate-subsample, replacement"),
    },
    "trained": {"randomly-sampled", "accumulate, unbounded"},
    "contexts": set(),
    "contexts, drawn": {name for name in REGIMES if name.startswith(("most-recent", "randomly-sampled", "fresh-real"))},
}
REFUSED["smoothed n-grams"] = REFUSED["n-grams"]
"""What has no meaning: the rest of the table must work."""


def process_of(learner, regime):
    language, learner = LANGUAGES[learner]
    return jc.recursive_training(language, REGIMES[regime], learner)


def described(tree):
    return [(path, leaf.shape, leaf.dtype, leaf.weak_type) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]


def test_the_table_has_every_regime():
    assert {type(regime) for regime in REGIMES.values()} == {*jc.regimes.REGIMES.values(), EveryOther}


@pytest.mark.parametrize(("learner", "regime"), list(itertools.product(LANGUAGES, REGIMES)))
def test_a_pair_works_or_is_refused_by_name(learner, regime):
    """States keep their structure, shapes and types from generation 1 on; a statistic has one shape at all of them."""
    if regime in REFUSED.get(learner, set()):
        with pytest.raises((TypeError, ValueError), match=f"{type(REGIMES[regime]).__name__}|method="):
            process_of(learner, regime)
        return
    process = process_of(learner, regime)
    assert isinstance(process, Process)
    assert isinstance(process.regime, Regime)
    key, chain = jax.eval_shape(jax.random.key, 0), jnp.int32(0)
    state = jax.eval_shape(process.init, key, chain)
    assert isinstance(state, State)
    after = jax.eval_shape(process.step, key, state)
    assert described(state) == described(after)
    shown, truth = (jax.eval_shape(of, state) for of in (process.view, process.view_truth))
    record = tuple(jc.statistics.STATISTICS.values()) if shown.p is not None else ()
    for view in (shown, truth):
        values = jax.eval_shape(lambda view: process.evaluate(record, view), view)
        assert {name: (of.shape, of.dtype) for name, of in values.items()} == {
            name: (of.shape, of.dtype)
            for name, of in jax.eval_shape(lambda view: process.evaluate(record, view), shown).items()
        }
    for asked in (process.is_fixed, process.absorbed):
        found = jax.eval_shape(asked, state)
        assert (found.shape, found.dtype) == ((), jnp.bool_)
    assert process.workload().entries > 0
    assert process.scheme.batch(process, 10, "cpu") >= 1
    assert hash(process.scheme) == hash(dataclasses.replace(process.scheme))


@pytest.mark.parametrize("learner", LANGUAGES)
def test_what_is_in_flight_on_an_accelerator_is_bounded(learner):
    process = process_of(learner, "fully-synthetic")
    entries = process.workload().entries
    small = dataclasses.replace(process, scheme=dataclasses.replace(process.scheme, accelerator_entries=3 * entries))
    assert small.scheme.batch(small, 1000, "gpu") == 3


def test_the_members_that_a_learner_must_write_are_four_and_its_corpora():
    assert Learner.__abstractmethods__ == {"corpora", "truth", "write", "fit", "view"}


def test_what_is_no_scheme_is_refused():
    with pytest.raises(TypeError, match=r"scheme must be a scheme such as .*got 'plain'"):
        jc.recursive_training(P, jc.FullySynthetic(n=3), scheme="plain")


def test_a_statistic_that_requires_an_unknown_field_is_refused_by_name():
    statistic = jc.statistics.Statistic("mass", lambda view: jnp.sum(view.p), frozenset({"prob"}))
    with pytest.raises(ValueError, match="unknown field of a view that a statistic requires 'prob'"):
        jc.simulate(
            jax.random.key(0), process_of("labels", "fully-synthetic"), chains=1, generations=1, record=statistic
        )
