"""Build the compiled kernel where a C++ compiler is at hand; all other settings are in pyproject.toml."""

import importlib.util
import pathlib
import sys

from setuptools import Extension, setup

JAXLIB = pathlib.Path(importlib.util.find_spec("jaxlib").origin).parent  # has the headers of XLA's interface
SOURCES = pathlib.Path("jaxcollapse/native")

setup(
    ext_modules=[
        Extension(
            "jaxcollapse.native._counts",
            sources=[str(SOURCES / "counts.cc"), str(SOURCES / "texts.cc")],
            depends=[str(path) for path in sorted(SOURCES.glob("*.inc"))],
            include_dirs=[str(JAXLIB / "include")],
            language="c++",
            extra_compile_args=["/std:c++17", "/O2"]
            if sys.platform == "win32"
            else ["-std=c++17", "-O3", "-Wno-psabi"],
            optional=True,  # where it is missing, XLA does its work
        )
    ]
)
