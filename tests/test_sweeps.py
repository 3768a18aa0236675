"""Variants of a dataset side by side."""

from __future__ import annotations

import pandas as pd

from harness.sweeps import side_by_side


def test_variants_stand_in_the_order_given_and_gaps_are_empty() -> None:
    frame = pd.DataFrame(
        [("d@40%", "B", 0.25), ("d@40%", "A", 0.5), ("d", "A", 1.0)], columns=["dataset", "system", "mean"]
    )
    made = side_by_side(frame, ["d", "d@40%"], "mean", ".2f")
    assert made.to_numpy().tolist() == [["B", "", "0.25"], ["A", "1.00", "0.50"]]
    assert list(made.columns) == ["System", "whole", "40%"]
