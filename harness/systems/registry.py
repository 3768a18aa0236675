"""The backbones, alignments and classics that system lines may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from baselines.classic_hyper import (
    EASEAdditiveHyper,
    EASECollectiveHyper,
    EASEHyper,
    EASETextHyper,
    ItemKNNHyper,
    L3AEHyper,
    MostPopHyper,
    P3alphaHyper,
    RP3betaHyper,
    UserKNNHyper,
)
from baselines.hyper import (
    AlphaRecHyper,
    BIGCFHyper,
    DCCFHyper,
    LightCCFHyper,
    LightGCNHyper,
    MFHyper,
    ProMaxHyper,
    RLMRecConHyper,
    RLMRecGenHyper,
    SGLHyper,
    SimGCLHyper,
    XSimGCLHyper,
)
from harness.outside import load as load_outside
from harness.outside import path_of
from harness.systems.outside import HYPER, NoHyperParameters, kind_of
from models.hyper import IRLLRecHyper


@cache
def load(path: str) -> Callable[..., Any]:
    """The class or function at an import path such as ``baselines.dccf:DCCF``; imports its module."""
    module, _, name = path.partition(":")
    loaded: Callable[..., Any] = getattr(import_module(module), name)
    return loaded


@dataclass(frozen=True)
class Entry:
    """A part that system lines may name.

    Attributes:
        path: Import path of its class, or of a classic's function. It is imported when the part is
            made, so that lines and hyper-parameters can be read without torch.
        options: The dataclass that declares its hyper-parameters.
        about: One line about it.
        needs_text: Whether a backbone or classic reads text rows; every alignment does.
        tables: Number of [N, D] float32 tables in memory at the peak of a training step, as measured. None
            if its author does not say it; then it is measured before a run.
        squares: Number of [I, I] float64 matrices in memory at the peak of a classic's fit, as measured.
        ranks_cold: ``users`` or ``items`` if it can rank those of them that have no train pair.
        neighbours_of: ``users`` or ``items`` if a classic keeps ``neighbours`` numbers for each of them.
    """

    path: str
    options: type
    about: str
    needs_text: bool = False
    tables: int | None = 0
    squares: int = 0
    ranks_cold: tuple[str, ...] = ()
    neighbours_of: str = ""

    def make(self, *arguments: Any) -> Any:
        """Make the part from the arguments that :class:`models.core.Backbone` or ``Alignment`` names.

        A classic is made from its hyper-parameters, the train matrix [U, I] and, if it needs text, the
        profile rows of the items [I, T]. It returns its scores and the number of its learned values.
        """
        return load(self.path)(*arguments)


class Parts(dict[str, Entry]):
    """Our own parts of one kind by name. Parts from outside are found too, but not listed.

    Raises:
        InputError: A part from outside cannot be loaded.
    """

    def __init__(self, kind: str, entries: dict[str, Entry]) -> None:
        """``kind`` is ``backbone``, ``alignment`` or ``classic``."""
        super().__init__(entries)
        self.kind = kind
        self._outside: dict[str, Entry] = {}

    def __contains__(self, name: object) -> bool:
        """Whether there is such a part, here or outside."""
        if super().__contains__(name):
            return True
        path = path_of(self.kind, name) if isinstance(name, str) else None
        return path is not None and kind_of(path) == self.kind

    def __missing__(self, name: str) -> Entry:
        """The entry of a part from outside."""
        if name not in self:
            raise KeyError(name)
        if name not in self._outside:
            path = path_of(self.kind, name)
            assert path is not None, "it is contained"
            self._outside[name] = _entry_from_outside(path)
        return self._outside[name]


def _entry_from_outside(path: str) -> Entry:
    """The entry of a class or function, which says the same of itself by its attributes."""
    part = load_outside(path)
    said = {
        name: getattr(part, name) for name in ("needs_text", "ranks_cold", "squares") if hasattr(part, name)
    }
    return Entry(
        path,
        getattr(part, HYPER, NoHyperParameters),
        (part.__doc__ or "a part from outside").strip().partition("\n")[0],
        tables=getattr(part, "tables", None),
        **said,
    )


BACKBONES = Parts(
    "backbone",
    {
        "MF": Entry(
            "baselines.mf:MF",
            MFHyper,
            "matrix factorisation (UAI 2009)",
            tables=8,
        ),
        "LightGCN": Entry(
            "baselines.lightgcn:LightGCN",
            LightGCNHyper,
            "linear propagation (SIGIR 2020)",
            tables=10,
        ),
        "SGL": Entry(
            "baselines.sgl:SGL",
            SGLHyper,
            "contrast of views with dropped edges (SIGIR 2021)",
            tables=24,
        ),
        "SimGCL": Entry(
            "baselines.sgl:SimGCL",
            SimGCLHyper,
            "contrast of views with added noise (SIGIR 2022)",
            tables=36,
        ),
        "XSimGCL": Entry(
            "baselines.xsimgcl:XSimGCL",
            XSimGCLHyper,
            "contrast of a noisy layer with the mean of all (TKDE 2024)",
            tables=20,
        ),
        "LightCCF": Entry(
            "baselines.lightccf:LightCCF",
            LightCCFHyper,
            "contrast of train pairs with those of their batch, over LightGCN or MF (SIGIR 2025)",
            tables=12,
        ),
        "DCCF": Entry(
            "baselines.dccf:DCCF",
            DCCFHyper,
            "intent prototypes and contrast of views (SIGIR 2023)",
            tables=52,
        ),
        "BIGCF": Entry(
            "baselines.bigcf:BIGCF",
            BIGCFHyper,
            "intents with random deviations of each node (SIGIR 2024)",
            tables=22,
        ),
        "AlphaRec": Entry(
            "baselines.alpharec:AlphaRec",
            AlphaRecHyper,
            "item text in place of ids (ICLR 2025)",
            needs_text=True,
            tables=20,
            ranks_cold=("items",),
        ),
    },
)

ALIGNMENTS = Parts(
    "alignment",
    {
        "RLMRec-Con": Entry(
            "baselines.rlmrec:RLMRecCon",
            RLMRecConHyper,
            "contrast with profile text (WWW 2024)",
            tables=10,
        ),
        "RLMRec-Gen": Entry(
            "baselines.rlmrec:RLMRecGen",
            RLMRecGenHyper,
            "reconstruction of the profile text of hidden nodes (WWW 2024)",
            tables=8,
        ),
        "ProMax": Entry(
            "baselines.promax:ProMax",
            ProMaxHyper,
            "text as soft targets over items, and a second graph with edges by text (release ProRec)",
            tables=10,
        ),
        "IRLLRec": Entry(
            "models.irllrec:IRLLRec",
            IRLLRecHyper,
            "intents from a language model: profile, intent, translation and momentum terms (SIGIR 2025)",
            tables=40,
        ),
    },
)

CLASSICS = Parts(
    "classic",
    {
        "MostPop": Entry(
            "baselines.classics:most_pop",
            MostPopHyper,
            "popularity: the number of train pairs of an item",
            ranks_cold=("users",),
        ),
        "ItemKNN": Entry(
            "baselines.neighbours:item_knn",
            ItemKNNHyper,
            "item neighbours by cosine",
            neighbours_of="items",
        ),
        "UserKNN": Entry(
            "baselines.neighbours:user_knn",
            UserKNNHyper,
            "user neighbours by cosine",
            neighbours_of="users",
        ),
        "P3alpha": Entry(
            "baselines.walks:p3alpha",
            P3alphaHyper,
            "walks of three steps from a user to items (WWW 2014)",
            neighbours_of="items",
        ),
        "RP3beta": Entry(
            "baselines.walks:rp3beta",
            RP3betaHyper,
            "walks of three steps that popular items attract less (TiiS 2017)",
            neighbours_of="items",
        ),
        "EASE^R": Entry(
            "baselines.classics:ease", EASEHyper, "linear autoencoder in closed form (WWW 2019)", squares=3
        ),
        "EASE-Text": Entry(
            "baselines.text_autoencoders:ease_text",
            EASETextHyper,
            "linear autoencoder of the items' text alone (CIKM 2025)",
            needs_text=True,
        ),
        "EASE-Collective": Entry(
            "baselines.text_autoencoders:ease_collective",
            EASECollectiveHyper,
            "linear autoencoder of interactions and text together (CIKM 2025)",
            needs_text=True,
            squares=2,
        ),
        "EASE-Additive": Entry(
            "baselines.text_autoencoders:ease_additive",
            EASEAdditiveHyper,
            "mean of the weights of EASE^R and EASE-Text (CIKM 2025)",
            needs_text=True,
            squares=2,
        ),
        "L3AE": Entry(
            "baselines.text_autoencoders:l3ae",
            L3AEHyper,
            "linear autoencoder of interactions, drawn towards EASE-Text (CIKM 2025)",
            needs_text=True,
            squares=2,
        ),
    },
)

SUBJECT = "IRLLRec"
"""The alignment that the benchmark studies. Every system without it is a baseline."""
