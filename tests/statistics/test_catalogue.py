"""Every statistic says what its values are: a long name, and units where they have one."""

import pytest

import jaxcollapse as jc
from jaxcollapse.statistics import described, each, named


def test_every_statistic_has_a_long_name():
    assert {name for name, long_name, _ in described(tuple(named().values())) if long_name == name} == set()


def entropy_2(view):
    return view.p[0]


@pytest.mark.parametrize(
    ("statistic", "long_name", "units"),
    [
        (jc.statistics.hill(0.5), "Hill number of order 0.5", ""),
        (jc.statistics.hill(float("inf")), "Hill number of order inf", ""),
        (jc.statistics.spectrum(20), "tokens counted once, twice, ... 20 times", "counts"),
        (jc.statistics.tail_mass(1e-7), "probability of tokens whose true probability is below 1e-07", ""),
        (jc.statistics.trajectory(3, 4), "probability of token 3, 4", ""),
        (jc.statistics.band_support(0, 1e-5, 1), "tokens alive, by true probability between 0, 1e-05, 1", ""),
        (jc.statistics.cross_entropy([0, 1], order=1), "cross-entropy of a held-out text", "nats a token"),
        (entropy_2, "entropy_2", ""),
        (jc.statistics.Statistic("of_mine", entropy_2), "of_mine", ""),
        (each("entropy"), "Shannon entropy, of each context", "nats"),
        (each(jc.statistics.hill(1.5)), "Hill number of order 1.5, of each context", ""),
        (each(entropy_2), "entropy_2, of each context", ""),
    ],
)
def test_statistics_made_to_measure_are_described(statistic, long_name, units):
    ((_, *found),) = described(statistic)
    assert found == [long_name, units]
