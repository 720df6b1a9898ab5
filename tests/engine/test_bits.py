"""The promise on bits: how a run is cut, batched, sharded, compiled or configured changes none of them."""

import dataclasses
import functools
import subprocess
import sys

import children
import jax
import numpy as np
import pytest
from selection import some

import jaxcollapse as jc

ALL = ("heterozygosity", "support", "entropy", "winner", "l1_first", "l2_first", "l1_truth", "kl_truth", "spectrum")
"""One statistic of each kind of sum."""
CHAINS, GENERATIONS = 256, 28
SEED = 0

# Sizes off the powers of two, and room below the vocabulary, so that tokens are renamed.
P = 1 / np.arange(1, 301)
P /= P.sum()
REGIMES = {"fully-synthetic": jc.FullySynthetic(n=100), "partially-synthetic": jc.PartiallySynthetic(n=100, real=37)}
ROOMIER = {
    "fully-synthetic": jc.FullySynthetic(n=100, capacity=4096),
    "partially-synthetic": jc.PartiallySynthetic(n=100, real=37, capacity=4096, real_capacity=400),
}


LEARNERS = {"fully-synthetic": jc.learners.Categorical("labels first")}  # both ways to draw; others copy labels


def changed(process, **settings):
    """The same process with a scheme of other settings, those of them that its scheme has."""
    fields = {field.name for field in dataclasses.fields(process.scheme)}
    own = {name: value for name, value in settings.items() if name in fields}
    return dataclasses.replace(process, scheme=dataclasses.replace(process.scheme, **own))


def simulate(name, chains=CHAINS, regimes=REGIMES, learner=None, **scheme):
    process = changed(jc.recursive_training(P, regimes[name], learner or LEARNERS.get(name)), **scheme)
    return jc.simulate(jax.random.key(SEED), process, chains=chains, generations=GENERATIONS, record=ALL)


def assert_same_bits(found, expected, statistics=ALL):
    """Floats are compared as the words they are stored in."""
    differ = [name for name in statistics if np.asarray(found[name]).tobytes() != np.asarray(expected[name]).tobytes()]
    assert not differ


@pytest.fixture(scope="module", params=some(REGIMES, ("fully-synthetic",)))
def name(request):
    return request.param


@functools.cache
def whole_run(name):
    return {statistic: np.asarray(values) for statistic, values in simulate(name).values.items()}


@pytest.fixture
def whole(name):
    return whole_run(name)


def test_a_second_run_repeats_the_first(name, whole):
    assert_same_bits(simulate(name), whole)


def test_another_seed_does_not(name, whole):
    """The comparison sees what it should: every statistic but those constant by nature."""
    process = jc.recursive_training(P, REGIMES[name], LEARNERS.get(name))
    other = jc.simulate(jax.random.key(SEED + 1), process, chains=CHAINS, generations=GENERATIONS, record=ALL)
    same = {s for s in ALL if np.array_equal(other[s], whole[s])}
    assert same <= {"collapsed", "winner", "tail_mass"}  # no chain collapses so early, and no token is so rare


def test_no_two_chains_are_the_same(whole):
    """Nor can they be by chance: 28 generations, each one of dozens of values at least."""
    assert len(np.unique(whole["heterozygosity"], axis=0)) == CHAINS


def test_chains_go_by_number(name, whole):
    """Neither by how many there are nor by where they stand: 320, of which the promised ones are not the first."""
    numbers = np.random.default_rng(0).permutation(320)
    found = simulate(name, chains=numbers)
    where = np.argsort(numbers)[:CHAINS]
    assert_same_bits({statistic: found[statistic][where] for statistic in found}, whole)


@pytest.mark.campaign
def test_pieces_make_the_whole(name, whole):
    key, process = jax.random.key(SEED), jc.recursive_training(P, REGIMES[name], LEARNERS.get(name))
    state, piece = jc.engine.start(key, process, chains=CHAINS, record=ALL)
    pieces = [piece.values]
    for generations in (1, 7, 19):
        state, piece = jc.engine.advance(key, process, state, generations=generations, record=ALL)
        pieces.append(piece.values)
    joined = jax.tree.map(lambda *arrays: np.concatenate(arrays, axis=1), *pieces)
    assert_same_bits(joined, whole)


def test_a_few_chains_of_a_constant_process(name, whole):
    """Closed over, the process is known to the compiler, which may fold what it likes."""
    few = np.array([5, 250])
    found = jax.jit(lambda: simulate(name, chains=few))()
    assert_same_bits(found, {statistic: rows[few] for statistic, rows in whole.items()})


@pytest.mark.campaign
def test_a_sweep_holds_the_single_run(name, whole):
    """In the caller's program, which computes the truth as well."""
    key, regime = jax.random.key(SEED), REGIMES[name]

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(None, 0))
    def sweep(p, n):
        process = jc.recursive_training(p * 2, dataclasses.replace(regime, n=n), LEARNERS.get(name))
        return jc.simulate(key, process, chains=8, generations=GENERATIONS, record=ALL)

    swept = sweep(P.astype(np.float32) / 2, np.array([50, 100, 128]))
    found = {statistic: values[1] for statistic, values in swept.values.items()}
    assert_same_bits(found, {statistic: rows[:8] for statistic, rows in whole.items()})


@pytest.fixture(scope="module")
def roomier(name):
    """With room beyond the vocabulary, tokens keep their names; and fewer chains are advanced at a time."""
    return simulate(name, regimes=ROOMIER, learner=jc.learners.Categorical("labels"))


def test_room_changes_nothing_for_labels(name, roomier):
    """Counts have a plan of their own for each capacity."""
    assert_same_bits(roomier, simulate(name, learner=jc.learners.Categorical("labels")), ALL)


@pytest.mark.parametrize("widths", [pytest.param((), marks=pytest.mark.campaign), (64, 16, 2)], ids=str)
def test_width_changes_nothing(name, widths, whole):
    """Dead tokens may be left out, or not, early or late."""
    assert_same_bits(simulate(name, widths=widths), whole)


def test_collapse_times_are_those_of_the_trace(name):
    """Whatever the widths, and however many parts the chains are cut in; with the kernel and without."""
    key, chains = jax.random.key(SEED), 700
    collapsed = None
    for portable, widths, parts in ((False, (128, 16, 2), 1), (True, (128, 16, 2), 1), (True, (32, 8), 7)):
        learner = LEARNERS.get(name)
        learner = dataclasses.replace(learner, portable=portable) if learner else None
        process = jc.recursive_training(P, REGIMES[name], learner)
        if collapsed is None:
            trace = jc.simulate(key, process, chains=chains, generations=150, record="collapsed")
            collapsed = np.asarray(trace["collapsed"])
        process = changed(process, passage_widths=widths, parts=parts)
        times = jc.collapse_times(key, process, chains=chains, max_generations=150)
        assert (np.asarray(times.observed) == collapsed[:, -1]).all()
        assert (np.asarray(times.time) == np.where(collapsed[:, -1], collapsed.argmax(axis=1), 150)).all()


# Other processes, for what a process can choose only once. This file is their program: see its last lines.

SETTINGS = {
    "four devices": {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"},
    "64-bit types and the older threefry": {"JAX_ENABLE_X64": "1", "JAX_THREEFRY_PARTITIONABLE": "0"},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_other_settings_change_nothing(setting, tmp_path):
    command = [sys.executable, __file__, tmp_path / "there.npz"]
    subprocess.run(command, env=children.environment(**SETTINGS[setting]), check=True, timeout=600)
    with np.load(tmp_path / "there.npz") as there:
        assert int(there["devices"]) == (4 if setting == "four devices" else 1)
        for name in REGIMES:
            assert_same_bits({statistic: there[f"{name} {statistic}"] for statistic in ALL}, whole_run(name))


def over_all_devices():
    """Chain numbers laid over the devices there are."""
    mesh = jax.sharding.Mesh(jax.devices(), ("chains",))
    return jax.device_put(np.arange(CHAINS), jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("chains")))


# The other regimes: everything at once, in pieces over four devices, with 64-bit types and the older threefry.

OTHERS = {
    "most-recent": jc.MostRecent(n=24, window=3),
    "most-recent, reuse": jc.MostRecent(n=24, window=3, reuse=True),
    "randomly-sampled": jc.RandomlySampled(n=20),
    "randomly-sampled, pool": jc.RandomlySampled(n=20, reuse="pool"),
    "randomly-sampled, prefix": jc.RandomlySampled(n=20, reuse="prefix", generations=8),
    "accumulate": jc.Accumulate(n=jc.schedules.given([20, 30, 10])),
    "accumulate-subsample": jc.AccumulateSubsample(n=20, budget=30),
    "fresh-real": jc.FreshReal(n=20, real=7),
    "fresh-real, weight": jc.FreshReal(n=20, real=7, weight=1.7),
    "mixture": jc.Mixture(n=20, share=0.3),
}
WATCHED = ("simpson", "entropy", "l1_first", "winner", "spectrum")
LAST = 6


def test_the_table_has_every_other_regime():
    assert {type(regime) for regime in (*OTHERS.values(), *REGIMES.values())} == set(jc.regimes.REGIMES.values())


@functools.cache
def elsewhere(folder):
    """The bits of these regimes from one other process."""
    path = folder / "others.npz"
    environment = children.environment(**functools.reduce(dict.__or__, SETTINGS.values()))
    subprocess.run([sys.executable, __file__, path, "others"], env=environment, check=True, timeout=900)
    with np.load(path) as there:
        return dict(there)


@pytest.mark.campaign
@pytest.mark.parametrize("name", OTHERS)
def test_other_regimes_keep_their_bits(name, tmp_path_factory):
    found = elsewhere(tmp_path_factory.getbasetemp())
    process = jc.recursive_training(P, OTHERS[name])
    whole = jc.simulate(jax.random.key(SEED), process, chains=CHAINS, generations=LAST, record=WATCHED)
    assert_same_bits({statistic: found[f"{name} {statistic}"] for statistic in WATCHED}, whole, WATCHED)
    assert len(np.unique(whole["simpson"], axis=0)) > CHAINS // 2  # the comparison sees something


def others_in_pieces():
    """The bits of OTHERS, in two pieces over all devices."""
    found = {}
    for name in OTHERS:
        key, process = jax.random.key(SEED), jc.recursive_training(P, OTHERS[name])
        state, begun = jc.engine.start(key, process, chains=over_all_devices(), record=WATCHED)
        _, rest = jc.engine.advance(key, process, state, generations=LAST - 1, record=WATCHED)
        for statistic in WATCHED:
            found[f"{name} {statistic}"] = np.concatenate([begun[statistic], rest[statistic]], axis=1)
    return found


if __name__ == "__main__":
    found = {"devices": np.array(jax.device_count())}
    if len(sys.argv) > 2:
        found |= others_in_pieces()
    else:
        for regime in REGIMES:
            trace = simulate(regime, chains=over_all_devices())
            assert len(trace["entropy"].sharding.device_set) == jax.device_count()
            found |= {f"{regime} {statistic}": np.asarray(trace[statistic]) for statistic in ALL}
    np.savez(sys.argv[1], **found)
