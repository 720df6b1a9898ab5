"""What simulations return: traces of every chain, collapse times, and summaries of very many chains."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.analysis.ensemble import Ensemble
from jaxcollapse.contract import Status


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Trace:
    """What was recorded, a pytree.

    ``trace[name]`` is ``[chains, generations + 1, ...]``, indexed by the generation ``m``; or, of every k-th
    generation, ``[chains, generations // k + 1, ...]``.

    Attributes:
      values: the statistics by name.
      status: a :class:`~jaxcollapse.process.one_context.Status` for each chain, ``int32 [chains]``; not 0 only
        when traced inputs were bad, and then that chain's values are NaN (-1 for integers).
      every: static; how many generations lie between one row and the next.
      provenance: static; JSON text: the run that made this, and with what. Empty but for what :func:`~jaxcollapse.run`
        returns.
    """

    values: dict[str, Array]
    status: Array
    every: int = dataclasses.field(default=1, metadata={"static": True})
    provenance: str = dataclasses.field(default="", metadata={"static": True}, repr=False)

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
        """The last generation recorded."""
        return self.every * (next(iter(self.values.values())).shape[self.status.ndim] - 1)

    @property
    def generation(self) -> np.ndarray:
        """The generation ``m`` of each row."""
        return np.arange(0, self.generations + 1, self.every)

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` with named axes, units and provenance; see :func:`~jaxcollapse.saving.to_xarray`."""
        from jaxcollapse import saving

        return saving.to_xarray(self)

    def check(self) -> Trace:
        """This trace, unless a chain had bad traced inputs.

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
    """When chains first became a Dirac mass, and when for ever.

    A Dirac mass is final when nothing can change any more. Where a window of fresh tokens or a pool
    reaches back to other models it may be left again; fully synthetic, both times are one.

    Attributes:
      time: the first generation ``m`` with ``max p^(m) = 1``, ``int32 [chains]``; for chains not seen
        to collapse, the last generation looked at.
      observed: whether that was seen, ``bool [chains]``; False means censored at ``time``.
      final: the first generation at which collapse is final, ``int32 [chains]``, censored likewise.
      final_observed: whether that was seen, ``bool [chains]``.
      status: as in :class:`Trace`; chains with bad inputs are never observed.
    """

    time: Array
    observed: Array
    final: Array
    final_observed: Array
    status: Array


class Summary:
    """What very many chains have in common.

    ``summary[name]`` is an :class:`~jaxcollapse.analysis.Ensemble`: means, standard errors and quantiles of each
    recorded generation.

    Attributes:
      chains: how many there were.
      every: how many generations lie between one row and the next.
      provenance: JSON text: the run that made this, and with what; empty where that is not known.
    """

    def __init__(self, ensembles: dict[str, Ensemble], chains: int, every: int, provenance: str = "") -> None:
        self._ensembles, self.chains, self.every, self.provenance = ensembles, chains, every, provenance

    def __getitem__(self, name: str) -> Ensemble:
        if name not in self._ensembles:
            check.choice("recorded statistic", name, self._ensembles)
        return self._ensembles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ensembles)

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` with named axes, units and provenance; see :func:`~jaxcollapse.saving.to_xarray`."""
        from jaxcollapse import saving

        return saving.to_xarray(self)
