"""One run: a system is trained on one dataset with one seed, and tested."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch

from harness.errors import RunFailed
from harness.evaluation.lists import Lists, best_lists
from harness.evaluation.ranking import Evaluation, Scorer, evaluate
from harness.planning.tasks import Run
from harness.recbole_host import config as recbole
from harness.recbole_host.models import hosted
from harness.store.columns import USER
from harness.training.elsewhere import scorer_from_elsewhere
from harness.training.general_model import train_general_model
from harness.training.hosting import host_options, seed_everything
from harness.training.loop import Callbacks, TrainingLoop, validation_score
from harness.training.matched_capacity import matched
from harness.training.memory import PROCESS_BYTES, PeakMemory, card_shortage, needed_bytes, shortage
from harness.training.prepared_data import PreparedData
from harness.training.prototypes import prototype_arrays
from harness.training.stopwatch import Stopwatch
from harness.training.warm_start import Weights, take_over, weights_of
from models.core import learned_parameters


@dataclass
class Outcome:
    """The result of one run.

    Attributes:
        users: The scores of every user: column ``USER`` (the token) and one for each metric.
        record: The fields of the run's record that are measured.
        prototypes: The intent prototypes, as :func:`prototype_arrays` makes them. None for a system without.
        weights: What the run of the next window of time starts from. None for a system that starts cold.
        lists: Every user's best items, if the plan asks for them.
    """

    users: pd.DataFrame
    record: dict[str, Any] = field(default_factory=dict)
    prototypes: dict[str, np.ndarray] | None = None
    weights: Weights | None = None
    lists: Lists | None = None


def train(
    run: Run, data: PreparedData, callbacks: Callbacks | None = None, start: Weights | None = None
) -> Outcome:
    """Train and test one run.

    Args:
        run: What is trained, and how.
        data: The run's dataset.
        callbacks: What is called while the training lasts.
        start: The weights of a warm start. Without them the weights are drawn at random.

    Raises:
        RunFailed: A loss term is too large or not a number, or the memory does not suffice.
        Interrupted: ``callbacks.should_stop`` returned true. The checkpoint holds the last whole epoch.
    """
    if run.system.is_external:
        return _from_elsewhere(run, data)
    watch = Stopwatch()
    with PeakMemory() as memory:
        if run.training.refit:
            model, history, data = _fit_twice(run, data, callbacks or Callbacks(), start)
        else:
            model, history = _fit(run, data, callbacks or Callbacks(), start)
        scorer = model.scorer(*recbole.ids_of(model))
        result = _test(run, data, scorer)
    users, lists = _with_tokens(result, data), _lists(run, data, scorer)
    record = {
        "overall": result.overall,
        **_draw(run, data),
        "seconds_s": watch.seconds_s + history.get("earlier_s", 0.0),
        "cpu_s": watch.cpu_s + history.get("earlier_cpu_s", 0.0),
        "peak_bytes": memory.peak_bytes,
        "parameters": learned_parameters(model) if run.system.is_assembled else int(model.learned),
        **history,
    }
    ids = recbole.ids_of(model)
    if not run.system.is_assembled:
        return Outcome(users, record, lists=lists)
    weights = weights_of(model.system, *_named(ids, data)) if run.system.start else None
    return Outcome(users, record, prototype_arrays(model.system, *ids), weights, lists)


def _from_elsewhere(run: Run, data: PreparedData) -> Outcome:
    """Test a system that was trained elsewhere, with the same candidates as the others of its plan."""
    scorer, costs = scorer_from_elsewhere(run, data)
    result = _test(run, data.with_validation() if run.training.refit else data, scorer)
    return Outcome(_with_tokens(result, data), {"overall": result.overall, **_draw(run, data), **costs})


def try_out(run: Run, data: PreparedData, callbacks: Callbacks) -> dict[str, Any]:
    """Train one run and score it on the validation pairs. Test pairs are not needed.

    Returns:
        The fields of a record that tell of the training. ``valid`` holds the validation score.

    Raises:
        RunFailed, Interrupted: As :func:`train`.
    """
    model, history = _fit(run, data, callbacks)
    if run.system.is_classic:
        scorer = model.scorer(*recbole.ids_of(model))
        metric, matrices = run.training.metric, data.validation(run)
        history = {"epochs": 0, "valid": {metric: validation_score(scorer, matrices, metric, run.name)}}
    return history


def _named(ids: tuple[np.ndarray, np.ndarray], data: PreparedData) -> tuple[Weights, Weights]:
    """The node numbers, which are RecBole's ids less one, and the tokens of users and items, by side."""
    tokens = {"users": data.dataset.users, "items": data.dataset.items}
    return dict(zip(tokens, (side - 1 for side in ids), strict=True)), tokens


def _fit_twice(
    run: Run, data: PreparedData, callbacks: Callbacks, start: Weights | None
) -> tuple[Any, dict[str, Any], PreparedData]:
    """Find the number of epochs on the train pairs, and train anew on train and validation pairs.

    A system that is fitted has no epochs to find, and is fitted once.

    Returns:
        The second model, the fields of a record that tell of both trainings, and the second one's dataset.
    """
    both = data.with_validation()
    if run.system.is_fitted:
        return *_fit(run, both, callbacks), both
    _, history = _fit(run, data, callbacks, start)
    epochs = history["best_epoch"] or history["epochs"]
    plan = run.training.model_copy(update={"epochs": epochs, "eval_every": epochs + 1})  # none is validated
    checkpoint = callbacks.checkpoint.of_refit if callbacks.checkpoint else None
    model, second = _fit(replace(run, training=plan), both, replace(callbacks, checkpoint=checkpoint), start)
    spent = {name: history[name] + second[name] for name in ("earlier_s", "earlier_cpu_s")}
    return model, {**history, **spent, "refit_epochs": epochs}, both


def _fit(
    run: Run, data: PreparedData, callbacks: Callbacks, start: Weights | None = None
) -> tuple[Any, dict[str, Any]]:
    """The trained model, and the fields of a record that tell of its training."""
    width = {}
    if run.system.capacity and data.table:
        run = matched(run, data)
        width = {"embedding_size": run.settings["embedding_size"]}
    refuse_beyond_memory(run, data)
    spec = run.system
    if spec.is_recbole:
        return train_general_model(run, data, host_options(run, data), callbacks)
    model_class = hosted(spec)
    table = None
    if spec.needs_text and data.table:
        controlled = data.table.control(spec.text, run.seed("text"))
        table = controlled.by_number(data.dataset.users, data.dataset.items)
    config = recbole.make_config(
        model_class,
        recbole.ATOMIC_NAME,
        {**run.settings, "text_rows": table, **host_options(run, data)},
    )
    pairs = recbole.load_dataset(config, len(data.dataset.train))
    seed_everything(run.seed("init"))
    model = model_class(config, pairs).to(config["device"])
    if spec.is_classic:
        return model, {}
    seed_everything(run.seed("noise"))
    if start is not None:
        take_over(model.system, *_named(recbole.ids_of(model), data), start)
    loop = TrainingLoop(run, data.dataset.train, data.validation(run), config, model, callbacks)
    return model, {**width, **loop.train()}


def refuse_beyond_memory(run: Run, data: PreparedData) -> None:
    """Refuse a run that needs more memory than is free, or than is free on the GPU that trains it.

    Raises:
        RunFailed: It does.
    """
    needed, free = needed_bytes(run.system, run.settings, data.sizes), psutil.virtual_memory().available
    held_already = min(psutil.Process().memory_info().rss, PROCESS_BYTES)
    if needed - held_already > free:
        raise RunFailed(shortage(run.system, data.sizes, needed, free))
    if torch.cuda.is_available() and not run.system.is_fitted:
        free_on_card, _ = torch.cuda.mem_get_info()
        if needed > free_on_card:
            raise RunFailed(card_shortage(needed, free_on_card))


def _test(run: Run, data: PreparedData, scorer: Scorer) -> Evaluation:
    plan = run.evaluation
    strata = data.item_strata if plan.item_strata else None
    test = data.relevant("test", run)
    return evaluate(
        scorer, test, _hidden(run, data), data.matrices["train"], plan.metrics, plan.k, strata, run.name
    )


def _draw(run: Run, data: PreparedData) -> dict[str, Any]:
    """The fields of a record that tell how many users were drawn, and from how many; {} if all are tested."""
    most = run.evaluation.users
    if most is None:
        return {}
    counts = {
        split: int(np.count_nonzero(np.diff(data.matrices[split].indptr))) for split in ("valid", "test")
    }
    return {"drawn_users": {split: min(most, count) for split, count in counts.items()}, "drawn_from": counts}


def _hidden(run: Run, data: PreparedData) -> Any:
    """The pairs that no list may hold, [U, I]."""
    known = data.matrices["known"]
    return known + data.matrices["valid"] if run.evaluation.mask_validation else known


def _lists(run: Run, data: PreparedData, scorer: Scorer) -> Lists | None:
    """The best items of every user who is tested, as many as the plan keeps; None if it keeps none."""
    if run.evaluation.lists is None:
        return None
    users = np.flatnonzero(np.diff(data.relevant("test", run).indptr))
    depth = max(run.evaluation.lists, *run.evaluation.k)
    return best_lists(scorer, users, _hidden(run, data), depth, run.name)


def _with_tokens(result: Evaluation, data: PreparedData) -> pd.DataFrame:
    """The scores of the users, each named by the token."""
    return result.users.assign(**{USER: data.dataset.users[result.users[USER]]})
