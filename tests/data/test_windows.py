"""Prequential windows: the past trains, the next window tests, nobody is known before the time."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.prepare import prepare
from harness.data.spec import Movielens, SplitSpec
from harness.data.windows import UNUSED, prequential
from harness.errors import InputError


def log(seed: int, rows: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "user": random.integers(0, 12, rows).astype(str),
            "item": random.integers(0, 15, rows).astype(str),
            "timestamp": random.permutation(rows) // 2,
        }
    )


@settings(deadline=None)  # a busy machine is no fault
@given(st.integers(0, 200), st.integers(2, 6), st.data())
def test_the_past_trains_and_the_future_is_unused(seed: int, windows: int, data: st.DataObject) -> None:
    frame = log(seed)
    window = data.draw(st.integers(1, windows))
    parts, note = prequential(frame, windows, window, 0.1, "here")
    time = {name: frame["timestamp"][parts == name] for name in ("train", "valid", "test")}
    assert time["train"].max() <= min(time["valid"].min(), time["test"].min()) or time["valid"].empty
    assert time["test"].empty or time["valid"].empty or time["valid"].max() <= time["test"].min()
    later = (
        frame["timestamp"]
        > frame["timestamp"].sort_values().iloc[len(frame) * (window + 1) // (windows + 1) - 1]
    )
    assert (parts[later] == UNUSED).all()
    for side in ("user", "item"):
        known = set(frame[side][parts == "train"])
        assert set(frame[side][parts != UNUSED]) <= known, "no newcomer is ranked"
    assert f"window {window} of {windows}" in note


def test_windows_roll_forward_over_the_same_cuts() -> None:
    frame = log(3)
    train = [
        set(np.flatnonzero(prequential(frame, 4, window, 0.1, "here")[0] == "train"))
        for window in (1, 2, 3, 4)
    ]
    test = [
        set(np.flatnonzero(prequential(frame, 4, window, 0.1, "here")[0] == "test"))
        for window in (1, 2, 3, 4)
    ]
    assert all(earlier < later for earlier, later in itertools.pairwise(train))
    assert all(not one & other for one, other in itertools.pairwise(test))


def test_movielens_by_windows_holds_known_users_and_items_alone() -> None:
    split = SplitSpec(kind="prequential", windows=4, window=2)
    dataset = prepare("m", Movielens(kind="movielens", core=0), split, 0)
    assert len(np.unique(dataset.train[:, 0])) == len(dataset.users) < 943
    assert len(np.unique(dataset.train[:, 1])) == len(dataset.items)
    assert len(dataset.test) == 1326
    assert any("1,326 of 11,075 test pairs" in note for note in dataset.notes)


def test_a_log_without_time_has_no_windows() -> None:
    with pytest.raises(InputError, match="no timestamp column; a prequential split needs one"):
        prequential(log(0).drop(columns="timestamp"), 3, 1, 0.1, "here")
