"""Counts without places: the coins, their tables, the descent, and the law of what comes out."""

import functools
import itertools
import math
from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from jax.extend.random import threefry_2x32
from selection import some

import jaxcollapse as jc
from jaxcollapse import native, sampling
from jaxcollapse.exact import fixed
from jaxcollapse.exact.fixed import U64
from jaxcollapse.sampling import binomial_half, dyadic

settings.register_profile("exact", deadline=None)
settings.load_profile("exact")
ERROR_RATE = 1e-6  # of each statistical test, were its seed drawn anew
WORDS = 2**64
CAPACITIES = (1, 5, 100, 2500)
words_ = st.integers(0, WORDS - 1)
compiled = pytest.mark.skipif(not native.available(), reason="the kernel was not built")


def as_words(integers):
    integers = np.array(integers, object)
    return U64(jnp.asarray(integers >> 32, jnp.uint32), jnp.asarray(integers & 0xFFFFFFFF, jnp.uint32))


def as_integers(words):
    return (np.asarray(words.hi).astype(object) << 32) | np.asarray(words.lo).astype(object)


# The coins of a word.


def digits_of_points(word, count):
    """Which digits a word gives to each of its ``64 / count`` points, the first digit as the highest bit."""
    hi, lo = word >> 32, word & 0xFFFFFFFF
    if count == 1:
        return [hi >> j & 1 for j in range(32)] + [lo >> j & 1 for j in range(32)]
    if count >= 16:
        return [half >> (32 - count - place) & (2**count - 1) for half in (hi, lo) for place in range(0, 32, count)]
    width = 64 // count
    rows = [half >> shift & (2**width - 1) for half in (hi, lo) for shift in range(32 - width, -1, -width)]
    return [functools.reduce(lambda number, row: 2 * number + (row >> j & 1), rows, 0) for j in range(width)]


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16, 32])
def test_every_bit_of_a_word_is_one_digit_of_one_point(count):
    """So the digits are as independent and fair as the bits are."""
    seen = set()
    for bit in range(64):
        found = digits_of_points(1 << bit, count)
        (point,) = (j for j, digits in enumerate(found) if digits)
        seen.add((point, found[point]))
    assert seen == {(j, 1 << digit) for j in range(64 // count) for digit in range(count)}


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16, 32])
@settings(max_examples=25)
@given(data=st.data())
def test_points_are_compared_digit_by_digit(count, data):
    several = data.draw(st.lists(st.tuples(words_, st.integers(0, 64 // count)), min_size=20, max_size=20))
    digits = [data.draw(st.integers(0, 2**count - 1)) for _ in several]
    # One point in three has just these digits.
    word = as_words([word for word, _ in several])
    number = jnp.array([number for _, number in several], jnp.int32)
    below, same = (np.asarray(of) for of in binomial_half.follow(word, number, jnp.array(digits, jnp.uint32), count))
    for (each, alive), wanted, left, inside in zip(several, digits, below, same, strict=True):
        found = digits_of_points(each, count)[:alive]
        assert (left, inside) == (sum(x < wanted for x in found), sum(x == wanted for x in found))


def test_points_that_agree_in_all_digits_are_counted():
    for count in (2, 4, 8, 16, 32):
        number = jnp.int32(64 // count)
        for word, digits in ((0, 0), (WORDS - 1, 2**count - 1)):
            below, same = binomial_half.follow(as_words([word]), number[None], jnp.array([digits], jnp.uint32), count)
            assert (int(below[0]), int(same[0])) == (0, number)


# The tables of many coins.


ROWS = [
    (cut, cut.index(number))
    for cut in binomial_half.cuts(2**22)
    for number in {cut[1], cut[2 % len(cut)], cut[-1]} - {0}
]


@pytest.mark.parametrize(("cut", "row"), ROWS, ids=[f"{cut[row]} coins" for cut, row in ROWS])
def test_a_table_is_the_binomial_law(cut, row):
    """Walker's columns add up to the integer weights, each within 2^-62 of the law, and what is beyond is as rare."""
    table, number = binomial_half.table(cut), cut[row]
    columns = 2**table.bits
    at = slice(row * columns, (row + 1) * columns)
    kept = (table.hi[at].astype(object) << 32) | table.lo[at].astype(object)
    drawn, column = [0] * columns, WORDS // columns
    for k, (threshold, other) in enumerate(zip(kept, table.other[at], strict=True)):
        # Words are compared after a shift that spreads a column over all of them.
        share = column if threshold == WORDS - 1 else threshold // columns
        assert threshold == WORDS - 1 or threshold % columns == 0
        drawn[k] += share
        drawn[other] += column - share
    assert drawn == binomial_half._weights(number, table.bits)
    if number <= 2**13:
        first = int(table.first[row])
        exact = [
            Fraction(math.comb(number, k), 2**number) if 0 <= k <= number else 0 for k in range(first, first + columns)
        ]
        off = sum(abs(Fraction(weight, WORDS) - p) for weight, p in zip(drawn, exact, strict=True))
        assert off + (1 - sum(exact)) < 2.0**-50  # 1024 roundings to 2^-64
        assert max(abs(Fraction(weight, WORDS) - p) for weight, p in zip(drawn, exact, strict=True)) < 2.0**-60
    else:
        first = int(table.first[row]) + np.arange(columns)
        np.testing.assert_allclose(
            np.array(drawn, float) / WORDS, scipy.stats.binom.pmf(first, number, 0.5), atol=2.0**-60, rtol=1e-9
        )


@pytest.mark.parametrize("most", [64, 100, 8191, 8192, 70_000, 2**21 - 1, 2**31 - 1])
def test_all_coins_are_tossed(most):
    """Each number of coins is the sum of what its cuts toss."""
    for number in {0, 1, 63, 64, most // 3, most - 1, most}:
        total = number & 63
        for cut in binomial_half.cuts(most):
            unit, mask = binomial_half.unit_and_mask(cut)
            row = number >> unit & mask
            assert row < len(cut)
            total += cut[row]
        assert total == number


# The descent, against one that takes a point at a time.


def twin(key, size, position, capacity):
    """The same tree in Python integers: every interval gives its points their digits, one interval after another."""
    below, within = 0, size
    for stage in dyadic._plan(capacity):
        node = (1 << stage.level) | (position >> (64 - stage.level))
        digits = position >> (64 - stage.level - stage.digits) & (2**stage.digits - 1)
        most = dyadic._most(capacity, stage.level)
        if stage.words > dyadic.FEW and most > dyadic.SOME:
            words = [word(key, group, node) for group in range(binomial_half.words_of_tables(most))]
            heads = int(binomial_half.draw([as_words([w]) for w in words], jnp.array([within], jnp.int32), most)[0])
            below, within = (below + within - heads, heads) if digits else (below, within - heads)
            continue
        found = []
        for group in range(stage.words):
            found += digits_of_points(word(key, group, node), stage.digits)
        found = found[:within]
        below += sum(x < digits for x in found)
        within = sum(x == digits for x in found)
    return below


threefry = jax.jit(threefry_2x32)


def word(key, group, node):
    """The words of an interval are those of counters that differ in the six highest bits."""
    counter = group << 58 | node
    hi, lo = threefry(jax.random.key_data(key), jnp.array([counter >> 32, counter & 0xFFFFFFFF], jnp.uint32))
    return (int(hi) << 32) | int(lo)


@pytest.mark.parametrize("portable", [True, pytest.param(False, marks=compiled)], ids=["XLA", "compiled"])
@pytest.mark.parametrize("capacity", CAPACITIES)
def test_the_descent_is_that_of_single_points(capacity, portable):
    rng = np.random.default_rng(capacity)
    positions = sorted({0, 1, 2**63, WORDS - 1, *(int(x) for x in rng.integers(0, WORDS, 4, dtype=np.uint64))})
    count = jax.jit(functools.partial(dyadic.count_below, capacity=capacity, portable=portable))
    for size in {capacity, capacity // 2}:
        key = jax.random.key(size)
        found = count(key, jnp.int32(size), as_words(positions))
        assert found.tolist() == [twin(key, size, position, capacity) for position in positions]


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_no_two_intervals_share_a_word(capacity):
    """A stage's intervals have numbers of their own, and their words groups of their own."""
    stages = dyadic._plan(capacity)
    assert [stage.level for stage in stages] == [0, *np.cumsum([stage.digits for stage in stages])[:-1]]
    assert sum(stage.digits for stage in stages) == 64
    ends = [(1 << stage.level, 2 << stage.level) for stage in stages]
    assert all(last <= first for (_, last), (first, _) in itertools.pairwise(ends))
    for stage in stages:
        crowded = stage.words > dyadic.FEW and dyadic._most(capacity, stage.level) > dyadic.SOME
        words = binomial_half.words_of_tables(dyadic._most(capacity, stage.level)) if crowded else stage.words
        assert words == 1 or (
            words <= 64 and stage.level < 58
        )  # the number of the word goes before that of the interval
        for position in (0, WORDS - 1, 0x123456789ABCDEF0):
            assert as_integers(dyadic._node(as_words([position]), stage.level))[0] == (1 << stage.level) | (
                position >> (64 - stage.level)
            )


@pytest.mark.parametrize("capacity", [1, 2, 7, 64, 130])
def test_there_is_room_but_for_a_chance_of_2_to_the_minus_62(capacity):
    for stage in dyadic._plan(capacity):
        p, room = Fraction(1, 2**stage.level), 64 // stage.digits * stage.words
        beyond = sum(math.comb(capacity, k) * p**k * (1 - p) ** (capacity - k) for k in range(room + 1, capacity + 1))
        assert beyond < Fraction(1, 2**62)


@pytest.mark.parametrize("capacity", some(CAPACITIES, (1, 5, 100)))
def test_a_count_depends_on_its_position_alone(capacity):
    """Whatever else is asked, in whatever order: this is why tokens that died can be left out."""
    rng = np.random.default_rng(1)
    positions = np.sort(rng.integers(0, WORDS, 300, dtype=np.uint64)).astype(object)
    key, size = jax.random.key(3), jnp.int32(capacity)
    count = jax.jit(lambda at: dyadic.count_below(key, size, at, capacity, portable=True))
    together = np.asarray(count(as_words(positions)))
    assert (np.diff(together) >= 0).all()
    for part in (positions[:1], positions[5:200]):
        assert (np.asarray(count(as_words(part))) == together[np.isin(positions, part)]).all()
    shuffled = rng.permutation(300)
    assert (np.asarray(count(as_words(positions[shuffled]))) == together[shuffled]).all()
    mapped = jax.vmap(lambda hi, lo: dyadic.count_below(key, size, U64(hi[None], lo[None]), capacity, portable=True)[0])
    assert (np.asarray(mapped(*as_words(positions))) == together).all()


# The law.


def chi_square_accepts(draws, law):
    expected = draws.sum() * law
    assert expected.min() > 5
    return scipy.stats.chi2.sf(np.sum((draws - expected) ** 2 / expected), len(law) - 1) > ERROR_RATE


@pytest.mark.parametrize("mutant", [False, True], ids=["right", "mutant"])
def test_the_whole_law_of_few_points(mutant):
    """All ways to throw 5 points on three intervals; a mutant that uses half of each word twice must fail."""
    ends, size, chains = [0.21, 0.7], 5, 100_000
    positions = as_words([int(Fraction(end) * WORDS) for end in ends])
    word_at = dyadic.word_at
    try:
        if mutant:
            dyadic.word_at = lambda key, counter: U64(*[word_at(key, counter).hi] * 2)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(11), jnp.arange(chains))
        count = jax.jit(
            jax.vmap(lambda key, size: dyadic.count_below(key, size, positions, 8, portable=True), (0, None))
        )
        below = np.asarray(count(keys, jnp.int32(size)))
    finally:
        dyadic.word_at = word_at
    ways = [(a, b) for a in range(size + 1) for b in range(a, size + 1)]
    p = np.diff([0, *ends, 1])
    law = np.array([scipy.stats.multinomial.pmf([a, b - a, size - b], size, p) for a, b in ways])
    drawn = np.array([np.sum((below == way).all(axis=1)) for way in ways])
    assert chi_square_accepts(drawn, law) == (not mutant)


@pytest.mark.parametrize("n", [100, 1000, 10_000, 10**6])
def test_mean_and_variance(n):
    """Both within five and a half standard errors (4e-8 two-sided) of the binomial's."""
    chains, chances = 4000, [0.001, 0.1, 0.5, 0.9]
    positions = as_words([int(Fraction(p) * WORDS) for p in chances])
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(n % 1000), jnp.arange(chains))
    count = jax.jit(jax.vmap(lambda key, size: dyadic.count_below(key, size, positions, n), (0, None)))
    drawn = np.asarray(count(keys, jnp.int32(n))).astype(float)
    for p, of in zip(chances, drawn.T, strict=True):
        mean, variance = n * p, n * p * (1 - p)
        fourth = variance * (1 + 3 * (n - 2) * p * (1 - p))
        assert abs(of.mean() - mean) < 5.5 * math.sqrt(variance / chains)
        assert abs(np.mean((of - mean) ** 2) - variance) < 5.5 * math.sqrt((fourth - variance**2) / chains)


# Shares and tallies.


SHARE = jax.jit(fixed.share)


@given(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=20), st.integers(1, WORDS - 1))
@settings(max_examples=50)
def test_a_share_is_the_quotient(parts, whole):
    parts = [part % whole for part in parts]
    padded = parts + [0] * (20 - len(parts))  # of one shape, to be compiled once
    found = as_integers(SHARE(as_words(padded), U64(*(of[0] for of in as_words([whole])))))[: len(parts)]
    for part, share in zip(parts, found, strict=True):
        exact = part * WORDS // whole
        assert exact - 4 <= share <= exact
    assert (np.diff(found[np.argsort(np.array(parts, object))]) >= 0).all()


def tally_of(counts):
    counts = jnp.array(counts, jnp.int32)
    return sampling.cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32))


@pytest.mark.parametrize(
    "portable",
    [pytest.param(True, marks=pytest.mark.campaign), pytest.param(False, marks=compiled)],
    ids=["XLA", "compiled"],
)
@pytest.mark.parametrize("capacity", some([64, 400], [64]))
def test_leaving_out_the_dead_and_drawing_commute(capacity, portable):
    """``step(key, compact(x)) == compact(step(key, x))``, bit for bit, at any width that holds the living."""
    rng = np.random.default_rng(5)
    draw = jax.jit(functools.partial(sampling.draw_counts, capacity=capacity, portable=portable))
    narrowed = jax.jit(sampling.compact_counts, static_argnums=1)
    for round_ in range(5):
        counts = rng.multinomial(capacity - round_, rng.dirichlet(np.full(40, 0.1)))
        model, key, size = tally_of(counts), jax.random.key(round_), jnp.int32(capacity - 7)
        alive = np.flatnonzero(counts)
        wide = np.asarray(draw(key, model, size).counts)
        assert wide.sum() == size
        assert set(np.flatnonzero(wide)) <= set(alive)
        for width in {len(alive), 16 if len(alive) <= 16 else 32, 40}:
            narrow, kept = narrowed(model, width)
            assert kept[: len(alive)].tolist() == alive.tolist()
            assert (np.asarray(kept[len(alive) :]) == 40).all()
            drawn = np.asarray(draw(key, narrow, size).counts)
            assert (drawn[: len(alive)] == wide[alive]).all()
            assert (drawn[len(alive) :] == 0).all()


def test_the_only_token_of_a_tally():
    for counts, token in (([0, 3, 0], 1), ([3, 0, 0], 0), ([0, 0, 2], 2), ([1, 0, 1], -1), ([0, 0, 0], -1), ([4], 0)):
        assert int(sampling.only_token_in_counts(tally_of(counts))) == token


def test_a_law_is_counted_as_it_is():
    """Tokens of probability zero never occur, and all probability is given out."""
    p = jnp.array([0.0, 0.25, 0.0, 2.0**-30, 0.75 - 2.0**-30, 0.0], jnp.float32)
    count = jax.jit(lambda key, size: sampling.draw_counts(key, sampling.fixed_point_cdf(p), size, 1024).counts)
    drawn = jax.vmap(count, (0, None))(jax.random.split(jax.random.key(1), 200), jnp.int32(1000))
    assert (np.asarray(drawn).sum(axis=1) == 1000).all()
    assert np.asarray(drawn)[:, [0, 2, 5]].max() == 0


# The compiled kernel draws what XLA draws.


@compiled
@pytest.mark.parametrize(
    ("capacity", "width", "chains"),
    [(16, 8, 70), (130, 100, 33), (1024, 300, 9), pytest.param(20_000, 700, 3, marks=pytest.mark.campaign)],
)
def test_the_kernel_resamples_as_xla_does(capacity, width, chains):
    """Many chains and few, wide and narrow, some of them over: those that share vectors and those that do not."""
    rng = np.random.default_rng(capacity)
    keys = jax.random.split(jax.random.key(width), chains)
    sizes = rng.integers(1, capacity + 1, chains)
    counts = np.array([rng.multinomial(size, rng.dirichlet(np.full(width, 0.1))) for size in sizes])
    after = jnp.asarray(rng.integers(1, capacity + 1, chains), jnp.int32)
    draw = lambda portable: (
        lambda key, counts, size: (
            sampling.draw_counts(
                key, sampling.cumulate_counts(counts, counts.sum()), size, capacity, portable=portable
            ).cumulative
        )
    )
    given = (keys, jnp.asarray(counts, jnp.int32), after)
    expected, found = (np.asarray(jax.jit(jax.vmap(draw(portable)))(*given)) for portable in (True, False))
    assert (found == expected).all()
    assert len(np.unique(found, axis=0)) > 1
    # Batches of batches, of which some are the same for all.
    inner = jax.vmap(draw(False), (0, None, None))
    swept = jax.jit(jax.vmap(inner, (None, 0, 0)))(*given)
    assert (np.asarray(swept)[np.arange(chains), np.arange(chains)] == expected).all()


@compiled
@pytest.mark.parametrize("width", some([1, 63, 64, 5000], [1, 64]))
def test_the_kernel_counts_below_a_law_as_xla_does(width):
    p = np.random.default_rng(width).dirichlet(np.full(width, 0.3)).astype(np.float32)
    keys = jax.random.split(jax.random.key(3), 5)
    draw = lambda portable: (
        lambda key: (
            sampling.draw_counts(
                key, sampling.fixed_point_cdf(jnp.asarray(p)), jnp.int32(3000), 3000, portable=portable
            ).cumulative
        )
    )
    expected, found = (np.asarray(jax.jit(jax.vmap(draw(portable)))(keys)) for portable in (True, False))
    assert (found == expected).all()
    assert (found[:, -1] == 3000).all()


@compiled
@pytest.mark.parametrize(
    "n",
    [
        50,
        pytest.param(700, marks=pytest.mark.campaign),
        pytest.param(jc.schedules.geometric(300, 0.9, 30), marks=pytest.mark.campaign),
    ],
    ids=["n=50", "n=700", "sizes that shrink"],
)
@pytest.mark.campaign  # test_bits and test_collapse hold them to the trace as well
@pytest.mark.parametrize("limit", [20, 100_000])
def test_chains_that_run_by_themselves_collapse_as_those_in_step(n, limit):
    process = lambda portable: jc.recursive_training(
        jc.languages.zipf(90), jc.FullySynthetic(n=n), jc.learners.Categorical("labels first", portable)
    )
    found, expected = (
        jc.collapse_times(jax.random.key(5), process(portable), chains=90, max_generations=limit)
        for portable in (False, True)
    )
    for name, value in vars(expected).items():
        assert (np.asarray(getattr(found, name)) == np.asarray(value)).all(), name
    assert bool(expected.observed.all()) == (limit > 20)


@compiled
@pytest.mark.campaign
def test_a_bad_size_ends_a_chain_that_runs_by_itself():
    """As in step: the status says so, and the time is censored where the size was met."""

    def times(portable):
        def of(sizes):
            learner = jc.learners.Categorical("counts", portable)
            regime = jc.FullySynthetic(n=jc.Schedule(sizes), capacity=128)
            process = jc.recursive_training(jnp.full(100, 0.01), regime, learner)
            return jc.collapse_times(jax.random.key(1), process, chains=50, max_generations=10_000)

        return jax.jit(of)(jnp.array([100] * 90 + [-3] + [100] * 400))

    found, expected = times(False), times(True)
    for name, value in vars(expected).items():
        assert (np.asarray(getattr(found, name)) == np.asarray(value)).all(), name
    assert 0 < int((found.status != 0).sum()) < 50


def test_without_the_kernel_xla_draws(monkeypatch):
    """As where no compiler was at hand."""
    process = jc.recursive_training(jc.languages.zipf(40), jc.FullySynthetic(n=60), jc.learners.Categorical("counts"))
    expected = jc.simulate(jax.random.key(2), process, chains=4, generations=9)
    monkeypatch.setattr(native, "available", lambda: False)
    jax.clear_caches()
    found = jc.simulate(jax.random.key(2), process, chains=4, generations=9)
    for name in expected:
        assert (np.asarray(found[name]) == np.asarray(expected[name])).all()


# Methods.


@pytest.mark.parametrize("method", ["labels", "labels first", "counts"])
def test_every_method_has_the_same_law(method):
    """Support and heterozygosity at three generations, within the bound that all three hold with 1 - 1e-6."""
    learner = jc.learners.Categorical(method)
    process = jc.recursive_training(jc.languages.zipf(30), jc.FullySynthetic(n=40), learner)
    chains = 4000
    trace = jc.simulate(jax.random.key(7), process, chains=chains, generations=40)
    for name in ("support", "heterozygosity"):
        exact = jc.theory.ORACLES[name](process, 40)
        for m in (1, 20, 40):
            drawn = np.asarray(trace[name][:, m]).astype(float)
            assert abs(drawn.mean() - exact[m]) < 5.5 * drawn.std() / math.sqrt(chains)


def test_a_method_is_chosen_from_sizes():
    chosen = lambda s, regime: jc.recursive_training(np.full(s, 1 / s), regime).learner.method
    assert chosen(1000, jc.FullySynthetic(n=200)) == "labels first"
    assert chosen(100, jc.FullySynthetic(n=100)) == "counts"
    assert chosen(5, jc.FullySynthetic(n=30)) == "labels"
    assert chosen(10, jc.FullySynthetic(n=1000)) == "counts"
    assert chosen(10, jc.PartiallySynthetic(n=1000, real=10)) == "counts"
    assert chosen(1000, jc.PartiallySynthetic(n=1000, real=10)) == "labels"
    assert chosen(10, jc.MostRecent(n=1000, window=2)) == "labels"


def test_a_method_that_does_not_go_with_a_regime_is_refused():
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        jc.learners.Categorical("guess")
    with pytest.raises(ValueError, match="method='counts' does not go with MostRecent, which wants single tokens"):
        jc.recursive_training([0.5, 0.5], jc.MostRecent(n=10, window=2), jc.learners.Categorical("counts"))
    with pytest.raises(ValueError, match="method='labels first' does not go with Mixture"):
        jc.recursive_training([0.5, 0.5], jc.Mixture(n=10, share=0.1), jc.learners.Categorical("labels first"))
