"""The training of one system: epochs with early stopping, and a state that is saved between epochs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from harness.errors import Interrupted, RunFailed
from harness.evaluation.ranking import Scorer, evaluate
from harness.planning.tasks import Run
from harness.recbole_host.config import ids_of
from harness.recbole_host.trainer import Batches, Hooks, HostTrainer, fit
from harness.store.checkpoint import Checkpoint
from harness.training.negative_sampling import PairSampler
from harness.training.stopwatch import Stopwatch
from models.recommender import Diverged

logger = logging.getLogger(__name__)

Progress = Callable[[int, float | None], None]
"""Is told the number of the epoch that has ended and, after a validation, the validation's score."""


@dataclass(frozen=True)
class Callbacks:
    """What a training calls while it lasts.

    Attributes:
        on_progress: Is told of every epoch and every validation.
        on_validation: Is given all validation scores so far after each validation. It may raise to end the
            training.
        checkpoint: Saves the state before every epoch. If it is None, the state is not saved.
        should_stop: Is asked before every epoch, after the state is saved. If it returns true, the training
            is interrupted.
    """

    on_progress: Progress = lambda epoch, score: None
    on_validation: Callable[[list[float]], None] = lambda scores: None
    checkpoint: Checkpoint | None = None
    should_stop: Callable[[], bool] = lambda: False


class Course:
    """The course of one training so far: the mean losses of its epochs, and the scores of its validations."""

    def __init__(self, run: Run, matrices: Mapping[str, Any], model: Any, callbacks: Callbacks) -> None:
        """No epoch has been trained yet.

        Args:
            run: What is trained, and how.
            matrices: ``PreparedData.matrices``. The test pairs are not read.
            model: The model, with a method ``scorer``.
            callbacks: What is called while the training lasts.
        """
        self.run, self.matrices, self.model, self.callbacks = run, matrices, model, callbacks
        self.ids = ids_of(model)
        self.means: list[dict[str, float]] = []
        self.scores: list[float] = []

    @property
    def hooks(self) -> Hooks:
        """What RecBole's trainer calls."""
        return Hooks(
            self.run.training.metric,
            self._validate,
            self._before_epoch,
            self._on_epoch,
            lambda: self.callbacks.on_validation(self.scores),
        )

    def history(self, best_epoch: int) -> dict[str, Any]:
        """The fields of the run's record that tell of the training, which has ended."""
        plan = self.run.training
        return {
            "epochs": len(self.means),
            "best_epoch": best_epoch,
            "valid": {plan.metric: max(self.scores)} if self.scores else {},
            "losses": {term: [means[term] for means in self.means] for term in self.means[0]},
            "stopped": "patience" if len(self.means) < plan.epochs else "epochs",
            "earlier_s": 0.0,
            "earlier_cpu_s": 0.0,
        }

    def _validate(self) -> float:
        metric = self.run.training.metric
        scorer = self.model.scorer(*self.ids)
        self.scores.append(validation_score(scorer, self.matrices, metric, self.run.name))
        self.callbacks.on_progress(len(self.means), self.scores[-1])
        return self.scores[-1]

    def _before_epoch(self, epoch: int) -> None:
        if self.callbacks.should_stop():
            raise Interrupted(f"The run {self.run.title} was interrupted before epoch {epoch + 1}.")

    def _on_epoch(self, epoch: int, means: Mapping[str, float]) -> None:
        self.means.append(dict(means))
        self.callbacks.on_progress(epoch, None)


class TrainingLoop(Course):
    """The training of one model of ours. It can be saved between two epochs and resumed from there."""

    def __init__(
        self,
        run: Run,
        pairs: np.ndarray,
        matrices: Mapping[str, Any],
        config: Any,
        model: Any,
        callbacks: Callbacks,
    ) -> None:
        """Prepare the batches and RecBole's trainer.

        Args:
            run: What is trained, and how.
            pairs: The train pairs [E, 2], as positions of users and items.
            matrices: ``PreparedData.matrices``. The test pairs are not read.
            config: RecBole's configuration.
            model: The model, as RecBole sees it.
            callbacks: What is called while the training lasts.
        """
        super().__init__(run, matrices, model, callbacks)
        self.watch, self.earlier_s, self.earlier_cpu_s = Stopwatch(), 0.0, 0.0
        ids = self.ids
        nodes = np.stack([ids[0][pairs[:, 0]] - 1, ids[1][pairs[:, 1]] - 1], axis=1)
        plan = run.training
        self.sampler = PairSampler(nodes, model.n_items - 1, plan.batch_size, run.seed("batches"))
        self.trainer = HostTrainer(config, model, self.hooks)

    def train(self) -> dict[str, Any]:
        """Train to the end. The model then has the weights of its best epoch.

        Returns:
            The fields of the run's record that tell of the training.

        Raises:
            RunFailed: A loss term is too large or not a number. The message names the term and the epoch.
            Interrupted: ``callbacks.should_stop`` returned true.
        """
        self._resume()
        try:
            fit(self.trainer, Batches(self.sampler, self.model))
        except Diverged as error:
            raise RunFailed(f"{error} in epoch {len(self.means) + 1}") from None
        spent = {"earlier_s": self.earlier_s, "earlier_cpu_s": self.earlier_cpu_s}
        return self.history(self.trainer.best_epoch) | spent

    def _before_epoch(self, epoch: int) -> None:
        if self.callbacks.checkpoint is not None:
            self.callbacks.checkpoint.save(self._state(epoch))
        super()._before_epoch(epoch)

    def _state(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "trainer": self.trainer.state(),
            "batches": self.sampler.state(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "means": self.means,
            "scores": self.scores,
            "spent_s": self.watch.seconds_s,
            "spent_cpu_s": self.watch.cpu_s,
        }

    def _resume(self) -> None:
        """Go on from the checkpoint. Without one, or if its file is damaged, the training starts afresh."""
        checkpoint = self.callbacks.checkpoint
        state = checkpoint.load() if checkpoint else None
        if state is None:
            return
        logger.info("The run %s goes on from its checkpoint after epoch %d.", self.run.title, state["epoch"])
        self.trainer.restore(state["trainer"], state["epoch"])
        self.sampler.restore(state["batches"])
        self.means, self.scores = state["means"], state["scores"]
        self.earlier_s, self.earlier_cpu_s = state["spent_s"], state.get("spent_cpu_s", 0.0)
        self.watch = Stopwatch(self.earlier_s, self.earlier_cpu_s)
        torch.set_rng_state(state["torch"])
        if len(state["cuda"]) == torch.cuda.device_count():  # else it goes on with other random numbers
            torch.cuda.set_rng_state_all(state["cuda"])


def validation_score(
    scorer: Scorer, matrices: Mapping[str, Any], metric: str, system: str = "the system"
) -> float:
    """The mean over users of a metric, such as ``recall@20``, on the validation pairs.

    Known pairs are left out of the lists. ``system`` is what errors call the system.

    Raises:
        RunFailed: A score is not a finite number.
    """
    name, cutoff = metric.split("@")
    relevant, hidden, train = matrices["valid"], matrices["known"], matrices["train"]
    evaluation = evaluate(scorer, relevant, hidden, train, (name,), (int(cutoff),), system=system)
    return float(evaluation.users[metric].mean())
