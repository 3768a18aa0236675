"""A run from data to scores: learned, repeatable, honest about failure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.errors import RunFailed
from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES, Entry
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard, parity_text
from harness.training.loop import Callbacks
from harness.training.memory import PeakMemory, Sizes
from harness.training.prepared_data import PreparedData, prepared
from harness.training.run import Outcome, train
from tests.devices import needs_fixed_order

QUICK = {"embedding_size": 16, "learning_rate": 0.02}

LENGTHS = {"epochs": 20, "eval_every": 5}

MILD = {"XSimGCL": {"contrast_weight": 0.01}, "LightCCF": {"neighbour_weight": 0.1}}
"""Their published weights push a user away from all other items of a batch, which here are the user's own colour."""


def scores(outcome: Outcome) -> dict[str, float]:
    return outcome.users.drop(columns="user").mean().to_dict()


TRAINED = [*BACKBONES, *(f"{alignment}[{backbone}]" for alignment in ALIGNMENTS for backbone in BACKBONES)]


@pytest.mark.parametrize("line", TRAINED)
def test_the_checkerboard_is_learned(line: str, board: PreparedData) -> None:
    outcome = train(make_run(line, QUICK | MILD.get(parse(line).backbone, {}), **LENGTHS), board)
    # Three test items of a user's own colour; 3 train items and 3 validation items compete with
    # them. Blind guessing finds 5 of 26 unseen items: .19. Knowing the colour: 5 of 6.
    assert scores(outcome)["recall@5"] > 0.7


@pytest.mark.parametrize(
    "line",
    [
        *("ItemKNN", "UserKNN", "P3alpha", "RP3beta"),
        *("EASE^R", "EASE-Text", "EASE-Collective", "EASE-Additive", "L3AE"),
    ],
)
def test_classics_learn_the_checkerboard(line: str, board: PreparedData) -> None:
    assert scores(train(make_run(line), board))["recall@5"] > 0.7


HEAVY = {
    "RLMRec-Con[LightGCN]": {"profile_weight": 1.0},
    "ProMax[LightGCN]": {"shaping_weight": 3.0, "whitening": "joint"},
    "IRLLRec[LightGCN]": {"profile_weight": 1.0},
}
"""Weights with which the text is learned in few epochs."""


@pytest.mark.parametrize("name", HEAVY)
def test_helpful_text_beats_shuffled_text(name: str) -> None:
    """Two train pairs a user say little of its colour; its text says it."""
    dataset = checkerboard(known=2)
    hyper = {**QUICK, **HEAVY[name]}
    with prepared(dataset, parity_text(dataset)) as sparse:

        def reach(line: str) -> float:
            runs = [make_run(line, hyper, repetition, epochs=40) for repetition in range(3)]
            return float(np.mean([scores(train(run, sparse))["recall@5"] for run in runs]))

        assert reach(name) > reach(f"{name[:-1]}, text=shuffled]") + 0.05


@pytest.mark.parametrize("name", ["EASE-Text", "EASE-Collective", "EASE-Additive", "L3AE"])
def test_helpful_text_beats_shuffled_text_in_closed_form(name: str) -> None:
    """Two train pairs a user say little of which items belong together; their texts say it."""
    dataset = checkerboard(known=2)
    with prepared(dataset, parity_text(dataset)) as sparse:

        def reach(line: str) -> float:
            runs = [make_run(line, repetition=repetition) for repetition in range(3)]
            return float(np.mean([scores(train(run, sparse))["recall@5"] for run in runs]))

        assert reach(name) > reach(f"{name}[text=shuffled]") + 0.05


@pytest.mark.parametrize("line", ["EASE^R", "L3AE", "EASE-Collective"])
def test_a_classic_that_needs_too_much_memory_is_not_fitted(
    line: str, board: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Entry, "make", lambda *arguments: pytest.fail("it was fitted"))
    monkeypatch.setattr(PreparedData, "sizes", Sizes(10, 2_000_000, 100, 8))
    with pytest.raises(RunFailed, match=r"needs about \d+\.\d GiB of memory; \d+\.\d GiB are free"):
        train(make_run(line), board)


@needs_fixed_order
@pytest.mark.parametrize("line", ["DCCF", "IRLLRec[LightGCN]"])
def test_a_seed_reproduces_a_run_and_another_does_not(line: str, board: PreparedData) -> None:
    first, again, other = (train(make_run(line, QUICK, n), board) for n in (0, 0, 1))
    assert first.users.equals(again.users)
    assert first.record["losses"] == again.record["losses"]
    assert first.record["losses"] != other.record["losses"]


ODD_IDS = ("NA", "nan", "null", "None", "", " ", "1", "1.0", "01", "1e5", 'a"b', '"', "a\tb", "-", "é", "#")


@pytest.mark.parametrize(("line", "hyper"), [("ItemKNN", {}), ("IRLLRec[LightGCN]", QUICK)])
def test_ids_are_names_and_nothing_else(line: str, hyper: dict[str, float], board: PreparedData) -> None:
    """RecBole would read some of these as missing values, numbers or quotes."""
    dataset = board.dataset
    ids = np.array([*ODD_IDS, *dataset.users[len(ODD_IDS) :]], dtype=object)
    odd = replace(dataset, users=ids, items=ids)
    with prepared(odd, parity_text(odd)) as data:
        named = train(make_run(line, hyper, epochs=2), data)
    plain = train(make_run(line, hyper, epochs=2), board)
    assert named.users["user"].tolist() == ids.tolist()
    assert scores(named) == scores(plain)


@needs_fixed_order
def test_irllrec_with_only_profile_is_rlmrec_con_to_the_last_digit(board: PreparedData) -> None:
    hyper = {**QUICK, "edge_keep": 0.8, "l2_weight": 1e-4}
    only = train(make_run("IRLLRec[LightGCN, -intent-translation-momentum]", hyper, epochs=5), board)
    con = train(make_run("RLMRec-Con[LightGCN]", hyper, epochs=5), board)
    assert only.users.equals(con.users)
    assert only.record["losses"] == con.record["losses"]


def test_the_learning_rate_is_read(board: PreparedData) -> None:
    slow, fast = (train(make_run("LightGCN", {"learning_rate": rate}), board) for rate in (1e-4, 1e-2))
    assert slow.record["losses"] != fast.record["losses"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e12])
def test_a_diverging_term_is_named_with_its_epoch(
    value: float, board: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    from baselines.dccf import DCCF
    from models.core import Encoding

    calls = []

    def spoiled(self: DCCF, encoding: Encoding, batch: object) -> torch.Tensor:
        calls.append(1)
        steps = -(-len(board.dataset.train) // 128)
        return encoding.nodes.new_tensor(value if len(calls) > steps else 1.0)

    monkeypatch.setattr(DCCF, "_contrast", spoiled)
    with pytest.raises(RunFailed, match=r"the term 'contrast' is .* in epoch 2"):
        train(make_run("DCCF", {"contrast_weight": 1.0}), board)


def test_early_stopping_keeps_the_best_epoch(board: PreparedData) -> None:
    record = train(make_run("LightGCN", QUICK, epochs=200, eval_every=1, patience=2), board).record
    assert record["stopped"] == "patience"
    assert record["epochs"] == record["best_epoch"] + 2


def test_the_model_sees_train_pairs_only(board: PreparedData) -> None:
    text = "".join(path.read_text() for path in board.atomic.rglob("*.inter"))
    assert len(text.splitlines()) == len(board.dataset.train) + 1


def test_progress_is_told_every_epoch(board: PreparedData) -> None:
    told: list[tuple[int, bool]] = []
    callbacks = Callbacks(on_progress=lambda epoch, score: told.append((epoch, score is not None)))
    train(make_run("LightGCN", epochs=2, eval_every=2), board, callbacks)
    assert told == [(1, False), (2, False), (2, True)]


def test_records_say_what_a_run_costs(board: PreparedData) -> None:
    record = train(make_run("LightGCN", QUICK), board).record
    assert record["parameters"] == 80 * 16
    assert record["peak_bytes"] > 2**20
    assert record["seconds_s"] > 0
    assert train(make_run("MostPop"), board).record["parameters"] == 40


def test_peak_memory_sees_a_large_array() -> None:
    with PeakMemory() as memory:
        start = memory.peak_bytes
        rows = np.ones(2**25)
        torch.from_numpy(rows).mul_(2).sum()
        import time

        time.sleep(0.1)
    assert memory.peak_bytes - start > 2**27
