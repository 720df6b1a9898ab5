"""``jaxcollapse simulate``: the table, the heading, and what the settings stand for."""

import csv

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse import runs
from jaxcollapse.cli import main


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_simulate_prints_exact_beside_mean(capsys, tmp_path):
    command = "simulate --language uniform:10 --n 20 --generations 5 --chains 500 --record heterozygosity hill_2"
    assert main.main(command.split()) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line.split() for line in lines if line.startswith("heterozygosity") and line.split()[1] == "5")
    assert float(row[4]) == pytest.approx(0.9 * 0.95**5, rel=1e-5)
    assert abs(float(row[2]) - float(row[4])) < 8 * float(row[3])
    assert next(line.split() for line in lines if line.startswith("hill_2"))[4] == "-"
    assert main.main([*command.split(), "--out", str(tmp_path / "table.csv")]) == 0
    assert len(table(tmp_path / "table.csv")) == 12


RUNS = [
    ("fully-synthetic", "", "fully-synthetic, 16 tokens", ""),
    ("fully-synthetic", "--growth 1.5", "fully-synthetic, 16 tokens a generation (times 1.5 each)", ""),
    ("partially-synthetic", "--real 3", "partially-synthetic (+3 real)", ""),
    ("most-recent", "--window 4", "most-recent (window 4)", "remembers 68 tokens or counts (0.3 KiB) besides the 17"),
    ("most-recent", "--window 4 --reuse", "most-recent (window 4, reused)", "remembers 24 tokens"),
    ("randomly-sampled", "", "randomly-sampled, 16", "remembers 20 tokens or counts"),
    ("randomly-sampled", "--reuse", "randomly-sampled (pool)", "remembers 20 tokens or counts"),
    ("randomly-sampled", "--reuse prefix", "randomly-sampled (prefixes)", "remembers 102 tokens or counts"),
    ("accumulate", "", "accumulate, 16", ""),
    (
        "accumulate-subsample",
        "--replacement --budget 4",
        "(budget 4, with replacement)",
        "remembers 11 tokens or counts",
    ),
    ("fresh-real", "--real 8 --weight 0.5", "fresh-real (+8 real, weight 0.5)", ""),
    ("mixture", "--share 0.25", "mixture (share 0.25)", ""),
]


@pytest.mark.parametrize(("regime", "options", "heading", "memory"), RUNS, ids=[f"{r[0]} {r[1]}" for r in RUNS])
def test_the_heading_comes_before_the_run(regime, options, heading, memory, capsys, monkeypatch):
    """It says what is run, and what a chain remembers where that is more than its last model."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "run", stop)
    command = f"simulate --language uniform:10 --n 16 --generations 6 --quiet --regime {regime} {options}"
    assert main.main(command.split()) == 130
    first, *rest = capsys.readouterr().out.splitlines()
    assert heading in first
    assert memory in "".join(rest)
    assert bool(rest) == bool(memory)


@pytest.mark.campaign
def test_another_regime_on_the_command_line(capsys):
    command = (
        "simulate --language uniform:10 --n 16 --generations 5 --chains 200 --regime most-recent --window 4 --reuse"
    )
    assert main.main([*command.split(), "--record", "heterozygosity"]) == 0
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[:2] == ["heterozygosity", "5"]
    assert abs(float(row[2]) - float(row[4])) < 8 * float(row[3])


def test_smoothing_and_decoding_from_flags_and_a_file(tmp_path, capsys):
    """The same table from simulate and from a file, and that of the learner made in Python."""
    flags = ["--language", "zipf:20", "--n", "50", "--chains", "40", "--generations", "3"]
    main.main(["simulate", *flags, "--additive", "0.5", "--temperature", "0.8", "--top-k", "9", "--quiet"])
    told = capsys.readouterr().out
    assert "50 tokens a generation, additive 0.5, temperature 0.8, top-k 9" in told
    config = tmp_path / "study.toml"
    text = "n = 50\nchains = 40\ngenerations = 3\nadditive = 0.5\ntemperature = 0.8\ntop_k = 9\n"
    config.write_text('language = "zipf:20"\n' + text, encoding="utf-8")
    main.main(["run", str(config), "--quiet"])
    assert capsys.readouterr().out == told
    learner = jc.learners.Estimated(
        estimator=jc.estimators.Additive(0.5), decoding=(jc.decoding.Temperature(0.8), jc.decoding.TopK(9))
    )
    process = jc.recursive_training(jc.languages.zipf(20), jc.FullySynthetic(n=50), learner)
    trace = jc.simulate(jax.random.key(0), process, chains=40, generations=3)
    mean = float(np.asarray(trace["heterozygosity"], np.float64).mean(axis=0)[-1])
    assert f"{mean:.6g}" in told
