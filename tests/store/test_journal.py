"""A journal tells where it is damaged, goes on where it was, and is read by Optuna as any other."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial

from harness.errors import StoreError
from harness.store.journal import DamagedJournalError, last_checksum
from harness.training.tuning.trial_storage import open_storage
from tests.store.small import FIXTURES


def search(journal: Path, trials: int) -> None:
    """Let Optuna write some trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with open_storage(None, journal) as storage:
        study = optuna.create_study(storage=storage, study_name="s", load_if_exists=True)
        for _ in range(trials):
            trial = study.ask({"width": optuna.distributions.FloatDistribution(0.0, 1.0)})
            trial.set_user_attr("reason", "é \n")
            study.tell(trial, trial.params["width"])


def trials(journal: Path) -> list[FrozenTrial]:
    """What Optuna itself reads."""
    storage = JournalStorage(JournalFileBackend(str(journal)))
    return optuna.load_study(study_name="s", storage=storage).trials


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two trials, written by two processes one after the other."""
    path = tmp_path / "s.journal"
    search(path, 1)
    search(path, 1)
    return path


def test_optuna_reads_it_and_every_line_carries_a_checksum(journal: Path) -> None:
    assert [trial.user_attrs["reason"] for trial in trials(journal)] == ["é \n"] * 2
    assert all('"sha256":"' in line for line in journal.read_text().splitlines())
    assert len(last_checksum(journal)) == 64


@pytest.mark.parametrize("change", ["gone", "twice", "swapped", "another number", "no object", "no text"])
def test_a_line_that_is_not_as_it_was_written_is_named(change: str, journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    changed = {
        "gone": lines[:2] + lines[3:],
        "twice": lines[:3] + lines[2:],
        "swapped": [*lines[:2], lines[3], lines[2], *lines[4:]],
        "another number": [*lines[:2], lines[2].replace(b'"trial_id":0', b'"trial_id":1'), *lines[3:]],
        "no object": [*lines[:2], b"[]\n", *lines[3:]],
        "no text": [*lines[:2], b"\xff\n", *lines[3:]],
    }[change]
    assert changed != lines
    journal.write_bytes(b"".join(changed))
    with pytest.raises(DamagedJournalError, match="line 4" if change == "twice" else "line 3"):
        last_checksum(journal)
    with pytest.raises(StoreError, match=r"s.journal: is damaged in line .; `intentbench store verify`"):
        search(journal, 1)


def test_a_line_that_a_killed_process_did_not_end_is_cut_off(journal: Path) -> None:
    with journal.open("a") as file:
        file.write('{"op_code":4,"stud')
    last_checksum(journal)
    search(journal, 1)
    assert len(trials(journal)) == 3
    last_checksum(journal)


def test_a_journal_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    old = next((FIXTURES / "store-version-0" / "searches").iterdir()).read_bytes()
    journal = tmp_path / "s.journal"
    journal.write_bytes(old)
    search(journal, 1)
    assert journal.read_bytes().startswith(old)
    last_checksum(journal)
    journal.write_bytes(
        journal.read_bytes().replace(b'"layers"', b'"layerz"').replace(b"0.0001", b"0.0002", 1)
    )
    with pytest.raises(DamagedJournalError, match="line 22"):  # the first line with a checksum
        last_checksum(journal)
