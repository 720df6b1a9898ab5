"""Parametric languages: distributions given by a formula or a random draw, whose tokens are named 0, 1, 2, ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import optimize

from jaxcollapse import check
from jaxcollapse.languages.language import Language


class _NumberNames(Sequence[str]):
    """The sequence of names "0", "1", ... ``count`` long, made when they are asked for, so that none is stored."""

    def __init__(self, count: int) -> None:
        self._numbers = range(count)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        found = self._numbers[index]
        return [str(i) for i in found] if isinstance(found, range) else str(found)


def _numbered(p: np.ndarray, name: str, **parameters: Any) -> Language:
    """Make a language whose tokens are named by their numbers; its ``source`` holds the kind and the parameters."""
    return Language(p, _NumberNames(len(p)), name, {"kind": name.split("(")[0], **parameters})


def _vocabulary(vocab: int) -> int:
    """Return ``vocab`` as a whole number; raise ValueError when it is below 2 or too large."""
    return check.static_whole_number("vocab", vocab, least=2, most=10**8, remedy="one token alone has nothing to lose")


def uniform(vocab: int) -> Language:
    """Return the uniform language over ``vocab`` tokens, ``p_i = 1 / vocab``.

    Raises:
      ValueError: when ``vocab`` is not a whole number of at least 2.

    Example:
      >>> uniform(4).p
      array([0.25, 0.25, 0.25, 0.25])
    """
    vocab = _vocabulary(vocab)
    return _numbered(np.full(vocab, 1 / vocab), f"uniform({vocab})", vocab=vocab)


def zipf(vocab: int, exponent: float = 1.0) -> Language:
    """Return the Zipf law over ``vocab`` tokens: ``p_i`` is proportional to ``i^-exponent``, ``i = 1 .. vocab``.

    Raises:
      ValueError: when ``vocab`` is below 2 or ``exponent`` not a number of moderate size.

    Example:
      >>> zipf(3).p.round(4)
      array([0.5455, 0.2727, 0.1818])
    """
    vocab = _vocabulary(vocab)
    exponent = check.real_number("exponent", exponent, -100, 100, "natural languages are near 1")
    with np.errstate(over="ignore", under="ignore"):
        weights = np.arange(1, vocab + 1, dtype=np.float64) ** -exponent
    if not np.all(np.isfinite(weights)):
        raise ValueError(f"exponent {exponent!r} is too steep for {vocab} tokens; take one nearer to 1")
    return _numbered(weights / weights.sum(), f"zipf({vocab}, {exponent:g})", vocab=vocab, exponent=exponent)


def dirichlet(vocab: int, concentration: float = 1.0, seed: int = 0) -> Language:
    """Return a language drawn from the symmetric Dirichlet law; ``concentration = 1`` is uniform on the simplex.

    The same arguments give the same language; ``seed`` chooses the draw.

    Raises:
      ValueError: when ``vocab`` is below 2, ``concentration`` is not positive or ``seed`` is negative.

    Example:
      >>> round(float(dirichlet(5, seed=1).p.sum()), 12)
      1.0
    """
    vocab = _vocabulary(vocab)
    concentration = check.real_number("concentration", concentration, 0, 1e12, "1 is uniform on the simplex")
    seed = check.static_whole_number("seed", seed, least=0)
    # Normalised Gamma draws in logarithms: at small concentrations most of them underflow otherwise.
    generator = np.random.default_rng(seed)
    log_gamma = np.log(generator.gamma(concentration + 1, size=vocab))
    log_gamma += np.log(generator.random(vocab)) / concentration
    p = np.exp(log_gamma - log_gamma.max())
    name = f"dirichlet({vocab}, {concentration:g}, seed={seed})"
    return _numbered(p / p.sum(), name, vocab=vocab, concentration=concentration, seed=seed)


def seddik(vocab: int = 600, support: int = 52, simpson: float = 0.1) -> Language:
    """Return the kind of truth in the figures of Seddik et al. (2024): few tokens with mass, a given concentration.

    The paper gives the vocabulary (600), the support (52) and the Simpson concentration (0.1), but not the shape.
    The shape chosen here: the first ``support`` tokens follow a Zipf law whose exponent gives ``sum p^2 = simpson``
    (1.101 for the paper's numbers), and the others have probability 0.

    Source: Seddik et al., "How bad is training on synthetic data? A statistical analysis of language model collapse"
    (2024), arXiv:2404.05090.

    Raises:
      ValueError: when ``support`` exceeds ``vocab`` or no Zipf law has this concentration.

    Example:
      >>> language = seddik()
      >>> len(language), language.support, round(language.simpson, 9)
      (600, 52, 0.1)
    """
    vocab = _vocabulary(vocab)
    support = check.static_whole_number("support", support, least=2, most=vocab, remedy="it counts among vocab")
    if not 1 / support <= simpson < 1:
        raise ValueError(f"simpson must be at least 1/support = {1 / support:.4g} and below 1, got {simpson!r}")

    def excess(exponent: float) -> float:
        return zipf(support, exponent).simpson - simpson

    exponent = 0.0 if excess(0.0) >= 0 else optimize.brentq(excess, 0.0, 60.0, xtol=1e-14)
    p = np.zeros(vocab)
    p[:support] = zipf(support, exponent).p
    name = f"seddik({vocab}, {support}, {simpson:g})"
    return _numbered(p, name, vocab=vocab, support=support, simpson=float(simpson), exponent=float(exponent))
