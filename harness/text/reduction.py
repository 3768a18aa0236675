"""Reduces text rows to fewer columns with principal component analysis (PCA)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.errors import InputError
from harness.schema import StrictModel


class Reduction(StrictModel):
    """What a plan says of the reduction. Profiles and intents are reduced apart, users and items together."""

    kind: Literal["pca"] = "pca"
    width: int = Field(64, ge=1, description="number of principal directions that are kept")
    whiten: bool = Field(False, description="gives every direction the same variance")

    @property
    def words(self) -> str:
        """A phrase that says what the reduction keeps."""
        return f"{self.width} {'whitened ' if self.whiten else ''}principal directions"

    def apply(self, rows: np.ndarray) -> tuple[np.ndarray, float]:
        """Rows [n, width] made of rows [n, T], and the share of the variance that they keep.

        Raises:
            InputError: The rows have fewer directions than the plan asks for.
        """
        from sklearn.decomposition import PCA
        from threadpoolctl import threadpool_limits

        directions = min(rows.shape)
        if self.width > directions:
            raise InputError(
                f"`reduce` asks for a width of {self.width}, but the text rows have {directions} directions; "
                f"expected a width of at most {directions}"
            )
        pca = PCA(self.width, whiten=self.whiten, svd_solver="full", random_state=0)
        with threadpool_limits(1):  # the last bits must not depend on the number of cores
            reduced = pca.fit_transform(rows.astype(np.float64))
        return reduced.astype(np.float32), float(pca.explained_variance_ratio_.sum())
