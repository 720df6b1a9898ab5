"""Fused steps: several generations of a chain in one call of the compiled kernel, which needs only the last model."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import native, sampling
from jaxcollapse.contract import Process, State


def can_fuse(process: Process) -> bool:
    """Return whether the kernel can fuse the generations of a process once its models are counts; static."""
    regime, learner = process.regime, process.learner
    return regime.closed and regime.memoryless and not learner.portable and native.enabled()


def fused_steps(key: Array, process: Process, state: State, most: Array, longest: int) -> tuple[State, Array]:
    """Advance one chain by several generations, until its model has one token only or a limit is reached.

    Args:
      key: the key of this chain, which is folded with each generation's number.
      process: a process whose models are counts.
      state: the state of the chain at generation ``m``.
      most: the largest number of generations to advance, ``int32 []``.
      longest: static; an upper bound of ``most``.

    Returns:
      The state, and by how many generations it was advanced, ``int32 []``; a chain stops where a size is invalid.
    """
    after = state.m + 1 + jnp.arange(longest, dtype=jnp.int32)
    sizes = jnp.broadcast_to(process.regime.size("n", after), (longest,))
    status = jax.vmap(lambda m: process.status(state.model, m))(after)
    bad = status != 0
    sound = jnp.where(jnp.any(bad), jnp.argmax(bad) + 1, longest).astype(jnp.int32)
    most = jnp.minimum(most, sound)
    capacity = process.regime.corpus_capacity
    model, done = sampling.fused_generations(key, state.model, state.m, most, sizes, capacity)
    fault = jnp.where(jnp.any(bad) & (done == sound), jnp.max(status), 0).astype(jnp.int32)
    return state._replace(m=state.m + done, model=model, status=state.status | fault), done
