"""``jaxcollapse report`` on texts."""

import csv

import pytest

from jaxcollapse.cli import main

SONG_WITH_CONTEXTS = "la li la lu la li la la lu la la li lo la lu li " * 8


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_text_of_ones_own(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel.txt").write_text("the cat sat on the mat and the dog sat on the cat " * 20)
    command = "report novel.txt --generations 8 --chains 4 --fit-n 8 --fit-chains 60 --quiet --out here"
    assert main.main(command.split()) == 0
    printed = capsys.readouterr().out
    assert "novel.txt: 7 words" in printed
    assert "260 tokens a generation" in printed  # as many as the text has
    assert (tmp_path / "here" / "vocabulary.png").exists()


@pytest.mark.campaign
def test_characters_and_one_regime(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel.txt").write_text("to be or not to be, that is the question " * 10)
    command = "report novel.txt --unit character --regimes partially-synthetic --generations 3 --fit-n 8"
    assert main.main([*command.split(), "--fit-chains", "60", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "characters" in printed
    assert "fully-synthetic" not in printed.split("Decay")[0]


def test_a_report_on_contexts(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "song.txt").write_text(SONG_WITH_CONTEXTS)
    command = (
        "report song.txt --model contexts --order 2 --regimes fully-synthetic --generations 2 --chains 4 --out here"
    )
    assert main.main([*command.split(), "--temperature", "0.9", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "contexts of 2 tokens, temperature 0.9" in printed
    assert "Of the characters that may follow a context" in printed
    assert "'a '" in printed  # a context that ends in a space is shown as such
    assert (tmp_path / "here" / "contexts.png").exists()
    assert {row["regime"] for row in table(tmp_path / "here" / "contexts.csv")} == {"fully-synthetic"}


def test_a_novel_from_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel.txt").write_text("the cat sat on the mat and the dog sat on the cat " * 40)
    command = "report novel.txt --model ngram --order 1 --unit word --generations 2 --chains 2 --quiet --out here"
    assert main.main([*command.split(), "--kneser-ney", "0.5", "--regimes", "accumulate"]) == 0
    printed = capsys.readouterr().out
    assert "kneser-ney 0.5" in printed
    assert "nats a word" in printed
    assert (tmp_path / "here" / "texts.png").exists()
    command = "simulate novel.txt --model ngram --order 3 --n 200 --generations 2 --chains 2 --record ngrams --quiet"
    assert main.main(command.split()) == 0
    assert "order 3" in capsys.readouterr().out
