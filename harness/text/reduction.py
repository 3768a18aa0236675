"""Fewer directions for text rows: PCA, whitened where asked."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.errors import InputError
from harness.schema import StrictModel


class Reduction(StrictModel):
    """The leading principal directions of all rows of a kind, users' and items' together."""

    kind: Literal["pca"] = "pca"
    width: int = Field(64, ge=1)
    whiten: bool = Field(False, description="give every direction the same variance")

    @property
    def words(self) -> str:
        """What it makes."""
        return f"{self.width} {'whitened ' if self.whiten else ''}principal directions"

    def apply(self, rows: np.ndarray) -> tuple[np.ndarray, float]:
        """Rows [n, width] of rows [n, T], and the share of the variance they keep.

        Raises:
            InputError: The rows have fewer directions.
        """
        from sklearn.decomposition import PCA
        from threadpoolctl import threadpool_limits

        most = min(rows.shape)
        if self.width > most:
            raise InputError(f"the text rows have {most} directions; expected a width up to that")
        pca = PCA(self.width, whiten=self.whiten, svd_solver="full", random_state=0)
        with threadpool_limits(1):  # so that the last bits do not depend on the number of cores
            made = pca.fit_transform(rows.astype(np.float64))
        return made.astype(np.float32), float(pca.explained_variance_ratio_.sum())
