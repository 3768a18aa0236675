"""Intents without a language model: TF-IDF key phrases of train reviews, split by rating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, Field

from harness import InputError
from harness.intents.answers import Intent, Outcome, Profile
from harness.intents.documents import TrainLog
from harness.intents.prompts import Side
from harness.intents.writer import Written

WORD = r"(?u)\b[^\W\d_]{3,}\b"
"""Three letters at least: numbers and initials are no phrases."""


class ExtractiveSpec(BaseModel):
    """Key phrases in place of a language model's words; the offline default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["extractive"] = "extractive"
    phrases: int = Field(8, ge=1, description="likes, and dislikes, of a node at most")
    phrase_words: int = Field(3, ge=1, le=5, description="words of a phrase at most")
    like_from: float = Field(4.0, description="ratings from here on are likes, lower ones dislikes")

    @property
    def name(self) -> str:
        """What tables call the texts."""
        return "extractive"


class ExtractiveWriter:
    """Ranks each node's phrases by how much more its liked train pairs say them than its disliked ones."""

    def __init__(self, spec: ExtractiveSpec) -> None:
        """``spec`` is the plan's."""
        self.spec = spec

    def write(self, side: Side, log: TrainLog, documents: Sequence[str]) -> list[Written]:
        """One entry a node of the side, [n]; ``documents`` are kept to fall back to."""
        column = 0 if side == "user" else 1
        weights, phrases = self._weights(log)
        disliked = log.ratings < self.spec.like_from  # false where there is no rating
        shape = (len(documents), len(log.pairs))
        parts = []
        for chosen in (~disliked, disliked):
            rows = np.flatnonzero(chosen)
            place = (log.pairs[rows, column], rows)
            parts.append(sp.csr_matrix((np.ones(len(rows)), place), shape=shape))
        likes, dislikes = (_mean(part) @ weights for part in parts)
        contrast = (likes - dislikes).tocsr()
        counts = [np.asarray(part.sum(1)).ravel().astype(int) for part in parts]
        return [
            self._written(side, document, contrast[node], phrases, int(counts[0][node]), int(counts[1][node]))
            for node, document in enumerate(documents)
        ]

    def _weights(self, log: TrainLog) -> tuple[sp.csr_matrix, np.ndarray]:
        """TF-IDF of the phrases of every train pair, [E, V], and the phrases, [V]."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        said = [
            review or f"{log.titles[item]}. {log.abouts[item]}"
            for review, item in zip(log.reviews, log.pairs[:, 1], strict=True)
        ]
        counter = TfidfVectorizer(
            ngram_range=(1, self.spec.phrase_words), stop_words="english", token_pattern=WORD,
            sublinear_tf=True, min_df=2, max_features=100_000, dtype=np.float32,
        )  # fmt: skip
        try:
            weights = counter.fit_transform(said)
        except ValueError as error:
            raise InputError(f"the train reviews have no phrase in common ({error})") from None
        return weights, counter.get_feature_names_out()

    def _written(
        self,
        side: Side,
        document: str,
        contrast: sp.csr_matrix,
        phrases: np.ndarray,
        liked: int,
        not_liked: int,
    ) -> Written:
        likes, dislikes = (self._top(sign, contrast, phrases) for sign in (1, -1))
        if not likes and not dislikes:
            missing = Outcome("no document") if not document else Outcome("empty")
            return Written(document, missing, missing)
        wants = f"wants {', '.join(likes)}" if likes else ""
        avoids = f"avoids {', '.join(dislikes)}" if dislikes else ""
        lead = "Somebody who" if side == "user" else "For somebody who"
        intent = f"{lead} {'; '.join(part for part in (wants, avoids) if part)}."
        known = document.split("\n")[0] if side == "item" else ""
        title = f"{known.removeprefix('Title: ')}. " if known.startswith("Title: ") else ""
        profile = f"{title}Liked: {', '.join(likes) or 'nothing said'}."
        reasoning = f"key phrases of {liked} liked and {not_liked} disliked train pairs"
        return Written(
            document,
            Outcome("answered", Profile(profile=profile, reasoning=reasoning)),
            Outcome("answered", Intent(likes=likes, dislikes=dislikes, intent=intent)),
        )

    def _top(self, sign: int, contrast: Any, phrases: np.ndarray) -> tuple[str, ...]:
        """The strongest phrases of one sign, no word twice."""
        values = sign * contrast.data
        order = np.lexsort((contrast.indices, -values))
        chosen: list[str] = []
        words: set[str] = set()
        for place in order:
            if values[place] <= 0 or len(chosen) == self.spec.phrases:
                break
            phrase = str(phrases[contrast.indices[place]])
            if words.isdisjoint(phrase.split()):
                chosen.append(phrase)
                words.update(phrase.split())
        return tuple(chosen)


def _mean(part: sp.csr_matrix) -> sp.csr_matrix:
    """Rows that sum to one, empty ones left empty."""
    sums = np.maximum(np.asarray(part.sum(1)).ravel(), 1.0)
    return sp.diags(1.0 / sums) @ part
