"""Interaction-text matching against a teacher: the soft half of momentum distillation."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(teacher: Tensor, student: Tensor) -> Tensor:
    """- sum_d softmax_d(teacher) log_softmax_d(student) of each row, [n], for rows [n, D].

    Paper: IRLLRec (SIGIR 2025), interaction-text matching, as released.
    """
    return -(functional.softmax(teacher, dim=1) * functional.log_softmax(student, dim=1)).sum(1)


def similarity_matching(sides: Iterable[tuple[Tensor, Tensor, Tensor]], tau: float) -> Tensor:
    """Interactions and text matched both ways within each side, the teacher's matches as targets.

    A side's similarities are cos(interaction, text) / tau, [n, n]; the mean cross entropy of rows
    and of columns is taken against the same similarities with the teacher's text.

    Args:
        sides: For users and for items: interaction rows, text rows and the teacher's text rows,
            each [n, D].
        tau: Temperature.

    Paper: IRLLRec (SIGIR 2025), figure 2; the release has ``cross_entropy`` alone.
    """
    losses = []
    for interaction, text, teacher in sides:
        rows = functional.normalize(interaction)
        student = rows @ functional.normalize(text).t() / tau
        target = rows.detach() @ functional.normalize(teacher).t() / tau
        losses += [cross_entropy(target, student).mean(), cross_entropy(target.t(), student.t()).mean()]
    return torch.stack(losses).mean()
