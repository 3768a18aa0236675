"""Key phrases: TF-IDF of words and short phrases, and the strongest of them without repetition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from harness.errors import InputError

WORD = r"(?u)\b[^\W\d_]{3,}\b"
"""Three letters at least: numbers and initials are no phrases."""


def phrase_weights(
    texts: Sequence[str], longest: int, common: float = 1.0
) -> tuple[sp.csr_matrix, np.ndarray]:
    """TF-IDF of the phrases of at least two texts: [n, V], and their words, [V].

    Args:
        texts: The texts, [n].
        longest: Words of a phrase at most.
        common: Words in a larger share of the texts than this are in no phrase.

    Raises:
        InputError: The texts have no phrase in common.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfVectorizer

    try:
        once = CountVectorizer(token_pattern=WORD, binary=True)
        share = np.asarray(once.fit_transform(texts).mean(0)).ravel()
        dropped = ENGLISH_STOP_WORDS.union(once.get_feature_names_out()[share > common])
        counter = TfidfVectorizer(
            ngram_range=(1, longest), stop_words=sorted(dropped), token_pattern=WORD,
            sublinear_tf=True, min_df=2, max_features=100_000, dtype=np.float32,
        )  # fmt: skip
        weights = counter.fit_transform(texts)
    except ValueError as error:
        raise InputError(f"the texts have no phrase in common ({error})") from None
    return weights, counter.get_feature_names_out()


def strongest(values: np.ndarray, phrases: np.ndarray, count: int) -> tuple[str, ...]:
    """Up to ``count`` phrases [V] by their positive values [V], best first, no word twice."""
    chosen: list[str] = []
    words: set[str] = set()
    for place in np.lexsort((phrases, -values)):
        if values[place] <= 0 or len(chosen) == count:
            break
        phrase = str(phrases[place])
        if words.isdisjoint(phrase.split()):
            chosen.append(phrase)
            words.update(phrase.split())
    return tuple(chosen)
