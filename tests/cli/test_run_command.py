"""``jaxcollapse run``: from a file and flags to the bits of jc.run, and one sentence for whatever goes wrong."""

import errno
import json
import os
import re
import socket
import subprocess
import sys

import children
import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import engine, runs, saving
from jaxcollapse.cli import main
from jaxcollapse.cli import run_command as command

CONFIG = """\
language = "uniform:10"
regime = "most-recent"
window = 2
n = 20
chains = 50
generations = 8
record = ["support", "heterozygosity"]
seed = 3
piece = 4
levels = [0.5]
checkpoint_seconds = 0
"""
FLAGS = (
    "--language uniform:10 --regime most-recent --window 2 --n 20 --chains 50 --generations 8 "
    "--record support heterozygosity --seed 3 --piece 4 --levels 0.5 --checkpoint-seconds 0"
)
RECORD = ("support", "heterozygosity")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def start(line, capsys):
    """The exit status, and what was printed."""
    try:
        status = main.main(["run", *line.split(), "--quiet"])
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def expected(**changes):
    process = jc.recursive_training(jc.languages.uniform(10), jc.MostRecent(n=20, window=2))
    options = {"chains": 50, "generations": 8, "record": RECORD, "piece": 4, "levels": (0.5,), "keep": "ensemble"}
    return jc.run(jax.random.key(3), process, progress=False, **(options | changes))


def parts(values):
    return values if isinstance(values, tuple) else (values,)


def same(found, wanted):
    assert set(found) == set(wanted) == set(RECORD)
    for name in wanted:
        for a, b in zip(parts(found[name]), parts(wanted[name]), strict=True):
            np.testing.assert_array_equal(a, b)
    a, b = (json.loads(result.provenance) for result in (found, wanted))
    assert (a["run"], a["chains"]) == (b["run"], b["chains"])
    return True


def printed(out):
    """The table: statistic and generation to mean, error and exact value."""
    rows = [line.split() for line in out.splitlines() if line.startswith(("support", "heterozygosity"))]
    return {(name, int(m)): values for name, m, *values in rows}


@pytest.fixture
def taken(monkeypatch):
    """What would be run; nothing is."""
    calls = []

    def run(key, process, **options):
        calls.append({"key": key, "process": process, **options})
        raise ValueError("taken")

    monkeypatch.setattr(runs, "run", run)
    return calls


@pytest.mark.parametrize("line", ["config.toml", FLAGS, "config.toml --seed 3 --window 2"])
def test_a_file_and_flags_give_the_bits_of_run(line, capsys):
    status, out, err = start(f"{line} --out run.nc", capsys)
    assert (status, err) == (0, "")
    assert out.startswith("uniform(10): most-recent (window 2), 20 tokens a generation, 50 chains, seed 3\n")
    assert out.endswith("\nResults are in run.nc\n")
    wanted = expected()
    assert same(saving.load("run.nc"), wanted)
    mean, error, exact = printed(out)["heterozygosity", 8]
    assert (mean, error) == (
        f"{wanted['heterozygosity'].mean[8]:.6g}",
        f"{wanted['heterozygosity'].standard_error[8]:.2g}",
    )
    assert abs(float(mean) - float(exact)) < 8 * float(error)


def test_every_chain(capsys):
    status, out, _ = start("config.toml --keep chains --out run.nc", capsys)
    assert status == 0
    wanted = expected(keep="chains")
    assert same(saving.load("run.nc"), wanted)
    assert printed(out)["support", 8][0] == f"{np.asarray(wanted['support'])[:, 8].mean():.6g}"


def test_flags_win_over_the_file_and_the_file_over_defaults(taken, folder, capsys):
    (folder / "note.txt").write_text("to be or not to be")
    (folder / "all.toml").write_text(
        CONFIG + 'keep = "chains"\nevery = 2\nchunk = 25\ncheckpoint = "half"\nuntil = "collapsed"\n'
    )
    assert start("all.toml", capsys)[2] == "jaxcollapse: taken\n"
    assert start("all.toml --text note.txt --n 7 --window 3 --every 4 --levels --checkpoint-seconds 9", capsys)[0] == 1
    first, second = taken
    assert (first["every"], first["keep"], first["chunk"], first["until"]) == (2, "chains", 25, "collapsed")
    assert (first["checkpoint"], first["checkpoint_seconds"], first["resume"]) == ("half", 0, False)
    assert second["process"].p.shape == (4,)
    assert (second["process"].regime.window, second["every"], second["levels"]) == (3, 4, [])
    assert (second["checkpoint_seconds"], second["generations"], second["piece"]) == (9, 8, 4)


def test_defaults_are_those_of_simulate(taken, capsys):
    assert start("--language zipf:9", capsys)[2] == "jaxcollapse: taken\n"
    (found,) = taken
    assert isinstance(found["process"].regime, jc.FullySynthetic)
    assert found["process"].regime.n == 1000
    assert (found["chains"], found["generations"], found["keep"]) == (1000, 50, "ensemble")
    assert tuple(found["record"]) == ("heterozygosity", "support")
    assert np.array_equal(jax.random.key_data(found["key"]), jax.random.key_data(jax.random.key(0)))


@pytest.mark.parametrize(
    ("line", "toml", "until"),
    [
        ("--until collapsed", "", "collapsed"),
        ("--until support=0.01 heterozygosity=1e-3", "", {"support": 0.01, "heterozygosity": 0.001}),
        ("", "[until]\nsupport = 0.02", {"support": 0.02}),
        ("--until support=0.5", "[until]\nsupport = 0.02", {"support": 0.5}),
    ],
)
def test_when_to_stop(line, toml, until, taken, folder, capsys):
    (folder / "until.toml").write_text(CONFIG + toml)
    start(f"until.toml {line}", capsys)
    assert taken[0]["until"] == until


FILES = [
    ("chain = 5", "'bad.toml': unknown key 'chain'; did you mean 'chains'? known: additive, budget, chains, "),
    ("checkpoint-seconds = 5", "did you mean 'checkpoint_seconds'?"),
    ("resume = true", "'bad.toml': resume belongs to one call, not to a file; give it as --resume"),
    ("config = 'x'", "unknown key 'config'"),
    ("n = 'ten'", "'bad.toml': n must be a whole number, got 'ten'"),
    ("n = 10.0", "n must be a whole number, got 10.0"),
    ("n = true", "n must be a whole number, got True"),
    ("growth = '2'", "growth must be a number, got '2'"),
    ("language = 5", "language must be a string, got 5"),
    ("record = 'support'", "record must be a list, each entry a string, got 'support'"),
    ("record = [1]", "record must be a list, each entry a string, got [1]"),
    ("record = []", "record must name at least one statistic"),
    ("record = ['suport']", "did you mean 'support'"),
    ("record = ['winner']", "'winner' has no mean to print, it is the number of a token; give --out FILE.nc"),
    ("levels = ['a']", "levels must be a list, each entry a number, got ['a']"),
    ("levels = [2]", "levels must be numbers between 0 and 1, got [2]"),
    ("keep = 'chain'", "unknown keep 'chain'; did you mean 'chains'?"),
    ("regime = 'mixtures'", "unknown regime 'mixtures'; did you mean 'mixture'?"),
    ("replacement = 'yes'", "replacement must be one of true, false, got 'yes'"),
    ("reuse = 'pol'", "reuse must be one of true, false, 'pool', 'prefix', got 'pol'"),
    ("window = 3", "window=3 is not a setting of fully-synthetic; leave window out"),
    ("until = 'colapsed'", "until must be 'collapsed' or "),
    ("until = {support = 'a'}", "until['support'] must be a number above 0"),
    ("until = {entropy = 1}", "until names 'entropy', which is not recorded"),
    ("checkpoint_seconds = nan", "checkpoint_seconds must be a number of seconds, 0 or more, got nan"),
    ("chains = 0", "chains must be between 1"),
    ("seed = -1", "seed must be between 0"),
    ("text = 'nothing.txt'\n[language]", "'bad.toml': language must be a string, got {}"),
    ("n = 5\nn = 6\n", "'bad.toml' is not TOML: Cannot overwrite a value (at line 2, column 6)"),
    ("n = 5\nrecord = [", "'bad.toml' is not TOML: Invalid value (at the end, line 2)"),
    (b"n = 5 # \xff", "'bad.toml' is not UTF-8 near byte 8"),
]


@pytest.mark.parametrize(("toml", "message"), FILES, ids=[str(case[0]) for case in FILES])
def test_a_bad_file(toml, message, folder, capsys):
    (folder / "bad.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    language = "" if b"language" in (folder / "bad.toml").read_bytes() else "--language uniform:5"
    status, _, err = start(f"bad.toml {language}", capsys)
    assert status == 1
    assert message in err
    assert err.count("\n") == 1
    assert len(err) < 500


LINES = [
    ("nothing.toml", 1, "'nothing.toml': No such file"),
    (".", 1, "'.': Is a directory"),
    ("config.toml --out run.csv", 1, "out must be a file that ends in .nc, for it is netCDF, got 'run.csv'"),
    ("config.toml --out none/run.nc", 1, "cannot write none/run.nc: there is no folder none"),
    ("config.toml --out folder.nc", 1, "cannot write folder.nc: it is a folder"),
    ("config.toml --resume", 1, "say with --checkpoint FOLDER where it is"),
    ("config.toml --checkpoint config.toml", 1, "config.toml"),
    ("config.toml --text a.txt --language en", 1, "give TEXT or --language, not both"),
    ("--language uniform:5 --window 3", 1, "leave --window out"),
    ("config.toml --generation 5", 2, "did you mean --generations?"),
    ("config.toml --fit-n 5", 2, "unrecognized arguments: --fit-n 5; another command has it"),
    ("config.toml --n ten", 2, "argument --n: value must be a whole number, got 'ten'; see jaxcollapse run --help"),
    ("config.toml --keep all", 2, "argument --keep: unknown value 'all'; known: chains, ensemble"),
    ("config.toml --until soon", 2, "argument --until: must be collapsed or as support=0.01, got 'soon'"),
    ("config.toml --until collapsed support=1", 2, "give collapsed alone, or standard errors"),
    ("config.toml --processes 2", 2, "need --distributed"),
    ("config.toml --distributed --processes 2", 2, "--distributed wants --coordinator and --process too"),
    ("config.toml --distributed --coordinator a:1 --processes 2 --process 2", 1, "process must be between 0 and 1"),
]


@pytest.mark.parametrize(("line", "status", "message"), LINES, ids=[case[0] for case in LINES])
def test_bad_flags(line, status, message, folder, capsys):
    (folder / "folder.nc").mkdir()
    found, _, err = start(line, capsys)
    assert found == status
    assert message in err
    assert err.count("\n") == 1


def test_a_checkpoint_of_another_run_or_of_this_one(capsys):
    assert start("config.toml --checkpoint half", capsys)[0] == 0
    status, _, err = start("config.toml --checkpoint half", capsys)
    assert status == 1
    assert "holds a run already; add --resume to go on with it" in err
    status, _, err = start("config.toml --checkpoint half --resume --seed 4", capsys)
    assert status == 1
    assert "is of another run: key" in err


def interrupting(monkeypatch, after):
    """Ctrl-C instead of a piece of generations."""
    advance, calls = engine.advance, []

    def stop(*arguments, **options):
        calls.append(0)
        if len(calls) > after:
            raise KeyboardInterrupt
        return advance(*arguments, **options)

    monkeypatch.setattr(engine, "advance", stop)


@pytest.mark.parametrize("keep", ["ensemble", "chains"])
def test_a_run_goes_on_after_an_interruption(keep, monkeypatch, capsys):
    line = f"config.toml --keep {keep} --checkpoint half --out run.nc"
    with monkeypatch.context() as patched:
        interrupting(patched, after=1)
        status, out, err = start(line, capsys)
    assert status == 130
    assert err == ("jaxcollapse: interrupted; what is done is in run.nc; the same command with --resume goes on\n")
    assert max(m for _, m in printed(out)) == 4
    part = saving.load("run.nc")
    assert json.loads(part.provenance)["interrupted"]
    assert len(part["support"].mean if keep == "ensemble" else part["support"][0]) == 5
    status, out, err = start(f"{line} --resume", capsys)
    assert (status, err) == (0, "")
    assert same(saving.load("run.nc"), expected(keep=keep))
    assert max(m for _, m in printed(out)) == 8


def test_interrupted_with_nothing_to_show(monkeypatch, capsys):
    interrupting(monkeypatch, after=0)
    status, _, err = start("config.toml --out run.nc", capsys)
    assert (status, err) == (
        130,
        "jaxcollapse: interrupted, without results; with --checkpoint FOLDER it could go on later\n",
    )
    assert not os.path.exists("run.nc")


def test_simulate_says_that_it_was_interrupted(monkeypatch, capsys):
    interrupting(monkeypatch, after=2)
    flags = FLAGS.split(" --seed")[0].replace("--generations 8", "--generations 80")
    assert main.main(["simulate", *flags.split(), "--quiet"]) == 130
    out, err = capsys.readouterr()
    assert err == "jaxcollapse: interrupted; what is printed is what was done\n"
    assert 0 < max(m for _, m in printed(out)) < 80


def test_a_full_disk_leaves_the_last_checkpoint_whole(monkeypatch, capsys):
    begun, sync, full = [], os.fsync, OSError(errno.ENOSPC, "No space left on device")

    def fill(file):
        begun.append(file)
        if os.path.exists("half/process-0/manifest.json"):  # the first checkpoint
            raise full
        return sync(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fill)
        status, _, err = start("config.toml --checkpoint half", capsys)
    assert status == 1
    assert begun
    assert "No space left on device" in err
    assert "is whole" in err
    assert err.count("\n") == 1
    assert start("config.toml --checkpoint half --resume --out run.nc", capsys)[0] == 0
    assert same(saving.load("run.nc"), expected())


def test_results_that_cannot_be_written_are_printed(monkeypatch, capsys):
    def refuse(result, path):
        raise OSError(errno.ENOSPC, "No space left on device", path)

    monkeypatch.setattr(saving, "save", refuse)
    status, out, err = start("config.toml --out run.nc", capsys)
    assert (status, err) == (1, "jaxcollapse: 'run.nc': No space left on device\n")
    assert len(printed(out)) > 4


def test_tables_go_to_the_file_only(capsys):
    status, out, _ = start("config.toml --record spectrum support --every 3 --piece 8 --out run.nc", capsys)
    assert status == 0
    assert {m for _, m in printed(out)} == {0, 3, 6}
    assert saving.load("run.nc")["spectrum"].mean.shape == (3, 10)
    assert "\nspectrum" not in out


def test_the_example_of_the_help_is_run(folder, capsys):
    status, out, _ = start("--help", capsys)
    assert status == 0
    assert max(map(len, out.splitlines())) <= 130
    assert all(f"\n  {code}  " in out for code in (0, 1, 2, 130))
    text = out[out.index("example of CONFIG.toml") :]
    lines = [line.strip() for line in text[: text.index("\n\n")].splitlines()[1:]]
    assert lines == command.EXAMPLE.splitlines()
    (folder / "example.toml").write_text("\n".join(lines))
    status, out, err = start("example.toml --piece 40", capsys)  # one program, not two
    assert (status, err) == (0, "")
    assert "zipf(1000, 1.1): partially-synthetic (+50 real), 500 tokens a generation, 2000 chains, seed 0" in out
    assert re.search(r"support +40 +\d", out)


def test_processes_are_joined_before_anything_else(taken, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda *of: calls.append(of))
    start("config.toml --distributed --coordinator here:9 --processes 4 --process 1", capsys)
    start("config.toml --distributed", capsys)
    assert calls == [("here:9", 4, 1), ()]
    assert len(taken) == 2

    def alone(*_):
        raise ValueError("coordinator_address should be defined.\nmore")

    monkeypatch.setattr(jax.distributed, "initialize", alone)
    status, _, err = start("config.toml --distributed", capsys)
    assert (status, err) == (
        1,
        "jaxcollapse: the processes could not be joined: coordinator_address should be defined.\n",
    )


@pytest.mark.campaign  # test_runs has two processes too
def test_two_processes_share_the_chains():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = (
        f"run config.toml --record support --piece 8 --keep chains --out run.nc --quiet --coordinator 127.0.0.1:{port}"
    )
    line = [sys.executable, "-m", "jaxcollapse", *line.split(), "--distributed", "--processes", "2", "--process"]
    pipes = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "env": children.environment(),
    }
    both = [subprocess.Popen([*line, str(i)], **pipes) for i in range(2)]
    said = [one.communicate(timeout=200) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert "Results are in run-process-0.nc" in said[0][0]
    assert "Means are those of 25 chains, of this process." in said[0][0]
    assert said[1][0] == ""
    wanted = expected(keep="chains")
    found = [saving.load(f"run-process-{i}.nc") for i in range(2)]
    np.testing.assert_array_equal(np.concatenate([part["support"] for part in found]), wanted["support"])
