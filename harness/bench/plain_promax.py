"""The equations of ProMax, written plainly in float32: whole tables, without any optimisation."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from harness.bench.plain_backbones import GUARD, adjacency_of, info_nce
from models.core import Batch


class PlainProMax:
    """The terms ``shaping`` and ``retrieval`` of ProMax."""

    def __init__(self, values: dict[str, Any], profile: Tensor, users: int, edges: Tensor) -> None:
        """Whiten the text and add edges to the graph.

        Args:
            values: Hyper-parameters.
            profile: Text rows, [N, T], users first.
            users: Number of users U.
            edges: Users and items of the train pairs, [2, E].
        """
        self.values, self.users = values, users
        sides = [profile[:users], profile[users:]]
        if values["whitening"] == "joint":
            both = _whitened(profile, values["embedding_size"])
            sides = [both[:users], both[users:]]
        elif values["whitening"] == "separate":
            sides = [_whitened(side, values["embedding_size"]) for side in sides]
        self.text_user, self.text_item = (functional.normalize(side) for side in sides)
        known = torch.zeros(users, len(profile) - users, dtype=torch.bool)
        known[edges[0], edges[1]] = True
        user, item = (
            functional.normalize(side - side.mean(0)) for side in (profile[:users], profile[users:])
        )
        nearest = (user @ item.T).masked_fill(known, -math.inf).topk(values["retrieved_items"]).indices
        user, item = known.scatter(1, nearest, True).nonzero().T
        self.adjacency = adjacency_of(user, item + users, len(profile))

    def terms(self, nodes: Tensor, ego: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return both terms, weighted, from the scored rows and the embeddings E^0, [N, D] each."""
        return {
            "shaping": self.values["shaping_weight"] * self._shaping(nodes, batch),
            "retrieval": self.values["retrieval_weight"] * self._retrieval(nodes, ego, batch),
        }

    def _shaping(self, nodes: Tensor, batch: Batch) -> Tensor:
        user, tau = torch.unique(batch.user), self.values["shaping_tau"]
        rows = functional.normalize(nodes)
        text = torch.softmax(self.text_user[user] @ self.text_item.T / tau, 1)
        node = torch.softmax(rows[user] @ rows[self.users :].T / tau, 1)
        entropy = -(text * text.log()).sum(1)
        confidence = (1 - entropy / math.log(text.shape[1])).clamp(0.1, 1)
        return (confidence * -(text * (node + 1e-8).log()).sum(1)).mean()

    def _retrieval(self, nodes: Tensor, ego: Tensor, batch: Batch) -> Tensor:
        tau, layers = self.values["retrieval_tau"], [ego]
        for _ in range(self.values.get("layers", 1)):
            layers.append(torch.sparse.mm(self.adjacency, layers[-1]))
        other = torch.stack(layers[1:]).sum(0)
        item = self.users + batch.positive
        total = torch.zeros(())
        for side in (torch.unique(batch.user), torch.unique(item)):
            logits = functional.normalize(nodes[side]) @ functional.normalize(other[side]).T / tau
            total = total - (torch.softmax(logits, 1).diagonal() + GUARD).log().mean()
        for one, two in ((nodes, other), (other, nodes)):
            total = total + 0.5 * info_nce(one[batch.user], two[item], two[item], tau)
        return total


def _whitened(rows: Tensor, count: int) -> Tensor:
    """Return the rows along principal axes with variance 1; an axis has its largest component positive."""
    centred = rows.double() - rows.double().mean(0)
    _, deviation, axes = torch.linalg.svd(centred, full_matrices=False)
    axes, deviation = axes[:count], deviation[:count] / math.sqrt(len(rows) - 1)
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    whitened: Tensor = centred @ (axes * largest.sign()).T / deviation
    return whitened.float()
