"""The ML-100k inside the recbole package: its folder, and texts from its features and the train pairs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from harness.data.dataset import ItemFacts, Texts
from harness.data.joins import join
from harness.data.text_files import read_frame
from harness.errors import InputError

GENDERS = {"M": "man", "F": "woman"}


def folder() -> Path:
    """The folder of the ML-100k files inside the installed recbole package.

    Raises:
        InputError: recbole is not installed.
    """
    spec = importlib.util.find_spec("recbole")
    if spec is None or spec.origin is None:
        raise InputError("recbole is not installed; `make install` installs it with its ML-100k")
    return Path(spec.origin).parent / "dataset_example" / "ml-100k"


def texts(users: np.ndarray, items: np.ndarray, train: np.ndarray) -> Texts:
    """Profiles (titles, years, genres, demographics) and intents (genres) of every user and item.

    Args:
        users: Ids of users, [U].
        items: Ids of items, [I].
        train: Train pairs as positions, [E, 2]. A user's texts are made from no other pair.
    """
    film = _features("item", items)
    person = _features("user", users)
    title, genre = film["movie_title"].to_numpy(), film["class"].to_numpy()
    decade = [f"{year[:3]}0s" if year[:3].isdigit() else "" for year in film["release_year"]]
    item_profile = [
        f"{name} ({year}). {kinds}"
        for name, year, kinds in zip(title, film["release_year"], genre, strict=True)
    ]
    seen = pd.DataFrame({"user": train[:, 0], "title": title[train[:, 1]], "genre": genre[train[:, 1]]})
    watched = seen.groupby("user").agg(" ".join).reindex(range(len(users)), fill_value="")
    who = [
        f"{row.age} year old {GENDERS.get(row.gender, '')}, {row.occupation}." for row in person.itertuples()
    ]
    return Texts(
        user_profile=[
            f"{demographics} {films} {kinds}"
            for demographics, films, kinds in zip(who, watched["title"], watched["genre"], strict=True)
        ],
        item_profile=item_profile,
        user_intent=watched["genre"].tolist(),
        item_intent=[f"{kinds} {when}" for kinds, when in zip(genre, decade, strict=True)],
    )


def titles(items: np.ndarray) -> list[str]:
    """Title and year of every item. The year tells a film from a later one of the same title."""
    film = _features("item", items)
    return [f"{title} {year}" for title, year in zip(film["movie_title"], film["release_year"], strict=True)]


def facts(items: np.ndarray) -> ItemFacts:
    """Titles with years, and genres."""
    film = _features("item", items)
    titles = film["movie_title"] + " (" + film["release_year"] + ")"
    return ItemFacts(tuple(titles), tuple(film["class"]))


def _features(side: str, ids: np.ndarray) -> pd.DataFrame:
    """The features of users or items in the order of ``ids``; empty for those that ML-100k does not have."""
    path = folder() / f"ml-100k.{side}"
    frame = read_frame(path)
    frame = frame.rename(columns=lambda column: column.split(":")[0])
    match = join(path, frame[f"{side}_id"].tolist(), ids, side, "feature")
    return frame.reset_index(drop=True).reindex(match.positions, fill_value="")
