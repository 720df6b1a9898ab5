"""Tests run against the installed package when `make test` asks for it."""

import os
import pathlib

import jaxcollapse


def pytest_report_header():
    return f"jaxcollapse from {pathlib.Path(jaxcollapse.__file__).parent}"


def pytest_sessionstart():
    if os.environ.get("JAXCOLLAPSE_INSTALLED"):
        assert "site-packages" in jaxcollapse.__file__, (
            f"the source tree hides the installed package: {jaxcollapse.__file__}"
        )
