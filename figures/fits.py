"""Fitted against exact, for n from 5 to 2000: the decay rate of diversity, and the power of n in the time to collapse.

52 tokens of equal probability, fully synthetic. The heterozygosity decays at -ln(1 - 1/n) exactly. E T is a power of n
in the limit only: over a finite range the fitted exponent is that of the exact means over the same range, and above 1.
"""

import jax
import numpy as np
from common import EXACT, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

SIZES = [5, 10, 20, 50, 100, 200, 500, 1000, 2000]
RANGES = [(5, 20), (10, 50), (20, 100), (50, 200), (100, 500), (200, 1000), (500, 2000), (5, 400)]
TIMES_AT = sorted({*SIZES, 400})


def simulate(quick):
    chains = 500 if quick else 4000
    largest = 500 if quick else 2000
    key, p = jax.random.key(SEED), jc.languages.uniform(52)
    process = lambda n: jc.recursive_training(p, jc.FullySynthetic(n=n))
    rates = []
    for n in [n for n in SIZES if n <= largest]:
        trace = jc.simulate(key, process(n), chains=chains, generations=max(10, 2 * n), record="heterozygosity")
        fit = jc.analysis.fit_exponential(trace, "heterozygosity")
        rates.append({"n": n, "exact": -np.log1p(-1 / n), "fit": fit.as_dict()})
    sizes = [n for n in TIMES_AT if n <= largest]
    exact = {n: jc.theory.expected_collapse_time(process(n)) for n in sizes}
    times = {n: jc.collapse_times(key, process(n), chains=chains, max_generations=10**6) for n in sizes}
    powers = []
    for low, high in RANGES:
        within = [n for n in sizes if low <= n <= high]
        if len(within) < 3:
            continue
        fit = jc.analysis.fit_power_law(within, [times[n] for n in within])
        of_exact = fit.of([exact[n] for n in within])["exponent"]
        powers.append({"low": low, "high": within[-1], "exact": of_exact, "fit": fit.as_dict()})
    apart = [(of["fit"]["rate"] - of["exact"]) / of["fit"]["rate_error"] for of in rates]
    apart += [(of["fit"]["exponent"] - of["exact"]) / of["fit"]["exponent_error"] for of in powers]
    assert max(map(abs, apart)) < 5, "a fit is five standard errors off; for all of 17 fits a chance of 1e-5"
    return {"chains": chains, "rates": rates, "powers": powers}


def draw(data):
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    left, right = panels = figure.subplots(1, 2)
    n = np.array([of["n"] for of in data["rates"]])
    exact = np.array([of["exact"] for of in data["rates"]])
    rate = np.array([of["fit"]["rate"] for of in data["rates"]])
    low, high = np.array([of["fit"]["rate_interval"] for of in data["rates"]]).T
    left.errorbar(
        n,
        rate / exact,
        [(rate - low) / exact, (high - rate) / exact],
        fmt="o",
        color=PALETTE[0],
        label="fitted, 95% interval",
    )
    left.axhline(1, **EXACT, label=r"exact: $-\ln(1 - 1/n)$")
    left.set(xscale="log", xlabel="tokens a generation, $n$", ylabel="decay rate, fitted / exact")
    left.set_title("decay of heterozygosity")
    left.legend(loc="upper left")
    left.set_ylim(0.9, 1.14)
    powers = data["powers"]
    at = np.arange(len(powers))
    exponent = np.array([of["fit"]["exponent"] for of in powers])
    low, high = np.array([of["fit"]["exponent_interval"] for of in powers]).T
    right.errorbar(
        at, exponent, [exponent - low, high - exponent], fmt="s", color=PALETTE[1], label="fitted, 95% interval"
    )
    right.plot(
        at,
        [of["exact"] for of in powers],
        "_",
        color="black",
        markersize=16,
        markeredgewidth=1.6,
        label="the exact means' own",
    )
    right.axhline(1, color="0.6", linewidth=1, linestyle=":")
    right.set_xticks(at, [f"{of['low']} to\n{of['high']:,}" for of in powers], fontsize=8.5)
    right.set(xlabel="tokens a generation, range of $n$", ylabel="exponent of $n$ in E $T$", title="time to collapse")
    right.legend(loc="upper right")
    right.set_ylim(0.93, 1.16)
    letters(panels)
    return figure


if __name__ == "__main__":
    main("fits", simulate, draw)
