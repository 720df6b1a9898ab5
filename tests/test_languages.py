"""Languages and the stream of tokens."""

import collections
import unicodedata

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.languages import tokens

PROSE = (
    "It was the best of times, it was the worst of times; don\u2019t panic! "
    "L'\u00e9t\u00e9 na\u00efve, \u0928\u092e\u0938\u094d\u0924\u0947 "
    "\u4f60\u597d e\u0301clair 42 x2 \U0001f468\u200d\U0001f469\u200d\U0001f467 "
    "'quoted' rock'n'roll\n\n\ttabs\u00a0and more\r\n"
)


@pytest.fixture
def write(tmp_path):
    def write(content, encoding="utf-8"):
        path = tmp_path / "text.txt"
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return write


def test_what_a_word_is(write):
    counts = tokens.count(write(PROSE))
    assert counts["don't"] == 1  # the typographic apostrophe is the plain one
    assert counts["l'\u00e9t\u00e9"] == 1
    assert counts["\u00e9clair"] == 1  # a letter and a combining accent become one letter
    assert counts["\u0928\u092e\u0938\u094d\u0924\u0947"] == 1  # vowel signs belong to their word
    assert counts["quoted"] == 1  # quotation marks do not
    assert counts["rock'n'roll"] == 1
    assert counts["42"] == counts["x2"] == 1
    assert counts["the"] == 2
    assert counts["it"] == 2  # lower case
    assert tokens.count(write(PROSE), lower=False)["It"] == 1


def test_what_a_character_is(write):
    counts = tokens.count(write(PROSE), unit="character")
    assert counts["\U0001f468\u200d\U0001f469\u200d\U0001f467"] == 1  # a family is one character
    assert counts["\u00e9"] == 3
    assert counts["\n"] == counts["\t"] == counts["\u00a0"] == 0  # white space counts as one space
    assert counts["I"] == 1  # case is kept


@pytest.mark.parametrize("unit", tokens.UNITS)
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 10**6])
def test_reading_in_pieces_changes_nothing(write, unit, chunk):
    path = write(PROSE * 5)
    assert tokens.count(path, unit=unit, chunk=chunk) == tokens.count(path, unit=unit)


@pytest.mark.parametrize("unit", tokens.UNITS)
def test_text_without_spaces(write, unit):
    path = write("\u65e5\u672c\u8a9e" * 3000)
    counts = tokens.count(path, unit=unit, chunk=1000)
    assert sum(len(token) * count for token, count in counts.items()) == 9000


def test_a_large_file_is_read_in_bounded_memory(write):
    import tracemalloc

    path = write("the quick brown fox " * 400_000)  # 8 MB
    tracemalloc.start()
    counts = tokens.count(path, chunk=1 << 16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts["fox"] == 400_000
    assert peak < 4e6


def test_words_agree_with_a_plain_count(write):
    words = PROSE * 3
    plain = collections.Counter(
        word for word in unicodedata.normalize("NFC", words).replace("\u2019", "'").lower().split() if word.isalpha()
    )
    counts = tokens.count(write(words))
    assert all(counts[word] == count for word, count in plain.items() if word.isascii())


def test_encodings(write):
    assert tokens.count(write("caf\u00e9 caf\u00e9", "latin-1"), encoding="latin-1") == {"caf\u00e9": 2}
    assert tokens.count(write(b"\xef\xbb\xbfhello")) == {"hello": 1}  # the byte-order mark is dropped
    assert tokens.count(write("a b", "utf-16"), encoding="utf-16") == {"a": 1, "b": 1}


def test_from_text_ranks_and_names(write):
    language = jc.languages.from_text(write("b a b c b a"))
    assert list(language.tokens) == ["b", "a", "c"]
    np.testing.assert_allclose(language.p, [3 / 6, 2 / 6, 1 / 6])
    assert language.source["tokens_counted"] == 6
    assert language.source["unit"] == "word"


def test_synthetic_languages():
    np.testing.assert_allclose(jc.languages.zipf(4, 2).p, np.array([1, 1 / 4, 1 / 9, 1 / 16]) * 144 / 205)
    assert jc.languages.uniform(5).simpson == pytest.approx(0.2)
    seddik = jc.languages.seddik()
    assert (len(seddik), seddik.support) == (600, 52)
    assert seddik.simpson == pytest.approx(0.1, abs=1e-12)
    assert seddik.source["exponent"] == pytest.approx(1.101, abs=5e-4)
    first, second = jc.languages.dirichlet(50, seed=1), jc.languages.dirichlet(50, seed=2)
    assert not np.allclose(first.p, second.p)
    np.testing.assert_array_equal(first.p, jc.languages.dirichlet(50, seed=1).p)


def test_dirichlet_has_its_moments():
    """E sum p^2 = (a + 1)/(s a + 1); 400 draws, five standard errors: error rate 6e-7."""
    for a in (0.05, 1.0):
        simpsons = [jc.languages.dirichlet(20, a, seed=seed).simpson for seed in range(400)]
        error = np.std(simpsons) / 20
        assert abs(np.mean(simpsons) - (a + 1) / (20 * a + 1)) < 5 * error
    assert np.isfinite(jc.languages.dirichlet(1000, 1e-3).p).all()


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


def test_a_language_is_an_array():
    language = jc.languages.zipf(10)
    np.testing.assert_array_equal(np.asarray(language), language.p)
    assert jc.recursive_training(language, jc.FullySynthetic(n=5)).vocabulary == 10
    assert language.most_frequent(100) is language
    cut = jc.languages.from_counts({"x": 1, "y": 5, "z": 3}).most_frequent(2)
    assert list(cut.tokens) == ["y", "z"]
    assert cut.source["mass_kept"] == pytest.approx(8 / 9)
