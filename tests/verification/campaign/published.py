"""Numbers of population genetics: what the literature says of fixation and of the site frequency spectrum."""

from __future__ import annotations

import jax
import numpy as np
import verdict

import jaxcollapse as jc

CHAINS = 20_000


def judge(seed: int):
    """Yields (what, published value, found, agrees). Diffusion values carry the tolerance that the text names.

    Times and sojourns have no bound, so their verdicts are six standard errors, not the proven rate.
    """
    n = 50
    two = jc.recursive_training([0.3125, 0.6875], jc.FullySynthetic(n=n))
    trace = jc.simulate(
        jax.random.key(seed), two, chains=CHAINS, generations=12 * n, record=("winner", "heterozygosity")
    )
    winner = np.asarray(trace["winner"])[:, -1]
    yield (
        "fixation probability of a neutral allele is its frequency (Kimura 1962)",
        0.3125,
        float((winner == 0).mean()),
        verdict.share_agrees(winner == 0, 0.3125) and bool((winner >= 0).mean() > 0.999),
    )
    decay = (1 - 1 / n) ** 20
    share = np.asarray(trace["heterozygosity"], np.float64)[:, 20] / (2 * 0.3125 * 0.6875)
    off, allowed = verdict.deviation(share, np.array(decay), low=0.0, high=0.5 / (2 * 0.3125 * 0.6875))
    yield "heterozygosity decays by 1 - 1/n (Wright 1931), 20 generations", decay, float(share.mean()), off <= allowed

    half = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=100))
    times = jc.collapse_times(jax.random.key(seed + 1), half, chains=2000, max_generations=10_000)
    mean, published = float(np.asarray(times.time).mean()), 2 * 100 * np.log(2)
    yield (
        "time to fixation or loss from 1/2 is 2.77 N, N diploids (Kimura and Ohta 1969); within 5 percent",
        published,
        mean,
        bool(np.asarray(times.observed).all()) and abs(mean / published - 1) < 0.05,
    )
    exact = jc.theory.expected_collapse_time(half)
    yield "... and exactly within 1.5 percent of it", published, exact, abs(exact / published - 1) < 0.015

    # A population of n different alleles: each is a new mutant, and the one that wins takes 2n generations (4N).
    n = 100
    all_new = jc.recursive_training(jc.languages.uniform(n), jc.FullySynthetic(n=n))
    times = jc.collapse_times(jax.random.key(seed + 2), all_new, chains=2000, max_generations=10_000)
    mean = float(np.asarray(times.time).mean())
    yield (
        "a new mutant that is fixed takes 2n = 4N generations (Kimura and Ohta 1969); within 5 percent",
        2.0 * n,
        mean,
        bool(np.asarray(times.observed).all()) and abs(mean / (2 * n) - 1) < 0.05,
    )
    longest, classes = 10 * n, (5, 10, 20, 40)
    spectrum = jc.theory.spectrum(all_new, longest, largest=max(classes))[1:].sum(axis=0) / n
    seen = jc.simulate(
        jax.random.key(seed + 3), all_new, chains=1000, generations=longest, record=jc.statistics.spectrum(max(classes))
    )
    sojourn = np.asarray(seen["spectrum_40"], np.float64)[:, 1:].sum(axis=1) / n
    for x in classes:
        error = sojourn[:, x - 1].std() / len(sojourn) ** 0.5
        yield (
            f"site frequency spectrum: 2/x generations at {x} copies (Wright 1938); exact within 3 percent",
            2 / x,
            float(spectrum[x - 1]),
            abs(spectrum[x - 1] * x / 2 - 1) < 0.03,
        )
        found = float(sojourn[:, x - 1].mean())
        yield (
            f"... and simulated, within 6 standard errors of exact ({x} copies)",
            float(spectrum[x - 1]),
            found,
            (abs(found - spectrum[x - 1]) < 6 * error),
        )
