"""The experiment: plans, data, training, evaluation, statistics and reports.

Scripts and notebooks need three names: ``load_plan``, ``run`` and ``leaderboard``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.python_api import Leaderboard, leaderboard, load_plan, run

__all__ = ["Leaderboard", "leaderboard", "load_plan", "run"]


def __getattr__(name: str) -> Any:
    """Import the names for scripts when they are asked for: the command line does without them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness import python_api

    return getattr(python_api, name)
