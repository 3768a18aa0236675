"""A server that sends anything: nothing of it ends in a traceback, leaks the key or is believed blindly."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harness.errors import InputError
from harness.text.intents.answers import Reply, Unreadable, read
from harness.text.intents.completion import LONGEST_REPLY
from harness.text.intents.reply_journal import ReplyJournal
from tests.text.intents.scripted_server import Response, ScriptedServer, completion
from tests.text.intents.test_client import ask, fates, settings
from tests.text.intents.test_intents import everything, model, write_plan
from tests.worlds import intentbench

pytest.importorskip("httpx2")

KEY = "sk-verysecret/0123456789+ABCDEF"


Request = dict[str, Any]


def good(request: Request) -> dict[str, Any]:
    """A sound answer."""
    return completion(request, "ok", "")


def saying(text: Any, finish: Any = "stop", **message: Any) -> Callable[[Request], dict[str, Any]]:
    """A sound answer but for its text, its reason to stop and further parts of its message."""

    def body(request: Request) -> dict[str, Any]:
        made = good(request)
        said = made["choices"][0]["message"]["content"] if text is ... else text
        made["choices"][0]["message"] |= {"content": said, **message}
        made["choices"][0]["finish_reason"] = finish
        return made

    return body


def without(body: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The body without one of its parts."""
    part: Any = body
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return body


def with_message(body: dict[str, Any], message: Any) -> dict[str, Any]:
    body["choices"][0]["message"] = message
    return body


MALFORMED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a list": lambda body: [1, 2],
    "null": lambda body: "null",
    "a text": lambda body: '"abc"',
    "a number": lambda body: "3",
    "nothing": lambda body: b"",
    "HTML": lambda body: "<html>",
    "deep": lambda body: "[" * 200_000 + "]" * 200_000,
    "not UTF-8": lambda body: b'{"choices": "\xff\xfe"}',
    "choices missing": lambda body: without(body, "choices"),
    "choices null": lambda body: {**body, "choices": None},
    "choices empty": lambda body: {**body, "choices": []},
    "choices a dict": lambda body: {**body, "choices": {"a": 1}},
    "choices a number": lambda body: {**body, "choices": 7},
    "choices a text": lambda body: {**body, "choices": "abc"},
    "choice a text": lambda body: {**body, "choices": ["abc"]},
    "choice null": lambda body: {**body, "choices": [None]},
    "message missing": lambda body: without(body, "choices", 0, "message"),
    "message null": lambda body: with_message(body, None),
    "message a text": lambda body: with_message(body, "hi"),
    "message a list": lambda body: with_message(body, ["hi"]),
    "content a number": lambda body: with_message(body, {"content": 42}),
    "content a dict": lambda body: with_message(body, {"content": {"profile": "x"}}),
    "refusal a dict": lambda body: with_message(body, {"content": "x", "refusal": {}}),
    "too large": lambda body: json.dumps(body) + " " * 2**23,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_body_is_tried_again_and_then_told(kind: str, tmp_path: Path) -> None:
    bad = Response(lambda request: MALFORMED[kind](good(request)))
    with ScriptedServer(lambda key, times: bad if times == 1 else "ok") as server:
        tally, writer, asks = ask(settings(server), tmp_path / "once", documents=1)
    assert tally.failed_tries == {"malformed answer": 2}
    assert fates(writer, asks) == {"answered": 2}
    with ScriptedServer(lambda key, times: bad) as server:
        tally, writer, asks = ask(settings(server, tries=2), tmp_path / "always", documents=1)
    assert tally.failed_requests == {"malformed answer": 2}
    assert fates(writer, asks) == {"unanswered": 2}


def test_content_may_come_in_parts(tmp_path: Path) -> None:
    def parts(request: Request) -> dict[str, Any]:
        text = good(request)["choices"][0]["message"]["content"]
        return saying([{"type": "text", "text": text[:9]}, {"type": "text", "text": text[9:]}])(request)

    with ScriptedServer(lambda key, times: Response(parts)) as server:
        _, writer, asks = ask(settings(server), tmp_path, documents=1)
    assert fates(writer, asks) == {"answered": 2}


USAGE: dict[str, Any] = {
    "null": None, "empty": {}, "a list": [1], "a number": 5,
    "nulls": {"prompt_tokens": None, "completion_tokens": None},
    "texts": {"prompt_tokens": "abc", "completion_tokens": "7"},
    "negative": {"prompt_tokens": -100_000, "completion_tokens": -100_000},
    "huge": {"prompt_tokens": 10**12, "completion_tokens": 10**12},
    "very long": {"prompt_tokens": 10**400, "completion_tokens": 10**400},
    "not finite": {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
    "true": {"prompt_tokens": True, "completion_tokens": True},
}  # fmt: skip


@pytest.mark.parametrize("kind", USAGE)
def test_a_senseless_count_of_tokens_counts_by_its_bound(kind: str, tmp_path: Path) -> None:
    with ScriptedServer(
        lambda key, times: Response(lambda request: {**good(request), "usage": USAGE[kind]})
    ) as server:
        tally, writer, asks = ask(settings(server, budget={"tokens": 100_000}), tmp_path, documents=2)
    assert tally.spent.output == 4 * 400
    assert 4 * 300 < tally.spent.input < 4 * 2000
    assert fates(writer, asks) == {"answered": 4}


def test_a_count_with_decimals_is_rounded_up(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 1.9, "completion_tokens": 0}
    with ScriptedServer(
        lambda key, times: Response(lambda request: {**good(request), "usage": usage})
    ) as server:
        tally, *_ = ask(settings(server), tmp_path, documents=1)
    assert (tally.spent.input, tally.spent.output) == (4, 0)


def test_negative_counts_of_an_earlier_version_do_not_enlarge_the_budget(tmp_path: Path) -> None:
    line = {"key": "k", "text": "t", "finish": "stop", "refusal": False}
    line |= {"input_tokens": -800_000, "output_tokens": -5, "seconds_s": 1.0}
    path = ReplyJournal(tmp_path, "m").path
    assert path is not None
    path.write_text(json.dumps(line) + "\n")
    (kept,) = ReplyJournal(tmp_path, "m").all()
    assert (kept.input_tokens, kept.output_tokens) == (0, 0)


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "upper case": str.upper,
    "for URLs": lambda key: quote(key, safe=""),
    "every character for URLs": lambda key: "".join(f"%{ord(letter):02X}" for letter in key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 of more": lambda key: base64.b64encode(f"Bearer {key} and more".encode()).decode(),
    "base64 of one more": lambda key: base64.b64encode(f"x{key}yz".encode()).decode(),
    "JSON": lambda key: json.dumps(key).replace("/", "\\/"),
    "JSON in JSON": lambda key: json.dumps(json.dumps("".join(f"\\u{ord(letter):04x}" for letter in key))),
    "HTML": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "hexadecimal": lambda key: key.encode().hex(),
}


def leaks(text: str) -> list[str]:
    """Twelve characters from the middle of the key, in any form, that stand in a text."""
    forms = {form(KEY).strip('"') for form in FORMS.values()}
    pieces = {form[len(form) // 2 - 6 : len(form) // 2 + 6] for form in forms}
    return [piece for piece in pieces if piece.lower() in text.lower()]


def places(form: str) -> dict[str, Response]:
    """Responses that hold a form of the key in every field there is."""

    def more(**fields: Any) -> Callable[[Request], dict[str, Any]]:
        return lambda request: {**good(request), **fields}

    fields = {"reasoning": form, "profile": f"enjoys {form}", "intent": f"wants {form}", "likes": [form]}
    header = re.sub(r"[^ -~]", "", form)
    return {
        "id, model and object": Response(more(id=form, model=form, object=form)),
        "keys": Response(more(**{form: {form: form}})),
        "usage": Response(more(usage={form: form, "prompt_tokens": form})),
        "finish": Response(saying(..., form)),
        "finish as a dict": Response(saying(..., {"a": form})),
        "refusal": Response(saying(None, refusal=f"I refuse {form}")),
        "text": Response(saying(json.dumps(fields))),
        "prose": Response(saying(f"Here is the key {form}.")),
        "keys of the answer": Response(saying(json.dumps({form: form, "likes": {form: 1}}))),
        "headers": Response(good, headers={"x-key": header, "server": header, "set-cookie": f"a={header}"}),
        "reason": Response(good, reason=header),
    }


def failures(form: str) -> dict[str, Response]:
    """Responses after which a build ends, at once or after ten of them."""
    header = re.sub(r"[^ -~]", "", form)
    error = {"error": {"message": form, "code": form, "type": form, "param": form}}
    return {
        "error": Response(error, 400, {"x-key": header}, header),
        "no JSON": Response(form, 500, {"retry-after": header}, header),
        "HTML": Response(f"<html>{form}</html>"),
        "forbidden": Response(error, 403, {"x-key": header}, header),
        "no model": Response(error, 404, {"x-key": header}, header),
        "redirect": Response(b"", 307, {"location": f"/v1/{header}"}),
    }


@pytest.mark.parametrize("form", FORMS)
def test_no_key_is_kept_or_printed_whatever_field_it_comes_in(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    responses = list(places(FORMS[form](KEY)).values())
    store = tmp_path / "store"
    with ScriptedServer(lambda key, times: responses[len(server.requests) % len(responses)]) as server:
        plan = write_plan(tmp_path, model(server, tries=1, unanswered="document", concurrency=1))
        said = [
            intentbench("intents", "build", plan, "--store", store),
            intentbench("intents", "inspect", plan, "u0", "--store", store),
            intentbench("intents", "stats", plan, "--store", store, "--fallbacks"),
        ]
        assert len(server.requests) > 2 * len(responses)
    assert [each.exit_code for each in said] == [0, 0, 0], [each.output for each in said]
    assert all(f"Bearer {KEY}" in head for head in server.heads), "the key was sent"
    for text in (*(each.output for each in said), caplog.text, everything(store).decode(errors="replace")):
        assert leaks(text) == []
    assert "The dataset d was read" in caplog.text, "the log is captured"
    assert "chat/completions" not in caplog.text, "the HTTP library writes nothing of what it sends and gets"


@pytest.mark.parametrize("kind", failures(""))
def test_no_key_is_kept_or_printed_when_a_build_fails(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for form in ("as it is", "base64"):
        response = failures(FORMS[form](KEY))[kind]
        with ScriptedServer(lambda key, times, response=response: response) as server:  # type: ignore[misc]
            plan = write_plan(tmp_path, model(server, tries=1))
            built = intentbench("intents", "build", plan, "--store", tmp_path / "store")
        assert built.exit_code == 2
        kept = everything(tmp_path / "store").decode(errors="replace")
        assert leaks(built.output) == leaks(caplog.text) == leaks(kept) == []


def test_an_odd_key_is_refused_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret\n0123")
    with pytest.raises(InputError, match="holds a character that no key has") as caught:
        ask(settings(), tmp_path)
    assert "verysecret" not in str(caught.value)


THOUGHTS: dict[str, Callable[[str, str], str]] = {
    "a draft": lambda draft, text: f"<think>Perhaps {draft}, but better.</think>\n{text}",
    "a fenced draft": lambda draft, text: f"<think>\n```json\n{draft}\n```\n</think>\n\n```json\n{text}\n```",
    "only the end": lambda draft, text: f"Let me draft {draft} and now.\n</think>\n{text}",
    "twice": lambda draft, text: f"<think>{draft}</think> <THINK>{draft}</THINK>{text}",
    "nested": lambda draft, text: f"<think>{draft}<think>{draft}</think>{draft}</think>{text}",
    "behind the answer": lambda draft, text: f"{text}<think>{draft}",
    "other tags": lambda draft, text: f"<thinking>{draft}</thinking>[THINK]{draft}[/THINK]{text}",
}


@pytest.mark.parametrize("kind", THOUGHTS)
def test_thoughts_are_cut_before_an_answer_is_looked_for(kind: str) -> None:
    draft, text = json.dumps({"profile": "DRAFT"}), json.dumps({"profile": "calm garden books"})
    outcome = read(Reply(THOUGHTS[kind](draft, text)), "profile", 50)
    assert outcome.answer is not None
    assert outcome.answer.text == "calm garden books"


@pytest.mark.parametrize(("finish", "status"), [("stop", "empty"), ("length", "cut off by answer_tokens")])
def test_thoughts_that_never_end_leave_nothing(finish: str, status: str) -> None:
    text = "<think>It is like " + json.dumps({"profile": "DRAFT"})
    assert read(Reply(text, finish), "profile", 50).status == status


REFUSALS = [
    "I'm sorry, but I can't help with that request.", "I cannot assist with this.", "“Sorry, but no.”",
    "抱歉，我无法完成这个请求。", "抱歉，我无法协助。", "很抱歉，我不能…", "申し訳ありませんが、お手伝いできません。",
    "죄송합니다. 도와드릴 수 없습니다.", "Je suis désolée, mais je ne peux pas.", "Es tut mir leid, das geht nicht.",
    "Leider kann ich dabei nicht helfen.", "Lo siento, no puedo ayudar con eso.", "Sinto muito, não posso ajudar.",
    "Mi dispiace, non posso aiutarti.", "Het spijt me, dat kan ik niet.", "Przepraszam, nie mogę pomóc.",
    "Извините, я не могу помочь.", "Üzgünüm, yardımcı olamam.", "آسف، لا أستطيع المساعدة.",
    "मुझे खेद है, मैं मदद नहीं कर सकता।", "Xin lỗi, tôi không thể giúp.", "Maaf, saya tidak bisa membantu.",
    "  **I’m  sorry**",
]  # fmt: skip


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_is_recognised_as_a_text_and_inside_the_answer(words: str) -> None:
    assert read(Reply(words), "profile", 50).status == "refused"
    assert read(Reply(json.dumps({"profile": words})), "profile", 50).status == "refused"
    intent = {"likes": [], "dislikes": [], "intent": words}
    assert read(Reply(json.dumps(intent)), "intent", 50).status == "refused"
    assert read(Reply(f"<think>Should I?</think>{words}"), "intent", 50).status == "refused"


@pytest.mark.parametrize(
    "words",
    [
        "People who can't get enough of jazz", "Sorry! is their favourite board game", "Als Kinderbuch beliebt",
        "Wants what I cannot name", "为喜欢园艺的人", "Somebody who is sorry for nothing", "Comodidad ante todo",
    ],
)  # fmt: skip
def test_what_only_resembles_a_refusal_is_an_answer(words: str) -> None:
    assert read(Reply(json.dumps({"profile": words})), "profile", 50).status == "answered"


@pytest.mark.parametrize(
    ("text", "likes"),
    [
        ('{"likes": ["a",], "dislikes": [], "intent": "wants a",}', ("a",)),
        ('{"likes": null, "dislikes": null, "intent": "wants a"}', ()),
        ('{"likes": ["a", null], "intent": "wants a"}', ("a",)),
        ('{"likes": "a，b、c", "intent": "wants a"}', ("a", "b", "c")),
        ('{"likes": [ "a" ,\n ] , "intent": "wants a" ,\n }', ("a",)),
    ],
)
def test_common_slips_in_json_are_read(text: str, likes: tuple[str, ...]) -> None:
    outcome = read(Reply(text), "intent", 50)
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.likes) == ("wants a", likes)  # type: ignore[union-attr]


def test_a_comma_inside_a_text_stays() -> None:
    outcome = read(Reply('{"profile": "a,} b,]"}'), "profile", 50)
    assert outcome.answer is not None
    assert outcome.answer.text == "a,} b,]"


def test_a_null_reasoning_is_read() -> None:
    assert read(Reply('{"reasoning": null, "profile": "calm books"}'), "profile", 50).status == "answered"


def test_an_answer_that_is_cut_off_says_which_setting_to_raise(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut_off = Response(saying('{"profile": "calm gar', finish="length"))
    with ScriptedServer(lambda key, times: cut_off) as server:
        plan = write_plan(tmp_path, model(server))
        built = intentbench("intents", "build", plan, "--store", tmp_path / "store")
    assert "40 cut off by answer_tokens" in built.output
    assert "Raise `answer_tokens`" in caplog.text
    thinking = Response(saying(None, "length", reasoning_content="hm " * 50))
    with ScriptedServer(lambda key, times: thinking) as server:
        _, writer, asks = ask(settings(server), tmp_path / "thinking", documents=1)
    assert fates(writer, asks) == {"cut off by answer_tokens": 2}
    assert sum(server.made.values()) == 2, "there is nothing to repair"


BOMBS = {
    "keys": '{"a":' * 100_000, "braces": "{" * 2_000_000, "brackets": '{"a":[' * 100_000, "dashes": "-" * 5_000_000,
    "thoughts": "<think>" * 70_000 + "</think>", "commas": ", " * 250_000 + "{", "open": "{" + '"a,' * 170_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_a_huge_answer_is_read_in_no_time(kind: str) -> None:
    started = time.process_time()
    with pytest.raises(Unreadable):
        read(Reply(BOMBS[kind][-LONGEST_REPLY:]), "profile", 50)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("kind", BOMBS)
def test_a_huge_answer_is_unreadable_and_little_of_it_is_kept(kind: str, tmp_path: Path) -> None:
    with ScriptedServer(lambda key, times: Response(saying(BOMBS[kind]))) as server:
        _, writer, asks = ask(settings(server, concurrency=1, timeout_s=30), tmp_path, documents=2)
    assert fates(writer, asks) == {"unreadable": 4}
    assert all(len(json.dumps(request)) < 10_000 for request in server.requests), (
        "repairs quote a little of it"
    )
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl")) < 8 * 250_000


def test_words_of_languages_without_spaces_are_counted() -> None:
    profile = "喜欢安静园艺书籍的人" * 60
    assert read(Reply(json.dumps({"profile": profile})), "profile", 200).status == "too long"
    assert read(Reply(json.dumps({"profile": profile[:100]})), "profile", 60).status == "answered"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_refused(status: int, tmp_path: Path) -> None:
    with ScriptedServer() as other:
        headers = {"location": f"{other.url}/chat/completions"}
        refused = pytest.raises(
            InputError, match=f"answers {status}, a redirect; texts are sent to `base_url` and"
        )
        with ScriptedServer(lambda key, times: Response(b"", status, headers)) as server, refused:
            ask(settings(server, concurrency=1), tmp_path, documents=1)
    assert not other.requests
    assert not len(ReplyJournal(tmp_path, "m"))


def deflated(size: int, wbits: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=wbits)
    return b"".join(compressor.compress(b" " * 2**20) for _ in range(size // 2**20)) + compressor.flush()


@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15), ("br", 31)])
def test_a_compressed_bomb_is_a_malformed_answer(encoding: str, wbits: int, tmp_path: Path) -> None:
    import psutil

    bomb = deflated(2**28, wbits)
    before = psutil.Process().memory_info().rss
    headers = {"content-encoding": encoding}
    with ScriptedServer(lambda key, times: Response(bomb, headers=headers)) as server:
        tally, *_ = ask(settings(server, tries=2), tmp_path, documents=2)
    assert tally.failed_requests == {"malformed answer": 4}
    assert psutil.Process().memory_info().rss - before < 2**27


def test_a_compressed_answer_is_read_and_none_is_asked_for(tmp_path: Path) -> None:
    def compressed(request: Request) -> bytes:
        return gzip.compress(json.dumps(good(request)).encode())

    response = Response(compressed, headers={"content-encoding": "gzip"})
    with ScriptedServer(lambda key, times: response) as server:
        _, writer, asks = ask(settings(server), tmp_path, documents=1)
    assert fates(writer, asks) == {"answered": 2}
    assert all("accept-encoding: identity" in head.lower() for head in server.heads)


@pytest.mark.parametrize("retry_after", ["nan", "inf", "-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "1e-3"])
def test_a_senseless_wish_to_wait_is_ignored(retry_after: str, tmp_path: Path) -> None:
    def script(key: str, times: int) -> str | Response:
        return Response({}, 429, {"retry-after": retry_after}) if times == 1 else "ok"

    with ScriptedServer(script) as server:
        tally, writer, asks = ask(settings(server), tmp_path, documents=2)
    assert fates(writer, asks) == {"answered": 4}
    assert tally.seconds_s < 5


def test_nothing_from_a_server_steers_a_terminal(tmp_path: Path) -> None:
    steering = "\x1b[31mred\x1b]0;title\x07 \x9b2J \x07 \u202eevil [bold]x[/wrong] <script>"
    fields = {
        "reasoning": steering,
        "profile": f"enjoys {steering}",
        "intent": f"wants {steering}",
        "likes": [steering],
    }
    with ScriptedServer(lambda key, times: Response(saying(json.dumps(fields)))) as server:
        plan, store = write_plan(tmp_path, model(server)), tmp_path / "store"
        said = [
            intentbench("intents", "build", plan, "--store", store),
            intentbench("intents", "inspect", plan, "u0", "--store", store),
            intentbench("intents", "stats", plan, "--store", store),
        ]
    assert [each.exit_code for each in said] == [0, 0, 0], [each.output for each in said]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", "".join(each.output for each in said))
    assert "enjoys red" in said[1].output


def test_half_of_a_surrogate_pair_is_kept_and_encoded(tmp_path: Path) -> None:
    text = '{"profile": "loves books \\ud83d", "likes": ["x"], "intent": "wants \\ud83d books"}'
    with ScriptedServer(lambda key, times: Response(saying(text))) as server:
        plan, store = write_plan(tmp_path, model(server)), tmp_path / "store"
        built = intentbench("intents", "build", plan, "--store", store)
        assert built.exit_code == 0, built.output
    with ScriptedServer(lambda key, times: Response(saying("prose \ud83d prose"))) as server:
        _, writer, asks = ask(settings(server), tmp_path / "raw", documents=1)
    assert fates(writer, asks) == {"unreadable": 2}


@pytest.mark.parametrize(
    "damage", ["a byte", "half", "another value", "no JSON", "no object", "another type"]
)
def test_a_damaged_line_is_set_aside_and_asked_again_and_no_other(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedServer() as server:
        ask(settings(server), tmp_path, documents=3)
        path = next(tmp_path.glob("*.jsonl"))
        lines = path.read_bytes().splitlines()
        sound = lines[2]
        lines[2] = {
            "a byte": sound.replace(b"number", b"numbfr", 1),
            "half": sound[: len(sound) // 2],
            "another value": re.sub(rb'"input_tokens": \d+', b'"input_tokens": 1', sound),
            "no JSON": b"\xff\x00" * 50,
            "no object": b"[1, 2]",
            "another type": sound.replace(b'"refusal": false', b'"refusal": "no"'),
        }[damage]
        path.write_bytes(b"\n".join(lines) + b"\n")
        assert len(ReplyJournal(tmp_path, "m")) == 5
        assert "1 damaged line" in caplog.text
        before = sum(server.made.values())
        tally, writer, asks = ask(settings(server), tmp_path, documents=3)
        assert sum(server.made.values()) == before + 1
    assert tally.replies == 1
    assert fates(writer, asks) == {"answered": 6}
    assert path.with_name(f"{path.name}.damaged").read_bytes() == lines[2] + b"\n"
    assert ReplyJournal(tmp_path, "m").damaged == 0
    assert [line for line in lines if line != lines[2]] == path.read_bytes().splitlines()[:5]


def test_lines_without_a_checksum_are_read(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        ask(settings(server), tmp_path, documents=2)
        path = next(tmp_path.glob("*.jsonl"))
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert all(line.pop("checksum") for line in lines)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        tally, writer, asks = ask(settings(server), tmp_path, documents=2)
    assert tally.replies == 0
    assert fates(writer, asks) == {"answered": 4}
