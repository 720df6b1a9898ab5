"""Who is compared: this engine, and what people would write instead, each as well as we can.

A contestant has any of these; what it cannot do it leaves out. ``p`` is the truth.

* ``collapse(p, n, chains, seed)``: fully synthetic; the times of total collapse, ``[chains]``.
* ``sweep(p, sizes, chains, seed)``: the same for each n of ``sizes``, ``[sizes, chains]``.
* ``trajectories(p, n, generations, chains, seed)``: fully synthetic; support and heterozygosity of every
  generation from 1 on, two of ``[chains, generations]``.
* ``partially(p, n, real, generations, chains, seed)``: partially synthetic; the same.

Numba, numpyro, TensorFlow Probability (on JAX 0.10 only its nightly, ``pip install --pre tfp-nightly``) and simuPOP are
optional: ``MISSING`` says whose contestants are left out.
"""

import functools
import importlib.metadata
import importlib.util

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc

RECORD = ("support", "heterozygosity")


class Ours:
    """jaxcollapse as it comes, or with a way of drawing of its own."""

    def __init__(self, method=None, portable=False):
        self.learner = jc.learners.Categorical(method, portable)

    def _trace(self, p, regime, generations, chains, seed):
        process = jc.recursive_training(p, regime, self.learner)
        trace = jc.simulate(jax.random.key(seed), process, chains=chains, generations=generations, record=RECORD)
        return tuple(np.asarray(trace[name])[:, 1:] for name in RECORD)

    def collapse(self, p, n, chains, seed):
        process = jc.recursive_training(p, jc.FullySynthetic(n=n), self.learner)
        times = jc.collapse_times(jax.random.key(seed), process, chains=chains, max_generations=10**7)
        assert bool(times.observed.all())
        return np.asarray(times.time)

    def sweep(self, p, sizes, chains, seed):
        capacity = 1 << (max(sizes) - 1).bit_length()
        times = _sweep(jax.random.key(seed), p, np.array(sizes), self.learner, chains=chains, capacity=capacity)
        assert bool(times.observed.all())
        return np.asarray(times.time)

    def trajectories(self, p, n, generations, chains, seed):
        return self._trace(p, jc.FullySynthetic(n=n), generations, chains, seed)

    def partially(self, p, n, real, generations, chains, seed):
        return self._trace(p, jc.PartiallySynthetic(n=n, real=real), generations, chains, seed)


@functools.partial(jax.jit, static_argnames=("chains", "capacity"))
def _sweep(key, p, sizes, learner, chains, capacity):
    def times(n):
        process = jc.recursive_training(p, jc.FullySynthetic(n=n, capacity=capacity), learner)
        return jc.collapse_times(key, process, chains=chains, max_generations=10**6)

    return jax.vmap(times)(sizes)


def _heterozygosity(counts, n):
    return 1 - np.square(counts / n).sum(axis=-1)


class NumpyMultinomial:
    """``Generator.multinomial``, all chains at once; dead tokens cost it little, so they stay."""

    def collapse(self, p, n, chains, seed):
        rng = np.random.default_rng(seed)
        x, times, alive, m = rng.multinomial(n, p, size=chains), np.zeros(chains, int), np.arange(chains), 1
        while True:
            over = x.max(axis=1) == n
            times[alive[over]] = m
            x, alive = x[~over], alive[~over]
            if not len(alive):
                return times
            x, m = rng.multinomial(n, x / n), m + 1

    def sweep(self, p, sizes, chains, seed):
        return np.stack([self.collapse(p, n, chains, seed) for n in sizes])

    def trajectories(self, p, n, generations, chains, seed):
        rng, rows = np.random.default_rng(seed), []
        x = rng.multinomial(n, p, size=chains)
        for m in range(generations):
            x = rng.multinomial(n, x / n) if m else x
            rows.append(((x > 0).sum(axis=1), _heterozygosity(x, n)))
        return tuple(np.stack(of, axis=1) for of in zip(*rows, strict=True))

    def partially(self, p, n, real, generations, chains, seed):
        rng, rows = np.random.default_rng(seed), []
        kept = x = rng.multinomial(real, p, size=chains)
        size = real
        for m in range(generations):
            if m:
                x, size = kept + rng.multinomial(n, x / size), real + n
            rows.append(((x > 0).sum(axis=1), _heterozygosity(x, size)))
        return tuple(np.stack(of, axis=1) for of in zip(*rows, strict=True))


class NumpyLabels:
    """Each token copies a uniformly chosen one of the generation before."""

    def collapse(self, p, n, chains, seed):
        rng = np.random.default_rng(seed)
        y, times, alive, m = rng.choice(len(p), size=(chains, n), p=p), np.zeros(chains, int), np.arange(chains), 1
        while True:
            over = (y == y[:, :1]).all(axis=1)
            times[alive[over]] = m
            y, alive = y[~over], alive[~over]
            if not len(alive):
                return times
            y, m = np.take_along_axis(y, rng.integers(0, n, y.shape), axis=1), m + 1


def _scan(draw, key, p, n, chains, generations):
    """Trajectories by a function ``draw(key, n, p)`` of all chains, a row of ``p`` each, that returns counts."""

    def generation(x, key):
        x = draw(key, n, x / n)
        return x, (jnp.sum(x > 0, axis=1), 1 - jnp.sum((x / n) ** 2, axis=1))

    keys = jax.random.split(key, generations)
    _, rows = jax.lax.scan(generation, jnp.broadcast_to(p * n, (chains, len(p))), keys)
    return tuple(of.T for of in rows)


_scan_jitted = jax.jit(_scan, static_argnames=("draw", "n", "chains", "generations"))


def _vmap(draw):
    """``draw(key, n, p)`` of all chains by that of one."""
    return lambda key, n, p: jax.vmap(lambda key, p: draw(key, n, p))(jax.random.split(key, len(p)), p)


def _by_numpyro(key, n, p):
    from numpyro.distributions import Multinomial

    return Multinomial(n, probs=p).sample(key).astype(jnp.float32)


def _by_tfp(key, n, p):
    from tensorflow_probability.substrates.jax.distributions import Multinomial

    return Multinomial(float(n), probs=p).sample(seed=key)  # its own batches are faster than a vmap


class JaxMultinomial:
    """A sampler of counts in a ``scan``: the obvious JAX code."""

    def __init__(self, draw):
        self.draw = draw

    def trajectories(self, p, n, generations, chains, seed):
        p = jnp.asarray(p, jnp.float32)
        drawn = _scan_jitted(self.draw, jax.random.key(seed), p, n=n, chains=chains, generations=generations)
        return tuple(np.asarray(of) for of in drawn)


class SimuPop:
    """A haploid population of n individuals with one locus; tokens are alleles, 256 at most as it is loaded here."""

    def _evolve(self, p, n, chains, seed, operators, generations=-1):
        import simuOpt

        simuOpt.setOptions(alleleType="short", quiet=True)
        import simuPOP

        simuPOP.getRNG().set(seed=seed)
        return simuPOP.Simulator(simuPOP.Population(n, ploidy=1, loci=1), rep=chains).evolve(
            initOps=simuPOP.InitGenotype(freq=list(p)),  # a draw for each individual: generation 1
            preOps=[simuPOP.Stat(alleleFreq=0, vars="alleleNum"), *operators(simuPOP)],
            matingScheme=simuPOP.RandomSelection(),
            gen=generations,
        )

    def collapse(self, p, n, chains, seed):
        over = lambda simupop: [simupop.TerminateIf("len(alleleNum[0]) == 1")]
        return 1 + np.array(self._evolve(p, n, chains, seed, over))

    def trajectories(self, p, n, generations, chains, seed):
        support, heterozygosity = np.zeros((chains, generations), int), np.zeros((chains, generations))

        def record(pop):
            found = pop.dvars()
            counts = found.alleleNum[0].values()
            support[found.rep, found.gen] = len(counts)
            heterozygosity[found.rep, found.gen] = 1 - sum(x * x for x in counts) / n**2
            return True

        self._evolve(p, n, chains, seed, lambda simupop: [simupop.PyOperator(record)], generations)
        return support, heterozygosity


CONTESTANTS = {
    "jaxcollapse": Ours(),
    "jaxcollapse, XLA only": Ours(portable=True),
    "jaxcollapse, labels": Ours(method="labels"),
    "NumPy multinomial": NumpyMultinomial(),
    "NumPy labels": NumpyLabels(),
    "vmap(jax.random.multinomial)": JaxMultinomial(_vmap(jax.random.multinomial)),
}
MISSING = [name for name in ("numba", "numpyro", "simuPOP") if importlib.util.find_spec(name) is None]
try:
    importlib.metadata.version("tfp-nightly")  # release 0.25 has the same module, which does not import beside JAX 0.10
except importlib.metadata.PackageNotFoundError:
    MISSING.append("tfp-nightly")
THREADS = None
if "numba" not in MISSING:
    import with_numba

    CONTESTANTS |= with_numba.CONTESTANTS
    THREADS = with_numba.THREADS
if "numpyro" not in MISSING:
    CONTESTANTS["numpyro Multinomial"] = JaxMultinomial(_vmap(_by_numpyro))
if "tfp-nightly" not in MISSING:
    CONTESTANTS["TFP Multinomial"] = JaxMultinomial(_by_tfp)
if "simuPOP" not in MISSING:
    CONTESTANTS["simuPOP"] = SimuPop()
