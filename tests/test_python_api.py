"""A plan is run and compared from Python."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import InputError

PLAN: dict[str, Any] = {
    "name": "from-python",
    "repetitions": 2,
    "datasets": [{"name": "ml-100k", "source": {"kind": "movielens"}}],
    "systems": ["MostPop", "ItemKNN", {"system": "LightGCN", "hyper": {"learning_rate": 0.01}}],
    "training": {"epochs": 2, "eval_every": 1},
    "evaluation": {"metrics": ["recall", "ndcg"], "k": [20]},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("api") / "store"
    statuses = harness.run(PLAN, store)
    assert statuses["status"].tolist() == ["finished"] * 6
    return store


def test_the_leaderboard_is_that_of_the_report(store: Path) -> None:
    table = harness.leaderboard(PLAN, store)
    assert table.datasets == ["ml-100k"]
    first = table.frame[table.frame["metric"] == "recall@20"]
    assert first["mean"].is_monotonic_decreasing
    assert set(first["system"]) == {"MostPop", "ItemKNN", "LightGCN"}
    assert len(table.pairs) == 3 * 2
    html = table._repr_html_()
    assert "<h3>ml-100k</h3>" in html
    shown = re.findall(r"<td>(\d\.\d{4}) \[", html)
    assert f"{first['mean'].max():.4f}" in shown


def test_scores_of_users_are_those_that_the_means_are_made_of(store: Path) -> None:
    table = harness.leaderboard(PLAN, store)
    scores = table.users("ItemKNN", "LightGCN", metric="ndcg@20")
    assert list(scores.columns) == ["ItemKNN", "LightGCN"]
    rows = table.frame.set_index(["metric", "system"])
    assert scores["ItemKNN"].mean() == pytest.approx(rows.loc[("ndcg@20", "ItemKNN"), "mean"])
    assert len(table.users().columns) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"metric": "recall@21"}, "there is no metric 'recall@21' here; did you mean 'recall@20'"),
        ({"dataset": "ml"}, "there is no dataset 'ml' here"),
    ],
)
def test_a_wrong_name_is_one_sentence(arguments: dict[str, str], said: str, store: Path) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        harness.leaderboard(PLAN, store).users(**arguments)


def test_a_dictionary_is_read_as_strictly_as_a_file() -> None:
    with pytest.raises(InputError, match=r"^plan, training\.epoch: unknown key; did you mean 'epochs'"):
        harness.load_plan(PLAN | {"training": {"epoch": 2}})
    with pytest.raises(InputError, match=r"^plan, systems\.0: "):
        harness.load_plan(PLAN | {"systems": ["MostPopp"]})


def test_a_data_frame_is_a_source(tmp_path: Path) -> None:
    rows = [(f"u{user}", f"i{item}") for user in range(30) for item in range(12) if (user + item) % 3]
    frame = pd.DataFrame(rows, columns=["user", "item"])
    plan = PLAN | {
        "datasets": [{"name": "mine", "source": {"kind": "frame", "frame": frame}}],
        "systems": ["MostPop", "ItemKNN"],
        "evaluation": {"metrics": ["recall"], "k": [3], "show": ["recall@3"]},
    }
    assert set(harness.run(plan, tmp_path / "store")["status"]) == {"finished"}
    assert set(harness.leaderboard(plan, tmp_path / "store").frame["system"]) == {"MostPop", "ItemKNN"}


def test_a_name_a_path_and_a_plan_are_the_same_plan(tmp_path: Path) -> None:
    named = harness.load_plan("smoke")
    assert harness.load_plan(named) is named
    with pytest.raises(InputError, match="no plan of this name"):
        harness.load_plan(tmp_path / "nothing.yaml")


def test_the_package_is_light_until_a_name_is_used() -> None:
    code = (
        "import sys, harness; assert 'pandas' not in sys.modules and 'torch' not in sys.modules; dir(harness)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError):
        harness.nothing  # type: ignore[attr-defined]  # noqa: B018
    assert isinstance(harness.leaderboard, type(harness.run))
