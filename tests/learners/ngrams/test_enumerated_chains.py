"""Chains of texts that are small enough to be enumerated, and order 0, whose law is that of counts."""

import collections
import itertools
import math

import jax
import numpy as np
import pytest
from texts import LETTERS, grams

import jaxcollapse as jc
from jaxcollapse.learners import NGram
from jaxcollapse.learners.estimators import Additive

KEY = jax.random.key(0)
GENERATOR = np.random.default_rng(0)


# An exact small chain: every text of n tokens, for every table of counts that a text can have.


def law_of_texts(counts, order, n, vocabulary=2):
    """The next text's law, by the definition: a uniform place's context, then one token after another."""
    of_context = collections.Counter()
    for gram, count in counts.items():
        of_context[gram[:-1]] += count
    total = sum(counts.values())
    law = collections.Counter()
    for text in itertools.product(range(vocabulary), repeat=n):
        for context, count in of_context.items():
            chance, at = count / total, context
            for token in text:
                if not of_context[at]:
                    chance = 0.0
                    break
                chance *= counts.get((*at, token), 0) / of_context[at]
                at = (*at, token)[1:] if order else ()
            law[text] += chance
    return law


def enumerated(language, order, n, generations, seam=True):
    """Expectations of four statistics at m = 1, 2, ..., ``[generations, 4]``; the mutant forgets the seam of a ring."""
    truth = grams(language.text.tolist(), order)
    known = {}

    def state_of(text):
        if seam or not order:
            return tuple(sorted(grams(text, order).items()))
        inside = [text[i : i + order + 1] for i in range(len(text) - order)]
        return tuple(sorted(collections.Counter([*inside, *[inside[-1]] * order]).items()))

    def next_states(state):
        if state not in known:
            law = collections.Counter()
            for text, chance in law_of_texts(dict(state), order, n).items():
                if chance:
                    law[state_of(text)] += chance
            known[state] = law
        return known[state]

    def statistics(state):
        counts = dict(state)
        of_context = collections.Counter()
        for gram, count in counts.items():
            of_context[gram[:-1]] += count
        rate = -sum(c / n * math.log(c / of_context[gram[:-1]]) for gram, c in counts.items())
        tokens = {gram[-1] for gram in counts}
        return np.array([len(counts), len(of_context), rate, float(len(tokens) == 1)])

    law, rows = next_states(tuple(sorted(truth.items()))), []
    for _ in range(generations):
        assert abs(sum(law.values()) - 1) < 1e-9 or not seam
        rows.append(sum(chance * statistics(state) for state, chance in law.items()))
        after = collections.Counter()
        for state, chance in law.items():
            for other, share in next_states(state).items():
                after[other] += chance * share
        law = after
    return np.array(rows)


RECORD = ("ngrams", "contexts", "entropy_rate", "collapsed")


def distance(trace, exact):
    """The largest difference of a mean from its expectation, in standard errors."""
    worst = 0.0
    for i, name in enumerate(RECORD):
        values = np.asarray(trace[name][:, 1:], float)
        error = np.maximum(values.std(axis=0, ddof=1) / math.sqrt(len(values)), 1e-7)
        worst = max(worst, float(np.max(np.abs(values.mean(axis=0) - exact[:, i]) / error)))
    return worst


@pytest.mark.parametrize(
    "learner",
    [NGram(order=1), NGram(order=2), NGram(order=1, method="sort"), NGram(order=1, estimator=Additive(0.0))],
    ids=["one", "two", "sorted", "as a table"],
)
def test_a_small_chain_is_as_enumerated(learner):
    """24 comparisons, each rejected by chance at 2e-9; 20 000 chains are normal enough for six standard errors."""
    n, generations = 6, 6
    process = jc.recursive_training(LETTERS, jc.FullySynthetic(n=n), learner)
    trace = jc.simulate(KEY, process, chains=20_000, generations=generations, record=RECORD)
    assert distance(trace, enumerated(LETTERS, learner.order, n, generations)) < 6
    if learner.copies and learner.method is None and learner.order == 1:
        assert distance(trace, enumerated(LETTERS, 1, n, generations, seam=False)) > 12


def test_order_0_is_the_categorical_learner_in_law():
    """Oracles of the one are those of the other; 60 comparisons at six standard errors, in all 1.2e-7."""
    language = jc.languages.from_tokens(GENERATOR.choice(8, 400, p=jc.languages.zipf(8).p))
    for regime in (jc.FullySynthetic(n=30), jc.PartiallySynthetic(n=20, real=10)):
        process = jc.recursive_training(language, regime, NGram(order=0))
        trace = jc.simulate(KEY, process, chains=4000, generations=10, record=("heterozygosity", "support", "entropy"))
        same = jc.recursive_training(language, regime)
        for name in trace:
            curve = jc.analysis.ensemble(trace, name, levels=())
            exact = jc.theory.ORACLES[name](same, 10)
            assert np.all(np.abs(curve.mean - exact)[1:] < 6 * curve.standard_error[1:]), (regime, name)
