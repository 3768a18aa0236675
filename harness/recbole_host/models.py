"""Our systems as RecBole model classes, made from their lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from harness.data import movielens
from harness.systems.assembly import assemble, pick
from harness.systems.line import parse
from harness.systems.registry import CLASSICS
from harness.systems.settings import settings
from harness.text.encoders import TfidfSpec
from harness.text.encoding import encode_texts
from models.recommender import HostedClassic, HostedRecommender

RECBOLE_NAMES = {
    "IRLLRec": "IRLLRec[LightGCN]",
    "RLMRec": "RLMRec-Con[LightGCN]",
    "RLMRecGen": "RLMRec-Gen[LightGCN]",
    "DCCF": "DCCF",
    "BIGCF": "BIGCF",
    "SimGCL": "SimGCL",
    "SGL": "SGL",
    "AlphaRec": "AlphaRec",
    "LightGCN": "LightGCN",
    "MostPop": "MostPop",
    "ItemKNN": "ItemKNN",
    "EASE": "EASE^R",
}
"""Class names offered to RecBole, and the system each of them is."""


def hosted(line: str, name: str | None = None) -> type:
    """The RecBole model class of a system line, called ``name`` or after the system.

    Hyper-parameters come from what the user put into the Config, not from RecBole's defaults of
    the same name; text rows from the option ``text_rows``, or ML-100k's own.
    """
    spec = parse(line)

    def values(config: Any) -> dict[str, Any]:
        asked = config.external_config_dict
        return settings(spec, {key: value for key, value in asked.items() if key in spec.options()})

    def fit(self: Any, config: Any, train: sp.csr_matrix) -> Any:
        entry = CLASSICS[spec.backbone]
        return entry.make(pick(entry.options, values(config)), train)

    def build(self: Any, config: Any, dataset: Any, graph: Any) -> Any:
        text = _text_of(self, config, dataset) if spec.needs_text else None
        return assemble(spec, values(config), graph, text)

    parent = HostedClassic if spec.is_classic else HostedRecommender
    body = {"fit": fit} if spec.is_classic else {"assemble": build}
    facts = {"__module__": "harness.recbole_host", "__doc__": f"{spec.name}."}
    plain = (spec.alignment or spec.backbone).replace("-", "").replace("^", "")
    return type(name or plain, (parent,), {**body, **facts})


def _text_of(model: Any, config: Any, dataset: Any) -> Any:
    """Text rows in the order of the dataset's ids."""
    table, users, items = config["text_rows"], model.user_tokens, model.item_tokens
    if table is None:
        if config["dataset"] != "ml-100k":
            raise ValueError(f"{config['model']} needs the option text_rows: a TextTable")
        pairs = np.stack([side.numpy() for side in model.train_pairs(dataset)], axis=1)
        table = encode_texts(TfidfSpec(), movielens.texts(users, items, pairs), users, items)
    return table.rows(users, items)
