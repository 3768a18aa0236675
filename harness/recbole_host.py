"""RecBole 1.2.1 as a host: repairs for today's libraries, configuration, datasets, the trainer.

The only module besides ``models.recommender`` that touches RecBole. Nothing happens at import:
``repair()`` puts every repair in force, ``register()`` adds our systems to RecBole's own names.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
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
import scipy.sparse as sp
import torch

REMOVED_NUMPY_NAMES = {
    "float_": np.float64,
    "complex_": np.complex128,
    "unicode_": np.str_,
    "string_": np.bytes_,
    "bool8": np.bool_,
}


@dataclass(frozen=True)
class Repair:
    """One thing that breaks in RecBole 1.2.1, whether it breaks here, and what mends it."""

    name: str
    breaks: str
    needed: Callable[[], bool]
    apply: Callable[[], None]


def _restore_numpy_names() -> None:
    for name, kind in REMOVED_NUMPY_NAMES.items():
        if not hasattr(np, name):
            setattr(np, name, kind)


def _restore_dok_update() -> None:
    sp.dok_matrix._update = lambda self, entries: self._dict.update(entries)


def _stand_in_for_ray() -> None:
    """``quick_start`` imports ``ray.tune`` for a tuner that selects on test results."""

    def refuse(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(f"ray.{name} is not installed; RecBole's Ray tuner is not supported")

    tune = types.ModuleType("ray.tune")
    tune.__getattr__ = refuse  # type: ignore[method-assign]
    ray = types.ModuleType("ray")
    ray.tune = tune  # type: ignore[attr-defined]
    for module in (ray, tune):
        module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None)
        sys.modules[module.__name__] = module


def _checkpoint_plain_data() -> None:
    """Store the model's name instead of the Config, in the protocol that torch reads safely."""
    from recbole.trainer import Trainer

    def save(self: Any, epoch: int, verbose: bool = True, **kwargs: Any) -> None:
        state = {
            "config": {"model": self.config["model"]},
            "epoch": epoch,
            "cur_step": self.cur_step,
            "best_valid_score": float(self.best_valid_score),
            "state_dict": self.model.state_dict(),
            "other_parameter": self.model.other_parameter(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, kwargs.get("saved_model_file", self.saved_model_file))

    save.repaired = True  # type: ignore[attr-defined]
    Trainer._save_checkpoint = save


def _checkpoint_pickles_config() -> bool:
    from recbole.trainer import Trainer

    return not hasattr(Trainer._save_checkpoint, "repaired")


def _refuse_pandas_3() -> None:
    raise ImportError(
        f"pandas is {pd.__version__}; expected below 3, where RecBole's fillna still fills"
    )


REPAIRS = (
    Repair(
        "numpy_names",
        "Config() reads names that numpy 2 removed",
        lambda: not all(hasattr(np, name) for name in REMOVED_NUMPY_NAMES),
        _restore_numpy_names,
    ),
    Repair(
        "dok_update",
        "stock LightGCN calls dok_matrix._update, which scipy 1.13 removed",
        lambda: not hasattr(sp.dok_matrix, "_update"),
        _restore_dok_update,
    ),
    Repair(
        "ray_import",
        "quick_start imports ray, which has no wheel from Python 3.12 on",
        lambda: "ray" not in sys.modules and importlib.util.find_spec("ray") is None,
        _stand_in_for_ray,
    ),
    Repair(
        "checkpoint_config",
        "torch 2.6 refuses a checkpoint that pickles the Config",
        _checkpoint_pickles_config,
        _checkpoint_plain_data,
    ),
    Repair(
        "pandas_fillna",
        "chained fillna(inplace=True) silently does nothing from pandas 3 on",
        lambda: int(pd.__version__.split(".")[0]) >= 3,
        _refuse_pandas_3,
    ),
)

_applied: list[str] = []


def repair() -> list[str]:
    """Put every repair in force that this machine needs; returns the names of those in force.

    Raises:
        ImportError: pandas is 3 or newer, which cannot be repaired from outside.
    """
    for item in REPAIRS:
        if item.name not in _applied and item.needed():
            item.apply()
            _applied.append(item.name)
    return list(_applied)


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
    with _quiet():
        config = Config(model=model, dataset=dataset, config_dict=dict(options))
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


def make_trainer(config: Any, model: Any, hooks: Hooks) -> Any:
    """RecBole's Trainer, driving ``model`` with ``hooks`` and keeping its best weights in memory."""
    from recbole.trainer import Trainer

    class HostTrainer(Trainer):
        """Epochs by term, validation by our evaluator, no files."""

        best_epoch = 0
        best_state: dict[str, torch.Tensor] | None = None

        def _build_optimizer(self, **kwargs: Any) -> torch.optim.Optimizer:
            wanted = [row for row in self.model.parameters() if row.requires_grad]
            return torch.optim.Adam(wanted, lr=self.learning_rate, fused=True)

        def _train_epoch(self, train_data: Any, epoch_idx: int, *args: Any, **kwargs: Any) -> Any:
            self.model.train()
            sums: dict[str, torch.Tensor] = {}
            for interaction in train_data:
                losses = self.model.losses(interaction.to(self.device))
                self.optimizer.zero_grad()
                torch.stack(list(losses.values())).sum().backward()
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


def fit(trainer: Any, batches: Any) -> None:
    """Train until early stopping, then put the best weights back."""
    with _quiet():
        trainer.fit(batches, valid_data=True, verbose=False, saved=True)
    if trainer.best_state is not None:
        trainer.model.load_state_dict(trainer.best_state)
    trainer.model.eval()


@dataclass(frozen=True)
class Hooks:
    """What the trainer asks of the harness.

    Attributes:
        metric: Name of the validation metric.
        validate: Scores the model on the validation pairs.
        on_epoch: Told every epoch's number, from 1, and each term's mean weighted loss.
    """

    metric: str
    validate: Callable[[], float]
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


def hosted(line: str) -> type:
    """The RecBole model class of a system line, named without the backbone.

    Hyper-parameters come from what the user put into the Config, not from RecBole's defaults of
    the same name; text rows from the option ``text_rows``, or ML-100k's own.
    """
    from harness.systems import CLASSICS, assemble, parse, pick, settings
    from models.recommender import HostedClassic, HostedRecommender

    spec = parse(line)

    def values(config: Any) -> dict[str, Any]:
        asked = config.external_config_dict
        return settings(spec, {k: v for k, v in asked.items() if k in spec.options()})

    if spec.is_classic:
        entry = CLASSICS[spec.backbone]

        def fit_classic(self: Any, config: Any, train: sp.csr_matrix) -> Any:
            return entry.make(pick(entry.options, values(config)), train)

        body, parent = {"fit": fit_classic}, HostedClassic
    else:

        def build(self: Any, config: Any, dataset: Any, graph: Any) -> Any:
            text = _text_of(self, config, dataset) if spec.alignment else None
            return assemble(spec, values(config), graph, text)

        body, parent = {"assemble": build}, HostedRecommender
    name = (spec.alignment or spec.backbone).replace("-", "").replace("^", "")
    return type(name, (parent,), {**body, "__module__": __name__, "__doc__": f"{spec.name}."})


def _text_of(model: Any, config: Any, dataset: Any) -> Any:
    """Text rows in the order of the dataset's ids."""
    from harness.text.rows import ml_100k_table

    table, users, items = config["text_rows"], model.user_tokens, model.item_tokens
    if table is None:
        if config["dataset"] != "ml-100k":
            raise ValueError(f"{config['model']} needs the option text_rows: a TextTable")
        user, item = (side.numpy() for side in model.train_pairs(dataset))
        table = ml_100k_table(users[user], items[item], users, items)
    return table.rows(users, items)


RECBOLE_NAMES = {
    "IRLLRec": "IRLLRec[LightGCN]",
    "RLMRec": "RLMRec-Con[LightGCN]",
    "DCCF": "DCCF",
    "LightGCN": "LightGCN",
    "MostPop": "MostPop",
    "ItemKNN": "ItemKNN",
    "EASE": "EASE^R",
}
"""Class names offered to RecBole, and the system each of them is."""


def register() -> list[str]:
    """Make RecBole's ``get_model``, ``Config`` and ``run_recbole`` know our systems by name.

    Where RecBole has a model of that name (LightGCN, ItemKNN, EASE), ours takes its place.
    """
    repair()
    for name, line in RECBOLE_NAMES.items():
        path = f"recbole.model.general_recommender.{name.lower()}"
        module = types.ModuleType(path)
        module.__spec__ = importlib.machinery.ModuleSpec(path, None)
        model = hosted(line)
        model.__name__ = name
        setattr(module, name, model)
        sys.modules[path] = module
    return list(RECBOLE_NAMES)


def __getattr__(name: str) -> type:
    """``from harness.recbole_host import IRLLRec`` and the other classes of RECBOLE_NAMES."""
    if name in RECBOLE_NAMES:
        model = hosted(RECBOLE_NAMES[name])
        model.__name__ = name
        return model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


ATOMIC_NAME = "train-pairs"
"""RecBole's name for every dataset of ours: it replaces the data of one called ml-100k by its own."""


def write_atomic_files(
    folder: Path, pairs: pd.DataFrame, users: np.ndarray, items: np.ndarray
) -> None:
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
