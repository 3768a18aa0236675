"""The two sides of a comparison with another library."""

from __future__ import annotations

from typing import NamedTuple

from harness.training.timing import Step


class Sides(NamedTuple):
    """The same work, done by this project and by another library. Each function can be repeated.

    Attributes:
        ours: Does it by this project.
        other: Does it by the public interface of the library.
        checked: What was compared before, in words.
        ndcg: ndcg@20 of ours and of the library's; None if the work ranks nothing.
    """

    ours: Step
    other: Step
    checked: str
    ndcg: tuple[float, float] | None = None
