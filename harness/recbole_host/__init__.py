"""RecBole 1.2.1 as a host for our systems.

This package and ``models.recommender`` are the only places that know RecBole. Importing it changes nothing:
``register()`` adds our systems to RecBole's own names, and ``repair()`` mends what breaks in RecBole 1.2.1.

config.py        RecBole's configuration, its data files, and the numbers it gives to users and items
models.py        our systems as RecBole model classes
registration.py  our systems under RecBole's names
trainer.py       RecBole's trainer with our batches and our validation
stock.py         RecBole's own LightGCN and evaluator, which ``intentbench bench`` measures
repairs.py       one named repair for each thing that breaks on today's libraries
"""

from __future__ import annotations

from harness.recbole_host.config import make_config
from harness.recbole_host.models import RECBOLE_NAMES, hosted
from harness.recbole_host.registration import register

__all__ = ["make_config", "register"]


def __getattr__(name: str) -> type:
    """A model class by name, as in ``from harness.recbole_host import IRLLRec``."""
    if name in RECBOLE_NAMES:
        return hosted(RECBOLE_NAMES[name], name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
