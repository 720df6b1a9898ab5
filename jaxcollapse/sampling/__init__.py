"""Exact random draws of tokens from distributions, corpora, averages of models and mixtures of corpora.

A maximum-likelihood model *is* its training set: drawing a token from it is choosing one of its tokens uniformly. So
a corpus is kept as an array of labels and a generation is one gather, in integers throughout, at a cost that does not
depend on the vocabulary. A pool that grows without end is kept as counts (:mod:`~jaxcollapse.sampling.counts`), and
the average of many models in fixed point (:mod:`~jaxcollapse.sampling.averages`).
"""

from jaxcollapse.exact.bits import bernoulli, binomial_count, randint, random_bits
from jaxcollapse.sampling.averages import (
    ModelAverage,
    add_averages,
    average_of_cdf,
    average_of_counts,
    draw_from_average,
)
from jaxcollapse.sampling.cdf import FixedPointCDF, fixed_point_cdf
from jaxcollapse.sampling.counts import (
    Counts,
    add_counts,
    compact_counts,
    count_labels,
    cumulate_counts,
    draw_counts,
    draw_from_counts,
    fused_generations,
)
from jaxcollapse.sampling.draws import binomial, hypergeometric, multinomial
from jaxcollapse.sampling.dyadic import count_below
from jaxcollapse.sampling.fixation import (
    only_token,
    only_token_in_counts,
    only_token_in_cumulative,
    only_token_in_labels,
    only_token_in_probabilities,
    only_token_in_reweighted,
)
from jaxcollapse.sampling.labels import (
    Labels,
    concatenate,
    draw_from_cdf,
    draw_from_labels,
    gather,
    histogram,
    relabel,
    resize,
)
from jaxcollapse.sampling.reweighted import ReweightedCorpus, draw_from_reweighted, reweight
from jaxcollapse.sampling.subsets import draw_subset

__all__ = [
    "Counts",
    "FixedPointCDF",
    "Labels",
    "ModelAverage",
    "ReweightedCorpus",
    "add_averages",
    "add_counts",
    "average_of_cdf",
    "average_of_counts",
    "bernoulli",
    "binomial",
    "binomial_count",
    "compact_counts",
    "concatenate",
    "count_below",
    "count_labels",
    "cumulate_counts",
    "draw_counts",
    "draw_from_average",
    "draw_from_cdf",
    "draw_from_counts",
    "draw_from_labels",
    "draw_from_reweighted",
    "draw_subset",
    "fixed_point_cdf",
    "fused_generations",
    "gather",
    "histogram",
    "hypergeometric",
    "multinomial",
    "only_token",
    "only_token_in_counts",
    "only_token_in_cumulative",
    "only_token_in_labels",
    "only_token_in_probabilities",
    "only_token_in_reweighted",
    "randint",
    "random_bits",
    "relabel",
    "resize",
    "reweight",
]
