"""The regimes in plain NumPy with explicit datasets of tokens: slow, and readable beside the paper.

Every regime runs ONE chain and returns its models p^(0), ..., p^(generations), `[generations + 1, vocabulary]`.
A dataset is an array of token numbers. `models[t]` is p^(t), and `n` is one size, or the list of n_1, n_2, ...
"""

from __future__ import annotations

import numpy as np


def size(n, m):
    """n_m, m >= 1: of a list, the first entry is n_1 and the last one holds from there on."""
    sizes = [n] if np.isscalar(n) else n
    return int(sizes[min(m, len(sizes)) - 1])


def tokens(generator, model, count):
    """A dataset of `count` new independent tokens of the model."""
    return generator.choice(len(model), size=count, p=model)


def frequencies(dataset, vocabulary):
    """Maximum likelihood: the model is the table of frequencies."""
    return np.bincount(dataset, minlength=vocabulary) / len(dataset)


def fully_synthetic(generator, p, generations, *, n):
    """n_m tokens of p^(m-1)."""
    models = [p]
    for m in range(1, generations + 1):
        corpus = tokens(generator, models[m - 1], size(n, m))
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def partially_synthetic(generator, p, generations, *, n, real):
    """One real dataset, drawn once: alone at m = 1, then with n_m new tokens of p^(m-1)."""
    models = [p]
    real_dataset = tokens(generator, p, real)
    for m in range(1, generations + 1):
        if m == 1:
            corpus = real_dataset
        else:
            synthetic = tokens(generator, models[m - 1], size(n, m))
            corpus = np.concatenate([real_dataset, synthetic])
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def most_recent(generator, p, generations, *, n, window, reuse):
    """Equal parts of the last `window` models: new tokens of each, or (reuse) the datasets S_t drawn of them once."""
    models, datasets = [p], []
    for m in range(1, generations + 1):
        recent = range(max(0, m - window), m)
        share = size(n, m) // window
        if reuse:
            datasets.append(tokens(generator, models[m - 1], share))  # S_(m-1), of n_m // window tokens
            corpus = np.concatenate([datasets[t] for t in recent])
        else:
            corpus = np.concatenate([tokens(generator, models[t], share) for t in recent])
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def randomly_sampled(generator, p, generations, *, n, reuse):
    """n_m tokens, each of a uniformly drawn past generation t: new of p^(t), copied from S_t, or the next of y^(t)."""
    models, datasets = [p], []
    for m in range(1, generations + 1):
        origins = generator.integers(0, m, size=size(n, m))  # for each token its t in 0..m-1
        if reuse == "prefix":
            datasets.append(tokens(generator, models[m - 1], np.max(n)))  # y^(m-1), as long as may ever be read
            corpus = np.concatenate([datasets[t][: np.sum(origins == t)] for t in range(m)])
        elif reuse == "pool":
            datasets.append(tokens(generator, models[m - 1], size(n, m)))  # S_(m-1), of n_m tokens
            corpus = [generator.choice(datasets[t]) for t in origins]
        else:
            assert reuse is False, reuse
            corpus = [tokens(generator, models[t], 1)[0] for t in origins]
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def accumulate(generator, p, generations, *, n):
    """Everything so far: n_j tokens of p^(j-1) for each j = 1..m, each drawn once and kept."""
    models, datasets = [p], []
    for m in range(1, generations + 1):
        datasets.append(tokens(generator, models[m - 1], size(n, m)))
        corpus = np.concatenate(datasets)
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def accumulate_subsample(generator, p, generations, *, n, budget, replacement):
    """The pool of everything so far; the corpus is `budget` of its tokens (all, if it has fewer and none returns)."""
    models, datasets = [p], []
    for m in range(1, generations + 1):
        datasets.append(tokens(generator, models[m - 1], size(n, m)))
        pool = np.concatenate(datasets)
        if replacement:
            corpus = generator.choice(pool, size=budget, replace=True)
        else:
            corpus = generator.choice(pool, size=min(budget, len(pool)), replace=False)
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def fresh_real(generator, p, generations, *, n, real, weight=1.0):
    """`real` new tokens of p in every generation, each counting `weight` times; from m = 2 on, n_m of p^(m-1) too."""
    models = [p]
    for m in range(1, generations + 1):
        if m == 1:
            models.append(frequencies(tokens(generator, p, real if real > 0 else size(n, 1)), len(p)))
        else:
            x = np.bincount(tokens(generator, p, real), minlength=len(p))
            y = np.bincount(tokens(generator, models[m - 1], size(n, m)), minlength=len(p))
            models.append((weight * x + y) / (weight * real + size(n, m)))
    return np.array(models)


def mixture(generator, p, generations, *, n, share):
    """n_m tokens, each of p with chance `share`, else of p^(m-1)."""
    models = [p]
    for m in range(1, generations + 1):
        corpus = []
        for _ in range(size(n, m)):
            source = p if generator.random() < share else models[m - 1]
            corpus.append(tokens(generator, source, 1)[0])
        models.append(frequencies(corpus, len(p)))
    return np.array(models)


def every_other(generator, p, generations, *, n):
    """n_m tokens of p^(m-2); for m = 1 and m = 2 of p, different ones. The worked example of docs/regimes.md."""
    models = [p]
    for m in range(1, generations + 1):
        source = p if m <= 2 else models[m - 2]
        models.append(frequencies(tokens(generator, source, size(n, m)), len(p)))
    return np.array(models)


TWINS = {
    "fully-synthetic": fully_synthetic,
    "partially-synthetic": partially_synthetic,
    "most-recent": most_recent,
    "randomly-sampled": randomly_sampled,
    "accumulate": accumulate,
    "accumulate-subsample": accumulate_subsample,
    "fresh-real": fresh_real,
    "mixture": mixture,
    "every-other": every_other,
}
