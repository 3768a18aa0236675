"""What a plan says of a language model that writes intents."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field

from harness.schema import StrictModel
from harness.text.connection import Connection
from harness.text.intents import prompts
from harness.text.intents.prompts import Prompts

Structure = Literal["json_schema", "json_object", "json_object_schema", "none"]


class Price(StrictModel):
    """What a million tokens cost, in any currency."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """The cost of so many tokens."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


class BudgetSpec(StrictModel):
    """What writing may use in all, earlier builds with the same model included."""

    tokens: int | None = Field(None, ge=1, description="of requests and answers")
    cost: float | None = Field(None, gt=0, description="in the currency of `price`")


class ModelWriterSpec(Connection):
    """A language model behind an OpenAI-compatible server."""

    kind: Literal["openai"]
    structured: Structure = Field(
        "json_schema", description="how the server is told the form; json_object_schema is llama-cpp-python's"
    )
    concurrency: int = Field(8, ge=1, le=1024, description="requests in flight")
    requests_per_minute: float | None = Field(None, gt=0)
    tokens_per_minute: float | None = Field(None, gt=0)
    back_off_s: float = Field(0.5, gt=0, description="wait after a first failure; doubles with each further")
    temperature: float | None = Field(0.0, ge=0, le=2, description="null where the model takes none")
    answer_tokens: int = Field(400, ge=16, description="at most, of one answer")
    limit_name: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="what the server calls that limit"
    )
    language: str = "English"
    words: int = Field(60, ge=5, description="asked for at most, in a profile and in an intent")
    most_words: int = Field(200, ge=5, description="a text beyond this falls back to the document")
    prompts: str = Field("v1", description="a version of harness/intents/prompts, or a folder of your own")
    price: Price | None = None
    budget: BudgetSpec | None = None
    unanswered: Literal["refuse", "document"] = Field(
        "refuse", description="what `run` does with a document that no build has asked about"
    )

    @property
    def name(self) -> str:
        """What tables call the texts."""
        return self.model

    def filled_prompts(self) -> Prompts:
        """The prompts with this writer's settings."""
        identity = json.dumps([self.model, self.structured, self.temperature, self.answer_tokens])
        return Prompts(prompts.load(self.prompts), identity, self.language, self.words)
