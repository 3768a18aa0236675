"""RecBole's general recommenders as systems: RecBole's model, loader and trainer, our data and evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from typing import Any

import numpy as np
import torch

from harness.recbole_host.config import ATOMIC_NAME, load_dataset, make_config, quiet
from harness.recbole_host.trainer import Hooks, InMemoryTrainer, fit, stock_trainer
from models.core import learned_parameters


class GeneralModel:
    """One of RecBole's general recommenders, with the batches that RecBole draws for it.

    Attributes:
        model: RecBole's model. It was given the train pairs and nothing else.
        user_tokens, item_tokens: The numbers of users and items, in the order of RecBole's ids.
        learned: The number of values that training changes.
    """

    def __init__(self, name: str, options: Mapping[str, Any], pairs: int, batch_size: int) -> None:
        """Make the model and its loader.

        Args:
            name: Name of the model's class in RecBole.
            options: RecBole's configuration, as far as it differs from RecBole's defaults.
            pairs: The number of train pairs.
            batch_size: Train pairs in a step; see :func:`_batch_size`.
        """
        from recbole.utils import ModelType

        package = import_module("recbole.model.general_recommender")
        model_class = getattr(package, name)  # not by `get_model`, which may know ours by this name
        self.config = make_config(model_class, ATOMIC_NAME, options)
        self.dataset = load_dataset(self.config, pairs)
        with quiet(), redirect_stdout(StringIO()):  # LDiffRec prints the width of its layers
            self.batches = _loader(self.config, self.dataset, batch_size)
            self.model = model_class(self.config, self.dataset).to(self.config["device"])
        fields = (self.dataset.uid_field, self.dataset.iid_field)
        tokens = (np.asarray(self.dataset.field2id_token[field][1:], dtype=str) for field in fields)
        self.user_tokens, self.item_tokens = tokens
        # The one parameter of a model that RecBole fits is there for the optimiser alone.
        is_fitted = self.model.type == ModelType.TRADITIONAL
        self.learned = 0 if is_fitted else learned_parameters(self.model)
        self._trainer: InMemoryTrainer | None = None

    def fit(self, hooks: Hooks) -> int:
        """Train until early stopping; the model then has the weights of its best epoch.

        Returns:
            The best epoch, from 1. 0 if no validation took place.
        """
        trainer = stock_trainer(self.config, self.model, hooks)
        trainer.item_tensor = self.dataset.get_item_feature().to(self.config["device"])
        trainer.tot_item_num = self.dataset.item_num
        self._trainer = trainer
        fit(trainer, self.batches)
        return trainer.best_epoch

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Callable[[np.ndarray], torch.Tensor]:
        """A function that scores as RecBole's evaluation does, for the order of these RecBole ids."""
        from recbole.data.interaction import Interaction

        trainer = self._trainer
        assert trainer is not None, "a model is trained before it is scored"
        columns, field = torch.from_numpy(items), self.dataset.uid_field

        def scores(block: np.ndarray) -> torch.Tensor:
            batch = Interaction({field: torch.from_numpy(users[block])})
            with quiet(), torch.no_grad():
                _, all_scores, _, _ = trainer._full_sort_batch_eval((batch, None, None, None))
            chosen: torch.Tensor = all_scores[:, columns.to(all_scores.device)].float()
            return chosen

        return scores


def _loader(config: Any, dataset: Any, batch_size: int) -> Any:
    """The loader of train batches that RecBole has for a model, with RecBole's sampler of negatives."""
    from recbole.data.utils import get_dataloader
    from recbole.sampler import Sampler

    loader = get_dataloader(config, "train")
    config["train_batch_size"] = _batch_size(config, dataset, loader, batch_size)
    arguments = config["train_neg_sample_args"]
    sampler = Sampler(["train"], [dataset], arguments["distribution"], arguments["alpha"])
    return loader(config, dataset, sampler.set_phase("train"), shuffle=True)


def _batch_size(config: Any, dataset: Any, loader: type, pairs: int) -> int:
    """RecBole's ``train_batch_size``, such that a step has about as many train ``pairs`` as one of ours.

    RecBole counts the users of an autoencoder, and the negatives of a point-wise model.
    """
    from recbole.data.dataloader import UserDataLoader
    from recbole.utils import InputType

    if issubclass(loader, UserDataLoader):
        return max(1, round(pairs * int(dataset.user_num) / len(dataset)))
    if config["MODEL_INPUT_TYPE"] == InputType.POINTWISE:
        return pairs * (1 + int(config["train_neg_sample_args"]["sample_num"]))
    return pairs
