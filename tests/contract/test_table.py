"""What every learner keeps under every regime, whoever wrote them. A new one is a line in a table here."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from every_other import EveryOther
from text_learner import TextCopier

import jaxcollapse as jc
from jaxcollapse.contract import Process, Status
from jaxcollapse.learners import Categorical, NGram, token_tables
from jaxcollapse.regimes import REGIMES
from jaxcollapse.statistics import STATISTICS, trajectory

P = np.array([0.4, 0.25, 0.15, 0, 0.1, 0.05, 0.04995, 0.00005], np.float32)
N, REAL, CHAINS, GENERATIONS = 6, 3, 5, 12
KEY = jax.random.key(0)

TEXT = np.random.default_rng(0).choice(len(P), 40, p=P).astype(np.int32)
LEARNERS = {
    "categorical": Categorical(),
    "copier": TextCopier(),
    "ngrams": NGram(order=2, documents=2, room=60 * N, text=TEXT),
}
EXAMPLES = {
    "fully-synthetic": jc.FullySynthetic(n=N, capacity=8),
    "partially-synthetic": jc.PartiallySynthetic(n=N, real=REAL, capacity=8, real_capacity=4),
    "most-recent": jc.MostRecent(n=N, window=3, capacity=8),
    "most-recent, reuse": jc.MostRecent(n=N, window=3, reuse=True, capacity=8),
    "randomly-sampled": jc.RandomlySampled(n=N, capacity=8),
    "randomly-sampled, pool": jc.RandomlySampled(n=N, reuse="pool", capacity=8),
    "randomly-sampled, prefix": jc.RandomlySampled(n=N, reuse="prefix", generations=60, capacity=8),
    "accumulate": jc.Accumulate(n=N, capacity=8),
    "accumulate-subsample": jc.AccumulateSubsample(n=N, budget=5, capacity=8, budget_capacity=8),
    "fresh-real": jc.FreshReal(n=N, real=REAL, capacity=8, real_capacity=4),
    "fresh-real, weight": jc.FreshReal(n=N, real=REAL, weight=1.5, capacity=8, real_capacity=4),
    "mixture": jc.Mixture(n=N, share=0.25, capacity=8),
    "every-other": EveryOther(n=N, capacity=8),
}


def goes_with(learner, regime):
    """Whether a learner and its corpora have what a regime asks for."""
    provided = learner.provides | learner.corpora.provides
    return set(regime.requires(provided)) <= provided


TABLE = [
    (learner, regime)
    for learner, regime in itertools.product(LEARNERS, EXAMPLES)
    if goes_with(LEARNERS[learner], EXAMPLES[regime])
]
SOON = {
    ("categorical", "fully-synthetic"),
    ("ngrams", "most-recent"),
}
EVERY_TOKEN = trajectory(*range(len(P)))
ALL = (*STATISTICS, EVERY_TOKEN)


def test_the_table_covers_every_regime():
    example = {"every-other": EveryOther}  # of docs/regimes.md
    assert {name.split(",")[0]: type(regime) for name, regime in EXAMPLES.items()} == REGIMES | example
    assert {regime for learner, regime in TABLE if learner == "categorical"} == set(EXAMPLES)
    assert {type(EXAMPLES[regime]) for learner, regime in TABLE if learner == "copier"} > {jc.MostRecent, jc.Mixture}


def test_a_learner_that_lacks_a_verb_is_refused():
    with pytest.raises(
        TypeError, match=r"Accumulate needs a learner that can pool, and TextCopier\(\) cannot; learners"
    ):
        jc.recursive_training(P, EXAMPLES["accumulate"], TextCopier())


def processes(learners=LEARNERS, regimes=EXAMPLES):
    """The part of the table with these learners and regimes; `make test` runs those of SOON, for compiling is slow."""
    chosen = [
        pytest.param(pair, marks=() if pair in SOON else pytest.mark.campaign, id=", ".join(pair))
        for pair in TABLE
        if pair[0] in learners and pair[1] in regimes
    ]
    return pytest.mark.parametrize("process", chosen, indirect=True)


@pytest.fixture(scope="module")
def process(request):
    learner, regime = request.param
    return jc.recursive_training(P, EXAMPLES[regime], LEARNERS[learner])


@pytest.fixture(scope="module")
def trace(process):
    return jc.simulate(KEY, process, chains=CHAINS, generations=GENERATIONS, record=ALL)


def key_of(chain, m):
    return jax.random.fold_in(jax.random.fold_in(KEY, chain), m)


def equal(a, b):
    """Bit for bit, with shapes and types."""
    same = jax.tree.map(lambda x, y: x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), a, b)
    return jax.tree.all(same)


# One chain.


@processes()
def test_steps_keep_structure_shapes_and_types_and_count_generations(process):
    state = jax.eval_shape(process.init, key_of(0, 1), jnp.int32(0))
    after = jax.eval_shape(process.step, key_of(0, 2), state)
    assert jax.tree.structure(state) == jax.tree.structure(after)
    described = [[(x.shape, x.dtype, x.weak_type) for x in jax.tree.leaves(tree)] for tree in (state, after)]
    assert described[0] == described[1]

    state = jax.jit(process.init)(key_of(0, 1), jnp.int32(0))
    for m in (1, 2, 3):
        assert int(state.m) == m
        state = jax.jit(process.step)(key_of(0, m + 1), state)


@processes()
def test_compiling_changes_no_bit(process):
    eager, compiled = (init(process, key_of(3, 1), jnp.int32(3)) for init in (Process.init, jax.jit(Process.init)))
    assert equal(eager, compiled)
    eager, compiled = (step(process, key_of(3, 2), eager) for step in (Process.step, jax.jit(Process.step)))
    assert equal(eager, compiled)


@processes()
def test_mapping_over_chains_changes_no_bit(process):
    def two_generations(chain):
        state = process.init(key_of(chain, 1), chain)
        return process.step(key_of(chain, 2), state)

    chains = jnp.arange(CHAINS)
    mapped = jax.jit(jax.vmap(two_generations))(chains)
    single = jax.jit(two_generations)
    looped = jax.tree.map(lambda *rows: jnp.stack(rows), *(single(chain) for chain in chains))
    assert equal(mapped, looped)


# Many chains, recorded.


@processes()
def test_every_named_statistic_is_recorded(trace):
    for name in STATISTICS:
        assert trace[name].shape[:2] == (CHAINS, GENERATIONS + 1), name
        assert np.isfinite(trace[name]).all(), name
    assert (trace.status == Status.OK).all()
    assert trace.check() is trace


@processes()
def test_probabilities_sum_to_one(trace):
    """They are quotients rounded to ``float32``, each off by half of 2^-23 at most."""
    p = np.asarray(trace[EVERY_TOKEN.name], np.float64)
    assert p.min() >= 0
    assert np.abs(p.sum(axis=2) - 1).max() <= len(P) * 2.0**-24


@processes()
def test_a_closed_regime_brings_no_token_back(process, trace):
    """What generation 1 has not, no later one has, unless a pool does; nor are there more tokens than real data."""
    alive = np.asarray(trace[EVERY_TOKEN.name]) > 0
    required = process.regime.requires(process.learner.provides | process.learner.corpora.provides)
    if process.regime.closed and "subsample" not in required and "average" not in required:
        assert (alive[:, 1:] <= alive[:, 1:2]).all()
    if process.regime.closed:
        assert (alive[:, 1:].any(axis=1).sum(axis=1) <= max(N, REAL)).all()
    assert not alive[:, :, P == 0].any()
    assert (alive.sum(axis=2) == trace["support"]).all()


@processes()
def test_generation_0_is_the_truth(trace):
    p = P.astype(np.float64)
    first = np.asarray(trace[EVERY_TOKEN.name], np.float64)[:, 1]
    entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
    expected = {
        EVERY_TOKEN.name: p,
        "simpson": (p**2).sum(),
        "heterozygosity": (p * (1 - p)).sum(),
        "max_prob": p.max(),
        "support": 7,
        "entropy": entropy,
        "collapsed": False,
        "winner": -1,
        "l1_truth": 0,
        "l2_truth": 0,
        "kl_truth": 0,
        "l1_first": np.abs(p - first).sum(axis=1),
        "l2_first": ((p - first) ** 2).sum(axis=1),
        "hill_0": 7,
        "hill_1": np.exp(entropy),
        "hill_2": 1 / (p**2).sum(),
        "tail_mass": p[-1],
        "spectrum": -1,
    }
    assert set(expected) == set(trace)
    for name, value in expected.items():
        found = np.asarray(trace[name], np.float64)[:, 0]
        np.testing.assert_allclose(found, np.broadcast_to(value, found.shape), rtol=1e-6, err_msg=name)


# Bad values that could not be seen before tracing.


ONE_OF_EACH_TYPE = ("l1_first", "support", "collapsed")


@pytest.fixture(scope="module")
def simulate_traced(process):
    learner = process.learner
    if isinstance(learner, NGram):  # p alone is no text
        learner = dataclasses.replace(learner, text=process.language.text)

    @jax.jit
    def run(p, n):
        traced = jc.recursive_training(p, dataclasses.replace(process.regime, n=n), learner)
        return jc.simulate(KEY, traced, chains=2, generations=3, record=ONE_OF_EACH_TYPE)

    return run


def spoil(change):
    p = P.copy()
    p[1] = change
    return p


BAD = {
    "n above capacity": (P, 9, Status.SIZE),
    "n of zero": (P, 0, Status.SIZE),
    "a sum below one": (spoil(0.2), N, Status.TRUTH),
    "a NaN": (spoil(np.nan), N, Status.TRUTH),
    "a negative": (spoil(-0.25), N, Status.TRUTH),
    "a negative in a sum of one": (np.array([1.25, -0.25, *[0] * 6], np.float32), N, Status.TRUTH),
    "both": (spoil(0.2), 9, Status.SIZE | Status.TRUTH),
}


@processes()
@pytest.mark.parametrize(("p", "n", "status"), BAD.values(), ids=BAD)
def test_bad_traced_values_give_a_status_and_no_numbers(simulate_traced, p, n, status):
    trace = simulate_traced(p, n)
    assert (trace.status == status).all()
    for name in trace:
        values = np.asarray(trace[name])
        nothing = {"f": np.isnan, "i": lambda x: x == -1, "b": np.logical_not}[values.dtype.kind]
        assert nothing(values).all(), name
    with pytest.raises(ValueError, match="2 of 2 chains had bad inputs"):
        trace.check()


@processes()
def test_good_traced_values_are_as_good_as_concrete_ones(simulate_traced, trace):
    traced = simulate_traced(P, N)
    assert equal(traced.values, {name: trace[name][:2, :4] for name in ONE_OF_EACH_TYPE})


# What is known of one regime.


@processes(regimes=["fully-synthetic"])
def test_a_lost_token_stays_lost(trace):
    alive = np.asarray(trace[EVERY_TOKEN.name]) > 0
    assert (alive[:, 1:] <= alive[:, :-1]).all()
    assert (alive[:, -1] < alive[:, 1]).any()


@processes(regimes=["partially-synthetic"])
def test_a_real_token_is_never_lost(trace):
    alive = np.asarray(trace[EVERY_TOKEN.name]) > 0
    assert (alive[:, 1:] == alive[:, 1:2]).all()


@processes(regimes=["fully-synthetic"])
def test_a_dirac_mass_absorbs(process):
    trace = jc.simulate(KEY, process, chains=64, generations=60, record=("collapsed", "winner", "heterozygosity"))
    collapsed, winner = np.asarray(trace["collapsed"]), np.asarray(trace["winner"])
    assert collapsed.any()
    assert (collapsed[:, 1:] >= collapsed[:, :-1]).all()
    assert ((winner >= 0) == collapsed).all()
    assert (winner[:, 1:] == winner[:, :-1])[collapsed[:, :-1]].all()
    assert ((np.asarray(trace["heterozygosity"]) == 0) == collapsed).all()


@processes(learners=["categorical"], regimes=["partially-synthetic"])
def test_the_real_corpus_is_drawn_once_and_is_all_of_generation_1(process):
    state = jax.jit(process.init)(key_of(0, 1), jnp.int32(0))
    real = state.memory
    assert int(real.size) == int(state.model.size) == REAL
    assert equal(token_tables.frequencies(state.model, 4), token_tables.frequencies(real, 4))
    for m in (2, 3, 4):
        state = jax.jit(process.step)(key_of(0, m), state)
        assert equal(state.memory, real)
        assert int(state.model.size) == REAL + N
        assert equal(state.model.labels[:REAL], real.labels[:REAL])


def test_distances_are_accurate_where_most_of_the_mass_is_unlisted():
    """Room for fewer tokens than the vocabulary: what has no table entry is added exactly, not by difference."""
    p = np.concatenate([[0.9], np.full(2**16 - 1, 0.1 / (2**16 - 1))])
    process = jc.recursive_training(p, jc.FullySynthetic(n=3000))
    trace = jc.simulate(jax.random.key(0), process, chains=1, generations=1, record=("l1_truth", "l2_truth", dense))
    law = np.asarray(process.p, np.float64)
    model = np.asarray(trace["dense"], np.float64)[0, 1] / 3000
    np.testing.assert_allclose(trace["l1_truth"][0, 1], np.abs(model - law).sum(), rtol=3e-7)
    np.testing.assert_allclose(trace["l2_truth"][0, 1], ((model - law) ** 2).sum(), rtol=3e-7)


def dense(view):
    """Counts over the whole vocabulary, 2^16 tokens."""
    if view.counts is None:
        return jnp.zeros(2**16, jnp.int32)
    return jnp.zeros(2**16, jnp.int32).at[view.tokens].add(view.counts, mode="drop")


@pytest.mark.parametrize("n", [jnp.nan, 7.5, 0.0])
def test_a_traced_size_that_is_no_count_is_reported(n):
    def run(n):
        process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=n, capacity=64))
        return jc.simulate(jax.random.key(0), process, chains=2, generations=2, record="support")

    trace = jax.jit(run)(jnp.float32(n))
    assert (trace.status == jc.contract.Status.SIZE).all()
    assert trace.status.dtype == jnp.int32
    assert (trace["support"] == -1).all()


def test_a_vector_of_sizes_wants_vmap():
    process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=np.array([2, 3])))
    with pytest.raises(ValueError, match=r"n must be one number, got an array of shape \(2,\); sweep it by jax.vmap"):
        jc.simulate(jax.random.key(0), process, chains=2, generations=2)


@pytest.mark.parametrize("numbers", [[0.5, 1.5], [-1, 2], [2**32 + 1]])
def test_chain_numbers_are_whole_and_small(numbers):
    process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=4))
    with pytest.raises(ValueError, match="chains must be"):
        jc.simulate(jax.random.key(0), process, chains=numbers, generations=2)


def test_a_mesh_with_explicit_axes_will_do():
    process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=4))
    mesh = jax.make_mesh((1,), ("chains",))
    layout = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("chains"))
    chains = jax.device_put(jnp.arange(3, dtype=jnp.int32), layout)
    trace = jc.simulate(jax.random.key(0), process, chains=chains, generations=4, record="support")
    plain = jc.simulate(jax.random.key(0), process, chains=3, generations=4, record="support")
    np.testing.assert_array_equal(trace["support"], plain["support"])


def test_inside_shard_map():
    process = jc.recursive_training([0.5, 0.3, 0.2], jc.FullySynthetic(n=6))
    numbers = jnp.arange(4, dtype=jnp.int32)
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("chains",))
    along = jax.sharding.PartitionSpec("chains")

    def run(chains):
        return jc.simulate(KEY, process, chains=chains, generations=5, record="support")["support"]

    inside = jax.shard_map(run, mesh=mesh, in_specs=along, out_specs=along)(numbers)
    np.testing.assert_array_equal(inside, run(4))


def test_a_truth_near_a_dirac_mass():
    """In float32 the frequent token's probability is 1, and still the truth has two tokens."""
    process = jc.recursive_training([1 - 1e-9, 1e-9], jc.FullySynthetic(n=10))
    record = ("heterozygosity", "collapsed", "support", "winner")
    trace = jc.simulate(KEY, process, chains=1, generations=1, record=record)
    assert [int(trace[name][0, 0]) for name in record[1:]] == [0, 2, -1]
    np.testing.assert_allclose(trace["heterozygosity"][0, 0], jc.theory.heterozygosity(process, 1)[0], rtol=1e-6)


def test_tokens_too_rare_to_be_drawn_are_no_part_of_the_truth():
    process = jc.recursive_training([0.5, 0.5, 1e-30], jc.FullySynthetic(n=5))
    trace = jc.simulate(KEY, process, chains=1, generations=1, record="support")
    assert trace["support"][0, 0] == 2 == jc.theory.support(process, 1)[0]
    traced = jax.jit(lambda p: jc.recursive_training(p, jc.FullySynthetic(n=5)).p)(jnp.array([0.5, 0.5, 1e-30]))
    np.testing.assert_array_equal(traced, process.p)


def test_a_wide_integer_does_not_wrap_around():
    jax.config.update("jax_enable_x64", True)
    try:

        def run(n):
            process = jc.recursive_training(P, jc.FullySynthetic(n=n, capacity=16))
            return jc.simulate(jax.random.key(0), process, chains=1, generations=1, record="support").status

        for n in (2**32 + 5, 5 - 2**32):
            assert int(jax.jit(run)(jnp.int64(n))[0]) == jc.contract.Status.SIZE
    finally:
        jax.config.update("jax_enable_x64", False)


def test_collapse_times_report_bad_inputs():
    def run(n):
        process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=n, capacity=4))
        return jc.collapse_times(jax.random.key(0), process, chains=2, max_generations=50)

    times = jax.jit(run)(9)
    assert (times.status == jc.contract.Status.SIZE).all()
    assert not times.observed.any()


def test_hill_numbers_of_every_order_lie_between_one_and_the_support():
    orders = (0.0, 0.5, 1.0, 2.0, 5.0, 50.0, 1000.0, np.inf)
    record = tuple(jc.statistics.hill(order) for order in orders)
    process = jc.recursive_training(jc.languages.zipf(40), jc.FullySynthetic(n=1000))
    trace = jc.simulate(KEY, process, chains=2, generations=2, record=record)
    found = np.stack([trace[statistic.name][:, 1:] for statistic in record])
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=0) <= 1e-4).all()  # Hill numbers fall with the order
    p = np.asarray(process.p, np.float64)
    np.testing.assert_allclose(trace["hill_5"][:, 0], np.sum(p**5) ** (-1 / 4), rtol=1e-5)
