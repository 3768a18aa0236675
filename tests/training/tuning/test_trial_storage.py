"""Optuna's storage is opened at a URL, or the command ends in one sentence that tells no password."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.training.tuning.trial_storage import EXAMPLES, open_storage


@pytest.mark.parametrize("url", ["", " ", "a", "trials.db", "nosuch://host/name"])
def test_what_is_no_url_of_a_database_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught, open_storage(url, tmp_path / "s.journal"):
        pass
    assert str(caught.value) == f"--storage: no database has this URL; expected one such as {EXAMPLES}"


def test_a_database_that_cannot_be_opened_tells_no_password(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/secret.db"
    with (
        pytest.raises(StoreError, match="--storage: cannot be opened") as caught,
        open_storage(url, tmp_path / "s.journal"),
    ):
        pass
    assert "secret" not in str(caught.value)
