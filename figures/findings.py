"""The numbers of FINDINGS.md that no figure shows: `.venv/bin/python figures/findings.py` (a minute)."""

import jax
import numpy as np
from common import SEED
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import theory
from jaxcollapse.theory import bounds


def winner():
    """Proposition 1: the token that is left is token i with probability p_i."""
    p, chains = jc.languages.zipf(5), 100_000
    process = jc.recursive_training(p, jc.FullySynthetic(n=20))
    trace = jc.simulate(jax.random.key(SEED), process, chains=chains, generations=600, every=600, record="winner")
    last = np.asarray(trace["winner"])[:, -1]
    seen = np.bincount(last[last >= 0], minlength=5)
    test = stats.chisquare(seen, seen.sum() * p.p / p.p.sum())
    print(
        f"Proposition 1: winners {(seen / seen.sum()).round(4).tolist()} against p = {p.p.round(4).tolist()}; ", end=""
    )
    print(f"chi-square p-value {test.pvalue:.2f}, {chains} chains")


def moments():
    """Equation (6): the concentration of 10^5 chains against the formula."""
    process = jc.recursive_training(jc.languages.seddik(), jc.FullySynthetic(n=100))
    trace = jc.simulate(
        jax.random.key(SEED), process, chains=100_000, generations=200, every=10, record="heterozygosity"
    )
    curve = jc.analysis.ensemble(trace, "heterozygosity", levels=())
    exact = theory.heterozygosity(process, 200)[::10]
    apart = np.abs(curve.mean - exact)[1:] / curve.standard_error[1:]
    relative = (curve.standard_error / exact)[-1]
    print(f"Equation (6): largest of 20 deviations {apart.max():.1f} standard errors; error at m = 200: {relative:.2%}")


def theorem_2():
    """Equation (9) as printed and as corrected, against the recursion it is to solve."""
    process = jc.recursive_training(jc.languages.seddik(), jc.PartiallySynthetic(n=100, real=100))
    exact = theory.simpson(process, 10)
    right = bounds.theorem_2(process, 10)
    printed = bounds.theorem_2(process, 10, as_printed=True)
    print(f"Equation (9): S_1 is {exact[1]:.6f}; as printed {printed[1]:.6f}, with a plus {right[1]:.6f}; ", end="")
    print(f"largest difference over m = 1..10: printed {np.abs(printed - exact)[1:].max():.2g}, ", end="")
    print(f"corrected {np.abs(right - exact)[1:].max():.1g}")


def theorem_3():
    """The bound on the deviation at the settings of the paper's figure 3, beside what is exact and what is possible."""
    process = jc.recursive_training(jc.languages.seddik(), jc.PartiallySynthetic(n=10, real=100))
    exact = theory.l1_first(process, 50)
    print(f"Theorem 3: bound {np.exp(bounds.log_theorem_3(process)):,.0f} at N = 100, n = 10, s = 600; ", end="")
    print(f"exact deviation at m = 50: {exact[50]:.4f}; elementary bound {bounds.elementary(process, 50)[50]:.4f}")
    allowed = bounds.corollary_11(600, 100, 0.1)
    found = theory.synthetic_budget(jc.languages.seddik(), real=100, epsilon=0.1)
    print(f"Corollary (11): allows n = {allowed:.3g} for a deviation of 0.1; budgets: {found}")


def theorem_4():
    """The general form: as printed and as proved."""
    exact = lambda of: theory.l1_first(of, 50)[50]
    process = jc.recursive_training(jc.languages.uniform(5), jc.PartiallySynthetic(n=10, real=100))
    for printed in (True, False):
        bound = np.exp(bounds.log_theorem_4(process, as_printed=printed))
        print(f"Theorem 4, {'as printed' if printed else 'as proved'}: {bound:.3f}; ", end="")
    print(f"Theorem 3: {np.exp(bounds.log_theorem_3(process)):.3f}; exact at m = 50: {exact(process):.4f}")


def real_data():
    """Partially synthetic: the chance of a Dirac mass is that of a real corpus of one token, for ever."""
    for real in (2, 5, 20):
        process = jc.recursive_training(jc.languages.seddik(), jc.PartiallySynthetic(n=100, real=real))
        times = jc.collapse_times(jax.random.key(SEED), process, chains=100_000, max_generations=300)
        seen = float(np.asarray(times.observed).mean())
        exact = theory.collapse_probability(process, 1)[1]
        error = np.sqrt(exact * (1 - exact) / 100_000)
        print(
            f"Real data kept, N = {real}: {seen:.5f} of chains collapse within 300 generations, exact {exact:.3g}, ",
            end="",
        )
        print(f"standard error {error:.1g}")


def large_budget():
    """How much synthetic data harms at most: the deviation in the long run against the real corpus's own error."""
    for n in (100, 10_000, 10**6):
        process = jc.recursive_training(jc.languages.seddik(), jc.PartiallySynthetic(n=n, real=100))
        last = 20 * (n // 100 + 1)
        own, moved = theory.l2_truth(process, 1)[1], theory.l2_first(process, min(last, 200_000))[-1]
        print(
            f"N = 100, n = {n}: squared deviation from the first model {moved / own:.4f} of the first model's own error"
        )


if __name__ == "__main__":
    for part in (moments, winner, theorem_2, theorem_3, theorem_4, real_data, large_budget):
        part()
