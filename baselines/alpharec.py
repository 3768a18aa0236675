"""AlphaRec: item text, projected and propagated, in place of learned node embeddings."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.hyper import AlphaRecHyper
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.products import take
from models.sparse import scores_at
from models.text import TextRows, projector


class AlphaRec(nn.Module):
    """Item text -> MLP -> LightGCN with summed layers -> rows of length one; softmax loss.

    A user's text is the mean of the rows of its train items. Scores are cosines.

    Paper: Sheng et al., ICLR 2025, section 3.
    Differs: the MLP is that of the text alignments. Negatives are drawn uniformly from the items with a
    train pair and may be a train positive of the user, as in sampled softmax.
    """

    text: Tensor
    drawable: Tensor
    lends_intent = False

    def __init__(self, options: AlphaRecHyper, graph: Graph, embedding_size: int, text: TextRows) -> None:
        """The rows of items in ``text.profile`` [N, T] are read; those of users are not."""
        super().__init__()
        self.options, self.graph, self.users = options, graph, graph.users
        self.register_buffer("text", _with_user_means(graph, text.profile), persistent=False)
        least_degree = 1 if options.negatives_from == "train" else 0
        drawable = (graph.degrees()[graph.users :] >= least_degree).nonzero().squeeze(1)
        self.register_buffer("drawable", drawable, persistent=False)
        self.projector = projector(text.profile.shape[1], embedding_size)

    def ego(self) -> Tensor:
        """The projected text [N, D], users first."""
        projected: Tensor = self.projector(self.text)
        return projected

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D]; the scored rows have length one."""
        nodes, layers = self.graph.propagate_layers(ego, self.options.layers)
        return Encoding(functional.normalize(nodes), layers, self.users)

    def ranking(self, encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
        """``softmax``: mean of log sum exp(cos / tau) over positive and negatives - cos / tau."""
        user, item = encoding.split()
        shape = (len(batch.user), self.options.negatives)
        negatives = self.drawable[torch.randint(len(self.drawable), shape, device=batch.user.device)]
        columns = torch.cat([batch.positive[:, None], negatives], dim=1)
        logits = scores_at(take(user, batch.user), item, columns) / self.options.softmax_tau
        return {"softmax": (logits.logsumexp(1) - logits[:, 0]).mean()}

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """AlphaRec has no other loss."""
        return {}


def _with_user_means(graph: Graph, rows: Tensor) -> Tensor:
    """Rows [N, T] with each user's row replaced by the mean of its train items' rows."""
    items = rows[graph.users :]
    return torch.cat([graph.mean_of_items(items), items])
