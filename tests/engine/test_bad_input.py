"""Bad input fails in Python, before tracing: one sentence with the argument, its value and the remedy."""

import re

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.engine import simulation

KEY = jax.random.key(0)
P = [0.5, 0.3, 0.2]
PROCESS = jc.recursive_training(P, jc.FullySynthetic(n=10))


def simulate(**changes):
    arguments = {"chains": 2, "generations": 3, "record": "support"} | changes
    key, process = arguments.pop("key", KEY), arguments.pop("process", PROCESS)
    return jc.simulate(key, process, **arguments)


def training(p=P, regime=None):
    return jc.recursive_training(p, jc.FullySynthetic(n=10) if regime is None else regime)


def advance_with_more():
    state, _ = jc.engine.start(KEY, PROCESS, chains=2, record="support")
    jc.engine.advance(KEY, PROCESS, state, generations=1, record="l1_first")


def sweep(*sizes):
    def run(n):
        process = jc.recursive_training(P, jc.FullySynthetic(n=n, capacity=8))
        return jc.simulate(KEY, process, chains=2, generations=2, record="support")

    return jax.vmap(run)(jax.numpy.array(sizes))


def ensemble_of_a_sweep():
    jc.analysis.ensemble(sweep(2, 3), "support")


def ensemble_of_bad_chains():
    jc.analysis.ensemble(jax.tree.map(lambda leaf: leaf[0], sweep(9)), "support")


CASES = [
    # sizes
    ("n zero", lambda: jc.FullySynthetic(n=0), ValueError, "n must be between 1 and 2147483647, got 0"),
    ("n negative", lambda: jc.FullySynthetic(n=-1), ValueError, "n must be between 1 and .*, got -1"),
    ("n fractional", lambda: jc.FullySynthetic(n=2.5), ValueError, "n must be a whole number, got 2.5"),
    ("n NaN", lambda: jc.FullySynthetic(n=float("nan")), ValueError, "n must be a whole number, got nan"),
    ("n a float array", lambda: jc.FullySynthetic(n=np.array([1.0])), ValueError, "n must be a whole number"),
    ("n empty", lambda: jc.FullySynthetic(n=np.array([], int)), ValueError, "n must .*got \\[\\]"),
    ("n a bool", lambda: jc.FullySynthetic(n=True), ValueError, "n must be a whole number, got True"),
    ("n a word", lambda: jc.FullySynthetic(n="ten"), ValueError, "n must be a whole number, got 'ten'"),
    ("n None", lambda: jc.FullySynthetic(n=None), ValueError, "n must be a whole number, got None"),
    (
        "n beyond int32",
        lambda: jc.FullySynthetic(n=2**31),
        ValueError,
        "n must be between 1 and 2147483647, got 2147483648",
    ),
    ("n huge", lambda: jc.FullySynthetic(n=10**30), ValueError, "n must be between 1 and 2147483647"),
    (
        "n over capacity",
        lambda: jc.FullySynthetic(n=100, capacity=64),
        ValueError,
        "n must be between 1 and 64, got 100; raise",
    ),
    ("capacity zero", lambda: jc.FullySynthetic(n=1, capacity=0), ValueError, "capacity must be between 1"),
    ("real zero", lambda: jc.PartiallySynthetic(n=5, real=0), ValueError, "real must be between 1 and .*, got 0"),
    (
        "real fractional",
        lambda: jc.PartiallySynthetic(n=5, real=0.5),
        ValueError,
        "real must be a whole number, got 0.5",
    ),
    ("both too large", lambda: jc.PartiallySynthetic(n=2**30, real=2**30 + 5), ValueError, "n and real .* lower n"),
    # the truth
    ("p negative", lambda: training([0.5, -0.1, 0.6]), ValueError, r"p must not be negative, but p\[1\] is -0.1"),
    ("p NaN", lambda: training([0.5, float("nan")]), ValueError, r"p must be finite, but p\[1\] is nan"),
    ("p infinite", lambda: training([0.5, float("inf")]), ValueError, r"p must be finite, but p\[1\] is inf"),
    ("p not normalised", lambda: training([0.5, 0.6]), ValueError, "p must sum to one, got 1.1; divide"),
    ("p empty", lambda: training([]), ValueError, "p must be a non-empty vector"),
    ("p of three axes", lambda: training(np.ones((1, 2, 2))), ValueError, r"p must be a non-empty vector.*\(1, 2, 2\)"),
    ("p a matrix", lambda: training(np.full((2, 2), 0.25)), ValueError, r"p\[0\] must sum to one, got 0.5"),
    ("p a word", lambda: training("english"), ValueError, "p must be an array of probabilities, got str"),
    ("p complex", lambda: training(np.array([0.5, 0.5j])), ValueError, "p must be an array of probabilities"),
    (
        "a regime's class",
        lambda: jc.recursive_training(P, jc.FullySynthetic),
        TypeError,
        "regime must be a regime such as",
    ),
    (
        "a learner's name",
        lambda: jc.recursive_training(P, jc.FullySynthetic(n=2), "text"),
        TypeError,
        "learner must be a learner",
    ),
    ("hill near 1", lambda: jc.statistics.hill(1.0000001), ValueError, "order must be 1 or differ"),
    ("a forgotten call", lambda: simulate(record=jc.statistics.hill), ValueError, "statistic 'hill'"),
    ("a statistic that returns text", lambda: simulate(record=lambda view: "x"), ValueError, "statistic '<lambda>'"),
    (
        "a statistic of two shapes",
        lambda: simulate(record=lambda view: view.p if view.counts is None else view.p[:1]),
        ValueError,
        "must have one shape and type",
    ),
    (
        "a statistic that needs counts",
        lambda: simulate(record=lambda view: view.counts.sum()),
        ValueError,
        "None for the truth",
    ),
    ("chains a matrix", lambda: simulate(chains=np.zeros((2, 2), int)), ValueError, r"chains must be .*\(2, 2\)"),
    ("a state without p^(1)", advance_with_more, ValueError, "record asks for p.*start with the same record"),
    ("a sweep for an ensemble", ensemble_of_a_sweep, ValueError, "trace holds a sweep"),
    ("an ensemble of bad chains", ensemble_of_bad_chains, ValueError, "chains had bad inputs"),
    ("no name", lambda: jc.analysis.ensemble(simulate()), ValueError, "name must be one of those recorded: support"),
    ("regime a number", lambda: jc.recursive_training(P, 500), TypeError, "regime must be a regime such as .* got 500"),
    # the run
    ("chains zero", lambda: simulate(chains=0), ValueError, "chains must be between 1 and .*, got 0"),
    ("chains fractional", lambda: simulate(chains=1.5), ValueError, "chains must be a whole number, got 1.5"),
    ("chains empty", lambda: simulate(chains=np.array([], int)), ValueError, "chains must .*hold at least one"),
    ("generations zero", lambda: simulate(generations=0), ValueError, "generations must be between 1 and .*, got 0"),
    ("generations negative", lambda: simulate(generations=-3), ValueError, "generations must be .*, got -3"),
    (
        "unknown statistic",
        lambda: simulate(record="suport"),
        ValueError,
        "unknown statistic 'suport'; did you mean 'support'",
    ),
    ("no statistic", lambda: simulate(record=()), ValueError, "record must name at least one statistic"),
    ("one name twice", lambda: simulate(record=("support", "support")), ValueError, "record names 'support' twice"),
    ("a number recorded", lambda: simulate(record=(3,)), TypeError, "record must hold names or functions .* got 3"),
    ("a process that is none", lambda: simulate(process=P), TypeError, "process must come from jc.recursive_training"),
    (
        "an rbg key",
        lambda: simulate(key=jax.random.key(0, impl="rbg")),
        ValueError,
        "key must be a threefry key, got .*rbg",
    ),
    ("an old key", lambda: simulate(key=jax.random.PRNGKey(0)), TypeError, "key must be a typed key.*jax.random.key"),
    ("a seed for a key", lambda: simulate(key=0), TypeError, "key must be a typed key, got int"),
    ("many keys", lambda: simulate(key=jax.random.split(KEY, 3)), ValueError, r"key must be one key.*\(3,\)"),
    (
        "too much memory",
        lambda: simulate(chains=10**9, generations=1000),
        MemoryError,
        "chains=1000000000 .* GiB.*lower chains",
    ),
    (
        "too many labels",
        lambda: simulate(process=training(regime=jc.MostRecent(n=2**30, window=2)), chains=10**4),
        MemoryError,
        "n=1073741824.*would need about .* GiB",
    ),
    (
        "max_generations zero",
        lambda: jc.collapse_times(KEY, PROCESS, chains=2, max_generations=0),
        ValueError,
        "max_generations",
    ),
    (
        "a name not recorded",
        lambda: simulate()["entropy"],
        ValueError,
        "unknown recorded statistic 'entropy'; known: support",
    ),
    # languages
    ("one token", lambda: jc.languages.uniform(1), ValueError, "vocab must be between 2 .*got 1; one token alone"),
    (
        "zipf exponent NaN",
        lambda: jc.languages.zipf(5, float("nan")),
        ValueError,
        "exponent must be a number .*got nan",
    ),
    ("zipf too steep", lambda: jc.languages.zipf(10**5, -99), ValueError, "exponent -99.0 is too steep"),
    (
        "concentration zero",
        lambda: jc.languages.dirichlet(5, 0),
        ValueError,
        "concentration must be a number above 0.*got 0",
    ),
    ("seed negative", lambda: jc.languages.dirichlet(5, seed=-1), ValueError, "seed must be between 0 .*got -1"),
    ("seddik support", lambda: jc.languages.seddik(10, 20), ValueError, "support must be between 2 and 10, got 20"),
    ("seddik simpson", lambda: jc.languages.seddik(simpson=0.001), ValueError, "simpson must be at least 1/support"),
    (
        "counts negative",
        lambda: jc.languages.from_counts({"a": 2, "b": -1}),
        ValueError,
        "counts must not be negative.*'b' is -1",
    ),
    ("counts fractional", lambda: jc.languages.from_counts([0.5, 0.5]), ValueError, "counts must be whole numbers"),
    ("counts all zero", lambda: jc.languages.from_counts([0, 0]), ValueError, "counts must not all be 0"),
    ("counts empty", lambda: jc.languages.from_counts({}), ValueError, "counts must hold at least one token"),
    (
        "tokens and p differ",
        lambda: jc.languages.Language(np.array(P), ["a"], "x", {}),
        ValueError,
        "tokens must name each of the 3",
    ),
    (
        "unknown human language",
        lambda: jc.languages.from_wordfreq("klingon"),
        ValueError,
        "unknown language code 'klingon'",
    ),
    # statistics
    ("hill order", lambda: jc.statistics.hill(-1.0), ValueError, "order must be a number above .*got -1"),
    ("trajectory of nothing", lambda: jc.statistics.trajectory(), ValueError, "tokens must name at least one"),
    ("band edges", lambda: jc.statistics.band_support(0.1, 0.1), ValueError, "edges must increase"),
    ("spectrum of nothing", lambda: jc.statistics.spectrum(0), ValueError, "largest must be between 1"),
    (
        "tail of nothing",
        lambda: jc.statistics.tail_mass(-1.0),
        ValueError,
        "below must be a number above 0 .*got -1",
    ),
    # theory
    (
        "theory out of range",
        lambda: jc.theory.support(training(regime=jc.FullySynthetic(n=10**6)), 3),
        ValueError,
        "support_branching",
    ),
    (
        "theory of many n",
        lambda: jc.theory.simpson(training(regime=jc.FullySynthetic(n=np.array([1, 2]))), 3),
        TypeError,
        "one process",
    ),
    ("theory generations", lambda: jc.theory.simpson(PROCESS, 0), ValueError, "generations must be between 1"),
    # analysis
    ("no chains", lambda: jc.analysis.ensemble(np.zeros((0, 3))), ValueError, r"values must be \[chains"),
    ("NaN values", lambda: jc.analysis.ensemble([[1.0, float("nan")]]), ValueError, "holds NaN"),
    (
        "a level of 2",
        lambda: jc.analysis.ensemble([[1.0, 2.0]], levels=(2,)),
        ValueError,
        "levels must be numbers between 0 and 1",
    ),
    (
        "a window backwards",
        lambda: jc.analysis.fit_exponential(np.ones((20, 9)), window=(5, 2)),
        ValueError,
        "window must hold",
    ),
    (
        "a fit level",
        lambda: jc.analysis.fit_exponential(np.ones((20, 9)), level=95),
        ValueError,
        "level must be between 0 and 1",
    ),
    (
        "a window that is a word",
        lambda: jc.analysis.fit_exponential(np.ones((20, 9)), window="tale"),
        ValueError,
        r'window must be \(first, last\) or "tail", got \'tale\'',
    ),
    (
        "a size twice",
        lambda: jc.analysis.fit_power_law([5, 5, 7], np.ones((3, 20))),
        ValueError,
        r"sizes must be distinct numbers above 0, got \[5, 5, 7\]",
    ),
    (
        "too few sizes",
        lambda: jc.analysis.fit_power_law([5, 7], np.ones((2, 20))),
        ValueError,
        "a power law needs 3 sizes or more, got 2",
    ),
    (
        "rows and sizes",
        lambda: jc.analysis.fit_power_law([5, 7, 9], np.ones((20, 3))),
        ValueError,
        "values must have one row a size, got 20 rows for 3 sizes",
    ),
    (
        "a degree of 6",
        lambda: jc.analysis.fit_polynomial([5, 7, 9], np.ones((3, 20)), degree=6),
        ValueError,
        "degree must be between 1 and 5, got 6",
    ),
    ("one fit", lambda: jc.analysis.compare(1), ValueError, "compare needs two fits or more, got 1"),
    ("no times", lambda: jc.analysis.survival(np.zeros(0, int)), ValueError, r"times must be \[chains\]"),
    (
        "times that are no numbers of generations",
        lambda: jc.analysis.survival([1.5, 2.0]),
        ValueError,
        r"times must be whole numbers of generations, got \[1.5, 2.0\]",
    ),
    (
        "the mean of a censored time",
        lambda: jc.analysis.survival(jc.collapse_times(KEY, PROCESS, chains=20, max_generations=2)).mean(),
        ValueError,
        "had not collapsed by generation 2, so the mean of T is not known; give up_to=",
    ),
    (
        "a share of collapsed chains above 1",
        lambda: jc.analysis.survival([1, 2]).quantile(1.5),
        ValueError,
        "share must be a number above 0 and below 1, got 1.5",
    ),
]


@pytest.mark.parametrize(("case", "call", "kind", "message"), CASES, ids=[case[0] for case in CASES])
def test_message(case, call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    said = str(caught.value)
    assert re.search(message, said), said
    assert "\n" not in said
    assert len(said) < 400


def test_nothing_is_traced_for_bad_input(monkeypatch):
    def traced(*_, **__):
        raise AssertionError("traced")

    monkeypatch.setattr(simulation, "_simulate", traced)
    for changes in ({"chains": 0}, {"generations": 2.5}, {"record": "nothing"}, {"chains": 10**10}):
        with pytest.raises((ValueError, MemoryError)):
            simulate(**changes)
