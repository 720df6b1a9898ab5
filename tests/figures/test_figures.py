"""The committed figures can be drawn again from the committed data, and say with what they were made."""

import importlib
import json
import pathlib

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from jaxcollapse.reporting.plotting import STYLE

FOLDER = pathlib.Path(__file__).parents[2] / "figures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("common", "findings", "tables"))


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


def test_the_committed_table_is_that_of_its_data():
    common, treatments = importlib.import_module("common"), importlib.import_module("treatments")
    document = json.loads((FOLDER / "data" / "treatments.json").read_text(encoding="utf-8"))
    made = treatments.table(common._arrays(document["data"]))
    assert made == (FOLDER / "treatments.md").read_text(encoding="utf-8")


def test_squared_bias_is_unbiased_and_knows_its_error():
    squared_bias = importlib.import_module("treatments").squared_bias
    rng = np.random.default_rng(20240408)
    few = rng.normal(size=(5, 3))
    pairs = [few[a] @ few[b] for a in range(5) for b in range(5) if a != b]
    assert squared_bias(few)[0] == pytest.approx(np.mean(pairs))
    for shift, factor in (
        (0.0, 2.0),
        (1.0, 1.0),
    ):  # the jackknife's variance is twice too large where nothing is biased
        found = np.array([squared_bias(shift + rng.normal(size=(40, 30))) for _ in range(4000)])
        values, variances = found[:, 0], found[:, 1] ** 2
        # Six standard errors of 4000 values: one run in 10^8. A chi-square's variance has relative error sqrt(2/4000).
        assert abs(values.mean() - 30 * shift**2) <= 6 * values.std() / np.sqrt(4000)
        assert variances.mean() / values.var() == pytest.approx(factor, rel=6 * np.sqrt(2 / 4000))
