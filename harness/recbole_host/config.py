"""RecBole's configuration and data: what we ask of it, checked against what it understood."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.recbole_host.repairs import repair


@contextmanager
def quiet() -> Iterator[None]:
    """Hide argv, which Config parses, and warnings that RecBole raises about itself."""
    argv, sys.argv = sys.argv, sys.argv[:1]
    try:
        with warnings.catch_warnings():
            # RecBole's own deprecated calls (torch.cuda.amp, numpy and pandas idioms).
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.argv = argv


def make_config(model: type, dataset: str, options: Mapping[str, Any]) -> Any:
    """A RecBole Config that says what was asked.

    Raises:
        ValueError: RecBole turned an option into something else (it evals strings, for one).
    """
    from recbole.config import Config

    repair()
    device = {"gpu_id": os.environ.get("CUDA_VISIBLE_DEVICES", "0")}  # which RecBole overwrites
    with quiet():
        config = Config(model=model, dataset=dataset, config_dict={**device, **options})
    for name, asked in options.items():
        wanted = str(Path(asked) / dataset) if name == "data_path" else asked
        if config[name] is not wanted and config[name] != wanted:
            raise ValueError(f"RecBole made {name} {config[name]!r}; expected {wanted!r}")
    return config


def load_dataset(config: Any, pairs: int) -> Any:
    """RecBole's Dataset of ``config``, its interactions as tensors, unsplit.

    Raises:
        ValueError: It holds another number of interactions than ``pairs``.
    """
    from recbole.data import create_dataset

    with quiet():
        dataset = create_dataset(config)
        dataset._change_feat_format()
    if len(dataset.inter_feat) != pairs:
        raise ValueError(f"RecBole read {len(dataset.inter_feat)} pairs; expected {pairs}")
    return dataset


def ids_of(model: Any, users: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """RecBole's ids of user and item tokens, [U] and [I]."""
    sides = ((model.user_tokens, users), (model.item_tokens, items))
    first, second = (pd.Index(known).get_indexer(pd.Index(wanted)) + 1 for known, wanted in sides)
    return first, second


ATOMIC_NAME = "train-pairs"
"""RecBole's name for every dataset of ours: it replaces the data of one called ml-100k by its own."""


def write_atomic_files(folder: Path, pairs: pd.DataFrame, users: np.ndarray, items: np.ndarray) -> None:
    """RecBole's atomic files of the train pairs and of every user and item token.

    Validation and test pairs are not written: a model cannot read what its dataset lacks.
    """
    name, folder = ATOMIC_NAME, folder / ATOMIC_NAME
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        "inter": pairs.set_axis(["user_id:token", "item_id:token"], axis=1),
        "user": pd.DataFrame({"user_id:token": users}),
        "item": pd.DataFrame({"item_id:token": items}),
    }
    for suffix, frame in frames.items():
        frame.to_csv(folder / f"{name}.{suffix}", sep="\t", index=False)
