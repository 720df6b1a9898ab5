"""A run that is interrupted returns what is done, and goes on later to the bits of one that was not."""

import json
import signal

import jax
import numpy as np
import pytest
from checkpointed import (
    CHAINS,
    CHUNKS,
    ENDS,
    GENERATIONS,
    PIECES,
    PROCESS,
    after,
    arrays,
    bits,
    die_of,
    expected,
    interrupted,
    run,
)

import jaxcollapse as jc
from jaxcollapse.analysis.streaming import Moments
from jaxcollapse.runs import keeping


@pytest.mark.parametrize(
    ("keep", "pauses"), [(keep, pauses) for keep in CHAINS for pauses in (1, 2, 3, 5, PIECES[keep])]
)
def test_what_is_done_is_returned(keep, pauses, tmp_path):
    """Whole chunks, or of the first one what there is; and the rest follows later."""
    found = interrupted(keep, tmp_path, after(pauses), checkpoint_seconds=1e9)
    chunks, pieces = divmod(pauses, len(ENDS))
    done = (min(chunks * CHUNKS[keep], CHAINS[keep]), GENERATIONS) if chunks else (CHUNKS[keep], ENDS[pieces - 1])
    assert bits(arrays(found)) == expected(keep, *done)
    assert json.loads(found.provenance)["interrupted"] is True
    assert bits(arrays(run(keep, tmp_path))) == expected(keep, CHAINS[keep])


def test_before_the_first_pause_there_is_nothing_to_return(tmp_path, monkeypatch):
    monkeypatch.setattr(jc.engine, "start", lambda *_, **__: die_of(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run("chains", tmp_path)


@pytest.mark.parametrize("keep", CHAINS)
def test_in_the_first_piece_after_resuming(keep, tmp_path):
    before = interrupted(keep, tmp_path, after(4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jc.engine, "advance", lambda *_, **__: die_of(KeyboardInterrupt))
        assert bits(arrays(interrupted(keep, tmp_path, False))) == bits(arrays(before))
    assert bits(arrays(run(keep, tmp_path))) == expected(keep, CHAINS[keep])


ADDERS = {"chains": (keeping.Chains,), "ensemble": (keeping.Ensembles, Moments)}


@pytest.mark.parametrize(("keep", "kind"), [(keep, kind) for keep, kinds in ADDERS.items() for kind in kinds])
@pytest.mark.parametrize("call", [2, 3, 4])
def test_in_the_midst_of_adding_up(keep, kind, call, tmp_path):
    """Within a chunk, at its end, at the beginning of the next: no piece counts twice."""
    real, calls = kind.add, []
    call = 2 * call - 1 if kind is Moments else call  # once for each of two statistics: after the first of them

    def disturbed(self, *told):
        real(self, *told)
        calls.append(kind)
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "add", disturbed)
            interrupted(keep, tmp_path, False)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert len(calls) == call
    assert bits(arrays(run(keep, tmp_path))) == expected(keep, CHAINS[keep])


def test_where_all_have_collapsed(tmp_path):
    """Rows are then repeated, though pieces end between them; a resumed run repeats the same ones."""
    settings = {"chains": 2, "generations": 60, "record": "support", "every": 4}
    between = 0
    for seed in range(4):
        key = jax.random.key(seed)
        whole = np.asarray(jc.simulate(key, PROCESS, **settings)["support"])
        collapsed_at = np.flatnonzero((whole == 1).all(axis=0))[0]
        between += collapsed_at % 3 == 2  # a piece ended between the last row before and this one
        options = settings | {"key": key, "piece": 6, "until": "collapsed", "chunk": None}
        for pauses in (3, 6):
            folder = tmp_path / f"{seed}-{pauses}"
            interrupted("chains", folder, after(pauses), **options)
            assert run("chains", folder, **options)["support"].tobytes() == whole.tobytes()
    assert between
