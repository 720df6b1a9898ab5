"""Tests run against the installed package when `make test` asks for it, and strictly unless JAXCOLLAPSE_STRICT is 0.

Strictly: JAX raises where arrays of different ranks or types meet, instead of promoting one of them.
"""

import gc
import os
import pathlib

import jax
import pytest

import jaxcollapse

STRICT = os.environ.get("JAXCOLLAPSE_STRICT") != "0"


def pytest_configure():
    if STRICT:
        jax.config.update("jax_numpy_rank_promotion", "raise")
        jax.config.update("jax_numpy_dtype_promotion", "strict")


def pytest_report_header():
    return f"jaxcollapse from {pathlib.Path(jaxcollapse.__file__).parent}{', strictly' * STRICT}"


def pytest_sessionstart():
    if os.environ.get("JAXCOLLAPSE_INSTALLED"):
        assert "site-packages" in jaxcollapse.__file__, (
            f"the source tree hides the installed package: {jaxcollapse.__file__}"
        )


@pytest.fixture(autouse=True, scope="module")
def _forget_programs():
    """Compiled programs of one file are no use to the next, and grow to gigabytes."""
    yield
    jax.clear_caches()
    gc.collect()
