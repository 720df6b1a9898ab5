"""Languages: the truth that models are trained to write."""

from jaxcollapse.languages.from_data import from_counts, from_king_james, from_text, from_tokens, from_wordfreq
from jaxcollapse.languages.language import Language
from jaxcollapse.languages.parametric import dirichlet, seddik, uniform, zipf

__all__ = [
    "Language",
    "dirichlet",
    "from_counts",
    "from_king_james",
    "from_text",
    "from_tokens",
    "from_wordfreq",
    "seddik",
    "uniform",
    "zipf",
]
