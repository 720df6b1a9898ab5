"""This engine against what people would use instead: same answers first, then times, side by side.

    .venv/bin/python -m pip install '.[benchmarks]'
    .venv/bin/python benchmarks/compare.py [--quick] [--workloads TEXT ...] [--only NAME ...] [--out FILE]

Each contestant that takes part in a workload must agree with the first one in distribution: the means of collapse
times, or of support and heterozygosity at the last generation, within five standard errors. Then all are run in
turn, several times; the least time counts, and the first call is told beside it, with what of it was compiling.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

import jax
import numpy as np
import scipy.stats
from contestants import CONTESTANTS, MISSING, THREADS

import jaxcollapse as jc
from jaxcollapse.runs.provenance import provenance

OURS = "jaxcollapse"
NUMBA = "Numba survivors"
SLOW = {
    "vmap(jax.random.multinomial)": 50,
    "TFP Multinomial": 20,
    "simuPOP": 20,
    "numpyro Multinomial": 10,
    "NumPy multinomial": 10,
    "NumPy labels": 4,
    "jaxcollapse, XLA only": 4,
    "jaxcollapse, labels": 4,
}
"""These run so many times fewer chains, and are told per chain like all others."""
AT_LEAST = 8
"""Chains that slow ones run too, for the comparison of answers needs a few."""
MANY = "100,000 chains"
"""Work for an accelerator; a CPU does it only when asked for by these words."""
BARS = {"NumPy multinomial": 10, "vmap(jax.random.multinomial)": 300}
"""How many times faster than these ours is to be, everywhere."""
COLD_START = 10.0
"""Seconds from nothing to the first result."""
README = pathlib.Path(__file__).resolve().parent.parent / "README.md"


class Workload(NamedTuple):
    """What contestants are asked to do.

    Attributes:
      kind: the name of their method.
      given: its arguments.
      chains: how many; of a sweep, for each of its sizes.
      names: who takes part, if they can.
    """

    kind: str
    given: dict[str, Any]
    chains: int
    names: list[str]


def workloads(quick):
    few = 8 if quick else 1
    uniform = lambda s: np.full(s, 1 / s)
    sizes = [int(n) for n in np.geomspace(10, 1000, 32).round()]
    everyone, fast = list(CONTESTANTS), [OURS, NUMBA]
    many_tokens = [name for name in everyone if name != "simuPOP"]  # it is loaded for 256 alleles
    counts = [*fast, "NumPy multinomial"]
    collapse = lambda n, chains, names: Workload("collapse", {"p": uniform(n), "n": n}, chains, names)
    zipf = lambda s, generations, chains: Workload(
        "trajectories",
        {"p": _zipf(s), "n": 10**6, "generations": generations},
        chains,
        [*counts, "jaxcollapse, labels"],
    )
    return {
        "collapse, n = s = 100": collapse(100, 4000 // few, everyone),
        "collapse, n = s = 1000": collapse(1000, 400 // few, many_tokens),
        "collapse, n = s = 10,000": collapse(10_000, 20, fast),
        "100 generations, n = s = 100": Workload(
            "trajectories", {"p": uniform(100), "n": 100, "generations": 100}, 1000 // few, everyone
        ),
        "20 generations, Zipf s = 50,000, n = 1,000,000": zipf(50_000, 20, 4 if quick else 16),
        "10 generations, Zipf s = 250,000, n = 1,000,000": zipf(250_000, 10, 4 if quick else 8),
        "50 generations, n = s = 1000 beside 1000 real tokens": Workload(
            "partially", {"p": uniform(1000), "n": 1000, "real": 1000, "generations": 50}, 200 // min(few, 4), counts
        ),
        "collapse, 32 values of n from 10 to 1000, s = 1000": Workload(
            "sweep", {"p": uniform(1000), "sizes": sizes}, 16 if quick else 50, counts
        ),
        f"collapse, n = s = 100, {MANY}": collapse(100, 100_000, fast),
    }


def _zipf(s):
    p = np.asarray(jc.languages.zipf(s).p, float)
    return p / p.sum()


def chosen(quick, texts):
    """The workloads whose name holds one of the texts; without texts all that suit the device."""
    wants_many = jax.default_backend() != "cpu" or any(MANY in text for text in texts)
    return {
        name: workload
        for name, workload in workloads(quick).items()
        if (wants_many or MANY not in name) and (not texts or any(text in name for text in texts))
    }


def answers(workload, result):
    """What contestants must agree in, one row a statistic with an entry for each chain."""
    if workload.kind == "collapse":
        return [np.asarray(result, float)]
    if workload.kind == "sweep":
        # A chain's mean of T / n over small, middle and large n: each is some 2 (n - 1) / n at most.
        relative = np.asarray(result, float) / np.array(workload.given["sizes"])[:, None]
        return [part.mean(axis=0) for part in np.array_split(relative, 3)]
    return [np.asarray(of, float)[:, -1] for of in result]


def disagreement(first, second):
    """The largest difference of means, in standard errors of a normal variable that is as improbable.

    The variance is pooled and the test is Student's, for some contestants run few chains.
    """
    apart = 0.0
    for a, b in zip(first, second, strict=True):
        freedom = len(a) + len(b) - 2
        variance = (a.var() * len(a) + b.var() * len(b)) / freedom
        difference, error = abs(a.mean() - b.mean()), np.sqrt(variance * (1 / len(a) + 1 / len(b)))
        if error == 0:
            apart = max(apart, np.inf if difference > 0 else 0.0)
        else:
            apart = max(apart, scipy.stats.norm.isf(scipy.stats.t.sf(difference / error, freedom)))
    return apart


def run(workload, name, seed):
    """The answers of one contestant, seconds, and chains."""
    chains = min(workload.chains, max(AT_LEAST, workload.chains // SLOW.get(name, 1)))
    began = time.perf_counter()
    result = getattr(CONTESTANTS[name], workload.kind)(**workload.given, chains=chains, seed=seed)
    return result, time.perf_counter() - began, chains * len(workload.given.get("sizes", [0]))


@contextlib.contextmanager
def compiling():
    """A list that receives the seconds of every compilation, XLA's and Numba's, when the block ends."""
    seconds = []

    def of_jax(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            seconds.append(duration)

    jax.monitoring.register_event_duration_secs_listener(of_jax)
    try:
        with contextlib.ExitStack() as stack:
            if "numba" not in MISSING:
                import numba.core.event

                recorded = stack.enter_context(numba.core.event.install_recorder("numba:compile"))
            yield seconds
        if "numba" not in MISSING:
            seconds += _outermost(recorded.buffer)
    finally:
        jax.monitoring.unregister_event_duration_listener(of_jax)


def _outermost(events):
    """Seconds between the starts and ends that no other pair contains, for Numba compiles what is called within."""
    depth, found, began = 0, [], 0.0
    for at, event in events:
        if event.is_start and depth == 0:
            began = at
        depth += 1 if event.is_start else -1
        if depth == 0:
            found.append(at - began)
    return found


def takes_part(workload, only):
    names = [name for name in workload.names if name in CONTESTANTS and hasattr(CONTESTANTS[name], workload.kind)]
    return [name for name in names if not only or name in only]


def compare(workload, only, repeats):
    names = takes_part(workload, only)
    rows, reference = {}, None
    for name in names:
        with compiling() as compiled:
            result, seconds, chains = run(workload, name, 10**6)
        found = answers(workload, result)
        reference = reference or found
        apart = disagreement(reference, found)
        if apart > 5:
            raise SystemExit(f"{name} disagrees with {names[0]} by {apart:.1f} standard errors")
        rows[name] = {
            "first_call_s": round(seconds, 2),
            "compiling_s": round(sum(compiled), 2),
            "chains": chains,
            "apart": round(float(apart), 2),
            "times": [],
        }
    for repeat in range(repeats):
        for name in names:
            _, seconds, chains = run(workload, name, 10**7 + 10**6 * repeat)
            rows[name]["times"].append(1e6 * seconds / chains)
    for row in rows.values():
        row["us_a_chain"] = round(min(row["times"]), 1)
        row["spread"] = [round(of, 1) for of in sorted(row.pop("times"))]
    return rows


def table(results):
    lines = []
    for workload, rows in results.items():
        in_order = sorted(rows, key=lambda name: rows[name]["us_a_chain"])
        reference = OURS if OURS in rows else in_order[0]
        lines += [
            "",
            f"| {workload} | us a chain | against {reference} | first call, s | of it compiling | apart, s.e. |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for name in in_order:
            row = rows[name]
            ratio = row["us_a_chain"] / rows[reference]["us_a_chain"]
            told = [f"{row['us_a_chain']:,}", f"{ratio:.2f}", row["first_call_s"], row["compiling_s"], row["apart"]]
            lines.append(f"| {name} | {' | '.join(map(str, told))} |")
    return "\n".join(lines)


def ratios(results, name):
    """By workload, how many times as long as ours another takes, where both were run."""
    both = {workload: rows for workload, rows in results.items() if OURS in rows and name in rows}
    return {workload: rows[name]["us_a_chain"] / rows[OURS]["us_a_chain"] for workload, rows in both.items()}


def summary(results, cold):
    """Ratios to ours, and each bar with what was measured and whether it is cleared."""
    against = {name: found for name in (NUMBA, *BARS) if (found := ratios(results, name))}
    bars = {}
    if NUMBA in against:
        to_numba = np.array(list(against[NUMBA].values()))
        mean = float(np.exp(np.log(to_numba).mean()))
        bars[f"never slower than {NUMBA}"] = (float(to_numba.min()), 1.0)
        bars[f"geometric mean against {NUMBA}"] = (mean, 2.0)
    for name, bar in BARS.items():
        for workload, ratio in against.get(name, {}).items():
            bars[f"against {name}: {workload}"] = (float(ratio), float(bar))
    judged = {
        name: {"measured": round(found, 2), "bar": bar, "cleared": found >= bar} for name, (found, bar) in bars.items()
    }
    if cold is not None:
        seconds, compiling = cold
        judged[f"cold start, s ({compiling:.1f} s of it compiling)"] = {
            "measured": round(seconds, 2),
            "bar": COLD_START,
            "cleared": seconds <= COLD_START,
        }
    rounded = {name: {workload: round(ratio, 2) for workload, ratio in of.items()} for name, of in against.items()}
    return {"times_as_long_as_ours": rounded, "bars": judged}


def summary_table(found):
    lines = []
    if against := found["times_as_long_as_ours"]:
        lines += [
            "",
            f"| times as long as {OURS} | " + " | ".join(against) + " |",
            "|---" + "|---:" * len(against) + "|",
        ]
        for workload in dict.fromkeys(workload for of in against.values() for workload in of):
            lines.append(f"| {workload} | " + " | ".join(str(of.get(workload, "")) for of in against.values()) + " |")
    lines += ["", "| bar | measured | bar | cleared |", "|---|---:|---:|---|"]
    for name, bar in found["bars"].items():
        lines.append(f"| {name} | {bar['measured']} | {bar['bar']} | {'yes' if bar['cleared'] else '**no**'} |")
    return "\n".join(lines)


def _environment():
    """Of new processes: no cache of compiled programs, and not the whole of an accelerator that is shared with them."""
    kept = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    return kept | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


WATCHED = """
import jax

compiling = []
name = "/jax/core/compile/backend_compile_duration"
jax.monitoring.register_event_duration_secs_listener(lambda event, s, **_: compiling.append(s) if event == name else 0)
{}
print("compiling", sum(compiling))
"""


def cold_start():
    """Seconds for a new interpreter to import and to run the README's first example; and XLA's part of them."""
    example = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL).group(1)
    elsewhere = {"cwd": tempfile.gettempdir(), "capture_output": True, "text": True}  # the source tree has no kernel
    began = time.perf_counter()
    command = [sys.executable, "-c", WATCHED.format(example)]
    told = subprocess.run(command, check=True, env=_environment(), **elsewhere).stdout
    return time.perf_counter() - began, float(told.split()[-1])


def peak_memory(workload, name, quick):
    """MiB that a process of its own needs for one run, with the interpreter and all libraries."""
    command = [sys.executable, __file__, "--memory-of", workload, name] + ["--quick"] * quick
    return int(
        subprocess.run(command, check=True, env=_environment(), capture_output=True, text=True).stdout.split()[-1]
    )


def memory_table(memory):
    names = list(dict.fromkeys(name for of in memory.values() for name in of))
    rows = [
        f"| {of} | " + " | ".join(f"{found.get(name, '')}" for name in names) + " |" for of, found in memory.items()
    ]
    return "\n".join(["| peak memory, MiB | " + " | ".join(names) + " |", "|---" + "|---:" * len(names) + "|", *rows])


def _peak_of_this_process():
    try:
        # What getrusage tells of a child begins at the size of its parent; this does not.
        status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1)) // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer chains")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", choices=CONTESTANTS, help="contestants")
    parser.add_argument("--workloads", nargs="+", default=[], metavar="TEXT", help="those whose name holds a text")
    parser.add_argument("--memory", action="store_true", help="tell peak memory as well, each in a process of its own")
    parser.add_argument("--no-cold-start", action="store_true", help="do not time the README's first example")
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--out", help="write the numbers to this file")
    return parser.parse_args()


def main():
    options = arguments()
    if options.memory_of:
        workload, name = options.memory_of
        run(workloads(options.quick)[workload], name, 10**6)
        print(_peak_of_this_process())
        return
    for name in MISSING:
        print(f"{name} is not installed: its contestants are left out")
    results = {}
    for name, workload in chosen(options.quick, options.workloads).items():
        results[name] = compare(workload, options.only, options.repeats)
        print(table({name: results[name]}), flush=True)
    cold = None if options.no_cold_start else cold_start()
    found = summary(results, cold)
    print("\nSummary")
    print(summary_table(found))
    memory = {}
    if options.memory:
        memory = {of: {name: peak_memory(of, name, options.quick) for name in rows} for of, rows in results.items()}
        print("\n" + memory_table(memory))
    machine = {
        "cores": os.cpu_count(),
        "numba_threads": THREADS,
        "device": jax.devices()[0].device_kind,
        **provenance(),
    }
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            everything = {"machine": machine, "results": results, "summary": found, "peak_memory_MiB": memory}
            json.dump(everything, file, indent=1)
            file.write("\n")
    print(f"\n{machine}")


if __name__ == "__main__":
    main()
