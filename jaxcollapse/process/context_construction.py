"""The functions that make processes of many contexts."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Scheme
from jaxcollapse.learners.contexts import Contexts, allows_empty_corpora
from jaxcollapse.process.many_contexts import PerContext
from jaxcollapse.process.requirements import check_operations, check_parts
from jaxcollapse.schedules import Schedule
from jaxcollapse.schemes.plain import PlainScheme


def many_contexts(p: Any, regime: Any, learner: Any, scheme: Scheme | None = None) -> PerContext:
    """Return the process of many contexts that :func:`jaxcollapse.recursive_training` makes.

    Args:
      p: the truth of each context, ``[contexts, vocabulary]``.
      regime: the regime, with the sizes of all contexts together.
      learner: a :class:`~jaxcollapse.learners.Contexts`, or the learner of one context.
      scheme: how chains are advanced; by default the plain scheme.

    Raises:
      As :func:`jaxcollapse.recursive_training`; ValueError also where a context would get no token.
    """
    learner = learner if isinstance(learner, Contexts) else Contexts(learner)
    p = _rows(p)
    learner = learner.of(p.shape[0])
    check_parts(regime, learner.learner)
    if not regime.sizes:
        raise TypeError(f"many contexts share out the sizes of a regimes.Base, and {type(regime).__name__} is none")
    try:
        one = learner.one_regime(regime)
        alone, _ = learner.learner.bind(p[0], one)
        check_operations(one, alone, shown=learner.learner)
    except ValueError as error:
        raise ValueError(f"of one context: {error}") from None
    bound = learner.bind(alone, one, p.shape[-1])
    process = PerContext(p, regime, bound, PlainScheme() if scheme is None else scheme)
    if not learner.drawn and not check.is_traced((regime, learner)):
        _check_sizes(process)
    return process


def of_table(p: np.ndarray, frequencies: np.ndarray, regime: Any, learner: Any = None) -> PerContext:
    """Return the process of a text's contexts, whose sizes are drawn, as in a text, where the regime allows it.

    Args:
      p, frequencies: the table of contexts from :meth:`jaxcollapse.languages.Language.contexts`.
      regime: the regime, with the sizes of all contexts together.
      learner: the learner of one context; by default :class:`~jaxcollapse.learners.Categorical`.

    Raises:
      As :func:`~jaxcollapse.recursive_training`.

    Example:
      >>> import jaxcollapse as jc
      >>> p, frequencies = jc.languages.from_tokens(list("abaab")).contexts()
      >>> of_table(p, frequencies, jc.FullySynthetic(n=5)).learner.drawn
      True
    """
    inner = {} if learner is None else {"learner": learner}
    return many_contexts(p, regime, Contexts(frequencies=frequencies, drawn=allows_empty_corpora(regime), **inner))


def _rows(p: Any) -> Array:
    """Return the truths of contexts as ``float32 [contexts, vocabulary]``, checked where they are not traced."""
    traced = check.is_traced(p)
    rows = jnp.asarray(p).astype(jnp.float32) if traced else np.asarray(p)
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(
            f"p must be [contexts, vocabulary] for learners.Contexts, a distribution a row, got shape {rows.shape}; "
            "leave Contexts out for one context"
        )
    if not traced:
        rows = np.stack([check.probabilities(f"p[{j}]", row) for j, row in enumerate(rows)]).astype(np.float32)
    return check.without_negligible(rows)


def _check_sizes(process: PerContext) -> None:
    """Refuse concrete sizes of which a context would get nothing, or less than its regime needs."""
    regime: Any = process.regime
    with jax.ensure_compile_time_eval():  # These are concrete numbers even inside a caller's jit.
        shared = {name: np.asarray(of) for name, of in process._sizes_shared_out().items()}
    for name, of in shared.items():
        total = getattr(regime, name)
        none = np.flatnonzero(of.reshape(process.contexts, -1).min(axis=1) == 0)
        if none.size and (isinstance(total, Schedule) or int(total) > 0):
            enough = math.ceil(1 / float(np.min(process.learner.frequencies)))
            other = ", or take Contexts(drawn=True)" if allows_empty_corpora(regime) else ""
            raise ValueError(
                f"{type(regime).__name__} shares out {name} among contexts, and {name}={total!r:.60} gives context "
                f"{none[0]} of {process.contexts} no token; raise {name} to some {enough:,}{other}"
            )
    least = {name: int(of.min()) for name, of in shared.items()}
    try:
        dataclasses.replace(regime, **least, **process.learner.capacities(regime))
    except ValueError as error:
        names = " and ".join(least)
        raise ValueError(f"of one context, with its share of {names}: {error}; or raise {names}") from None
