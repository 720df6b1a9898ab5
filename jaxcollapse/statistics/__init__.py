"""What to watch: small functions of a model, recorded at every generation inside the compiled run."""

from jaxcollapse.contract import Statistic
from jaxcollapse.statistics.catalogue import STATISTICS, TEXT_STATISTICS, described, each, named, resolve
from jaxcollapse.statistics.families import band_support, hill, spectrum, tail_mass, trajectory
from jaxcollapse.statistics.of_texts import contexts, cross_entropy, entropy_rate, ngrams, type_token_ratio
from jaxcollapse.statistics.of_tokens import (
    collapsed,
    entropy,
    heterozygosity,
    kl_truth,
    l1_first,
    l1_truth,
    l2_first,
    l2_truth,
    max_prob,
    simpson,
    support,
    winner,
)
from jaxcollapse.statistics.record import Record

__all__ = [
    "STATISTICS",
    "TEXT_STATISTICS",
    "Record",
    "Statistic",
    "band_support",
    "collapsed",
    "contexts",
    "cross_entropy",
    "described",
    "each",
    "entropy",
    "entropy_rate",
    "heterozygosity",
    "hill",
    "kl_truth",
    "l1_first",
    "l1_truth",
    "l2_first",
    "l2_truth",
    "max_prob",
    "named",
    "ngrams",
    "resolve",
    "simpson",
    "spectrum",
    "support",
    "tail_mass",
    "trajectory",
    "type_token_ratio",
    "winner",
]
