"""The lists of any run, sent round as a file, give every metric to the last digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.planning.plan import load_plan
from harness.planning.runs import expand
from harness.store.store import Store
from tests.external.small import outcomes, request_of_plan, small_plan
from tests.worlds import intentbench

SYSTEMS = ["MostPop", "ItemKNN", "EASE^R", "LightGCN"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan and a store of its runs, which have kept their lists."""
    folder = tmp_path_factory.mktemp("ran")
    plan = small_plan(folder, SYSTEMS, repetitions=2, evaluation={"lists": 15})
    assert intentbench("run", plan, "--store", folder / "store").exit_code == 0
    return folder


def sent_round(ran: Path, folder: Path, ending: str, **more: Any) -> Path:
    """The store of a plan that takes back the lists of every run in ``ran``, written with this ending."""
    folder.mkdir(exist_ok=True)
    for identity, record in Store(ran / "store").runs().items():
        out = folder / f"{record.system}-{record.repetition}{ending}"
        written = intentbench("lists", identity, "--store", ran / "store", "--out", out)
        assert written.exit_code == 0, written.output
    entries = [{"name": f"{system} back", "lists": f"{system}-*{ending}"} for system in SYSTEMS]
    plan = small_plan(folder, entries, **more)
    result = intentbench("run", plan, "--store", folder / "store")
    assert result.exit_code == 0, result.output
    return folder / "store"


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".trec", ".run"])
def test_every_metric_is_equal_to_the_last_digit(ran: Path, tmp_path: Path, ending: str) -> None:
    back, before = outcomes(sent_round(ran, tmp_path / "back", ending)), outcomes(ran / "store")
    assert len(back) == 2 * len(SYSTEMS)
    for (system, repetition), (users, overall) in before.items():
        users_back, overall_back = back[f"{system} back", repetition]
        pd.testing.assert_frame_equal(users_back, users, check_exact=True)
        assert overall_back == overall
    assert any(overall["tied@10"] > 0 for _, overall in before.values()), "ties are tried too"


@pytest.mark.parametrize("hides", [{"evaluation": {"mask_validation": True}}, {"training": {"refit": True}}])
def test_hidden_validation_pairs_stay_hidden(tmp_path: Path, hides: dict[str, dict[str, Any]]) -> None:
    """They are hidden too where systems are trained anew on train and validation pairs."""
    keeps = {**hides, "evaluation": {"lists": 15, **hides.get("evaluation", {})}}
    plan = small_plan(tmp_path / "ran", SYSTEMS, repetitions=2, **keeps)
    assert intentbench("run", plan, "--store", tmp_path / "ran" / "store").exit_code == 0
    back = outcomes(sent_round(tmp_path / "ran", tmp_path / "back", ".parquet", **hides))
    for (system, repetition), (users, overall) in outcomes(tmp_path / "ran" / "store").items():
        users_back, overall_back = back[f"{system} back", repetition]
        pd.testing.assert_frame_equal(users_back, users, check_exact=True)
        assert overall_back == overall
    dataset = request_of_plan(plan).dataset
    hidden = {(dataset.users[user], dataset.items[item]) for user, item in dataset.valid}
    listed = pd.read_parquet(tmp_path / "back" / "LightGCN-0.parquet")
    assert not hidden & set(listed[["user", "item"]].itertuples(index=False, name=None))


def test_runs_without_lists_are_done_again(ran: Path, tmp_path: Path) -> None:
    """A classic is fitted again; a trained system only if asked. Both give the lists that another plan kept."""
    plan = small_plan(tmp_path / "plain", SYSTEMS, repetitions=2)
    store = tmp_path / "plain" / "store"
    assert intentbench("run", plan, "--store", store).exit_code == 0
    kept = {(each.system, each.repetition): name for name, each in Store(ran / "store").runs().items()}
    for identity, record in Store(store).runs().items():
        assert identity not in kept.values(), "a plan that keeps lists has runs of its own"
        out = tmp_path / "lists.parquet"
        result = intentbench("lists", identity, "--store", store, "--out", out)
        if record.system == "LightGCN":
            assert result.exit_code == 2
            assert (
                "has kept neither lists nor weights; run its plan with `evaluation: {lists: 50}`"
                in result.output
            )
            result = intentbench("lists", identity, "--store", store, "--out", out, "--train")
        assert result.exit_code == 0, result.output
        theirs = Store(ran / "store").lists(kept[record.system, record.repetition])
        mine = pd.read_parquet(out).merge(theirs, on=["user", "item"], suffixes=("", " kept"))
        assert len(mine) == len(theirs), "they are longer, and begin with the same items"
        assert (mine["score"] == mine["score kept"]).all()


def test_the_store_is_as_any_other(ran: Path, tmp_path: Path) -> None:
    store = sent_round(ran, tmp_path / "back", ".parquet")
    assert intentbench("store", "verify", "--store", store).exit_code == 0
    merged = tmp_path / "merged"
    assert intentbench("store", "merge", store, "--store", merged).exit_code == 0
    report = intentbench(
        "report", tmp_path / "back" / "plan.yaml", "--store", merged, "--out", tmp_path / "report"
    )
    assert report.exit_code == 0, report.output
    table = (tmp_path / "report" / "leaderboard.md").read_text()
    assert "| MostPop back (external) " in table
    assert "were trained elsewhere" in table
    identity = next(iter(Store(merged).runs()))
    again = intentbench("lists", identity, "--store", merged, "--out", tmp_path / "again.csv")
    assert again.exit_code == 2
    assert "was trained elsewhere; its lists are in the file that its plan names" in again.output


def test_old_identities_are_those_of_plans_without_lists(tmp_path: Path) -> None:
    """What a plan does not use changes no identity."""
    plain, keeping = (
        load_plan(small_plan(tmp_path / name, ["MostPop"], evaluation=more))
        for name, more in (("plain", {}), ("keeping", {"lists": 5}))
    )
    (one,), (other,) = list(expand(plain)), list(expand(keeping))
    assert one.identity("c") != other.identity("c")
    assert one.identity("c") == "1129f3d1bf0da725dff6", "as before there were lists"
