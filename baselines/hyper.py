"""The hyper-parameters of the baselines: what they are, their ranges and who reads them; loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from models.hyper import LOWEST_TAU, hyper, products_of


@dataclass(frozen=True)
class LightGCNHyper:
    """Hyper-parameters of LightGCN, which propagates without weights or activations."""

    layers: int = hyper(3, "number L of propagation layers", 1, 4)
    readout: str = hyper("sum", "how the layers E^0 .. E^L become the scored rows", choices=("sum", "mean"))
    edge_keep: float = hyper(1.0, "probability of keeping an edge in training", 0.5, 1.0)


@dataclass(frozen=True)
class ViewHyper:
    """Hyper-parameters that SGL and SimGCL share: both contrast two disturbed views of the graph."""

    products: str = products_of("contrast")
    layers: int = hyper(3, "number L of propagation layers", 1, 4)
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
class DCCFHyper:
    """Hyper-parameters of DCCF, which learns intent prototypes and contrasts views made with them."""

    products: str = products_of("contrast")
    layers: int = hyper(2, "number L of propagation layers", 1, 4)
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
    layers: int = hyper(3, "number L of propagation layers", 1, 4)
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

    layers: int = hyper(2, "number L of propagation layers", 1, 4)
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
class MostPopHyper:
    """MostPop ranks items by their number of train pairs and has no hyper-parameter."""


@dataclass(frozen=True)
class ItemKNNHyper:
    """Hyper-parameters of ItemKNN, which ranks items by their similarity to the user's train items."""

    neighbours: int = hyper(100, "number of neighbours kept for an item", 5, 1000, log=True)
    shrink: float = hyper(10.0, "number added to the product of two items' norms", 0.0, 1000.0, minimum=0.0)
    user_weight: float = hyper(
        0.5, "a user with n train pairs counts n ** -user_weight", 0.0, 1.0, minimum=0.0
    )


@dataclass(frozen=True)
class EASEHyper:
    """The hyper-parameter of EASE^R, a linear autoencoder in closed form."""

    ridge: float = hyper(250.0, "ridge added to the diagonal of the Gram matrix", 1.0, 1e4, log=True)


@dataclass(frozen=True)
class ItemTextHyper:
    """The hyper-parameter that all linear autoencoders with text share."""

    text_scale: str = hyper(
        "unit", "whether the text rows of items are scaled to length one", choices=("unit", "raw")
    )


@dataclass(frozen=True)
class EASETextHyper(ItemTextHyper):
    """Hyper-parameters of EASE-Text, a linear autoencoder of the text rows alone."""

    text_ridge: float = hyper(1.0, "ridge added to the Gram matrix of the text rows", 0.01, 100.0, log=True)


@dataclass(frozen=True)
class EASECollectiveHyper(ItemTextHyper):
    """Hyper-parameters of EASE-Collective, which joins the Gram matrices of interactions and text."""

    ridge: float = hyper(100.0, "ridge added to the joint Gram matrix", 1.0, 1e4, log=True)
    text_weight: float = hyper(
        5.0, "number that the text rows are multiplied by", 0.1, 50.0, log=True, minimum=0.0
    )


@dataclass(frozen=True)
class EASEAdditiveHyper(EASETextHyper):
    """Hyper-parameters of EASE-Additive, which averages the weights of EASE^R and of EASE-Text."""

    ridge: float = hyper(100.0, "ridge added to the Gram matrix of the interactions", 1.0, 1e4, log=True)
    text_weight: float = hyper(0.5, "share of the text in the averaged weights", 0.0, 1.0, minimum=0.0)


@dataclass(frozen=True)
class L3AEHyper(EASETextHyper):
    """Hyper-parameters of L3AE, a linear autoencoder of interactions that is drawn towards EASE-Text.

    The two quadratic terms are a ridge of ridge + distillation around the share
    distillation / (ridge + distillation) of the text's weights. The releases use negative ridges, which
    draw towards more than the text's weights. The bounds are therefore those of the sum.
    """

    ridge: float = hyper(
        50.0, "ridge of the weights; may be negative", 10.0, 1000.0, log=True, plus="distillation"
    )
    distillation: float = hyper(
        100.0, "weight of the distance to the text's weights", 10.0, 1000.0, log=True, minimum=0.0
    )
