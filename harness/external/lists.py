"""Lists from elsewhere, checked against what was asked for, and the scores that put items in their order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from harness.data.counts import counted
from harness.errors import InputError
from harness.evaluation.ranking import Scorer
from harness.external.list_files import ListFile, read_lists
from harness.external.request import Request


@dataclass(frozen=True)
class CheckedLists:
    """The lists of a file that has everything that was asked for, and nothing that it must not have.

    Attributes:
        levels: A score for each listed item, [U, I]: 1 for the worst item of a user, and one more for each
            better score. Equal scores have equal levels. Items that are not listed have no entry.
        summary: What the file holds, as one sentence.
    """

    levels: sp.csr_matrix
    summary: str

    @property
    def scorer(self) -> Scorer:
        """Scores of all items: their levels, and 0 for what the list lacks."""
        return lambda users: torch.from_numpy(self.levels[users].toarray())


def checked_lists(path: Path, request: Request) -> CheckedLists:
    """Read the lists of a file and check them.

    Raises:
        InputError: The file cannot be read, is of another split, or names an unknown user or item. Or a list
            has an item twice or one that is hidden from it, is too short, or is missing.
    """
    file, dataset = read_lists(path), request.dataset
    _refuse_other_split(file, request)
    user = _positions(file, file.users, dataset.users, "user")
    item = _positions(file, file.items, dataset.items, "item")
    _refuse_repeats(file, user, item, len(dataset.items))
    is_asked = np.isin(user, request.users)
    kept = np.flatnonzero(is_asked)
    _refuse_hidden(file, kept, user, item, request)
    length = np.bincount(user[kept], minlength=len(dataset.users))
    _refuse_short(file, length, request)
    others = len(np.unique(user[~is_asked]))
    levels = _levels(user[kept], item[kept], file.scores[kept], request.hidden.shape)
    return CheckedLists(levels, _summary(file, request, length[request.users], others))


def _refuse_other_split(file: ListFile, request: Request) -> None:
    if file.splits is None:
        return
    other = np.flatnonzero(file.splits != request.split)
    if len(other):
        raise InputError(
            f"{file.where(other[0])}: is of the split {file.splits[other[0]]!r}; expected {request.split!r}, "
            f"which `intentbench split export` gives for the dataset {request.dataset.name}"
        )


def _positions(file: ListFile, ids: np.ndarray, known: np.ndarray, side: str) -> np.ndarray:
    """The positions of a file's ids among those of the dataset.

    Raises:
        InputError: The dataset has no such user or item.
    """
    codes, distinct = pd.factorize(ids)
    positions: np.ndarray = pd.Index(known.astype(object)).get_indexer(pd.Index(distinct))[codes]
    unknown = np.flatnonzero(positions < 0)
    if len(unknown):
        count = len(set(ids[unknown]))
        raise InputError(
            f"{file.where(unknown[0])}: unknown {side} {ids[unknown[0]]!r} ({counted(count, side)} in all); "
            f"expected an id of the dataset such as {str(known[0])!r}"
        )
    return positions


def _refuse_repeats(file: ListFile, user: np.ndarray, item: np.ndarray, items: int) -> None:
    pairs = pd.Series(user * items + item)
    again = np.flatnonzero(pairs.duplicated())
    if len(again):
        second = again[0]
        first = int(np.flatnonzero(pairs == pairs[second])[0])
        raise InputError(
            f"{file.where(second)}: the list of user {file.users[second]!r} has the item "
            f"{file.items[second]!r} in row {file.rows[first]} too; expected each item once"
        )


def _refuse_hidden(
    file: ListFile, kept: np.ndarray, user: np.ndarray, item: np.ndarray, request: Request
) -> None:
    is_hidden = np.asarray(request.hidden[user[kept], item[kept]]).ravel() > 0
    if is_hidden.any():
        first = kept[np.flatnonzero(is_hidden)[0]]
        kinds = "train and validation pairs" if request.hides_valid else "train pairs"
        raise InputError(
            f"{file.where(first)}: the list of user {file.users[first]!r} has the item "
            f"{file.items[first]!r}, which is hidden from it ({counted(int(is_hidden.sum()), 'such row')} in "
            f"all); expected no item of the user's {kinds}"
        )


def _refuse_short(file: ListFile, length: np.ndarray, request: Request) -> None:
    short = request.users[length[request.users] < request.needed[request.users]]
    if not len(short):
        return
    ids, missing = request.dataset.users, short[length[short] == 0]
    if len(missing):
        raise InputError(
            f"{file.path}: no list for user {str(ids[missing[0]])!r} ({counted(len(missing), 'user')} in "
            f"all); expected one for every user who {request.whom}"
        )
    first = short[0]
    row = file.rows[np.flatnonzero(file.users == ids[first])[-1]]
    raise InputError(
        f"{file.path}, row {row}: the list of user {str(ids[first])!r} ends after "
        f"{counted(int(length[first]), 'item')} ({counted(len(short), 'such list')} in all); expected at "
        f"least {request.needed[first]}, since the largest k is {request.depth}"
    )


def _levels(user: np.ndarray, item: np.ndarray, score: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    order = np.lexsort((score, user))
    user, item, score = user[order], item[order], score[order]
    begins, rises = np.ones(len(user), dtype=bool), np.ones(len(user), dtype=bool)
    begins[1:] = user[1:] != user[:-1]
    rises[1:] = begins[1:] | (score[1:] != score[:-1])
    number = rises.cumsum()
    level = number - number[np.maximum.accumulate(np.where(begins, np.arange(len(user)), 0))] + 1
    return sp.csr_matrix((level.astype(np.float32), (user, item)), shape=shape)


def _summary(file: ListFile, request: Request, length: np.ndarray, others: int) -> str:
    kind = "ranks" if file.has_ranks else "scores"
    lengths = f"{length.min():,}" + (f" to {length.max():,}" if length.max() > length.min() else "")
    sentence = f"{counted(len(length), 'list')} of {lengths} items, with {kind}"
    sentence += "" if file.splits is not None else "; the file does not say which split it is of"
    if not others:
        return sentence
    if request.most_users is not None:
        return f"{sentence}; {counted(others, 'list')} of users who are not tested left out"
    left_out = "list of a user who has" if others == 1 else "lists of users who have"
    return f"{sentence}; {others:,} {left_out} no test pair left out"
