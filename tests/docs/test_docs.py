"""Every example in a docstring, in README.md, in CONTRIBUTING.md and in docs/ is run."""

import doctest
import importlib
import pathlib
import pkgutil
import re

import every_other
import floors
import pytest

import jaxcollapse

ROOT = pathlib.Path(__file__).parents[2]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(jaxcollapse.__path__, "jaxcollapse.")
    if "__main__" not in module.name and not module.name.endswith("._counts")  # the kernel is no module of Python
]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [ROOT / "README.md", CONTRIBUTING, *sorted((ROOT / "docs").glob("*.md"))]
READING = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "figures" / "README.md", ROOT / "benchmarks" / "README.md"]
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


@pytest.mark.parametrize("page", [ROOT / "docs" / "regimes.md", CONTRIBUTING], ids=lambda page: page.name)
def test_the_worked_regime_is_the_one_that_is_tested(page):
    code = pathlib.Path(every_other.__file__).read_text(encoding="utf-8")
    example = code[code.index("from typing import Any") :]
    assert example in page.read_text(encoding="utf-8")


def test_worked_examples_are_short():
    """Each is a page that a newcomer reads at a glance: fewer than 40 lines of code."""
    blocks = re.findall(r"```python\n(.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert {len([line for line in block.splitlines() if line.strip()]) < 40 for block in blocks} == {True}


def test_the_map_has_every_folder_and_module_once():
    """In the order of the table of imports: from a row of the map, arrows point to later rows only."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[a-z_]+(?:/|\.py)`(?:, )?)+) \|", text, flags=re.MULTILINE)
    order = [re.findall(r"`([a-z_]+)(?:/|\.py)`", row) for row in rows]
    listed = [name for row in order for name in row]
    package = pathlib.Path(jaxcollapse.__file__).parent
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert folders | {path.stem for path in package.glob("*.py")} <= set(listed) <= set(floors.ALLOWED)
    assert len(listed) == len(set(listed))
    place = {name: number for number, row in enumerate(order) for name in row}
    arrows = [(name, other) for name, below in floors.ALLOWED.items() for other in below if {name, other} <= set(place)]
    assert [arrow for arrow in arrows if place[arrow[0]] > place[arrow[1]] and arrow[1] != "__init__"] == []


@pytest.mark.parametrize("page", READING, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Links to files of the project, and to the headings of its pages, as GitHub names them."""
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, heading = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in anchors, link
