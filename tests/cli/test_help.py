"""The help of the command line: every setting, the regimes that have it, plain characters, short lines."""

import dataclasses
import os
import re

import pytest

import jaxcollapse as jc
from jaxcollapse.cli import main
from jaxcollapse.cli.setting_types import types_of
from jaxcollapse.cli.settings_groups import RegimeSettings
from jaxcollapse.regimes import REGIMES


def said(*arguments, capsys):
    """The text of a command that ends with status 0 after it was printed."""
    with pytest.raises(SystemExit) as stop:
        main.main(arguments)
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_help_names_every_option(capsys):
    for command, words in (
        ("report", ("--fit-n", "--language", "zipf:")),
        ("simulate", ("--record", "heterozygosity")),
    ):
        with pytest.raises(SystemExit) as stop:
            main.main([command, "--help"])
        assert stop.value.code == 0
        printed = capsys.readouterr().out
        assert all(word in printed for word in words)
        assert max(map(len, printed.splitlines())) <= 130


@pytest.mark.parametrize("command", main.COMMANDS)
def test_every_setting_has_its_flag_and_its_sentence(command, capsys):
    text = said(command, "--help", capsys=capsys)
    settings = set(types_of(main.COMMANDS[command])) - {"config"} - ({"text"} if command != "run" else set())
    for flag in [f"--{name.replace('_', '-')}" for name in settings]:
        (words,) = re.findall(rf"\n  {flag}( .*(?:\n    .*)*)", text)
        assert len(words.split()) > 2, flag


@pytest.mark.parametrize("columns", [None, "60", "300"])
def test_help_is_plain(columns, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    for command in ([], ["report"], ["simulate"], ["run"]):
        text = said(*command, "--help", capsys=capsys)
        assert text.isascii()
        assert "None" not in text
        assert "False" not in text
        assert not any(line != line.rstrip() for line in text.splitlines())
        assert not any("  --" in line[3:] for line in text.splitlines())  # one column
        assert os.environ.get("COLUMNS") == columns
    listed = said("-h", capsys=capsys)
    assert all(f"\n      {name} " in listed for name in main.COMMANDS)
    assert "examples:" in listed


def test_the_help_of_a_setting_names_the_regimes_that_have_it(capsys):
    text = " ".join(said("simulate", "--help", capsys=capsys).split())
    for field in dataclasses.fields(RegimeSettings):
        having = [name for name, kind in REGIMES.items() if field.name in kind.__dataclass_fields__]
        whose = ", ".join(having) if having else "all regimes"
        words = text[text.index(f" --{field.name} ") :][:120]
        assert f"{whose}: " in words, words


def test_the_version(capsys):
    assert said("--version", capsys=capsys) == f"jaxcollapse {jc.__version__}\n"
