"""The registry: what backbones, alignments and classics there are, and how each is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from baselines import classics
from baselines.alpharec import AlphaRec, AlphaRecHyper
from baselines.bigcf import BIGCF, BIGCFHyper
from baselines.dccf import DCCF, DCCFHyper
from baselines.lightgcn import LightGCN, LightGCNHyper
from baselines.rlmrec import RLMRecCon, RLMRecConHyper, RLMRecGen, RLMRecGenHyper
from baselines.sgl import SGL, SGLHyper, SimGCL, SimGCLHyper
from models.irllrec import IRLLRec, IRLLRecHyper


@dataclass(frozen=True)
class Entry:
    """One registered part: how to make it, its hyper-parameters' class, and one line about it.

    ``tables`` is the number of [N, D] float32 tables that live at a training step's peak, measured;
    ``ranks_cold`` says whether it has anything to rank ``users`` or ``items`` by that have no train pair.
    """

    make: Callable[..., Any]
    options: type
    about: str
    needs_text: bool = False
    tables: int = 0
    ranks_cold: tuple[str, ...] = ()


def _untold(make: Callable[..., Any]) -> Callable[..., Any]:
    """A backbone that is made without text rows."""
    return lambda options, graph, size, text: make(options, graph, size)


def _of_text_alone(make: Callable[..., Any]) -> Callable[..., Any]:
    """An alignment that is made without the graph and the backbone."""
    return lambda options, graph, text, size, backbone: make(options, text, size)


BACKBONES = {
    "LightGCN": Entry(_untold(LightGCN), LightGCNHyper, "linear propagation (SIGIR 2020)", tables=10),
    "SGL": Entry(_untold(SGL), SGLHyper, "views with dropped edges, contrasted (SIGIR 2021)", tables=24),
    "SimGCL": Entry(
        _untold(SimGCL), SimGCLHyper, "views with added noise, contrasted (SIGIR 2022)", tables=36
    ),
    "DCCF": Entry(_untold(DCCF), DCCFHyper, "intent prototypes, contrasted views (SIGIR 2023)", tables=52),
    "BIGCF": Entry(_untold(BIGCF), BIGCFHyper, "intents with individual noise (SIGIR 2024)", tables=22),
    "AlphaRec": Entry(
        AlphaRec,
        AlphaRecHyper,
        "item text in place of ids (ICLR 2025)",
        needs_text=True,
        tables=20,
        ranks_cold=("items",),
    ),
}

ALIGNMENTS = {
    "RLMRec-Con": Entry(
        _of_text_alone(RLMRecCon),
        RLMRecConHyper,
        "profile text by contrast (WWW 2024)",
        tables=10,
    ),
    "RLMRec-Gen": Entry(
        _of_text_alone(RLMRecGen),
        RLMRecGenHyper,
        "profile text of hidden nodes rebuilt (WWW 2024)",
        tables=8,
    ),
    "IRLLRec": Entry(
        lambda options, graph, text, size, backbone: IRLLRec(
            options, graph, text, size, lends_intent=backbone.lends_intent
        ),
        IRLLRecHyper,
        "language-model intents: profile, pairwise, translation, momentum (SIGIR 2025)",
        tables=40,
    ),
}

CLASSICS = {
    "MostPop": Entry(classics.most_pop, classics.MostPopHyper, "train degree", ranks_cold=("users",)),
    "ItemKNN": Entry(classics.item_knn, classics.ItemKNNHyper, "item neighbours, cosine"),
    "EASE^R": Entry(classics.ease, classics.EASEHyper, "linear autoencoder (WWW 2019)"),
}

SUBJECT = "IRLLRec"
"""The alignment under study; every system without it is a baseline."""
