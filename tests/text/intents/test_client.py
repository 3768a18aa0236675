"""Asking a server that misbehaves: every reply is kept, every failure counted, nothing asked twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.data.dataset import digest
from harness.errors import InputError
from harness.text.intents.client import FAILURES_IN_A_ROW, RequestSender, Tally
from harness.text.intents.prompts import Request
from harness.text.intents.reply_journal import ReplyJournal
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.writer import ModelWriter
from tests.text.intents.scripted_server import Script, ScriptedServer

pytest.importorskip("httpx2")


def settings(server: ScriptedServer | None = None, **more: Any) -> ModelWriterSpec:
    """Quick to wait, quick to give up."""
    url = server.url if server else "http://127.0.0.1:9/v1"
    given = {"kind": "openai", "model": "m", "base_url": url, "back_off_s": 0.01, "timeout_s": 5, **more}
    return ModelWriterSpec.model_validate(given)


def ask(spec: ModelWriterSpec, folder: Path, documents: int = 12) -> tuple[Tally, ModelWriter, list[Request]]:
    """Ask for the profiles and intents of so many documents."""
    replies = ReplyJournal(folder, spec.model)
    writer, tally = ModelWriter(spec, replies), Tally()
    pairs = [writer.requests("item", f"Reviews:\n- number {word} is fine") for word in range(documents)]
    asks = [each for pair in pairs for each in pair]
    with replies.adding():
        RequestSender(spec, replies, writer.outcome_or_request, tally).send(asks, lambda: None)
    return tally, writer, asks


def fates(writer: ModelWriter, asks: list[Request]) -> Counter[str]:
    return Counter(writer.outcome(each).status for each in asks)


def first(act: str, times: int = 1) -> Script:
    """Misbehave the first times a request is made."""
    return lambda key, made: act if made <= times else "ok"


@pytest.mark.parametrize(
    ("act", "trouble"),
    [
        ("429", "status 429"),
        ("500", "status 500"),
        ("503", "status 503"),
        ("cut", "connection lost"),
        ("torn", "malformed answer"),
    ],
)
def test_a_failed_try_is_tried_again_and_counted(act: str, trouble: str, tmp_path: Path) -> None:
    with ScriptedServer(first(act)) as server:
        tally, writer, asks = ask(settings(server), tmp_path)
    assert tally.failed_tries == {trouble: 24}
    assert tally.complete
    assert fates(writer, asks) == {"answered": 24}
    assert set(server.made.values()) == {2}


def test_a_stalled_answer_times_out_and_is_tried_again(tmp_path: Path) -> None:
    with ScriptedServer(first("stall")) as server:
        tally, writer, asks = ask(settings(server, timeout_s=0.3, concurrency=24), tmp_path)
    assert tally.failed_tries["time-out"] >= 24
    assert fates(writer, asks) == {"answered": 24}
    assert set(server.answered.values()) == {1}


@pytest.mark.parametrize(("act", "requests"), [("truncated", 4), ("prose", 4), ("fenced", 2)])
def test_unreadable_answers_get_one_repair_and_fenced_ones_none(
    act: str, requests: int, tmp_path: Path
) -> None:
    def script(key: str, made: int) -> str:
        return "ok" if len(server.requests[-1]["messages"]) > 2 else act

    with ScriptedServer(script) as server:
        tally, writer, asks = ask(settings(server, concurrency=1), tmp_path, documents=1)
    assert sum(server.made.values()) == requests
    assert tally.repairs == requests - 2
    assert fates(writer, asks) == {"repaired" if requests == 4 else "answered": 2}


@pytest.mark.parametrize(
    ("act", "fate", "requests"),
    [
        ("prose", "unreadable", 2),
        ("refusal", "refused", 1),
        ("sorry", "refused", 1),
        ("empty", "empty", 1),
        ("long", "too long", 1),
    ],
)
def test_what_is_no_answer_falls_back_and_is_not_asked_again(
    act: str, fate: str, requests: int, tmp_path: Path
) -> None:
    with ScriptedServer(lambda key, made: act) as server:
        _, writer, asks = ask(settings(server), tmp_path, documents=2)
        assert fates(writer, asks) == {fate: 4}
        assert sum(server.made.values()) == 4 * requests
        again, *_ = ask(settings(server), tmp_path, documents=2)
    assert again.replies == 0
    assert sum(server.made.values()) == 4 * requests


def test_a_second_build_costs_nothing(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        ask(settings(server), tmp_path)
        made = dict(server.made)
        tally, writer, asks = ask(settings(server), tmp_path)
    assert tally.replies == 0
    assert server.made == made
    assert fates(writer, asks) == {"answered": 24}


def test_another_model_prompt_or_document_is_asked_anew(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        keys = set()
        for more in ({}, {"model": "n"}, {"words": 30}, {"language": "German"}, {"answer_tokens": 99}):
            _, _, asks = ask(settings(server, **more), tmp_path, documents=2)
            keys |= {each.key for each in asks}
    assert len(keys) == 5 * 4
    assert sum(server.made.values()) == 5 * 4


def test_as_many_are_in_flight_as_the_plan_says(tmp_path: Path) -> None:
    with ScriptedServer(delay_s=0.05) as server:
        ask(settings(server, concurrency=7), tmp_path)
    assert server.most_in_flight == 7


@pytest.mark.parametrize("limit", [{"requests_per_minute": 1200}, {"tokens_per_minute": 600_000}])
def test_rate_limits_spread_requests(limit: dict[str, int], tmp_path: Path) -> None:
    with ScriptedServer() as server:
        tally, *_ = ask(settings(server, concurrency=24, **limit), tmp_path)
    assert tally.seconds_s > 23 * (0.05 if "requests_per_minute" in limit else 0.045)


def test_the_budget_stops_before_it_is_exceeded_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        budget = {"tokens": 2000}
        tally, writer, asks = ask(settings(server, budget=budget), tmp_path)
        assert tally.over_budget
        assert not tally.complete
        assert 2000 - 1200 < tally.spent.total <= 2000, "used up but for less than one request's bound"
        assert 0 < fates(writer, asks)["answered"] < 24
        spent = tally.spent.total
        tally, *_ = ask(settings(server, budget={"tokens": 2001}), tmp_path)
        assert spent + tally.spent.total <= 2001, "earlier builds count"
        tally, writer, asks = ask(settings(server, budget={"tokens": 100_000}), tmp_path)
    assert fates(writer, asks) == {"answered": 24}
    assert set(server.answered.values()) == {1}


def test_a_cost_needs_a_price(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no price is given"):
        ask(settings(budget={"cost": 1.0}), tmp_path)
    with ScriptedServer() as server:
        limits = {"budget": {"cost": 1e-3}, "price": {"input": 1.0, "output": 2.0}}
        tally, *_ = ask(settings(server, **limits), tmp_path)
    assert tally.over_budget
    assert tally.spent.input + 2 * tally.spent.output <= 1000


def test_a_lost_try_is_charged_at_its_bound(tmp_path: Path) -> None:
    """A server may have billed what was cut off on the way."""
    budget = {"tokens": 3000}
    with ScriptedServer(lambda key, made: "cut") as server:
        tally, *_ = ask(settings(server, budget=budget, concurrency=1, tries=50), tmp_path)
    assert tally.over_budget
    assert sum(server.made.values()) <= 3000 // 1000 + 1


def test_a_server_that_never_works_is_left_alone(tmp_path: Path) -> None:
    failed = pytest.raises(InputError, match="10 requests in a row failed, the last with 'status 500'")
    with ScriptedServer(lambda key, made: "500") as server, failed:
        ask(settings(server, tries=2, concurrency=2), tmp_path)
    assert sum(server.made.values()) <= 2 * (FAILURES_IN_A_ROW + 1)
    with pytest.raises(InputError, match="does not work"):
        ask(settings(tries=1), tmp_path)


@pytest.mark.parametrize("status", ["401", "404"])
def test_a_hopeless_status_ends_at_once(status: str, tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match=f"answers {status}")
    with ScriptedServer(lambda key, made: status) as server, refused:
        ask(settings(server, concurrency=1), tmp_path)
    assert sum(server.made.values()) == 1


def test_some_failures_leave_the_rest_and_are_asked_next_time(tmp_path: Path) -> None:
    bad: set[str] = set()

    def script(key: str, made: int) -> str:
        if len(bad) < 3:
            bad.add(key)
        return "400" if key in bad and made == 1 else "ok"

    with ScriptedServer(script) as server:
        tally, writer, asks = ask(settings(server), tmp_path)
        assert tally.failed_requests == {"status 400": 3}
        assert fates(writer, asks) == {"answered": 21, "unanswered": 3}
        tally, writer, asks = ask(settings(server), tmp_path)
    assert tally.complete
    assert tally.replies == 3


FORMS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "json_schema": lambda form: form["json_schema"]["schema"]["required"] in (
        ["reasoning", "profile"], ["likes", "dislikes", "intent"]),
    "json_object": lambda form: form == {"type": "json_object"},
    "json_object_schema": lambda form: form["schema"]["additionalProperties"] is False,
}  # fmt: skip


@pytest.mark.parametrize("structured", [*FORMS, "none"])
def test_structure_is_asked_for_as_the_plan_says(structured: str, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        ask(settings(server, structured=structured), tmp_path, documents=1)
    for request in server.requests:
        assert ("response_format" in request) == (structured != "none")
        assert structured == "none" or FORMS[structured](request["response_format"])


def test_two_builds_at_once_are_refused(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="another process is building")
    with ReplyJournal(tmp_path, "m").adding(), refused, ReplyJournal(tmp_path, "m").adding():
        pass


def test_a_torn_line_is_set_aside_and_swallows_nothing(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        ask(settings(server), tmp_path, documents=3)
        path = next(tmp_path.glob("*.jsonl"))
        path.write_bytes(path.read_bytes()[:-20])
        assert len(ReplyJournal(tmp_path, "m")) == 5
        assert ReplyJournal(tmp_path, "m").damaged == 1
        tally, writer, asks = ask(settings(server), tmp_path, documents=3)
    assert tally.replies == 1
    assert fates(writer, asks) == {"answered": 6}
    assert len(ReplyJournal(tmp_path, "m")) == 6
    assert ReplyJournal(tmp_path, "m").damaged == 0
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 6
    aside = path.with_name(f"{path.name}.damaged").read_text().splitlines()
    assert len(aside) == 1


def test_replies_are_keyed_by_model_prompt_and_document() -> None:
    one, two = (
        ModelWriter(settings(), ReplyJournal(None, "m")).requests("item", text) for text in ("a", "b")
    )
    assert len({each.key for each in [*one, *two]}) == 4
    assert one[0].key != digest([b"a"])
