"""Every mistake in input from outside ends in one sentence, before anything is trained."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.tiny_plan import write_plan
from tests.data.test_data import interactions, with_profiles, write_matrices
from tests.data.test_pickles import Evil
from tests.worlds import ROOT, intentbench

SMOKE = ROOT / "harness" / "plans" / "smoke.yaml"


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
    "few rows": (rows_with(1.0, 11), "u.npy: 11 rows; expected 12, one for each user"),
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


TOO_LONG = "a" * 300


@pytest.mark.parametrize(
    "words",
    [
        ("status", "quickstart", "--store", TOO_LONG), ("report", "quickstart", "--out", TOO_LONG), ("init", "--out", TOO_LONG),
        ("init", f"{TOO_LONG}.csv"), ("calibrate", "--store", TOO_LONG), ("store", "verify", "--store", TOO_LONG),
        ("explain", "ItemKNN", "--store", f"x/{TOO_LONG}/y"), ("--log-file", TOO_LONG, "plans"),
    ],
)  # fmt: skip
def test_a_name_that_no_file_system_has_is_a_mistake_in_the_command_line(words: tuple[str, ...]) -> None:
    done = intentbench(*words)
    assert done.exit_code == 2
    assert "bytes; expected at most 255 between two slashes" in " ".join(
        done.stderr.replace("│", " ").split()
    )
