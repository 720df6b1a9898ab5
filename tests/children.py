"""Other processes that tests start: they find the same package and the same helpers."""

import os
import pathlib
import sys

import jaxcollapse


def environment(**settings):
    """Return the variables of this process with settings, and with its paths of modules, the package's own first."""
    package = str(pathlib.Path(jaxcollapse.__file__).parents[1])
    return os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys([package, *sys.path]))} | settings
