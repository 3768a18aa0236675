"""What every run gives RecBole, whether the model is ours or its own: configuration and seeds."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from harness.planning.tasks import Run
from harness.training.prepared_data import PreparedData


def host_options(run: Run, data: PreparedData) -> dict[str, Any]:
    """RecBole's configuration of the data and of the training, beside the hyper-parameters."""
    return {
        "data_path": str(data.atomic),
        "load_col": {"inter": ["user_id", "item_id"], "user": ["user_id"], "item": ["item_id"]},
        "epochs": run.training.epochs,
        "eval_step": run.training.eval_every,
        "stopping_step": run.training.patience - 1,  # RecBole stops one check later
        "checkpoint_dir": str(data.folder / "unused"),
    }


def seed_everything(seed: int) -> None:
    """Seed the global generators of torch, of numpy and of Python, from which RecBole draws."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
