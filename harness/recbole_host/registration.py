"""Make RecBole's ``get_model`` and ``run_recbole`` find our systems by name."""

from __future__ import annotations

import importlib.machinery
import sys
import types

from harness.recbole_host.models import RECBOLE_NAMES, hosted
from harness.recbole_host.repairs import repair
from harness.systems.line import parse


def register() -> list[str]:
    """Make our systems known by name to RecBole's ``get_model``, ``Config`` and ``run_recbole``.

    A system takes the place of RecBole's own model of the same name (LightGCN, ItemKNN, EASE and others).

    Returns:
        The names.
    """
    repair()
    for name, line in RECBOLE_NAMES.items():
        path = f"recbole.model.general_recommender.{name.lower()}"
        module = types.ModuleType(path)
        module.__spec__ = importlib.machinery.ModuleSpec(path, None)
        setattr(module, name, hosted(parse(line), name))
        sys.modules[path] = module
    return list(RECBOLE_NAMES)
