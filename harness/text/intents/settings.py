"""What a plan says of a language model that writes profiles and intents."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field

from harness.schema import StrictModel
from harness.text.connection import Connection
from harness.text.intents import prompts
from harness.text.intents.prompts import Prompts

StructuredOutput = Literal["json_schema", "json_object", "json_object_schema", "none"]


class Price(StrictModel):
    """The price of a million tokens, in any currency."""

    input: float = Field(ge=0, description="price of a million tokens in requests")
    output: float = Field(ge=0, description="price of a million tokens in answers")

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """The cost of so many tokens."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


class BudgetSpec(StrictModel):
    """What all builds with one model may use together."""

    tokens: int | None = Field(None, ge=1, description="most tokens of requests and answers together")
    cost: float | None = Field(None, gt=0, description="highest cost, in the currency of `price`")


class ModelWriterSpec(Connection):
    """What a plan says of a writer that is a language model behind an OpenAI-compatible server."""

    kind: Literal["openai"]
    structured: StructuredOutput = Field(
        "json_schema",
        description="how the request tells the server the form of the answer; llama-cpp-python needs "
        "json_object_schema",
    )
    concurrency: int = Field(8, ge=1, le=1024, description="most requests that are in flight at once")
    requests_per_minute: float | None = Field(None, gt=0, description="most requests that start in a minute")
    tokens_per_minute: float | None = Field(
        None, gt=0, description="most tokens of the requests that start in a minute"
    )
    back_off_s: float = Field(
        0.5, gt=0, description="seconds to wait after the first failed try; each further failure doubles them"
    )
    temperature: float | None = Field(
        0.0, ge=0, le=2, description="sampling temperature; null if the model takes none"
    )
    answer_tokens: int = Field(400, ge=16, description="most tokens of one answer")
    limit_name: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="the server's name for `answer_tokens`"
    )
    language: str = Field("English", description="language of the answers")
    words: int = Field(60, ge=5, description="most words that a profile or an intent is asked to have")
    most_words: int = Field(
        200, ge=5, description="a profile or intent with more words than this is replaced by the document"
    )
    prompts: str = Field(
        "v1", description="version in harness/text/intents/prompts, or a folder with prompts of your own"
    )
    price: Price | None = Field(None, description="price of the tokens, for estimates and a `budget` in cost")
    budget: BudgetSpec | None = Field(None, description="what all builds with this model may use together")
    unanswered: Literal["refuse", "document"] = Field(
        "refuse",
        description="what `run` does if texts are not written yet: it refuses, or it uses the document",
    )

    @property
    def name(self) -> str:
        """What tables call the texts."""
        return self.model

    def filled_prompts(self) -> Prompts:
        """The prompts with this writer's settings."""
        return Prompts(prompts.load(self.prompts), self.identity, self.language, self.words)

    @property
    def identity(self) -> str:
        """The settings of the model that its answers depend on, which are part of every request's key."""
        return json.dumps([self.model, self.structured, self.temperature, self.answer_tokens])
