"""A server that speaks enough of OpenAI's protocol, misbehaves as told, and counts what it answered.

``python -m tests.text.intents.scripted_server PORT`` runs one that behaves, until interrupted.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple


class Response(NamedTuple):
    """A response as it goes over the wire.

    ``body`` is bytes, text, or what becomes JSON; or a function that makes one of them from the request.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    reason: str = "X"


Script = Callable[[str, int], "str | Response"]
"""From a request's digest and how often it was made to what the server does; see ``ScriptedServer``."""

STALL_S = 30.0


class ScriptedServer:
    """Serves in a thread of its own while the block runs.

    What a script may say: ``ok``; a status such as ``429`` or ``500``; ``stall`` (no answer in time);
    ``cut`` (the connection ends in the middle of an answer); ``torn`` (status 200, half a body);
    ``truncated`` (half of the model's JSON); ``prose`` (no JSON); ``fenced`` (JSON in a code block with
    words around it); ``refusal``; ``sorry``; ``empty``; ``long``; ``echo`` (the answer repeats the
    request's headers); or a ``Response``. ``embed`` makes the body of an answer of /embeddings.
    """

    def __init__(
        self,
        script: Script = lambda key, times: "ok",
        delay_s: float = 0.0,
        embed: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self.script, self.delay_s, self.embed = script, delay_s, embed or embeddings
        self.made: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.heads: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.most_in_flight = self._in_flight = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> ScriptedServer:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve(0, ready)), daemon=True)
        self._thread.start()
        ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def serve(self, port: int, ready: threading.Event | None = None) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        handlers: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            handlers[self._loop.create_task(self._connection(reader, writer))] = writer

        server = await asyncio.start_server(accept, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        if ready is not None:
            ready.set()
        await self._stop.wait()
        # A client that connected a moment ago has no handler yet. Its socket would never be closed.
        while accepting := asyncio.all_tasks() - {asyncio.current_task(), *handlers}:
            await asyncio.gather(*accepting)
        server.close()
        for handler, writer in handlers.items():
            handler.cancel()
            writer.transport.abort()
        await asyncio.gather(*handlers, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the server stops
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.I)
        request = json.loads(await reader.readexactly(int(length[1]) if length else 0))
        if "/embeddings" in head.split("\n")[0]:
            return await self._send(writer, 200, self.embed(request))
        key = hashlib.sha256(json.dumps(request["messages"]).encode()).hexdigest()
        self.made[key] += 1
        self.heads.append(head)
        self.requests.append(request)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self.delay_s)
            return await self._act(writer, self.script(key, self.made[key]), key, head, request)
        finally:
            self._in_flight -= 1

    async def _act(
        self, writer: asyncio.StreamWriter, act: str | Response, key: str, head: str, request: dict[str, Any]
    ) -> bool:
        if isinstance(act, Response):
            body = act.body(request) if callable(act.body) else act.body
            going = await self._send(writer, act.status, body, act.headers, act.reason)
            self.answered[key] += act.status == 200
            return going
        if act == "stall":
            await asyncio.sleep(STALL_S)
            return False
        if act.isdigit():
            error = {"error": {"message": f"no: {head}", "code": "scripted", "type": "scripted"}}
            return await self._send(writer, int(act), error)
        body = completion(request, act, head)
        if act == "cut":
            content = json.dumps(body).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n%b" % (len(content), content[: len(content) // 2]))
            await writer.drain()
            return False
        if act == "torn":
            return await self._send(writer, 200, json.dumps(body)[:60])
        going = await self._send(writer, 200, body)
        self.answered[key] += 1
        return going

    async def _send(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        body: Any,
        headers: Mapping[str, str] | None = None,
        reason: str = "X",
    ) -> bool:
        text = body if isinstance(body, str) else "" if isinstance(body, bytes) else json.dumps(body)
        content = body if isinstance(body, bytes) else text.encode()
        lines = {"content-type": "application/json", "content-length": len(content)}
        lines |= headers if headers is not None else {"retry-after": "0.05"} if status == 429 else {}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode() + content)
        await writer.drain()
        return True


def completion(request: dict[str, Any], act: str, head: str) -> dict[str, Any]:
    """A chat completion made of the request's own words."""
    asked = request["messages"][1]["content"]
    words = re.findall(r"[a-z]{4,}", asked.split("\n\n", 1)[-1].lower())[:12] or ["nothing"]
    said: dict[str, Any] = {"reasoning": "from the reviews", "profile": f"enjoys {' '.join(words)}"}
    if "likes and dislikes, lists" in asked:
        said = {"likes": words[:3], "dislikes": words[3:5], "intent": f"wants {' '.join(words)}"}
    text = json.dumps(said)
    text = {
        "truncated": text[: len(text) // 2],
        "prose": "It seems that they would like it very much.",
        "fenced": f"Sure! Here it is:\n```json\n{text}\n```\nAnything {{else}}?",
        "sorry": "I'm sorry, but I cannot help with that.",
        "empty": "",
        "long": text.replace("enjoys", "enjoys very" + " much" * 300).replace("wants", "wants" + " x" * 300),
        "echo": json.dumps({key: head if isinstance(part, str) else [head] for key, part in said.items()}),
    }.get(act, text)
    message = {"role": "assistant", "content": text, "refusal": None}
    if act == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "I will not."}
    finish = "length" if act == "truncated" else "stop"
    usage = {"prompt_tokens": len(asked) // 4, "completion_tokens": len(text) // 4, "total_tokens": 0}
    return {
        "id": "x", "object": "chat.completion", "created": 0, "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": usage,
    }  # fmt: skip


def embeddings(request: dict[str, Any]) -> dict[str, Any]:
    """A vector a text that depends on the text alone."""
    width = request.get("dimensions", 8)
    rows = [list(hashlib.sha256(text.encode()).digest()[:width]) for text in request["input"]]
    data = [
        {"object": "embedding", "index": place, "embedding": [byte / 255 for byte in row]}
        for place, row in enumerate(rows)
    ]
    return {
        "object": "list",
        "data": data[::-1],
        "model": request["model"],
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


if __name__ == "__main__":
    asyncio.run(ScriptedServer().serve(int(sys.argv[1])))
