"""The matching half of momentum distillation: text against a teacher's text, or against interactions."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(teacher: Tensor, student: Tensor) -> Tensor:
    """- sum_d softmax_d(teacher) log_softmax_d(student) of each row, [n], for rows [n, D].

    Paper: IRLLRec (SIGIR 2025), interaction-text matching, as its release computes it.
    """
    return -(functional.softmax(teacher, dim=1) * functional.log_softmax(student, dim=1)).sum(1)


def similarity_matching(sides: Iterable[tuple[Tensor, Tensor, Tensor]], tau: float) -> Tensor:
    """Match interactions with text and text with interactions, with the teacher's matches as targets.

    The similarities of a side are cos(interaction, text) / tau, [n, n]. The loss is the mean cross
    entropy of their rows and of their columns, against the same similarities with the teacher's text.

    Args:
        sides: Of users and of items: interaction rows, text rows and the teacher's text rows, each
            [n, D].
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
