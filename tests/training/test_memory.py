"""A run that needs more memory than is free is refused before it takes any."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest
import torch

from harness.errors import RunFailed
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard, parity_text
from harness.training import run as training
from harness.training.memory import PROCESS_BYTES, Sizes
from harness.training.prepared_data import PreparedData, prepared
from harness.training.run import train

GIB = 2**30


def test_a_run_beyond_the_free_memory_fails_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "needed_bytes", lambda *arguments: 11 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * GIB))
    with (
        prepared(checkerboard(), None) as data,
        pytest.raises(RunFailed, match=r"^needs about 11\.0 GiB of memory; 8\.0 GiB are free$"),
    ):
        train(make_run("LightGCN"), data)


def test_a_run_beyond_the_memory_of_a_gpu_fails_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "needed_bytes", lambda *arguments: 3 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * GIB))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (2 * GIB, 80 * GIB))
    with (
        prepared(checkerboard(), None) as data,
        pytest.raises(
            RunFailed, match=r"^needs about 3\.0 GiB of memory on the GPU; 2\.0 GiB are free there\."
        ),
    ):
        training.refuse_beyond_memory(make_run("LightGCN"), data)
    with prepared(checkerboard(), None) as data:
        training.refuse_beyond_memory(make_run("MostPop"), data)  # is fitted on the processor


@pytest.mark.parametrize("line", ["EASE^R", "EASE-Collective", "EASE-Additive", "L3AE"])
def test_a_system_of_all_pairs_of_items_names_what_serves_instead(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its estimate refuses it by itself: a matrix of so many items is not to be allocated here."""
    items = 1_000_000
    monkeypatch.setattr(PreparedData, "sizes", Sizes(40, items, 400, 8))
    dataset = checkerboard()
    with (
        prepared(dataset, parity_text(dataset)) as data,
        pytest.raises(
            RunFailed,
            match=r"^needs about [0-9.]+ GiB of memory; [0-9.]+ GiB are free\. It holds weights between all "
            r"pairs of 1,000,000 items; RP3beta or ItemKNN serves instead, since their memory grows with the "
            r"number of neighbours$",
        ),
    ):
        train(make_run(line), data)


def test_what_the_process_holds_already_is_not_needed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes whose estimates fit together into the free memory do not refuse each other's runs."""
    free = 8 * GIB
    held = min(psutil.Process().memory_info().rss, PROCESS_BYTES)
    monkeypatch.setattr(training, "needed_bytes", lambda *arguments: free + held // 2)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    with prepared(checkerboard(), None) as data:
        assert train(make_run("MostPop"), data).record["parameters"] == 40
