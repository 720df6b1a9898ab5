"""Which cases `make test` runs: each compiles programs of its own, and that is what tests spend their time on."""

import pytest


def some(cases, soon):
    """All cases, those not among `soon` for `make verify` only."""
    return [pytest.param(case, marks=() if case in soon else pytest.mark.campaign, id=str(case)) for case in cases]
