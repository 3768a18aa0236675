"""The equations of every backbone, written plainly in float32: whole tables, without any optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.core import Batch
from models.graph import Graph
from models.text import TextRows

GUARD = 1e-5
"""Added to the partner's share before its logarithm, in XSimGCL, LightCCF and ProMax."""


def info_nce(anchors: Tensor, partners: Tensor, candidates: Tensor, tau: float) -> Tensor:
    """Return the InfoNCE loss in one direction, averaged over anchors.

    Args:
        anchors: Rows a, [B, D].
        partners: The row b that each anchor should be similar to, [B, D].
        candidates: Rows c that it is compared with, [M, D].
        tau: Temperature.
    """
    a, b, c = (functional.normalize(rows) for rows in (anchors, partners, candidates))
    return ((a @ c.T / tau).exp().sum(1).log() - (a * b).sum(1) / tau).mean()


def adjacency_of(user: Tensor, item: Tensor, nodes: int) -> Tensor:
    """Return the normalised adjacency [N, N] of edges between user nodes [E] and item nodes [E]."""
    source, target = torch.cat([user, item]), torch.cat([item, user])
    degree = torch.bincount(source, minlength=nodes).float()
    norm = 1 / (degree[source] * degree[target]).sqrt()
    index = torch.stack([source, target])
    return torch.sparse_coo_tensor(index, norm, (nodes, nodes), check_invariants=False).coalesce()


class PlainBackbone(nn.Module):
    """A backbone whose initial parameters are copied from a system."""

    def __init__(
        self,
        names: tuple[str, str | None],
        values: dict[str, Any],
        parameters: Mapping[str, Tensor],
        graph: Graph,
        text: TextRows | None,
    ) -> None:
        """Copy the parameters and build the normalised adjacency.

        Args:
            names: Backbone, and alignment or None.
            values: Hyper-parameters.
            parameters: The system's parameters by name, such as ``backbone.user_embedding``.
            graph: The train graph.
            text: Text rows; None if the system reads none.
        """
        super().__init__()
        self.backbone, self.alignment = names
        self.values, self.users, self.nodes = values, graph.users, graph.nodes
        self.text: Any = text
        user = torch.repeat_interleave(torch.arange(graph.users), graph.user_starts.diff())
        item = graph.user_columns + graph.users
        self.source, self.target = torch.cat([user, item]), torch.cat([item, user])
        self.adjacency = adjacency_of(user, item, self.nodes)
        self.given = {}
        for name, row in parameters.items():
            copy = nn.Parameter(row.detach().clone(), requires_grad=row.requires_grad)
            self.given[name] = copy
            self.register_parameter(name.replace(".", "_"), copy)

    def scored(self) -> Tensor:
        """Return the rows whose products are the scores, [N, D]."""
        self.eval()
        nodes: Tensor = getattr(self, f"_{self.backbone.lower()}")(self._ego())[0]
        self.train()
        return nodes

    def _ego(self) -> Tensor:
        if self.backbone != "AlphaRec":
            return torch.cat([self.given["backbone.user_embedding"], self.given["backbone.item_embedding"]])
        rows = self.text.profile[self.users :]
        pair = self.source < self.users
        user, item = self.source[pair], self.target[pair] - self.users
        sums = torch.zeros(self.users, rows.shape[1]).index_add(0, user, rows[item])
        means = sums / torch.bincount(user, minlength=self.users).clamp_min(1)[:, None]
        return self._mlp("backbone.projector", torch.cat([means, rows]))

    def _ranking(self, nodes: Tensor, batch: Batch) -> dict[str, Tensor]:
        user, items = nodes[batch.user], nodes[self.users :]
        if self.backbone == "AlphaRec":
            negatives = torch.randint(len(items), (len(user), self.values["negatives"]))
            candidates = items[torch.cat([batch.positive[:, None], negatives], 1)]
            logits = (user[:, None] * candidates).sum(-1) / self.values["softmax_tau"]
            return {"softmax": (logits.exp().sum(1).log() - logits[:, 0]).mean()}
        gap = (user * items[batch.positive]).sum(1) - (user * items[batch.negative]).sum(1)
        return {"bpr": -functional.logsigmoid(gap).mean()}

    def _mlp(self, name: str, rows: Tensor) -> Tensor:
        first, last = (
            (self.given[f"{name}.{layer}.weight"], self.given[f"{name}.{layer}.bias"]) for layer in (0, 2)
        )
        return functional.linear(functional.leaky_relu(functional.linear(rows, *first)), *last)

    # Each backbone returns the rows to rank with, [N, D], and what its contrast or intent view is made of.

    def _propagated(self, ego: Tensor, disturb: Any = None) -> list[Tensor]:
        """Return the rows of every layer; ``disturb`` adds noise to each of them."""
        layers = [ego]
        for _ in range(self.values["layers"]):
            layer = torch.sparse.mm(self.adjacency, layers[-1])
            layers.append(disturb(layer) if disturb else layer)
        return layers

    def _lightgcn(self, ego: Tensor) -> tuple[Tensor, Any]:
        layers = self._propagated(ego)
        scored = layers[1:] if self.values.get("readout") == "propagated" else layers
        return torch.stack(scored).sum(0), layers

    _sgl = _simgcl = _lightgcn

    def _mf(self, ego: Tensor) -> tuple[Tensor, Any]:
        return ego, [ego]

    def _lightccf(self, ego: Tensor) -> tuple[Tensor, Any]:
        layers = [ego] if self.values["encoder"] == "MF" else self._propagated(ego)
        return torch.stack(layers).mean(0), layers

    def _xsimgcl(self, ego: Tensor) -> tuple[Tensor, Any]:
        layers = self._propagated(ego, self._noisy if self.training else None)
        return torch.stack(layers[1:]).mean(0), layers

    def _alpharec(self, ego: Tensor) -> tuple[Tensor, Any]:
        nodes, layers = self._lightgcn(ego)
        return functional.normalize(nodes), layers

    def _bigcf(self, ego: Tensor) -> tuple[Tensor, Any]:
        rows, self.layers = self._lightgcn(ego)
        intents = self._prototyped(rows)
        return rows + intents * torch.randn_like(rows), intents

    def _dccf(self, ego: Tensor) -> tuple[Tensor, Any]:
        layers, views = [ego], []
        for _ in range(self.values["layers"]):
            e = layers[-1]
            z, r = torch.sparse.mm(self.adjacency, e), self._prototyped(e)
            views.append((z, r, self._attended(z, e), self._attended(r, e)))
            layers.append(e + sum(views[-1]))
        return torch.stack(layers).sum(0), views

    def _prototyped(self, rows: Tensor, owner: str = "backbone") -> Tensor:
        """Return each row's mixture of its side's prototypes, [N, D]."""
        sides = zip(rows.tensor_split([self.users]), ("user_prototypes", "item_prototypes"), strict=True)
        tables = [(part, self.given[f"{owner}.{name}"]) for part, name in sides]
        return torch.cat([torch.softmax(part @ table, 1) @ table.T for part, table in tables])

    def _attended(self, basis: Tensor, rows: Tensor) -> Tensor:
        """Propagate rows over edges that are weighted by the cosine of their ends in ``basis``, [N, D]."""
        cosine = functional.cosine_similarity(basis[self.source], basis[self.target])
        weight = (cosine + 1) / 2
        mass = torch.zeros(self.nodes).index_add(0, self.source, weight).clamp_min(1e-12)
        messages = (weight / mass[self.source])[:, None] * rows[self.target]
        return torch.zeros_like(rows).index_add(0, self.source, messages)

    # Contrast terms.

    def _sgl_contrast(self, nodes: Tensor, layers: list[Tensor], batch: Batch) -> Tensor:
        return self._two_views(batch, *(self._dropped(layers[0]) for _ in range(2)))

    def _simgcl_contrast(self, nodes: Tensor, layers: list[Tensor], batch: Batch) -> Tensor:
        views = (torch.stack(self._propagated(layers[0], self._noisy)).sum(0) for _ in range(2))
        return self._two_views(batch, *views)

    def _noisy(self, rows: Tensor) -> Tensor:
        """Return the rows with noise of a fixed length and their signs added, [N, D]."""
        noise = functional.normalize(torch.rand_like(rows))
        noisy: Tensor = rows + self.values["noise_size"] * noise * torch.sign(rows)
        return noisy

    def _xsimgcl_contrast(self, nodes: Tensor, layers: list[Tensor], batch: Batch) -> Tensor:
        layer, total = layers[self.values["contrast_layer"]], torch.zeros(())
        for side in (torch.unique(batch.user), self.users + torch.unique(batch.positive)):
            one, two = (functional.normalize(rows[side]) for rows in (layer, nodes))
            logits = one @ two.T / self.values["contrast_tau"]
            total = total - (torch.softmax(logits, 1).diagonal() + GUARD).log().mean()
        return total

    def _neighbour(self, nodes: Tensor, batch: Batch) -> Tensor:
        """Return LightCCF's contrast of each train pair with all pairs of the batch."""
        tau = self.values["neighbour_tau"]
        user = functional.normalize(nodes[batch.user])
        item = functional.normalize(nodes[self.users + batch.positive])
        with_items, with_users = user @ item.T, user @ user.T
        own = (with_items.diagonal() / tau).exp()
        every = ((with_items + with_users) / tau).exp().sum(1)
        loss: Tensor = -(own / every + GUARD).log().mean()
        return loss

    def _dropped(self, ego: Tensor) -> Tensor:
        """Propagate over a random part of the edges, [N, D]."""
        if self.values["edge_keep"] == 1:
            return torch.stack(self._propagated(ego)).sum(0)
        whole, values = self.adjacency, self.adjacency.values()
        kept = torch.rand_like(values) < self.values["edge_keep"]
        self.adjacency = torch.sparse_coo_tensor(
            whole.indices()[:, kept], values[kept], whole.shape, check_invariants=False
        ).coalesce()
        nodes = torch.stack(self._propagated(ego)).sum(0)
        self.adjacency = whole
        return nodes

    def _two_views(self, batch: Batch, one: Tensor, two: Tensor) -> Tensor:
        """Return InfoNCE between two views of the batch's users, positives and negatives."""
        tau, users = self.values["contrast_tau"], self.users
        user = info_nce(one[batch.user], two[batch.user], two[:users], tau)
        one, two = one[users:], two[users:]
        sides = (batch.positive, batch.negative)
        return user + sum(info_nce(one[side], two[side], two, tau) for side in sides)

    def _dccf_contrast(self, nodes: Tensor, views: Any, batch: Batch) -> Tensor:
        user, item = torch.unique(batch.user), self.users + torch.unique(batch.positive)
        total = torch.zeros(())
        for z, *others in views:
            for rows in others:
                for side in (user, item):
                    part = rows[side]
                    share = len(side) / len(user)
                    total = total + share * info_nce(z[side], part, part, self.values["contrast_tau"])
        return total

    def _bigcf_contrast(self, nodes: Tensor, intents: Tensor, batch: Batch) -> Tensor:
        tau, item = self.values["contrast_tau"], self.users + batch.positive
        pairs = [(nodes[side], nodes[side]) for side in (batch.user, item)]
        pairs += [(nodes[batch.user], nodes[item])]
        pairs += [(intents[side], intents[side]) for side in (batch.user, item)]
        return sum((info_nce(one, two, two, tau) for one, two in pairs), torch.zeros(()))
