"""Where the time of this engine goes, and how far it is from the floor that its random words set.

    .venv/bin/python benchmarks/profile_engine.py [--settings TEXT ...] [--quick] [--out FILE]

The floor of a count is the words that a position needs on the way to its last point, times the time of a word.
"""

import argparse
import json
import time

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

import jaxcollapse as jc
from jaxcollapse import native, sampling
from jaxcollapse.exact.threefry import threefry_bits
from jaxcollapse.exact.u64 import U64
from jaxcollapse.runs.provenance import provenance
from jaxcollapse.sampling import binomial_half, plans

SETTINGS = {"n = s = 100": (100, 100), "n = s = 1000": (1000, 1000), "n = s = 10,000": (10_000, 10_000)}
SETTINGS["Zipf s = 50,000, n = 1,000,000"] = (50_000, 10**6)
STATISTICS = ("support", "heterozygosity", "entropy", "l1_truth", "l1_first", "spectrum", "collapsed")
NOTHING = jc.statistics.Statistic("nothing", lambda view: jnp.int32(0))
"""What a run records that must record something; the table that other statistics look at is then left out."""
COUNTERS = 2**20
GENERATION = 10
"""Counts are drawn from what is left after so many generations."""
GENERATIONS = 24


def least_time(call, repeats):
    """Seconds, the least of several calls after one that compiles."""
    jax.block_until_ready(call(0))
    times = []
    for repeat in range(1, repeats + 1):
        began = time.perf_counter()
        jax.block_until_ready(call(repeat))
        times.append(time.perf_counter() - began)
    return min(times)


def ns_a_word(repeats):
    """One word of threefry, which has 64 bits; added up, so that memory is not what is measured."""

    @jax.jit
    def add_up(key):
        counter = U64(jnp.zeros(COUNTERS, jnp.uint32), jnp.arange(COUNTERS, dtype=jnp.uint32))
        word = threefry_bits(key, counter)
        return jnp.sum(word.hi ^ word.lo, dtype=jnp.uint32)

    return 1e9 * least_time(lambda seed: add_up(jax.random.key(seed)), repeats) / COUNTERS


def words_a_count(n, left, average=True):
    """Words that the count below a position takes; of intervals near the root, which positions share, a part.

    On average over uniform points, or as many as the plan has room for (what XLA computes for each position).
    """
    total = 0.0
    for stage in plans.plan_stages(n):
        most = plans.interval_capacity(n, stage.level)
        share = min(1.0, 2.0**stage.level / left) if average else 1.0
        if stage.words > plans.SPLIT_THRESHOLD and most > plans.TABLE_THRESHOLD:
            total += share * binomial_half.n_words_from_tables(most)
        elif average:
            within = np.arange(1, most + 1)
            chance = scipy.stats.binom.pmf(within, n, 2.0**-stage.level) if stage.level else within == n
            total += share * float(np.sum(chance * np.ceil(within * stage.digits / 64)))
        else:
            total += stage.words
    return total


def living(p, n, seed=0):
    """Counts of the tokens that are left after some generations, none of them 0."""
    rng = np.random.default_rng(seed)
    x = rng.multinomial(n, p)
    for _ in range(GENERATION - 1):
        x = rng.multinomial(n, x / n)
    return x[x > 0]


def ns_a_count(counts, n, work, portable, repeats):
    """One generation of counts, a living token, over as many chains as ``work`` tokens make."""
    model = sampling.cumulate_counts(jnp.asarray(counts, jnp.int32), jnp.int32(n))
    chains = max(2, work // len(counts))
    one = lambda key: sampling.draw_counts(key, model, jnp.int32(n), n, portable=portable).cumulative
    draw = jax.jit(lambda key: jax.vmap(one)(jax.random.split(key, chains)))
    return 1e9 * least_time(lambda seed: draw(jax.random.key(seed)), repeats) / (chains * len(counts))


def ns_a_label(counts, n, work, repeats):
    """One generation of labels, a label."""
    corpus = sampling.Labels(jnp.asarray(np.repeat(np.arange(len(counts)), counts), jnp.int32), jnp.int32(n))
    chains = max(1, work // n)
    one = lambda key: sampling.draw_from_labels(key, corpus, jnp.int32(n), n).labels
    draw = jax.jit(lambda key: jax.vmap(one)(jax.random.split(key, chains)))
    return 1e9 * least_time(lambda seed: draw(jax.random.key(seed)), repeats) / (chains * n)


def us_a_generation(p, n, chains, record, repeats):
    """A generation of a chain after the first; the last state is asked for, or XLA would leave out what nobody sees."""
    process, key = jc.recursive_training(p, jc.FullySynthetic(n=n)), jax.random.key(0)
    state, _ = jc.engine.start(key, process, chains=chains, record=record)
    call = lambda _: jc.engine.advance(key, process, state, generations=GENERATIONS, record=record)
    return 1e6 * least_time(call, repeats) / (chains * GENERATIONS)


def us_a_call(repeats):
    """What a call costs that has next to nothing to do: the host's part."""
    process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
    call = lambda seed: jc.simulate(jax.random.key(seed), process, chains=1, generations=1, record="support").values
    return 1e6 * least_time(call, 10 * repeats)


def profile(s, n, word, quick, repeats):
    work = 2**18 if quick else 2**20
    p = np.asarray(jc.languages.zipf(s).p if n != s else np.full(s, 1 / s), float)
    counts = living(p / p.sum(), n)
    found = {"living tokens": len(counts), "words a count, average": words_a_count(n, len(counts))}
    found["words a count, fullest plan"] = words_a_count(n, len(counts), average=False)
    found["floor of a count, ns"] = word * found["words a count, average"]
    for name, portable in (("kernel", False), ("XLA", True)):
        if portable or native.enabled():
            found[f"count, {name}, ns"] = ns_a_count(counts, n, work, portable, repeats)
            found[f"count, {name}, floors"] = found[f"count, {name}, ns"] / found["floor of a count, ns"]
    found["label, ns"] = ns_a_label(counts, n, work, repeats)
    found["label, words"] = found["label, ns"] / word
    chains = max(2, work // (4 * n))
    alone = found["generation, nothing recorded, us"] = us_a_generation(p, n, chains, NOTHING, repeats)
    for name in STATISTICS:
        found[f"recording {name}, us"] = us_a_generation(p, n, chains, (NOTHING, name), repeats) - alone
    return found


def table(results):
    rows = dict.fromkeys(row for found in results.values() for row in found)
    lines = ["| | " + " | ".join(results) + " |", "|---" + "|---:" * len(results) + "|"]
    number = lambda value: "" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    lines += [f"| {row} | " + " | ".join(number(of.get(row)) for of in results.values()) + " |" for row in rows]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=[""], metavar="TEXT", help="those whose name holds a text")
    parser.add_argument("--quick", action="store_true", help="fewer chains")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", help="write the numbers to this file")
    options = parser.parse_args()
    word, call = ns_a_word(options.repeats), us_a_call(options.repeats)
    print(f"a word of threefry: {word:.2f} ns; a call of simulate with nothing to do: {call:.0f} us\n", flush=True)
    results = {}
    for name, (s, n) in SETTINGS.items():
        if any(text in name for text in options.settings):
            results[name] = profile(s, n, word, options.quick, options.repeats)
            print(f"{name}: done", flush=True)
    print(f"\n{table(results)}")
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            everything = {"ns_a_word": word, "us_a_call": call, "settings": results, **provenance()}
            json.dump(everything, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
