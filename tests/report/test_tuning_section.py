"""What a search bought, and whether a tuned system beats the simple ones."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from harness.report.sections.simple_baselines import beats_simple_baselines
from harness.report.sections.tuning import best_after
from harness.systems.line import parse


def test_the_best_after_some_trials_is_that_of_the_trials_before() -> None:
    trials = pd.DataFrame(
        {
            "dataset": "d",
            "system": ["A"] * 5 + ["B"],
            "trial": [4, 0, 1, 2, 3, 0],
            "score": [0.4, 0.1, np.nan, 0.3, 0.2, 0.5],
        }
    )
    rows = best_after(trials).set_index("System")
    assert rows.loc["A"].tolist() == ["0.1000", "0.1000", "0.4000"]
    assert rows.loc["B"].tolist() == ["0.5000", "", ""]
    assert list(rows.columns) == ["1", "2", "5"]


def test_better_than_every_simple_baseline_or_not() -> None:
    lines = ["EASE^R", "ItemKNN", "LightGCN", "DCCF", "SGL"]
    rows = [
        ("LightGCN", "EASE^R", "better"),
        ("LightGCN", "ItemKNN", "better"),
        ("EASE^R", "DCCF", "better"),
        ("DCCF", "ItemKNN", "better"),
        ("SGL", "EASE^R", "undecided"),
        ("ItemKNN", "SGL", "undecided"),
    ]
    pairs = pd.DataFrame(rows, columns=["first", "second", "verdict"])
    evidence = SimpleNamespace(primary=lines, specs={line: parse(line) for line in lines}, pairs={"m": pairs})
    assert beats_simple_baselines(evidence, "m") == {  # type: ignore[arg-type]
        "LightGCN": "yes",
        "DCCF": "no",
        "SGL": "undecided",
    }
