"""ProMax: text shapes the distribution of items for each user, and adds edges to a second graph."""

from __future__ import annotations

from torch import Tensor

from baselines.hyper import ProMaxHyper
from baselines.second_graph import nearest_items, with_edges
from baselines.whitening import whitened
from models.core import Alignment, Backbone, Batch, Encoding, Terms
from models.graph import Graph
from models.losses import info_nce
from models.products import take
from models.soft_targets import SoftTargets
from models.text import TextRows

GUARD = 1e-5
"""Added to each probability in the contrasts between the two graphs."""


class ProMax(Alignment):
    """Two terms: ``shaping`` and ``retrieval``. Nothing is learned beside the backbone.

    ``shaping`` is the cross-entropy between the items that a user's text is near to and those that the user's
    node is near to, both as a softmax over all items (:class:`~models.soft_targets.SoftTargets`).
    ``retrieval`` contrasts the nodes E with E', the same embeddings propagated over a second graph.

    Paper: ProMax, of the release ProRec.
    Differs: the release has LightGCN alone, with the layers E^1 .. E^L summed as scored rows
    (``readout="propagated"``) and text that is whitened side by side (``whitening="separate"``); the preset
    of ``ProMax[LightGCN]`` sets both. Over another backbone, E' is what LightGCN makes of the backbone's E^0
    in as many layers. The second graph's new edges were chosen by a language model; if the text rows bring
    none, they are each user's nearest items by text. The release adds 1e-8 to the probabilities that shaping
    takes the logarithm of, which is left out.
    """

    def __init__(
        self,
        options: ProMaxHyper,
        graph: Graph,
        embedding_size: int,
        text: TextRows,
        backbone: Backbone,
    ) -> None:
        """``text.profile`` [N, T] and ``text.edges`` are read. ``backbone`` is ignored."""
        super().__init__()
        self.options = options
        if options.shaping_weight:
            rows = whitened(text.profile, graph.users, options.whitening, embedding_size)
            self.targets = SoftTargets(*rows, options.shaping_tau)
        if options.retrieval_weight:
            edges = text.edges
            if edges is None:
                edges = nearest_items(text.profile, graph, options.retrieved_items)
            self.second_graph = with_edges(graph, edges)

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``shaping`` and ``retrieval``, unweighted."""

        def shaping() -> Tensor:
            user, item = encoding.split()
            users = batch.user.unique()
            return self.targets.cross_entropy(users, take(user, users), item, self.options.products)

        return {"shaping": shaping, "retrieval": lambda: self._retrieval(encoding, batch)}

    def _retrieval(self, encoding: Encoding, batch: Batch) -> Tensor:
        """The sum of three contrasts: users, positives, and each user of the batch with its positive."""
        options, nodes, users = self.options, encoding.nodes, encoding.users
        count = max(1, len(encoding.layers) - 1)
        other, _ = self.second_graph.propagate_layers(encoding.layers[0], count, with_first=False)
        items = users + batch.positive
        item, counts = items.unique(return_counts=True)
        total = nodes.new_zeros(())
        for side in (batch.user.unique(), item):
            partners = take(other, side)
            total = total + info_nce(
                take(nodes, side), partners, partners, options.retrieval_tau,
                guard=GUARD, products=options.products,
            )  # fmt: skip
        for anchors, partners in ((nodes, other), (other, nodes)):
            total = total + 0.5 * info_nce(
                take(anchors, batch.user), take(partners, items), take(partners, item),
                options.retrieval_tau, counts=counts, products=options.products,
            )  # fmt: skip
        return total
