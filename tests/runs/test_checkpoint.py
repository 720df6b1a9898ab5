"""A checkpoint that cannot be written, is damaged or of another run is refused in one sentence, and kept as it is."""

import errno
import itertools
import json
import os
import resource
import shutil

import jax
import numpy as np
import pytest
from checkpointed import CHAINS, PROCESS, P, after, arrays, bits, die_of, expected, interrupted, run

import jaxcollapse as jc
from jaxcollapse.runs import checkpoint


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
    fails(begun, f"has format 99 and this release reads {checkpoint.FORMAT}")
    path.write_text(json.dumps(told | {"versions": told["versions"] | {"jax": "0.0.1"}}))
    fails(begun, rf"was made elsewhere: jax is '{jax.__version__}' and was '0.0.1'")


def test_a_folder_of_the_first_format_is_still_read(begun):
    """It named the arrays of a state by their numbers, in the order of the leaves."""
    folder = begun / "process-0"
    (path,) = folder.glob("state-*.npz")
    with np.load(path) as arrays_by_path:
        by_number = {str(number): arrays_by_path[name] for number, name in enumerate(arrays_by_path.files)}
    np.savez(path, **by_number)
    told = json.loads((folder / checkpoint.MANIFEST).read_text())
    told |= {"format": 1, "files": told["files"] | {path.name: path.stat().st_size}}
    (folder / checkpoint.MANIFEST).write_text(json.dumps(told))
    goes_on(begun)
    assert json.loads((folder / checkpoint.MANIFEST).read_text())["format"] == checkpoint.FORMAT


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
