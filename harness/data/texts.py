"""Texts and titles that a source brings along, in token order."""

from __future__ import annotations

import numpy as np

from harness.data import movielens, sources
from harness.data.dataset import SAME_INTENTS, Texts
from harness.data.spec import Movielens, ProfileFile, Profiles, SourceSpec
from harness.errors import InputError


def texts_of(
    source: SourceSpec, users: np.ndarray, items: np.ndarray, train: np.ndarray
) -> tuple[Texts | None, tuple[str, ...]]:
    """A source's texts, None where it gives none, and what a reader must know of them, a sentence each.

    Args:
        source: The plan's.
        users: User tokens, [U].
        items: Item tokens, [I].
        train: Train pairs as positions, [E, 2]; a user's texts are made of no other pair.

    Raises:
        InputError: A file cannot be read, names an id twice, or lacks a column or an id's text.
    """
    notes = [source.warning] if source.warning else []
    if source.profiles is None:
        if isinstance(source, Movielens):
            notes.append("intent texts are genre words, not a language model's")
            return movielens.texts(users, items, train), tuple(notes)
        return None, tuple(notes)
    profile = _profiles(source.profiles, users, items, train)
    if source.profiles.users is None:
        notes.append("a user's text is that of the user's train items")
    if source.intents is None:
        notes.append(SAME_INTENTS)
    intent = profile if source.intents is None else _profiles(source.intents, users, items, train)
    return Texts(*profile, *intent), tuple(notes)


def titles_of(source: SourceSpec, items: np.ndarray) -> tuple[str, ...] | None:
    """A title for every item token [I], empty where the file knows none; None without titles.

    Raises:
        InputError: The file cannot be read, names an id twice, or lacks a column.
    """
    if source.titles is not None:
        return tuple(_read(source.titles, items, "item", blank=True))
    return tuple(movielens.titles(items)) if isinstance(source, Movielens) else None


def _profiles(
    profiles: Profiles, users: np.ndarray, items: np.ndarray, train: np.ndarray
) -> tuple[list[str], list[str]]:
    """Texts of users and of items, in token order."""
    blank = profiles.missing == "blank"
    item_texts = _read(profiles.items, items, "item", blank)
    if profiles.users is not None:
        return _read(profiles.users, users, "user", blank), item_texts
    liked: list[list[str]] = [[] for _ in users]
    for user, item in train:
        liked[user].append(item_texts[item])
    return [" ".join(texts) for texts in liked], item_texts


def _read(file: ProfileFile, tokens: np.ndarray, side: str, blank: bool) -> list[str]:
    """One text a token [n], in token order."""
    frame = sources.read_frame(file.path)
    columns = [file.text] if isinstance(file.text, str) else list(file.text)
    sources.require_columns(file.path, frame, [file.id, *columns])
    ids = sources.ids_once(file.path, frame[file.id], side, "texts")
    texts = sources.joined(frame, columns)
    known = {token: text for token, text in zip(ids, texts, strict=True) if text}
    missing = [token for token in tokens if token not in known]
    if missing and not blank:
        raise InputError(
            f"{file.path}: no text for {side} {str(missing[0])!r} ({len(missing)} {side}s in all); "
            "expected one for each, or `missing: blank`"
        )
    return [known.get(token, "") for token in tokens]
