"""Repairs of what fails in RecBole 1.2.1 with current versions of numpy, scipy, torch and pandas.

Each repair is named after what fails, and can be deleted once RecBole works without it. Importing this module
changes nothing; ``repair()`` applies the repairs.
"""

from __future__ import annotations

import importlib
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
    """One repair of RecBole 1.2.1.

    Attributes:
        name: Short name.
        breaks: What fails without the repair.
        needed: Whether it fails with the versions that are installed.
        apply: Applies the repair, or raises if there is none.
    """

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
    """Let RecBole's ``quick_start`` import ``ray.tune``. It needs it only for a tuner that we do not use.

    That tuner chooses hyper-parameters by test results.
    """

    def refuse(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(
            f"ray.{name} is not installed, because RecBole's Ray tuner is not supported here; "
            "tune with a plan's `tuning` instead"
        )

    tune = types.ModuleType("ray.tune")
    tune.__getattr__ = refuse  # type: ignore[method-assign]
    ray = types.ModuleType("ray")
    ray.tune = tune  # type: ignore[attr-defined]
    for module in (ray, tune):
        module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None)
        sys.modules[module.__name__] = module


def _checkpoint_plain_data() -> None:
    """Store the model's name instead of the pickled Config, so that torch can load the file safely."""
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


def _cluster_without_gpu() -> None:
    """Let NCL cluster on the processor where faiss has no GPU. The model asks for one in any case."""
    from recbole.model.general_recommender.ncl import NCL

    run_kmeans = NCL.run_kmeans

    def run_where_possible(self: Any, nodes: Any) -> Any:
        faiss: Any = importlib.import_module("faiss")
        original = faiss.Kmeans
        faiss.Kmeans = lambda *args, gpu, **kwargs: original(*args, gpu=_faiss_has_gpu(faiss), **kwargs)
        try:
            return run_kmeans(self, nodes)
        finally:
            faiss.Kmeans = original

    run_where_possible.repaired = True  # type: ignore[attr-defined]
    NCL.run_kmeans = run_where_possible


def _faiss_has_gpu(faiss: Any) -> bool:
    return bool(hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus())


def _kmeans_asks_for_gpu() -> bool:
    from recbole.model.general_recommender.ncl import NCL

    return not hasattr(NCL.run_kmeans, "repaired")


def _checkpoint_pickles_config() -> bool:
    from recbole.trainer import Trainer

    return not hasattr(Trainer._save_checkpoint, "repaired")


def _refuse_pandas_3() -> None:
    raise ImportError(
        f"pandas {pd.__version__} is installed; expected below 3, because from 3 on RecBole fills no missing "
        "values; type `pip install 'pandas<3'`"
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
        "RecBole's LightGCN calls dok_matrix._update, which scipy 1.13 removed",
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
        "faiss_gpu",
        "RecBole's NCL clusters with faiss on a GPU, even where there is none",
        _kmeans_asks_for_gpu,
        _cluster_without_gpu,
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
    """Apply every repair that the installed versions need, and return the names of all applied ones.

    Raises:
        ImportError: pandas is 3 or newer, for which there is no repair.
    """
    for item in REPAIRS:
        if item.name not in _applied and item.needed():
            item.apply()
            _applied.append(item.name)
    return list(_applied)
