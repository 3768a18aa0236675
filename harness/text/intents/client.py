"""Sends requests to a language model, many at a time. Each reply is kept before the next request is sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import InputError
from harness.text.intents.answers import Outcome, Output, schema
from harness.text.intents.budget import Budget, OverBudget, Tokens, bound, guess
from harness.text.intents.completion import read_completion
from harness.text.intents.pace import Pace
from harness.text.intents.prompts import Messages, Request
from harness.text.intents.reply_journal import KeptReply, ReplyJournal
from harness.text.intents.settings import ModelWriterSpec
from harness.text.server import FailedTry, Server, back_off_s

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 10
"""A build ends after so many requests in a row that failed for good."""

MOST_BYTES = 2**23
"""A larger answer is malformed."""

BUDGET_POLL_S = 0.05
"""Seconds until a request without room in the budget looks whether others used less than was set aside."""

OutcomeOrRequest = Callable[[Request], Outcome | Request]
"""Gives the outcome of a request as far as replies are kept, or what has to be requested next."""


@dataclass
class Tally:
    """Counts of a build. Failed tries, and requests without a reply in the end, are counted by reason."""

    replies: int = 0
    repairs: int = 0
    failed_tries: Counter[str] = field(default_factory=Counter)
    failed_requests: Counter[str] = field(default_factory=Counter)
    over_budget: bool = False
    seconds_s: float = 0.0
    spent: Tokens = field(default_factory=Tokens)

    @property
    def complete(self) -> bool:
        """Whether every request has its reply."""
        return not self.over_budget and not self.failed_requests


class RequestSender:
    """Sends the requests of one build, which share a budget, a pace and a tally."""

    def __init__(
        self, spec: ModelWriterSpec, replies: ReplyJournal, outcome_or_request: OutcomeOrRequest, tally: Tally
    ) -> None:
        """Make a sender. ``replies`` must be open for adding when it sends.

        Raises:
            InputError: The server's key is not set, or the plan limits the cost and gives no price.
        """
        self.spec, self.replies, self.tally = spec, replies, tally
        self.outcome_or_request = outcome_or_request
        self.access = spec.access()
        earlier = [Tokens(kept.input_tokens, kept.output_tokens) for kept in replies.all()]
        self.budget = Budget(spec, sum(earlier, Tokens()))
        self.in_a_row = 0

    def send(self, requests: Sequence[Request], done: Callable[[], None]) -> None:
        """Send every request that has no reply yet. ``done`` is called once for each that needs no more.

        Raises:
            InputError: The server refuses the key, does not know the model, or does not work.
        """
        started = time.perf_counter()
        before = self.budget.spent
        try:
            asyncio.run(self._send(requests, done))
        finally:
            self.tally.seconds_s += time.perf_counter() - started
            self.tally.spent += self.budget.spent - before

    async def _send(self, requests: Sequence[Request], done: Callable[[], None]) -> None:
        self.pace = Pace(self.spec.requests_per_minute, self.spec.tokens_per_minute)
        waiting, count = iter(requests), min(self.spec.concurrency, len(requests))
        async with Server(self.access, self.spec.timeout_s, self.spec.concurrency) as server:
            workers = [asyncio.create_task(self._work(server, waiting, done)) for _ in range(count)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, server: Server, waiting: Iterator[Request], done: Callable[[], None]) -> None:
        """Send one request after the other, with its repair, until none is left or the budget is used up."""
        for request in waiting:
            needed = self.outcome_or_request(request)
            while isinstance(needed, Request) and not self.tally.over_budget:
                if not await self._send_one(server, needed):
                    break
                needed = self.outcome_or_request(request)
            if self.tally.over_budget:
                return
            done()

    async def _send_one(self, server: Server, request: Request) -> bool:
        """Send one request until it has a reply or may not be tried again; returns whether it has one."""
        messages, most = request.messages, self.spec.answer_tokens
        held = bound(messages, most)
        for attempt in range(self.spec.tries):
            await self.pace.turn(guess(messages, most).total)
            if not await self._set_aside(held):
                return False
            used = held  # the server may charge for an answer that is cut off
            try:
                kept = await self._try(server, request.output, messages, held)
                used = Tokens(kept.input_tokens, kept.output_tokens)
                self._keep(request, kept)
                return True
            except FailedTry as error:
                failure = error
                used = held if failure.may_cost else Tokens()
            finally:
                self.budget.pay(held, used)
            self.tally.failed_tries[failure.reason] += 1
            logger.info(
                "Try %d of a request to %s failed (%s).", attempt + 1, self.access.url, failure.reason
            )
            if not failure.again:
                break
            if attempt + 1 < self.spec.tries:
                await self._wait(attempt, failure.wait_s)
        self._give_up(failure.reason)
        return False

    async def _set_aside(self, tokens: Tokens) -> bool:
        """Set tokens aside, if need be once others have used less; returns whether the budget allows it."""
        while not self.tally.over_budget:
            try:
                self.budget.hold(tokens)
                return True
            except OverBudget:
                self.tally.over_budget = not self.budget.held.total
                await asyncio.sleep(BUDGET_POLL_S)
        return False

    async def _try(self, server: Server, output: Output, messages: Messages, held: Tokens) -> KeptReply:
        started = time.perf_counter()
        body = await server.post("/chat/completions", self._parameters(output, messages), MOST_BYTES)
        reply, used = read_completion(body, self.access.redact, held)
        seconds_s = round(time.perf_counter() - started, 3)
        return KeptReply(reply, int(used.input), int(used.output), seconds_s)

    def _parameters(self, output: Output, messages: Messages) -> dict[str, Any]:
        spec, form = self.spec, schema(output)
        formats = {
            "json_schema": {
                "type": "json_schema",
                "json_schema": {"name": output, "schema": form, "strict": True},
            },
            "json_object": {"type": "json_object"},
            "json_object_schema": {"type": "json_object", "schema": form},
        }
        parameters = {
            "model": spec.model,
            "messages": messages,
            spec.limit_name: spec.answer_tokens,
            "temperature": spec.temperature,
            "response_format": formats.get(spec.structured),
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def _keep(self, request: Request, kept: KeptReply) -> None:
        self.replies.add(request.key, kept)
        self.tally.replies += 1
        self.tally.repairs += request.is_repair
        self.in_a_row = 0

    async def _wait(self, attempt: int, wished_s: float | None) -> None:
        """Wait before another try. If the server asks to wait, all other requests wait as well."""
        if wished_s is not None:
            self.pace.pause(wished_s)
        await asyncio.sleep(max(back_off_s(self.spec.back_off_s, attempt), wished_s or 0.0))

    def _give_up(self, reason: str) -> None:
        self.tally.failed_requests[reason] += 1
        self.in_a_row += 1
        if self.in_a_row >= FAILURES_IN_A_ROW:
            raise InputError(
                f"{self.access.url} does not work: {self.in_a_row} requests in a row failed, the last with "
                f"{reason!r}; every answer is kept, so build again to continue"
            )
