"""Plans that are accepted make a report, however little there is to compare; pytest turns warnings into errors."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from harness.errors import InputError
from harness.evaluation.strata import ITEM_STRATA
from harness.planning.plan import Plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from harness.report.document import write
from harness.report.section import Options
from harness.store.store import Store
from tests.worlds import intentbench, made_record

SYSTEMS = ["MostPop", "LightGCN", "RLMRec-Con[LightGCN]"]


def make_plan(datasets: int = 1, **more: object) -> Plan:
    named = [
        {
            "name": f"d{n}",
            "source": {
                "kind": "matrices",
                "folder": f"d{n}",
                "profiles": {"items": {"path": "i.jsonl", "id": "id"}},
            },
        }
        for n in range(datasets)
    ]
    return Plan.model_validate({"name": "p", "repetitions": 2, "datasets": named, "systems": SYSTEMS, **more})


def report(plan: Plan, folder: Path, scores: np.ndarray, failed: str = "", **options: bool) -> str:
    """The text of the report of a store in which every system has these scores, and runs of a dataset failed."""
    store = Store(folder / "store")
    named = pd.DataFrame({"user": [f"u{number}" for number in range(len(scores))]})
    facts = {"checksum": "c", "users": 9, "items": 9, "pairs": {"train": 1, "valid": 1, "test": 1}}
    facts["notes"] = ["made | of <b>this</b>"]
    for dataset in plan.variants:
        store.notes.write(dataset.key(plan.seed), facts, named.assign(degree=3))
    for run in (each for each in expand(plan) if isinstance(each, Run)):
        if run.dataset.name == failed:
            failure = made_record(run).model_copy(update={"status": "failed", "reason": "a | <i>b</i>"})
            store.put(run.identity("c"), failure, None)
            continue
        columns = {f"{name}@{k}": scores for name in plan.evaluation.metrics for k in plan.evaluation.k}
        if plan.evaluation.item_strata:
            nothing = np.full(len(scores), np.nan)
            columns |= {f"recall@20|{label}": nothing for label in ITEM_STRATA} | {"recall@20|middle": scores}
        store.put(run.identity("c"), made_record(run), named.assign(**columns))
    write(plan, store, folder / "out", options=Options(**{"figures": False, "wilcoxon": True, **options}))
    return (folder / "out" / "leaderboard.md").read_text()


MORE = {
    "ablate": ["-profile"],
    "controls": ["shuffled", "noise:0.2"],
    "grid": [
        {"system": "LightGCN", "over": {"layers": [1]}},
        {"system": "LightGCN", "over": {"layers": [1], "l2_weight": [0.1]}},
    ],
    "strata": {"users": "equal_users"},
    "evaluation": {"item_strata": True},
}


@pytest.mark.parametrize("more", [{}, MORE], ids=["plain", "everything"])
@pytest.mark.parametrize(
    "scores",
    [np.zeros(1), np.full(1, 0.5), np.zeros(40), np.full(40, 0.5), np.arange(2) / 2],
    ids=["one user at 0", "one user", "all at 0", "all equal", "two users"],
)
def test_little_to_compare(scores: np.ndarray, more: dict[str, object], tmp_path: Path) -> None:
    text = report(make_plan(2, **more), tmp_path, scores)
    assert not re.search(r"\b(nan|inf)\b|nan%", text)
    assert ("intervals and tests say nothing about other users" in text) == (len(scores) == 1)
    assert "would have been found" not in text, "all systems are one"


@pytest.mark.parametrize("systems", [["MostPop"], ["IRLLRec[LightGCN]"]])
def test_one_system(systems: list[str], tmp_path: Path) -> None:
    text = report(make_plan(2, systems=systems, strata={}), tmp_path, np.linspace(0, 1, 40))
    assert "## All pairs" not in text
    assert "nan" not in text


def test_figures_of_systems_that_are_all_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Figure] = {}

    def draw(figures: dict[str, Figure], formats: set[str]) -> dict[str, dict[str, bytes]]:
        for figure in figures.values():
            figure.draw_without_rendering()
        drawn.update(figures)
        return {}

    monkeypatch.setattr("harness.report.document.plots.draw_all", draw)
    report(make_plan(2, **MORE), tmp_path, np.zeros(1), figures=True)
    assert {"costs-d0", "strata-d0", "items-d1", "ablations-d0", "grid-d0-1", "grid-d0-2"} <= set(drawn)
    assert "ranks" not in drawn, "all ranks are equal"


def test_a_dataset_whose_every_run_failed_is_told(tmp_path: Path) -> None:
    text = report(make_plan(2, strata={}), tmp_path, np.linspace(0, 1, 40), failed="d0")
    assert "No run of this dataset is finished." in text
    assert r"- MostPop: failed, a \| &lt;i&gt;b&lt;/i&gt; (2 runs)" in text
    assert r"Note: made \| of &lt;b&gt;this&lt;/b&gt;." in text
    assert "side by side" not in text


def test_metrics_stand_in_the_order_in_which_the_plan_shows_them(tmp_path: Path) -> None:
    show = {"k": [20, 5], "show": ["map@5", "recall@20", "hit@5"]}
    text = report(make_plan(evaluation=show, strata={}), tmp_path, np.linspace(0, 1, 40))
    assert re.search(r"\| System +\| +MAP@5 \| +Recall@20 \| +Hit@5 \| +SD of runs, MAP@5 ", text)


def test_what_a_plan_says_of_itself_is_text(tmp_path: Path) -> None:
    about = "A|B <script>x</script> \ud800\n\n# Heading\n| a |\n|---|"
    text = report(make_plan(about=about), tmp_path, np.linspace(0, 1, 40))
    assert r"A\|B &lt;script&gt;x&lt;/script&gt; ?" in text
    assert "\n# Heading" not in text
    assert "\n| a |" not in text


def published(folder: Path, rows: str) -> Path:
    file = folder / "published.csv"
    file.write_text(f"system,dataset,metric,value,source\n{rows}", encoding="utf-8")
    return file


def test_published_numbers_are_counted_and_named(tmp_path: Path) -> None:
    plan = make_plan()
    report(plan, tmp_path, np.linspace(0, 1, 40))
    rows = (
        "LightGCN,d0,recall@20,.4,\nRLMRec-Con,d0,recall@20,.4,a|b\nLightGCN,D0,recall@20,.4,\n=<b>,d0,x,1,\n"
    )
    write(
        plan, Store(tmp_path / "store"), tmp_path / "out", published(tmp_path, rows), Options(figures=False)
    )
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "1 of 3 published numbers of d0 stand beside ours." in text
    assert "Source" not in text, "that of the number which stands there is empty"
    assert "Published, and not in this table: RLMRec-Con Recall@20, =&lt;b&gt; X." in text
    assert "exact names: 'RLMRec-Con' may mean 'RLMRec-Con[LightGCN]'." in text
    assert "Published numbers of datasets that have no table here: 'D0' (1)." in text
    assert "exact names: 'D0' may mean 'd0'." in text


def test_published_numbers_of_something_else_write_no_report(tmp_path: Path) -> None:
    plan = make_plan()
    report(plan, tmp_path, np.linspace(0, 1, 40))
    file = published(tmp_path, "LightGCN,yelp,recall@20,.4,\n")
    with pytest.raises(
        InputError, match=r"of its 1 number none has .* datasets 'd0'; systems 'MostPop', 'LightGCN'"
    ):
        write(plan, Store(tmp_path / "store"), tmp_path / "other", file, Options(figures=False))
    assert not (tmp_path / "other").exists()


def test_one_tested_user_and_a_cut_off_beyond_the_items_from_data_to_report(tmp_path: Path) -> None:
    rows = [
        f"u{user},i{item}" for user in range(12) for item in range(user % 2, 8 if user == 0 else 2 + user % 2)
    ]
    (tmp_path / "log.csv").write_text("user,item\n" + "\n".join(rows) + "\n")
    source = {"kind": "table", "path": "log.csv", "user": "user", "item": "item"}
    plan = {
        "name": "single", "repetitions": 1, "systems": ["MostPop", "ItemKNN", "EASE^R"],
        "datasets": [{"name": "d", "source": source, "split": {"kind": "leave_one_out"}}],
        "evaluation": {"k": [5, 50], "show": ["ndcg@50", "recall@5"]}, "strata": {"users": "equal_users"},
    }  # fmt: skip
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    words = (tmp_path / "plan.yaml", "--store", tmp_path / "store")
    assert intentbench("run", *words).exit_code == 0
    done = intentbench("report", *words, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Means over 1 test user and" in done.output
    assert not re.search(r"\bnan\b", done.output)
    frame = pd.read_csv(tmp_path / "out" / "leaderboard.csv")
    assert frame["coverage@50"].unique().tolist() == [2 / 8], "of 8 items the user has 6 in train"
