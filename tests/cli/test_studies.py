"""A study of every kind, from one plan to its tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.cli.tiny_plan import write_plan
from tests.worlds import intentbench


def test_studies_run_and_report_through_one_plan(tmp_path: Path) -> None:
    """Densities, ablations, controls, a grid and matched capacity, from the plan to the tables."""
    movielens = {"kind": "movielens", "core": 40}
    plan = write_plan(
        tmp_path,
        movielens,
        dataset={"text": {"kind": "tfidf", "width": 8}, "density": [1.0, 0.5], "duplicate_items": "merged"},
        systems=["MostPop", "LightGCN[capacity=RLMRec-Con]", "RLMRec-Con[LightGCN]"],
        ablate=["-profile", "-intent"],
        controls=["noise:0.5", "random"],
        grid={"system": "LightGCN", "over": {"layers": [1, 3]}},
    )
    store, out = tmp_path / "store", tmp_path / "out"
    result = intentbench("run", plan, "--store", store)
    assert result.exit_code == 0, result.output
    assert result.output.strip().endswith("16 finished, 2 skipped")
    only = intentbench("run", plan, "--store", store, "--only", "LightGCN {layers=1}", "--dry-run")
    assert "2 finished" in only.output
    assert intentbench("report", plan, "--store", store, "--out", out, "--no-figures").exit_code == 0
    text = (out / "leaderboard.md").read_text()
    for part in ("## d@merged,50%", "## d, side by side", "LightGCN {layers=3}", "has no term 'intent'",
                 "train pairs thinned to 50%", "its own controls on Recall@2", "keeps this much of its Recall@2"):  # fmt: skip
        assert part in text, part
    frame = pd.read_csv(out / "leaderboard.csv").query("dataset == 'd@merged'").drop_duplicates("system")
    parameters = frame.set_index("system")["parameters"]
    wide, small = parameters["LightGCN[capacity=RLMRec-Con]"], parameters["LightGCN {layers=1}"]
    assert abs(wide - parameters["RLMRec-Con[LightGCN]"]) <= small / 32 / 2
