"""What a plan can say of written intents: ``text: {kind: intents, ...}``."""

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
    """Documents of the train pairs, what writes profiles and intents of them, what encodes those."""

    kind: Literal["intents"]
    documents: DocumentSpec = DocumentSpec()
    writer: WriterSpec = ExtractiveSpec()
    encoder: EncoderSpec = TfidfSpec()
    reduce: Reduction | None = None

    @property
    def one_by_one(self) -> bool:
        """Whether a text's row depends on that text alone."""
        return self.encoder.one_by_one and self.reduce is None
