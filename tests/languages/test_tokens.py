"""The stream of tokens: what a word and a character are, however the file is cut and encoded."""

import collections
import unicodedata

import pytest

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
