"""The structure of the package: imports point down, in no circle; names are clear; files are short; nobody guesses."""

import pathlib

import floors
import live_package
import pytest
import source_tree

import jaxcollapse

PACKAGE = pathlib.Path(jaxcollapse.__file__).parent
MODULES = source_tree.read(PACKAGE)
ARROWS = source_tree.arrows(MODULES)
FILES = sorted(path for kind in ("*.py", "*.cc", "*.inc") for path in PACKAGE.rglob(kind))


@pytest.fixture(scope="module")
def imported():
    return live_package.imported(jaxcollapse)


def test_the_table_itself_points_down():
    rows = list(floors.ALLOWED)
    for number, row in enumerate(rows):
        above = floors.ALLOWED[row] - set(rows[:number])
        assert not above, f"{row} may import from {sorted(above)}, which are not below it"


def test_every_folder_has_a_row():
    assert {module.folder for module in MODULES.values()} <= set(floors.ALLOWED)


@pytest.mark.parametrize("folder", sorted({module.folder for module in MODULES.values()}))
def test_imports_point_down(folder):
    mine = [arrow for arrow in ARROWS if MODULES[arrow.source].folder == folder]
    assert source_tree.forbidden(mine, floors.ALLOWED) == []


@pytest.mark.parametrize("folder", sorted(floors.NEVER_REACHED))
def test_nothing_is_reached_through_others(folder):
    assert source_tree.reached(folder, ARROWS) & floors.NEVER_REACHED[folder] == set()


def test_no_circle_of_imports():
    assert source_tree.circle(MODULES, ARROWS) == []


def test_no_two_modules_of_one_name():
    assert source_tree.of_one_name(MODULES) == {}


def test_no_module_is_hidden(imported):
    assert live_package.hidden_modules(imported) == []


def test_no_file_is_long():
    lengths = {str(path.relative_to(PACKAGE)): source_tree.lines(path) for path in FILES}
    assert {name: count for name, count in lengths.items() if count > floors.FILE} == {}


def test_the_contract_is_short():
    assert source_tree.lines(PACKAGE / "contract.py") <= floors.CONTRACT


def test_a_newcomer_reads_little():
    assert sum(source_tree.lines(PACKAGE / name) for name in floors.NEWCOMER) <= floors.NEWCOMER_LINES


def test_nobody_asks_what_an_object_of_the_contract_has():
    asked = [guess for guess in source_tree.guesses(MODULES) if guess.on_contract]
    assert [f"{guess.module}, line {guess.line}: {guess.text}" for guess in asked] == []


def test_other_guesses_have_a_reason():
    asked = {(guess.module, guess.text) for guess in source_tree.guesses(MODULES) if not guess.on_contract}
    assert asked - set(floors.GUESSES) == set(), "without a reason"
    assert set(floors.GUESSES) - asked == set(), "a reason for what is not there"


def test_every_class_is_abstract_or_final(imported):
    assert live_package.concrete_bases(live_package.classes(imported)) == []


def test_public_things_have_docstrings(imported):
    assert list(live_package.undocumented(imported)) == []


def test_every_public_name_exists_and_is_documented():
    for name in jaxcollapse.__all__:
        assert getattr(jaxcollapse, name).__doc__, name
