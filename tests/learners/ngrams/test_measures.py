"""Held-out text is scored."""

import math

import jax
import numpy as np
from texts import SONG, ring

import jaxcollapse as jc
from jaxcollapse.learners import NGram
from jaxcollapse.learners.estimators import KneserNey
from jaxcollapse.learners.ngrams import context_index

KEY = jax.random.key(0)


def test_held_out_text_is_scored():
    p = KneserNey(0.6).of_table(context_index.counts_of(ring(SONG.text), 2, len(SONG)))
    held_out = SONG.text[5:25]
    rows = [held_out[i - 1] + held_out[i - 2] * len(SONG) for i in range(2, 20)]
    exact = -np.mean([math.log(p[row, token]) for row, token in zip(rows, held_out[2:], strict=True)])
    scores = [jc.statistics.cross_entropy(held_out, order=2, discount=discount) for discount in (0.6, None)]
    for learner in (NGram(order=2), NGram(order=2, estimator=KneserNey(0.6))):
        process = jc.recursive_training(SONG, jc.FullySynthetic(n=50), learner)
        found = jc.simulate(KEY, process, chains=1, generations=3, record=scores)
        of_text, own = (np.asarray(found[name][0]) for name in ("cross_entropy", "own_cross_entropy"))
        np.testing.assert_allclose(of_text[0], exact, rtol=1e-5)
        assert own[0] < exact  # maximum likelihood on a text that holds the other one
        if learner.copies:
            assert np.all(np.isfinite(of_text))
        else:
            np.testing.assert_allclose(own[1:], of_text[1:], rtol=1e-6)
