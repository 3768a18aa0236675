"""ML-100k as recbole carries it: its folder, and texts from its features and the train pairs alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from harness.data.dataset import ItemFacts, Texts
from harness.data.sources import read_frame
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
    """Profiles (titles, years, genres, demographics) and intents (genres) for every token.

    Args:
        users: User tokens, [U].
        items: Item tokens, [I].
        train: Train pairs as positions, [E, 2]; a user's texts use no other pair.
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
    """Title and year of every item, which tell a film from a later one of the same title."""
    film = _features("item", items)
    return [f"{title} {year}" for title, year in zip(film["movie_title"], film["release_year"], strict=True)]


def facts(items: np.ndarray) -> ItemFacts:
    """Titles with years, and genres."""
    film = _features("item", items)
    titles = film["movie_title"] + " (" + film["release_year"] + ")"
    return ItemFacts(tuple(titles), tuple(film["class"]))


def _features(side: str, tokens: np.ndarray) -> pd.DataFrame:
    """One feature row a token, in token order; unknown tokens get empty strings."""
    frame = read_frame(folder() / f"ml-100k.{side}")
    frame = frame.rename(columns=lambda column: column.split(":")[0])
    return frame.set_index(f"{side}_id").reindex(tokens, fill_value="")
