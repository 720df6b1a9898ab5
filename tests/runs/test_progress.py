"""A run says how far it is, once: a bar on a terminal, lines elsewhere, nothing where it was not asked."""

import io

import pytest
from checkpointed import GENERATIONS, after, interrupted, run

from jaxcollapse.runs import progress as progress_module
from jaxcollapse.runs.progress import Progress


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
