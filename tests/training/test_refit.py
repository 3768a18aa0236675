"""A plan may train every system anew on train and validation pairs, for as many epochs as validation chose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import Interrupted
from harness.planning.parts import TuningPlan
from harness.planning.plan import Plan
from harness.planning.searches import searches
from harness.planning.tasks import Run
from harness.store.checkpoint import Checkpoint
from harness.testing.conformance import make_run
from harness.training.loop import Callbacks
from harness.training.prepared_data import PreparedData
from harness.training.run import train
from tests.devices import needs_fixed_order

QUICK = {"embedding_size": 8, "learning_rate": 0.02}


def refit(run: Run) -> Run:
    return replace(run, training=run.training.model_copy(update={"refit": True}))


@needs_fixed_order
@pytest.mark.parametrize("line", ["LightGCN", "IRLLRec[LightGCN]"])
def test_the_second_training_has_the_epochs_of_the_first_and_validates_nothing(
    line: str, board: PreparedData
) -> None:
    run = make_run(line, QUICK, epochs=40, eval_every=1, patience=2)
    first, second = train(run, board), train(refit(run), board)
    assert second.record["refit_epochs"] == first.record["best_epoch"]
    for key in ("best_epoch", "epochs", "valid", "losses", "stopped"):
        assert second.record[key] == first.record[key], key
    epochs = first.record["best_epoch"]
    both = board.with_validation()
    assert len(both.dataset.train) == len(board.dataset.train) + len(board.dataset.valid)
    by_hand = train(make_run(line, QUICK, epochs=epochs, eval_every=epochs + 1), both)
    assert second.users.equals(by_hand.users)
    assert not second.users.equals(first.users)


def test_a_classic_is_fitted_on_both_and_lists_neither(board: PreparedData) -> None:
    run = make_run("ItemKNN")
    assert train(refit(run), board).users.equals(train(run, board.with_validation()).users)
    known = board.with_validation().matrices["known"]
    assert known.sum() == len(board.dataset.train) + len(board.dataset.valid)


@needs_fixed_order
def test_a_run_stopped_in_the_second_training_ends_as_an_undisturbed_one(
    board: PreparedData, tmp_path: Path
) -> None:
    run = refit(make_run("LightGCN", QUICK, epochs=6, eval_every=2, patience=5))
    whole = train(run, board)
    checkpoint = Checkpoint(tmp_path / "run.pt")
    asked = iter(range(8))
    with pytest.raises(Interrupted):
        train(run, board, Callbacks(checkpoint=checkpoint, should_stop=lambda: next(asked) == 7))
    assert checkpoint.of_refit.path.exists()
    asked_again: list[int] = []
    taken_up = train(
        run, board, Callbacks(checkpoint=checkpoint, on_progress=lambda epoch, _: asked_again.append(epoch))
    )
    assert taken_up.users.equals(whole.users)
    assert len(asked_again) < 8


def test_a_refit_is_another_run_and_the_same_search() -> None:
    for line in ("LightGCN", "ItemKNN"):
        run = make_run(line)
        assert refit(run).identity("data") != run.identity("data")
    fields = {
        "name": "small",
        "datasets": [{"name": "a", "source": {"kind": "movielens"}}],
        "systems": ["LightGCN"],
        "tuning": TuningPlan(trials=2),
    }
    identities = {
        next(searches(Plan.model_validate(fields | {"training": {"refit": value}})))[1].identity("data")
        for value in (False, True)
    }
    assert len(identities) == 1


def test_no_pair_is_lost_or_doubled(board: PreparedData) -> None:
    pairs = board.with_validation().dataset.train
    assert len(np.unique(pairs, axis=0)) == len(pairs)
