"""A report on what follows each context, on small settings."""

import collections
import csv
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.reporting.of_contexts import OfContexts
from jaxcollapse.reporting.subject import key_for

SONG = "la li la lu la li la la lu la la li lo la lu li " * 8
LANGUAGE = jc.languages.from_tokens(list(SONG), name="song")
SMALL = {"order": 1, "n": 120, "generations": 3, "chains": 40, "progress": False, "seed": 3}


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return jc.report(LANGUAGE, regimes=["fully-synthetic"], out=tmp_path_factory.mktemp("contexts"), **SMALL)


def test_everything_is_written(found):
    figures = {f"{name}.{kind}" for name in ("vocabulary", "distance", "contexts") for kind in ("png", "svg")}
    assert {path.name for path in found.folder.iterdir()} == figures | {
        "curves.csv",
        "contexts.csv",
        "report.json",
        "summary.txt",
    }
    document = json.loads((found.folder / "report.json").read_text())
    assert document["configuration"]["order"] == 1
    assert "decay" not in document
    assert sum(band["count"] for band in document["bands"]) == len(set(SONG))


def test_curves_agree_with_theory_where_there_is_one(found):
    """Second moments of drawn sizes."""
    kinds = {name: {each: curve.kind for each, curve in of.curves.items()} for name, of in found.regimes.items()}
    known = {"l2_truth": "exact", "heterozygosity": "exact"}
    assert kinds["fully-synthetic"] == known | dict.fromkeys(("support", "entropy", "alive"), "")
    for of in found.regimes.values():
        for curve in of.curves.values():
            if curve.exact is not None:
                error = np.maximum(curve.simulated.standard_error, 1e-6)
                assert (np.abs(curve.simulated.mean - curve.exact) < 8 * error).all()  # 8: below 1e-9 each at 40 chains


def test_a_band_tells_what_is_left_after_its_contexts(found):
    """Counted anew from the same chains, context by context, from what follows each in the song."""
    follows = collections.defaultdict(set)
    for before, token in zip(SONG[-1] + SONG, SONG, strict=False):
        follows[before].add(token)
    process = found.regimes["fully-synthetic"]
    p, frequencies = LANGUAGE.contexts()
    contexts = jc.learners.Contexts(frequencies=frequencies, drawn=True)
    key = key_for(jax.random.key(3), "fully-synthetic")
    of_the_song = lambda view: jnp.sum((view.p > 0) & (view.truth > 0))
    record = jc.statistics.Statistic("left", of_the_song, over="each")
    trace = jc.run(
        key,
        jc.recursive_training(p, process.regime, contexts),
        chains=40,
        generations=3,
        record=record,
        progress=False,
    )
    left = np.asarray(trace["left"])
    names = [name for (name,) in LANGUAGE.context_names()]
    assert [len(follows[name]) for name in names] == left[0, 0].tolist()
    often = collections.Counter(SONG)
    held = 0
    for i, band in enumerate(found.bands):
        inside = [j for j, name in enumerate(names) if band.low <= np.float32(often[name] / len(SONG)) < band.high]
        assert len(inside) == band.count
        if inside:
            share = left[:, :, inside].sum(axis=2) / sum(len(follows[names[j]]) for j in inside)
            np.testing.assert_allclose(process.survival[i], share.mean(axis=0), rtol=1e-12)
            np.testing.assert_allclose(process.survival_error[i], share.std(axis=0, ddof=1) / np.sqrt(40), rtol=1e-9)
            held += 1
    assert held > 1


def test_bands_have_their_theory_where_sizes_are_shared_out():
    """Of the oracles of each context alone; the mean of 300 chains is within 6 s.e. but for once in 10^7."""
    # After "a" comes one of twelve, after "b" one of two, and both are equally frequent.
    rng = np.random.default_rng(0)
    heads = rng.choice(list("ab"), 400)
    text = [token for head in heads for token in (head, rng.choice(list("cdefghijklmn" if head == "a" else "op")))]
    of = OfContexts(jc.languages.from_tokens(text), 1, None)
    process = jc.recursive_training(
        of._p, jc.FullySynthetic(n=200), jc.learners.Contexts(frequencies=of._frequencies, drawn=False)
    )
    trace = jc.run(jax.random.key(0), process, chains=300, generations=5, record=of.alive, progress=False)
    found = of.survival(process, trace)
    assert found.kind == "exact"
    assert found.exact[[band.count > 0 for band in of.bands], 0] == pytest.approx(1)
    assert (np.abs(found.share - found.exact) < 6 * found.error + 1e-6).all()


def test_no_more_is_left_than_there_was(tmp_path):
    """A context without a token begins uniform, and smoothing makes all possible; neither is what the text has."""
    said = "to be or not to be or to be what one is not to be"
    words = jc.languages.from_tokens(said.split(), name="costs $_$")
    settings = {"n": 3, "regimes": ["fully-synthetic"], "generations": 2, "chains": 4}
    found = jc.report(words, out=tmp_path, **SMALL | settings | {"order": np.int64(2)})
    of = found.regimes["fully-synthetic"]
    assert of.survival.max() == 1
    assert of.left.simulated.quantiles.max() <= of.left.simulated.mean[0]
    assert of.curves["support"].simulated.mean.max() > of.left.simulated.mean[0]  # which is what is left out
    assert "fully-synthetic, sizes drawn" in found.summary
    assert "to be" in {name for band in found.bands for name in band.examples}
    document = json.loads((found.folder / "report.json").read_text())
    assert document["configuration"]["order"] == 2
    assert document["regimes"]["fully-synthetic"]["sizes"] == "drawn"


def test_what_is_smoothed_loses_nothing():
    of = OfContexts(LANGUAGE, 1, jc.learners.Estimated(estimator=jc.estimators.Additive(0.5)))
    process = of.process(jc.FullySynthetic(n=30))
    trace = jc.run(jax.random.key(0), process, chains=3, generations=2, record=of.alive, progress=False)
    assert (of.survival(process, trace).share[[band.count > 0 for band in of.bands]] == 1).all()


def test_a_single_context_is_met_a_million_times_in_a_million():
    assert [band.label for band in OfContexts(LANGUAGE, 0, None).bands] == ["1,000,000 to 1,000,000"]


def test_what_cannot_be_is_said(tmp_path):
    for language, given, message in (
        (jc.languages.zipf(9), {}, "has no text"),
        (LANGUAGE, {"learner": jc.learners.Contexts()}, "say order=1"),
        (LANGUAGE, {"order": -1}, "order must be"),
        (LANGUAGE, {"regimes": ["fresh-real"]}, "FreshReal shares out real.*raise real to some 48$"),
        (jc.languages.from_tokens(list("abc" * 5)), {}, "followed by one token only"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            jc.report(language, out=tmp_path, **SMALL | given)
