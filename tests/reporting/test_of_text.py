"""The report of models that write, from Python and from the command line."""

import csv
import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import reporting
from jaxcollapse.cli import main
from jaxcollapse.learners.ngrams.context_index import counts_of
from jaxcollapse.sampling import Labels

SONG = "la li la lu la li la la lu, la la li! "


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    song = jc.languages.from_tokens(list(SONG * 40), name="song")
    out = tmp_path_factory.mktemp("report")
    options = {"order": 1, "n": 20, "generations": 6, "chains": 3, "seed": 4, "progress": False}
    return jc.report_text(song, regimes=["fully-synthetic"], out=out, **options)


def test_the_folder_is_whole(found):
    names = {path.name for path in found.folder.iterdir()}
    pictures = {f"{name}.{kind}" for name in ("curves", "texts") for kind in ("png", "svg")}
    assert names == pictures | {"texts.txt", "curves.csv", "report.json", "summary.txt"}
    document = json.loads((found.folder / "report.json").read_text())
    assert document["configuration"]["learner"] == "order 1"
    assert document["configuration"]["model"] == {"order": 1, "documents": 1, "room": None, "method": None}
    assert document["configuration"]["held_out"] == 152
    assert set(document["texts"]) == {"fully-synthetic"}
    assert set(document["texts"]["fully-synthetic"]) == {"0", "1", "5", "6"}
    with open(found.folder / "curves.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["statistic"] for row in rows} >= {"ngrams", "contexts", "entropy_rate", "cross_entropy"}
    assert len(rows) == 6 * 7


def test_the_rest_of_the_text_is_scored_and_the_half_life_is_of_the_first_model(found):
    song = jc.languages.from_tokens(list(SONG * 40))
    _, rest = song.split(0.1)
    curve = found.regimes["fully-synthetic"].curves["cross_entropy"].simulated.mean
    process = jc.recursive_training(found.language, jc.FullySynthetic(n=9), jc.learners.NGram(order=1))
    score = jc.statistics.cross_entropy(rest, order=1)
    of_truth = jc.simulate(jax.random.key(0), process, chains=1, generations=1, record=score)["cross_entropy"][0, 0]
    np.testing.assert_allclose(curve[0], of_truth, rtol=1e-6)
    ngrams = found.regimes["fully-synthetic"].curves["ngrams"].simulated.mean
    document = json.loads((found.folder / "report.json").read_text())
    half = document["regimes"]["fully-synthetic"]["ngrams_half_life"]
    expected = jc.analysis.half_life(ngrams[1:])
    assert expected != jc.analysis.half_life(ngrams)
    assert half == (expected if np.isfinite(expected) else None)
    after = f"{1 + expected:.1f}" if np.isfinite(expected) else "more than 6"
    assert f"half of the first model's n-grams are left at m = {after}" in found.summary


def test_texts_of_generations_have_keys_of_their_own(monkeypatch):
    """Or what is alike in two columns would be chance's doing, twice the same."""
    used = []
    written = jc.learners.NGram.written

    def spied(learner, key, model, tokens):
        used.append(tuple(jax.random.key_data(key).tolist()))
        return written(learner, key, model, tokens)

    monkeypatch.setattr(jc.learners.NGram, "written", spied)
    song = jc.languages.from_tokens(list(SONG))
    process = jc.recursive_training(song, jc.FullySynthetic(n=20), jc.learners.NGram(order=1))
    texts = reporting.texts.texts_of(jax.random.key(0), process, song, 2)
    assert len(used) == len(set(used)) == len(texts) == 3


def test_texts_are_what_models_write(found):
    assert len(set(found.regimes["fully-synthetic"].texts.values())) == 4
    letters = set(SONG)
    for result in found.regimes.values():
        assert all(set(text) <= letters and len(text) > 100 for text in result.texts.values())
        assert result.curves["ngrams"].simulated.mean[0] >= result.curves["ngrams"].simulated.mean[-1]
    assert found.book.startswith(SONG)
    assert "m = 5" in found.summary
    assert "nats a token" in found.summary


@pytest.mark.campaign
def test_the_texts_are_of_chain_0_of_the_run(found):
    again = jc.report_text(
        jc.languages.from_tokens(list(SONG * 40), name="song"),
        order=1,
        n=120,
        generations=6,
        chains=2,  # chain 0 is the same among fewer
        seed=4,
        out=found.folder / "again",
        progress=False,
        regimes=["fully-synthetic"],
    )
    assert again.regimes["fully-synthetic"].texts == found.regimes["fully-synthetic"].texts


def test_the_king_james_text():
    ruth = jc.languages.from_king_james("Ruth")
    assert "".join(ruth.tokens[i] for i in ruth.text[:20]) == "Now it came to pass "
    assert np.bincount(ruth.text).tolist() == (ruth.p * len(ruth.text)).round().tolist()
    assert jc.languages.from_king_james("Ruth", unit="word").tokens[0] == "and"
    first, rest = ruth.split(0.25)
    np.testing.assert_array_equal(first.text, ruth.text[: len(first.text)])
    np.testing.assert_array_equal(rest, ruth.text[len(first.text) :])
    np.testing.assert_allclose(first.p, np.bincount(first.text, minlength=len(ruth)) / len(first.text))
    # Not in the order of their frequencies, so that the text must be renamed.
    turned = dataclasses.replace(ruth, p=ruth.p[::-1], tokens=ruth.tokens[::-1], text=len(ruth) - 1 - ruth.text)
    few = turned.most_frequent(5)
    assert (
        "".join(few.tokens[i] for i in few.text[:9])
        == "".join(letter for letter in "".join(ruth.tokens[i] for i in ruth.text[:99]) if letter in few.tokens)[:9]
    )
    few = ruth.most_frequent(5)
    assert set(few.text.tolist()) == set(range(5))
    np.testing.assert_allclose(np.bincount(few.text) / len(few.text), few.p)


def test_contexts_of_a_text(tmp_path, capsys, monkeypatch):
    song = jc.languages.from_tokens(list(SONG * 3))
    p, frequencies = song.contexts(2)
    text = Labels(jnp.asarray(song.text), jnp.int32(len(song.text)))
    counts = np.asarray(counts_of(text, 2, len(song)))
    often = counts.sum(axis=1)
    order = np.argwhere(often > 0)[:, 0]
    np.testing.assert_allclose(frequencies, often[order] / often.sum())
    np.testing.assert_allclose(p, counts[order] / often[order, None])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "song.txt").write_text(SONG * 3)
    command = "simulate song.txt --model contexts --n 300 --generations 2 --chains 64 --record heterozygosity --quiet"
    assert main.main(command.split()) == 0
    printed = capsys.readouterr().out
    assert f"{len(song)} contexts of order 1, sizes drawn" in printed
    rows = [[float(x) for x in line.split()[2:]] for line in printed.splitlines() if line.startswith("heterozygosity")]
    assert all(abs(mean - exact) <= 8 * error + 1e-6 for mean, error, exact in rows)  # 64 chains: below 1e-10 each


def test_what_is_no_text_is_refused(tmp_path):
    for call, message in (
        (lambda: jc.report_text(jc.languages.zipf(9), out=tmp_path), "has no text"),
        (lambda: jc.report_text(jc.languages.zipf(9), held_out=0, out=tmp_path), "learns from a text"),
        (lambda: jc.report(jc.languages.zipf(9), learner=jc.learners.NGram()), "report of their own"),
        (lambda: jc.report_text(learner=jc.learners.Categorical()), "learner must be"),
        (lambda: jc.languages.from_tokens("abab").split(1e-9), "must leave some"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()
