"""The mutants patch what exists: a name that has moved would leave the right program in place, and look like a miss."""

import ast
import inspect
import pathlib
import types

import mutants
import pytest
from campaign import cells

from jaxcollapse.regimes import REGIMES


def test_every_regime_has_mutants():
    assert len(mutants.MUTANTS) >= 68
    assert set(mutants.REGIME_OF.values()) - {None} == set(REGIMES)
    assert set(mutants.BETWEEN_CHAINS) <= set(mutants.MUTANTS)


def test_a_variant_of_the_campaign_shows_each_mutant():
    for sentence, word in mutants.SHOWN_BY.items():
        regime = mutants.REGIME_OF[sentence] or ""
        assert any(word in variant and variant.startswith(regime) for variant in cells.VARIANTS), sentence


def missing(source, names):
    """Attributes of modules and classes among `names` that a source reads or patches, and that do not exist."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = names.get(node.value.id)
            if isinstance(owner, (types.ModuleType, type)) and not hasattr(owner, node.attr):
                yield f"{node.value.id}.{node.attr}, line {node.lineno}"


@pytest.mark.parametrize("module", mutants.CONCERNS, ids=lambda module: module.__name__)
def test_what_is_patched_exists(module):
    assert list(missing(inspect.getsource(module), vars(module))) == []


def test_what_does_not_exist_is_found():
    assert list(missing("pathlib.Path.cwd\npathlib.gone = 1", {"pathlib": pathlib})) == ["pathlib.gone, line 2"]
