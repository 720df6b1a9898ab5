"""A run that is killed goes on later, and gives the bits of one that was not."""

import functools
import itertools
import os

import numpy as np
import pytest
from checkpointed import CHAINS, MANY, arrays, bits, expected, run
from killed_run import WHEN, Died, Disk, child
from selection import some

from jaxcollapse.runs import checkpoint


@functools.cache
def moments_of(keep, folder, wanted):
    """So many moments of a run, evenly among all: each with the process killed, or with the power lost as well."""
    with Disk(folder) as disk:
        assert bits(arrays(run(keep, folder))) == expected(keep, CHAINS[keep])
    every = [
        (kind, number + 1, when) for kind, times in disk.calls.items() for number in range(times) for when in WHEN[kind]
    ]
    assert len(every) > 100
    chosen = [every[index * len(every) // wanted] for index in range(wanted)]
    return list(zip(chosen, itertools.cycle([False, True])))


def survives(keep, folder, moment, power):
    """Whether a run that ends at a moment goes on to the right bits."""
    with Disk(folder, moment) as disk, pytest.raises(Died):
        run(keep, folder)
    if power:
        disk.lose_power()
    return bits(arrays(run(keep, folder))) == expected(keep, CHAINS[keep])


@pytest.mark.parametrize("keep", some(CHAINS, ("chains",)))
def test_killed_at_any_moment_it_goes_on_to_the_same_bits(keep, tmp_path):
    for index, (moment, power) in enumerate(moments_of(keep, tmp_path / "whole", 15)):
        assert survives(keep, tmp_path / str(index), moment, power), (moment, power)


def test_killed_again_and_again(tmp_path):
    """Each time a little later, and in the end it is whole."""
    for number in range(1, 30):
        with Disk(tmp_path, ("rename", number, "before")) as disk:
            try:
                found = run("chains", tmp_path)
            except Died:
                disk.lose_power()
            else:
                break
    assert number > 5
    assert bits(arrays(found)) == expected("chains", CHAINS["chains"])


def in_place(path, content):
    with open(path, "wb") as file:
        content(file)
        file.flush()
        os.fsync(file.fileno())


def without_flushing_the_file(path, content):
    beside = path.with_name(path.name + ".part")
    with open(beside, "wb") as file:
        content(file)
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def without_flushing_the_folder(path, content):
    beside = path.with_name(path.name + ".part")
    with open(beside, "wb") as file:
        content(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


@pytest.mark.parametrize("mutant", [in_place, without_flushing_the_file, without_flushing_the_folder])
def test_a_careless_writer_would_be_caught(mutant, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "_write", mutant)
    caught = []
    for index, (moment, power) in enumerate(moments_of("chains", tmp_path / "whole", 15)):
        try:
            if not survives("chains", tmp_path / str(index), moment, power):
                caught.append("other bits")
        except ValueError as error:
            caught.append(str(error))
        if caught:
            break
    assert "damaged" in caught[0]


# Other processes, which are really killed.


def test_killed_by_the_system_it_goes_on_to_the_same_bits(tmp_path):
    for moment in [("write", 6, "halfway"), ("fsync", 5, "before"), ("rename", 4, "after")]:
        assert child("chains", tmp_path, CHAINS["chains"], moment) is None
    assert (tmp_path / "process-0" / checkpoint.MANIFEST).exists()
    assert bits(child("chains", tmp_path, CHAINS["chains"])) == expected("chains", CHAINS["chains"])


@pytest.mark.campaign
@pytest.mark.parametrize("keep", CHAINS)
def test_fifty_kills(keep, tmp_path):
    """Twenty-five for each; a third of them within write, fsync and rename, the others at any time."""
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    kills, runs = 0, 0
    while kills < 25:
        folder = tmp_path / str(runs)
        found, runs = None, runs + 1
        while found is None:
            how = {}
            if kills < 25 and kills % 3 == 0:
                kind = str(random.choice(list(WHEN)))
                how = {"moment": (kind, int(random.integers(1, 20)), str(random.choice(WHEN[kind])))}
            elif kills < 25:
                how = {"seconds": random.uniform(0, 0.5)}
            found = child(keep, folder, MANY[keep], **how)
            kills += found is None
        assert bits(found) == expected(keep, MANY[keep]), (seed, runs)
