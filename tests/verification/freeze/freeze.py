"""The frozen reference: what the package computed before it was restructured, one short hash an array.

    python freeze.py write FILE.json [--quick] [--only PATTERN] [--missing] [--root CHECKOUT]
    python freeze.py compare FILE.json [--quick] [--only PATTERN] [--root CHECKOUT]
    python freeze.py fixture --root CHECKOUT     # makes what old_checkpoint/ lacks; only with the version before

`write` puts cells into the file and leaves those that were not asked for as they are. `compare` computes them anew,
prints a line for each that differs, and ends with 1 if one does. A cell is independent of the others and known by its
name; PATTERN is looked for in the names. Only the public interface is used, so one script serves every version.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECTIONS = {"compilations": "compilations", "signatures": "signatures"}
"""Sections of the file by the first part of a cell's name; all others are in "cells"."""
AS_THEY_ARE = ("theory/", "devices/", "settings/", "compilations/", "signatures", "rules/", "results/provenance")
"""Cells that give texts and numbers to keep, or hashes already."""


def arguments():
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("write", "compare", "fixture", "list"))
    parser.add_argument("file", nargs="?", default=HERE / "frozen.json", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="a subset that touches each area")
    parser.add_argument("--only", metavar="PATTERN", help="a regular expression that a cell's name must hold")
    parser.add_argument("--missing", action="store_true", help="cells that the file has not yet")
    parser.add_argument("--root", type=pathlib.Path, help="a checkout to take jaxcollapse from; else what Python finds")
    parser.add_argument("--times", action="store_true", help="print the seconds of processor time of each cell")
    return parser.parse_args()


def environment():
    """What besides the package may decide on bits and programs."""
    import jax
    import jaxlib
    import numpy

    import jaxcollapse as jc

    return {
        "python": platform.python_version(),
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
        "numpy": numpy.__version__,
        "machine": platform.machine(),
        "backend": jax.default_backend(),
        "cores": os.cpu_count(),
        "kernel": bool(jc.native.available()),
    }


def all_cells():
    """Each cell's work by its name, and the names of the quick ones."""
    import compilations
    import results
    import runs
    import signatures
    import simulations
    import theories
    import traced

    table, quick = {"signatures": signatures.cell}, {"signatures"}
    for module in (theories, simulations, traced, runs, results, compilations):
        table |= module.cells()
        quick |= module.QUICK
    assert quick <= set(table), f"no such cells: {sorted(quick - set(table))}"
    return table, quick


def computed(name, work, frozen):
    """A cell from scratch."""
    import jax
    from digests import digests, raised

    jax.clear_caches()
    try:
        values = work(frozen) if name == "signatures" else work()
    except Exception as error:
        return raised(error)
    return values if name.startswith(AS_THEY_ARE) and name != "rules/methods" else digests(values)


def section_of(name):
    """Where a cell is in the file."""
    return SECTIONS.get(name.split("/")[0], "cells")


def main():
    """Do what is asked for."""
    asked = arguments()
    if asked.root:
        sys.path.insert(0, str(asked.root.resolve()))
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    import jaxcollapse as jc

    print("jaxcollapse of", pathlib.Path(jc.__file__).parent, flush=True)
    if asked.command == "fixture":
        import runs

        return runs.make_old_checkpoints()
    table, quick = all_cells()
    chosen = [name for name in table if not asked.quick or name in quick]
    chosen = [name for name in chosen if not asked.only or re.search(asked.only, name)]
    if asked.missing:
        known = read(asked.file)
        chosen = [name for name in chosen if name not in known.get(section_of(name), {})]
    if asked.command == "list":
        return print("\n".join(f"{name}{' (quick)' * (name in quick)}" for name in chosen))
    return (write if asked.command == "write" else compare)(asked, table, chosen)


def spent():
    """Seconds of processor time of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def read(path):
    """The sections of a file."""
    return json.loads(path.read_text()) if path.exists() else {}


def save(path, found):
    """All sections, a line for each cell."""
    parts = []
    for section, of in found.items():
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in of.items())
        parts.append(f" {json.dumps(section)}: {{\n{lines}\n }}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def write(asked, table, chosen):
    """Put cells into the file; every now and then, so that little is lost."""
    found = {"environment": environment()} | {name: {} for name in ("cells", "compilations", "signatures")}
    before, begun = read(asked.file), spent()
    for name in table:
        if name in before.get(section_of(name), {}):
            found[section_of(name)][name] = before[section_of(name)][name]
    for count, name in enumerate(chosen, 1):
        clock = spent()
        found[section_of(name)][name] = computed(name, table[name], None)
        if asked.times:
            print(f"{spent() - clock:6.1f} s  {name}", flush=True)
        if count % 10 == 0 or count == len(chosen):
            save(asked.file, {s: of if s == "environment" else in_order(of, table) for s, of in found.items()})
    told(found, chosen)
    print(f"{spent() - begun:.0f} s of processor time")
    return 0


def in_order(section, table):
    """The cells of a section in the order of the table, without those that are no more."""
    return {name: section[name] for name in table if name in section}


def told(found, chosen):
    """Say how much there is."""
    cells = [found[section_of(name)][name] for name in chosen]
    print(f"{len(cells)} cells with {sum(map(len, cells))} entries")


def compare(asked, table, chosen):
    """Print what differs."""
    from digests import differences

    frozen, begun, equal, wrong, entries = read(asked.file), spent(), 0, 0, 0
    if not frozen:
        print(f"there is no reference {asked.file}")
        return 1
    here = environment()
    if apart := {name: (of, here[name]) for name, of in frozen["environment"].items() if of != here[name]}:
        print(f"beware: the reference was written elsewhere: {apart}", flush=True)
    known = [name for name in table if name in frozen[section_of(name)]]
    for name in chosen:
        if name not in known:
            print(f"{name}: not in the reference", flush=True)
            wrong += 1
            continue
        was, clock = frozen[section_of(name)][name], spent()
        now = computed(name, table[name], was)
        same, others = differences(was, now)
        entries += same
        equal += not others
        wrong += bool(others)
        if others:
            rest = f" and {len(others) - 3} more" if len(others) > 3 else ""
            print(f"{name}: {len(others)} of {same + len(others)} differ: {'; '.join(others[:3])}{rest}", flush=True)
        if asked.times:
            print(f"{spent() - clock:6.1f} s  {name}", flush=True)
    print(f"{equal} of {equal + wrong} cells are equal, {entries} entries; {spent() - begun:.0f} s of processor time")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
