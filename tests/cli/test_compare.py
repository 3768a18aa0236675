"""``intentbench compare`` and ``intentbench report`` of several plans."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from harness.report import tables
from harness.report.document import write
from harness.report.section import Options
from harness.store.store import Store
from tests.cli.tiny_plan import write_plan
from tests.report.made_up_study import made_up_study
from tests.worlds import intentbench

FIRST, SECOND = "IRLLRec[SimGCL]", "IRLLRec[DCCF]"


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, its plan, and another plan of the same runs."""
    folder = tmp_path_factory.mktemp("compare")
    plan, store = made_up_study(folder / "store", datasets=1, systems=3, users=40)
    fields = plan.model_dump(mode="json", exclude_unset=True)
    for name in ("made-up", "again"):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({**fields, "name": name}))
    write(plan, store, folder / "out", options=Options(figures=False))
    return folder


def compare(folder: Path, *words: object) -> str:
    result = intentbench("compare", folder / "made-up.yaml", *words, "--store", folder / "store")
    return result.output


def test_two_systems_differ_by_what_the_page_shows(studied: Path) -> None:
    shown = compare(studied, FIRST, SECOND)
    frame = tables.read_rows(studied / "out" / "compared.csv")
    (row,) = frame[
        (frame["metric"] == "recall@20")
        & frame["first"].isin([FIRST, SECOND])
        & frame["second"].isin([FIRST, SECOND])
    ].to_dict("records")
    sign = 1 if row["first"] == FIRST else -1
    assert f"{sign * row['difference']:+.4f}" in shown
    assert f"{FIRST} less {SECOND}" in shown
    assert "train pairs" in shown


def test_one_user_has_scores_and_a_word_on_the_lists(studied: Path) -> None:
    shown = compare(studied, FIRST, SECOND, "--user", "u7")
    assert "user u7" in shown
    assert f"{FIRST}: the store holds no list of it" in shown


def test_lists_that_runs_have_kept_are_shown_with_their_hits(tmp_path: Path) -> None:
    evaluation = {"metrics": ["recall", "ndcg"], "k": [2], "show": ["recall@2"], "lists": 5}
    plan = write_plan(tmp_path, {"kind": "movielens", "core": 40}, evaluation=evaluation)
    store = tmp_path / "store"
    assert intentbench("run", plan, "--store", store).exit_code == 0
    (run, *_) = [each for each in Store(store).runs().items() if each[1].system == "MostPop"]
    kept = Store(store).lists(run[0])
    user = str(kept["user"].iloc[0])
    shown = intentbench(
        "compare", plan, "MostPop", "LightGCN", "--store", store, "--user", user, "--items", 3
    ).output
    assert "MostPop, repetition 1 on d" in shown
    assert "LightGCN, repetition 1 on d" in shown
    assert len(re.findall(r"│ [123]\s+│", shown)) == 6


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((FIRST, "IRLLRec[SimGC]"), "did you mean 'IRLLRec[SimGCL]'?"),
        ((FIRST, FIRST), "expected two different ones"),
        ((FIRST, SECOND, "--user", "nobody"), "no test user 'nobody'; expected one such as 'u0'"),
    ],
)
def test_what_cannot_be_compared_is_said(studied: Path, words: tuple[str, ...], reason: str) -> None:
    assert reason in compare(studied, *words)


def test_several_plans_have_a_folder_each_and_an_index(studied: Path, tmp_path: Path) -> None:
    plans = [studied / "made-up.yaml", studied / "again.yaml"]
    result = intentbench("report", *plans, "--store", studied / "store", "--out", tmp_path, "--no-figures")
    assert result.exit_code == 0
    text = (tmp_path / "index.html").read_text()
    assert 'href="again/leaderboard.html"' in text
    assert 'href="made-up/leaderboard.html"' in text


def test_figures_are_png_and_what_is_asked_for(tmp_path: Path) -> None:
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=2, users=30)
    fields = plan.model_dump(mode="json", exclude_unset=True)
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(fields))
    words = ("report", tmp_path / "plan.yaml", "--store", store.root, "--out")
    kinds = []
    for number, more in enumerate([(), ("--figures", "pdf"), ("--figures", "PNG, svg"), ("--no-figures",)]):
        assert intentbench(*words, tmp_path / str(number), *more).exit_code == 0
        written = [file for file in (tmp_path / str(number)).iterdir() if file.stem == "costs-d0"]
        kinds.append({file.suffix for file in written})
        page = (tmp_path / str(number) / "leaderboard.html").read_text()
        assert ("data:image/svg+xml" in page) == (more != ("--no-figures",))
    assert kinds == [{".png"}, {".png", ".pdf"}, {".png", ".svg"}, set()]
    refused = intentbench(*words, tmp_path / "out", "--figures", "pgn")
    assert refused.exit_code == 2
    assert "--figures: unknown format 'pgn'; did you mean 'png'?" in refused.output


def test_names_with_markup_are_text_in_the_terminal(studied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "[red]a[/red]<b>&|_%\"'=1"

    def users(*_: object) -> pd.DataFrame:
        row = {"user": name, "train_pairs": 1.0, "first_score": 0.1, "second_score": 0.2}
        return pd.DataFrame([row])

    monkeypatch.setattr("harness.report.sections.head_to_head.most_different_users", users)
    assert name in compare(studied, FIRST, SECOND)
    assert f"no test user {name!r}" in compare(studied, FIRST, SECOND, "--user", name)


def test_two_plans_of_one_name_and_no_plan_are_refused(studied: Path) -> None:
    plan = studied / "made-up.yaml"
    both = intentbench("report", plan, plan, "--store", studied / "store")
    assert "two of the plans are named 'made-up'" in both.output
    assert "no plan is named" in intentbench("report").output
