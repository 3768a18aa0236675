"""Encoders: each turns texts into rows, one row of numbers for each text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from pydantic import Field

from harness import outside
from harness.errors import InputError
from harness.schema import StrictModel
from harness.text.embeddings import EmbeddingsSpec


class Encoder(Protocol):
    """What every encoder has.

    Attributes:
        one_by_one: Whether a text's row depends on that text alone, so that each row can be kept by itself.
    """

    one_by_one: ClassVar[bool]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T], float32, of ``texts`` [n].

        Raises:
            InputError: The encoder is not installed, its server does not answer, or the texts do not suit it.
        """


class _EncoderSpec(StrictModel):
    one_by_one: ClassVar[bool] = True


class TfidfSpec(_EncoderSpec):
    """TF-IDF, reduced by a truncated SVD that is fitted to all texts. It needs no download."""

    one_by_one: ClassVar[bool] = False
    kind: Literal["tfidf"] = "tfidf"
    width: int = Field(64, ge=2, le=4096, description="numbers in each row")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, width] of ``texts`` [n]; fewer columns if the texts have few words.

        Raises:
            InputError: The texts share fewer than three words.
        """
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from threadpoolctl import threadpool_limits

        counts = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english")
        try:
            weights = counts.fit_transform(texts)
        except ValueError as error:
            raise InputError(
                f"the texts have no word in common, so TF-IDF can make no rows ({error})"
            ) from None
        width = min(self.width, weights.shape[1] - 1, weights.shape[0] - 1)
        if width < 2:
            raise InputError("the texts share fewer than three words; TF-IDF needs more to make rows")
        reduction = TruncatedSVD(width, algorithm="arpack", random_state=0)
        # One thread, since the last bits must not depend on the number of cores. scikit-learn divides by the
        # variance of the texts, which is 0 if all are the same.
        with threadpool_limits(1), np.errstate(divide="ignore", invalid="ignore"):
            rows = reduction.fit_transform(weights)
        # Directions that the texts do not have are rounding noise, which differs from process to process.
        kept = reduction.singular_values_ > 1e-6 * reduction.singular_values_.max()
        rows = rows[:, kept]
        return np.ascontiguousarray(rows, dtype=np.float32)


class WordLlamaSpec(_EncoderSpec):
    """Averaged word vectors of the package wordllama, which carries its weights (extra [wordllama])."""

    kind: Literal["wordllama"]
    width: Literal[64, 128, 256] = Field(256, description="numbers in each row")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, width] of ``texts`` [n].

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
            cache_dir=Path(wordllama.__file__).parent,  # the package keeps its tokenizer there
            disable_download=True,
        )
        return np.asarray(model.embed(list(texts)), dtype=np.float32)


class SentenceTransformersSpec(_EncoderSpec):
    """A model that the library sentence-transformers loads (extra [sentence-transformers])."""

    kind: Literal["sentence-transformers"]
    model: str = Field(description="name or folder of the model")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T] of ``texts`` [n], where T is the model's width.

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


class Model2VecSpec(_EncoderSpec):
    """Static word vectors that the library model2vec loads (extra [model2vec])."""

    kind: Literal["model2vec"]
    model: str = Field(description="name or folder of the model")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T] of ``texts`` [n], where T is the model's width.

        Raises:
            InputError: model2vec is not installed, or cannot load the model.
        """
        try:
            from model2vec import StaticModel
        except ImportError:
            raise InputError("model2vec is not installed; install the extra [model2vec]") from None
        try:
            model = StaticModel.from_pretrained(self.model)
        except Exception as error:  # the library's errors have no common base class
            reason = str(error).split("\n")[0]
            raise InputError(
                f"model2vec cannot load {self.model!r} ({reason}); expected the name or folder of a model"
            ) from None
        return np.asarray(model.encode(list(texts)), dtype=np.float32)


class OutsideSpec(StrictModel):
    """A function of your own from texts to rows, named by its import path or announced by a package.

    If the row of a text depends on that text alone, the function may say so by its attribute ``one_by_one``.
    """

    kind: Literal["outside"]
    encoder: str = Field(description="import path of the function, or the name that a package announces")
    options: dict[str, Any] = Field({}, description="further arguments of the function")

    @property
    def one_by_one(self) -> bool:
        """Whether a text's row depends on that text alone."""
        return bool(getattr(outside.function_of("encoder", self.encoder), "one_by_one", False))

    @property
    def checksum(self) -> str:
        """A hash of the file that the function is written in: a changed file makes other rows."""
        return outside.source_checksum(outside.path_of("encoder", self.encoder) or self.encoder)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T] of ``texts`` [n].

        Raises:
            InputError: The function cannot be imported, or fails.
        """
        function = outside.function_of("encoder", self.encoder)
        try:
            return np.asarray(function(list(texts), **self.options), dtype=np.float32)
        except Exception as error:  # it is somebody's own code, and may raise anything
            raise InputError(
                f"the encoder {self.encoder} failed ({type(error).__name__}: {error}); expected one row of "
                "numbers for each text"
            ) from error


EncoderSpec = Annotated[
    TfidfSpec | WordLlamaSpec | SentenceTransformersSpec | Model2VecSpec | EmbeddingsSpec | OutsideSpec,
    Field(discriminator="kind"),
]
