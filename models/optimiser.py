"""A step of gradient descent, the same where systems are trained and where they are timed."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def adam(module: nn.Module, learning_rate: float, *, fused: bool = True) -> torch.optim.Adam:
    """Adam over the parameters of ``module`` that are trained."""
    wanted = [row for row in module.parameters() if row.requires_grad]
    return torch.optim.Adam(wanted, lr=learning_rate, fused=fused)


def descend(losses: Mapping[str, Tensor], optimiser: torch.optim.Optimizer) -> None:
    """One step down the sum of the weighted terms."""
    optimiser.zero_grad()
    torch.autograd.backward(torch.stack(list(losses.values())).sum())
    optimiser.step()
