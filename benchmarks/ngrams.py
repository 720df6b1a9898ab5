"""Text of an order-2 character model: this engine against a walker in Numba and NLTK's generator.

    .venv/bin/python benchmarks/ngrams.py [--out FILE] [--quick]

All write by maximum likelihood from the same text, Genesis of the King James Bible (199,000 characters). First it is
proven that they do: in what each writes, the frequencies of characters after each context are compared with those of
the text by a chi-squared test (contexts are visited as often as the writer likes; cells that expect five or more,
the others of a context together). A p-value under 1e-6 ends the run. Then all are timed in turn, and the least time
counts: a token written, and a generation (training on as many tokens as the text has, and writing them again).

Numba's walker has the engine's own data structure (a text sorted by context, by counting), a 64-bit SplitMix generator
and a multiplication instead of a division; it uses one core, or all for many chains. NLTK is asked for fewer tokens.
"""

import argparse
import importlib.metadata
import json
import os
import time

import jax
import jax.numpy as jnp
import numba
import numpy as np
from nltk.lm import MLE
from nltk.lm.counter import NgramCounter
from nltk.lm.vocabulary import Vocabulary
from scipy import stats

import jaxcollapse as jc
from jaxcollapse.runs.provenance import provenance
from jaxcollapse.sampling import Labels

ORDER = 2


@numba.njit(cache=False)
def _sorted(text, order, vocabulary):
    contexts = vocabulary**order
    size = len(text)
    counts = np.zeros(contexts * vocabulary, np.int32)
    code = 0
    for i in range(size - order, size):
        code = (code * vocabulary + text[i]) % contexts
    start = code
    for i in range(size):
        counts[code * vocabulary + text[i]] += 1
        code = (code * vocabulary + text[i]) % contexts
    begin, choice = np.zeros(contexts, np.int32), np.zeros(contexts, np.int32)
    rows = np.empty((size, 3), np.int32)
    at = 0
    for context in range(contexts):
        begin[context] = at
        for token in range(vocabulary):
            many = counts[context * vocabulary + token]
            for _ in range(many):
                rows[at, 0] = token
                rows[at, 1] = (context * vocabulary + token) % contexts
                at += 1
        choice[context] = at - begin[context]
    for i in range(size):
        context = rows[i, 1]
        rows[i, 1], rows[i, 2] = begin[context], choice[context]
    return rows, start


@numba.njit(cache=False)
def _written(rows, size, seed):
    out = np.empty(size, np.int32)
    state = seed
    at = np.int64(seed % np.uint64(len(rows)))
    begin, choice = rows[at, 1], rows[at, 2]
    for i in range(size):
        state += np.uint64(0x9E3779B97F4A7C15)
        z = state
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        at = begin + np.int64(((z >> np.uint64(32)) * np.uint64(choice)) >> np.uint64(32))
        out[i], begin, choice = rows[at, 0], rows[at, 1], rows[at, 2]
    return out


@numba.njit(parallel=True, cache=False)
def _chains(rows, size, seeds):
    out = np.empty((len(seeds), size), np.int32)
    for chain in numba.prange(len(seeds)):
        out[chain] = _written(rows, size, seeds[chain])
    return out


@numba.njit(parallel=True, cache=False)
def _generations(texts, order, vocabulary, seeds):
    for chain in numba.prange(len(seeds)):
        rows, _ = _sorted(texts[chain], order, vocabulary)
        texts[chain] = _written(rows, texts.shape[1], seeds[chain])


def _seeds(seed, many):
    # Far apart: streams of this generator that begin a multiple of its step apart are one stream.
    return np.random.SeedSequence(seed).generate_state(many, np.uint64)


class Ours:
    def __init__(self, language, documents=1):
        self.documents = documents
        self.process = jc.recursive_training(
            language, jc.FullySynthetic(n=len(language.text)), jc.learners.NGram(ORDER, documents=documents)
        )
        learner = self.process.learner
        self.model = jax.jit(learner.truth)(self.process.language)

        def write(key, model, size, chains):
            one = lambda key: learner.write(key, model, model, jnp.int32(size), size).labels
            return jax.vmap(one)(jax.random.split(key, chains))

        def generation(key, texts):
            def one(key, text):
                size = jnp.int32(text.shape[0])
                model = learner.fit(key, Labels(text, size), None)  # without chance: the key is not used
                return learner.write(key, model, model, size, text.shape[0]).labels

            return jax.vmap(one)(jax.random.split(key, texts.shape[0]), texts)

        self._write = jax.jit(write, static_argnums=(2, 3))
        self._generation = jax.jit(generation)

    def write(self, size, chains, seed):
        return np.asarray(self._write(jax.random.key(seed), self.model, size, chains))

    def generation(self, texts, seed):
        return np.asarray(self._generation(jax.random.key(seed), texts))


class Numba:
    documents = 1

    def __init__(self, language):
        self.vocabulary = len(language)
        self.rows, _ = _sorted(language.text, ORDER, self.vocabulary)

    def write(self, size, chains, seed):
        return _chains(self.rows, size, _seeds(seed, chains))

    def generation(self, texts, seed):
        texts = texts.copy()
        _generations(texts, ORDER, self.vocabulary, _seeds(seed, len(texts)))
        return texts


class Nltk:
    """Its vocabulary has no unknown token here, and it is given the text as a ring, as the others."""

    documents = 1

    def __init__(self, language):
        names = [str(i) for i in range(len(language))]
        ring = [names[i] for i in [*language.text[-ORDER:], *language.text]]
        self.model = MLE(ORDER + 1, vocabulary=Vocabulary(names, unk_cutoff=1))
        self.model.counts = NgramCounter([[tuple(ring[i : i + ORDER + 1]) for i in range(len(language.text))]])
        self.seed_text = ring[:ORDER]

    def write(self, size, chains, seed):
        found = [
            self.model.generate(size, text_seed=self.seed_text, random_seed=seed * 1009 + chain)
            for chain in range(chains)
        ]
        return np.array(found, dtype=np.int32)


def agreement(documents, language):
    """The p-value of what stands after each context in documents, given the frequencies of the language."""
    vocabulary = len(language)
    contexts = vocabulary**ORDER

    def counts(text, ring):
        text = np.concatenate([text[-ORDER:], text]) if ring else text
        code = sum(text[ORDER - d : len(text) - d].astype(np.int64) * vocabulary**d for d in range(ORDER + 1))
        return np.bincount(code, minlength=contexts * vocabulary).reshape(contexts, vocabulary)

    law = counts(np.asarray(language.text), True).astype(float)
    law /= np.maximum(law.sum(axis=1, keepdims=True), 1)
    seen = sum(counts(text, False) for text in documents)
    assert not np.any((seen > 0) & (law == 0)), "an n-gram was written that the text does not have"
    expected = law * seen.sum(axis=1, keepdims=True)
    large = expected >= 5
    rest_seen, rest = np.where(large, 0, seen).sum(axis=1), np.where(large, 0, expected).sum(axis=1)
    enough = rest >= 5
    squares = ((seen - expected)[large] ** 2 / expected[large]).sum()
    squares += ((rest_seen - rest)[enough] ** 2 / rest[enough]).sum()
    # Where the rest of a context is left out, its cells are free; otherwise they add up to the visits.
    cells = large.sum(axis=1) + enough
    free = np.maximum(cells - (enough | (rest == 0)), 0).sum()
    return float(stats.chi2.sf(squares, free)), int(free)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer tokens and repetitions")
    parser.add_argument("--chains", type=int, default=16)
    parser.add_argument("--out", help="write the numbers to this file")
    options = parser.parse_args()
    language = jc.languages.from_king_james()
    size = len(language.text) if not options.quick else 50_000
    repeats = 2 if options.quick else 5
    contestants = {
        "jaxcollapse, one text a chain": (Ours(language), size),
        "jaxcollapse, 64 documents": (Ours(language, 64), size),
        "Numba walker": (Numba(language), size),
        "NLTK MLE.generate": (Nltk(language), 400 if options.quick else 2_000),
    }
    rows = []
    for name, (of, many) in contestants.items():
        chains = 4 if name.startswith("NLTK") else options.chains
        texts = of.write(many, chains, 7)
        p, free = agreement([one for text in texts for one in np.array_split(text, of.documents)], language)
        print(f"{name}: p = {p:.3g} ({free:,} degrees of freedom, {many * chains:,} characters)", flush=True)
        assert p > 1e-6, f"{name} writes with other frequencies"
        rows.append({"name": name, "p": p, "degrees_of_freedom": free})
    texts = np.tile(np.asarray(language.text[:size]), (options.chains, 1))
    works = {
        "one chain writes": lambda of, many, seed: (of.write(many, 1, seed), many),
        f"{options.chains} chains write": lambda of, many, seed: (
            of.write(many, options.chains, seed),
            many * options.chains,
        ),
        "a generation of one chain": lambda of, many, seed: (of.generation(texts[:1], seed), size),
        f"a generation of {options.chains} chains": lambda of, many, seed: (of.generation(texts, seed), texts.size),
    }
    for work, of_work in works.items():
        times = {name: [] for name in contestants}
        for repeat in range(repeats + 1):  # the first one compiles
            for name, (of, many) in contestants.items():
                if name.startswith("NLTK") and work != "one chain writes":
                    continue
                began = time.perf_counter()
                _, tokens = of_work(of, many, repeat)
                times[name].append((time.perf_counter() - began) / tokens)
        for row in rows:
            if len(times[row["name"]]) > 1:
                row[work] = {"ns_a_token": round(1e9 * min(times[row["name"]][1:]), 1)}
                row[work]["median"] = round(1e9 * float(np.median(times[row["name"]][1:])), 1)
    print(f"\nns a token ({os.cpu_count()} cores) | " + " | ".join(works))
    for row in rows:
        print(row["name"], *(f"{row[work]['ns_a_token']:,.0f}" if work in row else "" for work in works), sep=" | ")
    if options.out:
        machine = {"cores": os.cpu_count(), "numba": numba.__version__, "nltk": importlib.metadata.version("nltk")}
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump({"machine": machine | provenance(), "order": ORDER, "tokens": size, "rows": rows}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
