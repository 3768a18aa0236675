"""Intents without a language model: TF-IDF key phrases of train reviews, split by rating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from harness.schema import StrictModel
from harness.text.intents.answers import Intent, Outcome, Profile
from harness.text.intents.documents import TrainLog
from harness.text.intents.phrases import phrase_weights, strongest
from harness.text.intents.prompts import Side
from harness.text.intents.writer import Written


class ExtractiveSpec(StrictModel):
    """Key phrases in place of a language model's words; the offline default."""

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
        said = [
            review or f"{log.titles[item]}. {log.abouts[item]}"
            for review, item in zip(log.reviews, log.pairs[:, 1], strict=True)
        ]
        weights, phrases = phrase_weights(said, self.spec.phrase_words)
        liked, disliked = self._by_rating(log, 0 if side == "user" else 1, len(documents))
        contrast = (_mean(liked) @ weights - _mean(disliked) @ weights).tocsr()
        written = []
        for node, document in enumerate(documents):
            row = contrast[node]
            named = phrases[row.indices]
            likes, dislikes = (strongest(sign * row.data, named, self.spec.phrases) for sign in (1, -1))
            title = f"{log.titles[node]}. " if side == "item" and log.titles[node] else ""
            counts = f"{liked[node].nnz} liked and {disliked[node].nnz} disliked"
            reasoning = f"key phrases of {counts} train pairs"
            written.append(_written(side, document, title, likes, dislikes, reasoning))
        return written

    def _by_rating(self, log: TrainLog, column: int, count: int) -> list[sp.csr_matrix]:
        """Each node's liked, and disliked, train pairs as ones of a matrix [n, E]."""
        low = log.ratings < self.spec.like_from  # false where there is no rating
        parts = []
        for chosen in (~low, low):
            pairs = np.flatnonzero(chosen)
            places = (log.pairs[pairs, column], pairs)
            parts.append(sp.csr_matrix((np.ones(len(pairs)), places), shape=(count, len(log.pairs))))
        return parts


def _written(
    side: Side,
    document: str,
    title: str,
    likes: tuple[str, ...],
    dislikes: tuple[str, ...],
    reasoning: str,
) -> Written:
    if not likes and not dislikes:
        missing = Outcome("empty" if document else "no document")
        return Written(document, missing, missing)
    wants = [f"wants {', '.join(likes)}"] if likes else []
    avoids = [f"avoids {', '.join(dislikes)}"] if dislikes else []
    lead = "Somebody who" if side == "user" else "For somebody who"
    intent = f"{lead} {'; '.join(wants + avoids)}."
    profile = f"{title}Liked: {', '.join(likes) or 'nothing said'}."
    return Written(
        document,
        Outcome("answered", Profile(profile=profile, reasoning=reasoning)),
        Outcome("answered", Intent(likes=likes, dislikes=dislikes, intent=intent)),
    )


def _mean(part: sp.csr_matrix) -> sp.csr_matrix:
    """Rows that sum to one, empty ones left empty."""
    sums = np.maximum(np.asarray(part.sum(1)).ravel(), 1.0)
    return sp.diags(1.0 / sums) @ part
