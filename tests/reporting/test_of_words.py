"""A report on words, end to end, on small settings."""

import csv
import json

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting import frequency_bands
from jaxcollapse.reporting.wording import title

FILES = {f"{name}.{kind}" for name in ("vocabulary", "distance", "words", "decay") for kind in ("png", "svg")} | {
    "curves.csv",
    "words.csv",
    "report.json",
    "summary.txt",
}
SMALL = {"n": 400, "generations": 12, "chains": 12, "fit_n": 12, "fit_chains": 300, "progress": False}


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return jc.report(jc.languages.zipf(300), out=tmp_path_factory.mktemp("report"), seed=5, **SMALL)


def test_everything_is_written(found):
    assert {path.name for path in found.folder.iterdir()} == FILES
    assert all(path.stat().st_size > 200 for path in found.folder.iterdir())


def test_json_tells_how_it_was_made(found):
    document = json.loads((found.folder / "report.json").read_text())
    settings = document["configuration"]
    assert (settings["n"], settings["real"], settings["seed"], settings["chains"]) == (400, 40, 5, 12)
    assert settings["language"]["source"]["kind"] == "zipf"
    assert {"python", "jax", "jaxlib", "jaxcollapse"} <= set(document["provenance"]["versions"])
    assert document["provenance"]["device"]["platform"]
    assert document["decay"]["exact_rate"] == pytest.approx(-np.log1p(-1 / 12))
    assert document["regimes"]["fully-synthetic"]["theory"]["support"] == "exact"


def test_csv_holds_simulation_beside_theory(found):
    rows = table(found.folder / "curves.csv")
    assert {row["regime"] for row in rows} == {"fully-synthetic", "partially-synthetic"}
    checked = 0
    for row in rows:
        if row["theory"] and float(row["standard_error"]) > 0:
            # Normal tails are only a guide at twelve chains; eight standard errors catch a wrong column.
            assert abs(float(row["mean"]) - float(row["theory"])) < 8 * float(row["standard_error"]) + 1e-3
            checked += 1
    assert checked > 100
    words = table(found.folder / "words.csv")
    assert sum(int(row["words"]) for row in words if row["generation"] == "0") == 2 * 300
    assert all(0 <= float(row["survival"]) <= 1 for row in words)


def test_the_summary_answers_the_questions(found):
    for part in ("Surviving words", "half-life", "lost by 1 ", "lost by 10", "die first", "fitted", "exact  0.08701"):
        assert part in found.summary, part
    assert (found.folder / "summary.txt").read_text().strip() == found.summary


def test_the_same_seed_gives_the_same_numbers(found, tmp_path):
    again = jc.report(jc.languages.zipf(300), out=tmp_path, seed=5, **SMALL)
    for name in ("curves.csv", "words.csv", "summary.txt"):
        assert (again.folder / name).read_bytes() == (found.folder / name).read_bytes()
    other = jc.report(jc.languages.zipf(300), out=tmp_path, seed=6, **SMALL)
    assert (other.folder / "curves.csv").read_bytes() != (found.folder / "curves.csv").read_bytes()


@pytest.mark.campaign
def test_progress_is_shown_on_request(tmp_path, capsys):
    settings = SMALL | {"generations": 2, "progress": True}
    jc.report(jc.languages.zipf(20), out=tmp_path, **settings)
    assert "generation" in capsys.readouterr().err


def test_smoothed_and_decoded_models(tmp_path):
    """Theory stands beside what it knows: second moments of an affine estimator, and nothing of a decoded model."""
    settings = SMALL | {"generations": 2, "regimes": ["fully-synthetic"]}
    smooth = jc.learners.Estimated(estimator=jc.estimators.Additive(0.5))
    found = jc.report(jc.languages.zipf(20), out=tmp_path, learner=smooth, **settings)
    curves = found.regimes["fully-synthetic"].curves
    assert curves["l2_truth"].kind == "exact"
    assert curves["support"].exact is None
    assert found.regimes["fully-synthetic"].survival_exact is None
    assert "tokens a generation, additive 0.5, seed" in found.summary
    assert json.loads((tmp_path / "report.json").read_text())["configuration"]["learner"] == "additive 0.5"


def test_every_csv_is_whole_and_its_theory_is_the_theory(found):
    for name in ("curves.csv", "words.csv"):
        with (found.folder / name).open(newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        assert all(None not in row and None not in row.values() for row in rows)
    last = {row["regime"]: row for row in rows if row["generation"] == "12"}  # the rarest band comes last
    for name, result in found.regimes.items():
        assert float(last[name]["theory"]) == result.survival_exact[-1, -1]
        assert float(last[name]["standard_error"]) == result.survival_error[-1, -1]
        assert last[name]["kind"] == result.survival_kind == "exact"


def test_what_else_is_reported_changes_nothing(found, tmp_path):
    alone = jc.report(jc.languages.zipf(300), out=tmp_path, seed=5, regimes=["partially-synthetic"], **SMALL)
    both = found.regimes["partially-synthetic"].curves["support"].simulated.mean
    np.testing.assert_array_equal(alone.regimes["partially-synthetic"].curves["support"].simulated.mean, both)
    assert alone.decay.fit.estimates == found.decay.fit.estimates


@pytest.mark.campaign
def test_words_at_the_edge_of_a_band_and_words_never_drawn(tmp_path):
    edge = jc.languages.from_counts([9999999] * 10 + [1])
    assert sum(band.count for band in frequency_bands(edge)) == 11
    rare = jc.report(jc.languages.zipf(60, 40), out=tmp_path, **SMALL)
    curve = rare.regimes["fully-synthetic"].curves["support"]
    assert rare.language.support == curve.simulated.mean[0] == curve.exact[0] == sum(band.count for band in rare.bands)


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    tiny = {"n": 12, "generations": 4, "chains": 6, "fit_n": 8, "fit_chains": 60, "progress": False}
    some = {"window": 3, "reuse": True, "budget": 7, "share": 0.3, "weight": 1.5}
    out = tmp_path_factory.mktemp("eight")
    return jc.report(jc.languages.zipf(20), regimes=list(REGIMES), real=5, out=out, **tiny, **some)


@pytest.mark.campaign
def test_eight_regimes_are_written(eight):
    assert {path.name for path in eight.folder.iterdir()} == FILES
    curves, words = table(eight.folder / "curves.csv"), table(eight.folder / "words.csv")
    assert list(curves[0]) == [
        "regime",
        "n",
        "statistic",
        "generation",
        "mean",
        "standard_error",
        "quantile_0.05",
        "quantile_0.25",
        "quantile_0.5",
        "quantile_0.75",
        "quantile_0.95",
        "theory",
        "kind",
    ]
    for rows in (curves, words):
        assert list(dict.fromkeys(row["regime"] for row in rows)) == list(REGIMES)
        assert all(None not in row.values() for row in rows)
    compared = set()
    for row in curves:
        if row["theory"] and float(row["standard_error"]) > 0 and row["n"] == "12":
            # Six chains: a wrong column is further away than any luck.
            assert abs(float(row["mean"]) - float(row["theory"])) < 25 * float(row["standard_error"]) + 1e-3
            compared.add((row["regime"], row["statistic"]))
    assert {(name, "heterozygosity") for name in REGIMES} <= compared
    document = json.loads((eight.folder / "report.json").read_text())
    assert list(document["regimes"]) == list(REGIMES)
    assert document["regimes"]["mixture"]["regime"]["share"] == 0.3
    chosen = {"real": 5, "window": 3, "budget": 7, "share": 0.3, "weight": 1.5}
    assert chosen.items() <= document["configuration"].items()


@pytest.mark.campaign
def test_a_summary_of_eight_regimes_fits_a_page(eight):
    for name, regime in ((name, result.regime) for name, result in eight.regimes.items()):
        assert title(name, regime) in eight.summary
    assert "fresh-real (+5 real, weight 1.5)" in eight.summary
    assert "most-recent (window 3, reused)" in eight.summary
    tabled = [line for line in eight.summary.splitlines() if "remembers" not in line]
    assert max(map(len, tabled)) <= 130


@pytest.mark.campaign
def test_a_report_without_theory(tmp_path):
    found = jc.report(jc.languages.zipf(300), regimes="mixture", growth=1.2, out=tmp_path, **SMALL)
    assert found.regimes["mixture"].curves["l2_truth"].kind == "exact"
    assert found.regimes["mixture"].curves["support"].exact is None
    assert found.regimes["mixture"].survival_exact is None
    assert {path.name for path in found.folder.iterdir()} == FILES
    assert all(row["theory"] == "" for row in table(tmp_path / "words.csv"))
    assert json.loads((tmp_path / "report.json").read_text())["regimes"]["mixture"]["regime"]["n"]["sizes"][1] == 480
    assert "400 tokens a generation (times 1.2 each)" in found.summary


def test_a_single_token_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has a single token"):
        jc.report(jc.languages.from_counts([5, 0]), out=tmp_path, **SMALL)
