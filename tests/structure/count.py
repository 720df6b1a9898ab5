"""`python tests/structure/count.py`: the structure of the package in numbers, beside what is allowed."""

from __future__ import annotations

import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))  # the package of this checkout, not another one

import floors
import live_package
import source_tree

import jaxcollapse

PACKAGE = pathlib.Path(jaxcollapse.__file__).parent


def rows() -> list[tuple[str, object, object]]:
    """Return what is counted, how many there are, and how many are allowed."""
    modules = source_tree.read(PACKAGE)
    arrows = source_tree.arrows(modules)
    guesses = source_tree.guesses(modules)
    imported = live_package.imported(jaxcollapse)
    lengths = {path: source_tree.lines(path) for kind in ("*.py", "*.cc", "*.inc") for path in PACKAGE.rglob(kind)}
    python = [count for path, count in lengths.items() if path.suffix == ".py"]
    longest = max(lengths, key=lambda path: lengths[path])
    between = {(modules[a].folder, modules[b].folder) for a, b, _ in arrows if modules[a].folder != modules[b].folder}
    newcomer = [PACKAGE / name for name in floors.NEWCOMER if (PACKAGE / name).exists()]
    contract = PACKAGE / "contract.py"
    return [
        ("modules", len(modules), ""),
        ("lines of Python", sum(python), ""),
        ("lines of C++", sum(lengths.values()) - sum(python), ""),
        ("imports between modules", len({arrow[:2] for arrow in arrows}), ""),
        ("imports between folders", len(between), ""),
        ("imports that the table forbids", len(source_tree.forbidden(arrows, floors.ALLOWED)), 0),
        ("modules in a circle of imports", len(set(source_tree.circle(modules, arrows))), 0),
        ("names of two modules", len(source_tree.of_one_name(modules)), 0),
        ("hidden modules", len(live_package.hidden_modules(imported)), 0),
        (f"lines of the longest file ({longest.relative_to(PACKAGE)})", lengths[longest], floors.FILE),
        ("files that are too long", sum(count > floors.FILE for count in lengths.values()), 0),
        ("lines of contract.py", source_tree.lines(contract) if contract.exists() else "missing", floors.CONTRACT),
        ("lines that a newcomer reads", sum(map(source_tree.lines, newcomer)), floors.NEWCOMER_LINES),
        ("hasattr, getattr with default: on the contract", sum(guess.on_contract for guess in guesses), 0),
        ("hasattr, getattr with default: others", sum(not g.on_contract for g in guesses), len(floors.GUESSES)),
        ("classes that inherit from a concrete one", _concrete(imported), 0),
        ("public things without a docstring", len(list(live_package.undocumented(imported))), 0),
    ]


def _concrete(imported) -> int:
    return len(live_package.concrete_bases(live_package.classes(imported)))


def main() -> None:
    """Print the counts, and the lines of each folder."""
    for what, count, allowed in rows():
        print(f"{what:<56}{count!s:>8}{'' if allowed == '' else f'   at most {allowed}'}")
    print()
    by_folder: collections.Counter[str] = collections.Counter()
    for module in source_tree.read(PACKAGE).values():
        by_folder[module.folder] += len(module.source.splitlines())
    for folder, count in sorted(by_folder.items()):
        print(f"{folder:<56}{count:>8}")


if __name__ == "__main__":
    main()
