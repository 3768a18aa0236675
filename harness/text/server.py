"""Sends one request to a server that speaks OpenAI's protocol, and reads one answer of bounded size."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
import time
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from harness.errors import InputError
from harness.text.connection import Access

LONGEST_WAIT_S = 60.0
"""Seconds that a request waits at most before it is tried again, whatever the server asks for."""

WORTH_ANOTHER_TRY = (408, 409, 425, 429)
"""After these statuses, and after those from 500 on, another try may succeed."""

MALFORMED = "malformed answer"

logger = logging.getLogger(__name__)


class FailedTry(Exception):
    """A try of a request that brought no answer.

    Attributes:
        reason: What went wrong, in words of ours. A server's own words may repeat the key.
        again: Whether another try may succeed.
        may_cost: Whether the server may charge for the try.
        wait_s: Seconds that the server asks to wait, or None.
    """

    def __init__(
        self, reason: str, again: bool = True, may_cost: bool = True, wait_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.again, self.may_cost, self.wait_s = reason, again, may_cost, wait_s


class Server:
    """A server with its open connections; to be used in ``async with``."""

    def __init__(self, access: Access, timeout_s: float, connections: int) -> None:
        """Make a client.

        Args:
            access: The address and the key.
            timeout_s: Seconds for a whole answer.
            connections: Most requests in flight at once.

        Raises:
            InputError: httpx2 is not installed.
        """
        try:
            import httpx2
        except ImportError:
            raise InputError("httpx2 is not installed; install the extra [llm]") from None
        for name in ("httpx2", "httpcore2"):  # they log what a server sends, which may repeat the key
            logging.getLogger(name).setLevel(logging.WARNING)
        self._httpx, self.access, self._timeout_s = httpx2, access, timeout_s
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        headers = {
            "authorization": access.authorization,
            "accept-encoding": "identity",
            "content-type": "application/json",
        }
        self._client = httpx2.AsyncClient(headers=headers, timeout=timeout_s, limits=limits)

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def post(self, path: str, body: Mapping[str, Any], most_bytes: int) -> Any:
        """The JSON that the server answers to a request.

        Args:
            path: The endpoint, below the server's address.
            body: The request.
            most_bytes: A larger answer is malformed.

        Raises:
            FailedTry: This try brought no answer.
            InputError: No request to this server can succeed.
        """
        url, started = f"{self.access.url.rstrip('/')}{path}", time.perf_counter()
        logger.debug("A request goes to %s.", url)
        try:
            content = await asyncio.wait_for(self._exchange(url, body, most_bytes), self._timeout_s)
        except (asyncio.TimeoutError, TimeoutError, self._httpx.TimeoutException):
            raise FailedTry("time-out") from None
        except self._httpx.ConnectError:
            raise FailedTry("no connection", may_cost=False) from None
        except self._httpx.InvalidURL:
            raise InputError(
                f"{self.access.url} is no address; expected http(s)://HOST[:PORT]/PATH"
            ) from None
        except self._httpx.HTTPError:
            raise FailedTry("connection lost") from None
        logger.debug("%s answered %d bytes in %.2f s.", url, len(content), time.perf_counter() - started)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise FailedTry(MALFORMED) from None

    async def _exchange(self, url: str, body: Mapping[str, Any], most_bytes: int) -> bytes:
        request = self._client.build_request("POST", url, content=json.dumps(body))
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if not response.is_success:
                raise self._failure(response.status_code, response.headers.get("retry-after"))
            return await _content(response, most_bytes)
        finally:
            await response.aclose()

    def _failure(self, status: int, retry_after: str | None) -> Exception:
        """What a status means. The body is not read."""
        url = self.access.url
        if 300 <= status < 400:
            return InputError(
                f"{url} answers {status}, a redirect; texts are sent to `base_url` and to no other address, "
                "so expected the final address there"
            )
        if status in (401, 403):
            return InputError(f"{url} answers {status}; expected a valid key in {self.access.key_variable}")
        if status == 404:
            return InputError(
                f"{url} answers 404; expected `base_url` to be the address above /chat/completions or "
                "/embeddings, and `model` to be a model of that server"
            )
        again = status >= 500 or status in WORTH_ANOTHER_TRY
        return FailedTry(f"status {status}", again, may_cost=False, wait_s=_seconds(retry_after))


async def _content(response: Any, most_bytes: int) -> bytes:
    """The body of a response, decompressed.

    Raises:
        FailedTry: It has more than ``most_bytes``, or is compressed in an unknown way.
    """
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > most_bytes:
            raise FailedTry(MALFORMED)
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return bytes(content)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FailedTry(MALFORMED)
    decompressor = zlib.decompressobj(wbits=47)  # gzip or zlib
    try:
        decompressed = decompressor.decompress(content, most_bytes)
    except zlib.error:
        raise FailedTry(MALFORMED) from None
    if decompressor.unconsumed_tail:
        raise FailedTry(MALFORMED)
    return decompressed


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a header `Retry-After`; None for a date or anything else."""
    try:
        seconds_s = float(retry_after or "nan")
    except ValueError:
        return None
    return min(max(seconds_s, 0.0), LONGEST_WAIT_S) if math.isfinite(seconds_s) else None


def back_off_s(first_s: float, attempt: int) -> float:
    """Seconds to wait after a failed try: ``first_s`` after the first, and twice as long after each further.

    Chance makes them up to a half shorter, so that requests that failed together do not come back together.
    """
    return min(first_s * 2.0 ** min(attempt, 20), LONGEST_WAIT_S) * random.uniform(0.5, 1.0)
