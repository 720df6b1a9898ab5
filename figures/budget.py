"""How many synthetic tokens a generation a real corpus bears: the paper's rule, an elementary bound, and the truth.

Partially synthetic training: N real tokens, kept for ever, and n of the last model. The budget is the largest n that
keeps E ||p^(m) - p^(1)||_1 <= epsilon for all m (`theory.synthetic_budget`). Truths: 52 of 600 tokens with mass,
S_0 = 0.1 (`languages.seddik`); and s equal tokens, 2 to 2000 of them. Exact answers near the N that bears every n can
take minutes each, so none is asked for between the points shown.
"""

import functools

import jax
import matplotlib as mpl
import matplotlib.lines
import matplotlib.ticker
import numpy as np
from common import PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

EPSILONS = [0.05, 0.1]
REAL = 100
LAST = 60
"""The generation of the simulated check."""
EVERY = 3e4
"""Where "every n" is drawn."""


@functools.partial(jax.jit, static_argnames=("chains", "generations"))
def deviation(key, p, n, real, chains, generations):
    """The distance from the first model in the last generation, ``[chains]``."""
    process = jc.recursive_training(p, jc.PartiallySynthetic(n=n, real=real, capacity=512, real_capacity=512))
    trace = jc.simulate(key, process, chains=chains, generations=generations, record="l1_first", every=generations)
    return trace["l1_first"][:, -1]


def answers(p, real, epsilon):
    """Paper, elementary, exact; nan where the exact answer costs too much, inf for "every n"."""
    return [np.nan if of is None else of for of in jc.theory.synthetic_budget(p, real=int(real), epsilon=epsilon)[:3]]


def simulate(quick):
    truth, chains = jc.languages.seddik(), (500 if quick else 4000)
    reals = {
        0.05: [30, 60, 100, 200, 400, 600, 3200, 10**4, 10**5, 10**6, 10**7],
        0.1: [15, 30, 60, 100, 200, 300, 500, 2500, 10**4, 10**5, 10**6, 10**7],
    }
    some = 2 if quick else 1
    by_real = [[e, real, *answers(truth.p, real, e)] for e in EPSILONS for real in reals[e][::some]]
    sizes = {
        0.05: [2, 3, 5, 8, 15, 30, 60, 100, 200, 500, 1000, 2000],
        0.1: [2, 5, 8, 15, 30, 60, 100, 200, 500, 1000, 2000],
    }
    across = [[e, s, *answers(jc.languages.uniform(s).p, REAL, e)] for e in EPSILONS for s in sizes[e][::some]]
    # The simulated deviation at the budgets, in a generation by which it has settled; and as theory has it there.
    checks = []
    for i, (epsilon, real) in enumerate(
        (e, real) for e in EPSILONS for real in (60, 100, 200, 300)[: 2 if quick else 4]
    ):
        for kind, n in enumerate(answers(truth.p, real, epsilon)[1:]):
            if n >= 1:
                key = jax.random.fold_in(jax.random.key(SEED), 2 * i + kind)
                seen = np.asarray(deviation(key, truth.p.astype(np.float32), int(n), real, chains, LAST), float)
                process = jc.recursive_training(truth, jc.PartiallySynthetic(n=int(n), real=real))
                exact, error = float(jc.theory.l1_first(process, LAST)[-1]), seen.std(ddof=1) / np.sqrt(chains)
                # Both are E ||p^(60) - p^(1)||_1; the mean of so many bounded numbers is within 6 standard errors.
                assert abs(seen.mean() - exact) < 6 * error + 1e-6, (epsilon, real, seen.mean(), exact, error)
                assert exact <= epsilon
                checks.append([epsilon, real, n, kind, seen.mean(), error, exact])
    return {"chains": chains, "by_real": by_real, "by_vocabulary": across, "checks": checks}


def whole(value):
    """0, 1, 10, ... in full, and what is drawn for "every n"."""
    return "every $n$" if value == EVERY else f"{value:,.0f}"


def draw(data):
    figure = Figure(figsize=(9, 9), layout="constrained")
    panels = figure.subplot_mosaic("ab;cc", height_ratios=(1.5, 1))
    ways = [
        ("exact", 4, "o", "--"),
        ("elementary bound", 3, "^", "-."),
        ("the paper's rule, corollary (11)", 2, "s", ":"),
    ]
    for axes, rows in ((panels["a"], data["by_real"]), (panels["b"], data["by_vocabulary"])):
        for i, epsilon in enumerate(EPSILONS):
            of = rows[rows[:, 0] == epsilon]
            for name, column, marker, line in ways:
                color = "black" if name == "exact" else PALETTE[i]
                n = np.where(np.isnan(of[:, column]), EVERY, of[:, column])  # infinite: null in the file
                axes.plot(
                    of[:, 1],
                    n,
                    marker=marker,
                    linestyle=line,
                    color=color,
                    markersize=(9, 5)[i],
                    linewidth=(2.2, 1.2)[i],
                    markerfacecolor=PALETTE[i],
                )
        axes.set_xscale("log")
        axes.set_yscale("symlog", linthresh=1, linscale=0.6)
        axes.set(ylim=(-0.3, 1e5), yticks=[0, 1, 10, 100, 1000, EVERY])
        axes.yaxis.set_major_formatter(lambda value, _: whole(value))
        axes.yaxis.set_minor_locator(mpl.ticker.NullLocator())
    at = np.array([40.0, 700])
    panels["a"].plot(at, 12 * (at / at[0]) ** 2, color="0.4", linewidth=1)
    panels["a"].text(110, 140, "$\\propto N^2$", color="0.3", ha="right")
    panels["a"].set(xlabel="real tokens, $N$", ylabel="synthetic tokens a generation, $n$")
    panels["a"].set_title("budget, 52 of 600 tokens with mass", fontsize=11)
    panels["b"].set(xlabel="tokens in the language, $s$ (equal)", title=f"budget, $N$ = {REAL} real tokens")
    panels["b"].title.set_fontsize(11)
    check = panels["c"]
    for i, epsilon in enumerate(EPSILONS):
        for kind, marker in enumerate("^o"):
            of = data["checks"][(data["checks"][:, 0] == epsilon) & (data["checks"][:, 3] == kind)]
            x = of[:, 1] * 1.035 ** (2 * i - 1)
            check.plot(x, of[:, 6] / epsilon, "_", color="black", markersize=22, zorder=3)
            style = {"fmt": marker, "color": PALETTE[i], "capsize": 4, "markersize": 6, "zorder": 4}
            check.errorbar(x, of[:, 4] / epsilon, 1.96 * of[:, 5] / epsilon, **style)
            for at, n, high in zip(x, of[:, 2], of[:, 4] / epsilon, strict=True):
                place = {
                    "textcoords": "offset points",
                    "xytext": (13, -12) if i else (-13, -12),
                    "ha": "left" if i else "right",
                }
                check.annotate(f"{n:.0f}", (at, high), fontsize=10, color=PALETTE[i], **place)
    check.axhline(1, color="0.3", linewidth=1)
    check.set(xscale="log", xlim=(52, 380), ylim=(0.25, 1.12), xlabel="real tokens, $N$", xticks=[60, 100, 200, 300])
    check.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    check.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    check.set(ylabel="deviation / $\\epsilon$, 95% interval")
    check.set_title(
        f"the deviation at these budgets of $n$ whole tokens (written beside): simulated, {data['chains']:,} chains",
        fontsize=11,
    )
    handles = [mpl.lines.Line2D([], [], color=PALETTE[i], linewidth=6) for i in range(len(EPSILONS))]
    handles += [mpl.lines.Line2D([], [], color="0.3", marker=marker, linestyle=line) for _, _, marker, line in ways]
    ways[0] = ("exact; in (c) bars across", *ways[0][1:])
    names = [f"$\\epsilon$ = {epsilon}, the deviation (L1) allowed from the first model" for epsilon in EPSILONS]
    figure.legend(handles, names + [name for name, *_ in ways], loc="outside lower center", ncols=2)
    letters([panels["a"], panels["b"], check])
    return figure


if __name__ == "__main__":
    main("budget", simulate, draw)
