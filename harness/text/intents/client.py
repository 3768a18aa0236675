"""Asking a language model: many requests in flight, every reply kept before the next one is made."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import InputError
from harness.text.connection import load_openai
from harness.text.intents.answers import Outcome, Output, Reply, schema
from harness.text.intents.budget import Budget, OverBudget, Tokens, bound, guess
from harness.text.intents.cache import Kept, Replies
from harness.text.intents.pace import Pace
from harness.text.intents.prompts import Ask, Messages
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.trouble import LONGEST_WAIT_S, Malformed, trouble_of

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 10
"""So many requests that failed for good with none between that succeeded: the server is not working."""

BUDGET_POLL_S = 0.05
"""How often a request that the budget has no room for looks whether others took less than their bound."""

Step = Callable[[Ask], Outcome | Ask]
"""The outcome of a request as far as replies are kept, or the request that is still to be made."""


@dataclass
class Tally:
    """What asking came to; ``troubles`` counts tries, ``failed`` requests that had no reply in the end."""

    replies: int = 0
    repairs: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    over_budget: bool = False
    seconds_s: float = 0.0
    spent: Tokens = field(default_factory=Tokens)

    @property
    def complete(self) -> bool:
        """Whether every request has its reply."""
        return not self.over_budget and not self.failed


class Asker:
    """One build's requests; what they have in common is the budget, the pace and the tally."""

    def __init__(self, spec: ModelWriterSpec, replies: Replies, step: Step, tally: Tally) -> None:
        """``replies`` is open for adding while ``ask`` runs.

        Raises:
            InputError: The server's key is not set, or openai is not installed.
        """
        self.spec, self.replies, self.step, self.tally = spec, replies, step, tally
        self.access, self.form = spec.access(), load_openai().types.chat.ChatCompletion
        earlier = [Tokens(kept.input_tokens, kept.output_tokens) for kept in replies.all()]
        self.budget = Budget(spec, sum(earlier, Tokens()))
        self.in_a_row = 0

    def ask(self, asks: Sequence[Ask], done: Callable[[], None]) -> None:
        """Make every request that has no reply yet; ``done`` is told of each that is settled.

        Raises:
            InputError: The server refuses the key, does not know the model, or does not work.
        """
        started = time.perf_counter()
        before = self.budget.spent
        try:
            asyncio.run(self._ask(asks, done))
        finally:
            self.tally.seconds_s += time.perf_counter() - started
            self.tally.spent += self.budget.spent - before

    async def _ask(self, asks: Sequence[Ask], done: Callable[[], None]) -> None:
        client = self.access.client(self.spec.timeout_s)
        self.pace = Pace(self.spec.requests_per_minute, self.spec.tokens_per_minute)
        waiting = iter(asks)
        workers = [
            asyncio.create_task(self._work(client, waiting, done))
            for _ in range(min(self.spec.concurrency, len(asks)))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await client.close()

    async def _work(self, client: Any, waiting: Iterator[Ask], done: Callable[[], None]) -> None:
        """Settle one request after the other until none is left or the budget is used up."""
        for ask in waiting:
            step = self.step(ask)
            while isinstance(step, Ask) and not self.tally.over_budget:
                if not await self._make(client, step):
                    break
                step = self.step(ask)
            if self.tally.over_budget:
                return
            done()

    async def _make(self, client: Any, ask: Ask) -> bool:
        """Make one request, as often as it takes; whether a reply was kept."""
        messages, most = ask.messages, self.spec.answer_tokens
        held = bound(messages, most)
        for attempt in range(self.spec.tries):
            await self.pace.turn(guess(messages, most).total)
            if not await self._set_aside(held):
                return False
            taken = held  # unless it is known better: what is cut off may have been charged
            try:
                kept = await self._try(client, ask.output, messages, held)
                taken = Tokens(kept.input_tokens, kept.output_tokens)
                self._keep(ask, kept)
                return True
            except Exception as error:  # narrowed by trouble_of, which raises what it does not know
                trouble = trouble_of(error, self.access.url)
                taken = held if trouble.may_cost else Tokens()
            finally:
                self.budget.pay(held, taken)
            self.tally.troubles[trouble.name] += 1
            logger.info("Try %d of a request to %s failed (%s).", attempt + 1, self.access.url, trouble.name)
            if not trouble.again:
                break
            if attempt + 1 < self.spec.tries:
                await self._wait(attempt, trouble.wait_s)
        self._give_up(trouble.name)
        return False

    async def _set_aside(self, tokens: Tokens) -> bool:
        """Hold tokens, if need be once others took less than their bound; false where that is not enough."""
        while not self.tally.over_budget:
            try:
                self.budget.hold(tokens)
                return True
            except OverBudget:
                self.tally.over_budget = not self.budget.held.total
                await asyncio.sleep(BUDGET_POLL_S)
        return False

    async def _try(self, client: Any, output: Output, messages: Messages, most: Tokens) -> Kept:
        started = time.perf_counter()
        # Not client.chat.completions.create, which takes as long again to walk the parameters' types.
        body = self._parameters(output, messages)
        request = client.post("/chat/completions", cast_to=self.form, body=body)
        completion = await asyncio.wait_for(request, self.spec.timeout_s)
        choices: Any = getattr(completion, "choices", None)
        message = getattr(choices[0], "message", None) if choices else None
        if message is None:
            raise Malformed("no message")
        refusal = getattr(message, "refusal", None)
        text = self.access.redact(str(message.content or refusal or ""))
        usage = completion.usage  # the bound, where the server does not say
        tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (most.input, most.output)
        reply = Reply(text, str(choices[0].finish_reason or ""), bool(refusal))
        return Kept(reply, int(tokens[0]), int(tokens[1]), round(time.perf_counter() - started, 3))

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
        found = {
            "model": spec.model,
            "messages": messages,
            spec.limit_name: spec.answer_tokens,
            "temperature": spec.temperature,
            "response_format": formats.get(spec.structured),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _keep(self, ask: Ask, kept: Kept) -> None:
        self.replies.add(ask.key, kept)
        self.tally.replies += 1
        self.tally.repairs += ask.is_repair
        self.in_a_row = 0

    async def _wait(self, attempt: int, wished_s: float | None) -> None:
        """Twice as long after each failure, never quite the same; longer where the server says so."""
        own = min(self.spec.back_off_s * 2**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)
        if wished_s is not None:
            self.pace.pause(wished_s)
        await asyncio.sleep(max(own, wished_s or 0.0))

    def _give_up(self, reason: str) -> None:
        self.tally.failed[reason] += 1
        self.in_a_row += 1
        if self.in_a_row >= FAILURES_IN_A_ROW:
            raise InputError(
                f"{self.access.url} does not work: {self.in_a_row} requests in a row failed, the last with "
                f"{reason!r}; what was answered is kept, build again to go on"
            )
