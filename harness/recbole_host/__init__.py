"""RecBole 1.2.1, which runs our systems, and whose own models are systems too.

Only this package and ``models.recommender`` import RecBole. Importing the package changes nothing.
``register()`` makes our systems known to RecBole by name. ``repair()`` repairs what fails in RecBole 1.2.1
with current versions of other libraries.

config.py        RecBole's configuration, its data files, and the ids it gives to users and items
models.py        our systems as RecBole model classes
registration.py  the names under which RecBole finds our systems
general.py       RecBole's general recommenders as our systems
trainer.py       RecBole's trainers with our validation
stock.py         RecBole's own LightGCN and evaluator, with which ``intentbench bench`` compares ours
repairs.py       one named repair for each thing that fails with current libraries
"""

from __future__ import annotations

from harness.recbole_host.config import make_config
from harness.recbole_host.models import RECBOLE_NAMES, hosted
from harness.recbole_host.registration import register
from harness.systems.line import parse

__all__ = ["make_config", "register"]


def __getattr__(name: str) -> type:
    """Return a model class by name, as in ``from harness.recbole_host import IRLLRec``."""
    if name in RECBOLE_NAMES:
        return hosted(parse(RECBOLE_NAMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
