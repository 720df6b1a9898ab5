"""What the scheme of counts does to states, each by itself: breakpoints, conversion, compaction."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.learners import Categorical
from jaxcollapse.sampling import Counts, Labels, histogram
from jaxcollapse.schemes.compaction import tokens_left
from jaxcollapse.schemes.counts_scheme import CountsScheme
from jaxcollapse.schemes.plain import PlainScheme

KEY = jax.random.key(5)
ZIPF = jc.languages.zipf(80)
RECORD = ("simpson", "support", "l1_first", "winner")
FIRST = jc.recursive_training(ZIPF, jc.FullySynthetic(n=100), Categorical("labels first"))
COUNTS = jc.recursive_training(ZIPF, jc.FullySynthetic(n=100), Categorical("counts"))


def switching_at(m, process=FIRST):
    return dataclasses.replace(process, scheme=dataclasses.replace(process.scheme, switch_at=m))


def states_at(m, process, chains=6):
    """Chains at generation m, and nothing done to them there."""
    state, _ = jc.engine.start(KEY, process, chains=chains, record=RECORD)
    return jc.engine.advance(KEY, process, state, generations=m - 1, record=RECORD)[0] if m > 1 else state


def onward(process, state, generations=12):
    state, trace = jc.engine.advance(KEY, process, state, generations=generations, record=RECORD)
    return state, {name: np.asarray(trace[name]) for name in RECORD}


def shown(process, state):
    """Statistics of a state as it is."""
    of_one = lambda chain: process.measure(jc.statistics.resolve(RECORD), chain._replace(m=state.m))
    return jax.jit(jax.vmap(of_one))(state._replace(m=None))


def assert_same(first, second):
    assert jax.tree.structure(first) == jax.tree.structure(second)
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


# --------------------------------------------------------------------------------------- breakpoints


def test_breakpoints_are_strictly_within_a_piece():
    scheme = CountsScheme(switch_at=8)
    found = [scheme.breakpoints(*of) for of in ((1, 20), (7, 9), (1, 8), (8, 20), (9, 20), (1, 7))]
    assert found == [(8,), (8,), (), (), (), ()]
    assert CountsScheme().breakpoints(0, 100) == PlainScheme().breakpoints(0, 100) == ()


# ---------------------------------------------------------------------------------------- conversion


def test_conversion_counts_labels_and_changes_nothing_else():
    state = states_at(8, FIRST)
    assert isinstance(state.model, Labels)
    for m in (1, 7):
        assert FIRST.scheme.convert(FIRST, state, m) is state
    converted = FIRST.scheme.convert(FIRST, state, 8)
    assert isinstance(converted.model, Counts)
    width = state.frame.tokens.shape[1]
    np.testing.assert_array_equal(
        jax.vmap(lambda of: of.counts)(converted.model), jax.vmap(lambda of: histogram(of, width))(state.model)
    )
    np.testing.assert_array_equal(converted.model.size, state.model.size)
    assert_same(state._replace(model=None), converted._replace(model=None))
    assert_same(shown(FIRST, state), shown(FIRST, converted))
    assert FIRST.scheme.convert(FIRST, converted, 9) is converted


def test_conversion_counts_what_is_remembered_too():
    regime = jc.PartiallySynthetic(n=100, real=50)
    process = switching_at(3, jc.recursive_training(ZIPF, regime, Categorical("labels first")))
    state = states_at(3, process)
    converted = process.scheme.convert(process, state, 3)
    kinds = [type(of) for of in (state.model, state.memory, converted.model, converted.memory)]
    assert kinds == [Labels, Labels, Counts, Counts]
    assert_same(shown(process, state), shown(process, converted))
    assert onward(process, state)[1]["support"].min() >= 1


def test_there_is_nothing_to_convert_in_models_that_are_counts():
    state = states_at(9, COUNTS)
    assert COUNTS.scheme.convert(COUNTS, state, 9) is state
    assert PlainScheme().convert(COUNTS, state, 9) is state


@pytest.mark.parametrize("m", [1, 3, 8, 11])
def test_a_state_that_is_converted_early_or_late_goes_on_as_if_that_were_the_switch(m):
    """Early by hand, late because a plain scheme led to it: bit for bit the process that switches there."""
    there = switching_at(m)
    _, expected = onward(there, states_at(m, there))
    if m <= 8:
        state = switching_at(m).scheme.convert(FIRST, states_at(m, FIRST), m)
    else:
        state = states_at(m, dataclasses.replace(FIRST, scheme=PlainScheme()))
        assert isinstance(state.model, Labels)
    state, found = onward(FIRST, state)
    assert isinstance(state.model, Counts)
    assert_same(found, expected)


def test_a_state_whose_generation_is_traced_stays_as_it_is():
    """Inside a caller's jit nobody knows whether it is time; labels go on as labels, counts as counts."""
    further = jax.jit(lambda state: jc.engine.advance(KEY, FIRST, state, generations=12, record=RECORD))
    state = states_at(3, FIRST)
    as_labels, trace = further(state)
    assert isinstance(as_labels.model, Labels)
    _, expected = onward(dataclasses.replace(FIRST, scheme=PlainScheme()), state)
    assert_same({name: np.asarray(trace[name]) for name in RECORD}, expected)
    converted = switching_at(3).scheme.convert(FIRST, state, 3)
    as_counts, trace = further(converted)
    assert isinstance(as_counts.model, Counts)
    _, expected = onward(switching_at(3), state)
    assert_same({name: np.asarray(trace[name]) for name in RECORD}, expected)


# ---------------------------------------------------------------------------------------- compaction


def narrow(process, widths=(64, 32, 16, 8, 4, 2)):
    return dataclasses.replace(process, scheme=dataclasses.replace(process.scheme, widths=widths))


def test_compaction_leaves_out_dead_tokens_and_no_statistic_sees_it():
    wide, process = narrow(COUNTS, ()), narrow(COUNTS)
    state = states_at(25, wide)
    assert wide.scheme.compact(wide, state) is state
    left = int(jnp.max(tokens_left(state)))
    assert 2 < left <= 16
    compacted = process.scheme.compact(process, state)
    assert compacted.frame.tokens.shape[1] == compacted.model.cumulative.shape[1] == (8 if left <= 8 else 16)
    for chain in range(6):  # the tokens that are left are the same, with the same counts
        named = []
        for of in (state, compacted):
            tokens, counts = np.asarray(of.frame.tokens[chain]), np.diff(of.model.cumulative[chain], prepend=0)
            named.append({token: count for token, count in zip(tokens, counts, strict=True) if count})
        assert named[0] == named[1]
    assert_same(shown(process, state), shown(process, compacted))
    assert_same(onward(wide, state)[1], onward(wide, compacted)[1])
    again = process.scheme.compact(process, compacted)
    assert again.frame.tokens.shape == compacted.frame.tokens.shape


def test_a_table_is_as_wide_as_the_chain_with_the_most_tokens_needs():
    process = narrow(COUNTS)
    state = states_at(40, narrow(COUNTS, ()), chains=40)
    left = np.asarray(tokens_left(state))
    width = process.scheme.compact(process, state).frame.tokens.shape[1]
    assert left.max() <= width < 2 * left.max() or width == 2
    assert left.min() < left.max()


@pytest.mark.parametrize("regime", [jc.Accumulate(n=100), jc.PartiallySynthetic(n=100, real=50)])
def test_what_is_remembered_is_not_made_narrower(regime):
    """A dead token may return where more than the last model is remembered."""
    process = narrow(jc.recursive_training(ZIPF, regime, Categorical("counts")))
    state = states_at(5, process, chains=3)
    assert process.scheme.compact(process, state) is state


def test_labels_are_not_made_narrower():
    process = narrow(FIRST)
    state = states_at(6, process)
    assert process.scheme.compact(process, state) is state
