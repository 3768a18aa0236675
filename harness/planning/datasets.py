"""The datasets of a plan: as they are written, and as the single datasets that a sweep stands for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from harness.data.spec import SourceSpec, SplitSpec
from harness.errors import InputError
from harness.planning.identity import seed_of
from harness.schema import StrictModel, distinct
from harness.systems.presets import check_released
from harness.text.encoders import TfidfSpec
from harness.text.tables import TextSpec

DuplicateItems = Literal["kept", "merged"]
"""Whether items that are duplicates of each other stay apart or become one item."""

RENAMED = {"twins": "duplicate_items"}
"""Keys of a dataset under their old names. They are still accepted, and a note says the new name."""


DRAWN = ("random", "per_user", "cold_users", "cold_items")
"""Kinds of split that are drawn at random, so that there can be several of one dataset."""


class _Described(StrictModel):
    """What a dataset and each of its variants have in common."""

    source: SourceSpec
    split: SplitSpec = SplitSpec()
    text: TextSpec = TfidfSpec()
    released: str | None = Field(
        None, description="The dataset of the releases whose published hyper-parameters are the defaults."
    )

    @property
    def has_text(self) -> bool:
        """Whether text rows can be made for the dataset."""
        written = self.text.kind in ("precomputed", "intents")
        return written or self.source.kind == "movielens" or self.source.profiles is not None


class DatasetVariant(_Described):
    """A single dataset that systems are run on: one split, window, density and handling of duplicates.

    Attributes:
        family: The dataset's name in the plan. All variants of a family share their splits and their seeds.
        duplicate_items: Whether duplicate items stay apart or are merged into one.
        density: The share of the train pairs that is kept.
        draw: Which of several splits it is, from 1. None if the plan asks for one split.
    """

    family: str
    duplicate_items: DuplicateItems = "kept"
    density: float = 1.0
    draw: int | None = None

    @property
    def label(self) -> str:
        """What tells the variant from its family, such as ``window-3`` or ``merged,40%``. It may be empty."""
        parts = [f"window-{self.split.window}"] if self.split.window else []
        parts += ["merged"] if self.duplicate_items == "merged" else []
        parts += [f"{100 * self.density:g}%"] if self.density < 1 else []
        parts += [f"split-{self.draw}"] if self.draw else []
        return ",".join(parts)

    @property
    def seed_name(self) -> str:
        """What seeds are hashed from. Independent splits have independent seeds."""
        return f"{self.family}@split-{self.draw}" if self.draw else self.family

    def users_seed(self, seed: int) -> int:
        """The seed by which tested users are drawn, if a plan tests some alone.

        Args:
            seed: The plan's seed.
        """
        return seed_of(seed, self.seed_name, None, "tested users")

    @property
    def whole(self) -> DatasetVariant:
        """What the variants that differ by their split alone have in common."""
        return self.model_copy(update={"draw": None})

    @property
    def name(self) -> str:
        """The family with the label, such as ``ml-100k@40%``. Tables and records use this name."""
        return f"{self.family}@{self.label}" if self.label else self.family

    @property
    def window_before(self) -> DatasetVariant | None:
        """The window of time before this one. None for the first window and for a dataset without windows."""
        if not self.split.window or self.split.window == 1:
            return None
        return self.at_window(self.split.window - 1)

    def at_window(self, window: int | None) -> DatasetVariant:
        """The same variant in another window of time, or, for None, without a window."""
        return self.model_copy(update={"split": self.split.model_copy(update={"window": window})})

    def key(self, seed: int) -> str:
        """Names the dataset's notes in a store. Files count by their names, wherever they lie.

        Args:
            seed: The plan's seed, by which splits are drawn.
        """
        text = json.dumps([seed, self.stored("python")], sort_keys=True, default=lambda path: path.name)
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def stored(self, mode: Literal["json", "python"] = "json") -> dict[str, Any]:
        """The variant as records of runs keep it. Stores of before read and write this form, so it stays."""
        fields = self.model_dump(mode=mode, exclude={"family", "duplicate_items", "density", "draw"})
        single = {"twins": [self.duplicate_items], "density": [self.density]}
        return {"name": self.name, **fields, **single, **({"draw": self.draw} if self.draw else {})}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any], family: str) -> DatasetVariant:
        """The variant that :meth:`stored` made, of the dataset that a plan calls ``family``.

        Raises:
            InputError: It is no such form.
        """
        fields = {key: value for key, value in stored.items() if key not in ("name", "twins", "density")}
        try:
            (duplicate_items,), (density,) = stored["twins"], stored["density"]
            variant = {**fields, "family": family, "duplicate_items": duplicate_items, "density": density}
            return cls.model_validate(variant, context={"stored": True})
        except (KeyError, TypeError, ValueError):  # pydantic's errors are ValueErrors
            raise InputError(
                f"the run is stored with a plan of the dataset {family!r} that cannot be read; expected one "
                "that this version of IntentBench wrote"
            ) from None


class DatasetPlan(_Described):
    """One dataset of a plan: where it comes from, how it is split, how its texts become rows."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    duplicate_items: tuple[DuplicateItems, ...] = Field(
        ("kept",),
        min_length=1,
        validation_alias=AliasChoices("duplicate_items", "twins"),
        description="Whether duplicate items stay apart (kept) or become one item (merged); may list both.",
    )
    density: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (1.0,), min_length=1, description="The share of the train pairs that is kept; may list several."
    )

    splits: int = Field(
        1, ge=1, le=100, description="Independent random splits; every system is run on each of them."
    )

    @field_validator("duplicate_items", "density", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int | float) else value

    @field_validator("duplicate_items", "density")
    @classmethod
    def _distinct_in_print(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        """Tables and files name a density by its per cents in six digits."""
        shown = [f"{100 * one:g}%" if isinstance(one, float) else one for one in value]
        return distinct(value, shown)

    @field_validator("released")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else check_released(value)

    @model_validator(mode="after")
    def _texts_know_train_alone(self) -> DatasetPlan:
        shrinks = min(self.density) < 1 or self.split.kind == "prequential"
        if shrinks and (self.text.kind == "precomputed" or self.source.has_written_users):
            raise ValueError(
                "the users' texts are given, and they may tell of pairs that a lower density or a window of "
                "time leaves out; expected profiles of items alone, so that each user gets the texts of the "
                "user's train items"
            )
        return self

    @model_validator(mode="after")
    def _several_splits_are_drawn(self) -> DatasetPlan:
        if self.splits > 1 and self.split.kind not in DRAWN:
            raise ValueError(
                f"splits: {self.splits}, and a split of the kind {self.split.kind} is always the same; "
                f"expected 1, or one of the kinds {', '.join(DRAWN)}"
            )
        return self

    @property
    def _windows(self) -> Sequence[int | None]:
        every = self.split.kind == "prequential" and self.split.window is None
        return range(1, self.split.windows + 1) if every else [self.split.window]

    @property
    def size(self) -> int:
        """The number of single datasets."""
        return len(self._windows) * len(self.duplicate_items) * len(self.density) * self.splits

    def variants(self) -> tuple[DatasetVariant, ...]:
        """The single datasets: one for each window, handling of duplicates, density and split."""
        draws = range(1, self.splits + 1) if self.splits > 1 else [None]
        return tuple(
            DatasetVariant(
                family=self.name,
                source=self.source,
                split=self.split.model_copy(update={"window": window}),
                text=self.text,
                released=self.released,
                duplicate_items=duplicate_items,
                density=density,
                draw=draw,
            )
            for window, duplicate_items, density, draw in product(
                self._windows, self.duplicate_items, self.density, draws
            )
        )
