"""RecBole's configuration and dataset. Each is compared with what was asked of RecBole."""

from __future__ import annotations

import logging
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
    """Hide the command line, which Config would parse, and the warnings of RecBole and about its own code."""
    argv, sys.argv = sys.argv, sys.argv[:1]
    root = logging.getLogger()  # RecBole logs here; our modules have loggers of their own
    root.addFilter(_is_error)
    try:
        with warnings.catch_warnings():
            # RecBole calls deprecated functions of torch.cuda.amp, numpy and pandas.
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeFilter(_is_error)
        sys.argv = argv


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def make_config(model: type, dataset: str, options: Mapping[str, Any]) -> Any:
    """Make a RecBole Config with exactly these options.

    Args:
        model: RecBole model class.
        dataset: Name of the dataset's folder in the option ``data_path``.
        options: Options that differ from RecBole's defaults.

    Raises:
        ValueError: RecBole changed the value of an option. It evaluates strings as Python, for example.
    """
    from recbole.config import Config

    repair()
    # RecBole sets CUDA_VISIBLE_DEVICES to gpu_id, so it must be given the value that is set already.
    device = {"gpu_id": os.environ.get("CUDA_VISIBLE_DEVICES", "0")}
    with quiet():
        config = Config(model=model, dataset=dataset, config_dict={**device, **options})
    for name, asked in options.items():
        wanted = str(Path(asked) / dataset) if name == "data_path" else asked
        if config[name] is not wanted and config[name] != wanted:
            raise ValueError(f"RecBole made {name} {config[name]!r}; expected {wanted!r}")
    return config


def load_dataset(config: Any, pairs: int) -> Any:
    """Load the RecBole Dataset that ``config`` names, unsplit, with its interactions as tensors.

    Raises:
        ValueError: The number of interactions is not ``pairs``.
    """
    from recbole.data import create_dataset

    with quiet():
        dataset = create_dataset(config)
        dataset._change_feat_format()
    if len(dataset.inter_feat) != pairs:
        raise ValueError(f"RecBole read {len(dataset.inter_feat)} pairs; expected {pairs}")
    return dataset


def ids_of(model: Any) -> tuple[np.ndarray, np.ndarray]:
    """RecBole's ids of the users [U] and the items [I] of :func:`write_atomic_files`, in their order.

    RecBole numbers tokens by first appearance, and its id 0 is padding.
    """
    users, items = (np.argsort(tokens.astype(int)) + 1 for tokens in (model.user_tokens, model.item_tokens))
    return users, items


ATOMIC_NAME = "train-pairs"
"""Name of all our datasets in RecBole. It is not ``ml-100k``, whose data RecBole replaces by its own copy."""


def write_atomic_files(folder: Path, pairs: np.ndarray, users: int, items: int) -> None:
    """Write the train pairs, and all users and items, as RecBole's atomic files.

    A user or item is called by its number. Not every id would survive such a file: ``NA`` is read as a
    missing value, and a quote swallows the lines that follow. Validation and test pairs are not written, so
    that no model can read them.

    Args:
        folder: Where the folder ATOMIC_NAME is made.
        pairs: Train pairs [E, 2], as numbers of users and items.
        users: Number of users U.
        items: Number of items I.
    """
    folder = folder / ATOMIC_NAME
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        "inter": pd.DataFrame(pairs, columns=["user_id:token", "item_id:token"]),
        "user": pd.DataFrame({"user_id:token": np.arange(users)}),
        "item": pd.DataFrame({"item_id:token": np.arange(items)}),
    }
    for suffix, frame in frames.items():
        frame.to_csv(folder / f"{ATOMIC_NAME}.{suffix}", sep="\t", index=False)
