"""Two baselines in closed form: popularity and a linear autoencoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from baselines.classic_hyper import EASEHyper, MostPopHyper
from baselines.closed_form import gram_matrix, solve

Scores = Callable[[np.ndarray], np.ndarray]
"""Takes the numbers of users [B] and returns their scores of all items [B, I], in float32.

Neighbours and walks return them in the precision of the train matrix, which is float32 in training, and
autoencoders with text in float64.
"""


def most_pop(options: MostPopHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score an item by its number of train pairs, a column sum of ``train`` [U, I].

    Returns:
        The scores, and the number of learned values.
    """
    degree = np.asarray(train.sum(0), dtype=np.float32).ravel()
    return lambda users: np.tile(degree, (len(users), 1)), len(degree)


def ease(options: EASEHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score by X B with B = -P / diag(P), its diagonal zero, and P = (X^T X + ridge I)^-1.

    X is ``train`` [U, I].

    Paper: Steck, WWW 2019, equation 8.

    Returns:
        The scores, and the number of learned values.
    """
    weights = solve(gram_matrix(train), options.ridge).astype(np.float32)
    return lambda users: np.asarray(train[users] @ weights), weights.size - len(weights)
