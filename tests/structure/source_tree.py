"""Read a package from its files: modules, all their imports, and what else a structure is judged by.

Everything works on a dictionary from module names to :class:`Module`, so that a test can judge a package of a few
strings as well as the real one.
"""

from __future__ import annotations

import ast
import graphlib
import pathlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Module(NamedTuple):
    """A module of a package.

    Attributes:
      name: dotted, below the package: ``"exact.fixed"``; of a package's ``__init__`` the name of the package, and of
        the outermost ``__init__`` the empty string.
      is_package: whether it is an ``__init__``.
      source: the text of its file.
    """

    name: str
    is_package: bool
    source: str

    @property
    def folder(self) -> str:
        """The outermost folder or file that the module lies in: ``"exact"`` of ``"exact.fixed"``."""
        return self.name.split(".")[0] if self.name else "__init__"


class Arrow(NamedTuple):
    """An import: module ``source`` names module ``target`` in line ``line``."""

    source: str
    target: str
    line: int


def read(folder: pathlib.Path) -> dict[str, Module]:
    """Return the modules of the package in a folder, by name."""
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules[name] = Module(name, is_package, path.read_text(encoding="utf-8"))
    return modules


def lines(path: pathlib.Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def given(sources: Mapping[str, str]) -> dict[str, Module]:
    """Return modules made of a dictionary of sources; the name ``"exact/__init__"`` is the package ``exact``."""
    made = {}
    for name, source in sources.items():
        inside = name.removesuffix("__init__").rstrip("/").replace("/", ".")
        made[inside] = Module(inside, name.endswith("__init__"), source)
    return made


def arrows(modules: Mapping[str, Module], package: str = "jaxcollapse") -> list[Arrow]:
    """Return every import of one module of the package by another, wherever in the file it stands."""
    return [arrow for module in modules.values() for arrow in _arrows_of(module, modules, package)]


def _arrows_of(module: Module, modules: Mapping[str, Module], package: str) -> Iterator[Arrow]:
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.name + ".").startswith(package + "."):
                    yield Arrow(module.name, _module_of(alias.name[len(package) + 1 :], modules), node.lineno)
        elif isinstance(node, ast.ImportFrom):
            start = _start(module, node, package)
            for alias in node.names if start is not None else ():
                yield Arrow(module.name, _module_of(f"{start}.{alias.name}".lstrip("."), modules), node.lineno)


def _start(module: Module, node: ast.ImportFrom, package: str) -> str | None:
    """The module that ``from ... import`` begins at, below the package; None where it is outside of it."""
    if not node.level:
        inside = f"{node.module}.".startswith(package + ".")
        return (node.module or "")[len(package) + 1 :] if inside else None
    here = module.name.split(".") if module.name else []
    up = node.level - module.is_package
    return ".".join([*here[: len(here) - up], *((node.module or "").split(".") if node.module else [])])


def _module_of(name: str, modules: Mapping[str, Module]) -> str:
    """The module that a dotted name is or lies in."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def circle(modules: Mapping[str, Module], found: list[Arrow]) -> list[str]:
    """Return modules that import one another in a circle; empty if modules can be sorted so that imports point down.

    Who imports ``a.b`` from outside of ``a`` runs ``a/__init__`` first, so this counts as an import of it as well. The
    outermost ``__init__`` runs before everything, so only imports that name it count.
    """
    needs: dict[str, set[str]] = {name: set() for name in modules}
    for source, target, _ in found:
        needs[source].add(target)
        parts = target.split(".")
        outer = {".".join(parts[:depth]) for depth in range(1, len(parts))}
        needs[source] |= {name for name in outer & set(modules) if not (source + ".").startswith(name + ".")}
    for name in needs:
        needs[name].discard(name)
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def reached(start: str, found: list[Arrow]) -> set[str]:
    """Return the folders that modules of a folder import, directly or through others."""
    folders: dict[str, set[str]] = {}
    for source, target, _ in found:
        folders.setdefault(_folder(source), set()).add(_folder(target))
    seen, ahead = set(), [start]
    while ahead:
        for folder in folders.get(ahead.pop(), set()) - seen:
            seen.add(folder)
            ahead.append(folder)
    return seen - {start}


def _folder(name: str) -> str:
    return name.split(".")[0] or "__init__"


def forbidden(found: list[Arrow], allowed: Mapping[str, set[str]]) -> list[str]:
    """Return the imports that a table does not allow, each as a sentence.

    A row of the table is a folder or a module (``"reporting.plotting"``), of which the longest one holds, with the
    folders that it may import from; a folder may always import from itself.
    """
    wrong = []
    for source, target, line in found:
        row = source
        while row and row not in allowed:
            row = row.rpartition(".")[0]
        row = row or ("__init__" if not source else source.split(".")[0])
        if _folder(target) not in {*allowed.get(row, set()), _folder(source)}:
            wrong.append(f"{source or '__init__'}, line {line}, imports {target or 'the package itself'}")
    return list(dict.fromkeys(wrong))


def of_one_name(modules: Mapping[str, Module]) -> dict[str, list[str]]:
    """Return the last names that two modules or packages share, and whose they are; ``__main__`` aside."""
    by_name: dict[str, list[str]] = {}
    for name in modules:
        if name:
            by_name.setdefault(name.rpartition(".")[2], []).append(name)
    return {last: names for last, names in by_name.items() if len(names) > 1 and last != "__main__"}


CONTRACT = {"learner", "regime", "process", "estimator", "decoding", "scheme"}
"""Names of objects whose members the contract declares, so that nobody need ask whether they are there."""


class Guess(NamedTuple):
    """A ``hasattr``, or a ``getattr`` with a default: code that asks what an object has.

    Attributes:
      module, line: where it stands.
      text: the call as it is written.
      on_contract: whether it asks a learner, regime, process, estimator, decoding or scheme.
    """

    module: str
    line: int
    text: str
    on_contract: bool


def guesses(modules: Mapping[str, Module]) -> list[Guess]:
    """Return every ``hasattr`` and every ``getattr`` with a default."""
    return [
        Guess(module.name, node.lineno, ast.unparse(node), bool(_names(node.args[0]) & CONTRACT))
        for module in modules.values()
        for node in ast.walk(ast.parse(module.source))
        if isinstance(node, ast.Call) and _asks(node)
    ]


def _asks(node: ast.Call) -> bool:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    return (called == "hasattr" and len(node.args) == 2) or (called == "getattr" and len(node.args) == 3)


def _names(node: ast.expr) -> set[str]:
    """The names and attributes in an expression: ``{"self", "learner"}`` of ``type(self.learner)``."""
    nodes = list(ast.walk(node))
    return {n.id for n in nodes if isinstance(n, ast.Name)} | {n.attr for n in nodes if isinstance(n, ast.Attribute)}
