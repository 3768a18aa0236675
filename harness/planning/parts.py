"""The parts of a plan beside its datasets: systems, training, tuning, evaluation, strata."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from harness.errors import did_you_mean
from harness.evaluation.metrics import check_metric, check_metric_name
from harness.evaluation.strata import Grouping
from harness.schema import StrictModel
from harness.systems.line import SystemSpec, parse
from harness.systems.search_space import Range


def _parsed(value: Any) -> SystemSpec:
    if isinstance(value, SystemSpec):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a system; expected a line such as IRLLRec[LightGCN]")
    return parse(value)


SystemLine = Annotated[
    SystemSpec,
    PlainValidator(_parsed),
    PlainSerializer(lambda spec: spec.name),
    WithJsonSchema({"type": "string"}),
]
"""A system, which plans write as a line such as ``IRLLRec[LightGCN, -intent]``."""


class SystemPlan(StrictModel):
    """One system and the hyper-parameters chosen for it. A plan may also write the line alone."""

    system: SystemLine
    hyper: dict[str, Any] = Field({}, description="Hyper-parameters that are fixed for this system.")
    space: dict[str, Range | tuple[Any, ...]] = Field(
        {}, description="Narrows the values that tuning may try for this system."
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_line(cls, value: Any) -> Any:
        return {"system": value} if isinstance(value, str) else value


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


HOUR_S = 3600.0
"""Plans and estimates are written in hours; what is measured is in seconds."""


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
