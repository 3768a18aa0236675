"""Runs are written once and whole; means come back by system."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import InputError
from harness.store.housekeeping import merge, sweep
from harness.store.layout import PROTOTYPES, SUMS, TRIALS
from harness.store.store import Store
from harness.store.sums import sums
from tests.worlds import run_record


def scores(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"user": [f"u{n}" for n in range(len(values))], "recall@20": values})


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert "a" not in store
    store.put("a", run_record(parameters=7), scores(0.5, 1.0))
    assert "a" in store
    assert store.record("a") == run_record(parameters=7)
    assert not list((tmp_path / "store" / "unfinished").iterdir())


def test_a_second_put_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a", run_record(parameters=1), scores(0.5))
    store.put("a", run_record(parameters=2), scores(0.9))
    assert store.run_record("a").parameters == 1
    assert store.run_means(["a"])["recall@20"].tolist() == [0.5]
    assert not list((tmp_path / "unfinished").iterdir())


def test_a_run_that_was_cut_off_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def die(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", die)
    with pytest.raises(KeyboardInterrupt):
        store.put("a", run_record(), scores(0.5))
    monkeypatch.undo()
    assert "a" not in store
    store.put("a", run_record(), scores(0.7))
    assert "a" in store


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a", run_record(), None)
    (tmp_path / "runs" / "a" / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"a/run.json: unreadable record .* delete the folder"):
        store.record("a")


def test_degrees_are_kept_and_merged(tmp_path: Path) -> None:
    one, two = Store(tmp_path / "one"), Store(tmp_path / "two")
    degrees = pd.DataFrame({"user": ["u0", "u1"], "degree": [3, 0]})
    one.notes.write("d", {"checksum": "c"}, degrees)
    one.notes.write("bare", {"checksum": "c"}, None)
    merge(two, one)
    for store in (one, two):
        pd.testing.assert_frame_equal(store.notes.degrees("d"), degrees)
        assert store.notes.degrees("bare") is None
        assert store.notes.description("d") == {"checksum": "c"}
        assert sorted(path.name for path in (store.root / "datasets").iterdir()) == [
            "bare.json",
            "d.json",
            "d.parquet",
        ]


def test_a_sweep_takes_what_was_left_and_nothing_that_is_under_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("done", run_record(), None)
    left = [
        tmp_path / "unfinished" / "going-1",
        tmp_path / "damaged" / "a-1",
        tmp_path / "checkpoints" / "done.pt",
        tmp_path / "checkpoints" / ".going.pt.123",
    ]
    waiting = tmp_path / "checkpoints" / "going.pt"
    for path in (*left, waiting):
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    with store.claim("going"):
        removed = sweep(store)
        assert [path for path in left if path.exists()] == [left[0], left[3]]
        assert not {left[0], left[3], waiting} & set(removed)
    sweep(store)
    assert not [path for path in left if path.exists()]
    assert waiting.exists(), "the run may go on"
    assert "done" in store


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1", b"PK\3\4 cut off"])
def test_a_file_that_fits_its_checksum_but_is_unreadable_is_named(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    store.put("a", run_record(), scores(0.5))
    for name in (TRIALS, PROTOTYPES):
        (store.folder("a") / name).write_bytes(content)
    (store.folder("a") / SUMS).write_text(sums(store.folder("a")))
    assert store.is_sound("a")
    with pytest.raises(InputError, match=r"trials\.parquet: cannot be read .*; delete the folder"):
        store.trials("a")
    with pytest.raises(InputError, match=r"prototypes\.npz: cannot be read .*; delete the folder"):
        store.arrays("a", PROTOTYPES)


def test_trials_without_a_column_are_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a", run_record(), scores(0.5))
    pd.DataFrame({"trial": [0], "score": [0.5]}).to_parquet(store.folder("a") / TRIALS)
    with pytest.raises(InputError, match=r"trials\.parquet: cannot be read \(no column 'state'\)"):
        store.trials("a")
