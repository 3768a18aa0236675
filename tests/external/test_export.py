"""What is written for training elsewhere, and that it holds no test pair unless that is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.data.prepare import prepare
from harness.data.spec import Atomic, SplitSpec
from tests.external.small import request_of_plan, small_plan
from tests.worlds import intentbench


def pairs(frame: pd.DataFrame) -> set[tuple[str, str]]:
    return set(frame[["user", "item"]].itertuples(index=False, name=None))


def exported(folder: Path, *options: str, **more: object) -> Path:
    plan = small_plan(folder, ["MostPop"], **more)
    result = intentbench("split", "export", plan, "--out", folder / "out", *options)
    assert result.exit_code == 0, result.output
    return folder / "out"


@pytest.mark.parametrize("hides_valid", [False, True])
def test_a_split_without_its_test_pairs(tmp_path: Path, hides_valid: bool) -> None:
    out = exported(tmp_path, evaluation={"mask_validation": hides_valid}) / "d"
    dataset = request_of_plan(tmp_path / "plan.yaml").dataset
    tokens = {
        name: {(dataset.users[user], dataset.items[item]) for user, item in dataset.pairs(name)}
        for name in ("train", "valid", "test")
    }
    frames = {path.stem: pd.read_parquet(path) for path in out.glob("*.parquet")}
    assert frames.keys() == {"train", "valid", "users", "items", "hidden"}
    assert pairs(frames["train"]) == tokens["train"]
    assert pairs(frames["valid"]) == tokens["valid"]
    assert pairs(frames["hidden"]) == tokens["train"] | (tokens["valid"] if hides_valid else set())
    assert set(frames["users"]["user"]) == {user for user, _ in tokens["test"]}
    assert frames["items"]["item"].tolist() == dataset.items.tolist()
    lines = {f"{user}\t{item}" for user, item in tokens["test"]}
    for path in out.glob("*.inter"):
        assert not lines & set(path.read_text().splitlines()), path
    manifest = json.loads((out / "split.json").read_text())
    assert manifest["split"] == dataset.split_checksum
    assert any(dataset.split_checksum in sentence for sentence in manifest["send_back"])
    assert manifest["files"].keys() == {f"{name}.parquet" for name in frames}


def test_thinned_pairs_are_hidden_and_not_trained_with(tmp_path: Path) -> None:
    out = exported(tmp_path, dataset={"density": [1.0, 0.5]})
    whole, half = (
        {name: pairs(pd.read_parquet(out / folder / f"{name}.parquet")) for name in ("train", "hidden")}
        for folder in ("d", "d@50%")
    )
    assert half["train"] < whole["train"]
    assert half["hidden"] == whole["hidden"]
    assert "test" not in {path.stem for path in out.rglob("*.parquet")}


def test_with_the_test_pairs_recbole_reads_the_same_split(tmp_path: Path) -> None:
    out = exported(tmp_path, "--with-test") / "d"
    dataset = request_of_plan(tmp_path / "plan.yaml").dataset
    read = prepare("d", Atomic(kind="atomic", folder=out), SplitSpec(kind="given"), 0)
    for name in ("train", "valid", "test"):
        mine, back = (
            {(each.users[user], each.items[item]) for user, item in each.pairs(name)}
            for each in (dataset, read)
        )
        assert back == mine
    assert pairs(pd.read_parquet(out / "test.parquet")) == {
        (dataset.users[user], dataset.items[item]) for user, item in dataset.test
    }


def test_texts_do_not_name_the_split(tmp_path: Path) -> None:
    """The checksum is that of ids and pairs: another seed is another split, another text is not."""
    one = request_of_plan(small_plan(tmp_path / "one", ["MostPop"]))
    other = request_of_plan(small_plan(tmp_path / "other", ["MostPop"], seed=1))
    assert one.split != other.split
