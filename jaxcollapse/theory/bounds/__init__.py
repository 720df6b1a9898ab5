"""What the literature proves, as printed and as corrected, to be seen beside the exact curves."""

from __future__ import annotations

from jaxcollapse.theory.bounds.collapse_bounds import Bounds, collapse_probability, expected_collapse_time, survival
from jaxcollapse.theory.bounds.deviation import (
    corollary_11,
    elementary,
    elementary_uniform,
    log_theorem_3,
    log_theorem_4,
    theorem_2,
)
from jaxcollapse.theory.bounds.fresh import Weight, bakshi_chakraborty, fresh_real_error, he_weight, mixture_error
from jaxcollapse.theory.bounds.split import even_split

__all__ = [
    "Bounds",
    "Weight",
    "bakshi_chakraborty",
    "collapse_probability",
    "corollary_11",
    "elementary",
    "elementary_uniform",
    "even_split",
    "expected_collapse_time",
    "fresh_real_error",
    "he_weight",
    "log_theorem_3",
    "log_theorem_4",
    "mixture_error",
    "survival",
    "theorem_2",
]
