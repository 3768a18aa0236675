"""The command line as a user meets it: the whole path, resuming, and every mistake in one sentence."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.data.test_data import Evil, interactions, with_profiles, write_matrices
from tests.worlds import ROOT, intentbench

SMOKE = ROOT / "harness" / "plans" / "smoke.yaml"


def write_plan(folder: Path, source: dict[str, Any], **more: Any) -> Path:
    """A tiny plan over one source."""
    plan = {
        "name": "tiny",
        "repetitions": 1,
        "datasets": [{"name": "d", "source": source, **more.pop("dataset", {})}],
        "systems": ["MostPop", "LightGCN"],
        "training": {"epochs": 1, "eval_every": 1, "metric": "recall@2"},
        "evaluation": {"metrics": ["recall", "ndcg"], "k": [2], "show": ["recall@2"]},
        **more,
    }
    path = folder / "plan.yaml"
    text = json.dumps(plan, default=str)
    path.write_text(yaml.safe_dump(json.loads(text)))
    return path


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the smoke plan finished."""
    store = tmp_path_factory.mktemp("smoke") / "store"
    result = intentbench("run", SMOKE, "--store", store)
    assert result.exit_code == 0, result.output
    return store


def test_smoke_runs_seven_systems_and_reports(smoke: Path, tmp_path: Path) -> None:
    result = intentbench("report", SMOKE, "--store", smoke, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    frame = pd.read_csv(tmp_path / "leaderboard.csv")
    assert frame["system"].nunique() == 7
    assert frame["mean"].between(0, 1).all()
    text = (tmp_path / "leaderboard.md").read_text()
    assert "**" in text
    assert "<u>" in text
    assert "intent texts are genre words" in text
    assert "IRLLRec[LightGCN]" in (tmp_path / "leaderboard.tex").read_text()


def test_a_report_is_the_same_every_time(smoke: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        intentbench("report", SMOKE, "--store", smoke, "--out", tmp_path / folder)
    for name in ("leaderboard.md", "leaderboard.csv", "leaderboard.tex"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_finished_plan_trains_nothing_again(smoke: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in smoke.rglob("runs/*/*")}
    result = intentbench("run", SMOKE, "--store", smoke)
    assert result.output.strip() == "14 finished"
    assert before == {path: path.stat().st_mtime_ns for path in smoke.rglob("runs/*/*")}


def test_only_missing_runs_are_repeated(smoke: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(smoke, store)
    victim = next(p for p in (store / "runs").iterdir() if "ItemKNN" in (p / "run.json").read_text())
    shutil.rmtree(victim)
    assert "1 missing" in intentbench("status", SMOKE, "--store", store).output
    result = intentbench("run", SMOKE, "--store", store)
    assert [line.split(":")[0] for line in result.output.splitlines()[:-1]] == [
        "ml-100k ItemKNN repetition 1"
    ] or [line.split(":")[0] for line in result.output.splitlines()[:-1]] == ["ml-100k ItemKNN repetition 2"]
    assert victim.exists()


def test_dry_run_and_only(tmp_path: Path) -> None:
    store = tmp_path / "store"
    result = intentbench("run", SMOKE, "--store", store, "--dry-run")
    assert "14 missing" in result.output
    assert not store.exists()
    result = intentbench("run", SMOKE, "--store", store, "--only", "MostPop")
    assert result.output.strip().endswith("2 finished")
    result = intentbench("run", SMOKE, "--store", store, "--only", "LightGNC")
    assert result.exit_code == 2
    assert "did you mean 'LightGCN'" in result.output


def test_a_failed_run_is_stored_shown_and_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baselines.lightgcn import LightGCN

    interactions().to_csv(tmp_path / "log.csv", index=False)
    plan = write_plan(tmp_path, {"kind": "table", "path": tmp_path / "log.csv"})
    store = tmp_path / "store"
    with monkeypatch.context() as patch:
        patch.setattr(LightGCN, "encode", lambda self, ego: (_ for _ in ()).throw(RuntimeError("spoiled")))
        result = intentbench("run", plan, "--store", store)
    assert result.exit_code == 1
    assert "LightGCN repetition 1: failed, RuntimeError: spoiled" in result.output
    intentbench("report", plan, "--store", store, "--out", tmp_path / "out")
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "- LightGCN: failed, RuntimeError: spoiled" in text
    assert "| MostPop" in text
    assert intentbench("run", plan, "--store", store, "--retry").output.strip().endswith("2 finished")


def test_an_interrupted_run_goes_on_to_the_same_table(tmp_path: Path, smoke: Path) -> None:
    store, command = tmp_path / "store", [sys.executable, "-m", "harness.cli.main"]
    words = ["run", str(SMOKE), "--store", str(store)]
    environment = {**os.environ, "PYTHONPATH": str(SMOKE.parents[2])}
    started = subprocess.Popen(
        [*command, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 120
    while len(list(store.glob("runs/*/run.json"))) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    _, error = started.communicate(timeout=60)
    assert started.returncode == 130
    assert b"run again to go on" in error
    assert len(list(store.glob("runs/*/run.json"))) < 14
    assert intentbench("run", SMOKE, "--store", store).exit_code == 0
    for name, where in (("one", store), ("two", smoke)):
        intentbench("report", SMOKE, "--store", where, "--out", tmp_path / name)
    one, two = (pd.read_csv(tmp_path / name / "leaderboard.csv") for name in ("one", "two"))
    measured = [c for c in one.columns if c not in ("seconds_s", "peak_bytes")]
    pd.testing.assert_frame_equal(one[measured], two[measured])


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


def log(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> dict[str, Any]:
    frame = interactions().assign(split=["train"] * 36 + ["valid"] * 6 + ["test"] * 6)
    change(frame).to_csv(folder / "log.csv", index=False)
    return {"kind": "table", "path": folder / "log.csv", "split": "split", "rating": "rating"}


def twice(frame: pd.DataFrame, split: str) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[0]].assign(split=split)])


def blanked(frame: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    return frame.astype(object).assign(**{column: [value, *frame[column][1:]]})


def rows_with(
    value: float, users: int, width: int = 3
) -> Callable[[Path], tuple[dict[str, Any], dict[str, Any]]]:
    def make(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        rows = np.ones((users, 3))
        rows[2, 1] = value
        np.save(folder / "u.npy", rows)
        np.save(folder / "i.npy", np.ones((6, width)))
        text = {"kind": "precomputed", "user_profile": folder / "u.npy", "item_profile": folder / "i.npy"}
        return log(folder, lambda frame: frame), {"text": text}

    return make


def pickled(content: object) -> Callable[[Path], tuple[dict[str, Any], dict[str, Any]]]:
    def make(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        source = write_matrices(folder)
        (folder / "trn_mat.pkl").write_bytes(pickle.dumps(content))
        return source, {"split": {"kind": "given"}}

    return make


Made = Callable[[Path], tuple[dict[str, Any], dict[str, Any]]]
GIVEN: dict[str, Any] = {"split": {"kind": "given"}}

BROKEN: dict[str, tuple[Made, str]] = {
    "overlap": (lambda f: (log(f, lambda x: twice(x, "test")), GIVEN), "log.csv, row 50: overlap, user 'u0' with item 'i0' stands in train and test"),
    "duplicate": (lambda f: (log(f, lambda x: twice(x, "train")), GIVEN), "log.csv, row 50: duplicate, user 'u0' with item 'i0' stands twice"),
    "no id": (lambda f: (log(f, lambda x: blanked(x, "user", "")), GIVEN), "log.csv, row 2: no user id"),
    "rating": (lambda f: (log(f, lambda x: blanked(x, "rating", "five")), GIVEN), "log.csv, row 2: rating is 'five'; expected a number"),
    "split label": (lambda f: (log(f, lambda x: blanked(x, "split", "dev")), GIVEN), "log.csv, row 2: split 'dev'; expected one of"),
    "column": (lambda f: (log(f, lambda x: x.rename(columns={"item": "thing"})), GIVEN), "log.csv: no column 'item'"),
    "empty file": (lambda f: (log(f, lambda x: x.iloc[:0]), GIVEN), "log.csv: no users and items are left"),
    "empty test": (lambda f: (log(f, lambda x: x[x["split"] != "test"]), GIVEN), "log.csv: the test split is empty"),
    "missing file": (lambda f: ({"kind": "table", "path": f / "gone.csv"}, {}), "gone.csv: no such file"),
    "not gzip": (lambda f: ({"kind": "table", "path": _text(f / "log.csv.gz", "a,b")}, {}), "log.csv.gz: unreadable"),
    "evil pickle": (pickled(Evil()), "trn_mat.pkl: refuses builtins.eval"),
    "no pickle": (lambda f: (_spoil(write_matrices(f), "val_mat.pkl"), GIVEN), "val_mat.pkl: unreadable pickle"),
    "no matrix": (pickled(np.ones(3)), "trn_mat.pkl: holds a ndarray; expected a sparse matrix"),
    "no text": (lambda f: (with_profiles(f, ["u0"]), {}), "users.jsonl.gz: no text for user 'u1'"),
    "nan rows": (rows_with(np.nan, 12), "u.npy: NaN or infinity in the row of user 'u10'"),
    "few rows": (rows_with(1.0, 11), "u.npy: 11 rows; expected 12, one a user"),
    "width": (rows_with(1.0, 12, width=4), "i.npy: rows of width 4; expected the users' width 3"),
    "no time": (lambda f: (log(f, lambda x: x), {"split": {"kind": "temporal"}}), "log.csv: no timestamp column"),
    "atomic": (lambda f: ({"kind": "atomic", "folder": f}, {}), "expected it, or"),
}  # fmt: skip


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _spoil(source: dict[str, Any], name: str) -> dict[str, Any]:
    (source["folder"] / name).write_bytes(b"\x80\x04not a pickle")
    return source


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_ends_in_one_sentence(name: str, tmp_path: Path) -> None:
    make, sentence = BROKEN[name]
    source, dataset = make(tmp_path)
    plan = write_plan(tmp_path, source, dataset=dataset)
    result = intentbench("run", plan, "--store", tmp_path / "store")
    assert result.exit_code == 2, result.output
    assert sentence in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "store" / "runs").exists()
    assert not (tmp_path / "store" / "unfinished").exists()


@pytest.mark.parametrize(
    "words",
    [["report", SMOKE], ["status", "gone.yaml"], ["systems", "LightGNC"], ["data", "check", "gone.yaml"]],
)
def test_other_commands_end_in_one_sentence_too(
    words: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = intentbench(*words)
    assert result.exit_code == 2
    assert result.output.startswith("intentbench: ")
    assert len(result.output.strip().splitlines()) == 1


def test_systems_lists_everything_and_explains_one() -> None:
    listed = intentbench("systems").output
    for name in ("MostPop", "ItemKNN", "EASE^R", "LightGCN", "DCCF", "RLMRec-Con", "IRLLRec"):
        assert name in listed
    one = intentbench("systems", "IRLLRec[LightGCN]").output
    assert "translation_weight" in one
    assert "ablations: -l2, -profile, -intent, -translation, -momentum" in one


def test_doctor_names_versions_repairs_and_memory() -> None:
    text = intentbench("doctor").output
    for word in ("torch", "recbole", "repair numpy_names", "device", "memory"):
        assert word in text


def test_studies_run_and_report_through_one_plan(tmp_path: Path) -> None:
    """Densities, ablations, controls, a grid and matched capacity, from the plan to the tables."""
    movielens = {"kind": "movielens", "core": 40}
    plan = write_plan(
        tmp_path,
        movielens,
        dataset={"text": {"kind": "tfidf", "width": 8}, "density": [1.0, 0.5], "twins": "merged"},
        systems=["MostPop", "LightGCN[capacity=RLMRec-Con]", "RLMRec-Con[LightGCN]"],
        ablate=["-profile", "-intent"],
        controls=["noise:0.5", "random"],
        grid={"system": "LightGCN", "over": {"layers": [1, 3]}},
    )
    store, out = tmp_path / "store", tmp_path / "out"
    result = intentbench("run", plan, "--store", store)
    assert result.exit_code == 0, result.output
    assert result.output.strip().endswith("16 finished, 2 skipped")
    only = intentbench("run", plan, "--store", store, "--only", "LightGCN {layers=1}", "--dry-run")
    assert "2 finished" in only.output
    assert intentbench("report", plan, "--store", store, "--out", out).exit_code == 0
    text = (out / "leaderboard.md").read_text()
    for part in ("## d@merged,50%", "## d, side by side", "LightGCN {layers=3}", "has no term 'intent'",
                 "train pairs thinned to 50%", "its own controls on Recall@2", "keeps of its Recall@2"):  # fmt: skip
        assert part in text, part
    frame = pd.read_csv(out / "leaderboard.csv").query("dataset == 'd@merged'").drop_duplicates("system")
    parameters = frame.set_index("system")["parameters"]
    wide, small = parameters["LightGCN[capacity=RLMRec-Con]"], parameters["LightGCN {layers=1}"]
    assert abs(wide - parameters["RLMRec-Con[LightGCN]"]) <= small / 32 / 2


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
