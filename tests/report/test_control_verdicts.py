"""Sentences about text systems and their own controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.smallest import SmallestEffect
from harness.report.sections.control_verdicts import judged, sentences

NAMES = {"X": {"text=shuffled": "X s", "text=random": "X r", "text=noise:0.2": "X n"}}


def scores(**shift: float) -> Sample:
    """Two hundred users of X at .5, each control lower by its shift. No seed changes anything."""
    base = np.linspace(0.3, 0.7, 200)
    wobble = np.tile([0.01, -0.01], 100)
    shifts = {"X": 0.0, **shift}
    by_system = {name: (base - by + wobble * (by != 0))[:, None] for name, by in shifts.items()}
    return Sample(pd.RangeIndex(200), by_system, frozenset(by_system))


def told(**shift: float) -> list[str]:
    names = {key.replace("_", " "): by for key, by in shift.items()}
    return sentences(judged(scores(**names), SmallestEffect(), NAMES, {"X": ["plain", "wide"]}), "Recall@20")


def test_a_system_ahead_of_both_beats_its_controls() -> None:
    found = told(X_s=0.05, X_r=0.1)
    assert found == [
        "X beats its own controls on Recall@20. Its gain is +11.1 % over text=shuffled (p < .001), "
        "+25.0 % over text=random (p < .001)."
    ]


def test_a_control_that_finds_nothing_is_at_zero() -> None:
    sample = scores(**{"X s": 0.05})
    nothing = replace(sample, scores={**sample.scores, "X s": np.zeros((200, 1))})
    found = sentences(judged(nothing, SmallestEffect(), NAMES, {}), "Recall@20")
    assert found == [
        "X beats its own controls on Recall@20. Its gain is +0.5000 (from 0) over text=shuffled (p < .001)."
    ]


def test_one_that_is_not_ahead_or_behind_does_not() -> None:
    assert told(X_s=0.0, X_r=0.0)[0].startswith("X does not beat its own controls on Recall@20. Its gain")
    assert "-9.1 % over text=shuffled (p < .001)" in told(X_s=-0.05, X_r=-0.05)[0]
    assert told(X_s=-0.05, X_r=-0.05)[0].startswith("X does not beat")
    assert told(X_s=0.05, X_r=0.0)[0].startswith("X beats only some of its own controls")


def test_noise_is_told_apart() -> None:
    found = told(X_s=0.05, X_n=0.1)
    assert len(found) == 2
    assert found[1] == (
        "X with a share of its text rows replaced by other rows keeps this much of its Recall@20: "
        "80.0% with 20% replaced (p < .001)."
    )


def test_a_system_stands_beside_those_without_text() -> None:
    found = told(X_s=0.05, plain=0.1, wide=-0.05)
    assert found[1] == (
        "X compared with systems without text on Recall@20: its gain is +25.0 % over plain (p < .001), "
        "-9.1 % over wide (p < .001)."
    )
    assert len(found) == 2, "a control better than no text harms nobody"


def test_controls_that_do_worse_than_no_text_are_told() -> None:
    found = told(X_s=0.1, X_r=0.02, plain=0.02)
    assert found[2] == (
        "Wrong text makes X worse than plain, which has none: the gain over it is -16.7 % with text=shuffled "
        "(p < .001). To beat such a control shows that wrong text harms, not that right text helps."
    )


def test_without_finished_controls_nothing_is_said() -> None:
    assert told() == []


def test_a_gain_that_other_seeds_could_turn_beats_nothing() -> None:
    swing = np.array([0.08, 0.0, -0.08])
    moved = {name: values + swing for name, values in scores(**{"X s": 0.05}).scores.items()}
    moved_sample = Sample(pd.RangeIndex(200), moved)
    found = sentences(judged(moved_sample, SmallestEffect(), NAMES, {}), "Recall@20")
    assert found[0].startswith("X does not beat its own controls on Recall@20. Its gain is +11.1 %")
