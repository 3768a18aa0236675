"""AlphaRec: item text alone, projected and propagated; no id embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.lightgcn import linear_layers, summed
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import LOWEST_TAU, hyper
from models.products import take
from models.sparse import scores_at
from models.text import TextRows, projector


@dataclass(frozen=True)
class AlphaRecHyper:
    """AlphaRec's own hyper-parameters."""

    layers: int = hyper(2, "propagation layers L", 1, 4)
    softmax_tau: float = hyper(0.15, "temperature of the softmax loss", 0.05, 1.0, minimum=LOWEST_TAU)
    negatives: int = hyper(256, "negatives drawn for each pair of a batch", 1, 1024, log=True,
                           tuned=False)  # fmt: skip
    negatives_from: str = hyper("train", "items that negatives are: those with a train pair, or all",
                                choices=("train", "all"))  # fmt: skip


class AlphaRec(nn.Module):
    """Item text -> MLP -> LightGCN (read-out by mean), L2-normalised; softmax loss.

    A user's text is the mean of the train items' rows. Scores are cosines.

    Paper: Sheng et al., ICLR 2025, section 3.
    Differs: the MLP is the one of the text alignments; its negatives are uniform over the items with
    a train pair and may hold a train positive, as in sampled softmax.
    """

    text: Tensor
    drawable: Tensor
    lends_intent = False

    def __init__(self, options: AlphaRecHyper, graph: Graph, embedding_size: int, text: TextRows) -> None:
        """``text.profile`` [N, T]: the item rows are read, the user rows are not."""
        super().__init__()
        self.options, self.graph, self.users = options, graph, graph.users
        self.register_buffer("text", _with_user_means(graph, text.profile), persistent=False)
        least = 1 if options.negatives_from == "train" else 0
        drawable = (graph.degrees()[graph.users :] >= least).nonzero().squeeze(1)
        self.register_buffer("drawable", drawable, persistent=False)
        self.projector = projector(text.profile.shape[1], embedding_size)

    def ego(self) -> Tensor:
        """Projected text [N, D], users first."""
        made: Tensor = self.projector(self.text)
        return made

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D]; the read-out has unit rows."""
        layers = linear_layers(self.graph, ego, self.options.layers)
        return Encoding(functional.normalize(summed(layers)), layers, self.users)

    def ranking(self, encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
        """``softmax``: mean of log sum exp(cos / tau) over positive and negatives - cos / tau."""
        user, item = encoding.split()
        shape = (len(batch.user), self.options.negatives)
        drawn = self.drawable[torch.randint(len(self.drawable), shape, device=batch.user.device)]
        columns = torch.cat([batch.positive[:, None], drawn], dim=1)
        logits = scores_at(take(user, batch.user), item, columns) / self.options.softmax_tau
        return {"softmax": (logits.logsumexp(1) - logits[:, 0]).mean()}

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """None beside ranking."""
        return {}


def _with_user_means(graph: Graph, rows: Tensor) -> Tensor:
    """Rows [N, T] with each user's row replaced by the mean of its train items' rows."""
    items = rows[graph.users :]
    return torch.cat([graph.mean_of_items(items), items])
