"""Exact random draws of tokens: random words, the law of a language, labels, pools.

A maximum-likelihood model *is* its training set: drawing a token from it is choosing one of its
slots uniformly. So a corpus is kept as an array of labels and a generation is one gather, in
integers throughout, at a cost that does not depend on the vocabulary. What grows without end, or is
a mean of many models, is kept as counts (:mod:`~jaxcollapse.sampling.tally`,
:mod:`~jaxcollapse.sampling.mean`) and drawn from by search.
"""

from jaxcollapse.sampling.choices import below, happenings, happens
from jaxcollapse.sampling.draws import binomial, hypergeometric, multinomial
from jaxcollapse.sampling.labels import (
    Labels,
    compact,
    concatenate,
    draw_from_labels,
    draw_from_law,
    histogram,
    only_token,
    pick,
)
from jaxcollapse.sampling.law import Law, law
from jaxcollapse.sampling.mean import Mean, draw_from_mean, mean_of_counts, mean_of_law, together
from jaxcollapse.sampling.points import count_below
from jaxcollapse.sampling.tally import (
    Tally,
    add,
    count_from,
    draw_from_tally,
    narrowed,
    only_token_of,
    part_of,
    run,
    tally,
    tally_of_counts,
)
from jaxcollapse.sampling.weighted import Weighted, draw_from_weighted, weigh
from jaxcollapse.sampling.words import words

__all__ = [
    "Labels",
    "Law",
    "Mean",
    "Tally",
    "Weighted",
    "add",
    "below",
    "binomial",
    "compact",
    "concatenate",
    "count_below",
    "count_from",
    "draw_from_labels",
    "draw_from_law",
    "draw_from_mean",
    "draw_from_tally",
    "draw_from_weighted",
    "happenings",
    "happens",
    "histogram",
    "hypergeometric",
    "law",
    "mean_of_counts",
    "mean_of_law",
    "multinomial",
    "narrowed",
    "only_token",
    "only_token_of",
    "part_of",
    "pick",
    "run",
    "tally",
    "tally_of_counts",
    "together",
    "weigh",
    "words",
]
