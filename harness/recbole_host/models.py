"""Our systems as RecBole model classes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import scipy.sparse as sp

from harness.data import movielens
from harness.systems.assembly import assemble, pick
from harness.systems.registry import CLASSICS
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec
from harness.text.encoders import TfidfSpec
from harness.text.encoding import encode_texts
from models.recommender import HostedClassic, HostedRecommender

RECBOLE_NAMES = {
    "IRLLRec": "IRLLRec[LightGCN]",
    "RLMRec": "RLMRec-Con[LightGCN]",
    "ProMax": "ProMax[LightGCN]",
    "RLMRecGen": "RLMRec-Gen[LightGCN]",
    "DCCF": "DCCF",
    "BIGCF": "BIGCF",
    "SimGCL": "SimGCL",
    "XSimGCL": "XSimGCL",
    "LightCCF": "LightCCF",
    "MF": "MF",
    "SGL": "SGL",
    "AlphaRec": "AlphaRec",
    "LightGCN": "LightGCN",
    "MostPop": "MostPop",
    "ItemKNN": "ItemKNN",
    "UserKNN": "UserKNN",
    "P3alpha": "P3alpha",
    "RP3beta": "RP3beta",
    "EASE": "EASE^R",
    "EASEText": "EASE-Text",
    "EASECollective": "EASE-Collective",
    "EASEAdditive": "EASE-Additive",
    "L3AE": "L3AE",
}
"""Names of the model classes that RecBole is given, and the system line of each."""


def hosted(spec: SystemSpec, name: str | None = None) -> type:
    """Make the RecBole model class of a system.

    The class takes its hyper-parameters from the options that the user put into the Config; RecBole's
    defaults of the same names are ignored. It takes its text rows from the option ``text_rows``. Without
    that option they are made from ML-100k's texts, if the dataset is ML-100k.

    Args:
        spec: The system; ``parse("IRLLRec[LightGCN]")`` gives one.
        name: Name of the class; by default the name of the alignment, or else of the backbone.
    """

    def values(config: Any) -> dict[str, Any]:
        chosen = config.external_config_dict
        return settings(spec, {key: value for key, value in chosen.items() if key in spec.options()})

    def fit(self: Any, config: Any, dataset: Any, train: sp.csr_matrix) -> Any:
        entry = CLASSICS[spec.backbone]
        options = pick(entry.options, values(config))
        if not spec.needs_text:
            return entry.make(options, train)
        text = _text_of(self, config, dataset)
        return entry.make(options, train, text.profile[train.shape[0] :].numpy())

    def build(self: Any, config: Any, dataset: Any, graph: Any) -> Any:
        text = _text_of(self, config, dataset) if spec.needs_text else None
        return assemble(spec, values(config), graph, text)

    parent = HostedClassic if spec.is_classic else HostedRecommender
    body = {"fit": fit} if spec.is_classic else {"assemble": build}
    attributes = {"__module__": "harness.recbole_host", "__doc__": f"{spec.name}."}
    default_name = re.sub(r"\W", "", spec.alignment or spec.backbone)
    return type(name or default_name, (parent,), {**body, **attributes})


def _text_of(model: Any, config: Any, dataset: Any) -> Any:
    """Return the text rows in the order of RecBole's ids.

    Raises:
        ValueError: The option ``text_rows`` is missing and the dataset is not ML-100k.
    """
    table, users, items = config["text_rows"], model.user_tokens, model.item_tokens
    if table is None:
        if config["dataset"] != "ml-100k":
            raise ValueError(
                f"{config['model']} reads text: set the option text_rows to a harness.text.rows.TextTable "
                f"with the rows of the users and items of {config['dataset']}"
            )
        pairs = np.stack([side.numpy() for side in model.train_pairs(dataset)], axis=1)
        table = encode_texts(TfidfSpec(), movielens.texts(users, items, pairs), users, items)
    return table.rows(users, items)
