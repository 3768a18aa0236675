"""Plans over every kind of source and of split, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.tiny_plan import write_plan
from tests.data.test_data import interactions, with_profiles, write_matrices
from tests.worlds import intentbench


def atomic_folder(folder: Path) -> dict[str, Any]:
    made = folder / "log"
    made.mkdir()
    frame = interactions().set_axis(
        ["user_id:token", "item_id:token", "rating:float", "timestamp:float"], axis=1
    )
    frame.to_csv(made / "log.inter", sep="\t", index=False)
    return {"kind": "atomic", "folder": made}


SOURCES: dict[str, Callable[[Path], tuple[dict[str, Any], dict[str, Any]]]] = {
    "movielens": lambda folder: ({"kind": "movielens", "core": 40}, {}),
    "matrices": lambda folder: (write_matrices(folder), {"split": {"kind": "given"}}),
    "table": lambda folder: (with_profiles(folder, [f"u{u}" for u in range(12)]), {}),
    "atomic": lambda folder: (atomic_folder(folder), {"split": {"kind": "leave_one_out"}}),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_runs_without_code(kind: str, tmp_path: Path) -> None:
    source, dataset = SOURCES[kind](tmp_path)
    dataset["text"] = {"kind": "tfidf", "width": 2} if kind == "movielens" else {"kind": "tfidf"}
    if kind == "table":  # texts of one word each share none: precomputed rows instead
        for side, count in (("users", 12), ("items", 6)):
            np.save(tmp_path / f"{side}.npy", np.random.default_rng(0).normal(size=(count, 3)))
        names = {f"{side}_profile": tmp_path / f"{side}s.npy" for side in ("user", "item")}
        dataset["text"] = {"kind": "precomputed", **names}
    systems = ["MostPop", {"system": "IRLLRec[LightGCN]", "hyper": {"n_intents": 8}}]
    plan = write_plan(tmp_path, source, dataset=dataset, systems=systems)
    result = intentbench("run", plan, "--store", tmp_path / "store")
    assert result.exit_code == 0, result.output
    text = kind in ("movielens", "table")
    assert result.output.strip().splitlines()[-1] == ("2 finished" if text else "1 finished, 1 skipped")
    assert intentbench("data", "check", plan).exit_code == 0


def test_cold_items_are_ranked_by_those_who_can(tmp_path: Path) -> None:
    plan = write_plan(
        tmp_path,
        {"kind": "movielens", "core": 40},
        dataset={"text": {"kind": "tfidf", "width": 8}, "split": {"kind": "cold_items"}},
        systems=["LightGCN", "AlphaRec"],
    )
    result = intentbench("run", plan, "--store", tmp_path / "store")
    assert result.output.strip().endswith("1 skipped, 1 finished")
    status = intentbench("status", plan, "--store", tmp_path / "store").output
    assert "cannot rank items that it was not trained with" in status
