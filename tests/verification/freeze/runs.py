"""Cells of long runs: kept, summarized, killed and resumed, stopped early, on four devices, from an old checkpoint."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import jax
import numpy as np
import simulations
import tables
import traced
from digests import digests, of_summary, of_times, of_trace
from tables import KEY, P

import jaxcollapse as jc

HERE = pathlib.Path(__file__).resolve().parent
OLD = HERE / "old_checkpoint"
"""Checkpoints in the middle of a run, made by the version before."""
QUICK = {"runs/pieces", "runs/summarize", "devices/run", "old_checkpoint/n-grams"}
QUIET = {"progress": False}


def _small():
    return jc.recursive_training(P, jc.FullySynthetic(n=8))


def _first_labels():
    return tables.process_of("fully-synthetic", "labels first")


def configuration(found):
    """What a run says of itself, without versions, machine and time."""
    return {"configuration": json.dumps(json.loads(found.provenance)["run"], sort_keys=True)}


def pieces(process=_first_labels, record=("support", "l1_first", "spectrum"), **options):
    """A run in chunks and pieces, kept as chains."""
    settings = {"chains": 25, "generations": 13, "chunk": 10, "piece": 4} | QUIET | options
    found = jc.run(KEY, process(), record=record, **settings)
    return of_trace(found) | configuration(found)


def summarized(process=_small, **options):
    """Two blocks of chains in pieces, summarized with quantiles."""
    settings = {"chains": 4500, "generations": 9, "piece": 4, "record": ("heterozygosity", "support", "collapsed")}
    found = jc.summarize(KEY, process(), **(settings | options))
    return of_summary(found) | configuration(found)


def _again():
    first = jc.run(KEY, _small(), chains=5, generations=9, **QUIET)
    return of_trace(jc.runs.again(first.provenance, **QUIET))


def _until_precise():
    return summarized(chains=60_000, generations=4, piece=4, record="support", until={"support": 0.012})


def _several_levels():
    return summarized(levels=(0.01, 0.5, 0.999), record=("entropy", tables.own, "winner"), chains=300)


# Killed, and resumed.

RUNS = {
    "labels first": (_first_labels, {"record": ("support", "l1_first", "spectrum"), "keep": "chains"}),
    "labels first, later": (_first_labels, {"record": ("support", "l1_first", "spectrum"), "keep": "chains"}),
    "n-grams": (
        lambda: tables.process_of("most-recent", "n-grams"),
        {"record": ("support", "ngrams"), "keep": "chains"},
    ),
    "prefix": (
        lambda: tables.process_of("randomly-sampled, prefix", "labels"),
        {"record": "entropy", "keep": "chains", "every": 2},
    ),
    "ensemble": (_small, {"chains": 4500, "chunk": 4096, "record": "heterozygosity", "keep": "ensemble"}),
}
"""Runs that are killed in the second of two chunks of chains."""
PAUSES = {"labels first, later": 8}
"""After how many pauses each is killed, 6 by default: at generation 3 of the chunk, or 9, when labels are counts."""
LENGTH = 14
OF_BEFORE = ("labels first", "labels first, later", "n-grams")
"""Those whose checkpoints are kept in files."""


def checkpointed(name, folder, progress):
    """One of the runs with a checkpoint at every pause."""
    process, options = RUNS[name]
    settings = {"chains": 9, "generations": LENGTH, "chunk": 5, "piece": 3, "checkpoint_seconds": 0, "resume": True}
    return jc.run(KEY, process(), checkpoint=folder, progress=progress, **(settings | options))


def kill(name, folder):
    """Begin a run in this process, which dies halfway."""
    pauses = []

    def progress(generations):
        pauses.append(generations)
        if len(pauses) == PAUSES.get(name, 6):
            os.kill(os.getpid(), signal.SIGKILL)

    checkpointed(name, folder, progress)


def finished(name, folder):
    """Resume a run, and tell how much was left to do."""
    told = []
    found = checkpointed(name, folder, told.append)
    values = of_trace(found) if isinstance(found, jc.Trace) else of_summary(found)
    return values | {"generations left": str(sum(told))}


def _killed(name):
    with tempfile.TemporaryDirectory() as folder:
        elsewhere("kill", name, folder, killed=True)
        return finished(name, folder)


def make_old_checkpoints():
    """Runs of this version, killed halfway, for later versions to resume; those that are there stay."""
    for name in OF_BEFORE:
        if not _folder_of(name).exists():
            elsewhere("kill", name, str(_folder_of(name)), killed=True)


def _folder_of(name):
    return OLD / name.replace(",", "").replace(" ", "-")


def _old(name):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(_folder_of(name), pathlib.Path(folder) / "copy")
        return finished(name, os.path.join(folder, "copy"))


# Other processes.


def elsewhere(*arguments, killed=False, **settings):
    """What another process of the same jaxcollapse prints, as JSON."""
    paths = [str(pathlib.Path(jc.__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | settings
    command = [sys.executable, str(HERE / "worker.py"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if killed:
        if done.returncode != -signal.SIGKILL:
            raise RuntimeError(f"{arguments} was not killed: {done.stderr[-500:]}")
        return None
    if done.returncode:
        raise RuntimeError(f"{arguments} failed: {(done.stderr.strip().splitlines() or [''])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def on_devices(name):
    """The hashes of a cell of four devices; called in a process that has them."""
    assert jax.device_count() == 4
    mesh = jax.sharding.Mesh(jax.devices(), ("chains",))
    layout = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("chains"))
    numbers = jax.device_put(np.arange(12, dtype=np.int32), layout)
    return digests(DEVICES[name](numbers))


DEVICES = {
    "run": lambda numbers: pieces(),
    "summarize": lambda numbers: summarized(),
    "simulate": lambda numbers: simulations.simulated(_first_labels(), tables.SUMS, chains=numbers),
    "segments": lambda numbers: simulations.in_segments(_first_labels(), tables.SUMS, (3, 6, 3), chains=numbers),
    "n-grams": lambda numbers: simulations.simulated(
        tables.process_of("mixture", "n-grams"), ("support", "ngrams"), chains=numbers
    ),
    "contexts": lambda numbers: simulations.simulated(
        tables.process_of("most-recent", "contexts"), tables.SUMS, chains=numbers
    ),
    "collapse": lambda numbers: of_times(jc.collapse_times(KEY, _first_labels(), chains=numbers, max_generations=200)),
    "collapse, most-recent": lambda numbers: traced.times(
        functools.partial(tables.process_of, "most-recent", "labels"), numbers
    ),
}


def elsewhere_computed(name):
    """The hashes of a cell of simulations; called in a process with other settings."""
    return digests(simulations.cells()[name]())


def _with_other_settings(name):
    """What is promised to be the same with 64-bit types and the older threefry."""
    return elsewhere("cell", name, JAX_ENABLE_X64="1", JAX_THREEFRY_PARTITIONABLE="0")


OTHERS = (
    "segments/fully-synthetic/labels first",
    "segments/accumulate-subsample/portable",
    "segments/partially-synthetic/contexts, drawn",
)


def _on_four_devices(name):
    return elsewhere("devices", name, XLA_FLAGS="--xla_force_host_platform_device_count=4")


def cells():
    """All of this file, by name."""
    of_contexts = functools.partial(tables.process_of, "most-recent", "contexts")
    table = {
        "runs/pieces": pieces,
        "runs/every 4": functools.partial(pieces, every=4, piece=5),
        "runs/own plan": functools.partial(pieces, piece=None, chunk=None),
        "runs/contexts": functools.partial(pieces, of_contexts, ("support", "winner")),
        "runs/collapsed": functools.partial(pieces, until="collapsed", generations=120, piece=10),
        "runs/collapsed, ensemble": functools.partial(summarized, until="collapsed", generations=90, piece=10),
        "runs/summarize": summarized,
        "runs/summarize, levels": _several_levels,
        "runs/summarize, contexts": functools.partial(summarized, of_contexts, chains=100),
        "runs/until precise": _until_precise,
        "runs/again": _again,
    }
    table |= {f"killed/{name}": functools.partial(_killed, name) for name in RUNS}
    table |= {f"old_checkpoint/{name}": functools.partial(_old, name) for name in OF_BEFORE}
    table |= {f"settings/{name}": functools.partial(_with_other_settings, name) for name in OTHERS}
    return table | {f"devices/{name}": functools.partial(_on_four_devices, name) for name in DEVICES}
