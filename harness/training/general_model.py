"""The training of a general recommender of RecBole, by RecBole's trainer and with our early stopping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import RunFailed
from harness.outside import RECBOLE
from harness.planning.tasks import Run
from harness.recbole_host.general import GeneralModel
from harness.systems.recbole_models import as_list
from harness.training.hosting import seed_everything
from harness.training.loop import Callbacks, Course
from harness.training.prepared_data import PreparedData

LOSS_IS_NAN = "Training loss is nan"
"""The message of the error that RecBole's trainers raise for a loss that is not a number."""


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
    course = Course(run, data.validation(run), model, callbacks)
    try:
        best_epoch = model.fit(course.hooks)
    except ValueError as error:
        if str(error) != LOSS_IS_NAN:
            raise
        raise RunFailed(f"the loss is not a number in epoch {len(course.means) + 1}") from None
    history = course.history(best_epoch)
    if run.system.is_fitted:  # its one epoch changes nothing, so there is no course to tell of
        history = {"valid": history["valid"]}
    return model, history
