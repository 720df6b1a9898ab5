"""Results: traces of every k-th generation, summaries of very many chains, and what both say of what they hold."""

import jax
import numpy as np
import pytest
from selection import some

import jaxcollapse as jc
from jaxcollapse.analysis.streaming import ACCURACY
from jaxcollapse.runs import keeping

KEY = jax.random.key(3)
RECORD = ("support", "l1_first", "spectrum", "collapsed")
PROCESSES = {
    "counts": jc.recursive_training(jc.languages.zipf(60), jc.FullySynthetic(n=100)),
    "labels first": jc.recursive_training(jc.languages.zipf(300), jc.FullySynthetic(n=200)),
    "sizes that change": jc.recursive_training(
        jc.languages.zipf(40),
        jc.FullySynthetic(n=jc.schedules.geometric(3, 1.3, 20)),
        jc.learners.Categorical("counts"),
    ),
    "labels": jc.recursive_training(jc.languages.zipf(60), jc.PartiallySynthetic(n=50, real=10)),
}


@pytest.fixture(scope="module", params=some(PROCESSES, ("labels first",)))
def process(request):
    return PROCESSES[request.param]


@pytest.fixture(scope="module")
def whole(process):
    return jc.simulate(KEY, process, chains=20, generations=32, record=RECORD)


@pytest.mark.parametrize("every", [3, pytest.param(16, marks=pytest.mark.campaign)])
def test_every_kth_generation_is_that_of_all(process, whole, every):
    found = jc.simulate(KEY, process, chains=20, generations=32, record=RECORD, every=every)
    assert found.generation.tolist() == list(range(0, 33, every))
    assert found.generations == 32 // every * every
    for name in RECORD:
        assert np.asarray(found[name]).tobytes() == np.asarray(whole[name])[:, ::every].tobytes()


@pytest.mark.campaign
def test_every_kth_generation_in_pieces(process, whole):
    state, _ = jc.engine.start(KEY, process, chains=20, record=RECORD)
    pieces = []
    for generations in (1, 6, 24):
        state, piece = jc.engine.advance(KEY, process, state, generations=generations, record=RECORD, every=5)
        pieces.append(piece.values)
    for name in RECORD:
        joined = np.concatenate([np.asarray(piece[name]) for piece in pieces], axis=1)
        assert joined.tobytes() == np.asarray(whole[name])[:, 5::5].tobytes()


def test_fewer_rows_than_one():
    found = jc.simulate(KEY, PROCESSES["counts"], chains=2, generations=4, record="support", every=5)
    assert found["support"].tolist() == [[60], [60]]


def test_every_needs_to_know_the_generation():
    process = PROCESSES["counts"]

    @jax.jit
    def more(state):
        return jc.engine.advance(KEY, process, state, generations=2, record="support", every=2)[1]

    state, _ = jc.engine.start(KEY, process, chains=2, record="support")
    with pytest.raises(ValueError, match="every=2 needs to know the generation, which is traced here"):
        more(state)
    with pytest.raises(ValueError, match="every must be"):
        jc.simulate(KEY, process, chains=2, generations=4, every=0)


def test_an_ensemble_of_every_kth_generation_knows_which():
    trace = jc.simulate(KEY, PROCESSES["counts"], chains=20, generations=12, record="support", every=4)
    assert jc.analysis.ensemble(trace, "support").generation.tolist() == [0, 4, 8, 12]
    with pytest.raises(ValueError, match="every 4th generation only"):
        jc.analysis.fit_exponential(trace, "support")


# Summaries.


def test_a_summary_is_that_of_all_chains(monkeypatch):
    """Three blocks, the last of them shorter."""
    monkeypatch.setattr(keeping, "BLOCK", 400)
    given = {"generations": 32, "record": RECORD, "every": 8}
    trace = jc.simulate(KEY, PROCESSES["counts"], chains=1000, **given)
    summary = jc.summarize(KEY, PROCESSES["counts"], chains=1000, **given)
    assert set(summary) == set(RECORD)
    for name in RECORD:
        one, all_ = summary[name], jc.analysis.ensemble(trace, name)
        assert one.chains == 1000
        assert one.generation.tolist() == all_.generation.tolist() == [0, 8, 16, 24, 32]
        np.testing.assert_allclose(one.mean, all_.mean, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(one.standard_error, all_.standard_error, rtol=1e-9, atol=1e-15)
        values = np.asarray(trace[name], float)
        by_rank = np.quantile(values, one.levels, axis=0, method="inverted_cdf")
        np.testing.assert_allclose(one.quantiles, by_rank, rtol=ACCURACY * 1.001)


def test_a_summary_without_quantiles():
    summary = jc.summarize(KEY, PROCESSES["counts"], chains=30, generations=3, record="support", levels=())
    assert summary["support"].quantiles.shape == (0, 4)


def test_a_summary_names_what_it_holds():
    summary = jc.summarize(KEY, PROCESSES["counts"], chains=3, generations=3, record="support", levels=())
    with pytest.raises(ValueError, match="'entropy'"):
        summary["entropy"]
    with pytest.raises(ValueError, match="levels must be numbers between 0 and 1"):
        jc.summarize(KEY, PROCESSES["counts"], chains=3, generations=3, levels=(50,))


# What results say of what they hold.


def of_mine(view):
    return view.p[0]


DESCRIBED = {
    ("entropy", "Shannon entropy", "nats"),
    ("hill_2", "Hill number of order 2", ""),
    ("of_mine", "of_mine", ""),
}


@pytest.mark.parametrize("how", ["simulate", "jit", "start", "advance", "run", "summarize"])
def test_every_result_describes_its_statistics(how):
    process, record = PROCESSES["counts"], ("entropy", jc.statistics.hill(2), of_mine)
    size = {"chains": 2, "generations": 3, "record": record}
    simulate = lambda key: jc.simulate(key, process, **size)
    if how in ("start", "advance"):
        state, found = jc.engine.start(KEY, process, chains=2, record=record)
        if how == "advance":
            _, found = jc.engine.advance(KEY, process, state, generations=2, record=record)
    elif how == "run":
        found = jc.run(KEY, process, **size, chunk=1, piece=1, progress=False)
    elif how == "summarize":
        found = jc.summarize(KEY, process, **size)
    else:
        found = (jax.jit(simulate) if how == "jit" else simulate)(KEY)
    assert set(found.described) == DESCRIBED
    variable = "entropy_mean" if how == "summarize" else "entropy"
    assert found.to_xarray()[variable].units == "nats"


def test_a_description_is_carried_by_the_tree():
    trace = jc.simulate(KEY, PROCESSES["counts"], chains=3, generations=2, record="entropy")
    assert jax.tree.map(lambda leaf: leaf[:1], trace).described == trace.described
    assert "described" not in repr(trace)
