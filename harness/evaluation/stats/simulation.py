"""Simulated comparisons that measure false alarms of the tests over users, which take the runs as they are.

A simulated comparison draws users, with replacement, from the real per-user differences of two runs. Two
null hypotheses are simulated:

swapped   for every user the names of the two systems are swapped at random, as the randomisation test assumes
centred   the differences that are not 0 lose their mean and keep the shape of their distribution, however
          lopsided it is
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.stats.estimate import LEVEL
from harness.evaluation.stats.randomisation import flipped_sums, p_values

NULLS = ("swapped", "centred")

BLOCK = 100
"""Comparisons that share their flips."""


def false_alarms(difference: np.ndarray, comparisons: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Measure how often each test finds a difference although there is none.

    Args:
        difference: Real per-user differences [U], not all 0.
        comparisons: Simulated comparisons for each null hypothesis, each of U users.
        seed: Seed of all draws.

    Returns:
        ``null``, ``test``, ``alarms`` (share of comparisons), ``low`` and ``high`` (95 % Wilson interval).
    """
    rows = []
    for null in NULLS:
        blocks = _comparisons(difference, null, comparisons, seed)
        p_of_tests = pd.concat([_p_of_tests(values, flip_seed) for flip_seed, values in blocks])
        for test, p in p_of_tests.items():
            rows.append({"null": null, "test": test, **share_with_interval(p < LEVEL, "alarms")})
    return pd.DataFrame(rows)


def _comparisons(
    difference: np.ndarray, null: str, comparisons: int, seed: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield blocks of simulated comparisons [U, C], each with a seed for its flips."""
    random = np.random.default_rng([seed, NULLS.index(null)])
    simulate: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "swapped": lambda drawn: drawn * random.choice([-1.0, 1.0], size=drawn.shape),
        "centred": lambda drawn: _centred(drawn, difference),
    }
    for start in range(0, comparisons, BLOCK):
        shape = (len(difference), min(BLOCK, comparisons - start))
        yield int(random.integers(2**31)), simulate[null](random.choice(difference, size=shape))


def _centred(drawn: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Subtract the mean of all differences that are not 0 from the drawn ones; zeros stay 0."""
    return np.where(drawn == 0, 0.0, drawn - difference[difference != 0].mean())


def _p_of_tests(values: np.ndarray, flip_seed: int) -> pd.DataFrame:
    """Return the p of every test, one row per comparison, one column per test.

    If all differences of a comparison are 0, the p of t and Wilcoxon is nan, which is no alarm. scipy warns
    of that, and of a t-test whose differences are all equal. A simulation draws such comparisons at times.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return pd.DataFrame(
            {
                "randomisation": p_values(flipped_sums(values, flip_seed), values),
                "t": stats.ttest_1samp(values, 0.0).pvalue,
                "wilcoxon": stats.wilcoxon(values, zero_method="pratt", method="asymptotic").pvalue,
            }
        )


def share_with_interval(is_significant: np.ndarray | pd.Series, name: str) -> dict[str, float]:
    """Return the share of true values under ``name``, and its 95 % Wilson interval ``low`` .. ``high``."""
    test = stats.binomtest(int(is_significant.sum()), len(is_significant))
    interval = test.proportion_ci(method="wilson")
    return {name: float(is_significant.mean()), "low": interval.low, "high": interval.high}
