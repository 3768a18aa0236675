"""A split as files for somebody who trains elsewhere: pairs, users, candidates, and what to send back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.external.list_formats import ITEM, USER
from harness.external.request import Request
from harness.store.files import replaced, writing

MANIFEST = "split.json"

INTER_HEADER = "user_id:token\titem_id:token"
"""The header of RecBole's atomic files of interactions."""

ABOUT = {
    "train.parquet": "the pairs to train with",
    "valid.parquet": "the pairs to choose hyper-parameters and epochs with",
    "users.parquet": "the users to rank: those who have a test pair",
    "items.parquet": "the candidates: every item",
    "hidden.parquet": "the pairs that no list may hold; all other items are candidates for a user",
    "test.parquet": "the pairs to find; never to train or to choose anything with",
}
"""What each file holds."""

DRAWN_USERS = "the users to rank: drawn at random from those who have a test pair"
"""What ``users.parquet`` holds if the plan tests some users alone."""

ANSWER = (
    "Send back one file of lists for each training (each seed): parquet, csv, tsv or jsonl with the columns "
    "user, item and score (the larger, the better) or rank (1 is the best), or a TREC run (.trec or .run).",
    "Each user of users.parquet needs at least {depth} items, or all candidates if there are fewer. More "
    "items do no harm.",
    "No list may hold a pair of hidden.parquet, an item twice, or an item that is not in items.parquet.",
    "Write {split} into a column `split` of every row (in a TREC run: as the tag, the last field). A "
    "file of another split is then refused, and not judged by mistake.",
    "Items with equal scores are judged by the mean over all their orders. A list is taken as it is: if it "
    "leaves out items that have the score of its last one, nobody here knows of them.",
    "Instead of lists you may send embeddings: a .npy file with a row for each user and one with a row for "
    "each item. A file of the same name that ends in .ids has the ids in that order, one a line.",
    "A plan takes the files with `systems: [{{name: Mine, lists: {file}}}]`, where * stands for the seed.",
)
"""What to send back, a sentence each."""


def export_split(request: Request, folder: Path, with_test: bool = False) -> list[Path]:
    """Write a split into a folder of its own, in parquet and in RecBole's form; returns the files.

    Test pairs are written only if they are asked for.

    Args:
        request: The dataset and what its lists must have.
        folder: The folder in which a folder with the dataset's name is made.
        with_test: Whether the test pairs are written too.

    Raises:
        InputError: An id cannot be written in RecBole's form.
        StoreError: The folder cannot be written.
    """
    dataset = request.dataset
    splits = ("train", "valid", "test") if with_test else ("train", "valid")
    pairs = {name: dataset.pairs(name) for name in splits}
    frames = {f"{name}.parquet": _pair_frame(dataset, rows) for name, rows in pairs.items()}
    frames["users.parquet"] = pd.DataFrame({USER: dataset.users[request.users]})
    frames["items.parquet"] = pd.DataFrame({ITEM: dataset.items})
    frames["hidden.parquet"] = _pair_frame(dataset, np.stack(request.hidden.nonzero(), axis=1))
    texts = {f"{dataset.name}.{name}.inter": _atomic(dataset, rows) for name, rows in pairs.items()}
    texts[MANIFEST] = json.dumps(_manifest(request, frames), indent=1, ensure_ascii=False) + "\n"
    target = folder / dataset.name
    with writing(target):
        for name, frame in frames.items():
            with replaced(target / name) as unfinished:
                frame.to_parquet(unfinished, index=False)
        for name, text in texts.items():
            with replaced(target / name) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
    return [target / name for name in (*frames, *texts)]


def _pair_frame(dataset: Dataset, pairs: np.ndarray) -> pd.DataFrame:
    """Pairs [n, 2] by the ids of their users and items."""
    return pd.DataFrame({USER: dataset.users[pairs[:, 0]], ITEM: dataset.items[pairs[:, 1]]})


def _atomic(dataset: Dataset, pairs: np.ndarray) -> str:
    """Pairs as RecBole's ``.inter`` file, which has no quotes.

    Raises:
        InputError: An id holds a tab or a line break.
    """
    for side in (dataset.users, dataset.items):
        for name in side:
            if set(name) & set("\t\r\n"):
                raise InputError(
                    f"dataset {dataset.name}: the id {str(name)!r} holds a tab or a line break, which "
                    "RecBole's files cannot hold; expected ids without them"
                )
    frame = _pair_frame(dataset, pairs)
    return "\n".join([INTER_HEADER, *(frame[USER] + "\t" + frame[ITEM])]) + "\n"


def _manifest(request: Request, files: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What the folder holds and what is to be sent back, in plain words."""
    dataset = request.dataset
    facts = {"depth": request.depth, "split": request.split, "file": f"mine-{dataset.name}-*.parquet"}
    about = ABOUT if request.most_users is None else {**ABOUT, "users.parquet": DRAWN_USERS}
    return {
        "dataset": dataset.name,
        "split": request.split,
        "items_of_a_list": request.depth,
        "files": {name: f"{len(frame):,} rows: {about[name]}" for name, frame in files.items()},
        "recbole": f"{dataset.name}.train.inter and {dataset.name}.valid.inter hold the same pairs",
        "send_back": [sentence.format(**facts) for sentence in ANSWER],
    }
