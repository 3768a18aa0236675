"""What a plan may say of a system from elsewhere, and how its files are found and told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.errors import InputError
from harness.external.system import matching
from harness.planning.plan import load_plan
from harness.planning.run_status import run_statuses
from harness.planning.runs import expand
from harness.store.store import Store
from harness.training.elsewhere import request_of
from harness.training.loading import load_dataset
from tests.external.small import outcomes, request_of_plan, small_plan, some_lists
from tests.worlds import intentbench

MINE = {"name": "Mine", "lists": "mine.csv"}
SPLITS = {"splits": 2}


@pytest.mark.parametrize(
    ("entry", "more", "sentence"),
    [
        ({"name": "Mine"}, {}, "systems.0: Mine has neither `lists` nor `embeddings`; expected one of them"),
        (
            {**MINE, "embeddings": {"users": "u.npy", "items": "i.npy"}},
            {},
            "Mine has both `lists` and `embeddings`; expected one of them",
        ),
        ({**MINE, "hyper": {"layers": 2}}, {}, "`hyper` is given for Mine, which is trained elsewhere"),
        ({**MINE, "space": {"layers": [1]}}, {}, "`space` is given for Mine, which is trained elsewhere"),
        ({**MINE, "lists": "a\0.csv"}, {}, "holds a NUL character; expected the name of a file"),
        ({**MINE, "lists": f"{300 * 'a'}.csv"}, {}, "a path has a name of 304 bytes"),
        ({**MINE, "listz": "a"}, {}, "systems.0.listz: unknown key; did you mean 'lists'?"),
        (
            {**MINE, "name": "LightGCN"},
            {},
            "'LightGCN' is a system that is trained here; expected another name",
        ),
        (
            {**MINE, "cost": {"seconds": -1}},
            {},
            "systems.0.cost.seconds: Input should be greater than or equal",
        ),
        (
            MINE,
            {"dataset": SPLITS},
            "Mine: 'mine.csv' does not tell which of the 2 datasets a file is of; expected {dataset} in it, as in "
            "mine-{dataset}.csv",
        ),
        (MINE, {"ablate": ["-intent"]}, "ablate: no listed system reads text"),
        (MINE, {"controls": ["shuffled"]}, "controls: no listed system reads text"),
        (
            MINE,
            {"grid": {"system": MINE, "over": {"layers": [1, 2]}}},
            "grid.0: a system from elsewhere has no hyper-parameters to vary; expected a line",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, entry: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError) as error:
        load_plan(small_plan(tmp_path, [entry], **more))
    assert sentence in str(error.value)
    assert "line " in str(error.value)


def test_both_ways_to_write_an_entry_mean_the_same(tmp_path: Path) -> None:
    short, long = (load_plan(small_plan(tmp_path / "a", [entry])) for entry in (MINE, {"system": MINE}))
    assert short == long


def test_numbers_in_names_of_files_are_ordered_by_value(tmp_path: Path) -> None:
    for name in ("a-10.csv", "a-9.csv", "a-x.csv", "b-1.csv", "[a]-1.csv"):
        (tmp_path / name).touch()
    assert [path.name for path in matching(f"{tmp_path}/a-*.csv", "d").values()] == [
        "a-9.csv",
        "a-10.csv",
        "a-x.csv",
    ]
    assert [path.name for path in matching(f"{tmp_path}/[a]-*.csv", "d").values()] == ["[a]-1.csv"]
    assert not matching(f"{tmp_path}/{{dataset}}-*.csv", "d")
    assert [path.name for path in matching(f"{tmp_path}/{{dataset}}-*.csv", "b").values()] == ["b-1.csv"]


def test_a_changed_file_is_a_new_run(tmp_path: Path) -> None:
    plan, store = small_plan(tmp_path, [MINE]), tmp_path / "store"
    request = request_of_plan(plan)
    some_lists(request).to_csv(tmp_path / "mine.csv", index=False)
    assert intentbench("run", plan, "--store", store).exit_code == 0
    assert [each.status for each in run_statuses(load_plan(plan), Store(store))] == ["finished"]
    some_lists(request, seed=1).to_csv(tmp_path / "mine.csv", index=False)
    (changed,) = run_statuses(load_plan(plan), Store(store))
    assert (changed.status, changed.reason) == (
        "missing",
        "the source file of the system has changed since it was run",
    )
    (tmp_path / "mine.csv").rename(tmp_path / "other.csv")
    assert (
        intentbench("run", small_plan(tmp_path, [{**MINE, "lists": "other.csv"}]), "--store", store).exit_code
        == 0
    )
    assert len(Store(store).runs()) == 2
    (tmp_path / "other.csv").rename(tmp_path / "third.csv")
    renamed = load_plan(small_plan(tmp_path, [{**MINE, "lists": "third.csv"}]))
    assert [each.status for each in run_statuses(renamed, Store(store))] == ["finished"], "names do not count"


def test_each_split_has_files_of_its_own(tmp_path: Path) -> None:
    """Files of two splits and two seeds each; one that was put under the wrong split's name is refused."""
    entry = {"name": "Mine", "lists": "mine-{dataset}-*.csv"}
    plan = small_plan(tmp_path, ["MostPop", entry], dataset=SPLITS)
    out, store = tmp_path / "out", tmp_path / "store"
    assert intentbench("split", "export", plan, "--out", out).exit_code == 0
    loaded = load_plan(plan)
    for variant in loaded.variants:
        request = request_of(loaded, load_dataset(variant, loaded.seed))
        assert json.loads((out / variant.name / "split.json").read_text())["split"] == request.split
        for seed in (1, 2):
            some_lists(request, seed=seed).to_csv(tmp_path / f"mine-{variant.name}-{seed}.csv", index=False)
    assert intentbench("run", plan, "--store", store).exit_code == 0
    assert sum(system == "Mine" for system, _ in outcomes(store)) == 2, "of each split"
    assert len([each for each in Store(store).runs().values() if each.system == "Mine"]) == 4
    report = intentbench("report", plan, "--store", store, "--out", tmp_path / "report")
    assert report.exit_code == 0, report.output
    assert "| Mine (external) " in (tmp_path / "report" / "leaderboard.md").read_text()
    (tmp_path / "mine-d@split-1-1.csv").replace(tmp_path / "mine-d@split-2-2.csv")
    refused = intentbench("data", "check", plan, "--store", store)
    assert refused.exit_code == 2
    assert "mine-d@split-2-2.csv, row 2: is of the split" in refused.output


def test_a_missing_file_is_told_before_anything_trains(tmp_path: Path) -> None:
    plan, store = small_plan(tmp_path, ["MostPop", MINE]), tmp_path / "store"
    checked = intentbench("data", "check", plan, "--store", store)
    assert checked.exit_code == 2
    assert "Mine: no file is called mine.csv; expected one for d" in checked.output
    ran = intentbench("run", plan, "--store", store)
    assert ran.exit_code == 0
    assert "no file is called mine.csv" in intentbench("status", plan, "--store", store).output


def test_several_files_are_several_seeds(tmp_path: Path) -> None:
    for seed in (1, 2):
        (tmp_path / f"mine-{seed}.csv").touch()
    plan = load_plan(small_plan(tmp_path, [{**MINE, "lists": "mine-*.csv", "seedless": True}]))
    with pytest.raises(InputError, match="Mine: 2 files for the dataset d, and `seedless: true` says"):
        list(expand(plan))


def test_costs_are_those_of_the_plan(tmp_path: Path) -> None:
    entries = [{**MINE, "cost": {"seconds": 12.5, "parameters": 7}}, {**MINE, "name": "Other"}]
    plan, store = small_plan(tmp_path, entries), tmp_path / "store"
    some_lists(request_of_plan(plan)).to_csv(tmp_path / "mine.csv", index=False)
    assert intentbench("run", plan, "--store", store).exit_code == 0
    records = {record.system: record for record in Store(store).runs().values()}
    facts = {name: (each.seconds_s, each.peak_bytes, each.parameters) for name, each in records.items()}
    assert facts == {"Mine": (12.5, None, 7), "Other": (None, None, None)}


def test_a_tuned_plan_tunes_the_others(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, ["ItemKNN", MINE], tuning={"trials": 2})
    store = tmp_path / "store"
    some_lists(request_of_plan(plan)).to_csv(tmp_path / "mine.csv", index=False)
    ran = intentbench("run", plan, "--store", store)
    assert ran.exit_code == 0, ran.output
    assert [each.status for each in run_statuses(load_plan(plan), Store(store))] == ["finished", "finished"]
    assert len(Store(store).identities()) == 3, "one search, for ItemKNN"
    assert intentbench("run", plan, "--store", store, "--dry-run").exit_code == 0
    assert intentbench("report", plan, "--store", store, "--out", tmp_path / "report").exit_code == 0
    assert "nan" not in (tmp_path / "report" / "leaderboard.md").read_text()


def embeddings(folder: Path, similarity: str, request: Any, seed: str = "") -> np.ndarray:
    """Writes random embeddings with their ids in another order; returns the scores [U, I] they mean."""
    random, dataset = np.random.default_rng(3), request.dataset
    rows = {}
    for side, ids in (("users", dataset.users), ("items", dataset.items)):
        own = random.normal(size=(len(ids), 5)).astype(np.float32)
        order = random.permutation(len(ids))
        np.save(folder / f"{side}{seed}.npy", own[order])
        (folder / f"{side}{seed}.ids").write_text("\n".join(ids[order]) + "\n")
        rows[side] = own / np.linalg.norm(own, axis=1, keepdims=True) if similarity == "cosine" else own
    return rows["users"] @ rows["items"].T


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
def test_embeddings_rank_as_the_lists_that_they_mean(tmp_path: Path, similarity: str) -> None:
    files = {"users": "users-*.npy", "items": "items-*.npy", "similarity": similarity}
    entries = [{"name": "Rows", "embeddings": files}, {"name": "Lists", "lists": "lists.csv"}]
    plan, store = small_plan(tmp_path, entries), tmp_path / "store"
    request = request_of_plan(plan)
    scores = embeddings(tmp_path, similarity, request, "-7")
    scores[request.hidden.nonzero()] = -np.inf
    listed = np.argsort(-scores, axis=1)[:, :10]
    rows = [
        (request.dataset.users[user], request.dataset.items[item], rank)
        for user in request.users
        for rank, item in enumerate(listed[user], 1)
    ]
    pd.DataFrame(rows, columns=["user", "item", "rank"]).to_csv(tmp_path / "lists.csv", index=False)
    ran = intentbench("run", plan, "--store", store)
    assert ran.exit_code == 0, ran.output
    found = outcomes(store)
    pd.testing.assert_frame_equal(found["Rows", 0][0], found["Lists", 0][0], check_exact=True)


def test_broken_embeddings_are_refused(tmp_path: Path) -> None:
    plan = small_plan(
        tmp_path, [{"name": "Rows", "embeddings": {"users": "users.npy", "items": "items.npy"}}]
    )
    request = request_of_plan(plan)
    embeddings(tmp_path, "dot", request)
    items = np.load(tmp_path / "items.npy")
    for broken, sentence in (
        (items[:, :4], "items.npy: rows of width 4; expected the users' width 5"),
        (items[:-1], "items.npy: 39 rows; expected 40, one for each item"),
        (items * np.nan, "items.npy: NaN or infinity in the row of item"),
    ):
        np.save(tmp_path / "items.npy", broken)
        result = intentbench("run", plan, "--store", tmp_path / "store")
        assert result.exit_code == 2
        assert sentence in result.output
        assert not (tmp_path / "store").exists()
