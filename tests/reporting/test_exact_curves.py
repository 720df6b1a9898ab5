"""Exact curves beside a simulation are those that cost seconds."""

import time

import jaxcollapse as jc
from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting import exact_curves, settings


def test_theory_that_would_take_hours_refuses_at_once():
    """Each of these would take hours, or more memory than there is (a pool never loses a token: that is quick)."""
    language = jc.languages.zipf(1000)
    for name in set(REGIMES) - {"fully-synthetic", "partially-synthetic", "accumulate"}:
        for given in ({}, {"reuse": "prefix"} if name == "randomly-sampled" else {}):
            regime = settings.regimes_of([name], n=2000, generations=40, given=given)[name]
            process = jc.recursive_training(language, regime)
            began = time.perf_counter()
            unknown = (None, "")
            assert exact_curves.curve(process, "support", 40) == unknown
            assert exact_curves.survival(process, 40, language.p) == unknown
            assert time.perf_counter() - began < 30
