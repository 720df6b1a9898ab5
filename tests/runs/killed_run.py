"""A run that is ended at a chosen moment of its work on the disk; as a program, a run that really dies."""

import collections
import functools
import io
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading

import children
import numpy as np
from checkpointed import arrays, run

from jaxcollapse.runs import checkpoint

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


def child(keep, folder, chains, moment=None, seconds=None):
    """The result of a run in another process; None if it was killed."""
    told = {"keep": keep, "folder": str(folder), "chains": chains, "moment": moment, "seconds": seconds}
    environment = children.environment(JAX_PLATFORMS="cpu")
    ended = subprocess.run([sys.executable, __file__, json.dumps(told)], env=environment, timeout=300)
    if ended.returncode == -signal.SIGKILL:
        return None
    assert ended.returncode == 0
    with np.load(folder / "result.npz") as found:
        return dict(found)


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
