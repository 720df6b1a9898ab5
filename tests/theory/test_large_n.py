"""How far the branching approximation is from the exact law, measured. The docstrings' figures come from here.

The exact side is this file's own: the one-token chain's matrix, applied over and over to "still there".
"""

import functools

import numpy as np
import pytest
from scipy import sparse, stats

import jaxcollapse as jc
from jaxcollapse import languages, theory

N = 2000
LANGUAGES = {
    "zipf": languages.zipf(1000),
    "long zipf": languages.zipf(20_000),
    "zipf 1.5": languages.zipf(1000, 1.5),
    "uniform 20": languages.uniform(20),
    "uniform 1000": languages.uniform(1000),
    "dirichlet": languages.dirichlet(1000, 1.0),
    "sparse dirichlet": languages.dirichlet(1000, 0.1),
}


def transition(n):
    """The chain of one token; above 2000, within twelve deviations and more."""
    counts = np.arange(n + 1)
    if n <= 2000:
        return stats.binom.pmf(counts, n, counts[:, None] / n)
    rows = []
    for x in counts:
        reach = int(12 * np.sqrt(x * (1 - x / n)) + 60)
        near = np.arange(max(0, x - reach), min(n, x + reach) + 1)
        rows.append((near, stats.binom.pmf(near, n, x / n)))
    columns, values = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    starts = np.concatenate([[0], np.cumsum([len(near) for near, _ in rows])])
    return sparse.csr_array((values, columns, starts), shape=(n + 1, n + 1))


@functools.cache
def still_there(n, generations):
    """``[generations, n + 1]``: row k, the chance that x copies have descendants k generations on."""
    matrix, rows = transition(n), [(np.arange(n + 1) > 0).astype(float)]
    for _ in range(1, generations):
        rows.append(matrix @ rows[-1])
    return np.array(rows)


def exact_survival(n, generations, p):
    """``[generations, d]``, m = 1 first."""
    start = np.concatenate(
        [stats.binom.pmf(np.arange(n + 1), n, part[:, None]) for part in np.array_split(p, 1 + len(p) // 500)]
    )
    return still_there(n, generations) @ start.T


def fully(p, n):
    return jc.recursive_training(p, jc.FullySynthetic(n=n))


def truth_of(process):
    p = np.asarray(process.p, dtype=np.float64)
    return p / p.sum()


def scaled_error(near, exact, n):
    """The relative error in units of m/n, from m = 1 on."""
    return (near / exact - 1) * n / np.arange(1, len(exact) + 1).reshape(-1, *[1] * (exact.ndim - 1))


@pytest.mark.parametrize("name", LANGUAGES)
def test_support_branching_is_low_by_at_most_a_fifth_of_m_over_n(name):
    process = fully(LANGUAGES[name], N)
    p, many = np.unique(truth_of(process), return_counts=True)
    exact = exact_survival(N, 500, p) @ many
    error = scaled_error(theory.support_branching(process, 500)[1:], exact, N)
    assert error[0] == pytest.approx(0, abs=1e-8)  # m = 1 is exact
    assert error.min() > -0.2
    assert error.max() < 1e-8
    if "zipf" in name:
        # "About m/(6n)" is for m of some hundred; at m = 10 it is two thirds of that.
        assert (error[[m - 1 for m in (100, 200, 500)]] > -0.175).all()
        assert (error[[m - 1 for m in (100, 200, 500)]] < -0.14).all()
        assert -0.125 < error[9] < -0.1


def test_a_fifth_of_m_over_n_holds_for_every_token_and_so_for_every_vocabulary():
    # The error of a sum of survival chances is an average of the tokens' own: one grid over p speaks for all shapes.
    p = np.geomspace(1e-9, 1.0, 300)
    error = scaled_error(theory.survival_branching(fully([0.5, 0.5], N), 500, p)[1:], exact_survival(N, 500, p), N)
    assert -0.2 < error.min() < -0.19  # the worst, about -0.193: a token expected some m/6 times; 0.19 is not enough
    assert error.max() < 1e-8


def test_the_error_is_what_the_diffusion_says():
    # Independent copies give the Feller diffusion; the term -x^2 that Wright and Fisher add to its variance is, at
    # first order, -(m/6n) z (z + 1)/(e^z - 1) of the survival, z = 2 n p/m. At z = 0 (Zipf tails) that is -m/(6n),
    # its extreme, -0.1959 m/n, is at z = 0.77.
    z = np.geomspace(1e-3, 20, 60)
    wanted = -z * (z + 1) / np.expm1(z) / 6
    assert wanted.min() == pytest.approx(-0.1959, abs=2e-4)
    for m in (100, 200, 400):
        p = z * m / (2 * N)
        p = p[p < 1]
        near = theory.survival_branching(fully([0.5, 0.5], N), m, p)[1:]
        error = scaled_error(near, exact_survival(N, 500, p)[:m], N)[-1]
        np.testing.assert_allclose(error, wanted[: len(p)], atol=0.01)


def test_survival_branching_is_exact_at_first_and_for_n_of_one():
    p = np.array([0.0, 1e-9, 0.3, 1.0])
    found = theory.survival_branching(fully([0.5, 0.5], N), 1, p)
    np.testing.assert_allclose(found, [p > 0, 1 - (1 - p) ** N], rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(
        theory.survival_branching(fully([0.5, 0.5], 1), 4, p)[1:], np.tile(p, (4, 1)), atol=1e-15
    )


def test_survival_branching_takes_the_tokens_of_the_process_unless_told():
    process = fully([0.6, 0.0, 0.4], 50)
    found = theory.survival_branching(process, 9)
    assert (found == theory.survival_branching(process, 9, truth_of(process))).all()
    np.testing.assert_allclose(found.sum(axis=1), theory.support_branching(process, 9), rtol=1e-14)


def test_the_library_has_the_same_exact_support_where_the_matrix_turns_sparse():
    for n in (2000, 2001):
        process = fully(LANGUAGES["zipf"], n)
        p, many = np.unique(truth_of(process), return_counts=True)
        exact = exact_survival(n, 30, p) @ many
        np.testing.assert_allclose(theory.support(process, 30)[1:], exact, rtol=1e-11)


def test_survival_branching_at_a_thousand_million_is_the_branching_process_itself():
    # Poisson(1) offspring: the chance 1 - q_k of lasting k generations; n only enters through n p.
    n, lasts = 10**9, 1.0
    found = theory.survival_branching(fully([0.5, 0.5], n), 200, np.array([1e-9, 1e-6]))
    for m in range(1, 201):
        np.testing.assert_allclose(found[m], -np.expm1(-n * np.array([1e-9, 1e-6]) * lasts), rtol=1e-6)
        lasts = -np.expm1(-lasts)


@pytest.mark.campaign
@pytest.mark.parametrize("name", [name for name in LANGUAGES if name != "long zipf"])
def test_the_same_at_twenty_thousand(name):
    n = 20_000
    process = fully(LANGUAGES[name], n)
    p, many = np.unique(truth_of(process), return_counts=True)
    start = sum(
        weight @ stats.binom.pmf(np.arange(n + 1), n, part[:, None])
        for part, weight in zip(
            np.array_split(p, 1 + len(p) // 100), np.array_split(many, 1 + len(p) // 100), strict=True
        )
    )
    exact = still_there(n, 1000) @ start
    error = scaled_error(theory.support_branching(process, 1000)[1:], exact, n)
    assert error.min() > -0.2
    assert error.max() < 1e-6
    np.testing.assert_allclose(theory.support(process, 20)[1:], exact[:20], rtol=1e-10)
