"""Warm starts: a window of time begins with what the window before it learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from models.core import System

Weights = Mapping[str, np.ndarray]
"""Every parameter by name, node tables in the order of the tokens ``users`` and ``items``."""

NODE_TABLES = {"backbone.user_embedding": "users", "backbone.item_embedding": "items"}
"""Parameters with a row a node."""


@torch.no_grad()
def weights_of(system: System, numbers: Mapping[str, np.ndarray], tokens: Weights) -> Weights:
    """What a trained system learned.

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
    """Start a system from ``weights``; nodes that these do not know keep the rows they were drawn.

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
