"""Training one system: epochs with early stopping, and a state between them that can be saved."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from harness.errors import Interrupted, RunFailed
from harness.evaluation.ranking import Scorer, evaluate
from harness.planning.tasks import Run
from harness.recbole_host.trainer import Batches, Hooks, HostTrainer, fit
from harness.store.checkpoint import Checkpoint
from harness.training.negative_sampling import PairSampler
from models.recommender import Diverged

logger = logging.getLogger(__name__)

Progress = Callable[[int, float | None], None]
"""Told the epoch and, after a validation, its score."""


@dataclass(frozen=True)
class Watch:
    """Who follows a run.

    Attributes:
        progress: Told of every epoch and validation.
        validated: Told every validation score so far, after each of them; may end the run by raising.
        checkpoint: Where the state between epochs is kept; nowhere if None.
        stop: Asked before every epoch; True ends the run after its state is saved.
    """

    progress: Progress = lambda epoch, score: None
    validated: Callable[[list[float]], None] = lambda scores: None
    checkpoint: Checkpoint | None = None
    stop: Callable[[], bool] = lambda: False


class TrainingLoop:
    """The training of one model; between two epochs it can be saved and taken up again."""

    def __init__(
        self,
        run: Run,
        pairs: np.ndarray,
        matrices: Mapping[str, Any],
        config: Any,
        model: Any,
        ids: tuple[np.ndarray, np.ndarray],
        watch: Watch,
    ) -> None:
        """Prepare the batches and RecBole's trainer.

        Args:
            run: What is trained, and how.
            pairs: The train pairs, [E, 2], as positions of users and items.
            matrices: From ``PreparedData.matrices``; test is not read.
            config: RecBole's configuration.
            model: The hosted model.
            ids: The model's numbers of all users and items, [U] and [I].
            watch: Who follows the run.
        """
        self.run, self.matrices, self.model, self.ids, self.watch = run, matrices, model, ids, watch
        self.means: list[dict[str, float]] = []
        self.scores: list[float] = []
        self.started, self.spent_s = time.perf_counter(), 0.0
        nodes = np.stack([ids[0][pairs[:, 0]] - 1, ids[1][pairs[:, 1]] - 1], axis=1)
        plan = run.training
        self.sampler = PairSampler(nodes, model.n_items - 1, plan.batch_size, run.seed("batches"))
        hooks = Hooks(plan.metric, self._validate, self._before_epoch, self._on_epoch)
        self.trainer = HostTrainer(config, model, hooks)

    def train(self) -> dict[str, Any]:
        """Train to the end; the model has its best epoch's weights, the answer is what the record says.

        Raises:
            RunFailed: A loss term exploded or is not a number; names term and epoch.
            Interrupted: ``watch.stop`` said so.
        """
        self._take_up()
        try:
            batches = Batches(self.sampler, self.model)
            fit(self.trainer, batches, lambda: self.watch.validated(self.scores))
        except Diverged as error:
            raise RunFailed(f"{error} in epoch {len(self.means) + 1}") from None
        plan, best = self.run.training, self.trainer.best_epoch
        return {
            "epochs": len(self.means),
            "best_epoch": best,
            "valid": {plan.metric: max(self.scores)} if self.scores else {},
            "losses": {term: [means[term] for means in self.means] for term in self.means[0]},
            "stopped": "patience" if len(self.means) < plan.epochs else "epochs",
            "earlier_s": self.spent_s,
        }

    def _validate(self) -> float:
        metric = self.run.training.metric
        scorer = self.model.scorer(*self.ids)
        self.scores.append(validation_score(scorer, self.matrices, metric, self.run.name))
        self.watch.progress(len(self.means), self.scores[-1])
        return self.scores[-1]

    def _before_epoch(self, epoch: int) -> None:
        if self.watch.checkpoint is not None:
            self.watch.checkpoint.save(self._state(epoch))
        if self.watch.stop():
            raise Interrupted(f"stopped before epoch {epoch + 1}")

    def _on_epoch(self, epoch: int, means: Mapping[str, float]) -> None:
        self.means.append(dict(means))
        self.watch.progress(epoch, None)

    def _state(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "trainer": self.trainer.state(),
            "batches": self.sampler.state(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "means": self.means,
            "scores": self.scores,
            "spent_s": self.spent_s + time.perf_counter() - self.started,
        }

    def _take_up(self) -> None:
        """Go on from the checkpoint, if there is a sound one."""
        state = self.watch.checkpoint.load() if self.watch.checkpoint else None
        if state is None:
            return
        logger.info("The run %s goes on from its checkpoint after epoch %d.", self.run.title, state["epoch"])
        self.trainer.restore(state["trainer"], state["epoch"])
        self.sampler.restore(state["batches"])
        self.means, self.scores, self.spent_s = state["means"], state["scores"], state["spent_s"]
        torch.set_rng_state(state["torch"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])


def validation_score(
    scorer: Scorer, matrices: Mapping[str, Any], metric: str, system: str = "the system"
) -> float:
    """Mean over users of ``metric`` (such as recall@20) on the validation pairs, known pairs hidden."""
    name, cutoff = metric.split("@")
    valid, known, train = (matrices[split] for split in ("valid", "known", "train"))
    found = evaluate(scorer, valid, known, train, (name,), (int(cutoff),), system=system)
    return float(found.users[metric].mean())
