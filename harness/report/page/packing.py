"""The comparisons of all pairs of systems of a dataset, made small for the page.

A page with all scores of all users would be too large. What a reader can ask is known beforehand, so the page
holds the rows of compared.csv, by-degree.csv and users.csv.gz: columns of whole numbers, without names, as
JSON that is deflated and written in base64. The browser inflates it when a reader first compares two systems.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report import tables

SCALE = 10_000
"""Numbers are multiplied by this and rounded: the page shows four decimals."""


def packed(frames: Mapping[str, pd.DataFrame]) -> str:
    """Pack the comparisons of one dataset.

    Args:
        frames: From ``sections.head_to_head``: ``compared`` and, where there are any, ``by-degree`` and
            ``users``.

    Returns:
        Base64 of deflated JSON: ``systems``; by ``metrics`` the columns of all pairs, in the order (0, 1),
        (0, 2), ... of the systems; ``strata`` and ``users`` with one list for each pair.
    """
    compared = frames["compared"]
    systems = list(dict.fromkeys([*compared["first"], *compared["second"]]))
    content: dict[str, Any] = {"systems": systems, "metrics": _by_metric(compared)}
    if "by-degree" in frames:
        content["strata"] = _strata(frames["by-degree"])
    if "users" in frames:
        content["users"] = _users(frames["users"], compared)
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _by_metric(compared: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ("difference", "low", "high", "p", "p_holm")
    counts = ("first_wins", "ties", "second_wins")
    return [
        {
            "title": tables.title(str(metric)),
            **{column: _scaled(rows[column]) for column in columns},
            **{column: [int(value) for value in rows[column]] for column in counts},
            "verdict": list(rows["verdict"]),
        }
        for metric, rows in compared.groupby("metric", sort=False)
    ]


def _strata(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "metric": tables.title(str(frame["metric"].iloc[0])),
        "labels": list(dict.fromkeys(frame["stratum"].astype(str))),
        "users": [
            int(rows["users"].iloc[0]) for _, rows in frame.groupby("stratum", sort=False, observed=True)
        ],
        **{
            column: [_scaled(rows[column]) for _, rows in frame.groupby("stratum", sort=False, observed=True)]
            for column in ("difference", "low", "high")
        },
    }


def _users(frame: pd.DataFrame, compared: pd.DataFrame) -> dict[str, Any]:
    """Names and train pairs of all users that any pair shows, and for each pair their places and scores."""
    known = frame.drop_duplicates("user")
    place_of = {user: place for place, user in enumerate(known["user"])}
    by_pair = dict(tuple(frame.groupby(["first", "second"], sort=False)))
    pairs = compared.drop_duplicates(["first", "second"])[["first", "second"]].itertuples(index=False)
    lists: list[list[Any]] = []
    for pair in pairs:
        rows = by_pair.get(tuple(pair))
        if rows is None:
            lists.append([[], [], []])
            continue
        places = [place_of[user] for user in rows["user"]]
        lists.append([places, _scaled(rows["first_score"]), _scaled(rows["second_score"])])
    return {
        "metric": tables.title(str(frame["metric"].iloc[0])),
        "names": list(known["user"]),
        "train_pairs": [None if pd.isna(value) else round(value, 1) for value in known["train_pairs"]],
        "pairs": lists,
    }


def _scaled(values: pd.Series) -> list[int | None]:
    return [None if pd.isna(value) else round(value * SCALE) for value in values]
