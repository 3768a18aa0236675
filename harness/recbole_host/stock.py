"""RecBole's own models and full-ranking evaluation, with which ``intentbench bench`` compares ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from harness.recbole_host.config import make_config, quiet
from harness.recbole_host.trainer import without_tensorboard
from models.products import product

NAME = "bench"
"""Name of the dataset in RecBole."""


class Stock:
    """RecBole's LightGCN with its data, trainer and evaluator. Only the repairs that it needs are made."""

    def __init__(
        self, folder: Path, splits: Mapping[str, np.ndarray], users: int, items: int, batch_size: int
    ) -> None:
        """Write the splits to files and load them with RecBole.

        Args:
            folder: Where RecBole's files are written.
            splits: Pairs [n, 2] of ``train``, ``valid`` and ``test``.
            users: Number of users.
            items: Number of items.
            batch_size: Train pairs in a batch.
        """
        from recbole.data import create_dataset, data_preparation
        from recbole.model.general_recommender.lightgcn import LightGCN
        from recbole.trainer import Trainer

        _write(folder / NAME, splits, users, items)
        self.options = {
            "data_path": str(folder),
            "benchmark_filename": list(splits),
            "load_col": {"inter": ["user_id", "item_id"], "user": ["user_id"], "item": ["item_id"]},
            "embedding_size": 32,
            "n_layers": 3,
            "reg_weight": 1e-5,
            "train_batch_size": batch_size,
            "eval_batch_size": 4096 * 1024,
            "metrics": ["Recall", "NDCG"],
            "topk": [20],
            "valid_metric": "Recall@20",
            "metric_decimal_place": 12,
            "checkpoint_dir": str(folder / "unused"),
        }
        config = make_config(LightGCN, NAME, self.options)
        with quiet(), without_tensorboard():
            dataset = create_dataset(config)
            self.train, _, self.test = data_preparation(config, dataset)
            self.model = LightGCN(config, self.train.dataset).to(config["device"])
            self.trainer = Trainer(config, self.model)
        self.users, self.items = (_order(dataset, name, n) for name, n in (("user", users), ("item", items)))

    def step(self) -> Callable[[], None]:
        """Return a function that does one training step: RecBole's loss, its gradients, its optimiser.

        The batch is drawn beforehand, so its time is not measured.
        """
        interaction = next(iter(self.train)).to(self.model.device)
        optimiser = self.trainer.optimizer

        def step() -> None:
            optimiser.zero_grad()
            self.model.calculate_loss(interaction).backward()
            optimiser.step()

        return step

    def evaluate(self) -> dict[str, float]:
        """Rank all items for the test users with RecBole's evaluator, and return its metrics."""
        self.model.restore_user_e = None
        with quiet(), torch.no_grad():
            metrics = self.trainer.evaluate(self.test, load_best_model=False, show_progress=False)
        return dict(metrics)

    def scorer(self) -> Callable[[np.ndarray], torch.Tensor]:
        """Return the same model's scores, [B, I], for our evaluation, with our numbers of users and items."""
        with torch.no_grad():
            user, item = self.model.forward()
        user, item = user[self.users], item[self.items]
        return lambda block: product(user[block], item)

    def fitted(self, name: str, options: Mapping[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
        """Fit one of RecBole's models that it fits while it makes them, from the data that is loaded already.

        Args:
            name: The model's name in RecBole, ``ItemKNN`` or ``EASE``.
            options: Its hyper-parameters.

        Returns:
            Its scores, [B, I], with our numbers of users and items.
        """
        from recbole.data.interaction import Interaction
        from recbole.utils import get_model

        model_class = get_model(name)
        config = make_config(model_class, NAME, {**self.options, **options})
        with quiet():
            model = model_class(config, self.train.dataset)

        def scores(users: np.ndarray) -> np.ndarray:
            asked = Interaction({"user_id": torch.from_numpy(self.users[users])})
            every: np.ndarray = model.full_sort_predict(asked).numpy().reshape(len(users), -1)
            return every[:, self.items]

        return scores


def _write(folder: Path, splits: Mapping[str, np.ndarray], users: int, items: int) -> None:
    folder.mkdir(parents=True)
    for name, pairs in splits.items():
        frame = pd.DataFrame(pairs, columns=["user_id:token", "item_id:token"])
        frame.to_csv(folder / f"{NAME}.{name}.inter", sep="\t", index=False)
    for side, count in (("user", users), ("item", items)):
        frame = pd.DataFrame({f"{side}_id:token": np.arange(count)})
        frame.to_csv(folder / f"{NAME}.{side}", sep="\t", index=False)


def _order(dataset: Any, side: str, count: int) -> np.ndarray:
    """Return RecBole's ids of our numbers 0 .. count - 1 of one side, ``user`` or ``item``."""
    return np.asarray([dataset.token2id(f"{side}_id", str(number)) for number in range(count)])
