"""Rows from a server's endpoint /embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.errors import InputError
from harness.text.connection import Connection, load_openai


class EmbeddingsSpec(Connection):
    """The endpoint /embeddings of an OpenAI-compatible server (the extra [llm])."""

    one_by_one: ClassVar[bool] = True
    kind: Literal["openai"]
    width: int | None = Field(None, ge=1, description="dimensions asked for; the model's own where absent")
    batch: int = Field(64, ge=1, description="texts a request")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T]; zeros for empty texts, which servers refuse.

        Raises:
            InputError: The server does not answer, or not with a row for every text.
        """
        said = [text for text in texts if text.strip()]
        found = asyncio.run(self._ask(said)) if said else np.zeros((0, self.width or 1), np.float32)
        if found.ndim != 2 or len(found) != len(said):
            raise InputError(f"{self.model}: {len(found)} rows for {len(said)} texts; expected one each")
        rows = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
        rows[[place for place, text in enumerate(texts) if text.strip()]] = found
        return rows

    async def _ask(self, texts: list[str]) -> np.ndarray:
        openai, access = load_openai(), self.access()
        client = access.client(self.timeout_s, self.tries - 1)
        more: dict[str, Any] = {"dimensions": self.width} if self.width else {}
        rows: list[list[float]] = []
        try:
            for first in range(0, len(texts), self.batch):
                part = texts[first : first + self.batch]
                answer = await client.embeddings.create(
                    model=self.model, input=part, encoding_format="float", **more
                )
                rows += [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
        except (openai.OpenAIError, ValueError) as error:
            status = getattr(error, "status_code", type(error).__name__)
            raise InputError(f"{access.url}: no embeddings ({status})") from None
        finally:
            await client.close()
        return np.asarray(rows, dtype=np.float32)
