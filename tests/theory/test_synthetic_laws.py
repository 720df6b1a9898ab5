"""The sparse matrix of the chain gives what the dense one gives."""

import numpy as np
from scipy import sparse
from theory_cases import (
    assert_close,
    fully,
)

from jaxcollapse import languages, theory
from jaxcollapse.theory import synthetic_laws


def test_the_sparse_matrix_gives_what_the_dense_one_gives(monkeypatch):
    n, p = 700, languages.zipf(60)
    dense = synthetic_laws.transition(n, n)
    functions = [theory.entropy, theory.collapse_probability, theory.spectrum, theory.l1_truth, theory.survival]
    functions += [theory.winner_probability]
    wanted = [function(fully(p, n), 25) for function in functions]
    monkeypatch.setattr(synthetic_laws, "DENSE", 100)
    matrix = synthetic_laws.transition(n, n)
    assert sparse.issparse(matrix)
    assert 0.2 < matrix.nnz / dense.size < 0.7  # something was left out, or this would test nothing
    assert np.abs(matrix.toarray() - dense).max() < 1e-17
    for function, exact in zip(functions, wanted, strict=True):
        assert_close(function(fully(p, n), 25), exact, atol=1e-15, err_msg=function.__name__)
