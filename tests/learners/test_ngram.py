"""Models of n-grams: their forms against one another, against slow twins, and against enumerated chains."""

import collections
import dataclasses
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from selection import some

import jaxcollapse as jc
from jaxcollapse import native, sampling
from jaxcollapse.exact.u64 import U64
from jaxcollapse.learners import NGram
from jaxcollapse.learners.decoding import Greedy, Nucleus, Temperature, TopK
from jaxcollapse.learners.estimators import Additive, Discount, KneserNey, MaximumLikelihood, Prior
from jaxcollapse.learners.ngrams import context_index, measures, probability_table, smoothing
from jaxcollapse.learners.ngrams.text import Text, documents, picked
from jaxcollapse.runs import configuration

KEY = jax.random.key(0)
GENERATOR = np.random.default_rng(0)
SONG = jc.languages.from_tokens(list("la li la lu la li la la lu la lu li la "), name="song")
LETTERS = jc.languages.from_tokens(list("aabababbba"), name="letters")


def ring(tokens, slots=None):
    tokens = np.asarray(tokens, np.int32)
    room = np.full(slots or len(tokens), 7, np.int32)  # what lies behind a text has no meaning
    room[: len(tokens)] = tokens
    return Text(jnp.asarray(room), jnp.int32(len(tokens)))


def grams(tokens, order):
    """How often each n-gram occurs around the ring."""
    n = len(tokens)
    return collections.Counter(tuple(tokens[(i + d) % n] for d in range(order + 1)) for i in range(n))


def places(model):
    """Of each slot in use, its context's number and its token; contexts are numbered in order of their places."""
    size = int(model.size)
    begins = sorted({int(b) for b in model.follow[:size]})
    context = np.searchsorted(begins, np.arange(size), side="right") - 1
    return context, np.asarray(model.token[:size]), begins


# Texts shorter than the order, one that repeats itself, and contexts too long for one number.
CASES = [(2, 0, 30), (2, 1, 7), (3, 2, 50), (3, 4, 3), (5, 3, 64), (2, 40, 60), (9, 12, 200), (1000, 5, 90), (2, 3, 1)]


@pytest.mark.parametrize(("vocabulary", "order", "size"), CASES)
def test_a_concordance_is_the_text_sorted(vocabulary, order, size):
    tokens = GENERATOR.integers(0, vocabulary, size)
    tokens[size // 2 :] = tokens[: size - size // 2]
    text = ring(tokens, size + 5)
    sort = jax.jit(context_index.concordance, static_argnums=(1, 2, 3))
    model = sort(text, order, vocabulary, "sort")
    if vocabulary ** (order + 1) < 10**5:
        by_table = sort(text, order, vocabulary, "table")
        for one, other in zip(model[:3], by_table[:3], strict=True):
            np.testing.assert_array_equal(one[:size], other[:size])
        np.testing.assert_array_equal(
            jax.jit(measures.counts_in, static_argnums=(1, 2))(model, order, vocabulary),
            context_index.counts_of(text, order, vocabulary),
        )
    # The twin: contexts in order of their tokens from the earliest to the latest, then the token.
    expected = sorted((tuple(tokens[(i - order + d) % size] for d in range(order)), tokens[i]) for i in range(size))
    np.testing.assert_array_equal(model.token[:size], [token for _, token in expected])
    contexts = [context for context, _ in expected]
    begin = {context: contexts.index(context) for context in reversed(contexts)}
    leads_to = [(*context, token)[1:] if order else () for context, token in expected]
    np.testing.assert_array_equal(model.follow[:size], [begin[context] for context in leads_to])
    np.testing.assert_array_equal(model.choice[:size], [contexts.count(context) for context in leads_to])
    seen = grams(tokens.tolist(), order)
    names = (measures.ngrams, measures.contexts, measures.tokens_and_kinds, measures.entropy_rate)
    found = jax.jit(lambda model: [of(model) for of in names])(model)
    assert int(found[0]) == len(seen)
    assert int(found[1]) == len(set(contexts))
    assert [int(x) for x in found[2]] == [size, len(set(tokens.tolist()))]
    of_context = collections.Counter(contexts)
    rate = -sum(count / size * math.log(count / of_context[gram[:-1]]) for gram, count in seen.items())
    np.testing.assert_allclose(found[3], rate, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not native.available(), reason="no compiler was at hand")
@pytest.mark.parametrize(("vocabulary", "order", "size"), [(2, 0, 30), (3, 4, 3), (5, 3, 64), (9, 2, 2000), (2, 3, 1)])
def test_the_kernel_gives_the_bits_of_xla(vocabulary, order, size):
    texts = [ring(GENERATOR.integers(0, vocabulary, part), size) for part in (size, -(-size // 2))]
    batch = jax.tree.map(lambda *of: jnp.stack(of), *texts)  # of two sizes, in room for the larger
    begin = jnp.asarray(GENERATOR.integers(0, -(-size // 2), 11), jnp.int32)
    lots = jax.tree.map(lambda word: word.reshape(7, 11), sampling.random_bits(KEY, 77))

    def both(text):
        model, other = (of(text, order, vocabulary) for of in (context_index._by_table, context_index._by_counts))
        rows = jnp.stack(model[:3], axis=1)
        return model[:3], other[:3], native.walk_documents(rows, begin, lots), context_index.walked(rows, begin, lots)

    model, other, walked, slowly = jax.jit(jax.vmap(both))(batch)
    np.testing.assert_array_equal(walked, slowly)
    for one, same in zip(model, other, strict=True):
        for chain, text in enumerate(texts):
            np.testing.assert_array_equal(one[chain, : int(text.size)], same[chain, : int(text.size)])


def test_documents_are_laid_one_after_the_other():
    rows = jnp.arange(12).reshape(4, 3)  # four steps of three documents
    for size, expected in ((12, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]), (7, [0, 3, 6, 1, 4, 2, 5]), (2, [0, 1])):
        assert documents(rows, jnp.int32(size), 12).tokens[:size].tolist() == expected


def test_picked_tokens_stay_in_their_order():
    stack = Text(jnp.arange(20).reshape(2, 10), jnp.array([10, 10]))
    found = picked(stack, jnp.array([1, 0, 1, 0, 9]), jnp.array([3, 8, 2, 1, 0]), jnp.int32(4))
    assert found.tokens[:4].tolist() == [1, 8, 12, 13]


@pytest.mark.parametrize("learner", [NGram(order=2), NGram(order=2, documents=7), NGram(order=2, decoding=TopK(99))])
def test_what_is_written_was_there(learner):
    process = jc.recursive_training(SONG, jc.FullySynthetic(n=300), learner)
    model = process.learner.fit(KEY, ring(SONG.text), None)
    written = np.asarray(process.learner.write(KEY, model, model, jnp.int32(300), 300).tokens)
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
    written = np.asarray(learner.write(KEY, model, model, jnp.int32(many), many).tokens)
    for values, expected in (
        (written, [0.25, 0.5, 0.25]),
        (3 * written[::2] + written[1::2], np.outer(*[[1, 2, 1]] * 2) / 16),
    ):
        p = np.ravel(expected)
        error = np.sqrt(p * (1 - p) * len(values))
        assert np.all(np.abs(np.bincount(values, minlength=len(p)) - p * len(values)) < 6 * error)


def test_a_table_tells_of_the_text_and_of_what_was_estimated():
    learner = NGram(order=2, estimator=Additive(0.5), decoding=TopK(1))
    learner = jc.recursive_training(SONG, jc.FullySynthetic(n=9), learner).learner
    tokens = [0, 1, 0, 2, 1, 0, 1]
    model, copied = learner.fit(KEY, ring(tokens), None), context_index.concordance(ring(tokens), 2, len(SONG))
    for measure in (measures.ngrams, measures.contexts, measures.tokens_and_kinds):
        np.testing.assert_array_equal(measure(model), measure(copied))
    np.testing.assert_array_equal(
        model.p, probability_table.estimated(Additive(0.5), context_index.counts_of(ring(tokens), 2, len(SONG)))
    )
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


def slow_kneser_ney(counts, discount):
    """By the definition, from a dictionary of n-grams: ``{(context..., token): count}``; a function of both."""
    order = len(next(iter(counts))) - 1
    vocabulary = {token for gram in counts for token in gram} if order else {gram[0] for gram in counts}

    def p(context, token, level):
        # level: the counts themselves, or after how many different tokens each shorter n-gram was seen
        of = {gram[1:]: 0 for gram in level}
        data = {gram: c for gram, c in level.items() if gram[:-1] == context}
        if context:
            for gram in level:
                of[gram[1:]] += 1
            below = p(context[1:], token, of)
        else:
            below = 1 / SIZE
        total = sum(data.values())
        if total == 0:
            return below
        kept = max(data.get((*context, token), 0) - discount, 0) / total
        return kept + discount * len(data) / total * below

    assert vocabulary
    return lambda context, token: p(context, token, counts)


SIZE = 4


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("discount", [0.0, 0.75, 1.0])
def test_kneser_ney_is_its_definition(order, discount):
    tokens = GENERATOR.choice([0, 1, 3], 25)  # token 2 was never seen
    p = KneserNey(discount).of_table(context_index.counts_of(ring(tokens), order, SIZE))
    slow = slow_kneser_ney(dict(grams(tokens.tolist(), order)), discount)
    for context in itertools.product(range(SIZE), repeat=order):
        row = sum(token * SIZE ** (order - 1 - place) for place, token in enumerate(context))
        np.testing.assert_allclose(p[row], [slow(context, token) for token in range(SIZE)], atol=1e-6)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    if order == 0:
        frequencies = np.bincount(tokens, minlength=SIZE) / 25
        plain = Discount(discount)(jnp.asarray(frequencies, jnp.float32), jnp.asarray(frequencies > 0), jnp.int32(25))
        np.testing.assert_allclose(p[0], plain, atol=1e-6)


def test_a_context_without_data_is_that_of_its_longest_ending():
    tokens = [0, 1, 0, 1, 2]
    counts = context_index.counts_of(ring(tokens), 2, 4)
    rows = smoothing.backed_off_frequencies(counts)
    np.testing.assert_allclose(rows[0 * 4 + 1], [0.5, 0, 0.5, 0])  # after 0 1: 0 or 2
    np.testing.assert_allclose(rows[3 * 4 + 1], [0.5, 0, 0.5, 0])  # after 3 1, unseen, as after 1
    np.testing.assert_allclose(rows[2 * 4 + 3], [0.4, 0.4, 0.2, 0])  # after 2 3, and 3 unseen too
    uniform = probability_table.estimated(Additive(1.0), counts)
    np.testing.assert_allclose(uniform[2 * 4 + 3], 0.25)
    for estimator in (Additive(0.0), Discount(0.5), Prior([0.25] * 4, 0.0), MaximumLikelihood()):
        found = probability_table.estimated(estimator, counts)
        np.testing.assert_allclose(found[2 * 4 + 3], [0.4, 0.4, 0.2, 0], atol=1e-6)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_prior_may_have_a_row_for_each_context():
    counts = context_index.counts_of(ring([0, 1, 0, 1, 2]), 1, 3)
    prior = np.array([[0.5, 0.5, 0], [0, 0, 1], [1, 0, 0]], np.float32)
    found = probability_table.estimated(Prior(jnp.asarray(prior), 2.0), counts)
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
    pool = learner.pool(ring([0, 1, 2], 4), 4)
    pool = learner.add(pool, ring([3, 3], 4))
    pool = learner.add(pool, ring([1, 0, 1, 0], 4))
    assert pool.tokens.tolist() == [0, 1, 2, 3, 3, 1, 0, 1, 0]
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
    pool = learner.add(learner.pool(ring([0, 1, 2], 4), 4), ring([3, 3, 3, 3], 4))
    assert pool.tokens.tolist() == [0, 1, 2, 3, 3]
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
            KEY, context_index.concordance(ring([0, 1, 1]), 1, 2), 0
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
    (lambda: jc.recursive_training(LETTERS, jc.RandomlySampled(n=9), NGram()), "needs a learner that can blend"),
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
