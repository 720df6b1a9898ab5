"""A toy learner that is fitted on all contexts at once, and statistics that see all contexts at once.

Each context's frequencies are shrunk towards those of all contexts together. With no weight on the latter, contexts are
those of the learner of counts; with all weight on it, contexts of one truth are a single one with all their tokens. So
both ends have exact laws: some 20 means within six standard errors, which a right sampler misses once in 2e7.
"""

import dataclasses
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import verdict

import jaxcollapse as jc
from jaxcollapse import sampling
from jaxcollapse.contract import Learner, Statistic
from jaxcollapse.learners import Categorical, Contexts, token_tables
from jaxcollapse.pytrees import canonical, pytree_dataclass, static
from jaxcollapse.sampling import FixedPointCDF
from jaxcollapse.sampling.corpora import LABELS
from jaxcollapse.sampling.token_frame import token_frame
from jaxcollapse.statistics import each

KEY = jax.random.key(0)
P = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7], [0.25, 0.25, 0.25, 0.25]])
F = np.array([0.55, 0.3, 0.15])
N, CHAINS, GENERATIONS = 40, 4000, 5


class Shrunk(NamedTuple):
    p: jax.Array
    written: FixedPointCDF


@pytree_dataclass
class Shrinking(Learner):
    """Frequencies of each context, with a share of those of all."""

    share: Any
    vocabulary: int | None = static()
    joint: ClassVar[bool] = True
    corpora = LABELS

    def bind(self, language, regime):
        return dataclasses.replace(self, vocabulary=np.shape(language)[-1]), language

    def truth(self, language):
        return sampling.fixed_point_cdf(language)

    def write(self, key, model, truth, size, capacity):
        source = model.written if isinstance(model, Shrunk) else model
        return token_tables.draw_tokens(key, source, size, capacity)

    def fit(self, key, corpus, previous):
        """Of the corpora of all contexts, labels ``[contexts, capacity]`` and sizes ``[contexts]``."""
        counts = jax.vmap(lambda one: sampling.histogram(one, self.vocabulary))(corpus).astype(jnp.float32)
        own = counts / jnp.sum(counts, axis=1, keepdims=True)
        of_all = jnp.sum(counts, axis=0, keepdims=True) / jnp.sum(counts)
        p = (1 - self.share) * own + self.share * of_all
        return Shrunk(p, jax.vmap(sampling.fixed_point_cdf)(p))

    def view(self, model, truth, frame):
        if isinstance(model, FixedPointCDF):
            return token_tables.view_of_truth(model, truth.p, frame)
        return token_tables.view_of_table(model, token_tables.table_of_probabilities(model.p), truth.p, frame)

    def frame(self, real, truth, closed):
        return real, token_frame(jnp.arange(self.vocabulary, dtype=jnp.int32))

    def fixed_token(self, source):
        if isinstance(source, Shrunk):
            return sampling.only_token_in_probabilities(source.p)
        return sampling.only_token(source)


def made(share, p=P, regime=None):
    return jc.recursive_training(p, regime or jc.FullySynthetic(n=N), Contexts(Shrinking(share), F))


def deviation(trace, name, exact):
    """The largest of means of chains from the exact ones, in standard errors, rounding apart."""
    values = np.asarray(trace[name], np.float64)
    error = np.maximum(values.std(axis=0) / np.sqrt(len(values)), 1e-6)
    return np.max((np.abs(values.mean(axis=0) - exact) - 1e-6) / error)


def between_contexts(view):
    """How far apart contexts are, squared; 0 where all are the same."""
    assert view.p.shape == view.truth.shape == (3, 4)
    return jnp.sum((view.p[:, None] - view.p[None]) ** 2, axis=2)


BETWEEN = Statistic("between", between_contexts, over="joint")
SUPPORTS = Statistic("supports", lambda view: jnp.sum(view.p > 0, axis=1, dtype=jnp.int32), over="joint")


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_one_fit_sees_the_corpora_of_all_contexts(share):
    """The real data are those of the learner of counts, bit for bit; what is made of them is the definition."""
    process = canonical(made(share))
    model = process.init(KEY, jnp.int32(0)).model
    of_counts = canonical(jc.recursive_training(P, jc.FullySynthetic(n=N), Contexts(Categorical("labels"), F)))
    corpora, _, _ = of_counts.begin(KEY)
    texts = [labels[:size].tolist() for labels, size in zip(*map(np.asarray, corpora), strict=True)]
    assert [len(text) for text in texts] == [22, 12, 6]
    counts = np.array([np.bincount(text, minlength=4) for text in texts])
    own, of_all = counts / counts.sum(axis=1, keepdims=True), counts.sum(axis=0) / N
    np.testing.assert_allclose(model.p, (1 - share) * own + share * of_all, rtol=1e-6)


def test_both_ends_have_exact_laws():
    """And each is rejected by the law of the other."""
    same = np.tile(P[:1], (3, 1))
    of_counts = jc.recursive_training(same, jc.FullySynthetic(n=N), Contexts(frequencies=F))
    of_one = jc.recursive_training(P[0], jc.FullySynthetic(n=N))
    for name in ("heterozygosity", "support"):
        apart, together = (jc.theory.ORACLES[name](process, GENERATIONS) for process in (of_counts, of_one))
        for share, exact, other in ((0.0, apart, together), (1.0, together, apart)):
            trace = jc.simulate(KEY, made(share, same), chains=CHAINS, generations=GENERATIONS, record=name)
            assert deviation(trace, name, exact) < 6
            assert deviation(trace, name, other) > 6


def test_collapse_of_contexts_that_are_one():
    times = jc.collapse_times(KEY, made(1.0, np.tile(P[:1], (3, 1))), chains=CHAINS, max_generations=1000)
    law = jc.theory.collapse_probability(jc.recursive_training(P[0], jc.FullySynthetic(n=N)), 100)
    assert bool(times.final_observed.all())
    for m in (20, 40, 60, 100):
        assert verdict.share_agrees(np.asarray(times.final) <= m, law[m])


def test_joint_statistics_see_all_contexts():
    """They are recorded beside means and single contexts, which they leave as they are."""
    record = ("support", each("support"), SUPPORTS, BETWEEN)
    traces = {
        share: jc.simulate(KEY, made(share), chains=6, generations=4, record=record).check() for share in (0.0, 1.0)
    }
    for trace in traces.values():
        assert trace["between"].shape == (6, 5, 3, 3)
        np.testing.assert_array_equal(trace["supports"], trace["each_support"])
        np.testing.assert_allclose(trace["support"], np.asarray(trace["supports"]) @ F, rtol=1e-6)
        np.testing.assert_allclose(
            trace["between"][:, 0], np.tile(((P[:, None] - P) ** 2).sum(axis=2), (6, 1, 1)), rtol=1e-6
        )
    assert (np.asarray(traces[1.0]["between"])[:, 1:] == 0).all()
    assert (np.asarray(traces[0.0]["between"])[:, 1, 0, 1] > 0).all()
    alone = jc.simulate(KEY, made(0.0), chains=6, generations=4, record="support")
    np.testing.assert_array_equal(alone["support"], traces[0.0]["support"])


def test_other_regimes_and_sweeps_of_a_joint_learner():
    """A window keeps corpora, real data are kept; the share is a leaf."""
    for regime in (jc.MostRecent(n=N, window=2), jc.PartiallySynthetic(n=N, real=20)):
        trace = jc.simulate(KEY, made(1.0, regime=regime), chains=3, generations=3, record=BETWEEN).check()
        assert (np.asarray(trace["between"])[:, 1:] == 0).all()
    swept = jax.vmap(
        lambda share: jc.simulate(KEY, made(share), chains=200, generations=3, record=BETWEEN)["between"][:, -1].sum()
    )(jnp.array([0.0, 0.5, 1.0]))
    assert swept[0] > swept[1] > swept[2] == 0


def test_contexts_of_a_joint_learner_are_not_taken_apart():
    with pytest.raises(ValueError, match="Shrinking is fitted on all contexts at once; none has a process of its own"):
        made(0.5).context(0)
    with pytest.raises(ValueError, match=r"Shrinking is fitted on many contexts at once; give p \[contexts, vocab"):
        jc.recursive_training(P[0], jc.FullySynthetic(n=N), Shrinking(0.5))
