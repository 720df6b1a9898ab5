"""What is written was there, under every regime that has a meaning for texts, and runs of texts are recreated."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from selection import some
from texts import LETTERS, SONG, grams, ring

import jaxcollapse as jc
from jaxcollapse.learners import NGram
from jaxcollapse.learners.decoding import Temperature, TopK
from jaxcollapse.learners.estimators import Additive, MaximumLikelihood, Prior
from jaxcollapse.runs import configuration

KEY = jax.random.key(0)


@pytest.mark.parametrize("learner", [NGram(order=2), NGram(order=2, documents=7), NGram(order=2, decoding=TopK(99))])
def test_what_is_written_was_there(learner):
    process = jc.recursive_training(SONG, jc.FullySynthetic(n=300), learner)
    model = process.learner.fit(KEY, ring(SONG.text), None)
    written = np.asarray(process.learner.write(KEY, model, model, jnp.int32(300), 300).labels)
    seen = grams(SONG.text.tolist(), 2)
    for document in np.array_split(written, learner.documents):
        assert {tuple(document[i : i + 3]) for i in range(len(document) - 2)} <= set(seen)


@pytest.mark.parametrize(
    "learner", [NGram(order=1), NGram(order=1, estimator=Additive(0.0))], ids=["copied", "a table"]
)
def test_a_document_begins_anywhere(learner):
    """Documents of one token have the frequencies of the text, and pairs too; six standard errors, 5e-8 in all."""
    many, text = 30_000, [0, 1, 1, 2]
    process = jc.recursive_training(jc.languages.from_tokens(text), jc.FullySynthetic(n=many), learner)
    learner = dataclasses.replace(process.learner, documents=many)
    model = learner.fit(KEY, ring(text), None)
    written = np.asarray(learner.write(KEY, model, model, jnp.int32(many), many).labels)
    for values, expected in (
        (written, [0.25, 0.5, 0.25]),
        (3 * written[::2] + written[1::2], np.outer(*[[1, 2, 1]] * 2) / 16),
    ):
        p = np.ravel(expected)
        error = np.sqrt(p * (1 - p) * len(values))
        assert np.all(np.abs(np.bincount(values, minlength=len(p)) - p * len(values)) < 6 * error)


REGIMES = [
    jc.PartiallySynthetic(n=40, real=20),
    jc.FreshReal(n=40, real=20),
    jc.Mixture(n=40, share=0.3),
    jc.MostRecent(n=40, window=2),
    jc.MostRecent(n=40, window=2, reuse=True),
    jc.RandomlySampled(n=40, reuse="prefix", generations=5),
    jc.Accumulate(n=40),
]


@pytest.mark.parametrize("regime", some(REGIMES, [REGIMES[i] for i in (0, 2, 4, 5, 6)]))
def test_regimes_of_texts(regime):
    process = jc.recursive_training(SONG, regime, NGram(order=1, room=200))
    trace = jc.simulate(KEY, process, chains=3, generations=5, record=("ngrams", "support")).check()
    assert np.all(trace["ngrams"] >= 1)
    assert np.all(trace["support"] <= len(SONG))
    if isinstance(regime, jc.Accumulate):
        with pytest.raises(ValueError, match="room=200 is too small for 6 generations of Accumulate"):
            jc.simulate(KEY, process, chains=3, generations=6)


def test_pools_hold_every_text():
    learner = jc.recursive_training(SONG, jc.Accumulate(n=4), NGram(order=1, room=9)).learner
    pool = learner.corpora.pool(ring([0, 1, 2], 4), None, None)
    pool = learner.corpora.extend(pool, ring([3, 3], 4))
    pool = learner.corpora.extend(pool, ring([1, 0, 1, 0], 4))
    assert pool.labels.tolist() == [0, 1, 2, 3, 3, 1, 0, 1, 0]
    assert int(pool.size) == 9


def test_one_token_is_the_end():
    process = jc.recursive_training(LETTERS, jc.FullySynthetic(n=5), NGram(order=1))
    times = jc.collapse_times(KEY, process, chains=50, max_generations=2000)
    assert bool(times.observed.all())
    assert np.array_equal(times.time, times.final)
    smooth = jc.recursive_training(LETTERS, jc.FullySynthetic(n=5), NGram(order=1, estimator=Additive(0.1))).learner
    alone = ring([1] * 5)
    assert int(smooth.fixed_token(smooth.fit(KEY, alone, None))) == -1
    for learner in (smooth, process.learner):
        plain = dataclasses.replace(learner, estimator=MaximumLikelihood(), decoding=(TopK(2),))
        for token in (0, 1):
            assert int(plain.fixed_token(plain.fit(KEY, ring([token] * 5), None))) == token
        assert int(plain.fixed_token(plain.fit(KEY, ring([0, 1, 0]), None))) == -1
    # What counts is what follows (1, 1), whatever is said of other contexts that end in 1.
    rows = Prior([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.0, 1.0]], 2.0)
    longer = jc.recursive_training(LETTERS, jc.FullySynthetic(n=5), NGram(order=2, estimator=rows)).learner
    assert int(longer.fixed_token(longer.fit(KEY, alone, None))) == 1
    assert int(longer.fixed_token(longer.fit(KEY, ring([0] * 5), None))) == -1


@pytest.mark.campaign
def test_numbers_are_swept():
    def left(temperature, n):
        learner = NGram(order=1, decoding=Temperature(temperature))
        process = jc.recursive_training(SONG, jc.FullySynthetic(n=n, capacity=64), learner)
        return jc.simulate(KEY, process, chains=8, generations=4, record="entropy_rate")["entropy_rate"][:, -1].mean()

    cold, warm = jax.jit(jax.vmap(left))(jnp.array([0.3, 1.5]), jnp.array([64, 64]))
    assert cold < warm
    np.testing.assert_allclose(cold, left(0.3, 64), rtol=1e-5)


def test_a_run_of_texts_is_told_and_recreated(tmp_path):
    prior = Prior(np.full((len(SONG), len(SONG)), 1 / len(SONG), np.float32), 2.0)
    process = jc.recursive_training(SONG, jc.FullySynthetic(n=30), NGram(order=1, estimator=prior))
    trace = jc.run(KEY, process, chains=2, generations=3, record=("ngrams",), progress=False)
    told = configuration.of_run(KEY, process, {"chains": 2, "generations": 3, "record": ["ngrams"]})
    key, again, options = configuration.recreated(told)
    same = jc.run(key, again, **options, progress=False)
    np.testing.assert_array_equal(trace["ngrams"], same["ngrams"])
    # A checkpoint halfway goes on with the same text.
    path = tmp_path / "half"
    jc.run(KEY, process, chains=2, generations=3, record=("ngrams",), progress=False, checkpoint=path)
    assert path.exists()


def test_what_does_not_fit_a_pool_is_left_out():
    learner = jc.recursive_training(SONG, jc.Accumulate(n=4), NGram(order=1, room=5)).learner
    pool = learner.corpora.extend(learner.corpora.pool(ring([0, 1, 2], 4), None, None), ring([3, 3, 3, 3], 4))
    assert pool.labels.tolist() == [0, 1, 2, 3, 3]
    assert int(pool.size) == 5
    # Inside a caller's jit nobody can know how far it goes: no harm is done.
    process = jc.recursive_training(SONG, jc.Accumulate(n=30), NGram(order=1, room=70))
    state, _ = jc.engine.start(KEY, process, chains=2, record="ngrams")
    further = jax.jit(lambda state: jc.engine.advance(KEY, process, state, generations=1, record="ngrams"))
    for _ in range(4):
        state, trace = further(state)
    assert state.memory.size.tolist() == [70, 70]
    assert np.all(trace["ngrams"] > 0)


def test_a_pool_of_growing_texts_has_room():
    process = jc.recursive_training(SONG, jc.Accumulate(n=jc.schedules.geometric(10, 2.0, 3)), NGram(order=1, room=70))
    assert jc.simulate(KEY, process, chains=1, generations=3, record="ngrams").check()
    with pytest.raises(ValueError, match="room=70 is too small"):
        jc.simulate(KEY, process, chains=1, generations=4, record="ngrams")
