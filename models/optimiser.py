"""One step of gradient descent, for systems that are trained and for steps that are timed."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def adam(module: nn.Module, learning_rate: float, *, fused: bool = True) -> torch.optim.Adam:
    """Adam over the parameters of ``module`` that training changes."""
    trained = [row for row in module.parameters() if row.requires_grad]
    return torch.optim.Adam(trained, lr=learning_rate, fused=fused)


def descend(losses: Mapping[str, Tensor], optimiser: torch.optim.Optimizer) -> None:
    """Take one step that decreases the sum of the weighted terms."""
    optimiser.zero_grad()
    torch.autograd.backward(torch.stack(list(losses.values())).sum())
    optimiser.step()
