"""From a plan to its studies' part of the report."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from harness.plan import load_plan
from harness.report.evidence import Options, Section
from harness.report.studies import on_controls, side_by_side
from tests.test_lineup import TEXT
from tests.test_plan import write


def test_controls_are_compared_with_their_own_system_within_a_grid_too(tmp_path: Path) -> None:
    grids = "".join(
        f"  - {{system: '{line}', over: {{layers: [1, 2]}}}}\n"
        for line in ("RLMRec-Con[LightGCN]", "RLMRec-Con[LightGCN, text=noise:0.5]")
    )
    plan = load_plan(write(tmp_path, TEXT + "controls: [random]\ngrid:\n" + grids))
    base = np.linspace(0.2, 0.6, 100)
    means = {
        "RLMRec-Con[LightGCN]": 1.0,
        "RLMRec-Con[LightGCN, text=random]": 0.8,
        "RLMRec-Con[LightGCN] {layers=1}": 0.9,
        "RLMRec-Con[LightGCN, text=noise:0.5] {layers=1}": 0.45,
        "RLMRec-Con[LightGCN, text=noise:0.5] {layers=2}": 0.7,
    }
    users = pd.concat(
        pd.DataFrame({"system": name, "user": range(100), "recall@20": base * by})
        for name, by in means.items()
    )
    evidence = SimpleNamespace(
        plan=plan, dataset=plan.datasets[0], users=users, groups=dict.fromkeys(means), shown=["recall@20"]
    )
    assert on_controls(evidence).markdown == [  # type: ignore[arg-type]
        "RLMRec-Con[LightGCN] beats its own controls on Recall@20: ahead of text=random +25.0 % (p < .001).",
        "RLMRec-Con[LightGCN] {layers=1} keeps of its Recall@20 when a share of its text rows is replaced: "
        "50.0% with 50% (p < .001).",
    ]


def test_only_families_stand_side_by_side(tmp_path: Path) -> None:
    text = TEXT.replace("{kind: movielens}", "{kind: movielens}\n    density: [1.0, 0.5]")
    frame = pd.DataFrame(
        [
            (dataset, "MostPop", metric, 0.25, 2.0)
            for dataset in ("ml", "ml@50%")
            for metric in ("recall@20", "ndcg@20")
        ],
        columns=["dataset", "system", "metric", "mean", "seconds_s"],
    )
    sections = [Section(), Section(frames={"leaderboard": frame})]
    found = side_by_side(load_plan(write(tmp_path, text)), sections, Options()).markdown
    assert found[0] == "## ml, side by side"
    assert [part for part in found if part.endswith(":")] == ["Recall@20:", "NDCG@20:", "Seconds a run:"]
    assert "whole" in found[2]
    assert side_by_side(load_plan(write(tmp_path, TEXT)), sections, Options()).markdown == []
