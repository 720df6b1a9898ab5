"""Languages from counts, from a file and from the words of a real language."""

import collections

import numpy as np
import pytest

import jaxcollapse as jc


def test_from_text_ranks_and_names(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("b a b c b a", encoding="utf-8")
    language = jc.languages.from_text(path)
    assert list(language.tokens) == ["b", "a", "c"]
    np.testing.assert_allclose(language.p, [3 / 6, 2 / 6, 1 / 6])
    assert language.source["tokens_counted"] == 6
    assert language.source["unit"] == "word"


def test_counts_keep_their_order_and_their_zeros():
    language = jc.languages.from_counts(collections.Counter({"a": 3, "b": 0, "c": 1}))
    assert list(language.tokens) == ["a", "b", "c"]
    assert language.support == 2
    np.testing.assert_allclose(jc.languages.from_counts(np.array([3, 0, 1])).p, [0.75, 0, 0.25])


def test_english():
    pytest.importorskip("wordfreq")
    english = jc.languages.from_wordfreq("en", words=1000)
    assert english.tokens[0] == "the"
    assert english.p.sum() == pytest.approx(1)
    assert (np.diff(english.p) <= 0).all()
    assert "CC BY-SA" in english.source["data_licence"]
    assert english.source["package"].startswith("wordfreq 3")
