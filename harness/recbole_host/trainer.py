"""RecBole's Trainer with our batches and our validation; the best weights are kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from recbole.data.interaction import Interaction
from recbole.trainer import Trainer
from recbole.trainer import trainer as trainer_module

from harness.recbole_host.config import quiet
from models.optimiser import adam, descend

TRAINER_STATE = ("best_epoch", "best_valid_score", "cur_step")
"""Attributes of the trainer that early stopping depends on."""


class _NullWriter:
    """Replaces RecBole's TensorBoard writer, which would make a folder in the current directory."""

    def add_scalar(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def add_hparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""


@contextmanager
def without_tensorboard() -> Iterator[None]:
    """Keep RecBole's Trainer from creating ``log_tensorboard``."""
    original = trainer_module.get_tensorboard
    trainer_module.get_tensorboard = lambda logger: _NullWriter()
    try:
        yield
    finally:
        trainer_module.get_tensorboard = original


@dataclass(frozen=True)
class Hooks:
    """Functions that the trainer calls.

    Attributes:
        metric: Name of the validation metric.
        validate: Returns the model's score on the validation pairs.
        before_epoch: Called before each epoch with its number, counted from 0.
        on_epoch: Called after each epoch with its number, counted from 1, and each term's mean weighted loss.
    """

    metric: str
    validate: Callable[[], float]
    before_epoch: Callable[[int], None]
    on_epoch: Callable[[int, Mapping[str, float]], None]


class Batches:
    """The batches of a sampler as RecBole interactions; each iteration is one epoch."""

    def __init__(self, sampler: Any, model: Any) -> None:
        """Take a sampler that yields node numbers, and the model that names RecBole's fields."""
        self.sampler = sampler
        self.fields = (model.USER_ID, model.ITEM_ID, model.NEG_ITEM_ID)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        """Yield the interactions of one epoch; RecBole's ids are node numbers plus one."""
        for batch in self.sampler:
            columns = (torch.from_numpy(part + 1) for part in batch)
            yield Interaction(dict(zip(self.fields, columns, strict=True)))


class HostTrainer(Trainer):  # type: ignore[misc]  # RecBole has no types
    """RecBole's Trainer, with three changes.

    It reports the loss of each term, validates with our evaluator, and writes no files.
    """

    def __init__(self, config: Any, model: Any, hooks: Hooks) -> None:
        """Take RecBole's configuration, and a model with a method ``losses``."""
        with quiet(), without_tensorboard():
            super().__init__(config, model)
        self.hooks, self.best_epoch = hooks, 0
        self.best_state: dict[str, torch.Tensor] | None = None

    def state(self) -> dict[str, Any]:
        """Return everything that later epochs depend on, except the states of the random generators."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best_state": self.best_state,
            **{name: getattr(self, name) for name in TRAINER_STATE},
        }

    def restore(self, state: Mapping[str, Any], epoch: int) -> None:
        """Take over a state from :meth:`state`; training then continues with ``epoch``, counted from 0."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best_state, self.start_epoch = state["best_state"], epoch
        for name in TRAINER_STATE:
            setattr(self, name, state[name])

    def _build_optimizer(self, **kwargs: Any) -> torch.optim.Optimizer:
        return adam(self.model, self.learning_rate)

    def _train_epoch(self, train_data: Any, epoch_idx: int, *args: Any, **kwargs: Any) -> Any:
        self.hooks.before_epoch(epoch_idx)
        self.model.train()
        sums: dict[str, torch.Tensor] = {}
        for interaction in train_data:
            losses = self.model.losses(interaction.to(self.device))
            descend(losses, self.optimizer)
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + loss.detach()
        means = {name: float(total) / len(train_data) for name, total in sums.items()}
        self.hooks.on_epoch(epoch_idx + 1, means)
        return tuple(means.values())

    def _valid_epoch(self, valid_data: Any, show_progress: bool = False) -> Any:
        self.model.eval()
        score = self.hooks.validate()
        return score, {self.hooks.metric: score}

    def _save_checkpoint(self, epoch: int, verbose: bool = True, **kwargs: Any) -> None:
        self.best_epoch = epoch + 1
        state = self.model.state_dict()
        self.best_state = {name: row.detach().clone() for name, row in state.items()}


def fit(trainer: HostTrainer, batches: Batches, validated: Callable[[], None]) -> None:
    """Train until early stopping, and then give the model its best weights.

    ``validated`` is called after every validation. It may end the training by raising an exception.
    """
    with quiet():
        trainer.fit(
            batches, valid_data=True, verbose=False, saved=True, callback_fn=lambda epoch, score: validated()
        )
    if trainer.best_state is not None:
        trainer.model.load_state_dict(trainer.best_state)
    trainer.model.eval()
