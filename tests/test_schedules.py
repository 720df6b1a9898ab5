"""Sample sizes that change with the generation: what they are, and that every regime reads the right one."""

import dataclasses
import math
from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compilations import compilations
from hypothesis import assume, given, settings

import jaxcollapse as jc
from jaxcollapse import schedules
from jaxcollapse.contract import Status
from jaxcollapse.regimes import REGIMES
from jaxcollapse.schedules import Schedule

settings.register_profile("exact", deadline=None)
settings.load_profile("exact")

KEY = jax.random.key(0)
P = 1 / np.arange(1, 13)
P /= P.sum()
LARGEST = 2**31 - 1


# The sizes.


def test_constant_and_given_are_what_they_say():
    assert schedules.constant(5, 3).sizes.tolist() == [5, 5, 5]
    assert schedules.given([5, 7]).sizes.tolist() == [5, 7]
    assert schedules.given((2, 1)).sizes.tolist() == [2, 1]
    assert schedules.given(np.array([LARGEST, 1], np.uint32)).sizes.tolist() == [LARGEST, 1]
    assert schedules.given(4).sizes.tolist() == [4]


@given(st.integers(1, 10**5), st.floats(0.01, 3), st.integers(1, 40), st.integers(1, 10**9))
def test_geometric_is_the_floor_of_a_power(first, ratio, generations, most):
    """A product within 1e-12 of a whole number may be taken for one."""
    exact = [first * Fraction(ratio) ** k for k in range(generations)]
    assume(max(exact) < LARGEST)
    for bound, schedule in (
        (LARGEST, schedules.geometric(first, ratio, generations)),
        (most, schedules.geometric(first, ratio, generations, most=most)),
    ):
        assert schedule.sizes.dtype == np.int64
        assert schedule.sizes.shape == (generations,)
        least, largest = ([math.floor(x * (1 + sign * Fraction(1, 10**12))) for x in exact] for sign in (-1, 1))
        for low, size, high in zip(least, schedule.sizes.tolist(), largest, strict=True):
            assert min(max(low, 1), bound) <= size <= min(max(high, 1), bound)


def test_geometric_sizes_stay_at_their_bounds():
    assert schedules.geometric(10, 1e5, 400, most=50).sizes.tolist() == [10] + [50] * 399  # beyond any float
    assert schedules.geometric(8, 0.5, 2000).sizes.tolist() == [8, 4, 2] + [1] * 1997
    assert schedules.geometric(LARGEST, 1.0, 3).sizes.tolist() == [LARGEST] * 3


def reads_right(at):
    """Whether a size is that of its own generation, and the last one holds for ever; traced or not."""
    schedule = Schedule(np.array([4, 9, 2]))
    expected = [4, 9, 2, 2, 2, 2]
    one_by_one = [int(at(schedule, m)) for m in range(1, 7)]
    traced = jax.jit(jax.vmap(lambda m: at(schedule, m)))(jnp.arange(1, 7))
    return one_by_one == expected == traced.tolist() and int(at(schedule, 10**9)) == 2


def again_after_its_end(schedule, m):
    sizes = jnp.asarray(schedule.sizes)
    return sizes[(m - 1) % sizes.shape[0]]


def test_each_generation_reads_its_own_size_and_the_last_one_holds_on():
    assert reads_right(Schedule.at)
    assert not reads_right(lambda schedule, m: schedule.at(m + 1))
    assert not reads_right(lambda schedule, m: schedule.at(m - 1))
    assert not reads_right(again_after_its_end)


ERRORS = {
    "a matrix": (lambda: schedules.given([[1, 2]]), r"sizes must be a vector, .* got shape \(1, 2\)"),
    "a number": (lambda: Schedule(5), r"sizes must be a vector, .* got shape \(\)"),
    "none": (lambda: schedules.given([]), "sizes must be .*got"),
    "zero": (lambda: schedules.given([3, 0]), "sizes must be between 1 and .*0"),
    "negative": (lambda: Schedule([3, -1]), "sizes must be between 1 and .*-1"),
    "a fraction": (lambda: schedules.given([1.5]), "sizes must be a whole number, got .*1.5"),
    "a NaN": (lambda: Schedule(np.array([np.nan])), "sizes must be a whole number, got .*nan"),
    "truths": (lambda: schedules.given([True, False]), "sizes must be a whole number, got .*True"),
    "beyond int32": (lambda: schedules.given([2**31]), "sizes must be between 1 and 2147483647, got .*2147483648"),
    "n of zero": (lambda: schedules.constant(0, 3), "n must be between 1 and .*, got 0"),
    "no generations": (lambda: schedules.constant(3, 0), "generations must be between 1 and .*, got 0"),
    "first of zero": (lambda: schedules.geometric(0, 1.5, 3), "first must be between 1 and .*, got 0"),
    "first a fraction": (lambda: schedules.geometric(1.5, 1.5, 3), "first must be a whole number, got 1.5"),
    "ratio of zero": (lambda: schedules.geometric(5, 0.0, 3), "ratio must be a number above 0 .*, got 0.0"),
    "ratio negative": (lambda: schedules.geometric(5, -1.0, 3), "ratio must be a number above 0 .*, got -1.0"),
    "ratio NaN": (lambda: schedules.geometric(5, math.nan, 3), "ratio must be a number above 0 .*, got nan"),
    "ratio infinite": (lambda: schedules.geometric(5, math.inf, 3), "ratio must be a number .*, got inf"),
    "ratio a word": (lambda: schedules.geometric(5, "2", 3), "ratio must be a number .*, got '2'"),
    "most of zero": (lambda: schedules.geometric(5, 2.0, 3, most=0), "most must be between 1 and .*, got 0"),
    "too large": (lambda: schedules.geometric(5, 2.0, 60), "ratio=2 makes n exceed 2147483647 within 60 .*give most="),
    "beyond any float": (lambda: schedules.geometric(5, 1e5, 400), "ratio=100000 makes n exceed .*; lower it"),
}


@pytest.mark.parametrize(("call", "message"), ERRORS.values(), ids=ERRORS)
def test_message(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


# The regimes. Sizes of one length and capacity, so that what differs is a leaf.

CAPACITY, GENERATIONS = 16, 5
OTHERS = {
    "partially-synthetic": [{"real": 3}],
    "most-recent": [{"window": 2}, {"window": 2, "reuse": True}],
    "randomly-sampled": [{}, {"reuse": "pool"}, {"reuse": "prefix", "generations": GENERATIONS}],
    "accumulate-subsample": [{"budget": 11}, {"budget": 11, "replacement": True}],
    "fresh-real": [{"real": 3}, {"real": 3, "weight": 1.5}],
    "mixture": [{"share": 0.25}],
}
# The first options of each regime in `make test`, the others in `make verify`.
CASES = [
    pytest.param(name, others, marks=pytest.mark.campaign if i else ())
    for name in REGIMES
    for i, others in enumerate(OTHERS.get(name, [{}]))
]
every_regime = pytest.mark.parametrize(
    ("name", "others"), CASES, ids=lambda of: of if isinstance(of, str) else "-".join(map(str, of.values()))
)


SOON = ("partially-synthetic",)
some_regimes = pytest.mark.parametrize(
    ("name", "others"),
    [
        pytest.param(*case.values, marks=case.marks if case.values[0] in SOON else pytest.mark.campaign)
        for case in CASES
    ],
    ids=lambda of: of if isinstance(of, str) else "-".join(map(str, of.values())),
)
"""Two of them in `make test`, for each compiles programs of its own; the others in `make verify`."""


def make(name, others, n):
    return REGIMES[name](n=n, capacity=CAPACITY, **others)


def total(view):
    """The tokens that a model was trained on; -1 where they are not counted."""
    return jnp.int32(-1) if view.total is None else view.total


RECORD = ("simpson", "support", total)


def run(regime):
    trace = jc.simulate(KEY, jc.recursive_training(P, regime), chains=3, generations=GENERATIONS, record=RECORD)
    return {name: np.asarray(trace[name]) for name in trace}


def trained_on(name, others, n):
    """How many tokens each generation is trained on, by the definitions (tests/blind/brief_regimes.md)."""
    sizes = [n[min(m, len(n)) - 1] for m in range(1, GENERATIONS + 1)]
    pooled = np.cumsum(sizes).tolist()
    if name == "partially-synthetic":
        return [others["real"]] + [others["real"] + size for size in sizes[1:]]
    if name == "fresh-real" and "weight" in others:
        return [-1] * GENERATIONS
    if name == "fresh-real":
        return [others["real"]] + [others["real"] + size for size in sizes[1:]]
    if name == "most-recent":
        window = others["window"]
        each = [size // window for size in sizes]
        if others.get("reuse"):
            return [sum(each[max(0, m - window) : m]) for m in range(1, GENERATIONS + 1)]
        return [min(m, window) * each[m - 1] for m in range(1, GENERATIONS + 1)]
    if name == "accumulate":
        return pooled
    if name == "accumulate-subsample":
        return [others["budget"] if others.get("replacement") else min(others["budget"], pool) for pool in pooled]
    return sizes


@some_regimes
def test_sizes_are_read_rightly_and_others_compile_nothing(name, others):
    sizes = [7, 2, 16]  # a generation less than a run, twice
    changing = run(make(name, others, schedules.given(sizes)))
    assert changing["total"].tolist() == [[-1, *trained_on(name, others, sizes)]] * 3
    with compilations() as compiled:
        constant = run(make(name, others, schedules.constant(9, 3)))
    assert compiled == []
    assert constant["total"].tolist() == [[-1, *trained_on(name, others, [9])]] * 3
    plain = run(make(name, others, 9))
    for statistic in plain:
        assert constant[statistic].tobytes() == plain[statistic].tobytes(), statistic
    assert any(changing[statistic].tobytes() != plain[statistic].tobytes() for statistic in plain)


MORE = {"real": ("fresh-real", {"real": 3}, "real"), "budget": ("accumulate-subsample", {"budget": 6}, "budget")}


@pytest.mark.parametrize(
    ("name", "others", "which"),
    [pytest.param(*of, id=key, marks=[pytest.mark.campaign] * (key == "budget")) for key, of in MORE.items()],
)
def test_other_sizes_than_n_may_be_schedules(name, others, which):
    plain = make(name, others, 9)
    constant = dataclasses.replace(plain, **{which: schedules.constant(others[which], 2)})
    expected, found = run(plain), run(constant)
    for statistic in expected:
        assert found[statistic].tobytes() == expected[statistic].tobytes(), statistic


def test_a_list_of_sizes_is_a_schedule_too():
    regimes = [jc.FullySynthetic(n=Schedule(sizes), capacity=CAPACITY) for sizes in ([4, 9], (4, 9), np.array([4, 9]))]
    totals = [run(regime)["total"].tolist() for regime in regimes]
    assert totals == [[[-1, 4, 9, 9, 9, 9]] * 3] * 3


def test_traced_sizes_may_be_given():
    @jax.jit
    def simulate(sizes):
        regime = jc.FullySynthetic(n=schedules.given(sizes), capacity=CAPACITY)
        return jc.simulate(KEY, jc.recursive_training(P, regime), chains=1, generations=3, record=total)["total"]

    assert simulate(jnp.array([4, 9])).tolist() == [[-1, 4, 9, 9]]


# Sizes that do not fit.


@every_regime
def test_a_size_above_capacity_is_refused(name, others):
    with pytest.raises(
        ValueError, match=rf"n must be between \d and {CAPACITY}, got .*17.*; raise its capacity"
    ) as caught:
        make(name, others, schedules.given([4, 17, 4]))
    assert "\n" not in str(caught.value)


def test_a_long_schedule_is_refused_in_one_short_sentence():
    growing = schedules.geometric(100, 1.05, 200)
    refused = {
        "capacity": lambda: jc.FullySynthetic(n=growing, capacity=128),
        "pool": lambda: run(jc.Accumulate(n=schedules.geometric(LARGEST // 4, 1.0, 200))),
        "window": lambda: jc.MostRecent(n=schedules.geometric(100, 0.95, 200), window=50),
    }
    for call in refused.values():
        with pytest.raises(ValueError, match=r"lower") as caught:
            call()
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400


@some_regimes
def test_a_traced_size_that_does_not_fit_is_flagged_from_its_generation_on(name, others):
    """Not before: nor do the numbers before it know of it."""

    def simulate(sizes):
        process = jc.recursive_training(P, make(name, others, Schedule(sizes)))
        state, first = jc.engine.start(KEY, process, chains=2, record=("support", "simpson"))
        _, later = jc.engine.advance(KEY, process, state, generations=GENERATIONS - 1, record=("support", "simpson"))
        values = jax.tree.map(lambda *pieces: jnp.concatenate(pieces, axis=1), first.values, later.values)
        return values, first.status, later.status

    least = others.get("window", 1)
    rows = jnp.array([[8, 6, 9], [8, 6, CAPACITY + 1], [8, 6, least - 1], [CAPACITY + 1, 6, 9], [8, -(2**31), 9]])
    values, first, later = jax.vmap(simulate)(rows)
    support, simpson = (np.asarray(values[statistic]) for statistic in ("support", "simpson"))
    assert first.tolist() == [[Status.OK] * 2] * 3 + [[Status.SIZE] * 2, [Status.OK] * 2]
    assert later.tolist() == [[Status.OK] * 2] + [[Status.SIZE] * 2] * 4
    assert (support[0] >= 1).all()
    for row, sound in ((1, 3), (2, 3), (3, 0), (4, 2)):
        assert (support[row, :, :sound] >= 1).all()
        assert (support[row, :, sound:] == -1).all()
        assert np.isnan(simpson[row, :, sound:]).all()
    for row in (1, 2):
        if others.get("reuse") != "prefix":  # whose sequences are as long as the largest size
            assert simpson[row, :, :3].tobytes() == simpson[0, :, :3].tobytes()


@pytest.mark.parametrize("sizes", [[17, 4, 4, 4], [4, 17, 4, 4], [4, 4, 4, 17]])
def test_the_status_of_a_run_tells_of_a_size_at_any_generation(sizes):
    @jax.jit
    def simulate(sizes):
        regime = jc.FullySynthetic(n=Schedule(sizes), capacity=CAPACITY)
        return jc.simulate(KEY, jc.recursive_training(P, regime), chains=2, generations=4, record="support")

    trace = simulate(jnp.array(sizes))
    assert (trace["support"][:, -1] == -1).all()
    assert (trace.status == Status.SIZE).all()
    with pytest.raises(ValueError, match="2 of 2 chains had bad inputs"):
        trace.check()


def test_a_chain_at_rest_is_not_flagged_for_how_long_others_run():
    """A chain's times depend on its own values only, whoever runs beside it."""

    @jax.jit
    def times(sizes, chains):
        process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=Schedule(sizes), capacity=CAPACITY))
        return jc.collapse_times(KEY, process, chains=chains, max_generations=200)

    sizes = jnp.array([8] * 6 + [CAPACITY + 1])
    together = times(sizes, jnp.arange(64))
    assert (together.status == Status.SIZE).any()  # some did not rest before the size that does not fit
    quick = int(np.argmin(together.time))
    assert int(together.time[quick]) <= 6
    alone = times(sizes, jnp.array([quick]))
    assert bool(alone.observed[0])
    assert bool(together.observed[quick])
    assert int(alone.time[0]) == int(together.time[quick])
