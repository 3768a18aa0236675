"""The columns of the largest scores of each row."""

from __future__ import annotations

import numpy as np
import torch

GROUP = 16
"""Columns in one group of :func:`best_columns`."""


def best_columns(scores: torch.Tensor, depth: int) -> torch.Tensor:
    """Return the columns of the ``depth`` largest scores of each row [B, I], best first, [B, depth].

    The columns are parted into groups of GROUP. The largest scores lie in the ``depth`` groups with the
    largest maxima, so one pass over all scores and two selections from short rows suffice. That takes half
    the time of selecting from the whole row.
    """
    groups = scores.shape[1] // GROUP
    if groups <= depth:
        return scores.topk(depth).indices
    grouped = scores[:, : groups * GROUP].reshape(-1, GROUP, groups)  # column c is in group c % groups
    chosen_groups = _largest(grouped.amax(1), depth)
    columns = (chosen_groups.unsqueeze(2) + groups * torch.arange(GROUP)).flatten(1)
    ungrouped = torch.arange(groups * GROUP, scores.shape[1]).expand(len(scores), -1)
    columns = torch.cat([columns, ungrouped], dim=1)
    values = scores.gather(1, columns)
    largest = _largest(values, depth)
    order = values.gather(1, largest).argsort(dim=1, descending=True)
    return columns.gather(1, largest.gather(1, order))


def _largest(values: torch.Tensor, depth: int) -> torch.Tensor:
    """Return the columns of the ``depth`` largest values of each row, in any order.

    numpy's selection takes half the time of torch's.
    """
    columns = np.argpartition(values.numpy(), values.shape[1] - depth, axis=1)[:, -depth:]
    return torch.from_numpy(np.ascontiguousarray(columns))
