"""The only token of corpora."""

from corpora import corpora, counts_of, tokens_of
from hypothesis import given, settings

from jaxcollapse import sampling

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@given(corpora())
def test_only_token_is_the_token_of_a_corpus_of_one(corpus):
    different = set(tokens_of(corpus))
    assert int(sampling.only_token_in_labels(corpus)) == (different.pop() if len(different) == 1 else -1)


def test_the_only_token_of_counts():
    for counts, token in (([0, 3, 0], 1), ([3, 0, 0], 0), ([0, 0, 2], 2), ([1, 0, 1], -1), ([0, 0, 0], -1), ([4], 0)):
        assert int(sampling.only_token_in_counts(counts_of(counts))) == token
