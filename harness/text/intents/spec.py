"""What a plan says of written intents: ``text: {kind: intents, ...}``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.schema import StrictModel
from harness.text.encoders import EncoderSpec, TfidfSpec
from harness.text.intents.documents import DocumentSpec
from harness.text.intents.extractive import ExtractiveSpec
from harness.text.intents.settings import ModelWriterSpec
from harness.text.reduction import Reduction

WriterSpec = Annotated[ExtractiveSpec | ModelWriterSpec, Field(discriminator="kind")]


class IntentsSpec(StrictModel):
    """Text rows of profiles and intents that a writer makes from documents of the train pairs."""

    kind: Literal["intents"]
    documents: DocumentSpec = Field(DocumentSpec(), description="what the writer reads")
    writer: WriterSpec = Field(ExtractiveSpec(), description="what writes the profiles and intents")
    encoder: EncoderSpec = Field(TfidfSpec(), description="what turns the written texts into rows")
    reduce: Reduction | None = Field(None, description="how the rows are reduced to fewer columns, if at all")

    @property
    def one_by_one(self) -> bool:
        """Whether a text's row depends on that text alone."""
        return self.encoder.one_by_one and self.reduce is None
