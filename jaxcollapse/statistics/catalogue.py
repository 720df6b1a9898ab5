"""The statistics that go by a name, and the translation of what a caller asks to be recorded into statistics."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Statistic, View
from jaxcollapse.statistics import of_texts, of_tokens
from jaxcollapse.statistics.families import hill, spectrum, tail_mass
from jaxcollapse.statistics.record import Record

STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        Statistic("simpson", of_tokens.simpson, long_name="Simpson concentration, sum of p_i^2"),
        Statistic("heterozygosity", of_tokens.heterozygosity, long_name="heterozygosity, sum of p_i (1 - p_i)"),
        Statistic("max_prob", of_tokens.max_prob, long_name="largest probability"),
        Statistic("support", of_tokens.support, long_name="tokens that the model can still write", units="tokens"),
        Statistic("entropy", of_tokens.entropy, long_name="Shannon entropy", units="nats"),
        Statistic("collapsed", of_tokens.collapsed, long_name="whether the model is a Dirac mass"),
        Statistic("l1_truth", of_tokens.l1_truth, long_name="L1 distance from the truth"),
        Statistic("l2_truth", of_tokens.l2_truth, long_name="squared L2 distance from the truth"),
        Statistic("kl_truth", of_tokens.kl_truth, long_name="Kullback-Leibler divergence from the truth", units="nats"),
        Statistic(  # recorded for each context, because tokens have no mean
            "winner", of_tokens.winner, over="each", long_name="token of the Dirac mass, -1 before collapse"
        ),
        Statistic("l1_first", of_tokens.l1_first, frozenset({"p", "first"}), long_name="L1 distance from generation 1"),
        Statistic(
            "l2_first", of_tokens.l2_first, frozenset({"p", "first"}), long_name="squared L2 distance from generation 1"
        ),
        hill(0),
        hill(1),
        hill(2),
        tail_mass(),
        spectrum(),
    )
}
"""The statistics of any model that go by a name, by that name."""
TEXT_STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        Statistic("ngrams", of_texts.ngrams, long_name="different n-grams of the text"),
        Statistic("contexts", of_texts.contexts, long_name="different contexts of the text"),
        Statistic("entropy_rate", of_texts.entropy_rate, long_name="entropy given the context", units="nats a token"),
        Statistic("type_token_ratio", of_texts.type_token_ratio, long_name="different tokens over tokens of the text"),
    )
}
"""The statistics of models of n-grams that go by a name, by that name."""


def named() -> dict[str, Statistic]:
    """Return all statistics that go by a name, by that name.

    Example:
      >>> named()["entropy"].units
      'nats'
    """
    return STATISTICS | TEXT_STATISTICS


def resolve(record: Record) -> tuple[Statistic, ...]:
    """Return the statistics that a caller's ``record`` stands for.

    A function of the caller's own is recorded under its ``__name__``; it may return any array, and what it computes in
    floats is its own affair.

    Raises:
      ValueError: for an unknown name, for two statistics of one name, and for none.
      TypeError: for what is neither a name nor a function.

    Example:
      >>> [statistic.name for statistic in resolve(("support", hill(2)))]
      ['support', 'hill_2']
    """
    if isinstance(record, str | Statistic) or callable(record):
        record = (record,)
    found = []
    for item in record:
        if isinstance(item, Statistic):
            found.append(item)
        elif isinstance(item, str):
            check.choice("statistic", item, named())
            found.append(named()[item])
        elif callable(item):
            found.append(_of_function(item))
        else:
            raise TypeError(f"record must hold names or functions of a view, got {item!r}")
    names = [statistic.name for statistic in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"record names {sorted(twice)[0]!r} twice; give each statistic its own name")
    if not found:
        raise ValueError(f"record must name at least one statistic; known: {', '.join(sorted(named()))}")
    return tuple(found)


def described(record: Record) -> tuple[tuple[str, str, str], ...]:
    """Return the name, the long name and the units of each statistic that ``record`` stands for.

    Results carry these, so that tables, axes and files can say what they hold. The long name of a function of the
    caller's own is its name, and it has no units.

    Raises:
      ValueError, TypeError: as :func:`resolve`.

    Example:
      >>> described(("entropy", hill(2)))
      (('entropy', 'Shannon entropy', 'nats'), ('hill_2', 'Hill number of order 2', ''))
    """
    return tuple((one.name, one.long_name or one.name, one.units) for one in resolve(record))


def each(statistic: str | Statistic | Callable[[View], Array]) -> Statistic:
    """Make the statistic of every context by itself, ``[contexts, ...]``, recorded under ``each_<name>``.

    Of a process of one context it is the statistic itself.

    Raises:
      ValueError, TypeError: as :func:`resolve`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([[0.5, 0.5], [0.9, 0.1]], jc.FullySynthetic(n=8))
      >>> trace = jc.simulate(jax.random.key(0), process, chains=3, generations=4, record=each("support"))
      >>> trace["each_support"].shape
      (3, 5, 2)
    """
    (one,) = resolve((statistic,))
    long_name = f"{one.long_name or one.name}, of each context"
    return dataclasses.replace(one, name=f"each_{one.name}", over="each", long_name=long_name)


@functools.cache
def _of_function(function: Callable[[View], Array]) -> Statistic:
    """Make the statistic of a caller's own function; cached, so that one function compiles once."""
    return Statistic(
        getattr(function, "__name__", type(function).__name__), function, requires=frozenset(), keep_first=True
    )
