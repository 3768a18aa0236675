"""Encoders behind one protocol: texts in, one row of numbers a text out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from pydantic import Field

from harness.errors import InputError
from harness.schema import StrictModel
from harness.text.embeddings import EmbeddingsSpec


class Encoder(Protocol):
    """Anything that turns texts into rows.

    Attributes:
        one_by_one: Whether a text's row depends on that text alone, so that it can be kept by itself.
    """

    one_by_one: ClassVar[bool]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T], float32, for n texts.

        Raises:
            InputError: The encoder is not installed, not reached, or can make nothing of the texts.
        """


class _Spec(StrictModel):
    one_by_one: ClassVar[bool] = True


class TfidfSpec(_Spec):
    """TF-IDF reduced by a truncated SVD fitted on all given texts; nothing is downloaded."""

    one_by_one: ClassVar[bool] = False
    kind: Literal["tfidf"] = "tfidf"
    width: int = Field(64, ge=2, le=4096)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, width], narrower where the vocabulary is.

        Raises:
            InputError: Fewer than three words are shared by texts.
        """
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from threadpoolctl import threadpool_limits

        counts = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english")
        try:
            weights = counts.fit_transform(texts)
        except ValueError as error:
            raise InputError(f"the texts have no word in common to build rows from ({error})") from None
        width = min(self.width, weights.shape[1] - 1, weights.shape[0] - 1)
        if width < 2:
            raise InputError("the texts share fewer than three words; expected more to build rows from")
        reduction = TruncatedSVD(width, algorithm="arpack", random_state=0)
        with threadpool_limits(1):  # so that the last bits do not depend on the number of cores
            rows = reduction.fit_transform(weights)
        # Directions the texts do not have are rounding noise, another one in every process.
        kept = reduction.singular_values_ > 1e-6 * reduction.singular_values_.max()
        rows = rows[:, kept]
        return np.ascontiguousarray(rows, dtype=np.float32)


class WordLlamaSpec(_Spec):
    """Averaged word vectors whose weights come inside the wordllama wheel (an extra)."""

    kind: Literal["wordllama"]
    width: Literal[64, 128, 256] = 256

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, width].

        Raises:
            InputError: wordllama is not installed.
        """
        try:
            import wordllama
        except ImportError:
            raise InputError(
                "the encoder wordllama is not installed; install the extra [wordllama]"
            ) from None
        model = wordllama.WordLlama.load(
            trunc_dim=None if self.width == 256 else self.width,
            cache_dir=Path(wordllama.__file__).parent,  # where the wheel keeps its tokenizer
            disable_download=True,
        )
        return np.asarray(model.embed(list(texts)), dtype=np.float32)


class SentenceTransformersSpec(_Spec):
    """Any model the sentence-transformers library loads, by name or folder (an extra)."""

    kind: Literal["sentence-transformers"]
    model: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T], T being the model's width.

        Raises:
            InputError: sentence-transformers is not installed.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise InputError(
                "sentence-transformers is not installed; install the extra [sentence-transformers]"
            ) from None
        return np.asarray(SentenceTransformer(self.model).encode(list(texts)), dtype=np.float32)


class Model2VecSpec(_Spec):
    """Static word vectors that the model2vec library loads, by name or folder (an extra)."""

    kind: Literal["model2vec"]
    model: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T], T being the model's width.

        Raises:
            InputError: model2vec is not installed, or cannot load the model.
        """
        try:
            from model2vec import StaticModel
        except ImportError:
            raise InputError("model2vec is not installed; install the extra [model2vec]") from None
        try:
            model = StaticModel.from_pretrained(self.model)
        except Exception as error:  # a hub's, a file's or a format's: the library names no common base
            reason = str(error).split("\n")[0]
            raise InputError(
                f"model2vec cannot load {self.model!r} ({reason}); expected a folder or name"
            ) from None
        return np.asarray(model.encode(list(texts)), dtype=np.float32)


EncoderSpec = Annotated[
    TfidfSpec | WordLlamaSpec | SentenceTransformersSpec | Model2VecSpec | EmbeddingsSpec,
    Field(discriminator="kind"),
]
