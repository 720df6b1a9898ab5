"""The structure that the package is held to: which folder may import from which, and how long files may be."""

BELOW_ALL = {"check", "named_axes", "pytrees", "schedules", "version"}
DATA = {"contract", "languages", "results", "analysis"}

ALLOWED: dict[str, set[str]] = {
    "version": set(),
    "check": set(),
    "named_axes": {"check"},
    "pytrees": {"check"},
    "schedules": {"check", "pytrees"},
    "exact": {"check"},
    "analysis": {"check", "exact"},
    "languages": {"check", "pytrees", "exact"},
    "contract": {"check", "pytrees", "schedules", "exact"},
    "results": {"check", "named_axes", "exact", "analysis", "contract"},
    "native": {"check", "exact"},
    "sampling": {"check", "pytrees", "exact", "contract", "native"},
    "regimes": {"check", "pytrees", "schedules", "exact", "contract"},
    "schemes": {"check", "pytrees", "schedules", "exact", "contract", "results", "native", "sampling"},
    "theory": {"check", "pytrees", "schedules", "exact", "contract", "regimes"},
    "learners": {"check", "pytrees", "schedules", "exact", "contract", "languages", "native", "sampling", "schemes"},
    "statistics": {"check", "exact", "contract", "sampling", "learners"},
    "process": {"check", "pytrees", "schedules", "exact", "contract", "languages", "schemes", "learners"},
    "engine": {*BELOW_ALL, "exact", "contract", "results", "native", "schemes", "statistics", "process"},
    "saving": {*BELOW_ALL, *DATA, "statistics"},
    "runs": {*BELOW_ALL, *DATA, "exact", "regimes", "schemes", "learners", "statistics", "process", "engine", "saving"},
    "reporting": {
        *BELOW_ALL,
        *DATA,
        "regimes",
        "theory",
        "learners",
        "statistics",
        "process",
        "engine",
        "saving",
        "runs",
    },
    "reporting.plotting": {*BELOW_ALL, "analysis", "regimes", "statistics"},
    "reporting.plotting_texts": {*BELOW_ALL, "analysis", "regimes", "statistics"},
    "__init__": {
        *BELOW_ALL,
        *DATA,
        *("exact", "native", "sampling", "regimes", "schemes", "theory", "learners", "statistics", "process", "engine"),
        *("saving", "runs", "reporting"),
    },
    "cli": {
        *BELOW_ALL,
        *DATA,
        *(
            "regimes",
            "theory",
            "learners",
            "statistics",
            "process",
            "engine",
            "saving",
            "runs",
            "reporting",
            "__init__",
        ),
    },
    "__main__": {"cli"},
}
"""What each folder, or single module, may import from besides itself, listed from the lowest floor to the highest.

A row may name only rows above it in this listing, so that every arrow that is allowed points down; a test says so.
``regimes`` know nothing of sampling, so that ``theory`` does not reach it. ``statistics`` of texts read the models of
n-grams. A new folder needs a row. ``__init__`` is the
package itself, whose public names the command line may use.
"""

NEVER_REACHED = {"theory": {"sampling", "native", "schemes", "learners", "process", "engine", "statistics", "runs"}}
"""What a folder does not import even through others."""

FILE = 350
"""The most lines of a file of the package."""

CONTRACT = 350
"""The most lines of ``contract.py``."""

NEWCOMER = ("contract.py", "process/one_context.py", "schemes/plain.py", "engine/simulation.py")
"""What somebody reads who wants to understand one call of ``simulate``."""

NEWCOMER_LINES = 800
"""The most lines of :data:`NEWCOMER` together."""

GUESSES: dict[tuple[str, str], str] = {
    ("analysis.ensembles", "getattr(trace, 'status', None)"): "fits take arrays as well as traces",
    ("analysis.ensembles", "getattr(trace, 'every', 1)"): "fits take arrays as well as traces",
    ("analysis.fits", "getattr(trace, 'every', 1)"): "fits take arrays as well as traces",
    ("analysis.survival_curves", "hasattr(values, 'observed')"): "fits take collapse times of other programs",
    ("analysis.survival_curves", "hasattr(values, 'time')"): "fits take collapse times of other programs",
    ("runs.configuration", "getattr(value, '__code__', None)"): "settings may be any object of a user's",
    ("runs.configuration", "getattr(value, '__qualname__', type(value).__qualname__)"): "settings may be any object",
    ("runs.configuration", "hasattr(of, 'co_code')"): "constants of a user's function may be functions",
    ("statistics.catalogue", "getattr(function, '__name__', type(function).__name__)"): "a user's callable has no name",
}
"""The calls that ask what an object has, by module and text, and why each must: objects that users bring along."""
