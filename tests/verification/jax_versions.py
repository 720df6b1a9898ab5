"""`python tests/verification/jax_versions.py`: does the package work with the oldest and with the newest JAX?

Builds two throw-away environments, installs the package into them from its sources, and runs `smoke.py` in each: the
oldest JAX that pyproject.toml allows, with the Python that runs this script, and the newest JAX that the newest Python
at hand can install. Both must pass and give the same integers.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SMOKE = ROOT / "tests" / "verification" / "smoke.py"
SOURCES = ("jaxcollapse", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")
NEWEST_FIRST = [f"3.{minor}" for minor in range(19, sys.version_info.minor, -1)]


def newer_python() -> str:
    """Return the newest Python at hand, on the path or among pyenv's; at least the one that runs this script."""
    versions = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    for version in NEWEST_FIRST:
        candidates = [shutil.which(f"python{version}"), *map(str, versions.glob(f"{version}.*/bin/python"))]
        for candidate in filter(None, candidates):
            told = subprocess.run([candidate, "-c", "import venv; print('here')"], capture_output=True, text=True)
            if told.stdout.strip() == "here":  # a shim may stand for a Python that is not there
                return candidate
    return sys.executable


def oldest_allowed() -> list[str]:
    """Return the lower bounds that pyproject.toml sets for jax and jaxlib, as exact versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [re.fullmatch(r"(jax|jaxlib)>=([\d.]+)", given) for given in project["dependencies"]]
    pinned = [f"{found[1]}=={found[2]}" for found in wanted if found]
    assert len(pinned) == 2, "pyproject.toml says jax>=... and jaxlib>=..."
    return pinned


def tried(python: str, pinned: list[str], folder: pathlib.Path) -> dict:
    """Install the package with pinned requirements into an environment in a folder, and return what the smoke says."""
    began = time.perf_counter()
    sources, environment = folder / "sources", folder / "environment"
    sources.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy(ROOT / name, sources)
    subprocess.run([python, "-m", "venv", environment], check=True)
    inside = environment / "bin" / "python"
    pip = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, sources, *pinned], check=True, cwd=folder)
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run([inside, SMOKE], cwd=folder, env=clean, capture_output=True, text=True)
    if told.returncode:
        return {"failed": told.stderr.strip().splitlines()[-1], "pinned": pinned, "python": str(python)}
    return json.loads(told.stdout.strip().splitlines()[-1]) | {"seconds": round(time.perf_counter() - began)}


def main() -> int:
    """Try both, print what was found, and return the exit status."""
    found = {}
    for name, python, pinned in (("oldest", sys.executable, oldest_allowed()), ("newest", newer_python(), [])):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = tried(python, pinned, pathlib.Path(folder))
        print(f"{name}: {found[name]}", flush=True)
    failed = [name for name in found if "failed" in found[name]]
    same = not failed and found["oldest"]["digests"] == found["newest"]["digests"]
    print("PASSED: both work, and give the same integers" if same else f"FAILED: {failed or 'the integers differ'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
