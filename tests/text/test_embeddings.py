"""Rows from a server: only one row of numbers for each text is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.dataset import Texts
from harness.errors import InputError
from harness.text.embeddings import EmbeddingsSpec
from harness.text.encoding import encode_texts
from tests.text.intents.scripted_server import ScriptedServer, embeddings

pytest.importorskip("httpx2")

Body = dict[str, Any]


def spec(server: ScriptedServer, **more: Any) -> EmbeddingsSpec:
    given = {"kind": "openai", "model": "e", "base_url": server.url, "tries": 2, **more}
    return EmbeddingsSpec.model_validate(given)


def changed(change: Callable[[list[Body]], Any]) -> Callable[[Body], Body]:
    """A sound answer whose rows were changed."""

    def embed(request: Body) -> Body:
        body = embeddings(request)
        rows = sorted(body["data"], key=lambda row: row["index"])
        return {**body, "data": change(rows) or rows}

    return embed


def put(rows: list[Body], place: int, **fields: Any) -> None:
    rows[place] |= fields


REFUSED: dict[str, tuple[Callable[[list[Body]], Any], str]] = {
    "NaN": (lambda rows: put(rows, 1, embedding=[float("nan")] * 8), "a row with NaN or infinity"),
    "infinity": (lambda rows: put(rows, 1, embedding=[1e300] * 8), "a row with NaN or infinity"),
    "widths": (lambda rows: put(rows, 1, embedding=[0.5] * 5), "rows of 5 and of 8 numbers"),
    "no width": (lambda rows: [{**row, "embedding": []} for row in rows], "rows of 0 numbers"),
    "too few": (lambda rows: rows[:-1], "2 rows for 3 texts"),
    "too many": (lambda rows: [*rows, rows[0]], "4 rows for 3 texts"),
    "the same number twice": (lambda rows: put(rows, 1, index=0), "rows that are not numbered from 0 to 2"),
    "from 1": (lambda rows: [{**row, "index": row["index"] + 1} for row in rows], "not numbered from 0 to 2"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_wrong_rows_are_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    change, hint = REFUSED[kind]
    with ScriptedServer(embed=changed(change)) as server:
        refused = pytest.raises(
            InputError, match=rf"127.0.0.1:\d+/v1: e gives .*{hint}; expected a row for each"
        )
        with refused:
            spec(server).encode(["a", "b", "c"])
        texts = Texts(["a"], ["b"], ["c"], ["d"])
        with pytest.raises(InputError):
            encode_texts(spec(server), texts, np.array(["u"]), np.array(["i"]), tmp_path)
    with ScriptedServer() as server:
        table = encode_texts(spec(server), texts, np.array(["u"]), np.array(["i"]), tmp_path)
    assert np.isfinite(table.user_profile).all(), "nothing of the wrong rows was kept"


def test_rows_of_another_width_than_asked_for_are_refused() -> None:
    refused = pytest.raises(
        InputError, match="rows of 8 numbers; expected a row for each text, with 5 numbers"
    )
    with ScriptedServer(embed=lambda request: embeddings({**request, "dimensions": 8})) as server, refused:
        spec(server, width=5).encode(["a", "b"])


def test_batches_of_different_width_are_refused() -> None:
    def embed(request: Body) -> Body:
        return embeddings({**request, "dimensions": 4 if "c" in request["input"] else 8})

    refused = pytest.raises(InputError, match="rows of 4 and of 8 numbers")
    with ScriptedServer(embed=embed) as server, refused:
        spec(server, batch=2).encode(["a", "b", "c"])


MALFORMED: dict[str, Any] = {
    "no JSON": "<html>", "a list": [1], "no rows": {"data": None}, "rows a dict": {"data": {"a": 1}},
    "a text": {"data": [{"index": 0, "embedding": "AAAA"}]}, "texts": {"data": [{"index": 0, "embedding": ["a"]}]},
    "nulls": {"data": [{"index": 0, "embedding": [None]}]}, "no index": {"data": [{"embedding": [1.0]}]},
    "deep": "[" * 100_000, "too large": json.dumps({"data": []}) + " " * 2**21,
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_body_is_tried_again_and_then_told(kind: str) -> None:
    asked = []

    def embed(request: Body) -> Any:
        asked.append(request)
        return MALFORMED[kind] if len(asked) % 3 else embeddings(request)

    with ScriptedServer(embed=embed) as server:
        with pytest.raises(InputError, match=r"e gives no embeddings \(malformed answer\)"):
            spec(server).encode(["a"])
        assert spec(server, width=8).encode(["a"]).shape == (1, 8)
    assert len(asked) == 3


def test_rows_are_taken_by_their_numbers() -> None:
    with ScriptedServer(embed=changed(lambda rows: rows[::-1])) as server:
        backwards = spec(server).encode(["a", "b", "c"])
    with ScriptedServer() as server:
        np.testing.assert_array_equal(spec(server).encode(["a", "b", "c"]), backwards)
