"""RecBole's trainers with our validation; the best weights are kept in memory."""

from __future__ import annotations

import copy
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
        validated: Called after each validation. It may end the training by raising an exception.
    """

    metric: str
    validate: Callable[[], float]
    before_epoch: Callable[[int], None]
    on_epoch: Callable[[int, Mapping[str, float]], None]
    validated: Callable[[], None]


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


class InMemoryTrainer(Trainer):  # type: ignore[misc]  # RecBole has no types
    """RecBole's Trainer, which validates with our evaluator and writes no files."""

    epochs: int
    eval_step: int

    def __init__(self, config: Any, model: Any, hooks: Hooks) -> None:
        """Take RecBole's configuration and a model of RecBole."""
        with quiet(), without_tensorboard():
            super().__init__(config, model)
        self.hooks, self.best_epoch = hooks, 0
        self.best_state: dict[str, torch.Tensor] | None = None
        self.best_other: dict[str, Any] = {}

    def _valid_epoch(self, valid_data: Any, show_progress: bool = False) -> Any:
        self.model.eval()
        score = self.hooks.validate()
        return score, {self.hooks.metric: score}

    def _save_checkpoint(self, epoch: int, verbose: bool = True, **kwargs: Any) -> None:
        self.best_epoch = epoch + 1
        state = self.model.state_dict()
        self.best_state = {name: row.detach().clone() for name, row in state.items()}
        self.best_other = copy.deepcopy(self.model.other_parameter())


class HostTrainer(InMemoryTrainer):
    """RecBole's Trainer for our systems: it has our batches, and reports the loss of each term."""

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


class StockTrainer(InMemoryTrainer):
    """What :func:`stock_trainer` adds to the trainer that RecBole has for one of its own models."""

    def __init__(self, config: Any, model: Any, hooks: Hooks) -> None:
        """Take RecBole's configuration and one of its models."""
        super().__init__(config, model, hooks)
        # A model that is fitted has one epoch, which RecBole sets after this key.
        self.eval_step = min(self.eval_step, self.epochs)

    def _train_epoch(self, train_data: Any, epoch_idx: int, *args: Any, **kwargs: Any) -> Any:
        self.hooks.before_epoch(epoch_idx)
        total = super()._train_epoch(train_data, epoch_idx, *args, **kwargs)
        loss = sum(total) if isinstance(total, tuple) else total
        self.hooks.on_epoch(epoch_idx + 1, {"loss": float(loss) / len(train_data)})
        return total

    def _save_checkpoint(self, epoch: int, verbose: bool = True, **kwargs: Any) -> None:
        if self.epochs > 1:
            super()._save_checkpoint(epoch)
        else:  # the model is left as it is; a copy of what was fitted may be large
            self.best_epoch = epoch + 1

    def pretrain(self, train_data: Any, verbose: bool = True, show_progress: bool = False) -> Any:
        """Pre-train with early stopping, in place of RecBole's loop, which has none and writes files."""
        self.epochs = min(self.epochs, self.pretrain_epochs)
        self.eval_step = min(self.eval_step, self.epochs)
        return Trainer.fit(self, train_data, True, verbose, callback_fn=self.validated)

    def validated(self, epoch: int, score: float) -> None:
        """RecBole's ``callback_fn``."""
        self.hooks.validated()


def stock_trainer(config: Any, model: Any, hooks: Hooks) -> InMemoryTrainer:
    """The trainer that RecBole has for one of its own models, with our validation and no files."""
    from recbole.utils import get_trainer

    own = get_trainer(config["MODEL_TYPE"], config["model"])
    made: InMemoryTrainer = type(f"Stock{own.__name__}", (StockTrainer, own), {})(config, model, hooks)
    return made


def fit(trainer: InMemoryTrainer, batches: Any) -> None:
    """Train until early stopping, and then give the model its best weights."""
    hooks = trainer.hooks
    with quiet():
        trainer.fit(
            batches,
            valid_data=True,
            verbose=False,
            saved=True,
            callback_fn=lambda epoch, score: hooks.validated(),
        )
    if trainer.best_state is not None:
        trainer.model.load_state_dict(trainer.best_state)
        trainer.model.load_other_parameter(trainer.best_other)
    trainer.model.eval()
