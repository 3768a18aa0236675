"""The intent prototypes of a trained system, as arrays that are stored with its run."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from models.core import System
from models.intents import prototypes_of


@torch.no_grad()
def prototype_arrays(system: System, users: np.ndarray, items: np.ndarray) -> dict[str, np.ndarray] | None:
    """Prototypes, memberships and the rows that score. None for a system without prototypes.

    An alignment's own prototypes are meant where the backbone has some as well.

    Args:
        system: The trained system.
        users: RecBole's ids of the users in the wanted order, [U].
        items: RecBole's ids of the items, [I].

    Returns:
        ``user_membership`` [U, K] and ``item_membership`` [I, K]; ``user_prototypes`` and
        ``item_prototypes`` [D, K]; ``user_rows`` [U, D] and ``item_rows`` [I, D].
    """
    parts: list[Any] = [system.alignment, system.backbone]
    holders = [part for part in parts if hasattr(part, "user_prototypes")]
    if not holders:
        return None
    system.eval()
    encoding = system.backbone.encode(system.backbone.ego())
    found = prototypes_of(holders[0], encoding)
    user_rows, item_rows = encoding.split()
    return {
        "user_membership": found.user_membership[users - 1].cpu().numpy(),
        "item_membership": found.item_membership[items - 1].cpu().numpy(),
        "user_prototypes": found.user.detach().cpu().numpy(),
        "item_prototypes": found.item.detach().cpu().numpy(),
        "user_rows": user_rows[users - 1].cpu().numpy(),
        "item_rows": item_rows[items - 1].cpu().numpy(),
    }
