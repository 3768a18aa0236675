"""Whether a trained system beats every simple baseline of its table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.report.evidence import Evidence


def beats_simple_baselines(evidence: Evidence, metric: str) -> dict[str, str]:
    """Say of each trained primary system whether it is better than all systems in closed form.

    Returns:
        ``yes`` if it is significantly better than each of them, ``no`` if one of them is better than it or
        equal, and ``undecided`` otherwise, by system. Empty if there is no system in closed form.
    """
    simple = [name for name in evidence.primary if evidence.specs[name].is_classic]
    if not simple:
        return {}
    verdicts = _verdicts(evidence.pairs[metric])
    answers = {}
    for name in evidence.primary:
        if name not in simple:
            against = {verdicts.get((name, other), "undecided") for other in simple}
            lost = bool(against & {"worse", "equal"})
            answers[name] = "yes" if against == {"better"} else "no" if lost else "undecided"
    return answers


def _verdicts(pairs: pd.DataFrame) -> dict[tuple[str, str], str]:
    """The verdict on the first system of a pair, for both orders of every pair."""
    turned = pairs["verdict"].replace({"better": "worse"})
    forward = zip(pairs["first"], pairs["second"], strict=True)
    backward = zip(pairs["second"], pairs["first"], strict=True)
    return dict(zip([*forward, *backward], np.concatenate([pairs["verdict"], turned]), strict=True))
