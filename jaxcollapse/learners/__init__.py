"""Learners: how a model is trained on a corpus, and how it writes one."""

from jaxcollapse.learners.categorical import Categorical
from jaxcollapse.learners.contexts import Contexts
from jaxcollapse.learners.estimated import Estimated
from jaxcollapse.learners.ngrams.learner import NGram

LEARNERS = {learner.__name__: learner for learner in (Categorical, Estimated, NGram, Contexts)}
"""The learners by the names that provenances use."""

__all__ = ["LEARNERS", "Categorical", "Contexts", "Estimated", "NGram"]
