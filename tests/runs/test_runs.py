"""A run in pieces, in chunks, over devices and processes is one simulation, bit for bit."""

import json
import socket
import subprocess
import sys

import children
import jax
import numpy as np
import pytest
from selection import some

import jaxcollapse as jc
from jaxcollapse.analysis.streaming import BLOCK, Moments
from jaxcollapse.runs import devices
from jaxcollapse.runs.planning import plan_run

if __name__ == "__main__" and int(sys.argv[4]) > 1:  # one of several processes: before anything touches a device
    jax.distributed.initialize(f"localhost:{sys.argv[2]}", int(sys.argv[4]), int(sys.argv[3]))

KEY = jax.random.key(11)
RECORD = ("support", "l1_first", "spectrum", "collapsed")
CHAINS, GENERATIONS, MANY, FEW = 21, 40, 4 * BLOCK + 100, 6
PROCESSES = {
    "labels first": jc.recursive_training(jc.languages.zipf(300), jc.FullySynthetic(n=150)),
    "counts": jc.recursive_training(jc.languages.zipf(9), jc.FullySynthetic(n=40)),
    "real data": jc.recursive_training(jc.languages.zipf(30), jc.PartiallySynthetic(n=20, real=7)),
}
QUIET = {"progress": False}


@pytest.fixture(scope="module", params=some(PROCESSES, ("labels first",)))
def process(request):
    return PROCESSES[request.param]


@pytest.fixture(scope="module")
def whole(process):
    return jc.simulate(KEY, process, chains=CHAINS, generations=GENERATIONS, record=RECORD)


def run(process, **options):
    return jc.run(KEY, process, chains=CHAINS, generations=GENERATIONS, record=RECORD, **(QUIET | options))


def summarize(process, **options):
    return jc.summarize(KEY, process, chains=MANY, generations=FEW, record=("support", "l1_first"), **options)


def arrays(found):
    """All numbers of a trace or a summary, as bytes."""
    if isinstance(found, jc.Trace):
        return {name: np.asarray(found[name]).tobytes() for name in found}
    return {(name, part): np.asarray(of).tobytes() for name in found for part, of in found[name]._asdict().items()}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"piece": 7}, marks=pytest.mark.campaign),
        pytest.param({"chunk": 8}, marks=pytest.mark.campaign),
        {"chunk": 8, "piece": 20},
        pytest.param({"until": "collapsed", "piece": 10}, marks=pytest.mark.campaign),
        pytest.param({"piece": 1}, marks=pytest.mark.campaign),
        pytest.param({"piece": 100}, marks=pytest.mark.campaign),
        pytest.param({"chunk": 1}, marks=pytest.mark.campaign),
    ],
    ids=str,
)
def test_pieces_and_chunks_make_the_whole(process, whole, options):
    assert arrays(run(process, **options)) == arrays(whole)


@pytest.mark.campaign
def test_every_kth_generation(process, whole):
    found = run(process, every=3, piece=10)
    assert found.generation.tolist() == list(range(0, 40, 3))
    for name in RECORD:
        assert found[name].tobytes() == np.asarray(whole[name])[:, ::3].tobytes()


def test_once_more_from_the_provenance_alone(process, whole):
    found = run(process)
    told = json.loads(found.provenance)
    assert told["chains"] == [0, CHAINS]
    assert told["interrupted"] is False
    assert told["versions"]["jax"] == jax.__version__
    assert arrays(jc.runs.again(found.provenance, chunk=10, progress=False)) == arrays(whole)
    for spoilt in ({"stream": -1}, {"record": ["mine"]}, {"regime": {"kind": "elsewhere.Regime"}}):
        with pytest.raises(ValueError, match=r"version -1 of the random stream|'mine'|elsewhere\.Regime is not a part"):
            jc.runs.again(told | {"run": told["run"] | spoilt})
    with pytest.raises(ValueError, match=r"provenance must be that of a jc\.run"):
        jc.runs.again({"versions": {}})
    with pytest.raises(ValueError, match=r"provenance must be that of a jc\.run"):
        jc.runs.again("what")


def test_a_run_stops_when_all_have_collapsed():
    """It skips what would change nothing: rows are the same, and no more generations are drawn."""
    process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=4))
    settings = {"chains": 50, "generations": 3000, "record": ("winner", "spectrum"), "piece": 100}
    told = []
    found = jc.run(KEY, process, **settings, until="collapsed", progress=told.append)
    assert sum(told) == 3000
    assert arrays(found) == arrays(jc.simulate(KEY, process, chains=50, generations=3000, record=settings["record"]))


@pytest.mark.campaign
def test_where_collapse_changes_counts_still_the_run_goes_on():
    process = jc.recursive_training([0.5, 0.5], jc.Accumulate(n=2))
    settings = {"chains": 20, "generations": 60, "record": ("winner", "spectrum")}
    found = jc.run(KEY, process, **settings, until="collapsed", piece=20, progress=False)
    assert arrays(found) == arrays(jc.simulate(KEY, process, **settings))


# Summaries.


@pytest.fixture(scope="module")
def summary():
    return summarize(PROCESSES["counts"])


def test_a_summary_does_not_know_of_chunks_and_pieces(summary):
    assert arrays(summarize(PROCESSES["counts"], chunk=2 * BLOCK, piece=4)) == arrays(summary)


def test_moments_of_shares_are_those_of_the_whole():
    """Whoever holds which blocks; a merge in the order of arrival would not do."""
    values = np.random.default_rng(0).random((1000, 3)) ** 9
    blocks = np.array_split(values, 13)
    whole = Moments()
    for block in blocks:
        whole.add(block)
    for cut in range(14):
        parts = [Moments(), Moments()]
        for number, block in enumerate(blocks):
            parts[number >= cut].add(block, number)
        joined = Moments()
        for part in parts:
            joined.join(part.nodes)
        assert joined.mean.tobytes() == whole.mean.tobytes()
        assert joined.variance.tobytes() == whole.variance.tobytes()
    np.testing.assert_allclose(whole.mean, values.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(whole.variance, values.var(axis=0, ddof=1), rtol=1e-12)
    in_order = [Moments(), Moments()]  # the control: merged one after another, last bits differ
    for number, block in enumerate(blocks):
        in_order[0].add(block, 0), in_order[1].add(block, number)
    assert in_order[0].variance.tobytes() != whole.variance.tobytes()


def test_a_standard_error_is_reached_by_chains_that_had_no_say_in_it():
    process = PROCESSES["counts"]
    found = jc.summarize(KEY, process, chains=10**6, generations=FEW, record="support", until={"support": 0.01})
    curve = found["support"]
    assert BLOCK < curve.chains < 10**5
    assert curve.chains % BLOCK == 0
    assert curve.standard_error.max() <= 0.0105  # N = 1.1 s^2 / e^2: the pilot's s is known within 1.1% (one s.e.)
    told = json.loads(found.provenance)
    assert told["chains"] == [BLOCK, BLOCK + curve.chains]
    rest = jc.simulate(KEY, process, chains=np.arange(*told["chains"]), generations=FEW, record="support")["support"]
    np.testing.assert_allclose(curve.mean, np.asarray(rest, np.float64).mean(axis=0), rtol=1e-12)


ERRORS = {
    "keep": ({"keep": "all"}, "keep must be 'chains' or 'ensemble', got 'all'"),
    "piece": ({"piece": 0}, "piece must be between 1 and .*, got 0"),
    "chunk": ({"chunk": -3}, "chunk must be between 1 and .*, got -3"),
    "until": ({"until": "dawn"}, "until must be 'collapsed' or standard errors as .*, got 'dawn'"),
    "until of chains": ({"until": {"support": 1.0}}, "needs keep='ensemble', got keep='chains'"),
    "until unknown": ({"until": {"entropy": 1.0}, "keep": "ensemble"}, "until names 'entropy', which is not recorded"),
    "until zero": ({"until": {"support": 0}, "keep": "ensemble"}, r"until\['support'\] must be a number above 0"),
    "until few": ({"until": {"support": 1.0}, "keep": "ensemble"}, f"chains must be above {BLOCK}, the pilot"),
    "levels": ({"keep": "ensemble", "levels": [2]}, "levels must be numbers between 0 and 1"),
    "record": ({"record": "suport"}, "suport"),
    "devices": ({"devices": []}, "devices must hold at least one"),
    "progress": ({"progress": 3}, "progress must be True, False or a function, got 3"),
    "seconds": ({"checkpoint_seconds": float("nan")}, "checkpoint_seconds must be at least 0, got nan"),
    "checkpoint": ({"checkpoint": ""}, "checkpoint must name a folder, got ''"),
}


@pytest.mark.parametrize(("options", "message"), ERRORS.values(), ids=ERRORS)
def test_message(options, message):
    settings = {"chains": 10, "generations": 5, "progress": False} | options
    with pytest.raises(ValueError, match=message) as caught:
        jc.run(KEY, PROCESSES["counts"], **settings)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_what_does_not_fit_is_refused_and_names_the_setting():
    with pytest.raises(MemoryError, match=r"records of chains=.*keep='ensemble', every= or fewer chains need less"):
        jc.run(KEY, PROCESSES["counts"], chains=10**8, generations=10**5, progress=False)
    labels = jc.learners.Categorical("labels")
    wide = jc.recursive_training(jc.languages.uniform(1000), jc.PartiallySynthetic(n=10**6, real=1000), labels)
    with pytest.raises(MemoryError, match=r"chunk=.*lower chunk"):
        jc.run(KEY, wide, chains=10**6, generations=1, keep="ensemble", chunk=10**6, progress=False)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_an_ensemble_is_cut_between_blocks_however_little_memory_there_is(count, monkeypatch):
    """A block in two chunks would give other bits than one."""
    settings = (PROCESSES["counts"], 0, 10 * BLOCK + 5, 300, ("support",), 1, "ensemble", None)
    for there in (2**30, 2**25, 2**24):
        monkeypatch.setattr(jc.memory, "available", lambda there=there: there)
        assert plan_run(*settings, None, count).batch_size % BLOCK == 0
    assert plan_run(*settings, None, count).batch_size < 3 * BLOCK  # there was too little for more
    with pytest.raises(MemoryError, match="lower chunk"):
        plan_run(*settings, 3 * BLOCK, count)
    monkeypatch.setattr(jc.memory, "available", lambda: 2**20)
    with pytest.raises(MemoryError, match="lower n, the vocabulary or generations"):
        plan_run(*settings, None, count)


# Devices and processes: the same script elsewhere.

PROCESS = PROCESSES["labels first"]


def elsewhere(folder, count, *, together):
    """What forced host devices of one process give, or processes that know each other."""
    environment = children.environment(JAX_PLATFORMS="cpu")
    if not together:
        environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={count}"
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    commands = [
        [sys.executable, __file__, str(folder / f"{index}.npz"), port, str(index), str(count if together else 1)]
        for index in range(count if together else 1)
    ]
    started = [subprocess.Popen(command, env=environment) for command in commands]
    assert [child.wait(timeout=500) for child in started] == [0] * len(commands)
    found = [dict(np.load(folder / f"{index}.npz")) for index in range(len(commands))]
    assert [int(of["devices"]) for of in found] == [count] * len(commands)
    return found


def assert_they_are_one(found, process_count):
    trace = jc.simulate(KEY, PROCESS, chains=CHAINS, generations=GENERATIONS, record=RECORD)
    for name in RECORD:
        rows = np.concatenate([of[name] for of in found])
        assert rows.tobytes() == np.asarray(trace[name]).tobytes(), name
    summary = summarize(PROCESS)
    for of in found:
        for name in summary:
            for part, here in summary[name]._asdict().items():
                assert of[f"{name} {part}"].tobytes() == np.asarray(here).tobytes(), (name, part)
    swept = np.asarray(jax.jit(jax.vmap(of_size))(SIZES)).tobytes()
    assert [of["swept"].tobytes() for of in found] == [swept] * process_count


SIZES = np.arange(1, 25, dtype=np.int32)


def of_size(n):
    process = jc.recursive_training(jc.languages.zipf(20), jc.FullySynthetic(n=n, capacity=32))
    return jc.simulate(KEY, process, chains=3, generations=5, record="entropy")["entropy"]


@pytest.mark.parametrize("count", some([1, 2, 3, 4, 8], [3]))
def test_devices_change_nothing(count, tmp_path):
    assert_they_are_one(elsewhere(tmp_path, count, together=False), 1)


@pytest.mark.campaign
@pytest.mark.parametrize("count", [2, 4])
def test_processes_change_nothing(count, tmp_path):
    assert_they_are_one(elsewhere(tmp_path, count, together=True), count)


@pytest.mark.parametrize("count", [1, 7, 100, 4096, 10_000])
@pytest.mark.parametrize("unit", [1, 4096])
def test_shares_hold_everything_once(monkeypatch, count, unit):
    for processes in (1, 2, 3, 16):
        monkeypatch.setattr(jax, "process_count", lambda processes=processes: processes)
        shares = []
        for index in range(processes):
            monkeypatch.setattr(jax, "process_index", lambda index=index: index)
            shares.append(devices.share(count, unit))
        held = [number for first, last in shares for number in range(first, last)]
        assert held == list(range(count))
        assert all(first % unit == 0 for first, last in shares if first < last)
        assert max(last - first for first, last in shares) <= devices.largest_share(count, unit)


if __name__ == "__main__":
    trace, summary = run(PROCESS, piece=20, chunk=7), summarize(PROCESS)
    found = {f"{name} {part}": of for name in summary for part, of in summary[name]._asdict().items()}
    mesh, by_size = jax.sharding.Mesh(np.array(jax.local_devices()), ("sizes",)), jax.sharding.PartitionSpec("sizes")
    sweep = jax.shard_map(jax.vmap(of_size), mesh=mesh, in_specs=by_size, out_specs=by_size, check_vma=False)
    found |= {"swept": np.asarray(jax.jit(sweep)(SIZES)), "devices": np.array(jax.device_count())}
    np.savez(sys.argv[1], **found, **{name: np.asarray(trace[name]) for name in trace})
