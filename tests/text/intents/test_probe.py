"""A model that has seen the dataset is told from one that has not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.testing.world import checkerboard
from harness.text.intents.probe import NAMED, probe
from harness.text.intents.spec import IntentsSpec
from tests.text.intents.scripted_server import Response, ScriptedServer

pytest.importorskip("httpx2")


@pytest.fixture(scope="module")
def board() -> Dataset:
    dataset = checkerboard()
    return replace(dataset, titles=tuple(f"The tale of {item} (1999)" for item in dataset.items))


def spec(server: ScriptedServer) -> IntentsSpec:
    writer = {"kind": "openai", "model": "m", "base_url": server.url, "back_off_s": 0.01}
    return IntentsSpec.model_validate({"kind": "intents", "writer": writer})


def answering(entries: Any) -> ScriptedServer:
    """A server whose answers are what ``entries`` makes of the question."""

    def body(request: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps({"entries": entries(request["messages"][1]["content"])})
        return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}

    return ScriptedServer(lambda key, made: Response(body))


def rows_of(question: str) -> list[tuple[str, ...]]:
    """The pairs of users and items that a question shows."""
    rows = question.partition("ROWS (user, item)\n")[2]
    return [tuple(row.split(", ")) for row in rows.splitlines()]


def ask(server: ScriptedServer, board: Dataset, folder: Path) -> Any:
    watch = lambda what, total: lambda: None  # noqa: E731
    return probe(spec(server), board, "Checkerboard", folder, watch, 12)


def test_a_model_that_knows_the_dataset_is_found_out(board: Dataset, tmp_path: Path) -> None:
    users = {str(user): number for number, user in enumerate(board.users)}
    test = board.matrix("test").tolil().rows

    def recite(question: str) -> list[str]:
        if "ROWS" not in question:
            return [f"the tale of {question.split('ID')[-1].strip()}"]
        user = users[rows_of(question)[0][0]]
        return [str(board.items[item]) for item in test[user]]

    with answering(recite) as server:
        completed = ask(server, board, tmp_path)
        requests = len(server.requests)
        again = ask(server, board, tmp_path)
        assert len(server.requests) == requests
    assert completed.titles_right == completed.titles_asked == 12
    assert completed.named["test"] == 1.0
    assert completed.by_popularity["test"] < 0.5
    assert completed.more == completed.users_answered == 12
    assert completed.p < 0.001
    assert again.named == completed.named


def test_a_model_that_guesses_is_not_accused(board: Dataset, tmp_path: Path) -> None:
    with answering(lambda question: [f"x{number}" for number in range(3 * NAMED)]) as server:
        completed = ask(server, board, tmp_path)
    assert completed.titles_right == 0
    assert completed.named == {"train": 0.0, "valid": 0.0, "test": 0.0}
    assert completed.p > 0.9


def test_no_held_out_pair_is_sent(board: Dataset, tmp_path: Path) -> None:
    with answering(lambda question: []) as server:
        completed = ask(server, board, tmp_path)
    assert completed.users_answered == 0
    pairs = {(str(board.users[user]), str(board.items[item])) for user, item in board.train}
    sent = [row for request in server.requests for row in rows_of(request["messages"][1]["content"])]
    assert len(sent) == 12 * 10
    assert set(sent) <= pairs


def test_a_writer_without_a_model_has_nothing_to_remember(board: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected `kind: openai` in `writer`"):
        probe(
            IntentsSpec.model_validate({"kind": "intents"}), board, "X", tmp_path, lambda *_: lambda: None, 5
        )
