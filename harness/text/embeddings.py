"""Rows from the endpoint /embeddings of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import InputError
from harness.text.connection import Connection
from harness.text.server import MALFORMED, FailedTry, Server, back_off_s

BACK_OFF_S = 0.5
"""Seconds to wait after the first failed try."""

WIDEST = 16_384
"""Numbers that a row may have if the plan does not say its width."""

BYTES_A_NUMBER = 32
"""Most bytes of a number in JSON, with white space around it."""


class _Embedding(BaseModel):
    model_config = ConfigDict(strict=True)

    index: int
    embedding: list[float]


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    data: list[_Embedding]


class EmbeddingsSpec(Connection):
    """The endpoint /embeddings of a server that speaks OpenAI's protocol (extra [llm])."""

    one_by_one: ClassVar[bool] = True
    kind: Literal["openai"]
    width: int | None = Field(
        None, ge=1, description="numbers in each row that the server is asked for; if absent, the model's own"
    )
    batch: int = Field(64, ge=1, description="texts in each request")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T] of ``texts`` [n]; zeros for empty texts, which servers refuse.

        Raises:
            InputError: The server does not answer, or not with one row of numbers for each text.
        """
        positions = [position for position, text in enumerate(texts) if text.strip()]
        if not positions:
            return np.zeros((len(texts), self.width or 1), dtype=np.float32)
        encoded = asyncio.run(self._encode([texts[position] for position in positions]))
        rows = np.zeros((len(texts), encoded.shape[1]), dtype=np.float32)
        rows[positions] = encoded
        return rows

    async def _encode(self, texts: list[str]) -> np.ndarray:
        parts = [texts[first : first + self.batch] for first in range(0, len(texts), self.batch)]
        async with Server(self.access(), self.timeout_s, connections=1) as server:
            batches = [self._rows(await self._answer(server, part), len(part), server) for part in parts]
        widths = sorted({batch.shape[1] for batch in batches})
        if len(widths) > 1:
            raise self._refusal(server, f"rows of {widths[0]} and of {widths[-1]} numbers")
        return np.concatenate(batches)

    async def _answer(self, server: Server, texts: list[str]) -> _Answer:
        body: dict[str, Any] = {"model": self.model, "input": texts, "encoding_format": "float"}
        if self.width:
            body["dimensions"] = self.width
        most_bytes = 2**20 + len(texts) * (self.width or WIDEST) * BYTES_A_NUMBER
        for attempt in range(self.tries):
            try:
                return _Answer.model_validate(await server.post("/embeddings", body, most_bytes))
            except ValidationError:
                failure = FailedTry(MALFORMED)
            except FailedTry as error:
                failure = error
            if not failure.again:
                break
            if attempt + 1 < self.tries:
                await asyncio.sleep(max(back_off_s(BACK_OFF_S, attempt), failure.wait_s or 0.0))
        raise InputError(f"{server.access.url}: {self.model} gives no embeddings ({failure.reason})")

    def _rows(self, answer: _Answer, count: int, server: Server) -> np.ndarray:
        """The rows [n, T] of an answer in the order of the texts.

        Raises:
            InputError: They are not one row for each text, all of one width, with numbers alone.
        """
        if len(answer.data) != count:
            raise self._refusal(server, f"{len(answer.data)} rows for {count} texts")
        by_index = {row.index: row.embedding for row in answer.data}
        if sorted(by_index) != list(range(count)):
            raise self._refusal(server, f"rows that are not numbered from 0 to {count - 1}")
        widths = sorted({len(row) for row in by_index.values()})
        if len(widths) > 1 or widths[0] != (self.width or widths[0]) or not widths[0]:
            raise self._refusal(server, f"rows of {' and of '.join(map(str, widths))} numbers")
        with np.errstate(over="ignore"):
            rows = np.array([by_index[index] for index in range(count)], dtype=np.float32)
        if not np.isfinite(rows).all():
            raise self._refusal(server, "a row with NaN or infinity")
        return rows

    def _refusal(self, server: Server, answer: str) -> InputError:
        expected = f"{self.width} numbers" if self.width else "numbers, all of the same width"
        return InputError(
            f"{server.access.url}: {self.model} gives {answer}; expected a row for each text, with {expected}"
        )
