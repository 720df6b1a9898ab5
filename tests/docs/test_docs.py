"""Every example in a docstring, in the README and in the docs is run."""

import doctest
import importlib
import pathlib
import pkgutil
import re

import every_other
import pytest

import jaxcollapse

ROOT = pathlib.Path(__file__).parents[2]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(jaxcollapse.__path__, "jaxcollapse.")
    if "__main__" not in module.name and not module.name.endswith("._counts")  # the kernel is no module of Python
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert failed == 0


WITHOUT_EXAMPLE = {
    "": {"CollapseTimes", "Process", "Report", "Summary", "TextReport", "Trace"},  # made by functions that show them
    "analysis": {"Ensemble", "Estimate", "Fit", "Hazard", "Survival", "tail_share"},
    "engine": {"Trace", "prepare", "start"},
    "languages": {"from_king_james", "from_wordfreq"},  # their texts are optional
    "learners": {"Categorical"},
    "regimes": {"Base"},
    "theory": {
        *("Budget", "OutOfRange", "entropy", "expected_collapse_time_diffusion", "heterozygosity_variance", "kl_truth"),
        *("l1_first", "l1_truth", "l2_first", "l2_truth", "spectrum", "stationary", "support_variance", "survival"),
        *("survival_branching", "tail_mass", "winner_probability"),
    },
    "decoding": set(),
    "estimators": set(),
    "runs": set(),
    "saving": set(),
    "schedules": set(),
}
"""Public functions and classes that show no example, by module; "" is the package. Shorten it, never extend it."""


@pytest.mark.parametrize("module", WITHOUT_EXAMPLE)
def test_public_functions_have_examples(module):
    """Every other public function or class shows an example of its own, or one of its methods does."""
    of = getattr(jaxcollapse, module) if module else jaxcollapse
    public = {name: getattr(of, name) for name in getattr(of, "__all__", [])}
    lacking = {
        name
        for name, value in public.items()
        if callable(value) and not any(test.examples for test in doctest.DocTestFinder().find(value, name, globs={}))
    }
    assert lacking <= WITHOUT_EXAMPLE[module]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages(page, tmp_path, monkeypatch):
    """The Python blocks of a page, run in order in one namespace."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    namespace: dict = {}
    for block in blocks:
        exec(compile(block, page.name, "exec"), namespace)
    if page.name == "README.md":
        assert len(blocks) >= 3


def test_the_worked_example_is_the_one_that_is_tested():
    code = pathlib.Path(every_other.__file__).read_text(encoding="utf-8")
    example = code[code.index("from typing import Any") :]
    assert example in (ROOT / "docs" / "regimes.md").read_text(encoding="utf-8")
    assert len(example[example.index("@regime") :].strip().splitlines()) < 40
