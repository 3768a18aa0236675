"""Warm starts: training on a window of time begins with what the window before it learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from models.core import System

Weights = Mapping[str, np.ndarray]
"""Every parameter by its name. Rows of node tables follow the tokens under ``users`` and ``items``."""

NODE_TABLES = {"backbone.user_embedding": "users", "backbone.item_embedding": "items"}
"""The parameters that have one row for each user or item, and whose rows they are."""


@torch.no_grad()
def weights_of(system: System, numbers: Mapping[str, np.ndarray], tokens: Weights) -> Weights:
    """The weights that a trained system has learned.

    Args:
        system: The trained system.
        numbers: Rows of ``users`` [U] and ``items`` [I] in the node tables.
        tokens: Their names, in the same order.
    """
    found = {side: np.asarray(names, dtype=str) for side, names in tokens.items()}
    for name, parameter in system.named_parameters():
        rows = parameter.cpu().numpy()
        found[name] = rows[numbers[NODE_TABLES[name]]] if name in NODE_TABLES else rows.copy()
    return found


@torch.no_grad()
def take_over(system: System, numbers: Mapping[str, np.ndarray], tokens: Weights, weights: Weights) -> None:
    """Give a system the ``weights``. Nodes that are not among them keep the rows that were drawn for them.

    Args:
        system: The system before its first step.
        numbers: Rows of ``users`` [U] and ``items`` [I] in the node tables.
        tokens: Their names, in the same order.
        weights: From :func:`weights_of`.
    """
    for name, parameter in system.named_parameters():
        given = torch.from_numpy(weights[name]).to(parameter.device)
        if name not in NODE_TABLES:
            parameter.copy_(given)
            continue
        side = NODE_TABLES[name]
        _, here, there = np.intersect1d(tokens[side].astype(str), weights[side], return_indices=True)
        parameter[torch.from_numpy(numbers[side][here])] = given[torch.from_numpy(there)]
