"""From a plan to its studies' parts of the report, on stores filled by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.stats.sample import Sample
from harness.planning.plan import Plan, load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from harness.report.document import write
from harness.report.evidence import Evidence
from harness.report.section import Options
from harness.report.sections.control_verdicts import control_verdicts
from harness.report.sections.losses import _per_cent
from harness.report.tables import read_rows
from harness.store.store import Store
from tests.planning.test_expansion import TEXT
from tests.planning.test_plan import write as write_plan
from tests.worlds import fill

USERS = 120
WORTH = {"profile": 0.05, "intent": -0.04}
"""What a term adds to every user's score; the others add nothing."""


def test_controls_are_compared_with_their_own_system_within_a_grid_too(tmp_path: Path) -> None:
    grids = "".join(
        f"  - {{system: '{line}', over: {{layers: [1, 2]}}}}\n"
        for line in ("RLMRec-Con[LightGCN]", "RLMRec-Con[LightGCN, text=noise:0.5]")
    )
    plan = load_plan(write_plan(tmp_path, TEXT + "controls: [random]\ngrid:\n" + grids))
    base = np.linspace(0.2, 0.6, 100)
    means = {
        "LightGCN": 1.1,
        "RLMRec-Con[LightGCN]": 1.0,
        "RLMRec-Con[LightGCN, text=random]": 0.8,
        "RLMRec-Con[LightGCN] {layers=1}": 0.9,
        "RLMRec-Con[LightGCN, text=noise:0.5] {layers=1}": 0.45,
        "RLMRec-Con[LightGCN, text=noise:0.5] {layers=2}": 0.7,
    }
    scores = {name: (base * by)[:, None] for name, by in means.items()}
    (dataset,) = plan.variants
    groups: dict[str, list[str]] = {name: [] for name in means}
    evidence = Evidence(plan, dataset, (dataset,), Store(tmp_path / "store"), groups, {})
    sample = Sample(pd.RangeIndex(100), scores, frozenset(scores))
    vars(evidence)["specs"] = {run.name: run.system for run in expand(plan) if isinstance(run, Run)}
    vars(evidence)["samples"] = dict.fromkeys(evidence.shown, sample)
    *sentences, family = control_verdicts(evidence).markdown
    assert "a family of their own" in family
    assert sentences == [
        "RLMRec-Con[LightGCN] beats its own controls on Recall@20. Its gain is +25.0 % over text=random "
        "(p < .001).",
        "RLMRec-Con[LightGCN] {layers=1} with a share of its text rows replaced by other rows keeps this much "
        "of its Recall@20: 50.0% with 50% replaced (p < .001).",
        "RLMRec-Con[LightGCN] compared with systems without text on Recall@20: its gain is -9.1 % over "
        "LightGCN (p < .001).",
        "RLMRec-Con[LightGCN] {layers=1} compared with systems without text on Recall@20: its gain is -18.2 % "
        "over LightGCN (p < .001).",
        "Wrong text makes RLMRec-Con[LightGCN] worse than LightGCN, which has none: the gain over it is -27.3 % "
        "with text=random (p < .001). To beat such a control shows that wrong text harms, not that right text "
        "helps.",
    ]


def score(run: Run) -> float:
    """What the world made here gives a system at a density, or in a window, or with a weight."""
    spec = run.system
    found = 0.3 + 0.1 * run.dataset.density + 0.1 * (run.dataset.split.window or 0)
    if spec.alignment:
        found += sum(worth for term, worth in WORTH.items() if term not in spec.ablated)
        found += 0.1 * (1.0 - run.dataset.density)  # text helps where pairs are few
    return found + sum(0.01 * run.settings[name] for name in run.varied)


def report(folder: Path, dataset: dict[str, object], figures: bool = True, **more: object) -> Path:
    """The folder of a report on a dataset of a store filled by hand."""
    source = {"name": "d", "source": {"kind": "movielens"}, **dataset}
    base = {"name": "p", "repetitions": 2, "datasets": [source]}
    systems = ["MostPop", "LightGCN", "IRLLRec[LightGCN]"]
    plan = Plan.model_validate({**base, "systems": systems, **more})
    write(plan, fill(plan, folder / "store", score, USERS), folder / "out", options=Options(figures=figures))
    return folder / "out"


@pytest.fixture(scope="module")
def ablated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    grid = [
        {"system": "IRLLRec[LightGCN]", "over": {"layers": [1, 2, 3], "profile_weight": [0.1, 0.2]}},
        {"system": "LightGCN", "over": {"layers": [1, 2]}},
        {"system": "IRLLRec[LightGCN]", "over": {"layers": [1, 2]}},
    ]
    ablate = ["-profile", "-intent", "-translation"]
    return report(tmp_path_factory.mktemp("ablated"), {}, ablate=ablate, grid=grid)


def test_ablations_say_what_a_term_is_worth(ablated: Path) -> None:
    frame = read_rows(ablated / "ablations.csv").set_index("without")
    assert set(frame["system"]) == {"IRLLRec[LightGCN]"}
    assert frame["difference"].to_dict() == pytest.approx(
        {"-profile": -0.05, "-intent": 0.04, "-translation": 0.0}, abs=0.005
    )
    assert frame["verdict"].to_dict() == {"-profile": "worse", "-intent": "better", "-translation": "equal"}
    text = (ablated / "leaderboard.md").read_text()
    assert "Hyper-parameters are those the plan gives to the full system." in text
    assert (ablated / "ablations-d.png").exists()


def test_grids_are_a_map_of_two_parameters_and_curves_of_one(ablated: Path) -> None:
    frame = pd.read_csv(ablated / "grids.csv")
    assert frame.groupby("over").size().to_dict() == {"layers": 4, "layers, profile_weight": 6}
    two = frame[frame["over"] == "layers, profile_weight"].set_index("values")["mean"]
    assert two["3, 0.2"] - two["1, 0.1"] == pytest.approx(0.021, abs=0.005)
    text = (ablated / "leaderboard.md").read_text()
    assert "Recall@20 of IRLLRec[LightGCN], layers down, profile_weight across:" in text
    assert (ablated / "grid-d-1.png").exists()
    assert (ablated / "grid-d-2.png").exists()
    assert not (ablated / "grid-d-3.png").exists()


def test_shares_of_the_loss_are_told_and_drawn_for_whole_systems(ablated: Path) -> None:
    text = (ablated / "leaderboard.md").read_text()
    assert "- IRLLRec[LightGCN]: bpr 60 %, profile 30 %, l2 10 %" in text
    assert "- IRLLRec[LightGCN, -profile]:" not in text
    frame = pd.read_csv(ablated / "losses.csv")
    assert frame[frame["system"] == "IRLLRec[LightGCN]"]["epoch"].max() == 2  # the shorter of two runs
    assert frame.groupby(["system", "epoch"])["share"].sum().to_numpy() == pytest.approx(1.0)
    assert (ablated / "losses-d.png").exists()


def test_densities_show_where_the_gain_is(tmp_path: Path) -> None:
    out = report(tmp_path, {"density": [1.0, 0.5, 0.25]})
    frame = pd.read_csv(out / "densities.csv")
    gain = frame[frame["system"] == "IRLLRec[LightGCN]"].set_index("variant")["difference"]
    assert gain.to_dict() == pytest.approx({"25%": 0.085, "50%": 0.06, "100%": 0.01}, abs=0.005)
    trend = pd.read_csv(out / "density-trends.csv").set_index("system").loc["IRLLRec[LightGCN]"]
    assert trend["sparsest_less_densest"] == pytest.approx(0.075, abs=0.005)
    assert trend["slope"] < 0
    assert max(trend["p_slope_holm"], trend["p_interaction_holm"]) < 0.001
    text = (out / "leaderboard.md").read_text()
    assert "## d, side by side" in text
    assert "| IRLLRec[LightGCN]" in text.partition("## d, side by side")[2]
    assert (out / "densities-d.png").exists()


def test_a_run_with_two_names_counts_for_both_and_a_point_is_no_baseline(tmp_path: Path) -> None:
    grid = [{"system": "LightGCN", "over": {"layers": [2, 3]}}]
    whole, both = (
        report(tmp_path / name, {}, figures=False, grid=more) for name, more in (("a", []), ("b", grid))
    )
    alone, shared = (
        pd.read_csv(out / "leaderboard.csv").set_index(["metric", "system"]) for out in (whole, both)
    )
    assert set(shared.index.get_level_values("system")) == {
        "MostPop",
        "LightGCN",
        "IRLLRec[LightGCN]",
        "LightGCN {layers=2}",
        "LightGCN {layers=3}",
    }
    for column in ("mean", "low", "high", "recall@20 spread", "mean recall@10"):
        for metric in ("recall@20", "ndcg@20"):
            assert shared.loc[(metric, "LightGCN"), column] == pytest.approx(
                alone.loc[(metric, "LightGCN"), column]
            )
    assert set(shared["baseline"].dropna()) <= {"LightGCN", "MostPop"}


def test_windows_show_accuracy_and_cost_over_time(tmp_path: Path) -> None:
    out = report(tmp_path, {"split": {"kind": "prequential", "windows": 3}})
    frame = pd.read_csv(out / "windows.csv")
    mean = frame[frame["system"] == "LightGCN"].set_index("variant")["mean"]
    assert mean.to_dict() == pytest.approx({"window 1": 0.5, "window 2": 0.6, "window 3": 0.7}, abs=0.03)
    assert (out / "window-costs-d.png").exists()
    assert not (out / "density-trends.csv").exists()


def test_windows_and_densities_together_are_sweeps_of_one_of_them(tmp_path: Path) -> None:
    dataset = {"split": {"kind": "prequential", "windows": 2}, "density": [1.0, 0.5]}
    out = report(tmp_path, dataset, figures=False)
    windows = pd.read_csv(out / "windows.csv").set_index(["dataset", "variant", "system"])["mean"]
    found = [windows[name, f"window {n}", "LightGCN"] for name in ("d", "d@50%") for n in (1, 2)]
    assert found == pytest.approx([0.5, 0.6, 0.45, 0.55], abs=0.03)
    densities = pd.read_csv(out / "densities.csv").set_index(["dataset", "variant", "system"])["mean"]
    found = [densities[f"d@window-{n}", share, "LightGCN"] for n in (1, 2) for share in ("50%", "100%")]
    assert found == pytest.approx([0.45, 0.5, 0.55, 0.6], abs=0.03)
    assert "### Windows of d@50%" in (out / "leaderboard.md").read_text()


def test_a_dataset_in_one_variant_is_not_set_beside_itself(ablated: Path) -> None:
    assert "side by side" not in (ablated / "leaderboard.md").read_text()
    assert not (ablated / "densities.csv").exists()


def test_almost_all_of_a_loss_is_a_hundred_per_cent() -> None:
    assert [_per_cent(share) for share in (99.97, 68.4, 9.96, 0.047)] == ["100", "68", "10", "0.047"]
