"""Whitened text rows: few columns of variance one that do not correlate."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

LEAST_VARIANCE = 1e-10
"""An axis whose variance is below this share of the largest one has no direction but that of rounding."""


def whitened(profile: Tensor, users: int, how: str, count: int) -> tuple[Tensor, Tensor]:
    """The rows of users [U, W] and of items [I, W] along principal axes, each divided by its deviation.

    With ``separate``, users and items have principal axes of their own. The k-th column of users and the k-th
    column of items then share their rank by variance alone, so that a user is near an item by chance. With
    ``joint``, both sides have the axes of all rows. With ``none``, the rows stay as they are.

    Args:
        profile: Text rows [N, T], users first.
        users: Number of users U.
        how: ``separate``, ``joint`` or ``none``.
        count: Largest number of axes. W is smaller where a side has fewer.
    """
    sides = profile[:users], profile[users:]
    if how == "none":
        return sides
    axes = [_principal_axes(rows) for rows in ((profile,) if how == "joint" else sides)]
    width = min(count, *(len(found.deviation) for found in axes))
    return axes[0].whiten(sides[0], width), axes[-1].whiten(sides[1], width)


class _Axes(NamedTuple):
    """Principal axes by falling variance.

    Attributes:
        mean: [T].
        axes: Axes of length one, [T, W].
        deviation: Standard deviation along each axis, [W].
    """

    mean: Tensor
    axes: Tensor
    deviation: Tensor

    def whiten(self, rows: Tensor, width: int) -> Tensor:
        """The rows [n, T] along the first axes, [n, width]."""
        along = (rows.double() - self.mean) @ self.axes[:, :width] / self.deviation[:width]
        return along.to(rows.dtype)


def _principal_axes(rows: Tensor) -> _Axes:
    """The principal axes of rows [n, T] with variance; covariances are sums over n - 1.

    An axis has no sign of its own. It is given the one that makes its largest component positive, so that
    every machine finds the same.
    """
    rows = rows.double()
    mean = rows.mean(0)
    centred = rows - mean
    variance, axes = torch.linalg.eigh(centred.t() @ centred / max(len(rows) - 1, 1))
    variance, axes = variance.flip(0), axes.flip(1)
    kept = variance > LEAST_VARIANCE * variance[0].clamp_min(1e-30)
    kept[0] = True  # rows that are all equal get one axis, along which they are all 0
    variance, axes = variance[kept].clamp_min(1e-30), axes[:, kept]
    largest = axes.abs().argmax(0)
    return _Axes(mean, axes * axes[largest, torch.arange(len(largest))].sign(), variance.sqrt())
