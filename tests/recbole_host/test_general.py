"""RecBole's general recommenders: trained by RecBole, stopped, seeded and ranked as our systems are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.dataset import Dataset
from harness.errors import Interrupted, RunFailed
from harness.evaluation.ranking import Scorer
from harness.planning.datasets import DatasetVariant
from harness.recbole_host.config import ids_of
from harness.recbole_host.general import GeneralModel
from harness.store.checkpoint import Checkpoint
from harness.systems.line import parse
from harness.systems.recbole_models import models
from harness.testing.conformance import failures, make_run
from harness.testing.world import checkerboard
from harness.training.general_model import train_general_model
from harness.training.hosting import host_options
from harness.training.loading import load_dataset
from harness.training.loop import Callbacks
from harness.training.prepared_data import PreparedData, prepared
from harness.training.run import Outcome, train, try_out

LENGTHS = {"epochs": 6, "eval_every": 2}

KINDS: dict[str, dict[str, Any]] = {
    "recbole:BPR": {"learning_rate": 0.02},  # pair-wise
    "recbole:LightGCN": {"learning_rate": 0.02},  # keeps embeddings between batches
    "recbole:NeuMF": {"mlp_hidden_size": [16, 8]},  # point-wise, and scores single pairs
    "recbole:MultiVAE": {"mlp_hidden_size": [32]},  # batches of users
    "recbole:DiffRec": {"dims_dnn": [32]},  # list-wise
    "recbole:EASE": {"reg_weight": 5},  # fitted
    "recbole:RecVAE": {"hidden_dimension": 32},  # own trainer, with two optimisers
    "recbole:RaCT": {"mlp_hidden_size": [32]},  # own trainer, which pre-trains
    "recbole:NCL": {"num_clusters": 4, "warm_up_step": 1},  # own trainer, and an optional package
}
"""A model of each kind, with hyper-parameters for a small dataset."""

FITTED = [line for line, model in models().items() if model.is_fitted]


@pytest.fixture(scope="module")
def board() -> Iterator[PreparedData]:
    with prepared(checkerboard(), None) as made:
        yield made


@pytest.fixture(scope="module")
def ml_100k() -> Iterator[PreparedData]:
    plan = DatasetVariant.model_validate({"family": "ml-100k", "source": {"kind": "movielens"}})
    with prepared(load_dataset(plan, 2026), None) as made:
        yield made


def need(line: str) -> None:
    """Skip a model whose packages are not installed."""
    missing = models()[line].missing_packages
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def run_of(line: str, board: PreparedData, callbacks: Callbacks | None = None) -> Outcome:
    need(line)
    return train(make_run(line, KINDS[line], **LENGTHS), board, callbacks)


def general_model(line: str, board: PreparedData, batch_size: int = 64) -> GeneralModel:
    run = make_run(line, {}, **LENGTHS)
    name = line.removeprefix("recbole:")
    return GeneralModel(name, host_options(run, board), len(board.dataset.train), batch_size)


@pytest.mark.parametrize("line", KINDS)
def test_a_seed_repeats_a_run(line: str, board: PreparedData) -> None:
    one, two = run_of(line, board), run_of(line, board)
    assert one.users.equals(two.users)
    timed = ("seconds_s", "cpu_s", "peak_bytes")
    assert {k: v for k, v in one.record.items() if k not in timed} == {
        k: v for k, v in two.record.items() if k not in timed
    }


RESTORED = [line for line in models() if line not in ("recbole:Random", "recbole:ADMMSLIM")]
"""Models that score the same at every call. ADMMSLIM adds a little noise, so that no scores are equal."""


@pytest.mark.parametrize(
    "line", [pytest.param(line, marks=() if line in KINDS else pytest.mark.slow) for line in RESTORED]
)
def test_the_model_of_the_best_epoch_is_tested(
    line: str, board: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each validation is worse than the one before, so that the first one is the best."""
    need(line)
    hyper = KINDS.get(line, {"learning_rate": 0.02} if line not in FITTED else {})
    run, users = make_run(line, hyper, epochs=4, eval_every=1), np.arange(len(board.dataset.users))
    validated: list[np.ndarray] = []

    def validate(scorer: Scorer, *given: Any) -> float:
        validated.append(scorer(users).numpy().copy())
        return -float(len(validated))

    monkeypatch.setattr("harness.training.loop.validation_score", validate)
    model, history = train_general_model(run, board, host_options(run, board), Callbacks())
    assert len(validated) == history.get("epochs", 1)
    assert history.get("best_epoch", 1) == 1
    np.testing.assert_array_equal(model.scorer(*ids_of(model))(users).numpy(), validated[0])


@pytest.mark.parametrize("line", ["recbole:BPR", "recbole:EASE", "recbole:ItemKNN"])
def test_the_checkerboard_is_learned(line: str, board: PreparedData) -> None:
    hyper = {"learning_rate": 0.05} if line == "recbole:BPR" else {}
    outcome = train(make_run(line, hyper, epochs=40, eval_every=5), board)
    assert outcome.users["recall@5"].mean() > 0.7


@pytest.mark.parametrize("line", KINDS)
def test_a_model_is_given_the_train_pairs_and_nothing_else(line: str, board: PreparedData) -> None:
    need(line)
    model = general_model(line, board)
    users, items = ids_of(model)
    train_pairs = {(users[user], items[item]) for user, item in board.dataset.train}
    pairs = model.dataset.inter_feat
    assert set(zip(pairs["user_id"].tolist(), pairs["item_id"].tolist(), strict=True)) == train_pairs
    for loaded in {model.batches._dataset, model.dataset}:
        assert len(loaded.inter_feat) == len(train_pairs)


@pytest.mark.parametrize("line", ["recbole:BPR", "recbole:MultiVAE", "recbole:EASE"])
def test_other_held_out_pairs_give_the_same_model(line: str, board: PreparedData) -> None:
    """Validation pairs choose the epoch, so there is one epoch to choose."""
    run = make_run(line, KINDS[line], epochs=1, eval_every=1)
    data = board.dataset
    assert isinstance(data, Dataset)
    with prepared(replace(data, valid=data.test, test=data.valid), None) as other:
        scores = []
        for world in (board, other):
            model, _ = train_general_model(run, world, host_options(run, world), Callbacks())
            scores.append(model.scorer(*ids_of(model))(np.arange(len(data.users))).numpy())
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize("line", ["recbole:BPR", "recbole:RaCT", "recbole:RecVAE"])
def test_an_interrupted_run_begins_anew_and_ends_the_same(
    line: str, board: PreparedData, tmp_path: Path
) -> None:
    epochs: list[int] = []
    checkpoint = Checkpoint(tmp_path / "state")
    callbacks = Callbacks(
        lambda epoch, score: epochs.append(epoch), checkpoint=checkpoint, should_stop=lambda: len(epochs) >= 3
    )
    with pytest.raises(Interrupted, match="before epoch"):
        run_of(line, board, callbacks)
    assert checkpoint.load() is None
    resumed = run_of(line, board, Callbacks(lambda epoch, score: epochs.append(epoch), checkpoint=checkpoint))
    assert epochs[3] == 1
    assert resumed.users.equals(run_of(line, board).users)


@pytest.mark.parametrize("line", ["recbole:BPR", "recbole:RaCT"])
def test_our_patience_ends_a_training(line: str, board: PreparedData) -> None:
    run = make_run(line, {"learning_rate": 1e-30}, epochs=50, eval_every=1)
    falling = iter(np.linspace(1, 0, 50))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.training.loop.validation_score", lambda *given: float(next(falling)))
        history = try_out(run, board.for_tuning(), Callbacks())
    assert (history["epochs"], history["best_epoch"]) == (1 + run.training.patience, 1)
    assert history["stopped"] == "patience"


@pytest.mark.parametrize("line", ["recbole:BPR", "recbole:EASE"])
def test_a_model_is_trained_anew_on_train_and_validation_pairs(line: str, board: PreparedData) -> None:
    record = train(make_run(line, KINDS[line], **LENGTHS, refit=True), board).record
    assert record.get("refit_epochs") == (None if line in FITTED else record["best_epoch"])


def test_a_loss_that_is_not_a_number_fails_the_run(board: PreparedData) -> None:
    with pytest.raises(RunFailed, match=r"the loss is not a number in epoch \d+$"):
        train(make_run("recbole:BPR", {"learning_rate": 1e30}, **LENGTHS), board)


def test_a_fitted_model_has_no_epochs_and_no_learned_weights(board: PreparedData) -> None:
    record = run_of("recbole:EASE", board).record
    assert record["parameters"] == 0
    assert not {"losses", "epochs", "best_epoch", "stopped"} & record.keys()


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("recbole:BPR", 64),  # train pairs
        ("recbole:NeuMF", 128),  # train pairs, and as many negatives
        ("recbole:MultiVAE", 5),  # users with about 14 train pairs each; padding counts as a user
    ],
)
def test_a_step_has_as_many_train_pairs_as_one_of_ours(line: str, size: int, board: PreparedData) -> None:
    assert general_model(line, board).config["train_batch_size"] == size


def test_a_model_of_recbole_can_be_checked() -> None:
    assert set(failures("recbole:ItemKNN").values()) == {""}


def test_a_name_that_is_ours_as_well_is_recboles_model(board: PreparedData) -> None:
    assert general_model("recbole:LightGCN", board).model.__class__.__module__.startswith("recbole.model.")


@pytest.mark.slow
@pytest.mark.parametrize("line", models())
def test_every_model_trains_on_ml_100k_or_says_what_it_needs(line: str, ml_100k: PreparedData) -> None:
    need(line)
    hyper = {"num_clusters": 100} if line == "recbole:NCL" else {}  # the default is more than the users
    outcome = train(make_run(line, hyper, epochs=1, eval_every=1), ml_100k)
    assert outcome.record["valid"]
    assert outcome.users["recall@5"].between(0, 1).all()
    assert parse(line).name == line
