"""Exact random draws of tokens: random words, the law of a language, labels.

A maximum-likelihood model *is* its training set: drawing a token from it is choosing one of its
slots uniformly. So a corpus is kept as an array of labels and a generation is one gather, in
integers throughout, at a cost that does not depend on the vocabulary.
"""

from jaxcollapse.sampling.labels import Labels, compact, concatenate, draw_from_labels, draw_from_law, histogram
from jaxcollapse.sampling.law import Law, law
from jaxcollapse.sampling.words import words

__all__ = ["Labels", "Law", "compact", "concatenate", "draw_from_labels", "draw_from_law", "histogram", "law", "words"]
