"""Sources, filters, splits and the checks on the way to a dataset."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from harness.data.dataset import SAME_INTENTS, SPLITS, Dataset
from harness.data.describe import describe
from harness.data.pickles import load_arrays
from harness.data.prepare import prepare
from harness.data.spec import SourceSpec, SplitSpec
from harness.data.splits import carve_valid, labels
from harness.errors import InputError
from tests.worlds import SHARED, needs_data

SOURCE: TypeAdapter[Any] = TypeAdapter(SourceSpec)


def load(source: dict[str, Any], split: dict[str, Any] | None = None, seed: int = 0) -> Dataset:
    return prepare("d", SOURCE.validate_python(source), SplitSpec.model_validate(split or {}), seed)


def interactions(users: int = 12, items: int = 6) -> pd.DataFrame:
    """Every user with four items, in order of time."""
    rows = [(f"u{u}", f"i{(u + step) % items}", 5, 100 * u + step) for u in range(users) for step in range(4)]
    return pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"])


def write_matrices(folder: Path, form: str = "coo", names: dict[str, str] | None = None) -> dict[str, Any]:
    """The papers' three pickles of a random split."""
    random = np.random.default_rng(0)
    cells = random.permutation(8 * 9)[:40]
    parts = np.split(cells, [24, 32])
    for file, part in zip(("trn_mat.pkl", "val_mat.pkl", "tst_mat.pkl"), parts, strict=True):
        matrix = sp.coo_matrix((np.ones(len(part)), (part // 9, part % 9)), shape=(8, 9))
        (folder / file).write_bytes(pickle.dumps(matrix.asformat(form)))
    return {"kind": "matrices", "folder": folder}


@pytest.mark.parametrize("form", ["coo", "csr", "csc"])
def test_matrices_keep_their_split_and_shape(tmp_path: Path, form: str) -> None:
    made = load(write_matrices(tmp_path, form), {"kind": "given"})
    assert (len(made.users), len(made.items)) == (8, 9)
    assert [len(made.pairs(split)) for split in SPLITS] == [24, 8, 8]
    assert made.users.tolist() == [str(user) for user in range(8)]


def write_signed_matrices(folder: Path, low: float) -> dict[str, Any]:
    """Three pickles in which every third entry is ``low``, the others 1, and one is an explicit 0."""
    source = write_matrices(folder)
    for file in folder.glob("*.pkl"):
        matrix = load_arrays(file)
        matrix.data[::3], matrix.data[1] = low, 0
        file.write_bytes(pickle.dumps(matrix))
    return source


def test_entries_below_zero_are_refused_or_judged_by_a_rating(tmp_path: Path) -> None:
    source = write_signed_matrices(tmp_path, -1.0)
    hint = r"trn_mat.pkl, row \d: the entry -1; expected none below 0, or a `min_rating`"
    with pytest.raises(InputError, match=hint):
        load(source, {"kind": "given"})
    made = load({**source, "min_rating": 1}, {"kind": "given"})
    files = [tmp_path / name for name in ("trn_mat.pkl", "val_mat.pkl", "tst_mat.pkl")]
    counts = [int((load_arrays(file).data > 0).sum()) for file in files]
    assert [len(made.pairs(split)) for split in SPLITS] == counts
    assert sum(counts) < 40 - 13


@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf])
def test_entries_that_are_no_number_are_refused(tmp_path: Path, entry: float) -> None:
    source = write_signed_matrices(tmp_path, entry)
    for rating in ({}, {"min_rating": 1}):
        with pytest.raises(
            InputError, match=r"trn_mat.pkl: holds a coo_matrix whose row \d has the entry -?(nan|inf)"
        ):
            load({**source, **rating}, {"kind": "given"})


def test_a_matrix_may_have_ten_million_ids_at_most(tmp_path: Path) -> None:
    source = write_matrices(tmp_path)
    wide = sp.coo_matrix((np.ones(1), ([0], [0])), shape=(3, 2**31 - 1))
    (tmp_path / "trn_mat.pkl").write_bytes(pickle.dumps(wide))
    with pytest.raises(InputError, match="expected at most 10,000,000 rows and columns"):
        load(source, {"kind": "given"})


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.tsv", "log.jsonl", "log.jsonl.gz"])
def test_tables_of_every_kind_read_alike(tmp_path: Path, name: str) -> None:
    frame, path = interactions(), tmp_path / name
    if ".jsonl" in name:
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")
    made = load({"kind": "table", "path": path, "timestamp": "timestamp"}, {"kind": "temporal"})
    assert sum(len(made.pairs(split)) for split in SPLITS) == len(frame)
    latest = {made.users[user] for user in made.test[:, 0]}
    assert latest <= {"u9", "u10", "u11"}, "the last fifth of all time is tested"


def test_atomic_files_single_and_split(tmp_path: Path) -> None:
    frame = interactions().set_axis(
        ["user_id:token", "item_id:token", "rating:float", "timestamp:float"], axis=1
    )
    one, three = tmp_path / "one", tmp_path / "three"
    for folder in (one, three):
        folder.mkdir()
    frame.to_csv(one / "one.inter", sep="\t", index=False)
    for split, part in zip(SPLITS, np.split(frame.index, [30, 40]), strict=True):
        frame.loc[part].to_csv(three / f"three.{split}.inter", sep="\t", index=False)
    assert len(load({"kind": "atomic", "folder": one}).train) == round(0.6 * len(frame))
    made = load({"kind": "atomic", "folder": three}, {"kind": "given"})
    assert [len(made.pairs(split)) for split in SPLITS] == [30, 10, 8]


def test_movielens_is_filtered_to_its_positive_core() -> None:
    made = load({"kind": "movielens"})
    everything = np.concatenate([made.pairs(split) for split in SPLITS])
    for column in (0, 1):
        assert np.bincount(everything[:, column]).min() >= 5
    assert made.texts is not None
    assert (
        made.texts.item_profile[list(made.items).index("1")]
        == "Toy Story (1995). Animation Children's Comedy"
    )


def test_movielens_user_texts_hold_train_titles_only() -> None:
    made = load({"kind": "movielens", "core": 40})
    assert made.texts is not None
    title = {i: text.split(" (")[0] for i, text in enumerate(made.texts.item_profile)}
    for user in range(0, len(made.users), 25):
        words = made.texts.user_profile[user]
        train = [title[item] for owner, item in made.train if owner == user]
        assert all(name in words for name in train)
        length = len(words)
        held_out = [title[item] for owner, item in np.concatenate([made.valid, made.test]) if owner == user]
        absent = [name for name in held_out if len(name) > 12 and not any(name in other for other in train)]
        assert not any(name in words for name in absent), (user, length)


def test_given_split_without_validation_carves_it(tmp_path: Path) -> None:
    frame = interactions().assign(split=["trn"] * 40 + ["tst"] * 8)
    frame.to_csv(tmp_path / "log.csv", index=False)
    source = {
        "kind": "table",
        "path": tmp_path / "log.csv",
        "split": "split",
        "labels": {"trn": "train", "tst": "test"},
    }
    made = load(source, {"kind": "given", "valid_share": 0.25})
    assert [len(made.pairs(split)) for split in SPLITS] == [30, 10, 8]


def test_min_rating_and_core(tmp_path: Path) -> None:
    frame = interactions()
    frame.loc[:3, "rating"] = 1
    frame.to_csv(tmp_path / "log.csv", index=False)
    source = {"kind": "table", "path": tmp_path / "log.csv", "rating": "rating", "min_rating": 4, "core": 2}
    assert "u0" not in load(source).users


@given(st.sampled_from(["random", "per_user", "leave_one_out", "temporal"]), st.integers(0, 50))
def test_splits_label_every_row_and_repeat(kind: str, seed: int) -> None:
    frame = interactions()
    first = labels(frame, kind, [0.5, 0.25, 0.25], seed, "here")
    assert set(first) <= set(SPLITS)
    assert np.array_equal(first, labels(frame, kind, [0.5, 0.25, 0.25], seed, "here"))
    if kind in ("per_user", "leave_one_out"):
        counts = pd.crosstab(frame["user"], first)
        assert (counts["test"] == 1).all()
        assert (counts["valid"] == 1).all()
    if kind == "leave_one_out":
        last = frame.groupby("user")["timestamp"].transform("max") == frame["timestamp"]
        assert (first[last] == "test").all()


def test_carving_takes_train_only() -> None:
    given_labels = np.array(["train"] * 10 + ["test"] * 5, dtype=object)
    carved = carve_valid(given_labels, 0.2, 1)
    assert (carved == "valid").sum() == 2
    assert (carved[10:] == "test").all()


def test_checksum_follows_content_not_order(tmp_path: Path) -> None:
    frame = interactions()
    for name, part in (("a.csv", frame), ("b.csv", frame.iloc[::-1]), ("c.csv", frame.iloc[1:])):
        part.assign(split=["train"] * 20 + ["valid"] * 10 + ["test"] * (len(part) - 30)).sort_values(
            ["user", "item"]
        ).to_csv(tmp_path / name, index=False)
    base = {"kind": "table", "split": "split"}
    a = load({**base, "path": tmp_path / "a.csv"}, {"kind": "given"})
    shuffled = pd.read_csv(tmp_path / "a.csv").sample(frac=1, random_state=0)
    shuffled.to_csv(tmp_path / "again.csv", index=False)
    again = load({**base, "path": tmp_path / "again.csv"}, {"kind": "given"})
    assert a.checksum == again.checksum
    assert a.checksum != load({**base, "path": tmp_path / "c.csv"}, {"kind": "given"}).checksum


def write_profiles(folder: Path, side: str, tokens: list[str]) -> dict[str, Any]:
    path = folder / f"{side}.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for token in tokens:
            file.write(json.dumps({"id": token, "profile": f"likes {token}"}) + "\n")
    return {"path": path, "id": "id"}


def with_profiles(folder: Path, users: list[str], **more: Any) -> dict[str, Any]:
    interactions().to_csv(folder / "log.csv", index=False)
    profiles = {
        "users": write_profiles(folder, "users", users),
        "items": write_profiles(folder, "items", [f"i{item}" for item in range(6)]),
        **more,
    }
    return {"kind": "table", "path": folder / "log.csv", "profiles": profiles}


def test_profiles_are_looked_up_by_token(tmp_path: Path) -> None:
    made = load(with_profiles(tmp_path, [f"u{user}" for user in reversed(range(12))]))
    assert made.texts is not None
    assert made.texts.user_profile == [f"likes {token}" for token in made.users]
    assert made.texts.user_intent == made.texts.user_profile
    assert SAME_INTENTS in made.notes


def test_a_missing_text_is_refused_or_blank(tmp_path: Path) -> None:
    known = [f"u{user}" for user in range(11)]
    with pytest.raises(InputError, match=r"users.jsonl.gz: no text for user 'u11' \(1 user in all\)"):
        load(with_profiles(tmp_path, known))
    made = load(with_profiles(tmp_path, known, missing="blank"))
    assert made.texts is not None
    assert made.texts.user_profile.count("") == 1


def test_description_names_cold_ids(tmp_path: Path) -> None:
    frame = interactions().assign(split=["train"] * 36 + ["valid"] * 4 + ["test"] * 8)
    frame.to_csv(tmp_path / "log.csv", index=False)
    made = load({"kind": "table", "path": tmp_path / "log.csv", "split": "split"}, {"kind": "given"})
    facts = describe(made, None)
    assert facts["cold users"] == "3 without a train pair, 2 of them tested, u10 first"
    assert facts["density"] == "train 50.0000%, total 66.6667%"
    assert "skipped" in facts["text"]


@needs_data
def test_amazon_book_has_the_published_sizes() -> None:
    made = load({"kind": "matrices", "folder": SHARED / "amazon-book"}, {"kind": "given"})
    assert (len(made.users), len(made.items)) == (11_000, 9_332)
    assert [len(made.pairs(split)) for split in SPLITS] == [120_464, 40_290, 40_106]


@needs_data
def test_dbbook_likes_with_profiles() -> None:
    folder = SHARED / "dbbook"
    profiles = {
        "users": {"path": folder / "user_profiles.jsonl.gz", "id": "uid"},
        "items": {"path": folder / "items.jsonl.gz", "id": "iid", "text": "title"},
        "missing": "blank",
    }
    source = {
        "kind": "table", "path": folder / "interactions.csv.gz", "rating": "rating", "min_rating": 1,
        "split": "split", "labels": {"trn": "train", "tst": "test"}, "profiles": profiles,
    }  # fmt: skip
    made = load(source, {"kind": "given"})
    assert len(made.train) + len(made.valid) == 33_176
    assert len(made.test) == 35_013


def test_items_of_equal_title_are_duplicates(tmp_path: Path) -> None:
    interactions().to_csv(tmp_path / "log.csv", index=False)
    rows = [{"iid": f"i{item}", "title": f"The Book, {item // 2}"} for item in range(5)]
    (tmp_path / "items.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    titles = {"path": tmp_path / "items.jsonl", "id": "iid", "text": "title"}
    source = {"kind": "table", "path": tmp_path / "log.csv", "titles": titles}
    made = load(source)
    assert made.titles is not None
    assert made.titles[-1] == ""
    assert any(
        "4 items are duplicates of another item, in 2 groups (equal titles)" in note for note in made.notes
    )
    assert "duplicate items" not in describe(made, None)
    (tmp_path / "items.jsonl").write_text(json.dumps({"iid": "i0", "title": "The Book"}))
    assert describe(load(source), None)["duplicate items"] == "none found"
