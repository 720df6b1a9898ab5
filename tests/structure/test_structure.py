"""Imports point one way: language -> regime -> learner -> process -> engine -> statistics -> analysis -> figures."""

import ast
import pathlib

import pytest

import jaxcollapse

PACKAGE = pathlib.Path(jaxcollapse.__file__).parent
ENGINE = ("engine", "collapse", "stepping", "layout")
FORBIDDEN = {
    "theory": {"engine", "sampling", "statistics", "runs", "fixed", "analysis", "reporting", "plotting", "cli"},
    "analysis": {"engine", "sampling", "learners", "process", "runs", "theory", "reporting", "plotting", "cli"},
    "sampling": {"engine", "process", "regimes", "learners", "statistics", "theory", "analysis", "runs", "reporting"},
    "fixed": {"engine", "process", "regimes", "learners", "statistics", "sampling", "theory", "analysis", "reporting"},
    "regimes": {"engine", "learners", "statistics", "theory", "analysis", "runs", "reporting"},
    "process": {"engine", "sampling", "regimes", "statistics", "theory", "analysis", "runs", "reporting"},
    **{
        key: {"sampling", "learners", "theory", "analysis", "runs", "reporting", "plotting", "cli", "languages"}
        for key in ENGINE
    },
    "statistics": {"engine", "sampling", "learners", "theory", "analysis", "runs", "reporting"},
    "languages": {
        "engine",
        "sampling",
        "process",
        "regimes",
        "learners",
        "statistics",
        "theory",
        "analysis",
        "reporting",
    },
    "plotting": {"engine", "sampling", "theory", "runs", "learners"},
}
"""What a module may not reach for at import time, by its name in the package; "engine" is all of ENGINE."""


def imported(path):
    """The modules of this package that a file imports at its top level, type-checking blocks apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("jaxcollapse"):
            inside = node.module.split(".")[1:]
            yield from inside[:1] or [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("jaxcollapse."):
                    yield alias.name.split(".")[1]


@pytest.mark.parametrize("module", FORBIDDEN)
def test_imports_point_one_way(module):
    folder = PACKAGE / module
    files = sorted(folder.glob("*.py")) if folder.is_dir() else [PACKAGE / f"{module}.py"]
    assert files
    for file in files:
        forbidden = FORBIDDEN[module] | (set(ENGINE) if "engine" in FORBIDDEN[module] else set())
        wrong = set(imported(file)) & forbidden
        assert not wrong, f"{file.name} imports {sorted(wrong)}"


def test_the_reader_of_imports_sees_them():
    assert {"check", "statistics", "process"} <= set(imported(PACKAGE / "engine.py"))


def test_every_public_name_exists_and_is_documented():
    for name in jaxcollapse.__all__:
        assert getattr(jaxcollapse, name).__doc__, name
