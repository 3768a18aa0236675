"""The verdict of a study: each question answered once on every dataset, and across independent ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.stats.comparison import holm
from harness.planning.plan import Plan
from harness.planning.tasks import Run
from harness.report import tables
from harness.report.document import write
from harness.report.section import Options
from tests.report.made_up_study import made_up_study
from tests.worlds import fill

SYSTEMS = [
    "MostPop",
    "EASE^R",
    "EASE-Text",
    "LightGCN",
    "LightGCN[capacity=IRLLRec]",
    "RLMRec-Con[LightGCN]",
    "IRLLRec[LightGCN]",
    "IRLLRec[LightGCN, -profile]",
]
LEVELS = {"MostPop": 0.1, "EASE^R": 0.25, "EASE-Text": 0.3, "LightGCN": 0.2}
"""Score of each system; others have 0.2."""


def study(folder: Path, names: tuple[str, ...] = ("d0", "d1", "d2")) -> Plan:
    """A plan with text controls, an ablation, a point without a term, and strata."""
    plan, _ = made_up_study(folder / "unused", datasets=1, systems=1, users=10)
    first = plan.model_dump(exclude_unset=True)["datasets"][0]
    datasets = [
        {**first, "name": name, "source": {**first["source"], "folder": Path(name)}} for name in names
    ]
    more = {
        "datasets": datasets,
        "systems": SYSTEMS,
        "grid": [{"system": "IRLLRec[LightGCN]", "over": {"momentum_weight": [0.0]}}],
        "controls": ["shuffled"],
        "strata": {"users": "equal_users", "groups": 3},
    }
    return Plan.model_validate({**plan.model_dump(exclude_unset=True), **more})


def score(run: Run) -> float:
    """IRLLRec gains .02, a tenth, from its text, nothing from its profile term, and loses by momentum."""
    if run.system.alignment == "IRLLRec" and not run.system.text:
        return 0.23 if run.varied else 0.22
    if run.system.name == "EASE-Text[text=shuffled]":
        return 0.05
    return LEVELS.get(run.system.base, 0.2)


def report(plan: Plan, folder: Path, figures: bool = False) -> Path:
    store = fill(plan, folder / "store", lambda run: score(run) + 0.0005 * run.repetition, 200)
    write(plan, store, folder / "out", options=Options(figures=figures))
    return folder / "out"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdict")
    return report(study(folder), folder, figures=True)


@pytest.fixture(scope="module")
def rows(written: Path) -> pd.DataFrame:
    return tables.read_rows(written / "verdict.csv")


def answer(rows: pd.DataFrame, system: str, question: str, dataset: str = "d0") -> str:
    (found,) = rows[
        (rows["system"] == system) & (rows["question"] == question) & (rows["dataset"] == dataset)
    ]["answer"]
    return str(found)


def test_every_question_has_its_answer(rows: pd.DataFrame) -> None:
    irllrec = "IRLLRec[LightGCN]"
    wanted = {
        "backbone": "yes",
        "equal size": "yes",
        "shuffled text": "yes",
        "simple baseline": "no",
        "profile": "equal",
        "momentum (tuned without)": "no",
        "fewest train pairs": "yes",
        "most train pairs": "yes",
    }
    for dataset in ("d0", "d1", "d2", "across datasets"):
        own = rows[(rows["system"] == irllrec) & (rows["dataset"] == dataset)]
        assert dict(zip(own["question"], own["answer"], strict=True)) == wanted
    assert answer(rows, "RLMRec-Con[LightGCN]", "shuffled text") == "equal"
    assert answer(rows, "EASE-Text", "simple baseline") == "yes"
    assert set(rows[rows["system"] == "EASE-Text"]["question"]) == {"shuffled text", "simple baseline"}


def test_the_simple_baseline_reads_no_text(rows: pd.DataFrame) -> None:
    assert set(rows[rows["question"] == "simple baseline"]["other"]) == {"EASE^R"}


def test_each_kind_of_question_is_a_family_on_each_dataset(rows: pd.DataFrame) -> None:
    families = rows.groupby(["dataset", "kind"])
    assert len(families) == 4 * 3
    for _, family in families:
        np.testing.assert_allclose(family["p_holm"], holm(family["p"].to_numpy()), rtol=1e-9)


def test_across_datasets_stands_what_to_expect_on_another(rows: pd.DataFrame) -> None:
    asked = rows[(rows["system"] == "IRLLRec[LightGCN]") & (rows["question"] == "shuffled text")]
    gains = asked.set_index("dataset")["gain_percent"]
    own = gains.drop("across datasets")
    assert own.min() <= gains["across datasets"] <= own.max()
    assert gains["across datasets"] == pytest.approx(10, abs=2)


def test_datasets_that_do_not_answer_are_not_counted(tmp_path: Path) -> None:
    plan = study(tmp_path)
    store = fill(plan, tmp_path / "store", score, 60)
    for identity, record in store.runs().items():
        if record.dataset == "d2" and record.system == "IRLLRec[LightGCN, text=shuffled]":
            store.forget(identity)
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    counted = [line for line in text.splitlines() if line.startswith("| itself with shuffled text")]
    assert "(2 datasets)" in next(line for line in counted if "IRLLRec" in line)
    assert "(3 datasets)" in next(line for line in counted if "EASE-Text" in line)


def test_a_difference_of_the_metric_makes_no_gain_across_datasets_equal(tmp_path: Path) -> None:
    """A smallest effect of .05 is a difference of Recall@20, about a quarter of these means. It is not 5 %."""
    plan = study(tmp_path, ("d0", "d1"))
    plan = Plan.model_validate({**plan.model_dump(exclude_unset=True), "smallest_effect": 0.05})
    rows = tables.read_rows(report(plan, tmp_path) / "verdict.csv")
    assert answer(rows, "IRLLRec[LightGCN]", "profile") == "equal"
    assert answer(rows, "IRLLRec[LightGCN]", "profile", "across datasets") == "not decided"


def test_a_reader_sees_tables_and_a_figure(written: Path) -> None:
    text = (written / "leaderboard.md").read_text()
    assert text.index("## The verdict") < text.index("## d0")
    for heading in ("Does the text help?", "Which loss terms pay?", "For which users?"):
        assert f"### {heading}" in text
    assert "| itself with shuffled text" in text
    assert (written / "verdict.png").stat().st_size > 10_000
    assert "The verdict" in (written / "leaderboard.html").read_text()
    latex = (written / "leaderboard.tex").read_text()
    for heading in ("Does the text help?", "Which loss terms pay?", "For which users?"):
        assert f"% {heading}\n\n\\begin{{tabular}}" in latex


def test_costs_stand_beside_those_of_the_backbone(tmp_path: Path) -> None:
    plan = study(tmp_path, ("d0",)).model_copy(update={"repetitions": 3})
    store = fill(plan, tmp_path / "store", score, 30)
    for identity, record in store.runs().items():
        seconds = 30.0 if record.system == "IRLLRec[LightGCN]" else 10.0
        seconds *= 10.0 if record.repetition == 0 else 1.0  # the median leaves one slow run out
        scores = pd.read_parquet(store.folder(identity) / "users.parquet")
        store.forget(identity)
        store.put(identity, record.model_copy(update={"cpu_s": seconds}), scores)
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    assert "30.0 (3.0 x)" in (tmp_path / "out" / "leaderboard.md").read_text()
    write(plan, store, tmp_path / "bare", options=Options(figures=False, costs=False))
    assert not (tmp_path / "bare" / "verdict-costs.csv").exists()


def test_two_datasets_of_one_source_are_not_combined(tmp_path: Path) -> None:
    plan = study(tmp_path, ("d0",))
    (first,) = plan.model_dump(exclude_unset=True)["datasets"]
    both = [first, {**first, "name": "again", "split": {"kind": "random"}}]
    plan = Plan.model_validate({**plan.model_dump(exclude_unset=True), "datasets": both})
    rows = tables.read_rows(report(plan, tmp_path) / "verdict.csv")
    assert set(rows["dataset"]) == {"d0", "again"}


def test_a_study_without_text_controls_has_no_verdict(tmp_path: Path) -> None:
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=4, users=30)
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    assert "## The verdict" not in (tmp_path / "out" / "leaderboard.md").read_text()
    assert not (tmp_path / "out" / "verdict.csv").exists()
