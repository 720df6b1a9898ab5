"""Choices, pools, means and weighted corpora: exact maps from words, whole laws of small cases, bits that stay."""

import bisect
import collections
import functools
import importlib
import itertools
import math
from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats
from verdict import law_agrees, share_agrees

from jaxcollapse import sampling
from jaxcollapse.exact import bits, fixed
from jaxcollapse.exact.bits import index_below
from jaxcollapse.exact.fixed import U64
from jaxcollapse.regimes.base import rows_and_places
from jaxcollapse.regimes.randomly_sampled import _rank
from jaxcollapse.sampling import Labels, ModelAverage, ReweightedCorpus, averages

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")

tally = importlib.import_module("jaxcollapse.sampling.counts")  # as an attribute, the name is the function's

WORDS = 2**64
LARGEST = 2**31 - 1


def as_words(integers):
    integers = np.array(integers, object)
    return U64(jnp.asarray(integers >> 32, jnp.uint32), jnp.asarray(integers & 0xFFFFFFFF, jnp.uint32))


def as_integers(words):
    return [(int(hi) << 32) + int(lo) for hi, lo in zip(np.asarray(words.hi), np.asarray(words.lo), strict=True)]


def with_words(module, integers, draw):
    """What is drawn where the random words are these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "words", lambda key, slots: as_words(integers))
        return draw()


def ceil_div(a, b):
    return -(-a // b)


def tokens_of(corpus):
    return np.asarray(corpus.labels)[: int(corpus.size)].tolist()


SAMPLES = 2**14


@functools.cache
def keys():
    return jax.vmap(functools.partial(jax.random.fold_in, jax.random.key(0)))(jnp.arange(SAMPLES))


def outcomes(draw):
    """How often each outcome of ``draw(key) -> int32 [...]`` was seen; the keys are always the same."""
    drawn = np.asarray(jax.jit(jax.vmap(draw))(keys()))
    return collections.Counter(map(tuple, drawn.reshape(SAMPLES, -1).tolist()))


# Choices. The maps are monotone, so agreeing at both sides of every change is agreeing everywhere.

words_ = st.lists(st.one_of(st.integers(0, WORDS - 1), st.sampled_from([0, WORDS - 1])), min_size=8, max_size=8)


@given(words_, st.one_of(st.integers(1, 2**32 - 1), st.sampled_from([1, 2, LARGEST, 2**31, 2**32 - 1])))
def test_index_below_is_the_word_times_the_bound_over_all_words(integers, bound):
    assert np.asarray(index_below(as_words(integers), jnp.uint32(bound))).tolist() == [
        w * bound // WORDS for w in integers
    ]


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 65535, 10**6, LARGEST])
def test_below_gives_every_integer_equally_many_words(bound):
    some = sorted({0, bound // 3, bound // 2, bound - 1})
    first = [ceil_div(integer * WORDS, bound) for integer in some]
    last = [ceil_div((integer + 1) * WORDS, bound) - 1 for integer in some]
    for integers in (first, last):
        assert with_words(bits, integers, lambda: sampling.randint(None, jnp.int32(bound), len(some))).tolist() == some


CHANCES = [0.0, 2.0**-63, 2.0**-62, 1e-18, 2.0**-40, 1e-12, 1e-3, 0.1, 0.5, 0.7, 1 - 2.0**-20, 1 - 2.0**-24, 1.0]


@pytest.mark.parametrize("chance", CHANCES)
def test_an_event_happens_for_its_share_of_the_words(chance):
    """For the words below ``4 floor(chance 2^62)`` and no others."""
    words = 4 * math.floor(Fraction(float(np.float32(chance))) * 2**62)
    assert abs(Fraction(words, WORDS) - Fraction(float(np.float32(chance)))) < Fraction(1, 2**62)
    inside = [word for word in (0, words // 2, words - 1) if 0 <= word < words]
    outside = [word for word in (words, (words + WORDS) // 2, WORDS - 1) if words <= word < WORDS]
    found = with_words(bits, inside + outside, lambda: sampling.bernoulli(None, chance, len(inside + outside)))
    assert np.asarray(found).tolist() == [True] * len(inside) + [False] * len(outside)
    assert bool(inside) == (chance > 2.0**-63)
    assert bool(outside) == (chance < 1)


@pytest.mark.parametrize("size", [0, 1, 5, 8])
def test_binomial_counts_the_slots_in_use(size):
    for seed in range(20):
        key = jax.random.key(seed)
        events = np.asarray(sampling.bernoulli(key, 0.4, 8))
        assert int(sampling.binomial_count(key, jnp.int32(size), 0.4, 8)) == events[:size].sum()
        assert int(sampling.binomial_count(key, jnp.int32(size), 0.4, 64)) == events[:size].sum()


def test_binomial_of_a_certain_event_is_the_size_and_of_none_is_0():
    key = jax.random.key(0)
    assert int(sampling.binomial_count(key, jnp.int32(1000), 1.0, 1024)) == 1000
    assert int(sampling.binomial_count(key, jnp.int32(1000), 0.0, 1024)) == 0


def one_coin_for_all(key, size, chance, slots):
    return size * sampling.bernoulli(key, chance, 1)[0]


def one_slot_too_many(key, size, chance, slots):
    return sampling.binomial_count(key, size + 1, chance, slots)


@pytest.mark.parametrize(
    ("binomial", "right"), [(sampling.binomial_count, True), (one_coin_for_all, False), (one_slot_too_many, False)]
)
@pytest.mark.parametrize("chance", [0.2, 0.9])
def test_the_law_of_a_binomial_number(binomial, right, chance):
    law = {(k,): stats.binom.pmf(k, 5, np.float32(chance)) for k in range(6)}
    assert law_agrees(outcomes(lambda key: binomial(key, jnp.int32(5), jnp.float32(chance), 8)), law) == right


# Bookkeeping, against Python.


@st.composite
def corpora(draw, vocabulary=5, least=0):
    """Some slots hold nothing of meaning, among them tokens that do not exist."""
    slots = draw(st.sampled_from([1, 4, 12]))
    labels = draw(st.lists(st.integers(0, vocabulary - 1), min_size=slots, max_size=slots))
    size = draw(st.integers(least, slots))
    labels[size:] = [vocabulary + 3 if label % 2 else label for label in labels[size:]]
    return Labels(jnp.array(labels, jnp.int32), jnp.int32(size))


@given(corpora(), corpora())
def test_a_tally_counts_and_adds(first, second):
    pool = sampling.add_counts(sampling.count_labels(first, 5), second)
    counted = np.bincount(tokens_of(first) + tokens_of(second), minlength=5)
    assert np.asarray(pool.counts).tolist() == counted.tolist()
    assert int(pool.size) == counted.sum()


@given(corpora())
def test_only_token_is_the_token_of_a_corpus_of_one(corpus):
    different = set(tokens_of(corpus))
    assert int(sampling.only_token_in_labels(corpus)) == (different.pop() if len(different) == 1 else -1)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=6, max_size=6), st.integers(0, 6))
def test_pick_copies_places_of_rows(chosen, size):
    labels = np.arange(100, 112, dtype=np.int32).reshape(3, 4)
    stack = Labels(jnp.asarray(labels), jnp.array([4, 4, 4], jnp.int32))
    rows, places = (jnp.array(side, jnp.int32) for side in zip(*chosen, strict=True))
    picked = sampling.gather(stack, rows, places, jnp.int32(size))
    assert tokens_of(picked) == [labels[row, place] for row, place in chosen][:size]


@given(st.lists(st.integers(0, 4), min_size=9, max_size=9))
def test_rank_counts_the_earlier_slots_of_the_same_source(source):
    found = np.asarray(_rank(jnp.array(source, jnp.int32))).tolist()
    assert found == [source[:slot].count(of) for slot, of in enumerate(source)]


@given(st.lists(st.integers(0, 4), min_size=5, max_size=5))
def test_rows_and_places_lay_corpora_end_to_end(sizes):
    laid = [(row, place) for row, size in enumerate(sizes) for place in range(size)]
    rows, places = (np.asarray(side) for side in rows_and_places(jnp.array(sizes, jnp.int32), 24))
    assert list(zip(rows.tolist(), places.tolist(), strict=True))[: len(laid)] == laid
    assert rows.min() >= 0
    assert rows.max() < len(sizes)
    assert places.min() >= 0


# A pool of counts, with replacement.

COUNTS = {
    "one token": [7],
    "one place": [0, 1, 0],
    "zeros all over": [0, 0, 3, 0, 1, 0, 2, 0],
    "a power of two": [1, 2, 3, 10],
    "the largest": [2**30, 0, 5, 2**30 - 7, 0, 1],
}


def pool_of(counts):
    return sampling.cumulate_counts(jnp.array(counts, jnp.int32), jnp.int32(sum(counts)))


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_a_tokens_words_are_those_of_its_places(counts):
    ends = list(itertools.accumulate(counts))
    alive = [token for token, count in enumerate(counts) if count]
    first = [ceil_div((ends[token] - counts[token]) * WORDS, ends[-1]) for token in alive]
    last = [ceil_div(ends[token] * WORDS, ends[-1]) - 1 for token in alive]
    for integers in (first, last):
        size = jnp.int32(len(alive))
        drawn = with_words(
            tally, integers, lambda size=size: sampling.draw_from_counts(None, pool_of(counts), size, len(alive))
        )
        assert tokens_of(drawn) == alive


@settings(max_examples=25)
@given(words_, st.sampled_from(list(COUNTS)))
def test_a_word_stands_for_the_token_at_its_place(integers, name):
    ends = list(itertools.accumulate(COUNTS[name]))
    drawn = with_words(
        tally, integers, lambda: sampling.draw_from_counts(None, pool_of(COUNTS[name]), jnp.int32(8), len(integers))
    )
    assert tokens_of(drawn) == [bisect.bisect_right(ends, word * ends[-1] // WORDS) for word in integers]


# The whole law of three tokens in order, for all that is drawn from with replacement.

DRAWS = 3
JUNK = 9  # in slots that are not in use
CORPUS = Labels(jnp.array([2, 0, 2, 1, 0, 0, JUNK, JUNK], jnp.int32), jnp.int32(6))
OTHER = Labels(jnp.array([3, 3, 1, JUNK], jnp.int32), jnp.int32(3))
TRUTH = jnp.array([0.5, 0.125, 0.25, 0.125], jnp.float32)
WEIGHT = 1.5
FREQUENCIES, OTHERS = np.array([3, 1, 2, 0]) / 6, np.array([0, 1, 0, 2]) / 3
SHARE = WEIGHT * 6 / (WEIGHT * 6 + 3)


def from_tally(key, size, slots):
    return sampling.draw_from_counts(key, sampling.count_labels(CORPUS, 4), size, slots)


def means():
    models = [sampling.average_of_counts(sampling.histogram(corpus, 4), corpus.size) for corpus in (CORPUS, OTHER)]
    return functools.reduce(sampling.add_averages, models, sampling.average_of_cdf(sampling.fixed_point_cdf(TRUTH)))


def from_mean(key, size, slots):
    return sampling.draw_from_average(key, means(), size, slots)


def from_weighted(key, size, slots):
    return sampling.draw_from_reweighted(key, sampling.reweight(CORPUS, OTHER, WEIGHT), size, slots)


def a_mean_of_pooled_counts(key, size, slots):
    """A corpus of six tokens counts for more than one of three."""
    counts = sampling.histogram(CORPUS, 4) + sampling.histogram(OTHER, 4)
    model = sampling.average_of_counts(counts, jnp.int32(9))
    return sampling.draw_from_average(
        key,
        functools.reduce(
            sampling.add_averages, [model, model, sampling.average_of_cdf(sampling.fixed_point_cdf(TRUTH))]
        ),
        size,
        slots,
    )


def weights_the_other_way(key, size, slots):
    model = sampling.reweight(CORPUS, OTHER, WEIGHT)
    return sampling.draw_from_reweighted(key, model._replace(share=1 - model.share), size, slots)


def part_and_slot_by_one_word(key, size, slots):
    model = sampling.reweight(CORPUS, OTHER, WEIGHT)
    first, word = sampling.bernoulli(key, model.share, slots), sampling.random_bits(key, slots)
    places = [index_below(word, corpus.size.astype(jnp.uint32)) for corpus in (CORPUS, OTHER)]
    return Labels(jnp.where(first, CORPUS.labels[places[0]], OTHER.labels[places[1]]), size)


def the_last_slot_never(key, size, slots):
    return sampling.draw_from_counts(key, sampling.count_labels(CORPUS._replace(size=jnp.int32(5)), 4), size, slots)


def one_word_for_all(draw):
    def mutant(key, size, slots):
        drawn = draw(key, size, slots)
        return drawn._replace(labels=drawn.labels.at[1].set(drawn.labels[0]))

    return mutant


POOLED, MEAN, MIXED = (
    FREQUENCIES,
    (FREQUENCIES + OTHERS + np.asarray(TRUTH)) / 3,
    SHARE * FREQUENCIES + (1 - SHARE) * OTHERS,
)
LAWS = {
    "tally": (from_tally, POOLED, True),
    "mean": (from_mean, MEAN, True),
    "weighted": (from_weighted, MIXED, True),
    "the last slot never": (the_last_slot_never, POOLED, False),
    "a mean of pooled counts": (a_mean_of_pooled_counts, MEAN, False),
    "weights the other way": (weights_the_other_way, MIXED, False),
    "part and slot by one word": (part_and_slot_by_one_word, MIXED, False),
    "one word for all, tally": (one_word_for_all(from_tally), POOLED, False),
    "one word for all, mean": (one_word_for_all(from_mean), MEAN, False),
    "one word for all, weighted": (one_word_for_all(from_weighted), MIXED, False),
}


@pytest.mark.parametrize(("draw", "p", "right"), LAWS.values(), ids=LAWS)
def test_the_law_of_three_tokens(draw, p, right):
    """Outcomes of chance 0 make a verdict false, so what is not in use is never drawn."""
    law = {some: math.prod(p[token] for token in some) for some in itertools.product(range(4), repeat=DRAWS)}
    law = {some: chance for some, chance in law.items() if chance > 0}
    assert law_agrees(outcomes(lambda key: draw(key, jnp.int32(DRAWS), 4).labels[:DRAWS]), law) == right


@pytest.mark.parametrize("draw", [from_tally, from_mean, from_weighted])
def test_more_slots_and_a_batch_change_no_bit(draw):
    few = jax.jit(lambda key: draw(key, jnp.int32(5), 5).labels)
    many = jax.jit(jax.vmap(lambda key: draw(key, jnp.int32(5), 64).labels[:5]))(keys()[:32])
    assert np.asarray(many).tolist() == [few(key).tolist() for key in keys()[:32]]


# Parts of a pool, without replacement. What is drawn is judged as counts: a part is a set of places.

SLOTS = 8
PARTS = {
    "all differ": [1] * 6,
    "duplicates": [3, 0, 2, 1],
    "one token": [5],
    "two places": [1, 1],
    "seven": [1, 0, 5, 1],
}


def subsets(counts, size):
    """The law of the counts of a uniformly drawn set of ``size`` places."""
    places = np.repeat(np.arange(len(counts)), counts)
    sets = list(itertools.combinations(places, min(size, len(places))))
    law = collections.Counter(tuple(np.bincount(some, minlength=len(counts)).tolist()) for some in map(list, sets))
    return {found: chance / len(sets) for found, chance in law.items()}


def part(key, counts, size, slots=SLOTS):
    """Counts of the part, and how many it says it is."""
    drawn = sampling.draw_subset(key, pool_of(counts), jnp.asarray(size, jnp.int32), slots)
    return jnp.append(sampling.histogram(drawn, len(counts)), drawn.size)


def parts(counts):
    """How often which part was seen, for every size from 0 to beyond the pool, in one batch of all sizes."""
    sizes = jnp.arange(sum(counts) + 2)
    drawn = jax.jit(jax.vmap(lambda key: jax.vmap(lambda size: part(key, counts, size))(sizes)))(keys())
    return [collections.Counter(map(tuple, np.asarray(drawn[:, size]).tolist())) for size in sizes.tolist()]


def parts_agree(counts):
    """Sizes 0 and the whole pool have one outcome each, which is all that may be seen. One verdict for each size."""
    verdicts = []
    for size, seen in enumerate(parts(counts)):
        assert sum(seen.values()) == SAMPLES
        law = {(*found, min(size, sum(counts))): chance for found, chance in subsets(counts, size).items()}
        certain = len(law) == 1
        verdicts.append(set(seen) == set(law) if certain else law_agrees(seen, law))
    return verdicts


@pytest.mark.parametrize("counts", PARTS.values(), ids=PARTS)
def test_every_part_of_a_pool_is_as_likely(counts):
    assert parts_agree(counts) == [True] * (sum(counts) + 2)


def repeats_are_kept(key, bound, size, slots):
    return sampling.randint(key, bound, slots)


def repeats_move_on_to_the_next_place(key, bound, size, slots):
    places = list(sampling.randint(key, bound, slots))
    for slot in range(1, 3):  # no more are drawn of a pool of six
        for _ in range(slot):
            taken = functools.reduce(jnp.logical_or, [places[slot] == earlier for earlier in places[:slot]])
            places[slot] = jnp.where(taken, (places[slot] + 1) % bound, places[slot])
    return jnp.stack(places)


def the_last_place_never(key, bound, size, slots):
    return RIGHT(key, jnp.maximum(bound - 1, 1), size, slots)


RIGHT = tally._distinct
MUTANTS = [
    # wrong for sizes                         0      1     2      3      4      5     6     7
    (repeats_are_kept, [True, True, False, False, False, True, True, True]),
    (repeats_move_on_to_the_next_place, [True, True, False, False, False, True, True, True]),
    (the_last_place_never, [True, False, False, False, False, False, True, True]),
]


@pytest.mark.parametrize(("distinct", "verdicts"), MUTANTS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_test_of_parts_rejects_mutants(distinct, verdicts, monkeypatch):
    monkeypatch.setattr(tally, "_distinct", distinct)
    assert parts_agree(PARTS["all differ"]) == verdicts


@st.composite
def pools_and_sizes(draw):
    counts = draw(st.lists(st.integers(0, 6), min_size=7, max_size=7).filter(any))
    return counts, draw(st.integers(0, 48)), draw(st.integers(0, 2**31))


@given(pools_and_sizes())
def test_a_part_has_no_token_more_often_than_the_pool(drawn):
    counts, size, seed = drawn
    found = np.asarray(jitted_part(jax.random.key(seed), jnp.array(counts, jnp.int32), jnp.int32(size)))
    assert (found >= 0).all()
    assert (found <= counts).all()
    assert found.sum() == min(size, sum(counts))


@jax.jit
def jitted_part(key, counts, size):
    drawn = sampling.draw_subset(key, sampling.cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32)), size, 48)
    return sampling.histogram(drawn, 7)


@pytest.mark.parametrize(("width", "slots"), [(100, 8), (3, 64), (1, 8)], ids=["wide", "narrow", "one token"])
def test_slots_may_be_more_or_fewer_than_tokens(width, slots):
    counts = np.arange(width) % 3 + 1
    for size in (0, 1, 3, 5, 8):
        found = np.asarray(part(jax.random.key(size), counts.tolist(), size, slots))
        assert (found[:-1] <= counts).all()
        assert found[-1] == found[:-1].sum() == min(size, counts.sum())


@pytest.mark.parametrize("bound", [LARGEST, LARGEST - 1, 2**30 + 1])
def test_distinct_places_of_the_largest_pools(bound):
    places = np.asarray(tally._distinct(jax.random.key(0), jnp.int32(bound), jnp.int32(2**14), 2**14))
    assert len(set(places.tolist())) == 2**14
    assert places.min() >= 0
    assert places.max() < bound
    for edge in (bound // 2, bound // 10 * 9):
        # Without replacement such a number is nearer to its mean than with, so the error rate is kept.
        assert share_agrees(places >= edge, (bound - edge) / bound)
    assert not share_agrees(places >= bound // 2, 0.45)


def test_a_part_of_the_largest_pool():
    counts = [2**30, 0, 2**30 - 1]
    found = np.asarray(part(jax.random.key(1), counts, 1000, 1024))
    assert found[1] == 0
    assert found[-1] == found[0] + found[2] == 1000
    assert share_agrees(np.arange(1000) < found[0], counts[0] / sum(counts))  # hypergeometric, as above
    left = np.asarray(part(jax.random.key(1), [2, 0, LARGEST - 2], 5, 8))
    assert left.tolist() == [0, 0, 5, 5]


def test_neither_a_batch_nor_more_slots_change_a_bit_of_a_part():
    """The lanes of a batch want different numbers of rounds, and each stops after its own."""
    counts = jnp.array([[2, 0, 3, 9], [1, 1, 1, 1], [0, 0, 0, 14], [5, 1, 0, 8]], jnp.int32)
    sizes = jnp.arange(16, dtype=jnp.int32)

    def labels(key, counts, size, slots=16):
        drawn = sampling.draw_subset(
            key, sampling.cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32)), size, slots
        )
        return jnp.where(jnp.arange(16) < drawn.size, drawn.labels[:16], -1)

    lanes = [(key, row, size) for key in keys()[:4] for row in counts for size in sizes]
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *lanes)
    single = jax.jit(labels)
    alone = np.stack([single(*lane) for lane in lanes])
    for slots in (16, 50, 512):
        together = jax.jit(jax.vmap(functools.partial(labels, slots=slots)))(*batch)
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
            tally._distinct(jax.random.key(seed), jnp.int32(14), jnp.int32(7), 16)
            counts.append(len(rounds))
    assert len(set(counts)) > 1


# Means.


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any))
def test_a_mean_of_counts_cuts_at_the_48th_bit(counts):
    found = sampling.average_of_counts(jnp.array(counts, jnp.int32), jnp.int32(sum(counts)))
    assert as_integers(found.sums) == [count * 2**48 // sum(counts) for count in counts]


@pytest.mark.parametrize("counts", [[LARGEST, 0], [1, LARGEST - 1], [LARGEST // 2, LARGEST - LARGEST // 2], [1, 0]])
def test_a_mean_of_the_largest_counts(counts):
    found = sampling.average_of_counts(jnp.array(counts, jnp.int32), jnp.int32(sum(counts)))
    assert as_integers(found.sums) == [count * 2**48 // sum(counts) for count in counts]


def test_a_mean_of_a_law_cuts_at_the_48th_bit():
    p = np.array([0.5, 0.3, 1e-3, 1e-10, 2.0**-48, 2.0**-49, 0], np.float32)
    found = sampling.average_of_cdf(sampling.fixed_point_cdf(jnp.asarray(p)))
    assert as_integers(found.sums) == [math.floor(Fraction(float(x)) * 2**48) for x in p]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 2**48), min_size=4, max_size=4).filter(any), words_)
def test_a_word_stands_for_its_share_of_the_sums(sums, integers):
    ends = list(itertools.accumulate(sums))
    drawn = with_words(
        averages, integers, lambda: sampling.draw_from_average(None, ModelAverage(as_words(sums)), jnp.int32(8), 8)
    )
    assert tokens_of(drawn) == [bisect.bisect_right(ends, word * ends[-1] // WORDS) for word in integers]


def test_as_many_models_as_a_mean_holds():
    """65535 of them, one of which is the only one with token 1: it has 2^64/65535 words."""
    dirac = [
        sampling.average_of_counts(jnp.array(counts, jnp.int32), jnp.int32(9)) for counts in ([9, 0, 0], [0, 9, 0])
    ]
    many = dirac[0]
    for _ in range(15):  # twice as many and one more: 3, 7, ... 65535
        many = sampling.add_averages(sampling.add_averages(many, many), dirac[0])
    assert as_integers(many.sums) == [(2**16 - 1) << 48, 0, 0]
    many = ModelAverage(fixed.add(fixed.subtract(many.sums, dirac[0].sums), dirac[1].sums))
    first = ceil_div((2**16 - 2) * WORDS, 2**16 - 1)
    integers = [0, first - 1, first, WORDS - 1]
    drawn = with_words(averages, integers, lambda: sampling.draw_from_average(None, many, jnp.int32(4), 4))
    assert tokens_of(drawn) == [0, 0, 1, 1]


# Two corpora of unequal weight.

sizes_ = st.one_of(st.integers(0, 50), st.sampled_from([2**24 + 1, LARGEST]))
weights_ = st.one_of(st.sampled_from([0.0, 1e-12, 0.5, 1.0, 1e6]), st.floats(2.0**-20, 1e6, width=32))


def empty(size):
    return Labels(jnp.zeros(1, jnp.int32), jnp.int32(size))


@given(sizes_, sizes_, weights_)
def test_the_share_is_that_of_the_weighted_counts(first, second, weight):
    """Within the six roundings on the way to it, each of 2^-24 at most."""
    if first == second == 0:
        return
    found = float(sampling.reweight(empty(first), empty(second), weight).share)
    weighed = Fraction(float(np.float32(weight))) * first
    if weighed + second == 0:  # real tokens without weight, and no others: they are all there is
        assert found == 1
    else:
        assert abs(Fraction(found) - weighed / (weighed + second)) <= Fraction(6, 2**24) * weighed / (weighed + second)


@pytest.mark.parametrize(
    ("sizes", "weight", "tokens"), [((6, 0), 0.5, {0, 1, 2}), ((0, 3), 0.5, {1, 3}), ((6, 3), 0.0, {1, 3})]
)
def test_an_empty_part_or_one_without_weight_is_never_drawn_from(sizes, weight, tokens):
    corpora = (CORPUS._replace(size=jnp.int32(sizes[0])), OTHER._replace(size=jnp.int32(sizes[1])))
    model = sampling.reweight(*corpora, weight)
    assert isinstance(model, ReweightedCorpus)
    drawn = sampling.draw_from_reweighted(jax.random.key(0), model, jnp.int32(4096), 4096)
    assert set(tokens_of(drawn)) == tokens
