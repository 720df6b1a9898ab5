"""The function that makes processes, in which each generation's model is trained on what a regime collects."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from jaxcollapse.contract import Process, Scheme
from jaxcollapse.learners.categorical import Categorical
from jaxcollapse.learners.contexts import Contexts
from jaxcollapse.process.context_construction import many_contexts
from jaxcollapse.process.one_context import RecursiveTraining
from jaxcollapse.process.requirements import check_operations, check_parts
from jaxcollapse.schemes.plain import PlainScheme


def recursive_training(p: Any, regime: Any, learner: Any = None, *, scheme: Scheme | None = None) -> Process:
    """Return the process in which each generation's model is trained on what ``regime`` collects.

    Args:
      p: the truth: a :class:`~jaxcollapse.languages.Language` or a vector ``[vocabulary]``; many contexts,
        ``[contexts, vocabulary]``, a distribution a row; or whatever language the learner knows, such as a trained
        model. Probabilities are kept as ``float32``; those below 2^-62 become 0, and traced ones are checked in a run.
      regime: which earlier generations feed the next one, for instance ``FullySynthetic(n=500)``.
      learner: how a model is trained; by default :class:`~jaxcollapse.learners.Categorical`. For many contexts it is
        :class:`~jaxcollapse.learners.Contexts`; another learner is used for each context, all being equally frequent.
      scheme: how chains are advanced; by default the fastest scheme that the learner has for the regime.

    Returns:
      A :class:`~jaxcollapse.Process`, which is a pytree, so ``p``, ``n`` and ``real`` can be swept by ``jax.vmap``.

    Raises:
      ValueError: when a concrete ``p`` is not a distribution, and for a single context of a learner that is fitted on
        many at once.
      TypeError: when ``regime`` is not a regime or ``learner`` not a learner, and for a regime that needs operations
        which the learner does not have.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.3, 0.2], jc.FullySynthetic(n=10))
      >>> process.vocabulary
      3
    """
    if not (scheme is None or isinstance(scheme, Scheme)):
        raise TypeError(f"scheme must be a scheme such as schemes.plain.PlainScheme(), got {scheme!r}; or leave it out")
    learner = Categorical() if learner is None else learner
    if np.ndim(p) == 2 or isinstance(learner, Contexts):
        return many_contexts(p, regime, learner, scheme)
    check_parts(regime, learner)
    if learner.joint:
        name = type(learner).__name__
        raise ValueError(f"{name} is fitted on many contexts at once; give p [contexts, vocabulary]")
    bound, language = learner.bind(p, regime)
    check_operations(regime, bound, shown=learner)
    process = RecursiveTraining(language, regime, bound, PlainScheme() if scheme is None else scheme)
    return dataclasses.replace(process, scheme=default_scheme(process)) if scheme is None else process


def default_scheme(process: Process) -> Scheme:
    """Return the scheme that a process has when the caller does not choose one."""
    scheme = None if process.many else process.learner.scheme(process.regime)
    return PlainScheme() if scheme is None else scheme
