"""A run that is killed, interrupted or cannot write goes on later, and gives the bits of one that was not."""

import collections
import errno
import functools
import io
import itertools
import json
import os
import pathlib
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading

import jax
import numpy as np
import pytest
from selection import some

import jaxcollapse as jc
from jaxcollapse.analysis import Ensemble
from jaxcollapse.analysis.streaming import BLOCK, Moments, Sketch
from jaxcollapse.runs import LEVELS, checkpoint, keeping
from jaxcollapse.runs import progress as progress_module
from jaxcollapse.runs.progress import Progress

P = np.array([0.4, 0.3, 0.15, 0.1, 0.05], np.float32)
KEY, PROCESS = jax.random.key(3), jc.recursive_training(P, jc.FullySynthetic(n=8))
GENERATIONS, RECORD = 7, ("heterozygosity", "support")
ENDS = (3, 6, 7)
"""Of the pieces."""
CHUNKS = {"chains": 3, "ensemble": BLOCK}
CHAINS = {"chains": 7, "ensemble": BLOCK + 104}
"""Three chunks and two; the last one is smaller."""
MANY = {"chains": 42, "ensemble": 3 * BLOCK + 104}
"""For the campaign."""
PIECES = {keep: len(ENDS) * -(-CHAINS[keep] // CHUNKS[keep]) for keep in CHAINS}


def run(keep, folder, /, *, key=KEY, process=PROCESS, **options):
    settings = {"generations": GENERATIONS, "record": RECORD, "piece": 3, "chains": CHAINS[keep], "chunk": CHUNKS[keep]}
    settings |= {"keep": keep, "resume": True, "progress": False, "checkpoint_seconds": 0}
    return jc.run(key, process, checkpoint=folder, **(settings | options))


def arrays(found):
    """All numbers of a trace or a summary."""
    if isinstance(found, jc.Trace):
        return {name: np.asarray(found[name]) for name in found}
    return {f"{name} {part}": np.asarray(of) for name in found for part, of in found[name]._asdict().items()}


def bits(found):
    return {name: of.tobytes() for name, of in sorted(found.items())}


@functools.cache
def simulated(chains):
    trace = jc.simulate(KEY, PROCESS, chains=chains, generations=GENERATIONS, record=RECORD)
    return {name: np.asarray(trace[name]) for name in RECORD}


@functools.cache
def expected(keep, chains, last=GENERATIONS):
    """What `simulate` gives of the first so many chains up to a generation, summarized if that is kept."""
    values = {name: of[:chains, : last + 1] for name, of in simulated(max(chains, CHAINS[keep])).items()}
    return bits(values if keep == "chains" else arrays({name: summarized(of) for name, of in values.items()}))


def summarized(values):
    moments, sketch = Moments(), Sketch()
    for begin in range(0, len(values), BLOCK):
        moments.add(values[begin : begin + BLOCK])
        sketch.add(values[begin : begin + BLOCK])
    quantiles = np.stack([sketch.quantile(level) for level in LEVELS])
    generation = np.arange(values.shape[1])
    return Ensemble(generation, moments.mean, moments.standard_error, np.array(LEVELS), quantiles, moments.count)


# Killed.


WHEN = {"write": ("before", "halfway", "after"), "fsync": ("before", "after"), "rename": ("before", "after")}
"""What a kill may fall into."""


class Died(BaseException):
    """Stands for a kill: nothing in a run catches it, and what counts is on the disk."""


def die():
    raise Died


class Disk:
    """Watches what a run asks of the disk, ends it at a chosen moment, and forgets what was not flushed.

    Args:
      folder: of the checkpoint.
      moment: what is done, for which time, and when, as ("write", 3, "halfway"); None for never.
      kill: what happens then.
    """

    def __init__(self, folder, moment=None, kill=die):
        self.folder, self.moment, self.kill = pathlib.Path(folder) / "process-0", moment, kill
        self.calls = collections.Counter()
        self.flushed, self.renamed = set(), None
        for path in self.folder.glob("*"):
            self.flushed.add(self.of(path.stat()))

    @staticmethod
    def of(status):
        """A file as it is now."""
        return status.st_ino, status.st_mtime_ns, status.st_size

    def __enter__(self):
        self.real = checkpoint._write, os.fsync, os.replace
        checkpoint._write, os.fsync, os.replace = self.write, self.fsync, self.rename
        return self

    def __exit__(self, *_):
        checkpoint._write, os.fsync, os.replace = self.real

    def at(self, kind, when):
        self.calls[kind] += when == "before"
        if (kind, self.calls[kind], when) == self.moment:
            self.kill()

    def write(self, path, content):
        def in_halves(file):
            self.at("write", "before")
            whole = io.BytesIO()
            content(whole)
            text = whole.getvalue()
            file.write(text[: len(text) // 2])
            file.flush()
            self.at("write", "halfway")
            file.write(text[len(text) // 2 :])
            file.flush()
            self.at("write", "after")

        self.real[0](path, in_halves)

    def fsync(self, file):
        self.at("fsync", "before")
        self.real[1](file)
        status = os.fstat(file)
        self.flushed.add(self.of(status))
        if stat.S_ISDIR(status.st_mode):
            self.renamed = None
        self.at("fsync", "after")

    def rename(self, source, target):
        self.at("rename", "before")
        before = target.read_bytes() if target.exists() else None
        self.real[2](source, target)
        self.renamed = target, before
        self.at("rename", "after")

    def lose_power(self):
        """The last rename is undone unless the folder was flushed, and files that were not flushed are empty."""
        if self.renamed:
            target, before = self.renamed
            target.unlink(missing_ok=True)
            if before is not None:
                target.write_bytes(before)
                self.flushed.add(self.of(target.stat()))
        for path in self.folder.glob("*"):
            if self.of(path.stat()) not in self.flushed:
                path.write_bytes(b"")


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


# Other processes, which are really killed. This file is their program: see its last lines.


def child(keep, folder, chains, moment=None, seconds=None):
    """The result of a run in another process; None if it was killed."""
    told = {"keep": keep, "folder": str(folder), "chains": chains, "moment": moment, "seconds": seconds}
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path(jc.__file__).parents[1]), "JAX_PLATFORMS": "cpu"}
    ended = subprocess.run([sys.executable, __file__, json.dumps(told)], env=environment, timeout=300)
    if ended.returncode == -signal.SIGKILL:
        return None
    assert ended.returncode == 0
    with np.load(folder / "result.npz") as found:
        return dict(found)


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


# Interrupted.


def after(pauses):
    """Raises KeyboardInterrupt in a pause."""
    told = []

    def progress(generations):
        told.append(generations)
        if len(told) == pauses:
            raise KeyboardInterrupt

    return progress


def interrupted(keep, folder, progress, **options):
    with pytest.warns(UserWarning, match="interrupted: what is returned ends where it was"):
        return run(keep, folder, progress=progress, **options)


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


def die_of(error):
    raise error


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


# What goes wrong is told in one sentence.


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unfinished")
    interrupted("chains", folder, after(4))
    return folder


@pytest.fixture
def begun(unfinished, tmp_path):
    """A folder to spoil."""
    shutil.copytree(unfinished, tmp_path / "begun")
    return tmp_path / "begun"


def fails(folder, match, kind=ValueError, **options):
    """The message, which is one sentence; and the folder is as it was."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(kind, match=match) as caught:
        run("chains", folder, **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return caught.value


def goes_on(folder):
    assert bits(arrays(run("chains", folder))) == expected("chains", CHAINS["chains"])


CANNOT_WRITE = r"the checkpoint could not be written \(.*\); the one before it is whole: mend that and resume"


@pytest.mark.parametrize("call", [1, 2, 5, 11, 30])
def test_the_disk_is_full(call, tmp_path, monkeypatch):
    calls, fsync = itertools.count(1), os.fsync
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: die_of(full) if next(calls) == call else fsync(file))
        with pytest.raises(OSError, match=CANNOT_WRITE) as caught:
            run("chains", tmp_path)
    assert caught.value.errno == errno.ENOSPC
    goes_on(tmp_path)


def test_files_may_not_grow(tmp_path):
    """The system itself refuses, after some checkpoints were written."""
    limits, told = resource.getrlimit(resource.RLIMIT_FSIZE), []

    def progress(generations):
        told.append(generations)
        if len(told) == 4:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))

    try:
        with pytest.raises(OSError, match=CANNOT_WRITE) as caught:
            run("chains", tmp_path, progress=progress)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG
    assert len(told) == 4
    goes_on(tmp_path)


def test_the_folder_is_read_only(begun, monkeypatch):
    """Root may write anywhere and runs tests too, so `open` says it."""
    refused = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with monkeypatch.context() as patch:
        reads_only = lambda path, mode: die_of(refused) if mode == "wb" else path.open(mode)
        patch.setattr(checkpoint, "open", reads_only, raising=False)
        fails(begun, CANNOT_WRITE, PermissionError)
    goes_on(begun)


@pytest.mark.parametrize("kind", ["state", "last", "rows-0-1", "rows-3-0"])
@pytest.mark.parametrize("how", ["truncated", "missing", "other bytes"])
def test_a_damaged_file(kind, how, begun):
    (path,) = (begun / "process-0").glob(f"{kind}*.npz")
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[: len(whole) // 2], "other bytes": bytes(len(whole))}.get(how, whole))
    if how == "missing":
        path.unlink()
    fails(begun, rf"checkpoint .* is damaged: {path.name}.*; remove it")
    path.write_bytes(whole)
    goes_on(begun)


def test_every_byte_counts(tmp_path):
    """Whichever is changed, no number is another: the file is refused, or the byte was not about numbers."""
    store = checkpoint.Checkpoint(tmp_path, {}, {}, resume=True)
    saved = {"rows": np.arange(10.0), "status": np.arange(3, dtype=np.int32)}
    store.save({"step": 1}, {"rows-0-0.npz": saved})
    whole, refused, same = (tmp_path / "rows-0-0.npz").read_bytes(), 0, 0
    for index in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[index] ^= 1 << index % 8
        (tmp_path / "rows-0-0.npz").write_bytes(spoilt)
        try:
            found = store.load("rows-0-0.npz")
        except ValueError as error:
            refused += "is damaged: rows-0-0.npz" in str(error) and "\n" not in str(error)
        else:
            same += bits(found).items() <= bits(saved).items()
    assert refused + same == len(whole)
    assert refused > len(whole) // 2


MANIFESTS = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "a list": lambda text: "[1, 2]",
    "another program's": lambda text: '{"name": "something", "version": 3}',
    "no run in it": lambda text: json.dumps(json.loads(text) | {"configuration": 3}),
    "no files in it": lambda text: json.dumps(json.loads(text) | {"files": [1]}),
    "no place in it": lambda text: json.dumps(json.loads(text) | {"position": {}}),
}


@pytest.mark.parametrize("how", MANIFESTS)
def test_a_manifest_that_is_not_ours_or_damaged(how, begun):
    path = begun / "process-0" / checkpoint.MANIFEST
    whole = path.read_text()
    path.write_text(MANIFESTS[how](whole))
    fails(begun, "has a manifest that is not ours or damaged; remove it")
    path.write_text(whole)
    goes_on(begun)


def test_another_format_or_version(begun):
    path = begun / "process-0" / checkpoint.MANIFEST
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"format": 99}))
    fails(begun, "has format 99 and this release reads 1")
    path.write_text(json.dumps(told | {"versions": told["versions"] | {"jax": "0.0.1"}}))
    fails(begun, rf"was made elsewhere: jax is '{jax.__version__}' and was '0.0.1'")


def test_a_folder_with_other_files(tmp_path):
    (tmp_path / "process-0").mkdir()
    (tmp_path / "process-0" / "thesis.tex").write_text("mine")
    fails(tmp_path, "holds files that are not ours, as 'thesis.tex'; name another")
    assert [path.name for path in (tmp_path / "process-0").iterdir()] == ["thesis.tex"]
    assert (tmp_path / "process-0" / "thesis.tex").read_bytes() == b"mine"


def test_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "process-0").write_text("mine")
    fails(tmp_path, "is a file or lies in one; name a folder")
    with pytest.raises(ValueError, match="is a file or lies in one; name a folder"):
        run("chains", tmp_path / "process-0")


def test_a_used_folder_is_not_used_again_unasked(begun):
    fails(begun, "holds a run already; pass resume=True to go on with it, or remove it", resume=False)
    assert bits(arrays(run("chains", begun, resume=True))) == expected("chains", CHAINS["chains"])


OTHERS = {
    "key is": {"key": jax.random.key(4)},
    "p is": {"process": jc.recursive_training(P[::-1], PROCESS.regime)},
    r"regime\.n is 7 and was 8": {"process": jc.recursive_training(P, jc.FullySynthetic(n=7))},
    r"regime\.kind is 'Accumulate' and": {"process": jc.recursive_training(P, jc.Accumulate(n=8))},
    "chains is 8 and was 7": {"chains": 8},
    "generations is 8 and was 7": {"generations": 8},
    "record is": {"record": "support"},
    "every is 2 and was 1": {"every": 2},
    "keep is 'ensemble' and was 'chains'": {"keep": "ensemble"},
    r"laid out\.piece is 2 and was 3": {"piece": 2},
    r"laid out\.chunk is 4 and was 3": {"chunk": 4},
}


@pytest.mark.parametrize(("field", "options"), OTHERS.items(), ids=OTHERS)
def test_another_run_names_what_differs(field, options, begun):
    error = fails(begun, f"is of another run: {field}", **options)
    assert "use the same settings, or another folder" in str(error)


def test_once_whole_it_stays_whole(begun):
    """And nothing but what counts is left in the folder."""
    goes_on(begun)
    told = json.loads((begun / "process-0" / checkpoint.MANIFEST).read_text())
    assert {path.name for path in (begun / "process-0").iterdir()} == {checkpoint.MANIFEST, *told["files"]}
    goes_on(begun)


# Progress.


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_lines_where_there_is_no_terminal():
    stream, clock = io.StringIO(), Clock()
    told = Progress(True, 10_000, 1000, stream=stream, clock=clock)
    for generations, alive in ((1000, None), (1000, None), (1000, None), (1000, 1234)):
        clock.now += 6
        told.add(generations, alive)
    told.close()
    assert stream.getvalue().splitlines() == [
        "generation 3,000 of 10,000, 167 a second, 42 s left",
        "generation 5,000 of 10,000, 167 a second, 30 s left, 1,234 chains alive",
    ]


@pytest.mark.parametrize(
    ("generations", "left"), [(10, "0 s"), (9, "2 s"), (1, "2 min 15 s"), (0.01, "4 h 09 min"), (0, "?")]
)
def test_the_time_left(generations, left):
    clock = Clock()
    told = Progress(True, 10, stream=io.StringIO(), clock=clock)
    clock.now = 15
    told._done = generations
    assert told.line().endswith(f"{left} left")


def test_a_bar_on_a_terminal():
    stream = Terminal()
    told = Progress(True, 400, 100, stream=stream)
    told._bar.mininterval = 0
    told.add(100, 5432)
    told.add(100, 4321)
    told.close()
    assert "75%" in stream.getvalue()
    assert "300/400" in stream.getvalue()
    assert "chains alive" in stream.getvalue()
    assert stream.getvalue().endswith("\r")  # it goes away


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["file", "terminal"])
def test_silence(stream):
    told, clock = [], Clock()
    for shown in (False, told.append):
        progress = Progress(shown, 10, stream=stream, clock=clock)
        clock.now += 100
        progress.add(4, 3)
        progress.close()
    assert stream.getvalue() == ""
    assert told == [4]


def test_a_run_tells_all_generations_once(tmp_path, monkeypatch, capsys):
    """Those of one chunk after those of another; after resuming, the others."""
    total, told = GENERATIONS * 3, []
    interrupted("chains", tmp_path, lambda of: (told.append(of), after(1)(of) if len(told) == 4 else None))
    assert told == [3, 3, 1, 3]
    run("chains", tmp_path, progress=told.append)
    assert sum(told) == total
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(progress_module, "SECONDS", 0)
    run("chains", tmp_path / "lines", progress=True)
    out, lines = capsys.readouterr()
    assert out == ""
    assert [line.split(",")[0] for line in lines.splitlines()] == [
        f"generation {done} of {total}" for done in (3, 6, 7, 10, 13, 14, 17, 20, 21)
    ]


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    folder, moment = pathlib.Path(told["folder"]), told["moment"] and tuple(told["moment"])
    kill = functools.partial(os.kill, os.getpid(), signal.SIGKILL)
    begun = []

    def progress(generations):
        """The time counts from the first pause on."""
        if not begun and told["seconds"] is not None:
            threading.Timer(told["seconds"], kill).start()
        begun.append(generations)

    with Disk(folder, moment, kill):
        found = run(told["keep"], folder, chains=told["chains"], progress=progress)
    np.savez(folder / "result.npz", **arrays(found))
    os._exit(0)  # whole: a kill that is still to come would be one too many
