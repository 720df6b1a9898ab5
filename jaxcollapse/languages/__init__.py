"""Languages: the truth that models are trained to write."""

from jaxcollapse.languages.language import (
    Language,
    dirichlet,
    from_counts,
    from_king_james,
    from_text,
    from_tokens,
    from_wordfreq,
    seddik,
    uniform,
    zipf,
)

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
