"""What a report is about: the one class that says in what reports on words, on contexts and on a text differ."""

from __future__ import annotations

import abc
import zlib
from collections.abc import Callable
from typing import Any

import jax

from jaxcollapse.contract import Process
from jaxcollapse.languages.language import Language
from jaxcollapse.reporting.settings import Plan
from jaxcollapse.results import Trace


def key_for(key: jax.Array, name: str) -> jax.Array:
    """Return the key of a part of a report by the part's name, so that other parts change nothing in it."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


class Subject(abc.ABC):
    """What a report is about; :func:`~jaxcollapse.reporting.pipeline.make_report` asks it for all that it needs.

    Attributes:
      made: the class of the report, which has the fields ``folder, language, regimes, summary, configuration``, and
        those of :meth:`extras`.
      language: the truth, as it is reported.
      learner: how models are trained and how they write; None for maximum likelihood.
      extra_generations: how many generations :meth:`extras` simulates, for the progress bar.
    """

    made: type[Any]
    language: Language
    learner: Any
    extra_generations: int = 0

    @property
    @abc.abstractmethod
    def record(self) -> tuple[Any, ...]:
        """The statistics that are recorded."""

    @abc.abstractmethod
    def process(self, regime: Any) -> Process:
        """Return the process in which models of the language are trained under a regime."""

    @abc.abstractmethod
    def result(self, name: str, regime: Any, process: Process, trace: Trace, key: jax.Array) -> Any:
        """Return what was found for a regime, from its trace and the key of its run; with exact curves, if known."""

    @abc.abstractmethod
    def extras(self, key: jax.Array, progress: Any) -> dict[str, Any]:
        """Return what the report holds besides its regimes, given its key and the progress bar."""

    @abc.abstractmethod
    def configuration(self, plan: Plan) -> dict[str, Any]:
        """Return every setting after the language, in the order of ``report.json``."""

    @abc.abstractmethod
    def summary(self, found: Any) -> str:
        """Return the sentences and tables that are printed."""

    @property
    @abc.abstractmethod
    def figures(self) -> dict[str, Callable[[Any], Any]]:
        """The functions that draw the report's figures, by file name."""

    @abc.abstractmethod
    def texts(self, found: Any) -> dict[str, str]:
        """Return the contents of CSV and text files by their names."""

    @abc.abstractmethod
    def document(self, found: Any) -> dict[str, Any]:
        """Return what ``report.json`` holds between the configuration and the provenance."""
