"""Fixtures of the tests of reports."""

from __future__ import annotations

import pytest

from harness.report.plots import style


@pytest.fixture
def png_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are written in one format, for tests of what is drawn."""
    monkeypatch.setattr(style, "FORMATS", ("png",))
