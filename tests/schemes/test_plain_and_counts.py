"""The scheme of counts gives the bits of the plain one, wherever both advance the same models."""

import dataclasses

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import native
from jaxcollapse.learners import Categorical
from jaxcollapse.schemes.counts_scheme import CountsScheme
from jaxcollapse.schemes.fused import can_fuse
from jaxcollapse.schemes.plain import PlainScheme

KEY = jax.random.key(3)
ZIPF = jc.languages.zipf(60)
RECORD = ("heterozygosity", "support", "l1_first", "winner")
# Small enough that tables become narrower several times, and that the kernel stops between looks.
SMALL = {"widths": (32, 16, 8), "passage_widths": (32, 16, 4, 2), "leap": 7, "stretch": 3}


def process_of(regime, portable=False):
    return jc.recursive_training(ZIPF, regime, Categorical("counts", portable))


PROCESSES = {
    "fully synthetic, by the kernel": process_of(jc.FullySynthetic(n=64)),
    "fully synthetic, by XLA": process_of(jc.FullySynthetic(n=64), portable=True),
    "growing": process_of(jc.FullySynthetic(n=jc.schedules.geometric(8, 1.2, 12))),
    "accumulate": process_of(jc.Accumulate(n=30)),
    "accumulate, a part": process_of(jc.AccumulateSubsample(n=30, budget=20)),
    "some real": process_of(jc.PartiallySynthetic(n=40, real=20)),
}
KERNEL = "fully synthetic, by the kernel"
XLA = "fully synthetic, by XLA"


def cases(soon):
    """Each process; those not among ``soon`` with `make verify` only, for compiling is slow."""

    def marks_of(name):
        late = [] if name in soon else [pytest.mark.campaign]
        return [*late, pytest.mark.skipif(name == KERNEL and not native.available(), reason="no compiler was at hand")]

    return pytest.mark.parametrize("name", [pytest.param(name, marks=marks_of(name)) for name in PROCESSES])


def both(name):
    """A process with the scheme of counts, which uses all that it can, and with the plain one."""
    process = PROCESSES[name]
    assert isinstance(process.scheme, CountsScheme)
    if "fully synthetic" in name:
        assert can_fuse(process) == (name == KERNEL)
    counts = dataclasses.replace(process, scheme=dataclasses.replace(process.scheme, **SMALL))
    return counts, dataclasses.replace(process, scheme=PlainScheme())


def assert_same(first, second):
    assert jax.tree.structure(first) == jax.tree.structure(second)
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def assert_same_traces(name, every):
    traces = [jc.simulate(KEY, of, chains=5, generations=40, record=RECORD, every=every) for of in both(name)]
    assert_same(traces[0].values, traces[1].values)
    assert_same(traces[0].status, traces[1].status)
    traces[0].check()


@cases((KERNEL, XLA, "accumulate"))
def test_recorded_bits_are_those_of_the_plain_scheme(name):
    assert_same_traces(name, every=1)


@cases((KERNEL,))
def test_generations_that_are_not_recorded_have_the_bits_of_the_plain_scheme(name):
    """The kernel goes through them on its own."""
    assert_same_traces(name, every=6)


@cases((KERNEL,))
def test_pieces_have_the_bits_of_the_plain_scheme(name):
    """Pieces are made narrower on the host."""
    found = []
    for process in both(name):
        state, first = jc.engine.start(KEY, process, chains=5, record=RECORD)
        pieces = [first.values]
        for generations in (9, 11, 13):
            state, trace = jc.engine.advance(KEY, process, state, generations=generations, record=RECORD)
            pieces.append(trace.values)
        found.append(jax.tree.map(lambda *of: np.concatenate(of, axis=1), *pieces))
    assert_same(*found)


@cases((KERNEL, XLA))
def test_times_of_collapse_are_those_of_the_plain_scheme(name):
    """With chains enough that they are cut in parts; within a horizon that not all of them reach, and beyond."""
    for horizon in (40, 500):
        times = [
            jc.collapse_times(KEY, process, chains=300, max_generations=horizon)
            for process in (
                dataclasses.replace(of, scheme=dataclasses.replace(of.scheme, parts=parts))
                for of, parts in zip(both(name), (None, 1), strict=True)
            )
        ]
        assert_same(*times)
        assert not times[0].final_observed.all() or horizon == 500


def test_a_switch_changes_bits_from_its_generation_on_only():
    """Up to there models are labels in both; later the counts of the one are drawn otherwise, with the same law."""
    process = jc.recursive_training(ZIPF, jc.FullySynthetic(n=400), Categorical("labels first"))
    at = process.scheme.switch_at
    assert at == 8
    plain = dataclasses.replace(process, scheme=PlainScheme())
    ours, its = (
        np.asarray(jc.simulate(KEY, of, chains=2000, generations=20, record="simpson")["simpson"])
        for of in (process, plain)
    )
    np.testing.assert_array_equal(ours[:, : at + 1], its[:, : at + 1])
    assert (ours[:, at + 1 :] != its[:, at + 1 :]).any(axis=0).all()
    exact = jc.theory.simpson(process, 20)
    for values in (ours, its):
        assert np.all(np.abs(values.mean(axis=0) - exact)[1:] < 6 * values.std(axis=0)[1:] / 2000**0.5)
