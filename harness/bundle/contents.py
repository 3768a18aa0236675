"""The runs and datasets of a plan, copied from a store without the folders of its machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from harness.bundle.layout import RUN_FILES
from harness.bundle.pseudonyms import numbers_of_users, with_numbers
from harness.planning.plan import Plan
from harness.planning.run_status import StoreIndex
from harness.planning.searches import searches
from harness.report.document import read_evidence
from harness.store.layout import LISTS, RECORD, SUMS, USERS
from harness.store.record import Record
from harness.store.store import Store
from harness.store.sums import sums


def identities(plan: Plan, store: Store) -> list[str]:
    """The runs of a plan that are finished or failed, and the searches that are done.

    Raises:
        InputError: One of them is damaged, or none of the runs is finished.
    """
    _, by_dataset = read_evidence(plan, store)
    index, statuses = StoreIndex(plan, store), chain.from_iterable(by_dataset.values())
    stored = {run.identity for run in statuses if run.status in ("finished", "failed")}
    if plan.tuning:
        stored |= {index.identity(search) or "" for _, search in searches(plan)}
    return sorted(stored - {""})


def copy_contents(plan: Plan, store: Store, root: Path, *, anonymous: bool) -> Store:
    """Copy the runs, searches and notes on datasets of a plan.

    Args:
        plan: The plan.
        store: The store to copy from.
        root: The folder to copy to.
        anonymous: Whether numbers take the place of the users' ids.

    Returns:
        The copy, which is a store with these runs alone.

    Raises:
        InputError: See :func:`identities`.
    """
    copy, keys = Store(root), [dataset.key(plan.seed) for dataset in plan.variants]
    chosen = identities(plan, store)
    numbers = _numbers(store, chosen, keys) if anonymous else None
    for identity in chosen:
        _copy_run(store, copy, identity, numbers)
    for key in keys:
        description, degrees = store.notes.description(key), store.notes.degrees(key)
        if description is not None:
            renamed = with_numbers(degrees, numbers) if numbers and degrees is not None else degrees
            copy.notes.write(key, description, renamed)
    return copy


def _numbers(store: Store, chosen: list[str], keys: list[str]) -> dict[str, str]:
    """A number for every user of the runs and datasets."""
    files = [store.folder(identity) / name for identity in chosen for name in (USERS, LISTS)]
    notes = [store.notes.folder / f"{key}.parquet" for key in keys]
    return numbers_of_users(path for path in (*files, *notes) if path.exists())


def _copy_run(store: Store, copy: Store, identity: str, numbers: Mapping[str, str] | None) -> None:
    source, target = store.folder(identity), copy.folder(identity)
    target.mkdir(parents=True)
    for name in RUN_FILES:
        if not (source / name).exists():
            continue
        if name == RECORD:
            fields = shared_fields(store.record(identity))
            (target / name).write_text(json.dumps(fields, indent=1, sort_keys=True))
        elif numbers is not None and name in (USERS, LISTS):
            with_numbers(pd.read_parquet(source / name), numbers).to_parquet(target / name, index=False)
        else:
            shutil.copyfile(source / name, target / name)
    (target / SUMS).write_text(sums(target))


def shared_fields(record: Record) -> dict[str, Any]:
    """The fields of a record without its machine's folders: paths become names, and no traceback is kept."""
    fields = {name: value for name, value in record.fields().items() if name != "traceback"}
    return fields | {"dataset_plan": _without_folders(record.dataset_plan)}


def _without_folders(value: Any) -> Any:
    """A value of JSON in which the name of a file stands for its absolute path."""
    if isinstance(value, dict):
        return {key: _without_folders(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(part) for part in value]
    is_path = isinstance(value, str) and Path(value).is_absolute()
    return Path(value).name if is_path else value


def absolute_paths(tree: Any) -> Iterator[str]:
    """The absolute paths among the values of a plan's YAML, which stay as its author wrote them."""
    if isinstance(tree, dict):
        for part in tree.values():
            yield from absolute_paths(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from absolute_paths(part)
    elif isinstance(tree, str) and Path(tree).is_absolute():
        yield tree
