"""Adam, and one step of it down the sum of the loss terms. Training and timing use the same step."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def adam(module: nn.Module, learning_rate: float, *, fused: bool = True) -> torch.optim.Adam:
    """Adam over those parameters of ``module`` that require a gradient."""
    wanted = [row for row in module.parameters() if row.requires_grad]
    return torch.optim.Adam(wanted, lr=learning_rate, fused=fused)


def descend(losses: Mapping[str, Tensor], optimiser: torch.optim.Optimizer) -> None:
    """Take one optimiser step on the sum of the weighted loss terms."""
    optimiser.zero_grad()
    torch.autograd.backward(torch.stack(list(losses.values())).sum())
    optimiser.step()
