"""A slice of the verification campaign (`make verify`): every regime once, and what it must reject."""

import dataclasses

import jax
import numpy as np
import pytest
from campaign import cells, checks, power

from jaxcollapse.regimes import REGIMES

SEED = 7
CHAINS = power.NULL_CHAINS  # the same programs as the null run's
SLICE = cells.draw(SEED, len(power.SLICE), power.SLICE)


def test_the_slice_has_every_regime():
    assert {cell.twin[0] for cell in SLICE} == set(REGIMES)
    assert {type(cell.regime) for cell in cells.draw(0, len(cells.VARIANTS))} > set(REGIMES.values())


SOON = (
    "fully-synthetic",
    "most-recent K=2, reuse",
    "randomly-sampled prefix",
    "accumulate",
    "fresh-real weighted",
    "mixture, n_m",
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(cell, marks=() if cell.variant in SOON else pytest.mark.campaign, id=cell.variant)
        for cell in SLICE
    ],
)
def cell(request):
    return request.param


@pytest.fixture(scope="module")
def simulated(cell):
    return checks.engine(cell, SEED, CHAINS)


def test_simulation_twin_and_theory_agree(cell, simulated):
    """Each comparison rejects a right program with probability 1e-6 at most."""
    exact = {name: checks.oracle(name, cell.process) for name in checks.RECORD}
    assert all(len(exact[name]) == cells.GENERATIONS + 1 for name in checks.MOMENTS)
    slow = checks.by_hand(cell, SEED, 100)
    findings = [
        *checks.against_oracle(cell, "engine", simulated, exact),
        *checks.against_oracle(cell, "twin", slow, exact),
        *checks.compare(cell, simulated, slow),
    ]
    assert len(findings) >= 14
    assert [finding for finding in findings if not finding.passed] == [], again(cell, simulated)


def again(cell, simulated):
    """Whether a rejected simulation repeats, as it was compiled and compiled anew: is it ours or the compiler's?"""
    same = lambda other: all(np.array_equal(other[name], simulated[name]) for name in simulated)
    repeated = same(checks.engine(cell, SEED, CHAINS))
    jax.clear_caches()
    return f"repeats: {repeated}; repeats when compiled anew: {same(checks.engine(cell, SEED, CHAINS))}"


def test_another_language_is_rejected(cell, simulated):
    """The theory of a language with one token more frequent does not pass for this simulation."""
    wrong = dataclasses.replace(cell, p=(cell.p + (np.arange(cells.WIDTH) == cell.p.argmax())) / 2)
    exact = {name: checks.oracle(name, wrong.process) for name in checks.MOMENTS}
    findings = list(checks.against_oracle(cell, "engine", simulated, exact))
    assert any(not finding.passed for finding in findings)


@pytest.mark.campaign
def test_the_right_program_is_left_alone():
    found = power.null_run(SEED, 2)
    assert found["passed"]
    assert found["seeds with an alarm"] == 0
    assert found["checks a seed"] > 700
