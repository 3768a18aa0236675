"""Linear autoencoders in closed form that read the text rows of items; everything is float64.

EASE^R predicts each item's column of the train matrix X [U, I] from the other items' columns. The same
formula predicts each item's text row F [I, T] from the other items' rows, and so gives weights between items
by text. These weights [I, I] have rank T apart from their diagonal, so they are kept as two tables [I, T].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from baselines.classic_hyper import EASEAdditiveHyper, EASECollectiveHyper, EASETextHyper, L3AEHyper
from baselines.classics import Scores
from baselines.closed_form import BLOCK, gram_matrix, inverse_of, solve


def ease_text(options: EASETextHyper, train: sp.csr_matrix, rows: np.ndarray) -> tuple[Scores, int]:
    """Score by X C, with C the solution of EASE^R for the text alone; ``rows`` are F [I, T].

    Paper: L3AE (CIKM 2025), its first stage; the release's ablation without interactions.

    Returns:
        The scores, and the number of learned values.
    """
    text = _solve_text(_scaled(rows, options), options.text_ridge)

    def scores(users: np.ndarray) -> np.ndarray:
        known = train[users]
        return (known @ text.rows) @ text.keys.T - known.multiply(text.diagonal).toarray()

    return scores, _off_diagonal(len(rows))


def ease_collective(
    options: EASECollectiveHyper, train: sp.csr_matrix, rows: np.ndarray
) -> tuple[Scores, int]:
    """Score by X B, with B the solution of EASE^R for X and w F^T stacked: early fusion.

    The Gram matrix is X^T X + w^2 F F^T, with w the text's weight and F [I, T] the ``rows``.

    Paper: L3AE (CIKM 2025), the collective alternative that it is compared with.

    Returns:
        The scores, and the number of learned values.
    """
    rows = _scaled(rows, options)
    gram = gram_matrix(train)
    _add_product(gram, options.text_weight**2 * rows, rows)
    return _dense_scores(train, solve(gram, options.ridge))


def ease_additive(options: EASEAdditiveHyper, train: sp.csr_matrix, rows: np.ndarray) -> tuple[Scores, int]:
    """Score by X ((1 - w) B + w C), with B and C the solutions of EASE^R for X and for the text: late fusion.

    Paper: L3AE (CIKM 2025), the additive alternative that it is compared with.

    Returns:
        The scores, and the number of learned values.
    """
    share = options.text_weight
    text = _solve_text(_scaled(rows, options), options.text_ridge)
    weights = solve(gram_matrix(train), options.ridge)
    weights *= 1.0 - share
    _add_product(weights, share * text.rows, text.keys)
    np.fill_diagonal(weights, 0.0)
    return _dense_scores(train, weights)


def l3ae(options: L3AEHyper, train: sp.csr_matrix, rows: np.ndarray) -> tuple[Scores, int]:
    """Score by X B, where B is learned from X and drawn towards the solution C for the text.

    B minimises |X - X B|^2 + ridge |B|^2 + e |B - C|^2 with a zero diagonal, e being the weight of
    distillation: B = I + e P C - P diag((1 + e diag(P C)) / diag(P)) with P = (X^T X + (ridge + e) I)^-1.
    ``rows`` are F [I, T].

    Paper: L3AE (CIKM 2025), both stages.
    Differs: text rows are scaled to length one unless ``text_scale`` is ``raw``.

    Returns:
        The scores, and the number of learned values.
    """
    pull = options.distillation
    text = _solve_text(_scaled(rows, options), options.text_ridge)
    weights = inverse_of(gram_matrix(train), options.ridge + pull)  # P, which becomes B
    spread = weights @ text.rows
    own = weights.diagonal().copy()
    distilled = (spread * text.keys).sum(1) - own * text.diagonal  # diag(P C)
    weights *= -(pull * text.diagonal + (1.0 + pull * distilled) / own)
    _add_product(weights, pull * spread, text.keys)
    np.fill_diagonal(weights, 0.0)
    return _dense_scores(train, weights)


@dataclass(frozen=True)
class _TextSolution:
    """The solution C of EASE^R for the text: rows @ keys^T less a diagonal matrix.

    Attributes:
        rows: F [I, T].
        keys: [I, T].
        diagonal: [I].
    """

    rows: np.ndarray
    keys: np.ndarray
    diagonal: np.ndarray


def _solve_text(rows: np.ndarray, ridge: float) -> _TextSolution:
    """C for the rows F [I, T], from (F F^T + ridge I)^-1 = (I - F A F^T) / ridge with A [T, T].

    A is (F^T F + ridge I)^-1, by the identity of Woodbury.
    """
    inner = rows.T @ rows
    inner[np.diag_indices_from(inner)] += ridge
    keys = scipy.linalg.solve(inner, rows.T, assume_a="pos").T
    leverage = (rows * keys).sum(1)
    scale = 1.0 / (1.0 - leverage)
    return _TextSolution(rows, keys * scale[:, None], leverage * scale)


def _scaled(rows: np.ndarray, options: EASETextHyper | EASECollectiveHyper) -> np.ndarray:
    """Text rows [I, T] as float64, of length one if the options say so. A row of zeros stays as it is."""
    rows = rows.astype(np.float64)
    if options.text_scale == "unit":
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows


def _add_product(matrix: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Add left @ right^T to ``matrix`` [I, I], for tables [I, T]."""
    for start in range(0, len(matrix), BLOCK):
        matrix[start : start + BLOCK] += left[start : start + BLOCK] @ right.T


def _dense_scores(train: sp.csr_matrix, weights: np.ndarray) -> tuple[Scores, int]:
    """The scores X B, and the number of learned values in B [I, I]."""
    return lambda users: np.asarray(train[users] @ weights), _off_diagonal(len(weights))


def _off_diagonal(items: int) -> int:
    return items * (items - 1)
