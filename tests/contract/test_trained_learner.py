"""A learner that is trained goes through everything that a table of counts does, and touches none of its files."""

import json
import subprocess
import sys

import children
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from trained_learner import DEVIATION, TRUTH, Bigrams

import jaxcollapse as jc
from jaxcollapse.contract import Statistic, Status

KEY = jax.random.key(0)
CHAINS, GENERATIONS = 5, 7
PROCESS = jc.recursive_training(TRUTH, jc.MostRecent(n=6, window=3), Bigrams())


def bfloat16_bias(view):
    return jnp.sum(view.model["bias"])


RECORD = (DEVIATION, bfloat16_bias)


def values(result):
    return {name: np.asarray(result[name]).tobytes() for name in result}


@pytest.fixture(scope="module")
def trace():
    return jc.simulate(KEY, PROCESS, chains=CHAINS, generations=GENERATIONS, record=RECORD).check()


def test_generation_0_is_the_truth(trace):
    """The document 0 1 2 0 follows the language's rule; each other first token or step is a tenth as likely."""
    logits = np.log(np.roll(np.eye(4, 3), 1, axis=1) + 0.1)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log([p[3, 0], p[0, 1], p[1, 2], p[2, 0]]).sum()
    np.testing.assert_allclose(trace["deviation"][:, 0], expected, rtol=1e-6)
    assert (np.asarray(trace["deviation"])[:, 1:] != trace["deviation"][:, :1]).all()


def test_state_holds_keys_and_half_precision():
    state = jax.jit(PROCESS.init)(KEY, jnp.int32(0))
    kinds = {leaf.dtype for leaf in jax.tree.leaves(state.model)}
    assert {np.dtype("float32"), np.dtype(jnp.bfloat16), KEY.dtype} <= kinds
    assert state.model["bias"].any()


def test_more_training_comes_nearer_to_the_truth():
    """In cross-entropy of the language's own documents, 60 steps leave a fifth of the excess that 2 steps leave."""
    documents = Bigrams().draw(KEY, jax.tree.map(jnp.asarray, TRUTH), jnp.int32(400), 400).data
    score = Statistic("nats", lambda view: -jnp.mean(view.score(documents)), frozenset({"score"}))

    def excess(steps):
        process = jc.recursive_training(TRUTH, jc.FullySynthetic(n=400), Bigrams(settings=("steps", steps)))
        of_truth, of_model = jc.simulate(KEY, process, chains=1, generations=1, record=score)["nats"][0]
        return float(of_model - of_truth)

    assert excess(60) < 0.2 * excess(2)


@pytest.mark.parametrize("chains", [1, 2])
def test_chains_of_a_trained_learner_go_by_number(chains, trace):
    """They are advanced one after another, so each has the bits that it has among others."""
    assert PROCESS.scheme.batch(PROCESS, 100, "cpu") == 1
    few = jc.simulate(KEY, PROCESS, chains=chains, generations=GENERATIONS, record=RECORD)
    for name in few:
        np.testing.assert_array_equal(few[name], trace[name][:chains])


class Killed(Exception):
    """Thrown in a pause."""


def test_a_run_that_was_stopped_goes_on_from_its_checkpoint(tmp_path, trace):
    pauses = iter(range(100))

    def stop(generations):
        if next(pauses) == 1:
            raise Killed

    options = {"chains": CHAINS, "generations": GENERATIONS, "record": RECORD, "checkpoint": tmp_path, "piece": 2}
    with pytest.raises(Killed):
        jc.run(KEY, PROCESS, **options, checkpoint_seconds=0, progress=stop)
    found = jc.run(KEY, PROCESS, **options, checkpoint_seconds=0, progress=False, resume=True)
    for name in trace:  # a learner that computes in floats promises its law; see docs/policies.md
        np.testing.assert_allclose(found[name], trace[name], rtol=1e-5, err_msg=name)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    options = {"chains": 2, "generations": 3, "record": DEVIATION, "checkpoint": tmp_path, "progress": False}
    jc.run(KEY, PROCESS, **options)
    other = jc.recursive_training(TRUTH | {"weights": TRUTH["weights"] + 1}, PROCESS.regime, Bigrams())
    with pytest.raises(ValueError, match="is of another run: language"):
        jc.run(KEY, other, **options, resume=True)


def test_summaries_and_files(tmp_path, trace):
    summary = jc.summarize(KEY, PROCESS, chains=CHAINS, generations=GENERATIONS, record=DEVIATION)
    np.testing.assert_allclose(summary["deviation"].mean, np.mean(trace["deviation"], axis=0), rtol=1e-6)
    named = jc.simulate(KEY, PROCESS, chains=2, generations=2, record=DEVIATION)
    for name, result in (("summary", summary), ("trace", named)):
        jc.saving.save(result, tmp_path / f"{name}.nc")
        loaded = jc.saving.load(tmp_path / f"{name}.nc")
        assert set(loaded) == {"deviation"}
    np.testing.assert_array_equal(loaded["deviation"], named["deviation"])


def test_a_provenance_tells_networks_apart_and_never_fails():
    run = jc.run(KEY, PROCESS, chains=1, generations=1, record=DEVIATION, progress=False)
    told = json.loads(run.provenance)["run"]
    assert told["learner"]["kind"] == "trained_learner.Bigrams"
    assert set(told["language"]) == {"weights", "bias", "key"}
    with pytest.raises(ValueError, match=r"the language of this run is no distribution|is not a part of jaxcollapse"):
        jc.runs.again(run.provenance)


@pytest.mark.parametrize("name", ["support", "l1_first", "kl_truth"])
def test_statistics_of_tokens_are_refused_by_name(name):
    with pytest.raises(ValueError, match=f"statistic '{name}' needs (p|first); Bigrams has none"):
        jc.simulate(KEY, PROCESS, chains=1, generations=1, record=name)


def test_what_could_not_be_fitted_has_a_status():
    process = jc.recursive_training(TRUTH, jc.FullySynthetic(n=6), Bigrams(rate=np.inf))
    trace = jc.simulate(KEY, process, chains=2, generations=2, record=DEVIATION)
    assert (trace.status == Status.FIT).all()
    assert np.isnan(trace["deviation"]).all()
    with pytest.raises(ValueError, match="2 of 2 chains had bad inputs: a model could not be fitted"):
        trace.check()


def test_several_devices(tmp_path, trace):
    """Two devices, each of which advances its chains one after another."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    code = (
        "import sys, jax, numpy as np, jaxcollapse as jc\n"
        "from test_trained_learner import *\n"
        "assert jax.device_count() == 2\n"
        "found = jc.run(KEY, PROCESS, chains=CHAINS, generations=GENERATIONS, record=DEVIATION, progress=False)\n"
        "np.save(sys.argv[1], found['deviation'])\n"
    )
    environment = children.environment(**flags)
    subprocess.run([sys.executable, "-c", code, tmp_path / "two.npy"], env=environment, check=True, timeout=300)
    np.testing.assert_allclose(np.load(tmp_path / "two.npy"), trace["deviation"], rtol=1e-5)
