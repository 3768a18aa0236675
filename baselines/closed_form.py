"""The closed form of EASE^R, which all linear autoencoders share; everything is float64."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp

BLOCK = 1024
"""Rows of a matrix [I, I] that are worked on at once, so that no second such matrix is needed."""


def gram_matrix(train: sp.csr_matrix) -> np.ndarray:
    """X^T X [I, I] of the train matrix."""
    gram: np.ndarray = (train.T @ train).astype(np.float64).toarray()
    return gram


def solve(gram: np.ndarray, ridge: float) -> np.ndarray:
    """The weights of EASE^R for a Gram matrix [I, I], which is overwritten."""
    weights = inverse_of(gram, ridge)
    weights /= -weights.diagonal().copy()
    np.fill_diagonal(weights, 0.0)
    return weights


def inverse_of(matrix: np.ndarray, ridge: float) -> np.ndarray:
    """(matrix + ridge I)^-1 of a symmetric matrix [I, I], which is overwritten.

    Raises:
        ValueError: The sum is not positive definite.
    """
    matrix[np.diag_indices_from(matrix)] += ridge
    factor, failed = scipy.linalg.lapack.dpotrf(matrix.T, overwrite_a=True)
    if failed:
        raise ValueError(f"the Gram matrix with a ridge of {ridge} has no inverse; expected a larger ridge")
    inverse: np.ndarray = scipy.linalg.lapack.dpotri(factor, overwrite_c=True)[0].T
    for start in range(0, len(inverse), BLOCK):  # LAPACK fills one triangle
        stop = start + BLOCK
        square = inverse[start:stop, start:stop]
        square[:] = np.tril(square) + np.tril(square, -1).T
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
    return inverse
