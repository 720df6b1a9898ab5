"""The regimes in plain NumPy with explicit datasets of tokens: slow, and readable beside the paper."""

from __future__ import annotations

import numpy as np


def frequencies(dataset, vocabulary):
    """Maximum likelihood: the model is the table of frequencies."""
    return np.bincount(dataset, minlength=vocabulary) / len(dataset)


def fully_synthetic(generator, p, n, generations):
    """Models p^(0), ..., p^(generations), `[generations + 1, vocabulary]`."""
    models = [p]
    for _ in range(generations):
        dataset = generator.choice(len(p), size=n, p=models[-1])
        models.append(frequencies(dataset, len(p)))
    return np.array(models)


def partially_synthetic(generator, p, n, real, generations):
    """The same; one real dataset, drawn once, joins every generation's synthetic one."""
    real_dataset = generator.choice(len(p), size=real, p=p)
    models = [p, frequencies(real_dataset, len(p))]
    for _ in range(2, generations + 1):
        synthetic = generator.choice(len(p), size=n, p=models[-1])
        models.append(frequencies(np.concatenate([real_dataset, synthetic]), len(p)))
    return np.array(models)
