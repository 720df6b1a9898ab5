"""Corpora of labels: the exact map from words to slots, and the bookkeeping against Python and NumPy."""

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import WORDS, as_words, ceil_div
from corpora import corpora, tokens_of
from hypothesis import given, settings

from jaxcollapse import sampling
from jaxcollapse.sampling import Labels, labels

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


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
    monkeypatch.setattr(labels, "random_bits", lambda key, count: as_words(integers))
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


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=6, max_size=6), st.integers(0, 6))
def test_gather_copies_positions_of_rows(chosen, size):
    labels = np.arange(100, 112, dtype=np.int32).reshape(3, 4)
    stack = Labels(jnp.asarray(labels), jnp.array([4, 4, 4], jnp.int32))
    rows, positions = (jnp.array(side, jnp.int32) for side in zip(*chosen, strict=True))
    gathered = sampling.gather(stack, rows, positions, jnp.int32(size))
    assert tokens_of(gathered) == [labels[row, place] for row, place in chosen][:size]


@given(corpora(vocabulary=9, least=1, capacities=(1, 5, 32)))
def test_histogram_is_bincount(corpus):
    assert (np.asarray(sampling.histogram(corpus, 9)) == np.bincount(tokens_of(corpus), minlength=9)).all()


@given(corpora(vocabulary=9, least=1, capacities=(1, 5, 32)), corpora(vocabulary=9, least=1, capacities=(1, 5, 32)))
def test_concatenate_is_concatenate(first, second):
    both = sampling.concatenate(first, second)
    assert both.labels.shape[0] == first.labels.shape[0] + second.labels.shape[0]
    assert (tokens_of(both) == np.concatenate([tokens_of(first), tokens_of(second)])).all()


@given(corpora(vocabulary=50, least=1, capacities=(1, 5, 32)))
def test_relabel_is_unique(corpus):
    renamed, tokens = sampling.relabel(corpus, 50)
    present, ranks = np.unique(tokens_of(corpus), return_inverse=True)
    assert (tokens_of(renamed) == ranks).all()
    assert np.asarray(tokens).tolist() == present.tolist() + [50] * (corpus.labels.shape[0] - len(present))


def test_resize_changes_the_capacity_alone():
    corpus = Labels(jnp.array([3, 1, 2, 9], jnp.int32), jnp.int32(3))
    for capacity in (3, 4, 7):
        resized = sampling.resize(corpus, capacity)
        assert resized.labels.shape == (capacity,)
        assert tokens_of(resized) == [3, 1, 2]
