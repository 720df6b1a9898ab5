"""Mutants: deliberately wrong simulations, for asking whether a verification would notice.

Each, called once in a fresh process right after ``import jaxcollapse``, patches the simulation and
nothing else: ``recurrence``, the definition that the theory reads, stays right. The key says what is wrong,
and after a comma which option of its regime is concerned.

All but those in :data:`BETWEEN_CHAINS` change the law of a single chain; there it is right, but chains are
not independent, and the mean over them scatters too much.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import jaxcollapse  # noqa: F401  (what is patched)
from jaxcollapse import sampling, statistics
from jaxcollapse.exact import bits, sums, u64
from jaxcollapse.learners import Categorical
from jaxcollapse.process import one_context
from jaxcollapse.process.one_context import DISTANCE, Process
from jaxcollapse.regimes import randomly_sampled as random_module
from jaxcollapse.regimes.base import only_if, put
from jaxcollapse.regimes.pools import Accumulate, AccumulateSubsample
from jaxcollapse.regimes.randomly_sampled import RandomlySampled
from jaxcollapse.regimes.real import FreshReal, Mixture, PartiallySynthetic
from jaxcollapse.regimes.synthetic import FullySynthetic
from jaxcollapse.regimes.window import MostRecent
from jaxcollapse.sampling import labels, reweighted, subsets
from jaxcollapse.sampling.labels import Labels
from jaxcollapse.schedules import Schedule
from jaxcollapse.schemes import plain

tally = sys.modules["jaxcollapse.sampling.counts"]  # in the package this name is a function

MUTANTS: dict[str, Callable[[], None]] = {}
"""What is wrong, and the function that makes it so."""

REGIME_OF: dict[str, str | None] = {}
"""The regime that a mutant concerns, by its name in ``jaxcollapse.regimes.REGIMES``; None for all."""

BETWEEN_CHAINS = ("there are only 64 different chains",)
"""Mutants under which each chain on its own still has the right law."""

VERBS = ("draw_real", "begin", "remember", "collect", "absorbed")


def mutant(sentence: str, regime: str | None = None) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def enter(patch: Callable[[], None]) -> Callable[[], None]:
        assert sentence not in MUTANTS
        MUTANTS[sentence], REGIME_OF[sentence] = patch, regime
        return patch

    return enter


def _empty_like(tree: Any) -> Any:
    return jax.tree.map(jnp.zeros_like, tree)


def _through_a_twin(kind: type, twin_of: Callable[[Any], Any]) -> None:
    """Let another regime do the simulating."""
    for verb in VERBS:
        right = getattr(kind, verb)
        setattr(kind, verb, lambda self, *args, right=right: right(twin_of(self), *args))


def _twin(self: Any, kind: type, **changes: Any) -> Any:
    twin = object.__new__(kind)
    for field in dataclasses.fields(self):
        object.__setattr__(twin, field.name, changes.get(field.name, getattr(self, field.name)))
    return twin


def _statistic(name: str, of: Callable[[Any], Any]) -> None:
    setattr(statistics, name, of)
    statistics.STATISTICS[name] = dataclasses.replace(statistics.STATISTICS[name], of=of)


# ---------------------------------------------------------------------------------------- all regimes


@mutant("every generation uses the same key")
def _() -> None:
    plain.chain_key = lambda key, chain, m: jax.random.fold_in(jax.random.fold_in(key, chain), 1 + 0 * m)


@mutant("two generations after one another share a key")
def _() -> None:
    plain.chain_key = lambda key, chain, m: jax.random.fold_in(jax.random.fold_in(key, chain), m >> 1)


@mutant("there are only 64 different chains")
def _() -> None:
    plain.chain_key = lambda key, chain, m: jax.random.fold_in(jax.random.fold_in(key, chain & 63), m)


@mutant("the last slot of a corpus is never drawn")
def _() -> None:
    right = bits.index_below
    for module in (labels, tally, reweighted, subsets):
        module.index_below = lambda word, bound: right(word, jnp.maximum(bound, jnp.uint32(2)) - jnp.uint32(1))


@mutant("slots are rounded to the nearest, so the first and the last are drawn half as often")
def _() -> None:
    right = bits.index_below

    def rounded(word: Any, bound: Any) -> Any:
        twice = jnp.uint32(2) * (jnp.maximum(bound, jnp.uint32(1)) - jnp.uint32(1))
        return (right(word, twice) + jnp.uint32(1)) >> jnp.uint32(1)

    labels.index_below = reweighted.index_below = rounded


@mutant("the first token of the truth is never drawn")
def _() -> None:
    right = sampling.draw_from_cdf

    def draw(key: Any, law: Any, size: Any, slots: int) -> Any:
        corpus = right(key, law, size, slots)
        return corpus._replace(labels=jnp.maximum(corpus.labels, min(law.p.shape[0] - 1, 1)))

    sampling.draw_from_cdf = draw


@mutant("from generation 2 on, what is recorded is the model of the generation before")
def _() -> None:
    right = plain.forward

    def row(key: Any, process: Any, state: Any, generations: int, record: Any) -> Any:
        one = lambda chain: plain.measure(process, one_context.view(chain._replace(m=state.m)), chain.status, record)
        return right(key, process, state, generations), jax.vmap(one)(state._replace(m=None))

    plain.record_row = row


@mutant("a schedule is read one generation ahead")
def _() -> None:
    right = Schedule.at
    Schedule.at = lambda self, m: right(self, m + 1)


@mutant("a schedule is read one generation behind")
def _() -> None:
    right = Schedule.at
    Schedule.at = lambda self, m: right(self, m - 1)


@mutant("a schedule begins again after its end")
def _() -> None:
    def at(self: Schedule, m: Any) -> Any:
        sizes = jnp.asarray(self.sizes)
        return sizes[(m - 1) % sizes.shape[0]]

    Schedule.at = at


# ----------------------------------------------------------------------------------------- statistics


@mutant("heterozygosity is the unbiased one, multiplied by n/(n - 1)")
def _() -> None:
    right = statistics.heterozygosity

    def heterozygosity(view: Any) -> Any:
        if view.total is None:
            return right(view)
        size = view.total.astype(jnp.float32)
        return right(view) * size / jnp.maximum(size - 1, 1)

    _statistic("heterozygosity", heterozygosity)


@mutant("support counts only the words that were counted twice or more")
def _() -> None:
    def support(view: Any) -> Any:
        return jnp.sum(view.p > 0 if view.counts is None else view.counts > 1, dtype=jnp.int32)

    _statistic("support", support)


@mutant("from generation 2 on, the statistics that look back at p^(1) look at p^(2)")
def _() -> None:
    right = Process.step

    def step(self: Process, key: Any, state: Any) -> Any:
        after = right(self, key, state)
        if not state.first.shape[0]:
            return after
        table = self.learner.table(after.model, after.tokens.shape[0])
        return after._replace(first=jnp.where(after.m == 2, table.p, after.first))

    Process.step = step


@mutant("the statistics that look back at p^(1) look at the generation before")
def _() -> None:
    right = Process.step

    def step(self: Process, key: Any, state: Any) -> Any:
        after = right(self, key, state)
        if not state.first.shape[0]:
            return after
        return after._replace(first=self.learner.table(state.model, state.tokens.shape[0]).p)

    Process.step = step


@mutant("the statistics that look back at p^(1) look at that of another chain")
def _() -> None:
    right = Process.init

    def init(self: Process, key: Any, chain: Any, *, keep_first: bool = True) -> Any:
        state = right(self, key, chain, keep_first=keep_first)
        if not keep_first:
            return state
        other = right(self, jax.random.fold_in(key, 99), chain, keep_first=True)
        first = jnp.zeros(self.vocabulary, jnp.float32).at[other.tokens].set(other.first, mode="drop")
        return state._replace(first=first.at[state.tokens].get(mode="fill", fill_value=0))

    Process.init = init


@mutant("l1_truth forgets the words that the real data lack, where n is smaller than the vocabulary", "fully-synthetic")
def _() -> None:
    def l1_truth(view: Any) -> Any:
        return sums.value(sums.accumulate(jnp.abs(view.p - view.truth), DISTANCE), DISTANCE)

    _statistic("l1_truth", l1_truth)


# ------------------------------------------------------------------------------------ fully synthetic


@mutant("a generation has one token too few", "fully-synthetic")
def _() -> None:
    right = FullySynthetic.size
    FullySynthetic.size = lambda self, name, m: jnp.maximum(right(self, name, m) - 1, 1)


@mutant("a generation has one token too many", "fully-synthetic")
def _() -> None:
    def draw_real(self: Any, key: Any, learner: Any, truth: Any) -> Any:
        return learner.sample(key, truth, self.size("n", 1) + 1, self.capacity + 1)

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        return learner.sample(key, model, self.size("n", m) + 1, self.capacity + 1), ()

    FullySynthetic.draw_real, FullySynthetic.collect = draw_real, collect
    FullySynthetic.room = property(lambda self: int(self.capacity) + 1)


@mutant("generation 2 is trained on the truth once more", "fully-synthetic")
def _() -> None:
    right = FullySynthetic.collect
    FullySynthetic.closed = False

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus, memory = right(self, key, learner, truth, model, memory, m)
        again = learner.sample(key, truth, self.size("n", m), self.capacity)
        return jax.tree.map(lambda one, other: jnp.where(m == 2, one, other), again, corpus), memory

    FullySynthetic.collect = collect


# -------------------------------------------------------------------------------- partially synthetic


@mutant("the real data are redrawn in every generation", "partially-synthetic")
def _() -> None:
    PartiallySynthetic.closed = False

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = jax.random.split(key)
        real = learner.sample(of_truth, truth, self.size("real", m), self.real_capacity)
        return learner.merge(real, learner.sample(of_model, model, self.size("n", m), self.capacity)), memory

    PartiallySynthetic.collect = collect


@mutant("the real data are resampled with replacement in every generation", "partially-synthetic")
def _() -> None:
    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = jax.random.split(key)
        real = learner.sample(of_truth, memory, self.size("real", m), self.real_capacity)
        return learner.merge(real, learner.sample(of_model, model, self.size("n", m), self.capacity)), memory

    PartiallySynthetic.collect = collect


@mutant("the real data are forgotten after generation 2", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        kept = memory._replace(size=jnp.where(m > 2, 0, memory.size))
        return right(self, key, learner, truth, model, kept, m)[0], memory

    PartiallySynthetic.collect = collect


@mutant("the synthetic tokens are always those of the first model", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect
    PartiallySynthetic.collect = lambda self, key, learner, truth, model, memory, m: right(
        self, key, learner, truth, memory, memory, m
    )


@mutant("generation 1 has n synthetic tokens already", "partially-synthetic")
def _() -> None:
    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        return learner.merge(real, learner.sample(key, real, self.size("n", 1), self.capacity)), real

    PartiallySynthetic.begin = begin


@mutant("where two corpora are joined the last token of the first is overwritten", "partially-synthetic")
def _() -> None:
    def concatenate(first: Any, second: Any) -> Any:
        start = jnp.maximum(first.size - 1, 0)
        room = jnp.concatenate([first.labels, second.labels])
        return Labels(lax.dynamic_update_slice(room, second.labels, (start,)), start + second.size)

    sampling.concatenate = concatenate


# ---------------------------------------------------------------------------------------- most recent


def _another_window(by: int) -> None:
    """Tokens of ``window + by`` models, as many of each as before."""

    class Another(MostRecent):
        asked: int

        @property
        def each(self) -> int:
            return max(1, int(self.capacity) // self.asked)

        def _share(self, m: Any) -> Any:
            return jnp.maximum(self.size("n", m) // self.asked, 1)

    def twin_of(self: Any) -> Any:
        twin = _twin(self, Another, window=max(1, self.window + by))
        object.__setattr__(twin, "asked", self.window)
        return twin

    _through_a_twin(MostRecent, twin_of)


@mutant("the window is one generation too short", "most-recent")
def _() -> None:
    _another_window(-1)


@mutant("the window is one generation too long", "most-recent")
def _() -> None:
    _another_window(+1)


@mutant("tokens are drawn once and reused, where they are due afresh", "most-recent")
def _() -> None:
    _through_a_twin(MostRecent, lambda self: _twin(self, MostRecent, reuse=True))
    MostRecent.closed = False


@mutant("tokens are drawn afresh, with reuse=True", "most-recent")
def _() -> None:
    _through_a_twin(MostRecent, lambda self: _twin(self, MostRecent, reuse=False))
    MostRecent.closed = False


def _afresh(last_truth: Callable[[Any], Any], dropped: Callable[[Any, Any], Any], other: bool = False) -> None:
    """The regime drawing afresh, with the truth in row 0 up to another generation, or not the truth there."""
    right = MostRecent.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse:
            return right(self, key, learner, truth, model, memory, m)
        share = self._share(m)
        rows = lax.iota(jnp.int32, self.window)
        sizes = jnp.where((rows < m) & ~((rows == 0) & dropped(m, self.window)), share, 0)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
        drawn = jax.vmap(lambda key, model: learner.sample(key, model, share, self.each))(keys, memory)
        source = jax.tree.map(lambda stack: stack[1 % self.window], memory) if other else truth
        reaches = m <= last_truth(self.window)
        of_truth = only_if(reaches, lambda: learner.sample(keys[0], source, share, self.each))
        first = jax.tree.map(lambda real, all_: jnp.where(reaches, real, all_[0]), of_truth, drawn)
        return self._together(learner, put(drawn, jnp.int32(0), first), sizes), memory

    MostRecent.collect = collect


@mutant("the truth stays in the window one generation too long, afresh", "most-recent")
def _() -> None:
    _afresh(lambda window: window + 1, lambda m, window: False)


@mutant("the truth leaves the window one generation too early, afresh", "most-recent")
def _() -> None:
    _afresh(lambda window: window, lambda m, window: m == window)


@mutant("p^(1) is taken for the truth while the window reaches back to it, afresh", "most-recent")
def _() -> None:
    _afresh(lambda window: window, lambda m, window: False, other=True)


def _reused(row_at: Callable[[Any, int], Any]) -> None:
    """The regime with reuse, with the newest data laid in another row."""
    right = MostRecent.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        if not self.reuse or self.window == 1:
            return right(self, key, learner, truth, model, memory, m)
        (datasets, sizes), share, row = memory, self._share(m), row_at(m, self.window)
        datasets = put(datasets, row, learner.sample(key, model, share, self.each))
        sizes = sizes.at[row].set(share)
        return self._together(learner, datasets, sizes), (datasets, sizes)

    MostRecent.collect = collect


@mutant("the truth's tokens leave the window one generation too early, with reuse=True", "most-recent")
def _() -> None:
    _reused(lambda m, window: m % window)


@mutant("the truth's tokens never leave the window, with reuse=True", "most-recent")
def _() -> None:
    _reused(lambda m, window: 1 + (m - 2) % (window - 1))


# ----------------------------------------------------------------------------------- randomly sampled


@mutant("the generation is drawn from 1..m-1, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.begin

    def begin(self: Any, *args: Any) -> Any:
        corpus, memory = right(self, *args)
        return corpus, memory if self.reuse else _empty_like(memory)

    RandomlySampled.begin = begin


@mutant("p^(1) is taken for the truth, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.begin

    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        corpus, memory = right(self, key, learner, truth, real, width)
        return corpus, memory if self.reuse else learner.blend(None, real, width)

    RandomlySampled.begin = begin


@mutant("the mean forgets the last model, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse:
            return right(self, key, learner, truth, model, memory, m)
        last = learner.blend(None, model, truth.p.shape[0])
        mean = sampling.ModelAverage(u64.subtract(memory.sums, last.sums))
        return learner.sample(key, mean, self.size("n", m), self.capacity), memory

    RandomlySampled.collect = collect


@mutant("the newest corpus is left out, pool", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus, mean = right(self, key, learner, truth, model, memory, m)
        if self.reuse == "pool":
            corpus = learner.sample(jax.random.split(key)[1], memory, self.size("n", m), self.capacity)
        return corpus, mean

    RandomlySampled.collect = collect


@mutant("tokens are written once and copied, where they are due fresh", "randomly-sampled")
def _() -> None:
    _through_a_twin(RandomlySampled, lambda self: _twin(self, RandomlySampled, reuse=self.reuse or "pool"))


@mutant("tokens are drawn fresh, pool", "randomly-sampled")
def _() -> None:
    _through_a_twin(
        RandomlySampled,
        lambda self: _twin(self, RandomlySampled, reuse=self.reuse if self.reuse == "prefix" else False),
    )
    RandomlySampled.closed = property(lambda self: self.reuse == "prefix")


@mutant("generation 1 is copied from the pool with the words that wrote the pool, pool", "randomly-sampled")
def _() -> None:
    one_context._for = lambda key, role: jax.random.fold_in(key, jnp.uint32(int(role) % 2))


@mutant("a sequence's first token is used twice, prefix", "randomly-sampled")
def _() -> None:
    right = random_module._rank
    random_module._rank = lambda source: jnp.maximum(right(source) - 1, 0)


def _source(below: Callable[[Any, Any, Any, int], Any]) -> None:
    """Another choice of the generations for "prefix"."""
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse != "prefix":
            return right(self, key, learner, truth, model, memory, m)
        of_model, of_past = jax.random.split(key)
        sequences = put(memory, m - 1, learner.sample(of_model, model, self._written(), self.capacity))
        n = self.size("n", m)
        source = below(of_past, m, n, self.capacity)
        return learner.pick(sequences, source, random_module._rank(source), n), sequences

    RandomlySampled.collect = collect


@mutant("the generation is drawn from 1..m-1, prefix", "randomly-sampled")
def _() -> None:
    _source(lambda key, m, n, slots: 1 + sampling.randint(key, m - 1, slots))


@mutant("each generation gives n/m tokens, not a random number, prefix", "randomly-sampled")
def _() -> None:
    _source(lambda key, m, n, slots: jnp.minimum(lax.iota(jnp.int32, slots) * m // n, m - 1))


# ----------------------------------------------------------------------------------------- accumulate


@mutant("a corpus is added to the pool twice", "accumulate")
def _() -> None:
    right = Categorical.add

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus = learner.sample(key, model, self.size("n", m), self.capacity)
        pool = right(learner, right(learner, memory, corpus), corpus)
        return pool, pool

    Accumulate.collect = collect


@mutant("the corpus of generation 2 is not kept", "accumulate")
def _() -> None:
    right = Accumulate.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        pool, _ = right(self, key, learner, truth, model, memory, m)
        return pool, jax.tree.map(lambda old, new: jnp.where(m == 2, old, new), memory, pool)

    Accumulate.collect = collect


@mutant("the real data leave the pool after generation 1", "accumulate")
def _() -> None:
    right = Accumulate.begin

    def begin(self: Any, *args: Any) -> Any:
        pool, _ = right(self, *args)
        return pool, _empty_like(pool)

    Accumulate.begin = begin


@mutant("a corpus stays one generation only", "accumulate")
def _() -> None:
    right = Accumulate.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        return right(self, key, learner, truth, model, memory, m)[0], memory

    Accumulate.collect = collect


# ------------------------------------------------------------------------------- accumulate-subsample


@mutant("the budget is drawn with replacement, where it is due without", "accumulate-subsample")
def _() -> None:
    right = Categorical.subsample
    Categorical.subsample = lambda self, key, pool, size, slots, replacement: right(self, key, pool, size, slots, True)


@mutant("the budget is drawn without replacement, with replacement=True", "accumulate-subsample")
def _() -> None:
    right = Categorical.subsample
    Categorical.subsample = lambda self, key, pool, size, slots, replacement: right(self, key, pool, size, slots, False)


@mutant("the part is taken before the new tokens join the pool", "accumulate-subsample")
def _() -> None:
    right = AccumulateSubsample.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        _, pool = right(self, key, learner, truth, model, memory, m)
        return self._part(jax.random.split(key)[1], learner, memory, m), pool

    AccumulateSubsample.collect = collect


@mutant("the new tokens are drawn from the pool, not from the model, with replacement=True", "accumulate-subsample")
def _() -> None:
    right = AccumulateSubsample.collect
    AccumulateSubsample.collect = lambda self, key, learner, truth, model, memory, m: right(
        self, key, learner, truth, memory, memory, m
    )


def _part_of(choose: Callable[[Any, Any, Any, Any], tuple[Any, Any]]) -> None:
    """Another conclusion from the places drawn: the counts taken, and how many."""

    def part_of(key: Any, pool: Any, size: Any, slots: int) -> Any:
        size = jnp.minimum(size, pool.size)
        leave = pool.size - size
        few = jnp.minimum(size, leave)
        places = subsets.distinct_integers(key, pool.size, few, slots)
        counts = labels.histogram(Labels(tally.token_at(pool.cumulative, places), few), pool.cumulative.shape[0])
        counts, size = choose(pool.counts, counts, size, leave)
        return Labels(tally.token_at(jnp.cumsum(counts), lax.iota(jnp.int32, slots)), size)

    sampling.draw_subset = part_of


@mutant("a part larger than half the pool is what should be left, without replacement", "accumulate-subsample")
def _() -> None:
    def choose(pool: Any, counts: Any, size: Any, leave: Any) -> Any:
        return jnp.where(leave > 0, counts, pool), jnp.where(leave > 0, jnp.minimum(size, leave), size)

    _part_of(choose)


@mutant(
    "a part smaller than half the pool is taken from what should be left, without replacement", "accumulate-subsample"
)
def _() -> None:
    _part_of(lambda pool, counts, size, leave: (pool - counts, size))


@mutant("repeated places are kept, without replacement", "accumulate-subsample")
def _() -> None:
    def distinct(key: Any, bound: Any, size: Any, slots: int) -> Any:
        return sampling.randint(jax.random.fold_in(key, 0), bound, slots)

    subsets.distinct_integers = distinct


@mutant("the last place of the pool is never drawn, without replacement", "accumulate-subsample")
def _() -> None:
    right = subsets.distinct_integers
    subsets.distinct_integers = lambda key, bound, size, slots: right(key, jnp.maximum(bound - 1, 1), size, slots)


# ----------------------------------------------------------------------------------------- fresh real


@mutant("the weight is given to the synthetic part, with a weight", "fresh-real")
def _() -> None:
    def weigh(first: Any, second: Any, weight: Any) -> Any:
        ratio = second.size.astype(jnp.float32) * jnp.asarray(weight, jnp.float32) / first.size.astype(jnp.float32)
        return reweighted.Weighted(first, second, jnp.where(second.size == 0, 1.0, 1 / (1 + ratio)))

    sampling.reweight = weigh


def _drawn_with(share_of: Callable[[Any], Any]) -> None:
    right = sampling.draw_from_reweighted
    sampling.draw_from_reweighted = lambda key, model, size, slots: right(
        key, model._replace(share=share_of(model)), size, slots
    )


@mutant("the weight counts in the model but not in what it writes, with a weight", "fresh-real")
def _() -> None:
    def share(model: Any) -> Any:
        return model.first.size.astype(jnp.float32) / (model.first.size + model.second.size).astype(jnp.float32)

    _drawn_with(share)


@mutant("a model writes with the shares of its two parts exchanged, with a weight", "fresh-real")
def _() -> None:
    def share(model: Any) -> Any:
        both = (model.first.size > 0) & (model.second.size > 0)
        return jnp.where(both, 1 - model.share, model.share)

    _drawn_with(share)


@mutant("part and slot are chosen with the same words, with a weight", "fresh-real")
def _() -> None:
    def draw(key: Any, model: Any, size: Any, slots: int) -> Any:
        in_first = bits.happens(key, model.share, slots)
        room = model.first.labels.shape[0]
        bound = jnp.where(in_first, model.first.size, model.second.size).astype(jnp.uint32)
        slot = bits.index_below(sampling.random_bits(key, slots), bound).astype(jnp.int32)
        both = jnp.concatenate([model.first.labels, model.second.labels])
        return Labels(both.at[jnp.where(in_first, slot, room + slot)].get(mode="promise_in_bounds"), size)

    sampling.draw_from_reweighted = draw


def _fresh_real(draw: Callable[..., Any]) -> None:
    """The regime with memory of generation 1, from which its real data come."""

    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        return real, real

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = jax.random.split(key)
        real = draw(self, of_truth, learner, memory, m)
        return self._join(learner, real, learner.sample(of_model, model, self.size("n", m), self.capacity)), memory

    FreshReal.begin, FreshReal.collect = begin, collect


@mutant("the real data of generation 1 are used in every generation", "fresh-real")
def _() -> None:
    def draw(self: Any, key: Any, learner: Any, memory: Any, m: Any) -> Any:
        first = memory if self.weight is None else memory.first
        return Labels(first.labels[: self.real_capacity], self.size("real", 1))

    _fresh_real(draw)


@mutant("the real data are tokens of p^(1)", "fresh-real")
def _() -> None:
    def draw(self: Any, key: Any, learner: Any, memory: Any, m: Any) -> Any:
        return learner.sample(key, memory, self.size("real", m), self.real_capacity)

    _fresh_real(draw)


@mutant("generation 1 is trained on n tokens, not on the real ones", "fresh-real")
def _() -> None:
    def draw_real(self: Any, key: Any, learner: Any, truth: Any) -> Any:
        none = learner.sample(key, truth, jnp.int32(0), self.real_capacity)
        return self._join(learner, none, learner.sample(key, truth, self.size("n", 1), self.capacity))

    FreshReal.draw_real = draw_real


# -------------------------------------------------------------------------------------------- mixture


def _mixture(number: Callable[..., Any], truth_key: int = 1, from_first: bool = False) -> None:
    """The regime with another number of real tokens, another key for them, or another source."""

    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        return real, real if from_first else ()

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        keys = jax.random.split(key, 3)
        n = self.size("n", m)
        real = number(keys[0], n, self.share, self.capacity)
        corpus = learner.merge(
            learner.sample(keys[truth_key], memory if from_first else truth, real, self.capacity),
            learner.sample(keys[2], model, n - real, self.capacity),
        )
        return learner.reserve(corpus, self.capacity), memory

    Mixture.begin, Mixture.collect = begin, collect


@mutant("share is the chance of a synthetic token", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, slots: n - sampling.binomial_count(key, n, share, slots))


@mutant("the number of real tokens is its mean, rounded", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, slots: jnp.rint(n * jnp.asarray(share, jnp.float32)).astype(jnp.int32))


@mutant("one coin decides for all tokens of a generation", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, slots: n * bits.happens(key, share, 1)[0].astype(jnp.int32))


@mutant("the real tokens are drawn with the words that said how many they are", "mixture")
def _() -> None:
    _mixture(sampling.binomial_count, truth_key=0)


@mutant("the real tokens are tokens of p^(1)", "mixture")
def _() -> None:
    _mixture(sampling.binomial_count, from_first=True)
