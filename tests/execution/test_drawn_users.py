"""Plans that test some users alone: the same ones for all systems, in lists, strata, splits and reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.planning.parts import EvaluationPlan, TuningPlan
from harness.planning.tasks import Search
from harness.store.store import Store
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard
from harness.training.prepared_data import prepared
from harness.training.run import train
from tests.external.small import outcomes, request_of_plan, small_plan, some_lists
from tests.worlds import intentbench

MINE = {"name": "Mine", "lists": "mine.csv"}
TWO = ["ItemKNN", "LightGCN"]


def ran(folder: Path, systems: list[Any], **more: Any) -> dict[tuple[str, int], pd.DataFrame]:
    """The scores of the users whom a plan has tested, by system and repetition."""
    plan = small_plan(folder, systems, **more)
    result = intentbench("run", plan, "--store", folder / "store")
    assert result.exit_code == 0, result.output
    return {key: users for key, (users, _) in outcomes(folder / "store").items()}


def report(folder: Path) -> str:
    done = intentbench("report", folder / "plan.yaml", "--store", folder / "store", "--out", folder / "out")
    assert done.exit_code == 0, done.output
    return (folder / "out" / "leaderboard.md").read_text()


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], pd.DataFrame]:
    return ran(tmp_path_factory.mktemp("everybody"), TWO, repetitions=2)


def test_all_systems_are_tested_on_the_same_users_and_score_as_without_the_draw(
    tmp_path: Path, everybody: dict[tuple[str, int], pd.DataFrame]
) -> None:
    """Of LightGCN other epochs may be best, since fewer users validate; so ItemKNN alone is compared."""
    small, large = (
        ran(tmp_path / str(count), TWO, repetitions=2, evaluation={"users": count, "lists": 12})
        for count in (8, 15)
    )
    for found, count in ((small, 8), (large, 15)):
        (users,) = {tuple(frame["user"]) for frame in found.values()}
        assert len(users) == count
        whole = everybody["ItemKNN", 0].set_index("user").loc[list(users)].reset_index()
        pd.testing.assert_frame_equal(found["ItemKNN", 0], whole, check_exact=True)
    assert set(small["ItemKNN", 0]["user"]) < set(large["ItemKNN", 0]["user"])
    store = Store(tmp_path / "8" / "store")
    for identity, record in store.runs().items():
        assert record.drawn_users == {"valid": 8, "test": 8}
        assert record.drawn_from["test"] == len(everybody["ItemKNN", 0])
        lists = store.lists(identity)
        assert lists is not None
        assert set(lists["user"]) == set(small["ItemKNN", 0]["user"]), (
            "lists are kept of those who are tested"
        )


def test_the_caption_tells_of_the_draw(
    tmp_path: Path, everybody: dict[tuple[str, int], pd.DataFrame]
) -> None:
    ran(tmp_path, TWO, repetitions=2, evaluation={"users": 8}, strata={"groups": 2})
    text, total = report(tmp_path), len(everybody["ItemKNN", 0])
    assert "Means over 8 test users" in text
    assert f"Only 8 of the {total} users with test pairs are tested. They were drawn at random" in text
    strata = pd.read_csv(next((tmp_path / "out").glob("strata*.csv")))
    assert strata.drop_duplicates("stratum")["users"].sum() == 8


def test_a_draw_of_more_users_than_there_are_is_everybody(
    tmp_path: Path, everybody: dict[tuple[str, int], pd.DataFrame]
) -> None:
    found = ran(tmp_path, TWO, repetitions=2, evaluation={"users": 1000})
    for key, frame in found.items():
        pd.testing.assert_frame_equal(frame, everybody[key], check_exact=True)
    assert "drawn" not in report(tmp_path)


def test_every_split_draws_its_own_users(tmp_path: Path) -> None:
    ran(tmp_path, TWO, dataset={"splits": 2}, evaluation={"users": 8})
    store = Store(tmp_path / "store")
    drawn: dict[str, set[tuple[str, ...]]] = {}
    for identity, record in store.runs().items():
        users = pd.read_parquet(store.folder(identity) / "users.parquet")["user"]
        drawn.setdefault(record.dataset, set()).add(tuple(users))
    assert [len(users) for users in drawn.values()] == [1, 1], "all systems of a split have the same"
    assert len(set().union(*drawn.values())) == 2
    assert "drawn at random from the seed of each split" in report(tmp_path)


def test_lists_from_elsewhere_are_asked_of_the_drawn_users_alone(tmp_path: Path) -> None:
    evaluation = {"users": 8}
    plan = small_plan(tmp_path, ["ItemKNN", MINE], evaluation=evaluation)
    request = request_of_plan(plan)
    assert len(request.users) == 8
    some_lists(request).to_csv(tmp_path / "mine.csv", index=False)
    found = ran(tmp_path, ["ItemKNN", MINE], evaluation=evaluation)
    assert found["Mine", 0]["user"].tolist() == found["ItemKNN", 0]["user"].tolist()
    assert {record.drawn_users["test"] for record in Store(tmp_path / "store").runs().values()} == {8}
    assert intentbench("split", "export", plan, "--out", tmp_path / "splits").exit_code == 0
    users = pd.read_parquet(tmp_path / "splits" / "d" / "users.parquet")["user"]
    assert set(users) == set(found["Mine", 0]["user"])
    manifest = json.loads((tmp_path / "splits" / "d" / "split.json").read_text())
    assert manifest["files"]["users.parquet"].startswith("8 rows: the users to rank: drawn at random")


def test_lists_that_lack_a_drawn_user_are_refused(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, [MINE], evaluation={"users": 8})
    lists = some_lists(request_of_plan(plan))
    lists[lists["user"] != lists["user"].iloc[0]].to_csv(tmp_path / "mine.csv", index=False)
    result = intentbench("run", plan, "--store", tmp_path / "store")
    assert result.exit_code == 2
    assert "expected one for every user who is in users.parquet" in " ".join(result.output.split())


def test_validation_draws_in_the_same_order() -> None:
    run = make_run("LightGCN", epochs=1, eval_every=1)
    some = replace(run, evaluation=run.evaluation.model_copy(update={"users": 10}))
    with prepared(checkerboard(), None) as data:
        rows = {
            split: np.flatnonzero(np.diff(data.relevant(split, some).indptr)).tolist()
            for split in ("valid", "test")
        }
        assert len(rows["valid"]) == 10
        assert rows["valid"] == rows["test"], "here every user has both"
        assert data.validation(some)["train"] is data.matrices["train"]
        whole, drawn = (train(each, data).record["valid"]["recall@5"] for each in (run, some))
        assert whole != drawn


def test_the_key_counts_in_an_identity_only_where_it_is_used() -> None:
    run = make_run("LightGCN")
    some = replace(run, evaluation=run.evaluation.model_copy(update={"users": 10}))
    assert run.identity("x") == "3d7a499374e566d218c8"
    assert some.identity("x") != run.identity("x")
    search, other = (
        Search(
            dataset=run.dataset, system=run.system, settings=run.settings, space={}, tuning=TuningPlan(),
            base_seed=7, training=run.training, evaluation=evaluation,
        )
        for evaluation in (EvaluationPlan(), EvaluationPlan(users=10))
    )  # fmt: skip
    assert search.identity("x") != other.identity("x")
