"""The report's further sections, on stores filled by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.planning.plan import Plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from harness.report.document import write
from harness.report.section import Options
from harness.store.store import Store
from tests.worlds import fill

SYSTEMS = ["MostPop", "LightGCN", "DCCF", "IRLLRec[LightGCN]"]
SHIFT = dict(zip(SYSTEMS, (-0.2, 0.0, 0.01, 0.05), strict=True))
USERS = 150


def make_plan(datasets: int = 1, **more: object) -> Plan:
    profiles = {side: {"path": f"{side}.jsonl", "id": "id"} for side in ("users", "items")}
    source = {"kind": "matrices", "profiles": profiles}
    named = [{"name": f"d{n}", "source": {**source, "folder": f"d{n}"}} for n in range(datasets)]
    return Plan.model_validate({"name": "p", "repetitions": 2, "datasets": named, "systems": SYSTEMS, **more})


def filled(plan: Plan, folder: Path, degrees: bool = True) -> Store:
    """A store in which a system is ahead by its shift."""
    return fill(plan, folder, lambda run: 0.4 + SHIFT[run.system.name], USERS, degrees)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two datasets with everything."""
    folder = tmp_path_factory.mktemp("studied")
    plan = make_plan(2, strata={"users": "equal_interactions", "groups": 3})
    write(plan, filled(plan, folder / "store"), folder / "out", options=Options(wilcoxon=True))
    return folder / "out"


def test_strata_hold_every_user_once_and_gains_over_the_backbone(studied: Path) -> None:
    frame = pd.read_csv(studied / "strata.csv").set_index(["dataset", "system"]).sort_index()
    assert frame.loc[("d0", "IRLLRec[LightGCN]"), "users"].sum() == USERS
    assert set(frame.loc[("d0", "IRLLRec[LightGCN]"), "baseline"]) == {"LightGCN"}
    assert frame.loc[("d1", "IRLLRec[LightGCN]"), "difference"].to_numpy() == pytest.approx(0.05, abs=0.02)
    assert set(frame.loc[("d0", "MostPop"), "baseline"]) == {"DCCF"}
    text = (studied / "leaderboard.md").read_text()
    assert text.count("### By train pairs of a user") == 2
    assert pd.read_csv(studied / "trends.csv")["system"].nunique() == 3


def test_pairs_say_what_could_have_been_seen(studied: Path) -> None:
    frame = pd.read_csv(studied / "pairs.csv")
    assert len(frame) == 2 * 2 * 6
    clear = frame["difference"] > 2 * frame["detectable"]
    assert clear.any()
    assert (frame.loc[clear, "p_holm"] < 0.05).all()
    assert frame["p_wilcoxon"].between(0, 1).all()
    text = (studied / "leaderboard.md").read_text()
    assert "letters" in text
    assert "would have been found with a chance of 80 %" in text
    assert "Ihemelandu" in text
    assert "Mean ranks over 2 sources" in text
    assert "Friedman p" in text


def test_a_lead_that_other_seeds_could_turn_is_no_verdict(tmp_path: Path) -> None:
    plan = make_plan()
    for drift, verdict in ((0.0, "better"), (0.2, "undecided")):

        def score(run: Run, drift: float = drift) -> float:
            swing = drift * (-1) ** run.repetition if run.system.alignment else 0.0
            return 0.4 + SHIFT[run.system.name] + swing

        folder = tmp_path / verdict
        write(plan, fill(plan, folder, score, USERS), folder / "out", options=Options(figures=False))
        frame = pd.read_csv(folder / "out" / "leaderboard.csv").set_index(["metric", "system"])
        found = frame.loc["recall@20", :].loc["IRLLRec[LightGCN]"]
        assert found["p_randomisation"] < 0.001
        assert found["verdict"] == verdict
        assert (found["difference_low"] < 0) == (verdict == "undecided")


def test_variants_of_one_source_are_ranked_and_not_tested(tmp_path: Path) -> None:
    plan = make_plan(2)
    same = [each.model_copy(update={"source": plan.datasets[0].source}) for each in plan.datasets]
    plan = plan.model_copy(update={"datasets": tuple(same)})
    write(plan, filled(plan, tmp_path), tmp_path / "out")
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "Mean ranks over 2 datasets x 2 metrics" in text
    assert "Friedman p" not in text
    assert not (tmp_path / "out" / "ranks.png").exists()


def test_published_numbers_without_a_counterpart_are_named(tmp_path: Path) -> None:
    plan = make_plan()
    rows = "LightGCN,d0,recall@20,0.4,one\nLigtGCN,d0,recall@20,0.4,one\nDCCF,d0,recal@20,0.4,one\n"
    file = tmp_path / "published.csv"
    file.write_text(f"system,dataset,metric,value,source\n{rows}")
    write(plan, filled(plan, tmp_path), tmp_path / "out", file, Options(figures=False))
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert " / 0.4000 (" in text
    assert "Published, and not in this table: LigtGCN Recall@20, DCCF Recal@20." in text


def test_wilcoxon_is_shown_on_request_alone(tmp_path: Path) -> None:
    plan = make_plan()
    write(plan, filled(plan, tmp_path), tmp_path / "out", options=Options(figures=False))
    assert "p_wilcoxon" not in pd.read_csv(tmp_path / "out" / "pairs.csv")
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "Ihemelandu" not in text
    assert "Friedman" not in text
    assert not list((tmp_path / "out").glob("*.png"))


def test_every_run_stands_in_a_file(studied: Path) -> None:
    runs, table = pd.read_csv(studied / "runs.csv"), pd.read_csv(studied / "leaderboard.csv")
    means = runs.groupby(["dataset", "system"])["recall@20"].mean()
    rows = table[table["metric"] == "recall@20"].set_index(["dataset", "system"])
    assert means[rows.index].to_numpy() == pytest.approx(rows["mean"].to_numpy())
    assert runs["repetition"].min() == 1


def test_a_collapsed_run_has_a_flag_and_counts(tmp_path: Path) -> None:
    plan = make_plan()

    def score(run: Run) -> float:
        lost = 0.3 if run.system.name == "LightGCN" and run.repetition == 1 else 0.0
        return 0.4 + SHIFT[run.system.name] - lost

    write(plan, fill(plan, tmp_path, score, USERS), tmp_path / "out", options=Options(figures=False))
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "⚑ marks systems with runs that went another way: LightGCN repetition 2 (Recall@20 is" in text
    frame = pd.read_csv(tmp_path / "out" / "leaderboard.csv").set_index(["metric", "system"])
    assert frame.loc[("recall@20", "LightGCN"), "runs"] == plan.repetitions


def split_plan(**more: object) -> Plan:
    plan = make_plan(**more)
    dataset = plan.datasets[0].model_copy(update={"splits": 3})
    return plan.model_copy(update={"datasets": (dataset,)})


def test_splits_of_a_dataset_are_judged_together(tmp_path: Path) -> None:
    """A lead of .05 on every split is a verdict; one that a single split has is none."""
    plan = split_plan(strata={"users": "equal_interactions", "groups": 3})
    for swing, verdict in ((0.0, "better"), (0.3, "undecided")):

        def score(run: Run, swing: float = swing) -> float:
            own = swing * ((run.dataset.draw or 0) - 2) if run.system.alignment == "IRLLRec" else 0.0
            return 0.4 + SHIFT[run.system.name] + own

        folder = tmp_path / verdict
        write(plan, fill(plan, folder, score, USERS), folder / "out", options=Options(figures=False))
        frame = pd.read_csv(folder / "out" / "leaderboard.csv").set_index(["metric", "system"])
        assert frame.loc[("recall@20", "IRLLRec[LightGCN]"), "verdict"] == verdict
        assert (frame["runs"] == 3 * plan.repetitions).all()
        text = (folder / "out" / "leaderboard.md").read_text()
        assert "3 independent splits" in text
        assert text.count("\n## ") == 2, "one dataset and all pairs"
        parts = pd.read_csv(folder / "out" / "contributions.csv").set_index("system")
        assert (parts.loc["IRLLRec[LightGCN]", "splits"] > 0.1) == (verdict == "undecided")
        assert set(pd.read_csv(folder / "out" / "runs.csv")["dataset"]) == {
            f"d0@split-{n}" for n in (1, 2, 3)
        }


def test_a_system_that_lacks_a_split_is_named_and_not_judged(tmp_path: Path) -> None:
    plan = split_plan()
    store = filled(plan, tmp_path)
    lost = next(run for run in expand(plan) if isinstance(run, Run) and run.system.name == "MostPop")
    for repetition in range(plan.repetitions):
        store.forget(replace(lost, repetition=repetition).identity("c"))
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    assert "MostPop" not in set(pd.read_csv(tmp_path / "out" / "leaderboard.csv")["system"])
    assert "- MostPop: missing, not run yet" in (tmp_path / "out" / "leaderboard.md").read_text()


def test_figures_stand_beside_the_text_that_shows_them(studied: Path) -> None:
    text = (studied / "leaderboard.md").read_text()
    for name in ("strata-d0", "strata-d1", "costs-d0", "ranks"):
        assert f"({name}.png)" in text
        assert (studied / f"{name}.png").stat().st_size


def test_a_store_without_degrees_says_so(tmp_path: Path) -> None:
    plan = make_plan(strata={})
    write(plan, filled(plan, tmp_path, degrees=False), tmp_path / "out", options=Options(figures=False))
    assert "does not hold the users' train pairs" in (tmp_path / "out" / "leaderboard.md").read_text()


def test_one_system_alone_has_a_table_and_no_pairs(tmp_path: Path) -> None:
    plan = make_plan()
    alone = plan.model_copy(update={"systems": plan.systems[1:2]})
    write(alone, filled(plan, tmp_path), tmp_path / "out", options=Options(figures=False))
    assert not (tmp_path / "out" / "pairs.csv").exists()
    assert "LightGCN" in (tmp_path / "out" / "leaderboard.md").read_text()


def test_item_strata_count_the_users_who_have_any(tmp_path: Path) -> None:
    plan = make_plan(evaluation={"item_strata": True})
    write(plan, filled(plan, tmp_path), tmp_path / "out")
    frame = pd.read_csv(tmp_path / "out" / "items.csv")
    assert frame.drop_duplicates("stratum").set_index("stratum")["users"].to_dict() == {
        "tail": USERS - 50,
        "middle": USERS,
        "head": USERS,
    }
    assert set(frame.loc[frame["system"] == "IRLLRec[LightGCN]", "verdict"]) == {"better"}
    assert (tmp_path / "out" / "items-d0.png").exists()
