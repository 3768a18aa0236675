"""Tasks that a Dask cluster does, which here consists of one thread of this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.store.store import Store
from tests.execution.observed import Loads, run, three_datasets


def test_a_cluster_does_all_tasks_and_releases_their_data(loads: Loads, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        events = run(three_datasets(), tmp_path, workers=None, scheduler=cluster.scheduler_address)
    assert len(events.ended_tasks) == 6
    assert {record.status for record in Store(tmp_path).runs().values()} == {"finished"}
    assert not loads.in_memory()
