"""The hyper-parameters of the trained baselines: their ranges and who reads them; loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from models.hyper import LOWEST_TAU, MOST_LAYERS, hyper, products_of


@dataclass(frozen=True)
class LightGCNHyper:
    """Hyper-parameters of LightGCN, which propagates without weights or activations."""

    layers: int = hyper(3, "number L of propagation layers", 1, 4, maximum=MOST_LAYERS)
    readout: str = hyper(
        "sum",
        "what is scored: the sum of E^0 .. E^L, their mean, or the sum of the propagated layers E^1 .. E^L",
        choices=("sum", "mean", "propagated"),
    )
    edge_keep: float = hyper(1.0, "probability of keeping an edge in training", 0.5, 1.0)


@dataclass(frozen=True)
class ViewHyper:
    """Hyper-parameters that SGL and SimGCL share: both contrast two disturbed views of the graph."""

    products: str = products_of("contrast")
    layers: int = hyper(3, "number L of propagation layers", 1, 4, maximum=MOST_LAYERS)
    contrast_weight: float = hyper(
        0.1, "weight of the contrast between views", 1e-4, 1.0, log=True, weighs="contrast"
    )
    contrast_tau: float = hyper(
        0.2, "temperature of the contrast", 0.05, 1.0, minimum=LOWEST_TAU, read_by=("contrast",)
    )


@dataclass(frozen=True)
class SGLHyper(ViewHyper):
    """Hyper-parameters of SGL, whose views drop edges."""

    edge_keep: float = hyper(0.8, "probability of keeping an edge in a view", 0.5, 1.0, read_by=("contrast",))


@dataclass(frozen=True)
class SimGCLHyper(ViewHyper):
    """Hyper-parameters of SimGCL, whose views add noise."""

    noise_size: float = hyper(
        0.9, "length of the noise that each layer of a view adds", 0.01, 2.0, read_by=("contrast",)
    )


@dataclass(frozen=True)
class MFHyper:
    """MF has no hyper-parameter of its own."""


@dataclass(frozen=True)
class XSimGCLHyper:
    """Hyper-parameters of XSimGCL, which adds noise to every layer and contrasts one with their mean."""

    products: str = products_of("contrast")
    layers: int = hyper(3, "number L of propagation layers", 1, 4, maximum=MOST_LAYERS)
    noise_size: float = hyper(0.2, "length of the noise that each layer adds in training", 0.01, 0.5)
    contrast_weight: float = hyper(
        0.2, "weight of the contrast between layers", 0.01, 1.0, log=True, weighs="contrast"
    )
    contrast_tau: float = hyper(
        0.15, "temperature of the contrast", 0.05, 0.3, minimum=LOWEST_TAU, read_by=("contrast",)
    )
    contrast_layer: int = hyper(
        1,
        "layer that is contrasted with the mean of all: 1 is the first, and L also stands for larger numbers",
        1,
        4,
        read_by=("contrast",),
    )


@dataclass(frozen=True)
class LightCCFHyper:
    """Hyper-parameters of LightCCF, which contrasts each train pair with those of its batch."""

    products: str = products_of("neighbour")
    encoder: str = hyper(
        "LightGCN",
        "what makes the scored rows: the mean of LightGCN's layers, or nothing",
        choices=("LightGCN", "MF"),
    )
    layers: int = hyper(
        3,
        "number L of propagation layers of LightGCN",
        1,
        4,
        maximum=MOST_LAYERS,
        matters_when={"encoder": "LightGCN"},
    )
    neighbour_weight: float = hyper(
        5.0, "weight of the neighbour term", 0.1, 10.0, log=True, weighs="neighbour"
    )
    neighbour_tau: float = hyper(
        0.22,
        "temperature of the neighbour term",
        0.15,
        0.4,
        minimum=2 * LOWEST_TAU,  # its exponents are sums of two cosines
        read_by=("neighbour",),
    )


@dataclass(frozen=True)
class DCCFHyper:
    """Hyper-parameters of DCCF, which learns intent prototypes and contrasts views made with them."""

    products: str = products_of("contrast")
    layers: int = hyper(2, "number L of propagation layers", 1, 4, maximum=MOST_LAYERS)
    n_intents: int = hyper(
        128, "number K of prototypes of users, and of items", 8, 512, log=True, tuned=False
    )
    contrast_weight: float = hyper(
        1e-3, "weight of the contrast between views", 1e-4, 1.0, log=True, weighs="contrast"
    )
    contrast_tau: float = hyper(
        0.1, "temperature of the contrast", 0.05, 1.0, minimum=LOWEST_TAU, read_by=("contrast",)
    )
    contrast_mean: str = hyper(
        "users",
        "what the sum over the batch's items is divided by: its number of users, or of items",
        choices=("users", "own"),
        read_by=("contrast",),
    )


@dataclass(frozen=True)
class BIGCFHyper:
    """Hyper-parameters of BIGCF, which adds a random intent to each node and contrasts nodes and intents."""

    products: str = products_of("contrast")
    layers: int = hyper(3, "number L of propagation layers", 1, 4, maximum=MOST_LAYERS)
    n_intents: int = hyper(
        128, "number K of prototypes of users, and of items", 8, 512, log=True, tuned=False
    )
    contrast_weight: float = hyper(0.05, "weight of the contrasts", 1e-4, 1.0, log=True, weighs="contrast")
    contrast_tau: float = hyper(
        0.2, "temperature of the contrasts", 0.05, 1.0, minimum=LOWEST_TAU, read_by=("contrast",)
    )
    scored_noise: str = hyper(
        "mean", "noise in the scored rows: its mean, which is zero, or a draw", choices=("mean", "draw")
    )


@dataclass(frozen=True)
class AlphaRecHyper:
    """Hyper-parameters of AlphaRec, which propagates item text and learns no node embeddings."""

    layers: int = hyper(2, "number L of propagation layers", 1, 4, maximum=MOST_LAYERS)
    softmax_tau: float = hyper(0.15, "temperature of the softmax loss", 0.05, 1.0, minimum=LOWEST_TAU)
    negatives: int = hyper(
        256, "number of negatives drawn for each pair of a batch", 1, 1024, log=True, tuned=False
    )
    negatives_from: str = hyper(
        "train",
        "items that negatives are drawn from: those with a train pair, or all",
        choices=("train", "all"),
    )


@dataclass(frozen=True)
class RLMRecConHyper:
    """Hyper-parameters of RLMRec-Con, which contrasts node embeddings with profile text."""

    products: str = products_of("profile")
    profile_weight: float = hyper(1e-2, "weight of the profile term", 1e-4, 1.0, log=True, weighs="profile")
    profile_tau: float = hyper(
        0.2, "temperature of the profile term", 0.05, 1.0, minimum=LOWEST_TAU, read_by=("profile",)
    )


@dataclass(frozen=True)
class RLMRecGenHyper:
    """Hyper-parameters of RLMRec-Gen, which hides nodes and reconstructs their profile text."""

    products: str = products_of("reconstruct")
    mask_ratio: float = hyper(
        0.15, "share of all nodes that a step hides", 0.01, 0.5, read_by=("reconstruct",)
    )
    reconstruct_weight: float = hyper(
        0.1, "weight of the reconstruction", 1e-4, 1.0, log=True, weighs="reconstruct"
    )
    reconstruct_tau: float = hyper(
        0.5, "temperature of the reconstruction", 0.05, 1.0, minimum=LOWEST_TAU, read_by=("reconstruct",)
    )
    reconstruct_nodes: str | int = hyper(
        "all",
        "hidden nodes whose text a step reconstructs: all, or this many",
        low=1,
        choices=("all",),
        read_by=("reconstruct",),
    )


@dataclass(frozen=True)
class ProMaxHyper:
    """Hyper-parameters of ProMax: soft targets over items, and a second graph, both made from text."""

    products: str = products_of("shaping", "retrieval")
    shaping_weight: float = hyper(
        0.1, "weight of the cross-entropy with the text's items", 0.1, 3.0, log=True, weighs="shaping"
    )
    shaping_tau: float = hyper(
        0.2,
        "temperature of the softmax over items, for text and for nodes",
        0.1,
        0.5,
        minimum=LOWEST_TAU,
        read_by=("shaping",),
    )
    whitening: str = hyper(
        "joint",
        "how text rows are whitened: users and items each by themselves, together, or not at all",
        choices=("separate", "joint", "none"),
        read_by=("shaping",),
    )
    retrieval_weight: float = hyper(
        0.01, "weight of the contrasts with the second graph", 0.01, 0.5, log=True, weighs="retrieval"
    )
    retrieval_tau: float = hyper(
        0.2, "temperature of these contrasts", 0.1, 0.5, minimum=LOWEST_TAU, read_by=("retrieval",)
    )
    retrieved_items: int = hyper(
        2,
        "items that the second graph adds for each user, where the text rows bring no edges",
        1,
        10,
        tuned=False,
        read_by=("retrieval",),
    )
