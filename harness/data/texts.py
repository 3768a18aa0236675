"""Texts and titles that a source brings along, in the order of the dataset's ids."""

from __future__ import annotations

import numpy as np

from harness.data import movielens
from harness.data.counts import counted
from harness.data.dataset import SAME_INTENTS, Texts, joined_texts
from harness.data.file_spec import ProfileFile, Profiles
from harness.data.joins import texts_by_id
from harness.data.spec import Movielens, SourceSpec

Notes = tuple[str, ...]
"""What a reader of the results must know, one sentence each."""


def texts_of(
    source: SourceSpec, users: np.ndarray, items: np.ndarray, train: np.ndarray
) -> tuple[Texts | None, Notes]:
    """The texts of a source, None if it gives none, and notes on them.

    Args:
        source: The plan's source.
        users: Ids of users, [U].
        items: Ids of items, [I].
        train: Train pairs as positions, [E, 2]. A user's texts are made from no other pair.

    Raises:
        InputError: A file cannot be read or lacks a column, has two texts for an id or a text for no id,
            or lacks an id's text where the plan wants all.
    """
    warning = (source.warning,) if source.warning else ()
    if source.profiles is None:
        if isinstance(source, Movielens):
            note = "intent texts are genre words, not a language model's"
            return movielens.texts(users, items, train), (*warning, note)
        return None, warning
    user, item, notes = _profiles(source.profiles, users, items, train, "profile")
    if source.profiles.users is None:
        notes = (_user_note(source.profiles), *notes)
    if source.intents is None:
        return Texts(user, item, user, item), (*warning, *notes, SAME_INTENTS)
    user_intent, item_intent, more = _profiles(source.intents, users, items, train, "intent")
    return Texts(user, item, user_intent, item_intent), (*warning, *notes, *more)


def _user_note(profiles: Profiles) -> str:
    """What the texts of users are, if no file gives them."""
    if profiles.user_texts == "mean":
        return "a user's text row is the mean of the rows of the user's train items"
    kept = f", of which {counted(profiles.user_words, 'word')} are kept" if profiles.user_words else ""
    return f"a user's text is that of the user's train items{kept}"


def titles_of(source: SourceSpec, items: np.ndarray) -> tuple[tuple[str, ...] | None, Notes]:
    """A title for every item [I], empty if the file has none, and notes on them. None without titles.

    Raises:
        InputError: The file cannot be read or lacks a column, has two titles for an id, or a title for no
            item.
    """
    if source.titles is None:
        return (tuple(movielens.titles(items)) if isinstance(source, Movielens) else None), ()
    titles, notes = _read(source.titles, items, "item", "title", blank=True)
    return tuple(titles), notes


def _profiles(
    profiles: Profiles, users: np.ndarray, items: np.ndarray, train: np.ndarray, what: str
) -> tuple[list[str] | None, list[str], Notes]:
    """Texts of users, None if there are none, texts of items, both in the order of their ids, and notes."""
    blank = profiles.missing == "blank"
    item_texts, notes = _read(profiles.items, items, "item", what, blank)
    if profiles.users is not None:
        user_texts, more = _read(profiles.users, users, "user", what, blank)
        return user_texts, item_texts, (*more, *notes)
    if profiles.user_texts == "mean":
        return None, item_texts, notes
    return joined_texts(item_texts, len(users), train, profiles.user_words), item_texts, notes


def _read(file: ProfileFile, ids: np.ndarray, side: str, what: str, blank: bool) -> tuple[list[str], Notes]:
    """A text for every id [n], empty if the file has none, and notes."""
    columns = [file.text] if isinstance(file.text, str) else list(file.text)
    texts, match = texts_by_id(file.path, file.id, {"text": columns}, ids, side, what)
    if not blank:
        match.require_all(file.path, side, "text", "expected one for each, or `missing: blank`")
    return texts["text"], match.notes
