"""What every part of a plan is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """Strict and frozen: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)
