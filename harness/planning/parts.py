"""The parts of a plan beside its datasets: systems, training, tuning, evaluation, strata."""

from __future__ import annotations

import math
import re
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
from harness.evaluation.stats.smallest import SmallestEffect
from harness.evaluation.strata import Grouping
from harness.schema import StrictModel, distinct
from harness.systems.line import parse
from harness.systems.search_space import Range
from harness.systems.spec import SystemSpec


def _parsed(value: Any) -> SystemSpec:
    if isinstance(value, SystemSpec):
        return value
    if isinstance(value, dict):  # an entry of `systems` may be one, and never comes here
        raise ValueError("a system from elsewhere has no hyper-parameters to vary; expected a line")
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

    over: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(
        min_length=1, max_length=2, description="Lists of values by the name of the hyper-parameter."
    )

    @property
    def size(self) -> int:
        """The number of combinations."""
        return math.prod(len(values) for values in self.over.values())


class TrainingPlan(StrictModel):
    """How every trained system is trained and stopped."""

    batch_size: int = Field(4096, ge=1, description="Train pairs in a step.")
    epochs: int = Field(300, ge=1, le=10_000_000, description="Epochs at most.")
    eval_every: int = Field(3, ge=1, description="Epochs between two validations.")
    patience: int = Field(5, ge=1, description="Validations without a gain after which training stops.")
    metric: str = Field("recall@20", description="The metric of validation.")
    threads: int = Field(
        1, ge=1, le=1024, description="Threads of one run. The last digits of its results depend on them."
    )
    refit: bool = Field(
        False,
        description="After early stopping, train anew on train and validation pairs for as many epochs.",
    )

    @field_validator("metric")
    @classmethod
    def _metric_exists(cls, value: str) -> str:
        return check_metric(value)

    def identified(self, classic: bool = False) -> dict[str, Any] | None:
        """What of it is part of a run's identity; of a classic's, which is fitted once, only ``refit``."""
        refit = {"refit": True} if self.refit else {}
        if classic:
            return refit or None
        return self.model_dump(mode="json", exclude={"refit"}) | refit


HOUR_S = 3600.0
"""Plans and estimates are written in hours. What is measured is in seconds."""


class TuningPlan(StrictModel):
    """The budget of every system's search on a dataset. It is spent on validation pairs alone."""

    trials: int = Field(
        20, ge=1, le=100_000, description="Trials of each system. The first has the released defaults."
    )
    hours: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="After so many hours no further trial begins."
    )
    epochs: int | None = Field(
        None, ge=1, le=10_000_000, description="Epochs of one trial at most. Absent: `training.epochs`."
    )
    sampler: Literal["tpe", "random", "grid"] = Field("tpe", description="What suggests the values.")
    pruner: Literal["median", "halving", "none"] = Field("median", description="What ends poor trials early.")
    space: dict[str, Range | tuple[Any, ...]] = Field(
        {}, description="Narrows the values that tuning may try, for every system."
    )
    ablations: Literal["own", "full"] = Field(
        "own",
        description="Ablations and text controls are tuned themselves, or take the full system's values. "
        "Points of grids and capacity controls are always tuned themselves.",
    )


class EvaluationPlan(StrictModel):
    """What is measured on the test pairs."""

    metrics: tuple[str, ...] = Field(
        ("recall", "ndcg", "precision", "hit", "mrr", "map"), min_length=1, description="Measured metrics."
    )
    k: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        (10, 20), min_length=1, description="Lengths of the lists that are judged."
    )
    mask_validation: bool = Field(False, description="Hides validation pairs too when test lists are made.")
    item_strata: bool = Field(False, description="Measures recall of tail, middle and head items apart.")
    lists: int | None = Field(
        None, ge=1, le=1000, description="Keeps so many of every user's best items with each run."
    )
    users: int | None = Field(
        None, ge=1, le=1_000_000_000, description="Tests so many users, drawn at random. Absent: all."
    )
    show: tuple[str, ...] = Field(
        ("recall@20", "ndcg@20"), min_length=1, description="Columns of the table; the first decides."
    )

    @field_validator("metrics")
    @classmethod
    def _metrics_exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            check_metric_name(name)
        return value

    @field_validator("metrics", "k", "show")
    @classmethod
    def _listed_once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return distinct(value, value)

    @model_validator(mode="after")
    def _shown_is_measured(self) -> EvaluationPlan:
        measured = [f"{name}@{k}" for name in self.metrics for k in self.k]
        for name in self.show:
            if name not in measured:
                raise ValueError(f"show: {name!r} is not measured; {did_you_mean(name, measured)}")
        return self


PER_CENT = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*%\s*")


def _smallest_effect(value: Any) -> SmallestEffect:
    """A share such as ``1 %``, or a difference such as 0.002."""
    if isinstance(value, SmallestEffect):
        return value
    if isinstance(value, str) and (share := PER_CENT.fullmatch(value)) and 0 < float(share[1]) < 100:
        return SmallestEffect(float(share[1]) / 100)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1:
        return SmallestEffect(float(value), is_share=False)
    raise ValueError(
        f"{value!r} is no size of an effect; expected a share of the reference such as 1 %, or a difference "
        "of the metric such as 0.002"
    )


SmallestEffectText = Annotated[
    SmallestEffect,
    PlainValidator(_smallest_effect),
    PlainSerializer(str),
    WithJsonSchema({"type": ["string", "number"]}),
]
"""The smallest difference that matters, which plans write as ``1 %`` or as a number."""


class StrataPlan(StrictModel):
    """Groups of users, by their train pairs, that the report shows apart. They change no run."""

    users: Grouping = Field("equal_interactions", description="All strata hold about as many of these.")
    groups: int = Field(5, ge=2, le=20, description="Strata at most.")
    edges: tuple[int, ...] | None = Field(
        None, min_length=1, description="The largest number of train pairs in each stratum, instead of both."
    )

    @model_validator(mode="after")
    def _edges_alone_and_ascending(self) -> StrataPlan:
        if self.edges is None:
            return self
        if self.model_fields_set & {"users", "groups"}:
            raise ValueError("`edges` is given beside `users` or `groups`; expected one or the other")
        if self.edges[0] < 0 or any(one >= two for one, two in pairwise(self.edges)):
            raise ValueError(f"edges are {list(self.edges)}; expected ascending numbers such as [5, 10, 20]")
        return self
