"""What a plan can say about files beside the interactions: texts of users and items, facts about items."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from harness.errors import check_names
from harness.schema import StrictModel


def from_plan(value: Any, info: ValidationInfo) -> Any:
    """A relative path starts at the plan's folder, and ``~`` is a user's home. Anything else passes.

    Raises:
        ValueError: There is no user of that name, or no file system has names so long.
    """
    folder = (info.context or {}).get("folder")
    if not folder or not isinstance(value, Path):
        return value
    check_names(value)
    try:
        return folder / value.expanduser()
    except RuntimeError:
        raise ValueError(f"{value}: there is no user {value.parts[0][1:]!r}; expected a path") from None


class ProfileFile(StrictModel):
    """A csv, tsv, jsonl, parquet or feather file of texts, with a column of ids and columns of text."""

    path: Path
    id: str
    text: str | tuple[str, ...] = Field("profile", description="The column of the text, or several.")
    _resolve = field_validator("path")(from_plan)


class Profiles(StrictModel):
    """Texts of users and items. Without a file for users, a user's text is that of the user's train items."""

    users: ProfileFile | None = None
    items: ProfileFile
    user_texts: Literal["mean", "joined"] = Field(
        "mean",
        description="Without a file for users, a user's text row is the mean of the rows of the user's train "
        "items, or the row of their texts joined to one.",
    )
    user_words: int | None = Field(
        None, ge=1, description="The words that are kept of a user's joined text. If absent, all are kept."
    )
    missing: Literal["refuse", "blank"] = Field(
        "refuse",
        description="Whether an id without a text is refused, or gets an empty text. A file that has a text "
        "for none of the ids is always refused.",
    )

    @model_validator(mode="before")
    @classmethod
    def _as_stored(cls, value: Any, info: ValidationInfo) -> Any:
        """Older records lack the key ``user_texts``. The texts were joined then."""
        is_stored = (info.context or {}).get("stored") and isinstance(value, dict)
        if is_stored and not value.get("users") and "user_texts" not in value:
            return {**value, "user_texts": "joined"}
        return value

    @model_validator(mode="after")
    def _user_texts_are_made(self) -> Profiles:
        if self.user_words is not None and self.user_texts != "joined":
            raise ValueError("user_words is for joined texts; expected `user_texts: joined` beside it")
        if self.users is not None and self.model_fields_set & {"user_texts", "user_words"}:
            raise ValueError(
                "user_texts is for users without a file; expected no `users`, or no `user_texts`"
            )
        return self

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The texts as records keep them. Older records lack the keys of joined texts."""
        fields: dict[str, Any] = dump(self)
        if self.users is not None or self.user_texts == "joined":
            fields.pop("user_texts", None)
        if self.user_words is None:
            fields.pop("user_words", None)
        return fields


class ItemFile(StrictModel):
    """A csv, tsv, jsonl, parquet or feather file about items: titles, and what else describes them."""

    path: Path
    id: str
    title: str | None = Field(None, description="The column of the title.")
    about: str | tuple[str, ...] = Field((), description="The columns of descriptions and attributes.")
    _resolve = field_validator("path")(from_plan)
