"""Checkpoints: a folder that always holds one complete checkpoint, whenever the run is killed.

Each file is written under a temporary name, flushed to the disk and renamed. The manifest, which names the files of
the checkpoint, is written last; until it is renamed, the manifest before it is valid, and its files are still there.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import IO, Any

import jax.numpy as jnp
import numpy as np

from jaxcollapse.runs import configuration

FORMAT = 2
"""The version of the files' format; format 1, in which the arrays of a state have numbers for names, is still read."""
MANIFEST = "manifest.json"
TYPE = " as "
"""The text between the name of an array and its type, in the names of arrays whose type NumPy's files cannot hold."""
Arrays = Mapping[str, np.ndarray]


class Checkpoint:
    """The folder in which one run keeps its checkpoint.

    Args:
      folder: the folder; it is made if it is missing.
      described: the configuration of the run; only a run of the same configuration can be resumed.
      versions: the versions of everything else that determines the bits.
      resume: whether to continue from the checkpoint that the folder holds.

    Attributes:
      position: the position of the run that was last passed to :meth:`save`; empty at the beginning.

    Raises:
      ValueError: when the folder holds a run and ``resume`` is False, when it holds another run, or files that are
        damaged or not those of a checkpoint.
    """

    def __init__(
        self, folder: str | os.PathLike[str], described: Mapping[str, Any], versions: Mapping[str, str], *, resume: bool
    ) -> None:
        self.folder = pathlib.Path(folder)
        self._described, self._versions = dict(described), dict(versions)
        self._files: dict[str, int] = {}
        self.position: dict[str, Any] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ValueError(f"checkpoint {str(folder)!r} is a file or lies in one; name a folder") from None
        if (self.folder / MANIFEST).exists():
            self._open(resume)
        elif foreign := sorted(path.name for path in self.folder.iterdir() if not _ours(path.name)):
            raise ValueError(
                f"checkpoint {str(folder)!r} holds files that are not ours, as {foreign[0]!r}; name another"
            )

    def _open(self, resume: bool) -> None:
        """Read the manifest, and refuse it where it is damaged or belongs to another run."""
        where = str(self.folder)
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            described, versions = manifest["configuration"], manifest["versions"]
            files, position, known = manifest["files"], manifest["position"], manifest["format"]
            if not all(part and isinstance(part, dict) for part in (described, versions, files, position)):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"checkpoint {where!r} has a manifest that is not ours or damaged; remove it") from None
        if known not in (1, FORMAT):
            raise ValueError(f"checkpoint {where!r} has format {known} and this release reads {FORMAT}")
        if not resume:
            raise ValueError(
                f"checkpoint {where!r} holds a run already; pass resume=True to go on with it, or remove it"
            )
        if apart := configuration.difference(described, json.loads(json.dumps(self._described))):
            raise ValueError(
                f"checkpoint {where!r} is of another run: {apart}; use the same settings, or another folder"
            )
        if apart := configuration.difference(versions, self._versions):
            raise ValueError(
                f"checkpoint {where!r} was made elsewhere: {apart}; bits might differ from there on, so resume it "
                "where it was made, or remove it"
            )
        for name, size in files.items():
            path = self.folder / name
            if not path.exists() or path.stat().st_size != size:
                raise ValueError(f"checkpoint {where!r} is damaged: {name} is missing or truncated; remove it")
        self._files, self.position = files, position

    @property
    def files(self) -> list[str]:
        """Return the names of the files of the checkpoint."""
        return list(self._files)

    def load(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays of a file of the checkpoint by name.

        Raises:
          ValueError: when the file is damaged.
        """
        try:
            with open(self.folder / name, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                return dict(_decoded(name, array) for name, array in arrays.items())
        except PermissionError:
            raise
        except Exception as error:  # A reader of damaged bytes may raise any exception.
            reason = " ".join(str(error).split())[:100]
            raise ValueError(f"checkpoint {str(self.folder)!r} is damaged: {name}: {reason}; remove it") from None

    def save(self, position: Mapping[str, Any], files: Mapping[str, Arrays]) -> None:
        """Write a checkpoint of these files; those that the folder already has under the same name are not rewritten.

        Raises:
          OSError: when the checkpoint cannot be written; the one before it stays complete.
        """
        try:
            sizes = {}
            for name, arrays in files.items():
                if name not in self._files:
                    _write(self.folder / name, functools.partial(_savez, arrays))
                sizes[name] = (self.folder / name).stat().st_size
            manifest = {
                "format": FORMAT,
                "configuration": self._described,
                "versions": self._versions,
                "position": dict(position),
                "files": sizes,
            }
            text = json.dumps(manifest, indent=1)
            _write(self.folder / MANIFEST, lambda file: file.write(text.encode()))
        except OSError as error:
            raise OSError(
                error.errno,
                f"the checkpoint could not be written ({error.strerror}); the one before it is whole: mend that and "
                "resume",
                str(self.folder),
            ) from error
        self._files, self.position = sizes, dict(position)
        for path in self.folder.iterdir():
            if _ours(path.name) and path.name != MANIFEST and path.name not in sizes:
                path.unlink(missing_ok=True)


def _savez(arrays: Arrays, file: IO[bytes]) -> None:
    np.savez(file, allow_pickle=False, **dict(_encoded(name, array) for name, array in arrays.items()))


def _encoded(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    """Return an array as integers, with its type in its name, where NumPy's files cannot hold it, such as bfloat16."""
    if array.dtype.isbuiltin == 1:
        return name, array
    return f"{name}{TYPE}{array.dtype.name}", array.view(f"u{array.dtype.itemsize}")


def _decoded(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the name and the array that :func:`_encoded` was given."""
    name, _, kind = name.partition(TYPE)
    return name, array.view(jnp.dtype(kind)) if kind else array


def _ours(name: str) -> bool:
    """Return whether a file of this name may belong to a checkpoint."""
    return name == MANIFEST or name.endswith((".npz", ".part"))


def _write(path: pathlib.Path, content: Callable[[IO[bytes]], Any]) -> None:
    """Write the whole file or none of it: under a temporary name first, then flushed to the disk and renamed."""
    beside = path.with_name(path.name + ".part")
    with open(beside, "wb") as file:
        content(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # This flushes the new name of the file, too.
    finally:
        os.close(folder)
