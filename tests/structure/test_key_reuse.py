"""No random word serves twice: in a whole run every (key, counter) is drawn by one call, and none of them is a key.

JAX's own checker of keys does not see words that are computed from the data of a key, so a double of threefry records
them. Deriving the same key twice reuses no random bits, so derivations are only held against draws.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recording_threefry
from recording_threefry import one_by_one, threefry2x32

import jaxcollapse as jc
from jaxcollapse.exact import threefry
from jaxcollapse.exact.u64 import U64
from jaxcollapse.learners import Categorical, Contexts, Estimated, NGram

P = np.array([0.4, 0.3, 0.2, 0.1], np.float32)
TEXT = np.random.default_rng(0).choice(len(P), 20, p=P).astype(np.int32)
KEY = jax.random.key(11)
GENERATIONS = 4

SMOOTHED = Estimated(estimator=jc.estimators.Additive(0.5), decoding=jc.decoding.Temperature(0.9))
LEARNERS = {
    "labels": (P, Categorical("labels")),
    "counts": (P, Categorical("counts")),
    "smoothed": (P, SMOOTHED),
    "n-grams": (P, NGram(order=2, documents=2, room=40, text=TEXT)),
    "contexts": (np.stack([P, P[::-1]]), Contexts(drawn=True)),
}
REGIMES = {
    "fully-synthetic": jc.FullySynthetic(n=5),
    "partially-synthetic": jc.PartiallySynthetic(n=5, real=3),
    "most-recent": jc.MostRecent(n=6, window=2),
    "most-recent, reuse": jc.MostRecent(n=6, window=2, reuse=True),
    "randomly-sampled": jc.RandomlySampled(n=5),
    "randomly-sampled, pool": jc.RandomlySampled(n=5, reuse="pool"),
    "randomly-sampled, prefix": jc.RandomlySampled(n=5, reuse="prefix", generations=6),
    "accumulate": jc.Accumulate(n=5),
    "accumulate-subsample": jc.AccumulateSubsample(n=5, budget=4),
    "accumulate-subsample, replacement": jc.AccumulateSubsample(n=5, budget=4, replacement=True),
    "fresh-real": jc.FreshReal(n=5, real=3),
    "fresh-real, weight": jc.FreshReal(n=5, real=3, weight=1.5),
    "mixture": jc.Mixture(n=5, share=0.3),
}


def processes():
    for learner, (language, made) in LEARNERS.items():
        for regime in REGIMES:
            try:
                yield learner, regime, jc.recursive_training(language, REGIMES[regime], made)
            except (TypeError, ValueError):
                continue


PROCESSES = {f"{learner}, {regime}": process for learner, regime, process in processes()}


def recorded(process, chains=1):
    """Chains one after another, by the process alone."""
    process = jax.tree.map(jnp.asarray, process)
    with one_by_one() as recorder:
        for chain in map(jnp.int32, range(chains)):
            of_chain = threefry.fold_in(KEY, chain)
            state = process.init(threefry.fold_in(of_chain, 1), chain, keep_first=True)
            for m in range(2, GENERATIONS + 1):
                state = process.step(threefry.fold_in(of_chain, m), state)
    return recorder


def test_every_regime_is_here_with_every_learner_that_can():
    assert {type(regime) for regime in REGIMES.values()} == set(jc.regimes.REGIMES.values())
    assert {name for name in PROCESSES if "labels" in name} == {f"labels, {regime}" for regime in REGIMES}
    assert {name.split(", ")[0] for name in PROCESSES} == set(LEARNERS)
    assert len(PROCESSES) >= 40


@pytest.mark.parametrize("name", PROCESSES)
def test_no_word_serves_twice(name):
    found = recorded(PROCESSES[name])
    assert found.drawn
    assert all("only_if" in call for call in found.unseen), "words whose values nobody saw"
    assert found.reused() == []


def test_two_chains_share_no_word():
    found = recorded(PROCESSES["labels, fresh-real"], chains=2)
    assert found.reused() == []
    assert len(found.drawn) == 2 * len(recorded(PROCESSES["labels, fresh-real"]).drawn)


def one_key_twice(key, count):
    """A regime that draws twice with one key."""
    return [threefry.fold_in(key, 0)] * count


def its_own_key_too(key, count):
    """A regime that draws with the key that it derives others from."""
    return [key, *(threefry.fold_in(key, part) for part in range(1, count))]


@pytest.mark.parametrize("parts", [one_key_twice, its_own_key_too])
@pytest.mark.parametrize("name", ["labels, fresh-real", "counts, mixture"])
def test_a_regime_that_uses_a_key_twice_is_found(name, parts, monkeypatch):
    monkeypatch.setattr(threefry, "split_keys", parts)
    assert recorded(PROCESSES[name]).reused() != []


def test_generations_of_one_key_are_found(monkeypatch):
    right = threefry.fold_in
    monkeypatch.setattr(threefry, "fold_in", lambda key, number: right(key, 2 * (int(number) // 2)))
    assert recorded(PROCESSES["labels, fully-synthetic"]).reused() != []


def test_the_double_gives_the_same_words():
    key, counters = jax.random.key_data(KEY), np.arange(12, dtype=np.uint32).reshape(2, 6)
    right = threefry.threefry(U64(*key), U64(*jnp.asarray(counters)))
    assert np.array_equal(threefry2x32(np.asarray(key)[:, None] + np.zeros_like(counters), counters), np.stack(right))
    assert recording_threefry.ROTATIONS == threefry._ROTATIONS
