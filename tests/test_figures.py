"""The committed figures can be drawn again from the committed data, and say with what they were made."""

import importlib
import json
import pathlib

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from jaxcollapse.plotting import STYLE

FOLDER = pathlib.Path(__file__).parent.parent / "figures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("common", "findings"))


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


@pytest.mark.parametrize("name", NAMES)
def test_drawn_again_from_its_data(name, tmp_path):
    common = importlib.import_module("common")
    document = json.loads((FOLDER / "data" / f"{name}.json").read_text(encoding="utf-8"))
    assert {"versions", "device", "seconds"} <= document["made_with"].keys()
    with mpl.rc_context(STYLE):
        figure = importlib.import_module(name).draw(common._arrays(document["data"]))
        FigureCanvasAgg(figure)
        figure.savefig(tmp_path / "drawn.png", dpi=40)
    named = [axes for axes in figure.axes if axes.get_xlabel() or axes.get_ylabel()]
    assert named, "no axis has a name"
    assert (FOLDER / f"{name}.png").exists()
    assert f"({name}.png)" in (FOLDER / "README.md").read_text(encoding="utf-8"), "the gallery does not show it"


def test_what_is_written_is_read_back():
    common = importlib.import_module("common")
    given = {"n": 3, "name": "a", "curve": [1.0, float("nan"), 0.123456789], "rows": [{"x": 1}, {"x": 2}]}
    found = common._arrays(json.loads(json.dumps(common._plain(given), allow_nan=False)))
    assert found["n"] == 3
    assert found["rows"] == [{"x": 1}, {"x": 2}]
    assert found["curve"][2] == 0.123457
    assert found["curve"][1] != found["curve"][1]
