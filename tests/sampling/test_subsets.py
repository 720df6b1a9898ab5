"""Draws without replacement. What is drawn is compared as counts, because a subset is a set of positions."""

import collections
import functools
import itertools

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import LARGEST
from corpora import SAMPLES, counts_of, keys
from hypothesis import given, settings
from verdict import law_agrees, share_agrees

from jaxcollapse import sampling
from jaxcollapse.sampling import (
    subsets,
)

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


CAPACITY = 8


PARTS = {
    "all differ": [1] * 6,
    "duplicates": [3, 0, 2, 1],
    "one token": [5],
    "two positions": [1, 1],
    "seven": [1, 0, 5, 1],
}


def subset_probabilities(counts, size):
    """The probabilities of the counts of a uniformly drawn set of ``size`` positions."""
    positions = np.repeat(np.arange(len(counts)), counts)
    sets = list(itertools.combinations(positions, min(size, len(positions))))
    probabilities = collections.Counter(
        tuple(np.bincount(some, minlength=len(counts)).tolist()) for some in map(list, sets)
    )
    return {found: chance / len(sets) for found, chance in probabilities.items()}


def part(key, counts, size, capacity=CAPACITY):
    """Counts of the part, and how many it says it is."""
    drawn = sampling.draw_subset(key, counts_of(counts), jnp.asarray(size, jnp.int32), capacity)
    return jnp.append(sampling.histogram(drawn, len(counts)), drawn.size)


def parts(counts):
    """How often which part was seen, for every size from 0 to beyond the pool, in one batch of all sizes."""
    sizes = jnp.arange(sum(counts) + 2)
    drawn = jax.jit(jax.vmap(lambda key: jax.vmap(lambda size: part(key, counts, size))(sizes)))(keys())
    return [collections.Counter(map(tuple, np.asarray(drawn[:, size]).tolist())) for size in sizes.tolist()]


def subsets_agree(counts):
    """Sizes 0 and the whole pool have one outcome each, which is all that may be seen. One verdict for each size."""
    verdicts = []
    for size, seen in enumerate(parts(counts)):
        assert sum(seen.values()) == SAMPLES
        probabilities = {
            (*found, min(size, sum(counts))): chance for found, chance in subset_probabilities(counts, size).items()
        }
        certain = len(probabilities) == 1
        verdicts.append(set(seen) == set(probabilities) if certain else law_agrees(seen, probabilities))
    return verdicts


@pytest.mark.parametrize("counts", PARTS.values(), ids=PARTS)
def test_every_subset_of_a_pool_is_as_likely(counts):
    assert subsets_agree(counts) == [True] * (sum(counts) + 2)


def repeats_are_kept(key, bound, size, capacity):
    return sampling.randint(key, bound, capacity)


def repeats_move_on_to_the_next_integer(key, bound, size, capacity):
    positions = list(sampling.randint(key, bound, capacity))
    for slot in range(1, 3):  # no more are drawn of a pool of six
        for _ in range(slot):
            taken = functools.reduce(jnp.logical_or, [positions[slot] == earlier for earlier in positions[:slot]])
            positions[slot] = jnp.where(taken, (positions[slot] + 1) % bound, positions[slot])
    return jnp.stack(positions)


def the_last_integer_never(key, bound, size, capacity):
    return RIGHT(key, jnp.maximum(bound - 1, 1), size, capacity)


RIGHT = subsets.distinct_integers


MUTANTS = [
    # wrong for sizes                         0      1     2      3      4      5     6     7
    (repeats_are_kept, [True, True, False, False, False, True, True, True]),
    (repeats_move_on_to_the_next_integer, [True, True, False, False, False, True, True, True]),
    (the_last_integer_never, [True, False, False, False, False, False, True, True]),
]


@pytest.mark.parametrize(("distinct", "verdicts"), MUTANTS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_test_of_subsets_rejects_mutants(distinct, verdicts, monkeypatch):
    monkeypatch.setattr(subsets, "distinct_integers", distinct)
    assert subsets_agree(PARTS["all differ"]) == verdicts


@st.composite
def pools_and_sizes(draw):
    counts = draw(st.lists(st.integers(0, 6), min_size=7, max_size=7).filter(any))
    return counts, draw(st.integers(0, 48)), draw(st.integers(0, 2**31))


@given(pools_and_sizes())
def test_a_subset_has_no_token_more_often_than_the_pool(drawn):
    counts, size, seed = drawn
    found = np.asarray(jitted_subset(jax.random.key(seed), jnp.array(counts, jnp.int32), jnp.int32(size)))
    assert (found >= 0).all()
    assert (found <= counts).all()
    assert found.sum() == min(size, sum(counts))


@jax.jit
def jitted_subset(key, counts, size):
    drawn = sampling.draw_subset(key, sampling.cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32)), size, 48)
    return sampling.histogram(drawn, 7)


@pytest.mark.parametrize(("width", "capacity"), [(100, 8), (3, 64), (1, 8)], ids=["wide", "narrow", "one token"])
def test_slots_may_be_more_or_fewer_than_tokens(width, capacity):
    counts = np.arange(width) % 3 + 1
    for size in (0, 1, 3, 5, 8):
        found = np.asarray(part(jax.random.key(size), counts.tolist(), size, capacity))
        assert (found[:-1] <= counts).all()
        assert found[-1] == found[:-1].sum() == min(size, counts.sum())


@pytest.mark.parametrize("bound", [LARGEST, LARGEST - 1, 2**30 + 1])
def test_distinct_integers_below_the_largest_bounds(bound):
    positions = np.asarray(subsets.distinct_integers(jax.random.key(0), jnp.int32(bound), jnp.int32(2**14), 2**14))
    assert len(set(positions.tolist())) == 2**14
    assert positions.min() >= 0
    assert positions.max() < bound
    for edge in (bound // 2, bound // 10 * 9):
        # Without replacement such a number is nearer to its mean than with, so the error rate is kept.
        assert share_agrees(positions >= edge, (bound - edge) / bound)
    assert not share_agrees(positions >= bound // 2, 0.45)


def test_a_subset_of_the_largest_pool():
    counts = [2**30, 0, 2**30 - 1]
    found = np.asarray(part(jax.random.key(1), counts, 1000, 1024))
    assert found[1] == 0
    assert found[-1] == found[0] + found[2] == 1000
    assert share_agrees(np.arange(1000) < found[0], counts[0] / sum(counts))  # hypergeometric, as above
    left = np.asarray(part(jax.random.key(1), [2, 0, LARGEST - 2], 5, 8))
    assert left.tolist() == [0, 0, 5, 5]


def test_neither_a_batch_nor_more_capacity_changes_a_bit_of_a_subset():
    """The lanes of a batch want different numbers of rounds, and each stops after its own."""
    counts = jnp.array([[2, 0, 3, 9], [1, 1, 1, 1], [0, 0, 0, 14], [5, 1, 0, 8]], jnp.int32)
    sizes = jnp.arange(16, dtype=jnp.int32)

    def labels(key, counts, size, capacity=16):
        drawn = sampling.draw_subset(
            key, sampling.cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32)), size, capacity
        )
        return jnp.where(jnp.arange(16) < drawn.size, drawn.labels[:16], -1)

    lanes = [(key, row, size) for key in keys()[:4] for row in counts for size in sizes]
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *lanes)
    single = jax.jit(labels)
    alone = np.stack([single(*lane) for lane in lanes])
    for capacity in (16, 50, 512):
        together = jax.jit(jax.vmap(functools.partial(labels, capacity=capacity)))(*batch)
        np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal([labels(*lane) for lane in lanes[5::125]], alone[5::125])  # not compiled


def test_lanes_of_a_batch_do_want_different_numbers_of_rounds(monkeypatch):
    """What the test before rests on: the rounds are counted where the words for one are asked for."""
    rounds = []
    fold_in = jax.random.fold_in
    monkeypatch.setattr(
        jax.random, "fold_in", lambda key, attempt: rounds.append(int(attempt)) or fold_in(key, attempt)
    )
    counts = []
    with jax.disable_jit():
        for seed in range(6):
            rounds.clear()
            subsets.distinct_integers(jax.random.key(seed), jnp.int32(14), jnp.int32(7), 16)
            counts.append(len(rounds))
    assert len(set(counts)) > 1
