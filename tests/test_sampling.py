"""Draws of tokens: the words, the exact maps from words to slots and to tokens, and the law of it all."""

import itertools
import math

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from jax.extend.random import threefry_2x32

from jaxcollapse import sampling
from jaxcollapse.exact.fixed import U64
from jaxcollapse.sampling import Labels, labels
from jaxcollapse.sampling.cdf import search

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")

ERROR_RATE = 1e-6  # of each statistical test, were its seed drawn anew


# The words.


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
@pytest.mark.parametrize("slots", [1, 2, 1000])
def test_words_are_jaxs_own_threefry(seed, slots):
    key = jax.random.key(seed, impl="threefry2x32")
    found = sampling.random_bits(key, slots)
    counters = jnp.concatenate([jnp.zeros(slots, jnp.uint32), jnp.arange(slots, dtype=jnp.uint32)])
    first, second = threefry_2x32(jax.random.key_data(key), counters).reshape(2, slots)
    assert (found.hi == first).all()
    assert (found.lo == second).all()


@pytest.mark.parametrize("partitionable", [True, False])
def test_words_are_the_public_random_bits_whatever_the_flag(partitionable):
    key = jax.random.key(0, impl="threefry2x32")
    with jax.threefry_partitionable(True):
        public = jax.random.bits(key, (1000,), "uint32")
    with jax.threefry_partitionable(partitionable):
        found = sampling.random_bits(key, 1000)
    assert ((found.hi ^ found.lo) == public).all()


def test_more_words_extend_fewer():
    few, many = (sampling.random_bits(jax.random.key(1), slots) for slots in (7, 4096))
    assert (few.hi == many.hi[:7]).all()
    assert (few.lo == many.lo[:7]).all()


# The maps, at the words where they change. `first_words[i]` is the least word that stands for outcome `i`, by
# integer arithmetic of any length; an outcome's share is the distance to the next one. The maps are monotone
# (they are floors of increasing functions), so agreeing at both sides of every change is agreeing everywhere.

WORDS = 2**64


def ceil_div(a, b):
    return -(-a // b)


def as_words(integers):
    integers = np.array(integers, object)
    return U64(jnp.asarray(integers >> 32, jnp.uint32), jnp.asarray(integers & 0xFFFFFFFF, jnp.uint32))


class EverySlotHoldsItsNumber:
    """Labels that are ``0, 1, 2, ...`` without the memory that 2^31 of them would take."""

    at = property(lambda self: self)

    def __getitem__(self, slot):
        self.slot = slot
        return self

    def get(self, mode):
        return self.slot


def slots_of(integers, n, monkeypatch):
    """The slots, of ``n``, that the library copies for given words."""
    monkeypatch.setattr(labels, "words", lambda key, slots: as_words(integers))
    corpus = Labels(EverySlotHoldsItsNumber(), jnp.int32(n))
    return np.asarray(sampling.draw_from_labels(None, corpus, jnp.int32(len(integers)), len(integers)).labels)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000, 2**16, 10**6, 2**31 - 1])
def test_every_slot_stands_for_equally_many_words(n, monkeypatch):
    """``floor(2^64 / n)`` or one more."""
    some = {0, 1, n // 3, n // 2, n - 2, n - 1, *np.random.default_rng(0).integers(0, n, 300).tolist()}
    some = sorted(slot for slot in some if 0 <= slot < n)
    first_words = [ceil_div(slot * WORDS, n) for slot in some]
    next_words = [ceil_div((slot + 1) * WORDS, n) for slot in some]
    assert {after - first for first, after in zip(first_words, next_words, strict=True)} <= {WORDS // n, WORDS // n + 1}
    assert slots_of(first_words, n, monkeypatch).tolist() == some
    assert slots_of([word - 1 for word in next_words], n, monkeypatch).tolist() == some


@given(st.lists(st.integers(0, WORDS - 1), min_size=16, max_size=16), st.integers(1, 2**31 - 1))
def test_a_slot_is_the_word_times_the_size_over_all_words(integers, n):
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert slots_of(integers, n, monkeypatch).tolist() == [word * n // WORDS for word in integers]


def zipf(vocabulary):
    p = 1 / np.arange(1, vocabulary + 1)
    return p / p.sum()


LAWS = {
    "one token": [1.0],
    "halves": [0.5, 0.5],
    "thirds": [1 / 3, 1 / 3, 1 / 3],
    "zeros all over": [0, 0, 0.25, 0, 0.5, 0, 0, 0.25, 0],
    "rare": [1e-12, 0.3, 1e-12, 0.7, 1e-12],
    "rarer than it keeps": [1 - 1e-20, 1e-20],
    "zipf": zipf(1000),
}


@pytest.mark.parametrize("p", LAWS.values(), ids=LAWS)
def test_the_words_of_a_token_are_its_weights_share(p):
    """Boundaries exact in integers; a token of zero weight stands for no word."""
    p = np.asarray(p, np.float32)
    weights = [int(float(x) * 2**62) for x in p]
    below = list(itertools.accumulate(weights, initial=0))
    first_words = [ceil_div(weight * WORDS, below[-1]) for weight in below]
    alive = [token for token, weight in enumerate(weights) if weight]
    law = sampling.fixed_point_cdf(jnp.asarray(p))
    assert np.asarray(search(law.cumulative, as_words([first_words[i] for i in alive]))).tolist() == alive
    assert np.asarray(search(law.cumulative, as_words([first_words[i + 1] - 1 for i in alive]))).tolist() == alive
    for token in alive:
        words = first_words[token + 1] - first_words[token]
        assert abs(words * below[-1] - weights[token] * WORDS) < below[-1]  # within one word
        if p[token] >= 1e-12:
            assert words / WORDS == pytest.approx(p[token], rel=1e-6)


# The bookkeeping, against NumPy.


@st.composite
def corpora(draw, vocabulary):
    """Used slots and slots that hold nothing of meaning, in numbers that vary little so that little is compiled."""
    slots = draw(st.sampled_from([1, 5, 32]))
    tokens = draw(st.lists(st.integers(0, vocabulary - 1), min_size=slots, max_size=slots))
    return Labels(jnp.array(tokens, jnp.int32), jnp.int32(draw(st.integers(1, slots))))


def tokens_of(corpus):
    return np.asarray(corpus.labels)[: int(corpus.size)]


@given(corpora(vocabulary=9))
def test_histogram_is_bincount(corpus):
    assert (np.asarray(sampling.histogram(corpus, 9)) == np.bincount(tokens_of(corpus), minlength=9)).all()


@given(corpora(vocabulary=9), corpora(vocabulary=9))
def test_concatenate_is_concatenate(first, second):
    both = sampling.concatenate(first, second)
    assert both.labels.shape[0] == first.labels.shape[0] + second.labels.shape[0]
    assert (tokens_of(both) == np.concatenate([tokens_of(first), tokens_of(second)])).all()


@given(corpora(vocabulary=50))
def test_compact_is_unique(corpus):
    renamed, tokens = sampling.relabel(corpus, 50)
    present, ranks = np.unique(tokens_of(corpus), return_inverse=True)
    assert (tokens_of(renamed) == ranks).all()
    assert np.asarray(tokens).tolist() == present.tolist() + [50] * (corpus.labels.shape[0] - len(present))


# The whole law of a few tokens, in order: that each token is right and that no two know of each other.

DRAWS, SAMPLES = 3, 2**17


def p_value(draw, p):
    """Of Pearson's chi-square over all ``len(p)^DRAWS`` outcomes; each is expected hundreds of times."""
    keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(0), i))(jnp.arange(SAMPLES))
    tokens = np.asarray(jax.jit(jax.vmap(lambda key: draw(key, jnp.int32(DRAWS), 4).labels[:DRAWS]))(keys))
    observed = np.bincount(tokens @ len(p) ** np.arange(DRAWS)[::-1], minlength=len(p) ** DRAWS)
    expected = SAMPLES * np.array([math.prod(outcome) for outcome in itertools.product(p, repeat=DRAWS)])
    return scipy.stats.chisquare(observed, expected).pvalue


CORPUS = Labels(jnp.array([2, 0, 2, 1, 0, 0, 0, 9], jnp.int32), jnp.int32(7))  # slot 7 is not in use
FREQUENCIES = [4 / 7, 1 / 7, 2 / 7]
TRUTH = [0.4, 0.1, 0.3, 0.2]


def from_labels(key, size, slots):
    return sampling.draw_from_labels(key, CORPUS, size, slots)


def from_law(key, size, slots):
    return sampling.draw_from_cdf(key, sampling.fixed_point_cdf(jnp.array(TRUTH, jnp.float32)), size, slots)


def a_remainder_of_six_bits(key, size, slots):
    """64 words for 7 slots: the first slot gets ten of them, the others nine."""
    return Labels(CORPUS.labels[(sampling.random_bits(key, slots).hi >> 26) % 7], size)


def a_cumulative_sum_of_six_bits(key, size, slots):
    edges = jnp.round(jnp.cumsum(jnp.array(TRUTH)) * 2**6).astype(jnp.uint32)
    return Labels(jnp.searchsorted(edges, sampling.random_bits(key, slots).hi >> 26, side="right"), size)


def one_word_for_all(draw):
    def mutant(key, size, slots):
        drawn = draw(key, size, slots)
        return drawn._replace(labels=drawn.labels.at[1].set(drawn.labels[0]))

    return mutant


@pytest.mark.parametrize(("draw", "p"), [(from_labels, FREQUENCIES), (from_law, TRUTH)])
def test_the_law_of_a_sample(draw, p):
    assert p_value(draw, p) > ERROR_RATE


@pytest.mark.parametrize(
    ("mutant", "p"),
    [
        (a_remainder_of_six_bits, FREQUENCIES),
        (a_cumulative_sum_of_six_bits, TRUTH),
        (one_word_for_all(from_labels), FREQUENCIES),
        (one_word_for_all(from_law), TRUTH),
    ],
)
def test_the_test_of_the_law_rejects_mutants(mutant, p):
    assert p_value(mutant, p) < ERROR_RATE
