"""What all parts of a plan and of a stored record have in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

Values = TypeVar("Values")


class StrictModel(BaseModel):
    """A frozen model that refuses keys it does not know: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def distinct(values: Values, names: Sequence[Hashable]) -> Values:
    """Return ``values`` if no two of their names are equal.

    Raises:
        ValueError: Two are; the message holds the name.
    """
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name!r} is listed twice; expected it once")
        seen.add(name)
    return values
