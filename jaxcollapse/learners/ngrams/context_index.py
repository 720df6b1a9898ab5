"""The context index: an n-gram model of any order in memory for its text, which is sorted by the context of each token.

The next token is copied from a uniformly random place of the text where the present context stands. This is maximum
likelihood, for a continuation that occurs twice as often is copied twice as often. The index stores for each token
where the context begins that it leads to, so a step costs one random word and one look-up, at any order and vocabulary.
Order 0 is a single context, and a step is then a draw of a label as in :mod:`jaxcollapse.sampling`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse import native
from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.exact.threefry import split_keys
from jaxcollapse.exact.u64 import U64
from jaxcollapse.learners.ngrams.rings import before, lay_end_to_end
from jaxcollapse.pytrees import pytree_dataclass, static
from jaxcollapse.sampling import Labels

METHODS = ("table", "sort")
"""The ways to sort a text: by a table of counts of all possible n-grams, or by sorting those that occur."""
TABLE_A_TOKEN = 10
"""Up to this number of possible n-grams for each token of the text, a table is faster than sorting, by measurement."""
COMPILED_TABLE_A_TOKEN = 200
"""The same number where the compiled kernel makes the table."""
LARGEST_TABLE = 2**24
"""The largest number of entries of such a table."""


@pytree_dataclass
class ContextIndex:
    """A text sorted by context, and within a context by token.

    Attributes:
      tokens: the tokens in sorted order, ``int32 [capacity]``; slots from ``size`` on have no meaning.
      starts: the first slot of the context that each token leads to, ``int32 [capacity]``.
      counts: the number of slots of that context, ``int32 [capacity]``.
      size: the number of slots in use, ``int32 []``.
      order: the number of tokens of a context, static.
    """

    tokens: Array
    starts: Array
    counts: Array
    size: Array
    order: int = static()

    @property
    def in_use(self) -> Array:
        """Return which slots hold a token, ``bool [capacity]``."""
        return lax.iota(jnp.int32, self.tokens.shape[0]) < self.size


def method_for(order: int, vocabulary: int, slots: int) -> str:
    """Return the faster way to sort a text of so many slots, ``"table"`` or ``"sort"``."""
    compiled = native.enabled()
    entries, most = vocabulary ** (order + 1), (COMPILED_TABLE_A_TOKEN if compiled else TABLE_A_TOKEN) * slots
    return "table" if entries <= min(most, LARGEST_TABLE) else "sort"


def context_index(text: Labels, order: int, vocabulary: int, method: str | None = None) -> ContextIndex:
    """Return the index of a text, sorted by the ``order`` tokens before each token; both methods give the same."""
    method = method or method_for(order, vocabulary, text.labels.shape[0])
    return _by_table(text, order, vocabulary) if method == "table" else _by_sorting(text, order, vocabulary)


def counts_of(text: Labels, order: int, vocabulary: int) -> Array:
    """Return how often each token follows each context of a text, ``int32 [vocabulary ** order, vocabulary]``.

    The number of a context has its tokens as digits in base ``vocabulary``, the latest token as the lowest digit. So
    token ``i`` leads from context ``c`` to context ``(c vocabulary + i) mod vocabulary ** order``.
    """
    entries = vocabulary ** (order + 1)
    code = digits(text, order, vocabulary) * vocabulary + text.labels
    counts = jnp.zeros(entries, jnp.int32).at[jnp.where(text.in_use, code, entries)].add(1, mode="drop")
    return counts.reshape(-1, vocabulary)


def _by_table(text: Labels, order: int, vocabulary: int) -> ContextIndex:
    """Return the index of a text by a table of all possible n-grams, in the compiled kernel where it is available."""
    if native.enabled():
        return ContextIndex(*native.sort_by_context(*text, order, vocabulary), text.size, order)
    return _by_counts(text, order, vocabulary)


def _by_counts(text: Labels, order: int, vocabulary: int) -> ContextIndex:
    """Return the index of a text by a table of all possible n-grams, in JAX."""
    slots, contexts = text.labels.shape[0], vocabulary**order
    counts = counts_of(text, order, vocabulary)
    codes = jnp.repeat(lax.iota(jnp.int32, contexts * vocabulary), counts.ravel(), total_repeat_length=slots)
    of_context = jnp.sum(counts, axis=1, dtype=jnp.int32)
    begin = jnp.cumsum(of_context, dtype=jnp.int32) - of_context
    leads_to = codes % contexts
    return ContextIndex(codes % vocabulary, begin[leads_to], of_context[leads_to], text.size, order)


def _by_sorting(text: Labels, order: int, vocabulary: int) -> ContextIndex:
    """Return the index of a text by sorting its n-grams."""
    slots = text.labels.shape[0]
    slot, last = lax.iota(jnp.int32, slots), jnp.iinfo(jnp.int32).max
    context = jnp.where(text.in_use, _context(text, order, vocabulary), last)
    context, token, place = lax.sort((context, text.labels, slot), num_keys=2)
    is_new = jnp.concatenate([jnp.ones(1, bool), context[1:] != context[:-1]])
    begin = lax.cummax(jnp.where(is_new, slot, 0))
    count = jnp.zeros(slots, jnp.int32).at[begin].add(1)
    begin_at = jnp.zeros(slots, jnp.int32).at[place].set(begin)
    start = begin_at[jnp.where(place + 1 >= text.size, 0, place + 1)]
    return ContextIndex(token, start, count[start], text.size, order)


def _context(text: Labels, order: int, vocabulary: int) -> Array:
    """Return a number for the context of each token, ``int32 [slots]``, in the same order as contexts."""
    if order * (vocabulary - 1).bit_length() <= 30 or order == 1:
        return digits(text, order, vocabulary)
    # A context of a + b tokens is one of b tokens followed by one of a tokens, so contexts are sorted by pairs of
    # ranks, as in the construction of suffix arrays by prefix doubling.
    half = order // 2
    later = _context(text, half, vocabulary)
    longer = later if order == 2 * half else _context(text, order - half, vocabulary)
    earlier = before(Labels(longer, text.size), half)
    slots, last = text.labels.shape[0], jnp.iinfo(jnp.int32).max
    first = jnp.where(text.in_use, earlier, last)
    first, second, place = lax.sort((first, later, lax.iota(jnp.int32, slots)), num_keys=2)
    is_new = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    rank = jnp.concatenate([jnp.zeros(1, jnp.int32), jnp.cumsum(is_new, dtype=jnp.int32)])
    return jnp.zeros(slots, jnp.int32).at[place].set(rank)


def digits(text: Labels, order: int, vocabulary: int) -> Array:
    """Return the number of the context of each token, ``int32 [slots]``; see :func:`counts_of`."""
    found = jnp.zeros_like(text.labels)
    for distance in range(1, order + 1):
        found = found + before(text, distance) * vocabulary ** (distance - 1)
    return found


def write(key: Array, model: ContextIndex, size: Array, slots: int, many: int) -> Labels:
    """Return ``size`` tokens in ``many`` documents, each of which begins in the context of a uniformly random place."""
    of_start, of_steps = split_keys(key, 2)
    steps = -(-slots // many)
    row = jnp.stack([model.tokens, model.starts, model.counts], axis=1)  # One look-up fetches all three.
    begin = index_below(random_bits(of_start, many), model.size.astype(jnp.uint32)).astype(jnp.int32)
    lots = jax.tree.map(lambda word: word.reshape(steps, many), random_bits(of_steps, steps * many))

    if native.enabled():
        return lay_end_to_end(native.walk_documents(row, begin, lots), size, slots)
    return lay_end_to_end(walked(row, begin, lots), size, slots)


def walked(row: Array, begin: Array, lots: U64) -> Array:
    """Return tokens ``int32 [steps, documents]``, each copied from a place of the context that the last one leads to.

    Args:
      row: tokens, starts and counts of a context index, ``int32 [slots, 3]``.
      begin: the slot whose token leads to the first context of each document, ``int32 [documents]``.
      lots: random words, ``[steps, documents]``.
    """

    def step(at: Array, lot: U64) -> tuple[Array, Array]:
        place = at[:, 1] + index_below(lot, at[:, 2].astype(jnp.uint32)).astype(jnp.int32)
        at = row.at[place].get(mode="promise_in_bounds")
        return at, at[:, 0]

    return lax.scan(step, row[begin], lots)[1]
