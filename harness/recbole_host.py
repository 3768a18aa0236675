"""RecBole 1.2.1 as a host: configuration, datasets, the trainer, registration by name.

With ``recbole_repairs`` the only module besides ``models.recommender`` that touches RecBole.
Nothing happens at import; ``register()`` adds our systems to RecBole's own names.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from harness.recbole_models import RECBOLE_NAMES, hosted
from harness.recbole_repairs import repair


@contextmanager
def _quiet() -> Iterator[None]:
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
    with _quiet():
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

    with _quiet():
        dataset = create_dataset(config)
        dataset._change_feat_format()
    if len(dataset.inter_feat) != pairs:
        raise ValueError(f"RecBole read {len(dataset.inter_feat)} pairs; expected {pairs}")
    return dataset


class _NullWriter:
    """Takes TensorBoard's place, which leaves a folder wherever it runs."""

    def add_scalar(self, *args: Any, **kwargs: Any) -> None:
        """Drop a number."""

    def add_hparams(self, *args: Any, **kwargs: Any) -> None:
        """Drop the hyper-parameters."""


@contextmanager
def without_tensorboard() -> Iterator[None]:
    """Keep RecBole's Trainer from creating ``log_tensorboard``."""
    from recbole.trainer import trainer

    original = trainer.get_tensorboard
    trainer.get_tensorboard = lambda logger: _NullWriter()
    try:
        yield
    finally:
        trainer.get_tensorboard = original


TRAINER_STATE = ("best_epoch", "best_valid_score", "cur_step")
"""RecBole's numbers of early stopping, and ours of the best epoch."""


def make_trainer(config: Any, model: Any, hooks: Hooks) -> Any:
    """RecBole's Trainer, driving ``model`` with ``hooks`` and keeping its best weights in memory."""
    from recbole.trainer import Trainer

    class HostTrainer(Trainer):  # type: ignore[misc]  # RecBole has no types
        """Epochs by term, validation by our evaluator, no files."""

        best_epoch = 0
        best_state: dict[str, torch.Tensor] | None = None

        def _build_optimizer(self, **kwargs: Any) -> torch.optim.Optimizer:
            wanted = [row for row in self.model.parameters() if row.requires_grad]
            return torch.optim.Adam(wanted, lr=self.learning_rate, fused=True)

        def state(self) -> dict[str, Any]:
            """Everything that training depends on between two epochs, but random generators."""
            return {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "best_state": self.best_state,
                **{name: getattr(self, name) for name in TRAINER_STATE},
            }

        def restore(self, state: Mapping[str, Any], epoch: int) -> None:
            """Go on before ``epoch``, counted from 0, as :meth:`state` said."""
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.best_state, self.start_epoch = state["best_state"], epoch
            for name in TRAINER_STATE:
                setattr(self, name, state[name])

        def _train_epoch(self, train_data: Any, epoch_idx: int, *args: Any, **kwargs: Any) -> Any:
            hooks.before_epoch(epoch_idx)
            self.model.train()
            sums: dict[str, torch.Tensor] = {}
            for interaction in train_data:
                losses = self.model.losses(interaction.to(self.device))
                self.optimizer.zero_grad()
                torch.autograd.backward(torch.stack(list(losses.values())).sum())
                self.optimizer.step()
                for name, loss in losses.items():
                    sums[name] = sums.get(name, 0.0) + loss.detach()
            means = {name: float(total) / len(train_data) for name, total in sums.items()}
            hooks.on_epoch(epoch_idx + 1, means)
            return tuple(means.values())

        def _valid_epoch(self, valid_data: Any, show_progress: bool = False) -> Any:
            self.model.eval()
            score = hooks.validate()
            return score, {hooks.metric: score}

        def _save_checkpoint(self, epoch: int, verbose: bool = True, **kwargs: Any) -> None:
            self.best_epoch = epoch + 1
            state = self.model.state_dict()
            self.best_state = {name: row.detach().clone() for name, row in state.items()}

    with _quiet(), without_tensorboard():
        return HostTrainer(config, model)


def fit(trainer: Any, batches: Any, validated: Callable[[], None]) -> None:
    """Train until early stopping, then put the best weights back.

    ``validated`` is called after every validation and may end the training by raising.
    """
    with _quiet():
        trainer.fit(
            batches, valid_data=True, verbose=False, saved=True, callback_fn=lambda epoch, score: validated()
        )
    if trainer.best_state is not None:
        trainer.model.load_state_dict(trainer.best_state)
    trainer.model.eval()


@dataclass(frozen=True)
class Hooks:
    """What the trainer asks of the harness.

    Attributes:
        metric: Name of the validation metric.
        validate: Scores the model on the validation pairs.
        before_epoch: Told each epoch's number, from 0, before it begins.
        on_epoch: Told every epoch's number, from 1, and each term's mean weighted loss.
    """

    metric: str
    validate: Callable[[], float]
    before_epoch: Callable[[int], None]
    on_epoch: Callable[[int, Mapping[str, float]], None]


class Batches:
    """A sampler's epochs as RecBole interactions."""

    def __init__(self, sampler: Any, model: Any) -> None:
        """``sampler`` yields node numbers; ``model`` names the fields."""
        self.sampler = sampler
        self.fields = (model.USER_ID, model.ITEM_ID, model.NEG_ITEM_ID)

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        """One epoch of interactions; ids are node numbers plus one."""
        from recbole.data.interaction import Interaction

        for batch in self.sampler:
            columns = (torch.from_numpy(part + 1) for part in batch)
            yield Interaction(dict(zip(self.fields, columns, strict=True)))


def ids_of(model: Any, users: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """RecBole's ids of user and item tokens, [U] and [I]."""
    sides = ((model.user_tokens, users), (model.item_tokens, items))
    first, second = (pd.Index(known).get_indexer(pd.Index(wanted)) + 1 for known, wanted in sides)
    return first, second


def register() -> list[str]:
    """Make RecBole's ``get_model``, ``Config`` and ``run_recbole`` know our systems by name.

    Where RecBole has a model of that name (LightGCN, ItemKNN, EASE), ours takes its place.
    """
    repair()
    for name, line in RECBOLE_NAMES.items():
        path = f"recbole.model.general_recommender.{name.lower()}"
        module = types.ModuleType(path)
        module.__spec__ = importlib.machinery.ModuleSpec(path, None)
        setattr(module, name, hosted(line, name))
        sys.modules[path] = module
    return list(RECBOLE_NAMES)


def __getattr__(name: str) -> type:
    """``from harness.recbole_host import IRLLRec`` and the other classes of RECBOLE_NAMES."""
    if name in RECBOLE_NAMES:
        return hosted(RECBOLE_NAMES[name], name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
