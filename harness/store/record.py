"""The record of a run or search, kept as ``run.json``: what was done, where, and what came of it.

The store knows nothing of plans: the parts of a plan are kept as plain dictionaries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

SCHEMA_VERSION = 1
"""Version of the fields below. Files of version 0 lack ``schema_version``, ``kind`` and ``family``."""


class NewerSchemaError(ValueError):
    """A newer version of IntentBench wrote the record, and this one cannot tell what its fields mean."""


class _Record(BaseModel):
    """What the records of runs and searches have in common. Unknown fields of a file are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    MEASURED: ClassVar[tuple[str, ...]]
    """Fields that every finished run or search has, and a failed one lacks."""

    schema_version: int = SCHEMA_VERSION

    status: Literal["finished", "failed"]
    reason: str = ""
    """Why it failed, in one line; empty if it finished."""
    traceback: str = ""
    """Where in the code it failed; empty if it finished."""

    system: str
    """The system's name in tables."""
    dataset: str
    """The dataset's name, with its variant after an @, such as ``ml-100k@window-2``."""
    family: str
    """The dataset's name as the plan wrote it. Variants of one dataset share it."""
    base_seed: int | None = None
    """The plan's seed. Runs that were stored before plans were kept with them lack it."""
    dataset_plan: dict[str, Any] | None = None
    """The dataset's part of the plan. Runs that were stored before plans were kept with them lack it."""
    settings: dict[str, Any] = {}
    """Value of every hyper-parameter; those of a search are the defaults, which its first trial tries."""
    training: dict[str, Any] = {}
    """The plan's part on training."""
    evaluation: dict[str, Any] = {}
    """The plan's part on evaluation."""

    started: str = ""
    """When the work began, or went on from a checkpoint: ISO 8601, UTC, to the second."""
    process: int | None = None
    """Number of the process that did it."""
    commit: str | None = None
    """The code's git commit; None outside a checkout."""
    machine: dict[str, Any] = {}
    """Operating system, processor, device, threads, and versions of Python and of numerical packages."""

    seconds_s: float | None = None
    """Time spent, before interruptions too. A run's holds its test, a search's is the sum over its trials."""
    cpu_s: float | None = None
    """The same on the processor, summed over threads. Runs and searches of before 2026-11-26 lack it."""
    epochs: int | None = None
    """Epochs trained; those of a search are summed over its trials. Systems in closed form have none."""

    @model_validator(mode="after")
    def _is_complete(self) -> _Record:
        missing = [name for name in self.MEASURED if name not in self.model_fields_set]
        if self.status == "finished" and missing:
            raise ValueError(f"it is finished and has no {missing[0]}")
        return self

    def fields(self) -> dict[str, Any]:
        """What a file holds: the fields that were given, and those that tell its kind and version."""
        always = {name: getattr(self, name) for name in ("kind", "schema_version")}
        return self.model_dump(exclude_unset=True) | always


class RunRecord(_Record):
    """The record of one training of one system, and its test."""

    MEASURED = ("overall", "seconds_s", "peak_bytes", "parameters")

    kind: Literal["run"] = "run"
    repetition: int
    """Number of the repetition, from 0."""

    overall: dict[str, float] = {}
    """Coverage, Gini index and mean popularity of all test lists together, by name, such as ``gini@20``; and
    ``tied@20``, the share of users who give equal scores to items on both sides of the cut. Runs of protocols
    before 3 lack the latter."""
    drawn_users: dict[str, int] = {}
    """Numbers of users whose ``valid`` and ``test`` pairs were judged; only if the plan draws users."""
    drawn_from: dict[str, int] = {}
    """Numbers of all users who have ``valid`` and ``test`` pairs; only beside ``drawn_users``."""
    peak_bytes: int | None = None
    """Peak resident memory of the whole process while the run lasted."""
    parameters: int | None = None
    """Number of learned parameters."""
    embedding_size: int | None = None
    """Width that gives a backbone as many parameters as the alignment it is compared with has."""

    valid: dict[str, float] = {}
    """The best validation score, by its metric; empty for systems in closed form."""
    losses: dict[str, list[float]] = {}
    """Mean of every weighted term of the loss in each epoch, [epochs] a term."""
    sources: dict[str, str] = {}
    """A checksum of the source file of each part of the system that is not of this project."""
    best_epoch: int | None = None
    """The epoch, from 1, whose weights were tested; 0 if no validation took place."""
    refit_epochs: int | None = None
    """Epochs of the training on train and validation pairs; only if the plan asks for one."""
    stopped: str | None = None
    """What ended the training: ``patience`` or ``epochs``."""
    earlier_s: float | None = None
    """Seconds of ``seconds_s`` that were spent before the run last went on from a checkpoint."""
    earlier_cpu_s: float | None = None
    """Seconds of ``cpu_s`` of that time."""


class SearchRecord(_Record):
    """The record of one search for hyper-parameters."""

    MEASURED = ("best", "valid", "budget", "trials", "epochs", "seconds_s")

    kind: Literal["search"] = "search"
    tuning: dict[str, Any] = {}
    """The plan's part on tuning."""
    space: dict[str, Any] = {}
    """What each hyper-parameter may be: bounds or choices, by name."""

    budget: int | None = None
    """Trials that the search was allowed."""
    trials: dict[str, int] = {}
    """Number of trials that are ``complete``, ``pruned`` and ``fail``."""
    best: dict[str, Any] = {}
    """The hyper-parameters of the best trial."""
    best_trial: int | None = None
    """Number of the best trial, from 0."""
    valid: float | None = None
    """Validation score of the best trial, by the metric that ``training`` names."""
    valid_before: float | None = None
    """Validation score of the first trial, which has the defaults; None if it did not finish."""
    importance: dict[str, float] = {}
    """Share of the score's variance that each hyper-parameter explains; empty for few trials."""


Record = RunRecord | SearchRecord

_EITHER: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def new_record(fields: Mapping[str, Any]) -> Record:
    """The record of a run or search that has just ended.

    Raises:
        ValueError: A field is missing or has a wrong type; one line.
    """
    try:
        return _EITHER.validate_python(dict(fields))
    except ValidationError as error:
        raise ValueError(_first_problem(error)) from None


def read_record(content: bytes) -> Record:
    """The record that a file of this or an older version holds.

    Raises:
        NewerSchemaError: A newer version of IntentBench wrote it.
        ValueError: It is no JSON object, or a field is missing or has a wrong type; one line.
    """
    fields = json.loads(content)
    if not isinstance(fields, dict):
        raise ValueError("expected a JSON object")
    version = fields.get("schema_version", 0)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise NewerSchemaError(f"schema_version is {version}; expected at most {SCHEMA_VERSION}")
    return new_record(fields if version else _upgraded(fields))


def _upgraded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record of version 0, as version 1 has them."""
    added = {
        "schema_version": 1,
        "kind": "run" if "repetition" in fields else "search",
        "family": str(fields.get("dataset", "")).partition("@")[0],
    }
    return {**fields, **added}


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
