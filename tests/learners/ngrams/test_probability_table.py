"""Models of n-grams as tables of probabilities, smoothed and decoded."""

import jax
import jax.numpy as jnp
import numpy as np
from texts import SONG, ring

import jaxcollapse as jc
from jaxcollapse.exact.u64 import U64
from jaxcollapse.learners import NGram
from jaxcollapse.learners.decoding import Greedy, Nucleus, Temperature, TopK
from jaxcollapse.learners.estimators import Additive, Prior
from jaxcollapse.learners.ngrams import context_index, measures

KEY = jax.random.key(0)


def test_a_table_tells_of_the_text_and_of_what_was_estimated():
    learner = NGram(order=2, estimator=Additive(0.5), decoding=TopK(1))
    learner = jc.recursive_training(SONG, jc.FullySynthetic(n=9), learner).learner
    tokens = [0, 1, 0, 2, 1, 0, 1]
    model, copied = learner.fit(KEY, ring(tokens), None), context_index.context_index(ring(tokens), 2, len(SONG))
    for measure in (measures.ngrams, measures.contexts, measures.tokens_and_kinds):
        np.testing.assert_array_equal(measure(model), measure(copied))
    np.testing.assert_array_equal(model.p, Additive(0.5).of_table(context_index.counts_of(ring(tokens), 2, len(SONG))))
    three = jc.languages.from_tokens([0, 1, 2, 0, 1, 2])
    sharp = jc.recursive_training(three, jc.FullySynthetic(n=9), NGram(order=2, decoding=TopK(1))).learner
    for token in range(3):
        model = sharp.fit(KEY, ring([token] * 4), None)
        assert int(sharp.fixed_token(model)) == token
        # Every row but that of the token after itself may write something else: it is the only one that counts.
        rows = jnp.arange(9)[:, None]
        even = U64(*(jnp.broadcast_to(jnp.arange(1, 4, dtype=jnp.uint32), (9, 3)) for _ in range(2)))
        both = zip(model.written, even, strict=True)
        other = model._replace(written=U64(*(jnp.where(rows == 4 * token, own, flat) for own, flat in both)))
        assert int(sharp.fixed_token(other)) == token


def test_a_prior_may_have_a_row_for_each_context():
    counts = context_index.counts_of(ring([0, 1, 0, 1, 2]), 1, 3)
    prior = np.array([[0.5, 0.5, 0], [0, 0, 1], [1, 0, 0]], np.float32)
    found = Prior(jnp.asarray(prior), 2.0).of_table(counts)
    np.testing.assert_allclose(found[1], [0.25, 0, 0.75])  # once 0, once 2, and two tokens more of 2
    process = jc.recursive_training(
        jc.languages.from_tokens([0, 1, 0, 1, 2]), jc.FullySynthetic(n=9), NGram(order=1, estimator=Prior(prior, 2.0))
    )
    assert jc.simulate(KEY, process, chains=2, generations=2, record="ngrams").check()


def test_decodings_of_texts():
    """Greedy writes the most probable continuation always; what changes nothing changes no bit."""
    counts = context_index.counts_of(ring(SONG.text), 1, len(SONG))
    process = jc.recursive_training(SONG, jc.FullySynthetic(n=60), NGram(order=1, decoding=Greedy()))
    text = np.asarray(process.learner.written(KEY, process.learner.fit(KEY, ring(SONG.text), None), 60))
    assert all(text[i + 1] == np.argmax(counts[text[i]]) for i in range(59))
    traces = []
    for decoding in ((), *((Temperature(1.0), TopK(k), Nucleus(1.0)) for k in (len(SONG), 1))):
        learner = NGram(order=1, estimator=Additive(0.0), decoding=decoding)
        process = jc.recursive_training(SONG, jc.FullySynthetic(n=60), learner)
        traces.append(
            np.asarray(jc.simulate(KEY, process, chains=4, generations=4, record="entropy_rate")["entropy_rate"])
        )
    np.testing.assert_array_equal(traces[0], traces[1])
    assert np.all(traces[2][:, 2:] < traces[0][:, 2:])


def test_a_smoothed_model_can_write_everything_and_a_copier_nothing_new():
    smooth = jc.recursive_training(SONG, jc.FullySynthetic(n=400), NGram(order=1, estimator=Additive(1.0)))
    trace = jc.simulate(KEY, smooth, chains=4, generations=8, record=("ngrams", "entropy_rate"))
    assert np.all(trace["ngrams"][:, 1:].max(axis=1) > trace["ngrams"][:, 0])
    copied = jc.recursive_training(SONG, jc.FullySynthetic(n=400), NGram(order=1))
    trace = jc.simulate(KEY, copied, chains=4, generations=8, record="ngrams")["ngrams"]
    # A seam adds one n-gram a generation at most, for the order is one.
    assert np.all(np.diff(trace, axis=1) <= 1)
