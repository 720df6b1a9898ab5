"""What the command line refuses: one sentence with the argument, its value and the remedy, and no traceback."""

import re

import pytest

import jaxcollapse as jc
from jaxcollapse.cli import main


@pytest.fixture
def files(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "blank.txt").write_text(" \n ... !! ")
    (tmp_path / "one.txt").write_text("word word, Word")
    (tmp_path / "latin.txt").write_bytes("un caf\u00e9 cr\u00e8me".encode("latin-1"))
    (tmp_path / "short.txt").write_text("to be or not to be")
    (tmp_path / "taken").write_text("a file, not a folder")
    return tmp_path


COMMANDS = [
    ("empty text", "report empty.txt", 1, "text 'empty.txt' has no words"),
    ("text without words", "report blank.txt", 1, "text 'blank.txt' has no words"),
    ("one-word text", "report one.txt", 1, "has only one word, 'word'"),
    ("wrong encoding", "report latin.txt", 1, "text 'latin.txt' is not utf-8 near byte 6"),
    ("unknown encoding", "report latin.txt --encoding klingon", 1, "encoding 'klingon' is not known"),
    ("no such file", "report nothing.txt", 1, "'nothing.txt': No such file"),
    ("a folder for a text", "report .", 1, "'.': Is a directory"),
    ("misspelt option", "report --generation 5", 2, "did you mean --generations?"),
    ("misspelt command", "reprot", 2, "unknown command 'reprot'; did you mean 'report'?"),
    (
        "misspelt regime",
        "report short.txt --regimes fully-sythetic",
        2,
        "did you mean 'fully-synthetic'?",
    ),
    ("misspelt statistic", "simulate short.txt --record suport", 1, "did you mean 'support'"),
    ("a mean of token numbers", "simulate short.txt --record winner", 1, "'winner' has no mean to print"),
    ("misspelt language", "report --language zipff:10", 1, "unknown language 'zipff:10'"),
    ("language without a number", "report --language zipf", 1, "as zipf:100"),
    ("language with a word", "report --language zipf:ten", 1, "has a number that is not one"),
    ("text and language", "report short.txt --language en", 1, "not both"),
    ("n not whole", "report short.txt --n 2.5", 2, "argument --n: value must be a whole number, got '2.5'"),
    ("n zero", "report short.txt --n 0", 1, "n must be between 1"),
    ("chains one", "report short.txt --chains 1", 1, "chains must be between 2"),
    ("generations zero", "simulate short.txt --generations 0", 1, "generations must be between 1"),
    ("out is a file", "report short.txt --out taken", 1, "out='taken' cannot be written"),
    ("out below a file", "simulate short.txt --out taken/x.csv", 1, "'taken/x.csv'"),
    ("too much memory", "report short.txt --regimes most-recent --n 1000000000 --chains 100000", 1, "would need about"),
    ("seed negative", "simulate short.txt --seed -4", 1, "seed must be between 0"),
    ("no command", "", 2, "required: "),
    ("a flag only", "--generations 5", 2, "expected one of {report, simulate, run}"),
    ("another command's flag", "simulate --fit-n 5", 2, "unrecognized arguments: --fit-n 5; another command has it"),
    ("a second text", "simulate short.txt more.txt", 2, "unrecognized arguments: more.txt; see jaxcollapse simulate"),
    ("a flag without its value", "simulate short.txt --n", 2, "missing value for argument '--n'"),
    ("no statistic", "simulate short.txt --record", 2, "argument --record: expected at least one argument"),
    ("a value for a switch", "simulate short.txt --quiet=3", 2, "argument --quiet: takes no value, got '3'"),
    ("misspelt unit", "report short.txt --unit wrod", 2, "unknown value 'wrod'; did you mean 'word'?"),
    ("None for a number", "report short.txt --n None", 2, "argument --n: value must be a whole number, got 'None'"),
    ("window zero", "simulate short.txt --regime most-recent --window 0", 1, "window must be between 1"),
    ("window above n", "simulate short.txt --regime most-recent --n 4 --window 5", 1, "window=5 must be at most n=4"),
    (
        "window fractional",
        "simulate short.txt --regime most-recent --window 1.5",
        2,
        "--window: value must be a whole",
    ),
    (
        "reuse misspelt",
        "simulate short.txt --regime randomly-sampled --reuse prefixes",
        2,
        "unknown value 'prefixes'; did you mean 'prefix'? known: pool, prefix",
    ),
    (
        "a window of prefixes",
        "simulate short.txt --regime most-recent --reuse prefix",
        1,
        "reuse must be True or False, got 'prefix'",
    ),
    ("budget zero", "simulate short.txt --regime accumulate-subsample --budget 0", 1, "budget must be between 1"),
    ("real zero", "simulate short.txt --regime partially-synthetic --real 0", 1, "real must be between 1"),
    ("real negative", "simulate short.txt --regime fresh-real --real -1", 1, "real must be between 0"),
    (
        "share above 1",
        "simulate short.txt --regime mixture --share 1.5",
        1,
        "share must be a number between 0 and 1, got 1.5",
    ),
    (
        "share NaN",
        "simulate short.txt --regime mixture --share nan",
        1,
        "share must be a number between 0 and 1, got nan",
    ),
    (
        "weight negative",
        "simulate short.txt --regime fresh-real --weight -1",
        1,
        "weight must be a number between 0 and",
    ),
    ("growth zero", "simulate short.txt --growth 0", 1, "growth must be a number above 0 .*got 0"),
    (
        "growth beyond int32",
        "simulate short.txt --growth 9 --generations 99",
        1,
        "growth=9 makes n exceed 2147483647 within 99 generations; lower it",
    ),
    (
        "a pool too large",
        "simulate short.txt --regime accumulate --n 100000000 --generations 30",
        1,
        "would pool 3,000,000,000 tokens",
    ),
    (
        "a report's setting",
        "report short.txt --window 3",
        1,
        "window=3 is not a setting of fully-synthetic or partially-synthetic; leave window out",
    ),
    (
        "a report's share",
        "report short.txt --regimes mixture --share 2",
        1,
        "share must be a number between 0 and 1, got 2",
    ),
]
FOREIGN = {"real": "5", "window": "5", "reuse": "", "budget": "5", "replacement": "", "share": "0.5", "weight": "1.5"}
COMMANDS += [
    (
        f"{setting} of {regime}",
        f"simulate short.txt --regime {regime} --{setting} {value}",
        1,
        f"{setting}={value or True} is not a setting of {regime}; leave --{setting} out",
    )
    for setting, value in FOREIGN.items()
    for regime, kind in jc.regimes.REGIMES.items()
    if setting not in kind.__dataclass_fields__
]


@pytest.mark.parametrize(("case", "command", "status", "message"), COMMANDS, ids=[case[0] for case in COMMANDS])
def test_command_line(case, command, status, message, files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    try:
        result = main.main(command.split())
    except SystemExit as stop:
        result = stop.code
    said = capsys.readouterr().err
    assert result == status
    assert message in said or re.search(message, said), said
    assert "Traceback" not in said
    assert said.count("\n") == 1


def test_a_folder_that_may_not_be_written(files, monkeypatch, capsys):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "locked")

    monkeypatch.chdir(files)
    monkeypatch.setattr("pathlib.Path.touch", refuse)  # root, who may write anywhere, runs tests too
    assert main.main(["report", "short.txt", "--out", "locked"]) == 1
    assert "out='locked' cannot be written (Permission denied)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("report --order 2", "order is for models with contexts; say --model ngram"),
        ("simulate --language zipf:9 --model contexts", "has no text; load it by"),
        ("simulate --language kjv:Ruth --model contexts --documents 2", "documents is for models that write"),
        ("simulate --language kjv:Ruth --model contexts --regime fresh-real", "no token; raise"),
        ("report --held-out 0.2", "held-out is for models that write"),
        ("simulate --language zipf:9 --model ngram", "a model of n-grams learns from a text"),
        ("simulate --language zipf:9 --kneser-ney 0.5", "kneser-ney is for models that write"),
        ("simulate --language kjv:Rut --model ngram", "unknown book 'Rut'; did you mean 'Ruth'?"),
        ("report --language kjv:Ruth --model ngram --held-out 2", "held_out must be"),
        ("report --language kjv:Ruth --model ngram --order 99999", "order must be"),
        ("simulate --language kjv:Ruth --model ngram --order 9 --additive 1", "would need a table of"),
        ("simulate --language kjv:Ruth --model ngram --temperature -1", "temperature must"),
        ("simulate --language kjv:Ruth --model ngram --nucleus nan", "mass must"),
    ],
)
def test_what_cannot_be_is_said(words, message, capsys):
    assert main.main([*words.split(), "--quiet"]) == 1
    assert message in capsys.readouterr().err


def test_one_estimator_at_a_time(capsys):
    assert main.main(["simulate", "--language", "zipf:5", "--additive", "1", "--discount", "0.5"]) == 1
    assert "give one of additive, prior, discount, kneser-ney, got additive and discount" in capsys.readouterr().err
    assert main.main(["simulate", "--language", "zipf:5", "--temperature", "-1"]) == 1
    assert "temperature must be a number between 0 and inf, got -1" in capsys.readouterr().err
