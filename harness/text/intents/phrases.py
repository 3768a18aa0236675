"""Finds key phrases: the TF-IDF of words and short phrases, and the strongest phrases without repetition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from harness.errors import InputError

WORD = r"(?u)\b[^\W\d_]{3,}\b"
"""A word has at least three letters, so numbers and initials are in no phrase."""


def phrase_weights(
    texts: Sequence[str], longest: int, common: float = 1.0
) -> tuple[sp.csr_matrix, np.ndarray]:
    """The TF-IDF [n, V] of phrases that at least two texts have, and the phrases themselves, [V].

    Args:
        texts: The texts, [n].
        longest: Most words in a phrase.
        common: Words that a larger share of the texts has are in no phrase.

    Raises:
        InputError: The texts have no phrase in common.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfVectorizer

    try:
        words = CountVectorizer(token_pattern=WORD, binary=True)
        share = np.asarray(words.fit_transform(texts).mean(0)).ravel()
        ignored = ENGLISH_STOP_WORDS.union(words.get_feature_names_out()[share > common])
        phrases = TfidfVectorizer(
            ngram_range=(1, longest), stop_words=sorted(ignored), token_pattern=WORD,
            sublinear_tf=True, min_df=2, max_features=100_000, dtype=np.float32,
        )  # fmt: skip
        weights = phrases.fit_transform(texts)
    except ValueError as error:
        raise InputError(f"the texts have no phrase in common, so none is a key phrase ({error})") from None
    return weights, phrases.get_feature_names_out()


def strongest(values: np.ndarray, phrases: np.ndarray, count: int) -> tuple[str, ...]:
    """At most ``count`` of ``phrases`` [V], those of the highest positive ``values`` [V], best first.

    No word is in two of them. Phrases of equal value are taken in the order of letters.
    """
    chosen: list[str] = []
    words: set[str] = set()
    for position in np.lexsort((phrases, -values)):
        if values[position] <= 0 or len(chosen) == count:
            break
        phrase = str(phrases[position])
        if words.isdisjoint(phrase.split()):
            chosen.append(phrase)
            words.update(phrase.split())
    return tuple(chosen)
