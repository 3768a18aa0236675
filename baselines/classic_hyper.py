"""The hyper-parameters of the classics, which are fitted in closed form; loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from models.hyper import hyper


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
class UserKNNHyper:
    """Hyper-parameters of UserKNN, which ranks items by the similarity of the users who have them."""

    neighbours: int = hyper(100, "number of neighbours kept for a user", 15, 1000, log=True)
    shrink: float = hyper(0.0, "number added to the product of two users' norms", 0.0, 100.0, minimum=0.0)
    item_weight: float = hyper(
        0.5, "an item with n train pairs counts n ** -item_weight", 0.0, 1.0, minimum=0.0
    )


@dataclass(frozen=True)
class P3alphaHyper:
    """Hyper-parameters of P3alpha, which ranks items by walks of three steps over the train graph."""

    neighbours: int = hyper(200, "number of entries kept in a row of the walk matrix", 15, 1000, log=True)
    alpha: float = hyper(0.6, "power of the probability of each step", 0.2, 1.5, minimum=0.0)
    normalise: str = hyper(
        "none", "norm that each row of the walk matrix is divided by after it is cut", choices=("none", "l1")
    )
    cut: str = hyper(
        "rows",
        "what keeps its largest entries alone: each row, or each row and then each column",
        choices=("rows", "rows-columns"),
    )


@dataclass(frozen=True)
class RP3betaHyper(P3alphaHyper):
    """Hyper-parameters of RP3beta, which also divides by a power of the popularity of the item."""

    beta: float = hyper(0.3, "an item with n train pairs is divided by n ** beta", 0.0, 0.6, minimum=0.0)


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
