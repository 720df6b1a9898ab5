"""What simulations return: traces of every chain, collapse times, and summaries of very many chains."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax import Array

from jaxcollapse import check, named_axes
from jaxcollapse.analysis.ensembles import Ensemble
from jaxcollapse.contract import Status
from jaxcollapse.named_axes import Descriptions


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Trace:
    """The recorded statistics of every chain, a pytree.

    ``trace[name]`` is ``[chains, generations + 1, ...]``, indexed by the generation ``m``; when every k-th generation
    was recorded, it is ``[chains, generations // k + 1, ...]``.

    Attributes:
      values: the recorded values of each statistic, by its name.
      status: a :class:`~jaxcollapse.contract.Status` for each chain, ``int32 [chains]``; not 0 only
        when traced inputs were bad, and then that chain's values are NaN (-1 for integers).
      every: static; the number of generations from one row to the next.
      provenance: static; the run that made this trace, and with what, as JSON text. Empty except in a trace that
        :func:`~jaxcollapse.run` returned.
      described: static; the name, the long name and the units (empty for none) of each statistic. Empty in a trace that
        was made by hand.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> trace = jc.simulate(jax.random.key(0), process, chains=3, generations=4, record="support", every=2)
      >>> trace["support"].shape, trace.generation.tolist(), trace.described
      ((3, 3), [0, 2, 4], (('support', 'tokens that the model can still write', 'tokens'),))
    """

    values: dict[str, Array]
    status: Array
    every: int = dataclasses.field(default=1, metadata={"static": True})
    provenance: str = dataclasses.field(default="", metadata={"static": True}, repr=False)
    described: Descriptions = dataclasses.field(default=(), metadata={"static": True}, repr=False)

    def __getitem__(self, name: str) -> Array:
        if name not in self.values:
            check.choice("recorded statistic", name, self.values)
        return self.values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    @property
    def chains(self) -> int:
        """The number of chains."""
        return self.status.shape[-1]

    @property
    def generations(self) -> int:
        """The last generation that was recorded."""
        return self.every * (next(iter(self.values.values())).shape[self.status.ndim] - 1)

    @property
    def generation(self) -> np.ndarray:
        """The generation ``m`` of each row, ``[rows]``."""
        return np.arange(0, self.generations + 1, self.every)

    def to_xarray(self, *, numbers: Any = None) -> Any:
        """Return an ``xarray.Dataset`` with named axes, units and provenance; needs the extra ``results``.

        Each statistic is a variable ``(chain, generation, <name>_0, ...)``; ``status`` is one more, ``(chain)``. See
        :func:`~jaxcollapse.saving.to_xarray` for its attributes.

        Args:
          numbers: the numbers of the chains, ``int [chains]``, where they are not ``0, 1, ...``.

        Raises:
          ImportError: without the extra ``results``.
          ValueError: when the trace holds a sweep, a statistic has the name of an axis, or numbers do not fit.
        """
        attributes = {"every": self.every, "provenance": self.provenance}
        return named_axes.dataset_of_chains(
            self.values, self.status, self.generation, self.described, attributes, numbers
        )

    def check(self) -> Trace:
        """Return this trace, unless a chain had bad traced inputs.

        Raises:
          ValueError: saying what was wrong with how many chains.
        """
        for fault in (Status.SIZE, Status.TRUTH, Status.LEARNER, Status.FIT):
            bad = int(np.sum((np.asarray(self.status) & fault) != 0))
            if bad:
                remedy = {
                    Status.SIZE: "a size, share or weight is outside its range or above its capacity, or a pool "
                    "outgrew its room; mend the value or raise the capacity",
                    Status.TRUTH: "p has a negative or NaN entry or does not sum to one",
                    Status.LEARNER: "a number of the estimator or of the decoding is outside its range",
                    Status.FIT: "a model could not be fitted",
                }[fault]
                raise ValueError(f"{bad} of {self.status.size} chains had bad inputs: {remedy}")
        return self


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class CollapseTimes:
    """The generations at which chains first became a Dirac mass, and at which they became one for ever.

    A Dirac mass is final when nothing can change any more. Where a window of fresh tokens or a pool reaches back to
    other models a chain may leave a Dirac mass again; in the fully synthetic regime both times are the same.

    Attributes:
      time: the first generation ``m`` with ``max p^(m) = 1``, ``int32 [chains]``; for a chain that was not seen to
        collapse, the last generation looked at.
      observed: whether the first collapse was seen, ``bool [chains]``; False means censored at ``time``.
      final: the first generation at which collapse is final, ``int32 [chains]``, censored likewise.
      final_observed: whether the final collapse was seen, ``bool [chains]``.
      status: what was wrong with the chain's inputs, as in :class:`Trace`; a chain with bad inputs is never observed.
    """

    time: Array
    observed: Array
    final: Array
    final_observed: Array
    status: Array


class Summary:
    """The means, standard errors and quantiles over very many chains, without the chains themselves.

    ``summary[name]`` is an :class:`~jaxcollapse.analysis.Ensemble`, which has these for each recorded generation.

    Attributes:
      chains: the number of chains.
      every: the number of generations from one row to the next.
      provenance: the run that made this summary, and with what, as JSON text; empty where that is not known.
      described: the name, the long name and the units (empty for none) of each statistic; empty where not known.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> summary = jc.summarize(jax.random.key(0), process, chains=100, generations=2, record="support")
      >>> list(summary), summary["support"].mean.shape, summary.chains
      (['support'], (3,), 100)
    """

    def __init__(
        self,
        ensembles: dict[str, Ensemble],
        chains: int,
        every: int,
        provenance: str = "",
        described: Descriptions = (),
    ) -> None:
        self._ensembles, self.chains, self.every = ensembles, chains, every
        self.provenance, self.described = provenance, described

    def __getitem__(self, name: str) -> Ensemble:
        if name not in self._ensembles:
            check.choice("recorded statistic", name, self._ensembles)
        return self._ensembles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ensembles)

    def to_xarray(self) -> Any:
        """Return an ``xarray.Dataset`` with named axes, units and provenance; needs the extra ``results``.

        Each statistic has the variables ``<name>_mean``, ``<name>_standard_error`` and ``<name>_quantiles``. See
        :func:`~jaxcollapse.saving.to_xarray` for their axes and attributes.

        Raises:
          ImportError: without the extra ``results``.
          ValueError: when chains, generations or levels of the statistics differ.
        """
        attributes = {"every": self.every, "chains": self.chains, "provenance": self.provenance}
        ensembles = {name: ensemble._asdict() for name, ensemble in self._ensembles.items()}
        return named_axes.dataset_of_ensembles(ensembles, self.described, attributes)
