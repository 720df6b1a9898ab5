"""The tests of the structure, tested: each finds what is wrong in a package of a few lines."""

import abc
import enum
import types
from typing import NamedTuple, Protocol

import live_package
import pytest
import source_tree

LOW = {"__init__": "", "low/__init__": "", "low/deep": "", "high/__init__": "", "high/top": ""}


def judged(**sources):
    modules = source_tree.given(LOW | {name.replace("__", "/", 1): text for name, text in sources.items()})
    return modules, source_tree.arrows(modules)


@pytest.mark.parametrize(
    "text",
    [
        "import jaxcollapse.high.top",
        "import jaxcollapse.high.top as t",
        "from jaxcollapse.high import top",
        "from jaxcollapse.high.top import x",
        "from jaxcollapse import high",
        "from ..high import top",
        "from ..high.top import x",
        "from .. import high",
        "def f():\n    from jaxcollapse.high.top import x",
        "class C:\n    def f(self):\n        import jaxcollapse.high.top",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from jaxcollapse.high import top",
        "try:\n    from jaxcollapse.high import top\nexcept ImportError:\n    pass",
    ],
)
def test_every_form_of_an_import_is_seen(text):
    modules, found = judged(low__deep=text)
    assert {modules[target].folder for _, target, _ in found} == {"high"}
    assert source_tree.forbidden(found, {"low": set(), "high": {"low"}})
    assert not source_tree.forbidden(found, {"low": {"high"}})


def test_other_packages_are_no_imports():
    assert (
        judged(low__deep="import jax, jaxcollapses\nfrom jax import numpy\nfrom jaxcollapses.high import top")[1] == []
    )


def test_the_package_itself_is_a_target():
    _, found = judged(low__deep="from jaxcollapse import simulate")
    assert source_tree.forbidden(found, {"low": {"high"}}) == ["low.deep, line 1, imports the package itself"]


def test_the_row_of_a_module_comes_before_that_of_its_folder():
    _, found = judged(high__top="from jaxcollapse.low import deep")
    assert not source_tree.forbidden(found, {"high": {"low"}})
    assert source_tree.forbidden(found, {"high": {"low"}, "high.top": set()})


def test_circles_are_found():
    assert not source_tree.circle(*judged(high__top="from jaxcollapse.low import deep"))
    both = judged(high__top="import jaxcollapse.low.deep", low__deep="def f():\n    from jaxcollapse.high import top")
    assert set(source_tree.circle(*both)) >= {"high.top", "low.deep"}
    # low.deep needs high.top alone, but Python runs high/__init__ first, which needs low.deep.
    through = judged(high____init__="from jaxcollapse.low import deep", low__deep="from jaxcollapse.high import top")
    assert {"high", "low.deep"} <= set(source_tree.circle(*through))
    down = judged(high____init__="from .top import x", high__top="from .other import y", high__other="")
    assert not source_tree.circle(*down)
    itself = source_tree.given(
        {"__init__": "from .low import deep", "low/__init__": "", "low/deep": "import jaxcollapse"}
    )
    assert source_tree.circle(itself, source_tree.arrows(itself))


def test_what_is_reached_through_others_is_found():
    _, found = judged(high__top="import jaxcollapse.low", low__deep="import jaxcollapse.bottom", bottom="")
    assert source_tree.reached("high", found) == {"low", "bottom"}


def test_two_modules_of_one_name_are_found():
    modules, _ = judged(high__deep="", high____main__="", low____main__="")
    assert source_tree.of_one_name(modules) == {"deep": ["low.deep", "high.deep"]}


@pytest.mark.parametrize(
    ("text", "on_contract"),
    [
        ("hasattr(learner, 'refuse')", True),
        ("getattr(self.regime, 'least', {})", True),
        ("getattr(type(process.learner), 'spreads', False)", True),
        ("hasattr(estimator, name)", True),
        ("getattr(of.decoding, 'x', None)", True),
        ("hasattr(scheme, 'x')", True),
        ("getattr(trace, 'every', 1)", False),
    ],
)
def test_guesses_are_found(text, on_contract):
    modules, _ = judged(low__deep=f"def f():\n    return [{text}]")
    assert source_tree.guesses(modules) == [source_tree.Guess("low.deep", 2, text, on_contract)]


def test_a_getattr_without_a_default_is_no_guess():
    assert not source_tree.guesses(judged(low__deep="getattr(learner, name), learner.hasattr(1, 2)")[0])


def package(**members):
    """A module as if the members had been defined in it."""
    module = types.ModuleType("made", "A module.")
    for name, member in members.items():
        member.__module__ = "made"
        setattr(module, name, member)
    return module


def test_hidden_modules_are_found():
    outer, inner = types.ModuleType("made"), types.ModuleType("made.law")
    outer.law = inner
    assert live_package.hidden_modules([outer, inner]) == []
    outer.law = lambda: None
    assert live_package.hidden_modules([outer, inner]) == ["made.law"]


def test_concrete_bases_are_found():
    class Marked(abc.ABC):  # noqa: B024 (abstract because it says so)
        pass

    class Declares(abc.ABC):
        @abc.abstractmethod
        def write(self): ...

    class StillAbstract(Declares):
        pass

    class Protocolled(Protocol):
        pass

    class Pair(NamedTuple):
        a: int

    class Kind(enum.Enum):
        pass

    class Wrong(ValueError):
        pass

    class Concrete(StillAbstract, Marked, Protocolled):
        def write(self): ...

    right = [Marked, Declares, StillAbstract, Protocolled, Pair, Kind, Wrong, Concrete]
    right += [type("One", (Kind,), enum.EnumType.__prepare__("One", (Kind,))), type("Worse", (Wrong,), {})]
    right.append(type("Longer", (Pair,), {}))
    assert live_package.concrete_bases(right) == []
    wrong = live_package.concrete_bases([*right, type("Child", (Concrete,), {})])
    assert [sentence.rpartition(".")[2] for sentence in wrong] == ["Concrete"]


def test_missing_docstrings_are_found():
    class Base(abc.ABC):
        """A base."""

        @abc.abstractmethod
        def write(self):
            """Write."""

    class Child(Base):
        """A child, which writes as the base says, and reads."""

        def write(self):
            pass

        def read(self):
            pass

        def _own(self):
            pass

    class Pair(NamedTuple):
        a: int

    def told():
        """Say something."""

    def silent():
        pass

    made = package(Base=Base, Child=Child, Pair=Pair, told=told, silent=silent, _private=lambda: None)
    assert list(live_package.undocumented([made])) == ["made.Child.read", "made.Pair", "made.silent"]
    assert list(live_package.undocumented([types.ModuleType("bare", ".")])) == ["bare"]
