"""What breaks in RecBole 1.2.1 on today's numpy, scipy, torch and pandas, and what mends it.

Each repair is named after what breaks and can be deleted when RecBole heals; nothing happens
until ``repair()``.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
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
    raise ImportError(f"pandas is {pd.__version__}; expected below 3, where RecBole's fillna still fills")


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
