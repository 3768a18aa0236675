"""What a plan says of a system that was trained elsewhere: its lists or its embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from harness.data.file_spec import from_plan
from harness.errors import InputError
from harness.external.system import DATASET, ExternalSpec, matching
from harness.planning.parts import SystemPlan
from harness.schema import StrictModel
from harness.systems.line import parse

NOT_TUNED = ("hyper", "space", "over")
"""Keys of other systems that make no sense for one that was trained elsewhere."""


def _resolved(value: str | None, info: ValidationInfo) -> str | None:
    """A pattern whose relative path starts at the plan's folder.

    Raises:
        ValueError: No file can be called so.
    """
    if value is not None and "\0" in value:
        raise ValueError(f"{value!r} holds a NUL character; expected the name of a file")
    return None if value is None else str(from_plan(Path(value), info))


class EmbeddingFiles(StrictModel):
    """Files of embeddings: a row for each user or item, which a ``.ids`` file beside each names."""

    users: str = Field(min_length=1, description="The users' embeddings; a pattern as `lists` is one.")
    items: str = Field(min_length=1, description="The items' embeddings; a pattern as `lists` is one.")
    similarity: Literal["dot", "cosine"] = Field("dot", description="How a user is compared with an item.")
    _resolve = field_validator("users", "items")(_resolved)


class Cost(StrictModel):
    """What a run has cost elsewhere, if that is known."""

    seconds: float | None = Field(None, ge=0, allow_inf_nan=False, description="Seconds of one run.")
    bytes: int | None = Field(None, ge=0, description="Peak memory of one run.")
    parameters: int | None = Field(None, ge=0, description="Learned parameters.")


class ExternalPlan(StrictModel):
    """A system that was trained elsewhere. Each file of its pattern is one repetition."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+^()-]*$", description="Its name in tables.")
    lists: str | None = Field(None, min_length=1, description="Files of lists; `*` stands for anything.")
    embeddings: EmbeddingFiles | None = Field(None, description="Files of embeddings, instead of lists.")
    seedless: bool = Field(False, description="Whether another training would give the same results.")
    cost: Cost = Cost()

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        """Accept ``{system: {name: ..}}`` for ``{name: ..}``, and say why hyper-parameters are refused."""
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("system"), dict):
            value = {**value["system"], **{key: own for key, own in value.items() if key != "system"}}
        for key in NOT_TUNED:
            if key in value:
                raise ValueError(
                    f"`{key}` is given for {value.get('name')}, which is trained elsewhere and has no "
                    "hyper-parameters here; expected no such key beside `lists` or `embeddings`"
                )
        return value

    _resolve = field_validator("lists")(_resolved)

    @field_validator("name")
    @classmethod
    def _is_no_line(cls, value: str) -> str:
        try:
            parse(value)
        except InputError:
            return value.strip()
        raise ValueError(
            f"{value!r} is a system that is trained here; expected another name, such as {value} (mine)"
        )

    @model_validator(mode="after")
    def _one_kind_of_result(self) -> ExternalPlan:
        if (self.lists is None) == (self.embeddings is None):
            found = "both `lists` and `embeddings`" if self.lists else "neither `lists` nor `embeddings`"
            raise ValueError(f"{self.name} has {found}; expected one of them")
        return self

    @property
    def patterns(self) -> tuple[str, ...]:
        """The pattern of the lists alone, or those of the users' and the items' embeddings."""
        files = self.embeddings
        return (files.users, files.items) if files else (str(self.lists),)

    @property
    def system(self) -> ExternalSpec:
        """The system without its files."""
        similarity = self.embeddings.similarity if self.embeddings else "dot"
        return ExternalSpec(self.name, similarity=similarity, is_seedless=self.seedless)

    @property
    def settings(self) -> dict[str, Any]:
        """What the record of a run holds of this entry: its costs and how embeddings are compared."""
        similarity = {"similarity": self.embeddings.similarity} if self.embeddings else {}
        return {**similarity, **self.cost.model_dump(exclude_none=True)}

    def require_dataset(self, count: int) -> None:
        """Check that the patterns tell which of ``count`` datasets a file is of.

        Raises:
            ValueError: One does not.
        """
        for pattern in map(Path, self.patterns):
            if DATASET not in str(pattern):
                raise ValueError(
                    f"{self.name}: {pattern.name!r} does not tell which of the {count:,} datasets a file is "
                    f"of; expected {DATASET} in it, as in {pattern.stem}-{DATASET}{pattern.suffix}"
                )

    def files_of(self, dataset: str) -> list[tuple[Path, ...]]:
        """The files of each repetition on a dataset. Users' and items' files are matched by their names."""
        groups = [matching(pattern, dataset) for pattern in self.patterns]
        common = [key for key in groups[0] if all(key in group for group in groups)]
        return [tuple(group[key] for group in groups) for key in common]

    def without_files(self, dataset: str) -> str:
        """Why there is no repetition on a dataset, as a reason that names no folder."""
        names = " with ".join(Path(pattern.replace(DATASET, dataset)).name for pattern in self.patterns)
        return f"no file is called {names}"


def _kind_of_entry(value: Any) -> str:
    """Which of the two kinds of entry is meant."""
    if isinstance(value, ExternalPlan):
        return "ExternalPlan"
    is_external = isinstance(value, dict) and (
        not isinstance(value.get("system", ""), str) or bool({"name", "lists", "embeddings"} & value.keys())
    )
    return "ExternalPlan" if is_external else "SystemPlan"


SystemEntry = Annotated[
    Annotated[SystemPlan, Tag("SystemPlan")] | Annotated[ExternalPlan, Tag("ExternalPlan")],
    Discriminator(_kind_of_entry),
]
"""An entry of a plan's ``systems``."""
