"""P3alpha and RP3beta: walks of three steps from a user over the train graph to items."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from baselines.classic_hyper import P3alphaHyper, RP3betaHyper
from baselines.classics import Scores
from baselines.neighbours import keep_largest, largest_of_product


def p3alpha(options: P3alphaHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score items by X W with W_ij = sum_u (x_ui / d_i)^alpha (x_uj / d_u)^alpha; X is ``train`` [U, I].

    W_ij is the probability of a walk from item i over a user u to item j, with the probability of each
    step raised to alpha. Its diagonal is zero. Of each row, the ``neighbours`` largest entries are kept.

    Paper: Cooper et al., WWW 2014 companion, section 3.
    Differs: the paper keeps all entries. Cutting and scaling rows is from Ferrari Dacrema et al., TOIS
    2021, who then also cut each column (``cut="rows-columns"``).

    Returns:
        The scores, and the number of learned values.
    """
    return _score_by_walks(options, 0.0, train)


def rp3beta(options: RP3betaHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score items as P3alpha does, with W_ij divided by d_j^beta before rows are cut.

    Paper: Paudel et al., TiiS 2017, section 4.2.
    Differs: as :func:`p3alpha`.

    Returns:
        The scores, and the number of learned values.
    """
    return _score_by_walks(options, options.beta, train)


def _score_by_walks(options: P3alphaHyper, beta: float, train: sp.csr_matrix) -> tuple[Scores, int]:
    user_degree, item_degree = (
        np.maximum(np.asarray(train.sum(axis), dtype=np.float64).ravel(), 1.0) for axis in (1, 0)
    )
    to_users = sp.diags(item_degree**-options.alpha) @ train.T.tocsr()
    to_items = sp.diags(user_degree**-options.alpha) @ train @ sp.diags(item_degree**-beta)
    walks = largest_of_product(to_users.tocsr(), to_items.tocsr(), options.neighbours)
    if options.normalise == "l1":
        row_sum = np.asarray(walks.sum(1)).ravel()
        walks = (sp.diags(1.0 / np.where(row_sum > 0, row_sum, 1.0)) @ walks).tocsr()
    if options.cut == "rows-columns":
        walks = keep_largest(walks.T.tocsr(), options.neighbours).T.tocsr()
    walks = walks.astype(train.dtype)
    return lambda users: (train[users] @ walks).toarray(), walks.nnz
