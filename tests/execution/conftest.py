"""Fixtures of the tests of execution."""

from __future__ import annotations

import pytest

from harness.execution import task_runner
from tests.execution.observed import Loads


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    loads = Loads()
    monkeypatch.setattr(task_runner, "load", loads)
    return loads
