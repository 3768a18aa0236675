"""Probes for what a split or a text gives away: train pairs from after the test, and named test items."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.data.dataset import SPLITS, Dataset
from harness.data.interactions import codes

IGNORES_TIME = ("random", "per_user")
"""Kinds of split that shuffle interactions."""

MOST_PAIRS = 20_000
"""Pairs of a split that are looked at; of more, so many are drawn."""

RARE = 0.001
"""Texts that name the items of fewer pairs of every split are not told about."""

SHORTEST_TITLE = 4
"""Letters; shorter titles are found in any text."""

_NOT_WORDS = re.compile(r"[\W_]+")


def later_train_note(frame: pd.DataFrame, parts: np.ndarray | pd.Categorical, kind: str) -> str | None:
    """A sentence on train pairs that are later than the user's test pairs; None if the split respects time.

    Args:
        frame: One row for each interaction; columns ``user`` and, if times are known, ``timestamp``.
        parts: The label of each row, [E].
        kind: The kind of the split.
    """
    if kind not in IGNORES_TIME or "timestamp" not in frame:
        return None
    user, time = codes(frame["user"]), frame["timestamp"].to_numpy()
    test = np.flatnonzero(parts == "test")
    if len(test) > MOST_PAIRS:
        test = pd.Series(test).sample(MOST_PAIRS, random_state=0).to_numpy()
    looked_at = np.zeros(user.max(initial=-1) + 1, dtype=bool)
    looked_at[user[test]] = True
    train = np.flatnonzero((parts == "train") & looked_at[user])
    train = train[np.lexsort((time[train], user[train]))]
    starts, ends = (np.searchsorted(user[train], user[test], side=side) for side in ("left", "right"))
    train_times = time[train]
    shares = [
        1.0 - np.searchsorted(train_times[start:end], moment, side="right") / (end - start)
        for start, end, moment in zip(starts, ends, time[test], strict=True)
        if end > start
    ]
    if not shares:
        return None
    return (
        f"the split ignores time: of the train pairs of a test pair's user, {np.mean(shares):.0%} are later "
        "than the test pair (mean over test pairs); temporal and leave_one_out splits have none"
    )


def named_items_note(dataset: Dataset) -> str | None:
    """A sentence on how often the text of a user names an item of the user.

    None without texts of users or without titles.

    A text that names test items as often as train items was written by somebody who knew them.
    """
    titles = dataset.facts.titles if dataset.facts else dataset.titles
    if dataset.texts is None or dataset.texts.user_profile is None or titles is None:
        return None
    named = [_words(title) if len(title) >= SHORTEST_TITLE else "" for title in titles]
    texts = [_words(text) for text in dataset.texts.user_profile]
    shares = {}
    for split in SPLITS:
        pairs = dataset.pairs(split)
        if len(pairs) > MOST_PAIRS:
            pairs = pairs[np.random.default_rng(0).permutation(len(pairs))[:MOST_PAIRS]]
        titled = [(user, item) for user, item in pairs if named[item]]
        if not titled:
            return None
        shares[split] = float(np.mean([named[item] in texts[user] for user, item in titled]))
    return _told(shares["train"], shares["valid"], shares["test"]) if max(shares.values()) > RARE else None


def _told(train: float, valid: float, test: float) -> str:
    note = (
        f"the user's profile text names the item of {train:.2%} of the train pairs, {valid:.2%} of the "
        f"validation pairs and {test:.2%} of the test pairs"
    )
    suspicious: Sequence[str] = [
        name for name, share in (("validation", valid), ("test", test)) if share > 0.01 and share > train / 2
    ]
    if suspicious:
        note += f"; whoever wrote the texts seems to have known {' and '.join(suspicious)} pairs"
    if "validation" in suspicious:
        note += ", and `training: {refit: true}` trains every system on the validation pairs as well"
    return note


def _words(text: str) -> str:
    """The words of a text in small letters, between blanks, so that one text is found in another whole."""
    return f" {_NOT_WORDS.sub(' ', text.lower()).strip()} "
