"""The smallest difference that matters: what is smaller counts as equal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SmallestEffect:
    """A size below which a difference counts as none.

    Attributes:
        size: A share of the reference's mean, or a difference of the metric.
        is_share: Whether it is a share.
    """

    size: float = 0.01
    is_share: bool = True

    def beside(self, mean: float) -> float:
        """The difference from a reference with this mean."""
        return self.size * abs(mean) if self.is_share else self.size

    def __str__(self) -> str:
        """As a plan writes it."""
        return f"{100 * self.size:g} %" if self.is_share else f"{self.size:g}"
