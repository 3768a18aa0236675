"""A number that was estimated from users and runs, with its interval and its tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

LEVEL = 0.05
"""Significance level of every test. Intervals cover 1 - LEVEL."""

POWER = 0.8
"""Chance with which a difference of the size :attr:`Estimate.detectable` is found significant."""


@dataclass(frozen=True)
class Estimate:
    """An estimate that is approximately t distributed around its true value.

    Attributes:
        value: The estimate.
        from_users: The part of its variance that comes from the choice of users.
        from_seeds: The part that comes from the seeds of the runs. NaN if a system that depends on its seed
            ran once only.
        freedom: Degrees of freedom of the whole variance, by Satterthwaite's approximation.
    """

    value: float
    from_users: float
    from_seeds: float
    freedom: float

    @property
    def seeds_share(self) -> float:
        """The part of the variance that comes from seeds, 0 to 1; NaN if there is no variance."""
        total = self.from_users + self.from_seeds
        return self.from_seeds / total if total else float("nan")

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.from_users + self.from_seeds))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that covers the true value with a chance of 1 - ``level``; NaN without an error."""
        margin = self._quantile(level / 2) * self.error if self.error else self.error
        return self.value - margin, self.value + margin

    @property
    def p(self) -> float:
        """The two-sided p of the hypothesis that the true value is 0; NaN if it cannot be tested."""
        return float(np.minimum(1.0, 2.0 * self._beyond(abs(self.value))))

    def p_equal(self, smallest: float) -> float:
        """The p of the hypothesis that the true value lies outside of -``smallest`` .. ``smallest``.

        It is the larger p of two one-sided tests. If it is below the level, the true value counts as 0.
        """
        if not self.error and not self.value:
            return 0.0
        return float(np.maximum(self._beyond(smallest - self.value), self._beyond(smallest + self.value)))

    def detectable(self, tests: int = 1) -> float:
        """The true value that a test at LEVEL / ``tests`` finds significant with a chance of POWER."""
        return (self._quantile(LEVEL / tests / 2) + self._quantile(1.0 - POWER)) * self.error

    def power(self, true: float, tests: int = 1) -> float:
        """The chance that a test at LEVEL / ``tests`` is significant if the true value is ``true``."""
        if not self.error:
            return float("nan")
        shift = abs(true) / self.error - self._quantile(LEVEL / tests / 2)
        return float(special.stdtr(self.freedom, shift))

    def _quantile(self, tail: float) -> float:
        return float(-special.stdtrit(self.freedom, tail))

    def _beyond(self, distance: float) -> float:
        """The chance that an estimate lies at least ``distance`` above its true value."""
        if np.isnan(self.error):
            return float("nan")
        if not self.error:
            return 0.5 if distance == 0 else float("nan")
        return float(special.stdtr(self.freedom, -distance / self.error))
