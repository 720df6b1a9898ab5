"""Which cases `make test` runs: each compiles programs of its own, and that is what tests spend their time on."""

import pytest


def some(cases, soon):
    """All cases, those not among `soon` for `make verify` only; a tuple is several arguments."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=() if case in soon else pytest.mark.campaign,
            id="-".join(map(str, case)) if isinstance(case, tuple) else str(case),
        )
        for case in cases
    ]
