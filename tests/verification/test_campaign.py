"""A slice of the verification campaign (`make verify`): every variant of every regime, and what it must reject."""

import dataclasses

import jax
import numpy as np
import pytest
from campaign import cells, checks, power
from test_table import EXAMPLES

from jaxcollapse.regimes import REGIMES

SEED = 7
CHAINS = power.NULL_CHAINS  # the same programs as the null run's
SLICE = cells.draw(SEED, len(power.SLICE), power.SLICE)


def variant_of(regime):
    """Return the class of a regime, how it uses tokens again, and whether real tokens have a weight of their own."""
    settings = {field.name: getattr(regime, field.name) for field in dataclasses.fields(regime)}
    return type(regime), settings.get("reuse"), settings.get("weight") is not None


def test_the_slice_has_every_variant_of_every_regime():
    variants = {variant_of(regime) for regime in EXAMPLES.values() if type(regime) in REGIMES.values()}
    assert len(variants) == 12
    assert {variant_of(cell.regime) for cell in SLICE} == variants
    assert {type(cell.regime) for cell in cells.draw(0, len(cells.VARIANTS))} > set(REGIMES.values())


@pytest.fixture(scope="module", params=SLICE, ids=lambda cell: cell.variant)
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
