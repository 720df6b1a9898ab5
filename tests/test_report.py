"""The main job, end to end, on small settings."""

import csv
import json

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import cli, runs
from jaxcollapse.reporting import frequency_bands

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


def test_pieces_give_the_bits_of_one_run():
    import jax

    process = jc.recursive_training(jc.languages.zipf(30), jc.FullySynthetic(n=20))
    key, told = jax.random.key(0), []
    whole = jc.simulate(key, process, chains=5, generations=47)
    pieces = runs.in_pieces(
        key, process, chains=5, generations=47, record=("heterozygosity", "support"), progress=told.append
    )
    assert sum(told) == 47
    for name in whole:
        np.testing.assert_array_equal(whole[name], pieces[name])


def test_bands_hold_every_word_once():
    for language in (jc.languages.zipf(1000), jc.languages.uniform(7), jc.languages.seddik(), jc.languages.zipf(2)):
        bands = frequency_bands(language)
        assert sum(band.words for band in bands) == language.support
        assert [band.low for band in bands] == sorted((band.low for band in bands), reverse=True)


def test_a_text_of_ones_own(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel.txt").write_text("the cat sat on the mat and the dog sat on the cat " * 20)
    command = "report novel.txt --generations 8 --chains 4 --fit-n 8 --fit-chains 60 --quiet --out here"
    assert cli.main(command.split()) == 0
    printed = capsys.readouterr().out
    assert "novel.txt: 7 words" in printed
    assert "260 tokens a generation" in printed  # as many as the text has
    assert (tmp_path / "here" / "vocabulary.png").exists()


def test_characters_and_one_regime(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel.txt").write_text("to be or not to be, that is the question " * 10)
    command = "report novel.txt --unit character --regimes partially-synthetic --generations 3 --fit-n 8"
    assert cli.main([*command.split(), "--fit-chains", "60", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "characters" in printed
    assert "fully-synthetic" not in printed.split("Decay")[0]


def test_simulate_prints_exact_beside_mean(capsys, tmp_path):
    command = "simulate --language uniform:10 --n 20 --generations 5 --chains 500 --record heterozygosity hill_2"
    assert cli.main(command.split()) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line.split() for line in lines if line.startswith("heterozygosity") and line.split()[1] == "5")
    assert float(row[4]) == pytest.approx(0.9 * 0.95**5, rel=1e-5)
    assert abs(float(row[2]) - float(row[4])) < 8 * float(row[3])
    assert next(line.split() for line in lines if line.startswith("hill_2"))[4] == "-"
    assert cli.main([*command.split(), "--out", str(tmp_path / "table.csv")]) == 0
    assert len(table(tmp_path / "table.csv")) == 12


def test_help_names_every_option(capsys):
    for command, words in (
        ("report", ("--fit-n", "--language", "zipf:")),
        ("simulate", ("--record", "heterozygosity")),
    ):
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--help"])
        assert stop.value.code == 0
        printed = capsys.readouterr().out
        assert all(word in printed for word in words)
        assert max(map(len, printed.splitlines())) <= 130


def test_progress_is_shown_on_request(tmp_path, capsys):
    settings = SMALL | {"generations": 2, "progress": True}
    jc.report(jc.languages.zipf(20), out=tmp_path, **settings)
    assert "generation" in capsys.readouterr().err


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
    assert alone.decay.fit == found.decay.fit


def test_words_at_the_edge_of_a_band_and_words_never_drawn(tmp_path):
    edge = jc.languages.from_counts([9999999] * 10 + [1])
    assert sum(band.words for band in frequency_bands(edge)) == 11
    rare = jc.report(jc.languages.zipf(60, 40), out=tmp_path, **SMALL)
    curve = rare.regimes["fully-synthetic"].curves["support"]
    assert rare.language.support == curve.simulated.mean[0] == curve.exact[0] == sum(band.words for band in rare.bands)


def test_a_single_token_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has a single token"):
        jc.report(jc.languages.from_counts([5, 0]), out=tmp_path, **SMALL)
