"""A toy learner that is trained: a network of bigrams, so that the contract is not shaped by tables of counts.

An item is a document of ``LENGTH`` tokens. A model is a dict of parameters: float32 weights, a bfloat16 bias, and the
key that its first weights came from. It shows no probabilities of tokens, only how probable it finds a document.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxcollapse.contract import Learner, Statistic, Status, View, Workload
from jaxcollapse.pytrees import pytree_dataclass, static
from jaxcollapse.sampling.items import ITEMS, Items

LENGTH = 4


def log_probabilities(model, documents):
    """``ln p`` of each token of documents ``[..., length]`` given the one before it, or the start of the document."""
    tokens = model["bias"].shape[0]
    start = jnp.full((*documents.shape[:-1], 1), tokens, documents.dtype)
    logits = model["weights"][jnp.concatenate([start, documents[..., :-1]], axis=-1)]
    logits = jax.nn.log_softmax(logits + model["bias"].astype(jnp.float32).reshape((1,) * (logits.ndim - 1) + (-1,)))
    return jnp.take_along_axis(logits, documents[..., None], axis=-1)[..., 0]


@pytree_dataclass
class Bigrams(Learner):
    """Fitted by a few steps of gradient descent from new weights, or from those of the last model."""

    rate: Any = 1.0
    settings: Any = static(default=("steps", 5))
    warm: bool = static(default=False)

    corpora = ITEMS

    def truth(self, language):
        return language

    def write(self, key, model, truth, size, capacity):
        def step(before, key):
            logits = model["weights"][before] + model["bias"].astype(jnp.float32)[None]
            token = jax.random.categorical(key, logits).astype(jnp.int32)
            return token, token

        start = jnp.full(capacity, model["bias"].shape[0], jnp.int32)
        return Items(lax.scan(step, start, jax.random.split(key, LENGTH))[1].T, size)

    def fit(self, key, corpus, previous):
        weight = corpus.in_use.astype(jnp.float32) * (1.0 if corpus.weight is None else corpus.weight)
        new = self.initial(key)
        start = new if previous is None or not self.warm else previous

        def loss(parameters):
            nats = -jnp.sum(log_probabilities(parameters, corpus.data), axis=-1)
            return jnp.sum(weight * nats) / jnp.maximum(jnp.sum(weight), 1.0)

        def step(parameters, _):
            slope = jax.grad(loss)(parameters)
            return jax.tree.map(downhill, parameters, slope), None

        def downhill(value, slope):
            return (value.astype(jnp.float32) - self.rate * slope.astype(jnp.float32)).astype(value.dtype)

        parameters = {name: start[name] for name in ("weights", "bias")}
        fitted, _ = lax.scan(step, parameters, length=self.settings[1])
        return fitted | {"key": new["key"]}

    def initial(self, key):
        """New weights, from a key that the model keeps."""
        tokens = TRUTH["bias"].shape[0]
        weights = 0.1 * jax.random.normal(key, (tokens + 1, tokens))
        return {"weights": weights, "bias": jnp.zeros(tokens, jnp.bfloat16), "key": jax.random.fold_in(key, 1)}

    def view(self, model, truth, frame):
        return View(model, score=jax.tree_util.Partial(log_probabilities, model))

    def status(self, model=None):
        diverged = False if model is None else ~jnp.all(jnp.isfinite(model["weights"]))
        return jnp.where(diverged, jnp.int32(Status.FIT.value), jnp.int32(0))

    def workload(self, language, regime):
        return Workload(regime.corpus_capacity * 2**20)  # a network fills a core: one chain after another


def make_truth(tokens=3):
    """The language: a network whose next token is likely to be the one after the last."""
    weights = np.log(np.roll(np.eye(tokens + 1, tokens), 1, axis=1) + 0.1).astype(np.float32)
    return {"weights": weights, "bias": np.zeros(tokens, np.float32).astype(jnp.bfloat16), "key": jax.random.key(7)}


TRUTH = make_truth()
DOCUMENT = np.array([0, 1, 2, 0], np.int32)
DEVIATION = Statistic("deviation", lambda view: -jnp.sum(view.score(jnp.asarray(DOCUMENT))), frozenset({"score"}))
"""How improbable a model finds one document, in nats."""
