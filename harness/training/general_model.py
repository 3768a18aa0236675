"""The training of a general recommender of RecBole, by RecBole's trainer and with our early stopping."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from harness.errors import RunFailed
from harness.outside import RECBOLE
from harness.planning.tasks import Run
from harness.recbole_host.general import GeneralModel
from harness.systems.recbole_models import LEARNING_RATE, as_list
from harness.training.loop import Callbacks, Course
from harness.training.prepared_data import PreparedData


def train_general_model(
    run: Run, data: PreparedData, options: Mapping[str, Any], callbacks: Callbacks
) -> tuple[GeneralModel, dict[str, Any]]:
    """Train one of RecBole's models to the end.

    Nothing is saved between epochs, because RecBole's models hold state that no checkpoint of RecBole has.
    A run that was interrupted begins anew, with the same seeds and so with the same result.

    Args:
        run: A run of a system of RecBole.
        data: Its dataset.
        options: RecBole's configuration beside the hyper-parameters.
        callbacks: What is called while the training lasts. Its checkpoint is not used.

    Returns:
        The model, and the fields of the run's record that tell of its training.

    Raises:
        RunFailed: The loss is not a number.
        Interrupted: ``callbacks.should_stop`` returned true.
    """
    hyper = {
        item.name: as_list(run.settings[item.name])
        if item.metadata["kind"] == "list"
        else run.settings[item.name]
        for item in run.system.declarations()
    }
    name, pairs = run.system.backbone.removeprefix(RECBOLE), len(data.dataset.train)
    seed_everything(run.seed("init"))
    model = GeneralModel(
        name, {**hyper, **options, "seed": run.seed("batches")}, pairs, run.training.batch_size
    )
    seed_everything(run.seed("noise"))
    course = Course(run, data.matrices, model, callbacks)
    try:
        best_epoch = model.fit(course.hooks)
    except ValueError as error:
        if "nan" not in str(error):  # RecBole raises this error for a loss that is not a number
            raise
        raise RunFailed(f"the loss is not a number in epoch {len(course.means) + 1}") from None
    history = course.history(best_epoch)
    return model, history if LEARNING_RATE in hyper else history | {"stopped": "epochs", "losses": {}}


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
