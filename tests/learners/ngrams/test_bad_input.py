"""What a model of n-grams refuses, and in which words."""

import dataclasses

import jax
import numpy as np
import pytest
from texts import LETTERS, SONG, ring

import jaxcollapse as jc
from jaxcollapse.learners import NGram
from jaxcollapse.learners.decoding import Greedy
from jaxcollapse.learners.estimators import Additive, Prior
from jaxcollapse.learners.ngrams import context_index

KEY = jax.random.key(0)


BAD = [
    (lambda: jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=9), NGram(text=[[0, 1]] * 9)), "text must be token"),
    (
        lambda: jc.recursive_training(SONG, jc.FullySynthetic(n=9), NGram(order=14, method="table")),
        "leave method out, or take 'sort'",
    ),
    (
        lambda: jc.simulate(
            KEY,
            jc.recursive_training(SONG, jc.FullySynthetic(n=9), NGram(order=1, estimator=Additive(1.0))),
            chains=1,
            generations=1,
            record=jc.statistics.cross_entropy([0, 1, 2, 0], order=0),
        ),
        "order=0 must be the learner's",
    ),
    (
        lambda: jc.simulate(
            KEY,
            jc.recursive_training(LETTERS, jc.FullySynthetic(n=9), NGram(order=1)),
            chains=1,
            generations=1,
            record=jc.statistics.cross_entropy([0, 1, 1, 0], order=2),
        ),
        "contexts of order=2, the learner at 1; lower it",
    ),
    (lambda: NGram(estimator=Prior([[0.5, 0.5], [0.2, 0.9]], 1.0)), r"prior\[1\] must"),
    (lambda: LETTERS.split(float("nan")), "held_out must be"),
    (
        lambda: jc.recursive_training(LETTERS, jc.FullySynthetic(n=9), NGram(order=1)).learner.written(
            KEY, context_index.context_index(ring([0, 1, 1]), 1, 2), 0
        ),
        "tokens must be",
    ),
    (lambda: jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=9), NGram(text=[0, 1, 2, 4])), "text has token 4"),
    (lambda: jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=9), NGram(text=[0, -1, 1])), "text has token -1"),
    (lambda: jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=9), NGram(text=[])), "needs a text of more"),
    (lambda: NGram(order=-1), "order must be"),
    (lambda: NGram(order=1.5), "order must be"),
    (lambda: NGram(documents=0), "documents must be"),
    (lambda: NGram(method="guess"), "unknown method 'guess'"),
    (lambda: jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=9), NGram()), "learns from a text"),
    (lambda: jc.recursive_training(jc.languages.zipf(9), jc.FullySynthetic(n=9), NGram()), "learns from a text"),
    (lambda: jc.recursive_training(LETTERS, jc.FullySynthetic(n=9), NGram(order=10)), "order=10 needs a text"),
    (lambda: jc.recursive_training(LETTERS, jc.Accumulate(n=9), NGram(order=1)), "pools texts: give NGram"),
    (lambda: jc.recursive_training(LETTERS, jc.RandomlySampled(n=9), NGram()), "needs a learner that can average"),
    (lambda: jc.recursive_training(LETTERS, jc.AccumulateSubsample(n=9, budget=9), NGram(room=99)), "subsample"),
    (lambda: jc.recursive_training(LETTERS, jc.FreshReal(n=9, real=9, weight=2.0), NGram()), "weigh"),
    (
        lambda: jc.recursive_training(SONG, jc.FullySynthetic(n=9), NGram(order=12, decoding=Greedy())),
        "would need a table of",
    ),
    (
        lambda: jc.recursive_training(LETTERS, jc.FullySynthetic(n=9), NGram(estimator=Prior([0.2] * 5, 1.0))),
        r"prior must have one entry a token, \[2\]",
    ),
    (lambda: jc.recursive_training(LETTERS, jc.FullySynthetic(n=9), NGram(decoding=0.8)), "decoding must be such as"),
    (lambda: jc.statistics.cross_entropy([0, 1], order=2), "held_out must be more than order=2 tokens"),
    (lambda: jc.statistics.cross_entropy([0.5, 1.0], order=1), "held_out must be more than order=1 tokens"),
    (lambda: jc.statistics.cross_entropy([0, 1], order=1, discount=2), "discount must be"),
    (
        lambda: jc.simulate(
            KEY,
            jc.recursive_training(LETTERS, jc.FullySynthetic(n=9), NGram()),
            chains=1,
            generations=1,
            record=jc.statistics.cross_entropy([0, 1, 7], order=1),
        ),
        "held_out has token 7",
    ),
    (
        lambda: jc.simulate(
            KEY, jc.recursive_training(LETTERS, jc.FullySynthetic(n=9)), chains=1, generations=1, record="ngrams"
        ),
        "statistic of texts",
    ),
    (lambda: jc.languages.from_tokens([]), "tokens has no tokens"),
    (lambda: jc.languages.from_tokens(["a", "a"]), "has only one token"),
    (lambda: dataclasses.replace(LETTERS, text=np.array([0, 2], np.int32)), "text must hold indices"),
    (lambda: dataclasses.replace(LETTERS, text=[False, True]), r"text must be token indices \[length\], got bool"),
    (lambda: dataclasses.replace(LETTERS, text="ab"), "text must be token indices"),
    (lambda: dataclasses.replace(LETTERS, p=[0.9, 0.1]), "p must be how often each token stands in text"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
