"""What a run keeps of recorded values: those of every chain, or their moments and quantiles over all chains."""

from __future__ import annotations

import abc
import io
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from jaxcollapse.analysis import Ensemble
from jaxcollapse.analysis.streaming import BLOCK, Moments, Node, Sketch
from jaxcollapse.named_axes import Descriptions
from jaxcollapse.results import Summary, Trace
from jaxcollapse.runs import devices

Values = Mapping[str, np.ndarray]
Files = dict[str, dict[str, np.ndarray]]


class Reducer(abc.ABC):
    """A reduction of recorded values, which are added segment by segment for each batch of chains."""

    @abc.abstractmethod
    def add(self, first: int, segment: int, values: Values) -> None:
        """Add the values ``[chains, rows, ...]`` that chains from number ``first`` on recorded in a segment."""

    @abc.abstractmethod
    def files(self, step: int) -> Files:
        """Return the whole reduction as arrays by file, for a checkpoint; files that were saved do not change."""

    @abc.abstractmethod
    def restore(self, files: Files) -> None:
        """Set the reduction to that of a checkpoint."""

    @abc.abstractmethod
    def result(self, segments: int, every: int, provenance: str, described: Descriptions) -> Any:
        """Return the result of the run for the caller, given how many segments a whole batch has."""


class Chains(Reducer):
    """A reduction that keeps every recorded value of every chain."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], dict[str, np.ndarray]] = {}

    def add(self, first: int, segment: int, values: Values) -> None:
        self._rows[first, segment] = dict(values)

    def files(self, step: int) -> Files:
        return {f"rows-{first}-{segment}.npz": rows for (first, segment), rows in self._rows.items()}

    def restore(self, files: Files) -> None:
        for name, rows in files.items():
            _, first, segment = name.removesuffix(".npz").split("-")
            self._rows[int(first), int(segment)] = rows

    def result(self, segments: int, every: int, provenance: str, described: Descriptions) -> Trace:
        whole = sorted(first for first, segment in self._rows if segment == segments - 1)
        if not whole:  # The run was interrupted in its first batch, of which the segments that are done count.
            segments, whole = len(self._rows), [next(iter(self._rows))[0]]
        names = next(iter(self._rows.values()))
        of_batch = lambda first, name: [self._rows[first, segment][name] for segment in range(segments)]
        values = {
            name: np.concatenate([np.concatenate(of_batch(first, name), axis=1) for first in whole])
            for name in names
            if name != STATUS
        }
        status = np.concatenate([self._rows[first, segments - 1][STATUS] for first in whole])
        return Trace(cast(Any, values), cast(Any, status), every, provenance, described)


STATUS = "status"
"""The name of the status of chains among recorded values; no statistic has this name."""


class Ensembles(Reducer):
    """A reduction to moments and, if levels are given, sketches of the quantiles, for each segment of generations.

    An interrupt may come at any moment. So a segment that is added again replaces its earlier sums, and the sums of a
    batch are joined to those of the batches before it in one assignment, when the next batch begins.
    """

    def __init__(self, levels: np.ndarray) -> None:
        self._levels = levels
        self._all, self._now, self._first = _Sums(), _Sums(), -1

    def add(self, first: int, segment: int, values: Values) -> None:
        if np.any(values[STATUS] != 0):
            Trace({}, cast(Any, values[STATUS])).check()
        if first != self._first:
            self._all, self._now, self._first = self._all.joined(self._now), _Sums(), first
        for name, rows in values.items():
            if name != STATUS:
                self._now.put(f"{segment}/{name}", rows, first, sketched=bool(self._levels.size))

    def files(self, step: int) -> Files:
        about = {"first": np.array(self._first)}
        return {f"ensembles-{step}.npz": about | self._all.arrays("all") | self._now.arrays("now")}

    def restore(self, files: Files) -> None:
        (arrays,) = files.values()
        self._first = int(arrays.pop("first"))
        self._all, self._now = _Sums.of(arrays, "all"), _Sums.of(arrays, "now")

    def variance(self, name: str) -> np.ndarray:
        """Return the variance of a statistic between chains, of each row its largest entry, ``[rows]``."""
        sums = self._all.joined(self._now)
        rows = [np.asarray(sums.moments[key].variance) for key in sums.segments(name)]
        return np.concatenate([of.reshape(len(of), -1).max(axis=1) for of in rows])

    def result(self, segments: int, every: int, provenance: str, described: Descriptions) -> Summary:
        # Of an interrupted run whole batches count; if there is none, the segments of the first batch that are done.
        whole = all(len(self._now.segments(name)) == segments for name in self._now.names) or not self._all.moments
        sums = _joined_over_processes(self._all.joined(self._now) if whole else self._all)
        ensembles = {name: self._ensemble(sums, name, every) for name in sums.names}
        return Summary(ensembles, next(iter(ensembles.values())).chains, every, provenance, described)

    def _ensemble(self, sums: _Sums, name: str, every: int) -> Ensemble:
        """Return the means, errors and quantiles of a statistic at all recorded generations."""
        keys = sums.segments(name)
        moments = [sums.moments[key] for key in keys]
        mean = np.concatenate([of.mean for of in moments])
        error = np.concatenate([of.standard_error for of in moments])
        quantiles = np.empty((0, *mean.shape))
        if self._levels.size:
            of_segment = lambda key, shape: [sums.sketches[key].quantile(of).reshape(shape) for of in self._levels]
            stacks = [np.stack(of_segment(key, of.mean.shape)) for key, of in zip(keys, moments, strict=True)]
            quantiles = np.concatenate(stacks, axis=1)
        return Ensemble(every * np.arange(len(mean)), mean, error, self._levels, quantiles, moments[0].count)


class _Sums:
    """Moments and sketches by segment and statistic; the key ``3/support`` is that of the support in segment 3."""

    def __init__(self) -> None:
        self.moments: dict[str, Moments] = {}
        self.sketches: dict[str, Sketch] = {}

    @property
    def names(self) -> list[str]:
        """Return the names of the statistics."""
        return list(dict.fromkeys(key.split("/", 1)[1] for key in self.moments))

    def segments(self, name: str) -> list[str]:
        """Return the keys of a statistic, in the order of segments."""
        found = [key for key in self.moments if key.split("/", 1)[1] == name]
        return sorted(found, key=lambda key: int(key.split("/")[0]))

    def put(self, key: str, rows: np.ndarray, first: int, *, sketched: bool) -> None:
        """Set the sums of a key to those of rows ``[chains, rows, ...]``, of chains from number ``first`` on."""
        moments, sketch = Moments(), Sketch()
        for begin in range(0, len(rows), BLOCK):
            moments.add(rows[begin : begin + BLOCK], (first + begin) // BLOCK)
        if sketched:
            sketch.add(rows.reshape(len(rows), -1))
            self.sketches[key] = sketch
        self.moments[key] = moments

    def joined(self, other: _Sums) -> _Sums:
        """Return new sums over the chains of both, in which the chains of ``other`` follow."""
        both = _Sums()
        for sums in (self, other):
            for key, moments in sums.moments.items():
                both.moments.setdefault(key, Moments()).join(moments.nodes)
            for key, sketch in sums.sketches.items():
                both.sketches.setdefault(key, Sketch()).join(sketch)
        return both

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return moments and sketches as arrays, by names that begin with ``prefix``."""
        arrays = {}
        for key, moments in self.moments.items():
            for index, node in enumerate(moments.nodes):
                at = f"{prefix}/moments/{key}/{index}"
                arrays[f"{at}/about"] = np.array([node.level, node.number, node.chains])
                arrays[f"{at}/mean"], arrays[f"{at}/squares"] = node.mean, node.squares
        for key, sketch in self.sketches.items():
            arrays |= {f"{prefix}/sketch/{key}/{part}": of for part, of in sketch.arrays.items()}
        return arrays

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], prefix: str) -> _Sums:
        """Return the sums from which :meth:`arrays` made the arrays of this prefix."""
        sums = cls()
        sketches: dict[str, dict[str, np.ndarray]] = {}
        for at, of in arrays.items():
            begin, kind, rest = at.split("/", 2)
            if begin != prefix:
                continue
            head, part = rest.rsplit("/", 1)
            if kind == "sketch":
                sketches.setdefault(head, {})[part] = of
            elif part == "about":
                node = Node(*of.tolist(), *(arrays[f"{prefix}/moments/{head}/{what}"] for what in ("mean", "squares")))
                sums.moments.setdefault(head.rsplit("/", 1)[0], Moments()).join([node])
        sums.sketches = {key: Sketch.of(parts) for key, parts in sketches.items()}
        return sums


def _joined_over_processes(sums: _Sums) -> _Sums:
    """Return the sums over the chains of all processes, in the order of processes; each of them must call this."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **sums.arrays("all"))
    contents = devices.gather_from_processes(file.getvalue())
    if len(contents) == 1:
        return sums
    joined = _Sums()
    for content in contents:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            joined = joined.joined(_Sums.of(dict(arrays), "all"))
    return joined


def reducer_for(keep: str, levels: Sequence[float]) -> Reducer:
    """Return the reducer that ``keep`` names, with quantiles at these levels where it has quantiles.

    Raises:
      ValueError: for another name, or a level outside [0, 1].
    """
    at = np.asarray(levels, np.float64)
    if at.ndim != 1 or not np.all((at >= 0) & (at <= 1)):
        raise ValueError(f"levels must be numbers between 0 and 1, got {levels!r}")
    if keep not in ("chains", "ensemble"):
        raise ValueError(f"keep must be 'chains' or 'ensemble', got {keep!r}")
    return Chains() if keep == "chains" else Ensembles(at)
