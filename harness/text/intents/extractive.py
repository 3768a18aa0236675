"""Writes intents without a language model: key phrases of train reviews, split into likes and dislikes."""

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
from harness.text.intents.writer import NodeTexts


class ExtractiveSpec(StrictModel):
    """What a plan says of key phrases, the default writer. They need no language model."""

    kind: Literal["extractive"] = "extractive"
    phrases: int = Field(8, ge=1, description="most likes, and most dislikes, of a user or item")
    phrase_words: int = Field(3, ge=1, le=5, description="most words in a phrase")
    like_from: float = Field(
        4.0, description="lowest rating of a pair that is liked; a pair rated lower is disliked"
    )

    @property
    def name(self) -> str:
        """What tables call the texts."""
        return "extractive"


class ExtractiveWriter:
    """Ranks the phrases of each node by how much stronger they are in liked than in disliked train pairs."""

    def __init__(self, spec: ExtractiveSpec) -> None:
        """``spec`` is the plan's."""
        self.spec = spec

    def write(self, side: Side, log: TrainLog, documents: Sequence[str]) -> list[NodeTexts]:
        """The texts of every node of a side, [n]. ``documents`` [n] stand in for texts that are missing."""
        pair_texts = [
            review or f"{log.titles[item]}. {log.abouts[item]}"
            for review, item in zip(log.reviews, log.pairs[:, 1], strict=True)
        ]
        weights, phrases = phrase_weights(pair_texts, self.spec.phrase_words)
        liked, disliked = self._by_rating(log, 0 if side == "user" else 1, len(documents))
        contrast = (_mean(liked) @ weights - _mean(disliked) @ weights).tocsr()
        texts = []
        for node, document in enumerate(documents):
            row = contrast[node]
            own_phrases = phrases[row.indices]
            likes, dislikes = (strongest(sign * row.data, own_phrases, self.spec.phrases) for sign in (1, -1))
            title = f"{log.titles[node]}. " if side == "item" and log.titles[node] else ""
            counts = f"{liked[node].nnz} liked and {disliked[node].nnz} disliked"
            reasoning = f"key phrases of {counts} train pairs"
            texts.append(_node_texts(side, document, title, likes, dislikes, reasoning))
        return texts

    def _by_rating(self, log: TrainLog, column: int, count: int) -> list[sp.csr_matrix]:
        """The liked and the disliked train pairs of each node, as ones in matrices [n, E]."""
        low = log.ratings < self.spec.like_from  # false if there is no rating
        matrices = []
        for chosen in (~low, low):
            pairs = np.flatnonzero(chosen)
            positions = (log.pairs[pairs, column], pairs)
            matrices.append(sp.csr_matrix((np.ones(len(pairs)), positions), shape=(count, len(log.pairs))))
        return matrices


def _node_texts(
    side: Side,
    document: str,
    title: str,
    likes: tuple[str, ...],
    dislikes: tuple[str, ...],
    reasoning: str,
) -> NodeTexts:
    if not likes and not dislikes:
        missing = Outcome("empty" if document else "no document")
        return NodeTexts(document, missing, missing)
    wants = [f"wants {', '.join(likes)}"] if likes else []
    avoids = [f"avoids {', '.join(dislikes)}"] if dislikes else []
    lead = "Somebody who" if side == "user" else "For somebody who"
    intent = f"{lead} {'; '.join(wants + avoids)}."
    profile = f"{title}Liked: {', '.join(likes) or 'nothing said'}."
    return NodeTexts(
        document,
        Outcome("answered", Profile(profile=profile, reasoning=reasoning)),
        Outcome("answered", Intent(likes=likes, dislikes=dislikes, intent=intent)),
    )


def _mean(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """The matrix with each row divided by its sum; empty rows stay empty."""
    sums = np.maximum(np.asarray(matrix.sum(1)).ravel(), 1.0)
    return sp.diags(1.0 / sums) @ matrix
