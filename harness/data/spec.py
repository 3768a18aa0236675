"""What a plan can say about a dataset's source, filter and split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from harness.schema import StrictModel


def from_plan(value: Any, info: ValidationInfo) -> Any:
    """A relative path starts at the plan's folder, and ``~`` is a user's home. Anything else passes.

    Raises:
        ValueError: There is no user of that name.
    """
    folder = (info.context or {}).get("folder")
    if not folder or not isinstance(value, Path):
        return value
    try:
        return folder / value.expanduser()
    except RuntimeError:
        raise ValueError(f"{value}: there is no user {value.parts[0][1:]!r}; expected a path") from None


class ProfileFile(StrictModel):
    """A jsonl(.gz) or csv(.gz) file of texts: the id column and the text column or columns."""

    path: Path
    id: str
    text: str | tuple[str, ...] = "profile"
    _resolve = field_validator("path")(from_plan)


class Profiles(StrictModel):
    """Texts of users and of items; without a file of their own, users get their train items' texts."""

    users: ProfileFile | None = None
    items: ProfileFile
    missing: Literal["refuse", "blank"] = Field("refuse", description="what to do with an id without text")


class ItemFile(StrictModel):
    """A jsonl(.gz) or csv(.gz) file of what is known of items: a title, and what else describes them."""

    path: Path
    id: str
    title: str | None = None
    about: str | tuple[str, ...] = Field((), description="columns of descriptions and attributes")
    _resolve = field_validator("path")(from_plan)


class _Source(StrictModel):
    kind: str
    min_rating: float | None = Field(None, description="keep interactions rated at least this")
    core: int = Field(0, ge=0, description="keep users and items with at least this many interactions")
    duplicates: Literal["refuse", "first", "last", "best"] = Field(
        "refuse",
        description="if a pair of user and item stands in several rows: refuse the source, or keep the first "
        "row, the last row, or the best, which has the highest rating and then the latest time",
    )
    profiles: Profiles | None = None
    intents: Profiles | None = Field(None, description="intent texts; the profiles where absent")
    titles: ProfileFile | None = Field(
        None, description="titles of items; items of equal title are duplicates"
    )
    items: ItemFile | None = Field(None, description="titles and descriptions for written intents")
    warning: str | None = Field(None, description="what every reader of the results must know")

    @model_serializer(mode="wrap")
    def _without_default_duplicates(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Stores name a dataset by its source as written here, and older ones do not have this key."""
        fields: dict[str, Any] = dump(self)
        if self.duplicates == "refuse":
            fields.pop("duplicates", None)
        return fields

    @property
    def origin(self) -> str:
        """Where the interactions come from, whatever is then made of them."""
        return f"{self.kind} {getattr(self, 'folder', '')}{getattr(self, 'path', '')}"

    @property
    def has_written_users(self) -> bool:
        """Whether users' texts come from a file rather than from their train pairs."""
        given = (self.profiles, self.intents)
        return any(texts is not None and texts.users is not None for texts in given)


class Movielens(_Source):
    """The ML-100k that recbole carries, with texts from its features."""

    kind: Literal["movielens"]
    min_rating: float | None = 4.0
    core: int = 5


class Matrices(_Source):
    """A folder with the papers' pickled trn_mat.pkl, val_mat.pkl and tst_mat.pkl."""

    kind: Literal["matrices"]
    folder: Path
    _resolve = field_validator("folder")(from_plan)


class Table(_Source):
    """A csv, tsv or jsonl file, gzipped or not, with a row an interaction."""

    kind: Literal["table"]
    path: Path
    user: str = "user"
    item: str = "item"
    rating: str | None = None
    timestamp: str | None = None
    review: str | tuple[str, ...] = Field((), description="columns with what the user wrote of the item")
    split: str | None = Field(None, description="column with the split, where there is one")
    labels: dict[str, Literal["train", "valid", "test"]] = {}
    _resolve = field_validator("path")(from_plan)


class Atomic(_Source):
    """A folder of RecBole atomic files, NAME/NAME.inter or NAME/NAME.{train,valid,test}.inter."""

    kind: Literal["atomic"]
    folder: Path
    _resolve = field_validator("folder")(from_plan)


SourceSpec = Annotated[Movielens | Matrices | Table | Atomic, Field(discriminator="kind")]


class SplitSpec(StrictModel):
    """How interactions are split; ``given`` takes the source's own split."""

    kind: Literal[
        "given", "random", "per_user", "leave_one_out", "temporal", "prequential", "cold_users", "cold_items"
    ] = "random"
    shares: tuple[float, float, float] = Field((0.6, 0.2, 0.2), description="train, valid, test")
    valid_share: float = Field(0.1, gt=0, lt=1, description="carved out of a train split without valid")
    windows: int = Field(5, ge=2, le=1000, description="windows of a prequential study")
    window: int | None = Field(None, ge=1, description="one of the windows; each is a dataset where absent")

    @property
    def cold(self) -> str | None:
        """``users`` or ``items`` where validation and test are about those without a train pair."""
        return self.kind.removeprefix("cold_") if self.kind.startswith("cold_") else None

    @model_validator(mode="after")
    def _whole(self) -> SplitSpec:
        if min(self.shares) <= 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"shares {list(self.shares)}; expected three positive numbers summing to 1")
        return self

    @model_validator(mode="after")
    def _windows_in_time(self) -> SplitSpec:
        said = self.window is not None or self.windows != type(self).model_fields["windows"].default
        if self.kind != "prequential" and said:
            raise ValueError(f"windows are of the kind prequential; the split is {self.kind}")
        if self.window is not None and self.window > self.windows:
            raise ValueError(f"window {self.window} of {self.windows}; expected at most {self.windows}")
        return self
