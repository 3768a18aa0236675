"""A run that is stopped and taken up again ends as one that never stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness.errors import Interrupted, StoreError
from harness.store.checkpoint import Checkpoint
from harness.testing.conformance import make_run
from harness.training.loop import Callbacks
from harness.training.prepared_data import PreparedData
from harness.training.run import train
from tests.devices import needs_fixed_order, needs_gpu

QUICK = {"embedding_size": 8, "learning_rate": 0.02}


def after(asks: int) -> Callbacks:
    """Stops when it has been asked that often."""
    left = iter(range(asks))
    return Callbacks(should_stop=lambda: next(left, None) is None)


def test_what_a_gpu_has_saved_goes_on_without_one(board: PreparedData, tmp_path: Path) -> None:
    """The random numbers of its GPUs are of no use elsewhere."""
    run, checkpoint = make_run("LightGCN", QUICK, epochs=3), Checkpoint(tmp_path / "run.pt")
    with pytest.raises(Interrupted):
        train(run, board, replace(after(1), checkpoint=checkpoint))
    state = checkpoint.load()
    assert state is not None
    cards = torch.cuda.device_count() + 1
    checkpoint.save({**state, "cuda": cards * [torch.get_rng_state()]})
    assert train(run, board, Callbacks(checkpoint=checkpoint)).record["epochs"] == 3


@needs_gpu
def test_a_state_of_a_gpu_is_read_into_main_memory(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run.pt")
    checkpoint.save({"rows": torch.ones(2, device="cuda")})
    state = checkpoint.load()
    assert state is not None
    assert state["rows"].device.type == "cpu"


@needs_fixed_order
@pytest.mark.parametrize("line", ["LightGCN", "SGL", "AlphaRec", "RLMRec-Gen[DCCF]", "IRLLRec[BIGCF]"])
def test_a_stopped_run_ends_as_an_undisturbed_one(line: str, board: PreparedData, tmp_path: Path) -> None:
    run = make_run(line, QUICK, epochs=7, eval_every=2, patience=2)
    whole = train(run, board)
    checkpoint = Checkpoint(tmp_path / "c" / "run.pt")
    for asks in (1, 2, 1):
        callbacks = Callbacks(checkpoint=checkpoint, should_stop=after(asks).should_stop)
        with pytest.raises(Interrupted):
            train(run, board, callbacks)
        torch.rand(5)  # another run's draws in between
    taken_up = train(run, board, Callbacks(checkpoint=checkpoint))
    assert taken_up.users.equals(whole.users)
    for key in ("epochs", "best_epoch", "valid", "losses", "stopped", "overall"):
        assert taken_up.record[key] == whole.record[key], key
    assert taken_up.record["seconds_s"] > taken_up.record["earlier_s"] > 0


def test_a_damaged_checkpoint_is_no_checkpoint(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run.pt")
    assert checkpoint.load() is None
    checkpoint.save({"epoch": 3, "rows": torch.ones(2)})
    state = checkpoint.load()
    assert state is not None
    assert state["epoch"] == 3
    content = bytearray(checkpoint.path.read_bytes())
    content[-1] ^= 1
    checkpoint.path.write_bytes(content)
    assert checkpoint.load() is None
    checkpoint.path.write_bytes(content[:100])
    assert checkpoint.load() is None
    checkpoint.remove()
    checkpoint.remove()
    assert not checkpoint.path.exists()


def test_a_checkpoint_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Checkpoint(tmp_path / "run.pt")
    checkpoint.save({"epoch": 1})
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(StoreError, match=r"run.pt: cannot be written \(disk full\)"):
        checkpoint.save({"epoch": 2})
    monkeypatch.undo()
    assert checkpoint.load() == {"epoch": 1}
