"""What a plan can say about a dataset's source, filter and split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from harness.data.file_spec import ItemFile, ProfileFile, Profiles, from_plan
from harness.data.held_frame import HeldFrame
from harness.data.table_rows import TableColumns
from harness.errors import InputError
from harness.schema import StrictModel


class _Source(StrictModel):
    """What all sources have in common."""

    kind: str
    min_rating: float | None = Field(
        None, description="An interaction counts if its rating is at least this. If absent, all count."
    )
    core: int = Field(
        0, ge=0, description="Users and items stay if they have at least this many interactions."
    )
    duplicates: Literal["refuse", "first", "last", "best"] = Field(
        "refuse",
        description="What to do if several rows have the same user and item: refuse the source, or keep the "
        "first row, the last row, or the best row, which has the highest rating and then the latest time.",
    )
    profiles: Profiles | None = Field(None, description="Profile texts of users and items.")
    intents: Profiles | None = Field(
        None, description="Intent texts of users and items. If absent, the profiles are used."
    )
    titles: ProfileFile | None = Field(
        None, description="Titles of items. Items of equal title are duplicates of each other."
    )
    items: ItemFile | None = Field(
        None, description="Titles and descriptions of items, from which intents are written."
    )
    warning: str | None = Field(None, description="A sentence for every reader of the results.")

    @model_serializer(mode="wrap")
    def _without_default_duplicates(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The source as records keep it. Older records lack the key, so its default is left out."""
        fields: dict[str, Any] = dump(self)
        if self.duplicates == "refuse":
            fields.pop("duplicates", None)
        return fields

    @property
    def origin(self) -> str:
        """Where the interactions come from. It is the same for all sources that read the same log."""
        held = getattr(self, "frame", None)
        places = ("folder", "path", "reader", "options")
        named = held.digest if held else "".join(str(getattr(self, place, "")) for place in places)
        return f"{self.kind} {named}"

    @property
    def has_written_users(self) -> bool:
        """Whether the texts of users come from a file, and not from their train pairs."""
        both = (self.profiles, self.intents)
        return any(texts is not None and texts.users is not None for texts in both)


class Movielens(_Source):
    """The ML-100k inside the recbole package, with texts made from its features."""

    kind: Literal["movielens"]
    min_rating: float | None = 4.0
    core: int = 5


class Matrices(_Source):
    """A folder with the papers' pickled trn_mat.pkl, val_mat.pkl and tst_mat.pkl."""

    kind: Literal["matrices"]
    folder: Path
    _resolve = field_validator("folder")(from_plan)


class _Columns(_Source):
    """What sources with named columns have in common."""

    user: str = Field("user", min_length=1, description="The column of user ids.")
    item: str = Field("item", min_length=1, description="The column of item ids.")
    rating: str | None = Field(None, min_length=1, description="The column of ratings.")
    timestamp: str | None = Field(
        None, min_length=1, description="The column of times: numbers, or dates such as 2014-07-31."
    )
    review: str | tuple[str, ...] = Field(
        (), description="The column or columns with what the user wrote of the item."
    )
    split: str | None = Field(
        None, min_length=1, description="The column that says which split a row belongs to."
    )
    labels: dict[str, Literal["train", "valid", "test"]] = Field(
        {}, description="What the values of the split column mean, if they are not train, valid and test."
    )

    @property
    def columns(self) -> TableColumns:
        """Which columns of the table hold what."""
        names = {ours: getattr(self, ours) for ours in ("user", "item", "rating", "timestamp", "split")}
        review = [self.review] if isinstance(self.review, str) else self.review
        return TableColumns({ours: theirs for ours, theirs in names.items() if theirs}, self.labels, review)


class Table(_Columns):
    """A csv, tsv, jsonl, parquet or feather file with one row for each interaction, or several such files."""

    kind: Literal["table"]
    path: Path = Field(description="The file, or a pattern such as logs/*.parquet.")
    _resolve = field_validator("path")(from_plan)


class Frame(_Columns):
    """A pandas DataFrame with one row for each interaction, in a plan that is made in Python."""

    kind: Literal["frame"]
    frame: Any = Field(description="The DataFrame. Records keep its digest.")

    @field_validator("frame")
    @classmethod
    def _hold(cls, value: Any, info: ValidationInfo) -> HeldFrame:
        context = info.context or {}
        if context.get("file"):
            raise ValueError(
                "a file cannot hold a DataFrame; expected `kind: table` with the `path` of a file"
            )
        if isinstance(value, HeldFrame):
            return value
        if context.get("stored"):
            return HeldFrame.of_record(value)
        columns = cls.model_construct(**info.data).columns
        try:
            return HeldFrame.of(value, [*columns.plain, *columns.review], columns.plain)
        except InputError as error:
            raise ValueError(str(error)) from None

    @field_serializer("frame")
    def _digest(self, value: HeldFrame) -> str:
        return value.digest


class OutsideTable(_Columns):
    """A function of your own that returns a pandas DataFrame with one row for each interaction."""

    kind: Literal["outside"]
    reader: str = Field(description="Import path of the function, or the name that a package announces.")
    options: dict[str, Any] = Field({}, description="Named arguments of the function.")


class Atomic(_Source):
    """A folder of RecBole atomic files, NAME/NAME.inter or NAME/NAME.{train,valid,test}.inter."""

    kind: Literal["atomic"]
    folder: Path
    _resolve = field_validator("folder")(from_plan)


SourceSpec = Annotated[
    Movielens | Matrices | Table | Atomic | Frame | OutsideTable, Field(discriminator="kind")
]


class SplitSpec(StrictModel):
    """How interactions are split. The kind ``given`` takes the source's own split."""

    kind: Literal[
        "given", "random", "per_user", "leave_one_out", "temporal", "prequential", "cold_users", "cold_items"
    ] = "random"
    shares: tuple[float, float, float] = Field(
        (0.6, 0.2, 0.2), description="The shares of train, validation and test pairs."
    )
    valid_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="The share of train pairs for validation, if the split has no such pairs.",
    )
    windows: int = Field(5, ge=2, le=1000, description="The number of windows of a prequential study.")
    window: int | None = Field(
        None, ge=1, description="One of the windows. If absent, each window is a dataset."
    )

    @property
    def cold(self) -> str | None:
        """``users`` or ``items`` if validation and test are about those without a train pair, else None."""
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
