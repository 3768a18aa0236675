"""Our systems under RecBole's own names, so that ``get_model`` and ``run_recbole`` find them."""

from __future__ import annotations

import importlib.machinery
import sys
import types

from harness.recbole_host.models import RECBOLE_NAMES, hosted
from harness.recbole_host.repairs import repair


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
