"""The first Dirac mass and the final one, in every regime where there is one."""

import jax
import numpy as np
import pytest
from every_other import EveryOther
from selection import some

import jaxcollapse as jc

CHAINS, GENERATIONS = 300, 400
KEY = jax.random.key(5)
P = (0.6, 0.3, 0.1)
REGIMES = {
    "fully-synthetic": jc.FullySynthetic(n=4),
    "most-recent": jc.MostRecent(n=6, window=3),
    "most-recent, reuse": jc.MostRecent(n=6, window=3, reuse=True),
    "partially-synthetic": jc.PartiallySynthetic(n=3, real=2),
    "randomly-sampled": jc.RandomlySampled(n=3),
    "randomly-sampled, pool": jc.RandomlySampled(n=2, reuse="pool"),
    "randomly-sampled, prefix": jc.RandomlySampled(n=2, reuse="prefix", generations=GENERATIONS),
    "accumulate": jc.Accumulate(n=2),
    "accumulate-subsample": jc.AccumulateSubsample(n=3, budget=2),
    "fresh-real": jc.FreshReal(n=3, real=1),
    "fresh-real without weight": jc.FreshReal(n=3, real=3, weight=0.0),
    "mixture": jc.Mixture(n=3, share=0.25),
    "every-other": EveryOther(n=3),
}
SOON = ("fully-synthetic", "most-recent")
NEVER = ("randomly-sampled", "fresh-real", "mixture")
CERTAIN = ("fully-synthetic", "most-recent", "most-recent, reuse", "fresh-real without weight")
FIRST_IS_FINAL = (
    *("fully-synthetic", "most-recent, reuse", "partially-synthetic", "accumulate"),
    "fresh-real without weight",
)


def test_the_table_covers_every_regime():
    assert {type(regime) for regime in REGIMES.values()} == {*jc.regimes.REGIMES.values(), EveryOther}


@pytest.fixture(scope="module", params=some(REGIMES, SOON))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def both(name):
    """Collapse times, and the winner at every generation of the same chains (-1: no Dirac mass)."""
    process = jc.recursive_training(P, REGIMES[name])
    times = jc.collapse_times(KEY, process, chains=CHAINS, max_generations=GENERATIONS)
    trace = jc.simulate(KEY, process, chains=CHAINS, generations=GENERATIONS, record="winner")
    return jax.tree.map(np.asarray, times), np.asarray(trace["winner"])


def test_the_first_dirac_mass_is_the_first_seen(both):
    times, winner = both
    dirac = winner >= 0
    assert (times.observed <= dirac.any(axis=1)).all()  # it may stop looking before the last generation
    first = np.where(dirac.any(axis=1), dirac.argmax(axis=1), GENERATIONS)
    np.testing.assert_array_equal(times.time[times.observed], first[times.observed])
    assert times.observed.sum() > 5


def test_nothing_changes_after_the_final_one(both):
    times, winner = both
    for chain in np.flatnonzero(times.final_observed):
        rest = winner[chain, times.final[chain] :]
        assert rest[0] >= 0
        assert (rest == rest[0]).all()
    assert (times.final >= times.time)[times.final_observed].all()
    assert (times.final_observed <= times.observed).all()


def test_which_are_final(name, both):
    times, _ = both
    if name in NEVER:
        assert not times.final_observed.any()
    if name in CERTAIN:
        assert times.final_observed.all()
    if name in FIRST_IS_FINAL:
        np.testing.assert_array_equal(times.final_observed, times.observed)
        np.testing.assert_array_equal(times.final[times.observed], times.time[times.observed])
    elif name not in NEVER:
        assert (times.final > times.time).any() or (times.observed & ~times.final_observed).any()


def test_a_window_collapses_when_all_its_models_agree():
    window = 3
    process = jc.recursive_training(P, REGIMES["most-recent"])
    times = jc.collapse_times(KEY, process, chains=CHAINS, max_generations=GENERATIONS)
    trace = jc.simulate(KEY, process, chains=CHAINS, generations=GENERATIONS, record="winner")
    winner = np.asarray(trace["winner"])
    together = np.stack([winner[:, i : GENERATIONS + 1 - window + 1 + i] for i in range(window)])[:, :, 1:]
    agree = (together[0] >= 0) & (together == together[0]).all(axis=0)  # of generations 1..: the last one is `window`
    np.testing.assert_array_equal(times.final, agree.argmax(axis=1) + window)
    left_again = (np.diff((winner >= 0).astype(int), axis=1) < 0).any(axis=1)
    assert left_again.mean() > 0.1


def test_a_growing_sample_need_not_collapse():
    """`sum 1/n_m` converges: the chance to collapse stays below one."""
    growing = jc.recursive_training(P, jc.FullySynthetic(n=jc.schedules.geometric(4, 1.5, 25)))
    times = jc.collapse_times(KEY, growing, chains=CHAINS, max_generations=25)
    never = 1 - jc.theory.collapse_probability(growing, 12)[12]
    assert 0.3 < never < 1
    assert (~np.asarray(times.observed)).sum() > 0.3 * CHAINS
    kept = np.prod(1 - 1 / np.asarray(growing.regime.n.sizes, float))
    assert jc.theory.heterozygosity(growing, 25)[-1] == pytest.approx(0.54 * kept, rel=1e-6)
    fixed = jc.collapse_times(KEY, jc.recursive_training(P, jc.FullySynthetic(n=4)), chains=CHAINS, max_generations=400)
    assert bool(fixed.observed.all())
