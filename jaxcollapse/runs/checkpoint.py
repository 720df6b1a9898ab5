"""A folder that always holds one whole checkpoint, whenever the run is killed.

Each file is written beside its place, flushed to the disk and renamed; the manifest, which names the files
that count, comes last. Until it is renamed the one before it counts, and its files are still there.
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
"""Of the folder's files; format 1 named the arrays of a state by number, and is still read."""
MANIFEST = "manifest.json"
TYPE = " as "
"""Between the name of an array and its type, where NumPy's files lack the type."""
Arrays = Mapping[str, np.ndarray]


class Checkpoint:
    """One folder of one run.

    Args:
      folder: made if it is missing.
      told: the configuration of the run; another one may not go on here.
      versions: of what else decides on the bits.
      resume: go on with what is there.

    Attributes:
      position: where the run stood, as it was passed to :meth:`save`; empty at the beginning.

    Raises:
      ValueError: when the folder holds a run and ``resume`` is False, another run, or files that are damaged or
        not ours.
    """

    def __init__(
        self, folder: str | os.PathLike[str], told: Mapping[str, Any], versions: Mapping[str, str], *, resume: bool
    ) -> None:
        self.folder = pathlib.Path(folder)
        self._told, self._versions = dict(told), dict(versions)
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
        where = str(self.folder)
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            told, versions = manifest["configuration"], manifest["versions"]
            files, position, known = manifest["files"], manifest["position"], manifest["format"]
            if not all(part and isinstance(part, dict) for part in (told, versions, files, position)):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"checkpoint {where!r} has a manifest that is not ours or damaged; remove it") from None
        if known not in (1, FORMAT):
            raise ValueError(f"checkpoint {where!r} has format {known} and this release reads {FORMAT}")
        if not resume:
            raise ValueError(
                f"checkpoint {where!r} holds a run already; pass resume=True to go on with it, or remove it"
            )
        if apart := configuration.difference(told, json.loads(json.dumps(self._told))):
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
        """What was saved."""
        return list(self._files)

    def load(self, name: str) -> dict[str, np.ndarray]:
        """The arrays that were saved under a name.

        Raises:
          ValueError: when the file is damaged.
        """
        try:
            with open(self.folder / name, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                return dict(_decoded(name, array) for name, array in arrays.items())
        except PermissionError:
            raise
        except Exception as error:  # other bytes may be anything to a reader
            told = " ".join(str(error).split())[:100]
            raise ValueError(f"checkpoint {str(self.folder)!r} is damaged: {name}: {told}; remove it") from None

    def save(self, position: Mapping[str, Any], files: Mapping[str, Arrays]) -> None:
        """A checkpoint that holds these files; those saved before under the same name are kept as they are.

        Raises:
          OSError: when it cannot be written; the one before is whole.
        """
        try:
            sizes = {}
            for name, arrays in files.items():
                if name not in self._files:
                    _write(self.folder / name, functools.partial(_savez, arrays))
                sizes[name] = (self.folder / name).stat().st_size
            manifest = {
                "format": FORMAT,
                "configuration": self._told,
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
    """Return an array of a type that NumPy's files lack, such as bfloat16, as words, with the type in its name."""
    if array.dtype.isbuiltin == 1:
        return name, array
    return f"{name}{TYPE}{array.dtype.name}", array.view(f"u{array.dtype.itemsize}")


def _decoded(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    name, _, kind = name.partition(TYPE)
    return name, array.view(jnp.dtype(kind)) if kind else array


def _ours(name: str) -> bool:
    return name == MANIFEST or name.endswith((".npz", ".part"))


def _write(path: pathlib.Path, content: Callable[[IO[bytes]], Any]) -> None:
    """The whole file or none of it: written beside, flushed to the disk, renamed."""
    beside = path.with_name(path.name + ".part")
    with open(beside, "wb") as file:
        content(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name, too
    finally:
        os.close(folder)
