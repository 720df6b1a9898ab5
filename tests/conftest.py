"""Tests run against the installed package when `make test` asks for it."""

import gc
import os
import pathlib

import jax
import pytest

import jaxcollapse


def pytest_report_header():
    return f"jaxcollapse from {pathlib.Path(jaxcollapse.__file__).parent}"


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
