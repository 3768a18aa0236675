"""Simulated comparisons on real differences: how often tests raise a false alarm, and what they see.

A comparison draws users with replacement from real per-user differences. Two kinds of null hypothesis:

swapped   the two systems' names are exchanged by chance for every user, as the randomisation test assumes
centred   the differences other than zero lose their mean and keep their shape, however lopsided it is
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.stats.paired import LEVEL, smallest_effect
from harness.evaluation.stats.paired import power as predicted_power
from harness.evaluation.stats.randomisation import flipped_sums, p_values

NULLS = ("swapped", "centred")

MULTIPLES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Of the smallest difference that should be seen with a chance of 80 %."""

TOGETHER = 100
"""Comparisons that share their flips."""


def false_alarms(difference: np.ndarray, comparisons: int = 1000, seed: int = 0) -> pd.DataFrame:
    """How often each test finds a difference where there is none.

    Args:
        difference: Real per-user differences [U], not all zero.
        comparisons: Simulated comparisons a null hypothesis, each of U users.
        seed: Of all draws.

    Returns:
        ``null``, ``test``, ``alarms`` (share), ``low`` and ``high`` (95 % Wilson interval).
    """
    rows = []
    for kind in NULLS:
        found = [_tested(values, block) for block, values in _null(difference, kind, comparisons, seed)]
        for test, p in pd.concat(found).items():
            rows.append({"null": kind, "test": test, **_share(p < LEVEL, "alarms")})
    return pd.DataFrame(rows)


def power(difference: np.ndarray, comparisons: int = 300, seed: int = 0) -> pd.DataFrame:
    """How often the randomisation test sees a true difference.

    It is added to the centred differences other than zero: users whom both systems serve alike stay so.

    Args:
        difference: Real per-user differences [U], not all zero.
        comparisons: Simulated comparisons a true difference, each of U users.
        seed: Of all draws.

    Returns:
        ``multiple`` (of the smallest difference to be seen), ``true`` (the difference), ``seen`` (share),
        ``low``, ``high`` (95 % Wilson interval) and ``predicted`` (power of the paired t-test at the spread
        of the centred differences).
    """
    users, effect = len(difference), smallest_effect(len(difference))
    moved = float((difference != 0).mean())
    spread = float(_centred(difference, difference).std(ddof=1))
    rows = []
    for place, multiple in enumerate(MULTIPLES):
        true = multiple * effect * spread
        blocks = _null(difference, "centred", comparisons, seed + 1 + place)
        shifted = ((block, np.where(values == 0, 0.0, values + true / moved)) for block, values in blocks)
        p = np.concatenate([p_values(flipped_sums(values, block), values) for block, values in shifted])
        predicted = predicted_power(multiple * effect, users)
        rows.append({"multiple": multiple, "true": true, **_share(p < LEVEL, "seen"), "predicted": predicted})
    return pd.DataFrame(rows)


def _null(difference: np.ndarray, kind: str, comparisons: int, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of simulated comparisons [U, C], each with a number to seed its flips."""
    random = np.random.default_rng([seed, NULLS.index(kind)])
    draw: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "swapped": lambda drawn: drawn * random.choice([-1.0, 1.0], size=drawn.shape),
        "centred": lambda drawn: _centred(drawn, difference),
    }
    for start in range(0, comparisons, TOGETHER):
        size = (len(difference), min(TOGETHER, comparisons - start))
        yield int(random.integers(2**31)), draw[kind](random.choice(difference, size=size))


def _centred(drawn: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Drawn differences less the mean of all that are not zero; zeros stay."""
    return np.where(drawn == 0, 0.0, drawn - difference[difference != 0].mean())


def _tested(values: np.ndarray, seed: int) -> pd.DataFrame:
    """The p of every test, one row a comparison."""
    return pd.DataFrame(
        {
            "randomisation": p_values(flipped_sums(values, seed), values),
            "t": stats.ttest_1samp(values, 0.0).pvalue,
            "wilcoxon": stats.wilcoxon(values, zero_method="pratt", method="asymptotic").pvalue,
        }
    )


def _share(found: np.ndarray | pd.Series, name: str) -> dict[str, float]:
    interval = stats.binomtest(int(found.sum()), len(found)).proportion_ci(method="wilson")
    return {name: float(found.mean()), "low": interval.low, "high": interval.high}
