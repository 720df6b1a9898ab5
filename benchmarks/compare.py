"""This engine against what people would use instead: same answers first, then times, side by side.

    .venv/bin/python -m pip install '.[benchmarks]'
    .venv/bin/python benchmarks/compare.py [--quick] [--out benchmarks/results.json]

Each contestant that takes part in a workload must agree with the first one in distribution: the means of collapse
times, or of support and heterozygosity at the last generation, within five standard errors. Then all are run in
turn, several times; the least time counts, and the first call (with compilation) is told beside it.
"""

import argparse
import json
import os
import time

import jax
import numpy as np
from contestants import CONTESTANTS, THREADS

import jaxcollapse as jc
from jaxcollapse.provenance import provenance

SLOW = {"vmap(jax.random.multinomial)": 50, "NumPy multinomial": 10, "NumPy labels": 4}
"""These run so many times fewer chains, and are told per chain like all others."""


def workloads(quick):
    few = 8 if quick else 1
    uniform = lambda s: np.full(s, 1 / s)
    zipf = np.asarray(jc.languages.zipf(50_000).p, float)
    zipf /= zipf.sum()
    everyone = list(CONTESTANTS)
    return {
        "collapse, n = s = 100": ("collapse", uniform(100), 100, 4000 // few, None, everyone),
        "collapse, n = s = 1000": ("collapse", uniform(1000), 1000, 400 // few, None, everyone),
        "collapse, n = s = 10,000": ("collapse", uniform(10_000), 10_000, 20, None, ["jaxcollapse", "Numba survivors"]),
        "100 generations, n = s = 100": ("trajectories", uniform(100), 100, 1000 // few, 100, everyone),
        "20 generations, Zipf s = 50,000, n = 1,000,000": (
            "trajectories", zipf, 10**6, 16 // min(few, 4), 20,
            ["jaxcollapse", "jaxcollapse, labels", "Numba survivors", "NumPy multinomial"],
        ),
    }  # fmt: skip


def answers(kind, result):
    """What contestants must agree in, one row a statistic."""
    return [np.asarray(result, float)] if kind == "collapse" else [np.asarray(of, float)[:, -1] for of in result]


def disagreement(first, second):
    """The largest difference of means, in standard errors."""
    apart = 0.0
    for a, b in zip(first, second, strict=True):
        error = np.hypot(a.std() / np.sqrt(len(a)), b.std() / np.sqrt(len(b)))
        apart = max(apart, abs(a.mean() - b.mean()) / error if error > 0 else 0.0)
    return apart


def compare(kind, p, n, chains, generations, names, repeats):
    def call(name, seed):
        count = max(2, chains // SLOW.get(name, 1))
        given = (p, n, count) if kind == "collapse" else (p, n, count, generations)
        began = time.perf_counter()
        result = getattr(CONTESTANTS[name], kind)(*given, seed)
        return (time.perf_counter() - began) / count, result, count

    names = [name for name in names if hasattr(CONTESTANTS[name], kind)]
    rows, reference = {}, None
    for name in names:
        first, result, count = call(name, 10**6)
        found = answers(kind, result)
        reference = reference or found
        apart = disagreement(reference, found)
        if apart > 5:
            raise SystemExit(f"{name} disagrees with {names[0]} by {apart:.1f} standard errors")
        rows[name] = {"first_call_s": round(first * count, 2), "chains": count, "apart": round(apart, 2), "times": []}
    for repeat in range(repeats):
        for name in names:
            rows[name]["times"].append(call(name, 10**7 + 10**5 * repeat)[0])
    for row in rows.values():
        row["us_a_chain"] = round(1e6 * min(row["times"]), 1)
        row["spread"] = [round(1e6 * of, 1) for of in sorted(row.pop("times"))]
    return rows


def table(results):
    lines = []
    for workload, rows in results.items():
        ours = rows["jaxcollapse"]["us_a_chain"]
        lines += [
            "",
            f"| {workload} | us a chain | against jaxcollapse | first call, s | apart, s.e. |",
            "|---|---|---|---|---|",
        ]
        for name, row in sorted(rows.items(), key=lambda item: item[1]["us_a_chain"]):
            ratio = row["us_a_chain"] / ours
            lines.append(f"| {name} | {row['us_a_chain']:,} | {ratio:.2f} | {row['first_call_s']} | {row['apart']} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer chains")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", help="write the numbers to this file")
    options = parser.parse_args()
    results = {}
    for workload, setting in workloads(options.quick).items():
        results[workload] = compare(*setting, repeats=options.repeats)
        print(table({workload: results[workload]}), flush=True)
    machine = {
        "cores": os.cpu_count(),
        "numba_threads": THREADS,
        "device": jax.devices()[0].device_kind,
        **provenance(),
    }
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump({"machine": machine, "results": results}, file, indent=1)
            file.write("\n")
    print(f"\n{machine}")


if __name__ == "__main__":
    main()
