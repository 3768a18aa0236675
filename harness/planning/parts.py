"""The parts of a plan: datasets, systems, training, tuning, evaluation, strata."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.data.spec import SourceSpec, SplitSpec
from harness.data.variants import TwinsPlan, Variant, variants
from harness.errors import did_you_mean
from harness.evaluation.metrics import check_metric, check_metric_name
from harness.evaluation.strata import Grouping
from harness.schema import StrictModel
from harness.systems.line import parse
from harness.systems.presets import check_released
from harness.systems.search_space import Range
from harness.systems.spec import SystemSpec
from harness.text.encoders import TfidfSpec
from harness.text.tables import TextSpec


class DatasetPlan(StrictModel):
    """One dataset: where it comes from, how it is split, how its text becomes rows."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    source: SourceSpec
    split: SplitSpec = SplitSpec()
    text: TextSpec = TfidfSpec()
    released: str | None = Field(None, description="whose released hyper-parameters to start from")
    twins: tuple[TwinsPlan, ...] = Field(("kept",), min_length=1, description="twin items kept or merged")
    density: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (1.0,), min_length=1, description="shares of the train pairs that are kept"
    )

    @field_validator("twins", "density", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int | float) else value

    @field_validator("twins", "density")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{list(value)}; expected each once")
        return value

    @model_validator(mode="after")
    def _texts_know_train_alone(self) -> DatasetPlan:
        shrinks = min(self.density) < 1 or self.split.kind == "prequential"
        if shrinks and (self.text.kind == "precomputed" or self.source.has_written_users):
            raise ValueError(
                "the users' texts are given and may tell of pairs that thinning or a window leaves out; "
                "expected profiles of items alone, so that users get their train items' texts"
            )
        return self

    @property
    def window_before(self) -> DatasetPlan | None:
        """The window of time before this one; None for the first, and without windows."""
        if not self.split.window or self.split.window == 1:
            return None
        split = self.split.model_copy(update={"window": self.split.window - 1})
        name = self.family + self.variant._replace(split=split).suffix
        return self.model_copy(update={"name": name, "split": split})

    @property
    def variant(self) -> Variant:
        """What this single dataset is of its family."""
        return Variant(self.split, self.twins[0], self.density[0])

    @property
    def family(self) -> str:
        """The name in the plan, which all variants share; their splits and seeds are drawn by it."""
        return self.name.partition("@")[0]

    def variants(self) -> list[DatasetPlan]:
        """The single datasets meant: one a window, handling of twins and density."""
        return [
            self.model_copy(
                update={
                    "name": self.name + each.suffix,
                    "split": each.split,
                    "twins": (each.twins,),
                    "density": (each.density,),
                }
            )
            for each in variants(self.split, self.twins, self.density)
        ]

    @field_validator("released")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else check_released(value)


class SystemPlan(StrictModel):
    """One system line and the hyper-parameters chosen for it; may also be the bare line."""

    system: str
    hyper: dict[str, Any] = {}
    space: dict[str, Range | tuple[Any, ...]] = Field({}, description="narrows what tuning may vary")

    @model_validator(mode="before")
    @classmethod
    def _bare_line(cls, value: Any) -> Any:
        return {"system": value} if isinstance(value, str) else value

    @field_validator("system")
    @classmethod
    def _known(cls, value: str) -> str:
        return parse(value).name

    @property
    def spec(self) -> SystemSpec:
        """The parsed line."""
        return parse(self.system)


class GridPlan(SystemPlan):
    """One system at every combination of values of one or two hyper-parameters."""

    over: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(min_length=1, max_length=2)


class TrainingPlan(StrictModel):
    """How every trained system is trained and stopped."""

    batch_size: int = Field(4096, ge=1)
    epochs: int = Field(300, ge=1)
    eval_every: int = Field(3, ge=1, description="epochs between validations")
    patience: int = Field(5, ge=1, description="validations without a gain before stopping")
    metric: str = Field("recall@20", description="validation metric")
    threads: int = Field(1, ge=1, description="threads of one run; its last digits depend on them")

    @field_validator("metric")
    @classmethod
    def _known(cls, value: str) -> str:
        return check_metric(value)


class TuningPlan(StrictModel):
    """The budget of every system's search on a dataset, spent on validation pairs alone."""

    trials: int = Field(20, ge=1, description="trials; the first has the released defaults")
    hours: float | None = Field(None, gt=0, description="no trial begins after so many")
    epochs: int | None = Field(None, ge=1, description="of a trial at most; the plan's without it")
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    pruner: Literal["median", "halving", "none"] = "median"
    space: dict[str, Range | tuple[Any, ...]] = Field({}, description="narrows every system's space")
    ablations: Literal["own", "full"] = Field(
        "own", description="ablations and controls are tuned themselves, or take the full system's values"
    )


class EvaluationPlan(StrictModel):
    """What is measured on the test pairs."""

    metrics: tuple[str, ...] = ("recall", "ndcg", "precision", "hit", "mrr", "map")
    k: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = (10, 20)
    mask_validation: bool = Field(False, description="also hide validation positives at test time")
    item_strata: bool = Field(False, description="also recall of tail, middle and head items apart")
    show: tuple[str, ...] = Field(("recall@20", "ndcg@20"), description="columns of the table")

    @field_validator("metrics")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            check_metric_name(name)
        return value

    @model_validator(mode="after")
    def _shown_is_measured(self) -> EvaluationPlan:
        measured = [f"{name}@{k}" for name in self.metrics for k in self.k]
        for name in self.show:
            if name not in measured:
                raise ValueError(f"show: {name!r} is not measured; {did_you_mean(name, measured)}")
        return self


class StrataPlan(StrictModel):
    """Which users are looked at apart, by their train pairs; changes the report and no run."""

    users: Grouping = Field("equal_interactions", description="what strata hold the same number of")
    groups: int = Field(5, ge=2, le=20, description="strata at most")
    edges: tuple[int, ...] | None = Field(None, min_length=1, description="largest degree of each stratum")

    @model_validator(mode="after")
    def _edges_alone_and_ascending(self) -> StrataPlan:
        if self.edges is None:
            return self
        if self.model_fields_set & {"users", "groups"}:
            raise ValueError("`edges` stand beside `users` or `groups`; expected one or the other")
        if self.edges[0] < 0 or any(one >= two for one, two in pairwise(self.edges)):
            raise ValueError(f"edges {list(self.edges)}; expected ascending degrees such as [5, 10, 20]")
        return self
